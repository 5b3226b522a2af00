"""The cells of the study's tables that a claim asks about, printed in the paper or not."""

from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np

from keras_attn import registries
from keras_attn.datasets import origin
from keras_attn.errors import InputError, listing, one_of
from keras_attn.evaluation.rows import NETWORK
from keras_attn.mechanisms import NAMED, NO_ATTENTION
from keras_attn.report.naming import BACKBONES
from keras_attn.report.paper.printed import KEYS, paper_cells
from keras_attn.report.paper.tables import BY_NUMBER, TABLES, metrics
from keras_attn.report.rows.contrasts import sample_in

NEW = ("attention", "backbone", "dataset", "metric")
"""Labels that a claim may have names of that are not in the paper."""


@dataclass(frozen=True)
class PaperCell:
    """A cell of a table of the study, by its labels: all of `KEYS`."""

    labels: dict

    @property
    def table(self):
        """The `parts.Table` it is of."""
        return BY_NUMBER[self.labels["table"]]

    @property
    def metric(self):
        """The `parts.Metric` it is of."""
        return self.table.metric(self.labels["metric"])

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
    rows = paper_cells()
    return dict(
        zip(rows[list(KEYS)].itertuples(index=False, name=None), rows["value"], strict=True)
    )


@cache
def _known():
    """The labels of all cells, in the order of `KEYS`: the printed ones, then those of our tables.

    Tables of ours are about the networks that the paper's tables of the same task are about.
    """
    keys = list(_printed())
    networks = {}
    for key in keys:
        labels = dict(zip(KEYS, key, strict=True))
        own = tuple(labels[name] for name in ("dataset", *NETWORK))
        networks.setdefault(BY_NUMBER[labels["table"]].task, {})[own] = None
    for table in TABLES:
        if table.ours:
            each = product(networks[table.task], table.subsets, table.metrics)
            keys += [
                (table.number, dataset, *trunk, subset.key, attention, metric.key)
                for (dataset, *trunk, attention), subset, metric in each
            ]
    return keys


@cache
def _names(place):
    """The values of a label of `KEYS` that the study's own cells have."""
    return {key[place] for key in _known()}


def _with_new_names(keys, wanted):
    """The cells of some tables, and the same of names that the paper has not.

    wanted: by label, the values that are asked about. Of a new name there is a cell wherever there
    is one of another name.
    """
    for name in NEW:
        place = KEYS.index(name)
        for value in wanted.get(name, ()):
            if value not in _names(place):
                _check_new(name, value, wanted)
                copies = ((*key[:place], value, *key[place + 1 :]) for key in keys)
                keys = list(dict.fromkeys((*keys, *copies)))
    return keys


def _check_new(name, value, wanted):
    """Refuse a name that nothing is registered under, but for a dataset's, which may be any."""
    where = f"Claim, {name}"
    if name == "attention":
        one_of(where, value, (*NAMED, NO_ATTENTION))
    elif name == "backbone":
        one_of(where, value, tuple(dict.fromkeys((*BACKBONES, *registries.BACKBONES))))
    elif name == "metric":
        tables = [BY_NUMBER[number] for number in wanted.get("table", BY_NUMBER)]
        one_of(where, value, tuple(metrics(tables)))
    elif not isinstance(value, str) or not value:
        raise InputError(where, "the name of a dataset", repr(value))


def cells_of(axis, values, **limits):
    """`{value of the axis: PaperCell}` for each set of other labels, in the order of the tables.

    limits: by label, the values that are asked about. They may be names of `NEW` that the paper has
    not, if they are registered. `InputError` for a value of the axis that one of the sets has no
    cell of.
    """
    wanted, by_rest = {**limits, axis: values}, {}
    for name, some in wanted.items():
        one_of("Claim.where", name, KEYS)
        if isinstance(some, str) or not some:
            raise InputError(f"Claim, {name}", "a tuple of names", repr(some))
    numbers = wanted.get("table", BY_NUMBER)
    keys = _with_new_names([key for key in _known() if key[0] in numbers], wanted)
    for key in keys:
        labels = dict(zip(KEYS, key, strict=True))
        if all(labels[name] in some for name, some in wanted.items()):
            rest = tuple(value for name, value in labels.items() if name != axis)
            by_rest.setdefault(rest, {})[labels[axis]] = PaperCell(labels)
    for rest, cells in by_rest.items():
        missing = [value for value in values if value not in cells]
        if missing:
            where = f"Claim, {axis}"
            raise InputError(where, f"names in Table {rest[0]}", listing(missing))
    return list(by_rest.values())


def common(cells):
    """The labels that all the cells have alike; "" for the others."""
    cells = list(cells)
    seen = {name: {cell.labels[name] for cell in cells} for name in KEYS}
    return {name: some.pop() if len(some) == 1 else "" for name, some in seen.items()}
