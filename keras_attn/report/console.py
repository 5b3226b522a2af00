"""Tables as the console shows them."""

from rich.console import Console


def printed(*tables, width):
    """Tables of `rich` as lines of plain text, one below the other.

    width: columns for them to grow into. Names stand as they are, whatever brackets they have.
    """
    console = Console(width=width, color_system=None, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        for table in tables:
            console.print(table)
    return [line.rstrip() for line in captured.get().rstrip().splitlines()]
