"""Tables of the study as they are shown: headings, rows, cells as printed, and their places.

Gets the numbers computed: changes none and reads no file. What a sheet is written as, is in
`formats`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from keras_attn.datasets import origin
from keras_attn.evaluation.rows import TRUNK
from keras_attn.mechanisms import NO_ATTENTION
from keras_attn.report.naming import attention_title, dataset_title, order, trunk_title
from keras_attn.report.numbers import decimals
from keras_attn.report.paper.printed import KEYS
from keras_attn.report.tables import ceilings
from keras_attn.report.tables import legend as table_legend

BEST, SECOND = 1, 2
NUMBERS = ("value", "low", "high")


@dataclass(frozen=True)
class ColumnHead:
    """What a column of a block is headed with; `subset` is "" where all examples count."""

    trunk: str
    metric: str
    subset: str

    @property
    def score(self):
        """Metric and subset."""
        return f"{self.metric} {self.subset}".rstrip()


@dataclass(frozen=True)
class PrintedCell:
    """A number of ours with its interval, the paper's, and its place in the column.

    value, low, high, paper: as printed, "" where there is none. place: BEST, SECOND or 0. noise:
    whether it cannot be told from the column's best, where it does not share its place. share: of
    explainable information, with its interval, as printed.
    """

    value: str = ""
    low: str = ""
    high: str = ""
    paper: str = ""
    place: int = 0
    noise: bool = False
    share: str = ""

    @property
    def interval(self):
        """The interval in brackets, or "" without one."""
        return f"[{self.low}, {self.high}]" if self.low else ""

    @property
    def in_print(self):
        """The paper's number in parentheses, or "" without one."""
        return f"({self.paper})" if self.paper else ""


@dataclass(frozen=True)
class Block:
    """What a table shows of one dataset. rows: pairs of the attention and its cells."""

    title: str
    headings: tuple
    rows: tuple


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table as it is shown.

    interval: what the intervals are. cells: those it is made of, the ceiling's among them. legend:
    sentences under it. ours: whether the paper has no such table. neutral: whether no number is
    better than another.
    """

    number: str
    title: str
    interval: str
    cells: pd.DataFrame
    blocks: tuple
    legend: tuple
    ours: bool = False
    neutral: bool = False

    @property
    def in_print(self):
        """Whether the paper has a number for any of its cells."""
        rows = (cells for block in self.blocks for _, cells in block.rows)
        return any(cell.paper for cells in rows for cell in cells)


def sheet(table, results, cells, paper):
    """The `Sheet` of a `parts.Table`; cells, paper: the DataFrames of `tables`."""
    own = cells[cells["table"] == table.number]
    # Networks without attention would be a row and columns of their own, all else there empty.
    parts = own.groupby(["dataset", own["attention"] == NO_ATTENTION], sort=False)
    top = {name: ceilings_of(table, results, name) for name in dict.fromkeys(own["dataset"])}
    blocks = tuple(_block(table, part, paper, bare, top[name]) for (name, bare), part in parts)
    legend = table_legend.lines(table, results, own, top)
    every = pd.concat([own, *(one for one in top.values() if len(one))], ignore_index=True)
    kind = (table.ours, table.neutral)
    return Sheet(table.number, table.title, table.interval, every, blocks, legend, *kind)


def ceilings_of(table, results, dataset):
    """The cells of the ceiling of a dataset; none in a table without."""
    rows = results.rows
    own = rows[((rows["task"] == table.task) & (rows["dataset"] == dataset)).to_numpy()]
    return ceilings.cells_of(table, own if table.ceiling else own[:0])


def _block(table, cells, paper, bare, top):
    """What a table shows of one dataset; bare: of its networks without attention.

    top: the cells of the ceiling.
    """
    dataset = cells["dataset"].iloc[0]
    rows, groups = _rows_and_groups(cells, bare)
    numbers = [*NUMBERS, *ceilings.SHARES, "within_noise"]
    ours = cells.set_index(list(KEYS))[numbers].to_dict("index")
    printed = paper.set_index(list(KEYS))["value"].to_dict()
    highest = top.set_index("metric").to_dict("index")
    heads, columns, ceiling = [], [], []
    for title, labels, metric, subset in _columns(table, dataset, groups):
        part = subset.key if len(table.subsets) > 1 else ""
        heads.append(ColumnHead(title, f"{metric.title}{metric.arrow}", part))
        keys = [_key(labels | of_row) for _, of_row in rows]
        theirs = [_key(labels | of_row, origin.name_of(dataset)) for _, of_row in rows]
        pairs = zip(map(ours.get, keys), map(printed.get, theirs), strict=True)
        columns.append(_column(metric, list(pairs)))
        own = highest.get(metric.key)
        shown = {} if own is None else {n: _printed(own[n], metric.digits) for n in NUMBERS}
        ceiling.append(PrintedCell(**shown))
    lines = list(zip([title for title, _ in rows], zip(*columns, strict=True), strict=True))
    lines += [(ceilings.TITLE, tuple(ceiling))] if highest and not bare else []
    return Block(dataset_title(dataset), tuple(heads), tuple(lines))


def _columns(table, dataset, groups):
    """Of each column its title, the labels of its cells but for the row's, metric and subset."""
    for title, labels in groups:
        for metric in table.metrics_of(dataset):
            for subset in table.subsets:
                column = {"table": table.number, "dataset": dataset, **labels}
                yield title, column | {"subset": subset.key, "metric": metric.key}, metric, subset


def _key(labels, dataset=None):
    """Labels in the order of `KEYS`, of another dataset if need be."""
    labels = labels if dataset is None else labels | {"dataset": dataset}
    return tuple(labels[name] for name in KEYS)


def _rows_and_groups(cells, bare):
    """Rows and groups of columns, as pairs of a title and labels of their cells."""
    names = cells[list(TRUNK)].drop_duplicates().to_dict("records")
    trunks = [(trunk_title(**one), one) for one in sorted(names, key=lambda one: order(**one))]
    attentions = [
        (attention_title(name), {"attention": name}) for name in dict.fromkeys(cells["attention"])
    ]
    return (trunks, attentions) if bare else (attentions, trunks)


def _column(metric, pairs):
    """Cells of one column, from pairs of ours, a dict, and the paper's; None is none."""
    # What is printed alike shares a place.
    shown = [None if ours is None else round(ours["value"], metric.digits) for ours, _ in pairs]
    distinct = sorted({v for v in shown if v is not None}, reverse=metric.higher_is_better)
    judged = len(distinct) > 1 and not metric.neutral
    places = dict(zip(distinct, (BEST, SECOND), strict=False)) if judged else {}
    cells = []
    for value, (ours, paper) in zip(shown, pairs, strict=True):
        place, numbers = places.get(value, 0), {}
        if ours is not None:
            numbers = {name: _printed(ours[name], metric.digits) for name in NUMBERS}
            # Where all are printed alike, none is marked as the best.
            numbers["share"] = ceilings.in_print(*(ours[name] for name in ceilings.SHARES))
            numbers["noise"] = bool(places) and ours["within_noise"] is True and place != BEST
        cells.append(PrintedCell(**numbers, paper=_printed(paper, metric.digits), place=place))
    return cells


def _printed(value, digits):
    return "" if value is None or np.isnan(value) else decimals(value, digits)
