"""How the conditions of an audit differ: every map under each, less the same under the first.

As text for the console and as plain data for the page.
"""

from dataclasses import dataclass

from rich import box
from rich.table import Table

from keras_attn.evaluation.rows import (
    CENTRE,
    DIFFERENCE,
    ENDS,
    REFERENCES,
    SIGNIFICANT,
    SINGLE_OBSERVER,
    STUDY,
    TEST,
    UNIFORM,
    name_of,
)
from keras_attn.metrics.columns import Column
from keras_attn.report.audit.table import MARKS, WIDTH
from keras_attn.report.console import printed
from keras_attn.report.numbers import decimals

COMPARED = tuple(name for name in REFERENCES if name != CENTRE)
"""The references that are; `uniform` tells how much of a difference in IG is the baseline's."""


@dataclass(frozen=True)
class Difference:
    """A difference of a metric as it is printed. p: after Holm's correction; NaN without pairs.

    side: "better" or "worse" than under the first condition, "" where that is not told.
    """

    value: str
    low: str
    high: str
    p: float
    side: str


@dataclass(frozen=True)
class Compared:
    """A map or reference under a condition; cells: the `Difference`s, in the order of STUDY."""

    map: str
    condition: str
    reference: bool
    cells: tuple


def compared(result):
    """A `Compared` for each row of a further condition; none of an audit of all gaze together."""
    if not result.parts:
        return []
    first = next(iter(result.parts))
    made = []
    for _, row in result.rows.iterrows():
        name = name_of(row)
        reference = not name.layer and not name.kind
        if name.condition != first and (not reference or name.model in COMPARED):
            cells = tuple(_cell(row, key) for key in STUDY)
            made.append(Compared(str(name.map), name.condition, reference, cells))
    return made


def _cell(row, key):
    value, low, high, p, side = (row[f"{key}{DIFFERENCE}{end}"] for end in (*ENDS, *TEST))
    return Difference(_signed(value), _signed(low), _signed(high), float(p), side)


def _signed(value):
    text = decimals(value, 3)
    return f"+{text}" if value > 0 else text


def legend(result):
    """How to read the differences, a sentence or two; "" of an audit of all gaze together."""
    if not result.parts:
        return ""
    first = next(iter(result.parts))
    return (
        f"Each map under a condition less the same map under {first}, over the images that have "
        f"gaze under both: mean, 95 % bootstrap interval; {MARKS['better']} more and "
        f"{MARKS['worse']} less agreement, p < {SIGNIFICANT} (Wilcoxon's signed-rank test, Holm's "
        "correction over all maps and conditions). That it differs does not tell that it is better "
        "than chance, which is told above for each condition. Where people agree "
        f"more with each other, as {SINGLE_OBSERVER} tells, a map can score more as well; IG is "
        "over the centre bias of each condition, so a map that tells nothing changes as "
        f"{UNIFORM} does."
    )


def as_text(result):
    """A table of the differences and how to read it; "" of an audit of all gaze together."""
    rows = compared(result)
    if not rows:
        return ""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("map", "condition"):
        table.add_column(title, no_wrap=True)
    for key in STUDY:
        table.add_column(f"{Column.registry[key].title}, difference", justify="right", no_wrap=True)
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        ends = following is None or following.map != row.map
        cells = (_as_text(cell) for cell in row.cells)
        table.add_row(row.map, row.condition, *cells, end_section=ends)
    lines = printed(table, width=WIDTH)
    return "\n".join([*lines, "", legend(result), ""])


def _as_text(cell):
    return f"{cell.value}{MARKS[cell.side]} [{cell.low}, {cell.high}]"
