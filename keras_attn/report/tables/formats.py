"""Sheets of the study as console text, Markdown, LaTeX and CSV. Changes no number."""

import re
import textwrap

from rich import box
from rich.table import Table as RichTable

from keras_attn.datasets import origin
from keras_attn.report.console import printed
from keras_attn.report.tables.layout import BEST, SECOND
from keras_attn.report.tables.legend import NOISE

WIDTH = 400
"""Columns for a table to grow into; a terminal that is narrower folds its lines."""
LEGEND_WIDTH = 118


def texts(sheet):
    """The sheet as CSV, Markdown and LaTeX, in this order."""
    return names_and_drawn(sheet.cells).to_csv(index=False), as_markdown(sheet), as_latex(sheet)


def names_and_drawn(rows):
    """A table with the datasets' own names, which join with the paper's, and a column `drawn`."""
    own = rows["dataset"].map(origin.name_of)
    return rows.assign(dataset=own, drawn=rows["dataset"] != own)


def _how_to_read(sheet, best, second):
    cell = f"Each cell: ours [{sheet.interval}]" + (" (the paper's)." if sheet.in_print else ".")
    if sheet.neutral:
        return cell
    return (
        f"{cell} Of ours in a column, the best is {best} and the second best {second}; {NOISE} "
        "marks those that cannot be told from the best."
    )


# --- console ------------------------------------------------------------------------------------

MARKS = {BEST: "**", SECOND: "* ", 0: "  "}


def as_text(sheet):
    """The sheet for the console."""
    tables = printed(*map(_console_table, sheet.blocks), width=WIDTH)
    lines = "\n".join(tables).lstrip("\n").splitlines()
    legend = [_how_to_read(sheet, "marked **", "*"), *sheet.legend]
    wrapped = [
        textwrap.fill(sentence, LEGEND_WIDTH, subsequent_indent="  ", break_on_hyphens=False)
        for sentence in legend
    ]
    return "\n".join([f"Table {sheet.number}. {sheet.title}", "", *lines, "", *wrapped, ""])


def _console_table(block):
    table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(f"{block.title}\n", no_wrap=True, vertical="top")
    for heading in block.headings:
        table.add_column(f"{heading.trunk}\n{heading.score}", justify="right", no_wrap=True)
    columns = zip(*(cells for _, cells in block.rows), strict=True)
    padded = zip(*(_aligned(column) for column in columns), strict=True)
    for (title, _), cells in zip(block.rows, padded, strict=True):
        table.add_row(title, *cells)
    return table


def _aligned(column):
    """Cells of a column in two lines each, or three; numbers stand under numbers."""
    width = max(len(cell.in_print) for cell in column)
    for cell in column:
        first = f"{cell.value or '–'}{MARKS[cell.place]}{NOISE if cell.noise else ' '}"
        share = f"\n{cell.share}" if cell.share else ""
        yield f"{first} {cell.in_print:>{width}}\n{cell.interval}{share}"


# --- Markdown -----------------------------------------------------------------------------------

MARKDOWN = {BEST: "**", SECOND: "*", 0: ""}


def as_markdown(sheet):
    """The sheet as a Markdown page."""
    lines = [f"# Table {sheet.number}. {_markdown(sheet.title)}", ""]
    for block in sheet.blocks:
        titles = [f"{heading.trunk} {heading.score}" for heading in block.headings]
        lines.append(_row([block.title, *titles]))
        lines.append("|---|" + "--:|" * len(titles))
        for title, cells in block.rows:
            lines.append(_row([title], [_markdown_cell(cell) for cell in cells]))
        lines.append("")
    lines.append(f"- {_how_to_read(sheet, 'bold', 'in italics')}")
    return "\n".join([*lines, *(f"- {_markdown(sentence)}" for sentence in sheet.legend), ""])


def _row(texts, ready=()):
    return f"| {' | '.join([*map(_markdown, texts), *ready])} |"


def _markdown_cell(cell):
    mark, noise = MARKDOWN[cell.place], NOISE if cell.noise else ""
    parts = [f"{mark}{cell.value or '–'}{mark}{noise}", cell.interval, cell.in_print, cell.share]
    return " ".join(part for part in parts if part)


def _markdown(text):
    """Text in which nothing is taken for Markdown; an underscore within a word never is."""
    return re.sub(r"[\\`*|<]|(?<!\w)_|_(?!\w)", r"\\\g<0>", text)


# --- LaTeX --------------------------------------------------------------------------------------

LATEX_NOISE = r"\approx"
LATEX = {BEST: r"\textbf{%s}", SECOND: r"\underline{%s}", 0: "%s"}
ESCAPES = {character: rf"\{character}" for character in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "−": "$-$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    NOISE: rf"${LATEX_NOISE}$",
}


def as_latex(sheet):
    """The sheet as a LaTeX float; needs the packages booktabs and adjustbox."""
    caption = f"{sheet.title}. {_how_to_read(sheet, 'bold', 'underlined')}"
    lines = [
        r"% Needs \usepackage{booktabs,adjustbox}.",
        r"\begin{table*}",
        r"\centering",
        rf"\caption{{{_latex(caption)}}}",
        rf"\label{{tab:{sheet.number}}}",
    ]
    for block in sheet.blocks:
        lines += _latex_block(block)
    lines += [r"\begin{minipage}{\textwidth}", r"\footnotesize"]
    lines += [rf"{_latex(sentence)}\par" for sentence in sheet.legend]
    return "\n".join([*lines, r"\end{minipage}", r"\end{table*}", ""])


def _latex_block(block):
    trunks = [heading.trunk for heading in block.headings]
    scores = [_latex(heading.score) for heading in block.headings]
    spans, rules, start = [], [], 2
    for trunk in dict.fromkeys(trunks):
        span = trunks.count(trunk)
        spans.append(rf"\multicolumn{{{span}}}{{c}}{{{_latex(trunk)}}}")
        rules.append(rf"\cmidrule(lr){{{start}-{start + span - 1}}}")
        start += span
    lines = [
        r"\begin{adjustbox}{max width=\textwidth}",
        rf"\begin{{tabular}}{{l{'c' * len(scores)}}}",
        r"\toprule",
        _latex_row(["", *spans]),
        " ".join(rules),
        _latex_row([_latex(block.title), *scores]),
        r"\midrule",
    ]
    for title, cells in block.rows:
        lines.append(_latex_row([_latex(title), *map(_latex_cell, cells)]))
        intervals = [rf"{{\scriptsize {_latex(c.interval)}}}" if c.interval else "" for c in cells]
        lines.append(_latex_row(["", *intervals]))
        if any(cell.share for cell in cells):
            shares = [rf"{{\scriptsize {_latex(c.share)}}}" if c.share else "" for c in cells]
            lines.append(_latex_row(["", *shares]))
    return [*lines, r"\bottomrule", r"\end{tabular}", r"\end{adjustbox}", r"\par\medskip"]


def _latex_row(cells):
    row = " & ".join(cells)
    # A bracket that begins a row would be an argument of the line break before it.
    return rf"{'{}' if row.startswith('[') else ''}{row} \\"


def _latex_cell(cell):
    value = LATEX[cell.place] % _latex(cell.value or "–")
    value += f"$^{{{LATEX_NOISE}}}$" if cell.noise else ""
    return f"{value} {_latex(cell.in_print)}".rstrip()


def _latex(text):
    """Text in which nothing is taken for a command."""
    return "".join(ESCAPES.get(character, character) for character in text)
