"""The paper's tables as the page shows them, from the same `Sheet`s as all other formats."""

import re
from dataclasses import dataclass
from itertools import groupby

from keras_attn.datasets import origin
from keras_attn.report.page import answers, plots
from keras_attn.report.paper import wording

ROW, NAMES, WIDTH = 20, 66, 236
"""Pixels of the charts: height of a row, width of the names, width in all."""


@dataclass(frozen=True)
class Dots:
    """A column as a chart: a row per attention, ours with its interval, the paper's as a diamond.

    rows: dicts of y, name, low, value, high, paper in pixels or None. ticks: pixel and text.
    """

    title: str
    height: float
    rows: tuple
    ticks: tuple


@dataclass(frozen=True)
class Shown:
    """A `Sheet` with what stands beside it.

    spans: of each block, pairs of a trunk and how many columns it has. dots: of each block, its
    `Dots`. beside: what the paper says and its numbers do not, as (words, section, count).
    """

    sheet: object
    spans: tuple
    dots: tuple
    beside: tuple
    grain: str


def shown(sheets, findings):
    """A `Shown` for each sheet; found: all findings."""
    return [
        Shown(
            sheet=sheet,
            spans=tuple(_spans(block) for block in sheet.blocks),
            dots=tuple(_all_dots(block) for block in sheet.blocks),
            # What the paper's numbers do not bear out stands beside these numbers alone.
            beside=tuple(answers.beside(findings, sheet.number)) if sheet.in_print else (),
            grain=wording.grain() if _is_grainy(sheet) else "",
        )
        for sheet in sheets
    ]


def _is_grainy(sheet):
    """Whether it shows the accuracies of UCF Sports."""
    own = sheet.cells
    return bool(
        ((own["dataset"].map(origin.name_of) == "ucf_sports") & (own["metric"] == "accuracy")).any()
    )


def _spans(block):
    return tuple(
        (trunk, len(list(own))) for trunk, own in groupby(block.headings, lambda h: h.trunk)
    )


def _all_dots(block):
    charts = []
    for place, heading in enumerate(block.headings):
        column = [(title, cells[place]) for title, cells in block.rows]
        charts.append(_dots(f"{heading.trunk} · {heading.score}", column))
    return tuple(charts)


def _dots(title, column):
    numbers = [{n: _number(getattr(c, n)) for n in _NAMES} for _, c in column]
    scale = plots.scale([v for own in numbers for v in own.values()], NAMES, WIDTH - 8)
    rows = []
    for place, ((name, _), own) in enumerate(zip(column, numbers, strict=True)):
        pixels = {key: None if value is None else scale(value) for key, value in own.items()}
        rows.append({"y": ROW * place + ROW / 2, "name": _short(name), **pixels})
    return Dots(title, ROW * len(column), tuple(rows), tuple(scale.ticks(4)))


_NAMES = ("value", "low", "high", "paper")


def _number(text):
    """The number of a cell; None where it is empty."""
    return float(text.replace("−", "-")) if text not in ("", "–") else None


def _short(title):
    """ "Implicit (softmax)" as "softmax", and what stands behind it."""
    return re.sub(r"^(?:Im|Ex)plicit \((.*?)\)", r"\1", title)
