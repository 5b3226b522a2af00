"""The cells of the paper's tables that a claim asks about."""

from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np

from keras_attn.datasets import origin
from keras_attn.errors import InputError, listing
from keras_attn.report.paper.claims.claim import BY_NUMBER, METRICS
from keras_attn.report.paper.paper_tables import KEYS, NETWORK, TABLES, paper
from keras_attn.report.rows.contrasts import sample_in


@dataclass(frozen=True)
class Cell:
    """A printed cell, by its labels: all of `KEYS`."""

    labels: dict

    @property
    def table(self):
        """The `paper_tables.Table` it is of."""
        return BY_NUMBER[self.labels["table"]]

    @property
    def metric(self):
        """The `paper_tables.Metric` it is of."""
        return METRICS[self.labels["metric"]]

    @property
    def sign(self):
        """−1 where lower is better, else 1."""
        return 1 if self.metric.higher_is_better else -1

    @property
    def printed(self):
        """The paper's number, turned so that higher is better; NaN where it prints none."""
        return self.sign * _printed().get(tuple(self.labels[name] for name in KEYS), np.nan)

    def drawn(self):
        """The same cell of drawn data, whose name says so."""
        return self.with_(dataset=origin.label(self.labels["dataset"], True))

    def with_(self, **labels):
        """The cell that has these labels in place of its own."""
        return replace(self, labels={**self.labels, **labels})

    @property
    def source(self):
        """The task and the dataset that its examples are of."""
        return self.table.task, self.labels["dataset"]

    def sample(self, results):
        """The `samples.Sample` of it; None without rows."""
        return sample_in(results, self.table, self.labels)


@cache
def _printed():
    """The paper's numbers by their labels in the order of `KEYS`."""
    rows = paper()
    return dict(
        zip(rows[list(KEYS)].itertuples(index=False, name=None), rows["value"], strict=True)
    )


@cache
def _known():
    """The labels of all cells, in the order of `KEYS`: the printed ones, then those of our tables.

    Tables of ours are about the networks that the paper's tables of the same task are about.
    """
    made = list(_printed())
    networks = {}
    for key in made:
        labels = dict(zip(KEYS, key, strict=True))
        own = tuple(labels[name] for name in ("dataset", *NETWORK))
        networks.setdefault(BY_NUMBER[labels["table"]].task, {})[own] = None
    for table in TABLES:
        if table.ours:
            each = product(networks[table.task], table.subsets, table.metrics)
            made += [
                (table.number, dataset, *trunk, subset.key, attention, metric.key)
                for (dataset, *trunk, attention), subset, metric in each
            ]
    return made


def cells_of(axis, values, **limits):
    """`{value of the axis: Cell}` for each set of other labels, in the order of the tables.

    limits: by label, the values that are asked about. `InputError` for a value of the axis that one
    of the sets has no cell of.
    """
    wanted, found = {**limits, axis: values}, {}
    for key in _known():
        labels = dict(zip(KEYS, key, strict=True))
        if all(labels[name] in some for name, some in wanted.items()):
            rest = tuple(value for name, value in labels.items() if name != axis)
            found.setdefault(rest, {})[labels[axis]] = Cell(labels)
    for rest, cells in found.items():
        missing = [value for value in values if value not in cells]
        if missing:
            where = f"Claim, {axis}"
            raise InputError(where, f"names in Table {rest[0]}", listing(missing))
    return list(found.values())


def common(cells):
    """The labels that all the cells have alike; "" for the others."""
    cells = list(cells)
    seen = {name: {cell.labels[name] for cell in cells} for name in KEYS}
    return {name: some.pop() if len(some) == 1 else "" for name, some in seen.items()}
