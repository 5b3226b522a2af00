"""What a claim of the paper is, and whether the numbers that the paper prints bear it out.

Those claims are in `paper_claims`. Knows no numbers of ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from keras_attn.errors import InputError, one_of
from keras_attn.mechanisms import MECHANISMS
from keras_attn.report.paper_tables import KEYS, TABLES, paper

QUESTIONS = {
    "Q1": "Do networks look where people look?",
    "Q2": "Is human attention a ground truth?",
    "Q3": "Is attention more alike where the prediction is right?",
    "Q4": "How does attention depend on the network and on the depth?",
    "Q5": "What brings a network closer to human attention?",
    "Q6": "Does looking at the right place help against attacks?",
    "Q7": "Should networks be made to look where people look?",
}
"""Those of the paper's section V, in our words."""
AXES = ("attention", "backbone", "fusion", "subset")
"""What a claim may compare; all else of a cell is then the same."""
BY_NUMBER = {table.number: table for table in TABLES}
METRICS = {metric.key: metric for table in TABLES for metric in table.metrics}


@dataclass(frozen=True)
class Claim:
    """That in every cell each of `better` has a better number than each of `worse`.

    question: of `QUESTIONS`. section, words: where the paper says it, and what, in our words.
    tables: numbers of the tables it is about. axis: the one of `AXES` that `better` and `worse` are
    values of. where: values by label that the cells are limited to. margin: if given, the claim is
    that they differ by no more than that, in the metric's unit. `InputError` for other values.
    """

    key: str
    question: str
    section: str
    words: str
    tables: tuple
    axis: str
    better: tuple
    worse: tuple
    where: Mapping = field(default_factory=dict)
    margin: float | None = None

    def __post_init__(self):
        one_of("Claim.question", self.question, tuple(QUESTIONS))
        one_of("Claim.axis", self.axis, AXES)
        for number in self.tables:
            one_of("Claim.tables", number, tuple(BY_NUMBER))
        if not self.better or not self.worse or set(self.better) & set(self.worse):
            received = f"{self.better} and {self.worse}"
            raise InputError("Claim.better, worse", "names that are in one of the two", received)
        if self.margin is not None and not self.margin > 0:
            raise InputError("Claim.margin", "a positive difference", self.margin)

    @property
    def pairs(self):
        """The values of the axis that are compared, the one that ought to be better first."""
        return [(one, other) for one in self.better for other in self.worse]

    @property
    def of_itself(self):
        """Whether it compares how far a map agrees with the very fixations that it is made of."""
        gaze = any(BY_NUMBER[number].about_gaze for number in self.tables)
        made_of_gaze = {m.name for m in MECHANISMS.values() if m.takes_gaze}
        return gaze and self.axis == "attention" and bool(made_of_gaze & set(self.better))


@dataclass(frozen=True)
class Cell:
    """A cell that a claim asks about.

    labels: all `KEYS` but the axis. values: the paper's numbers, by value of the axis.
    """

    labels: dict
    values: dict

    @property
    def table(self):
        """The `paper_tables.Table` it is of."""
        return BY_NUMBER[self.labels["table"]]

    @property
    def metric(self):
        """The `paper_tables.Metric` it is of."""
        return METRICS[self.labels["metric"]]

    def gains(self, claim):
        """By how much the paper's numbers are better, for each of the claim's pairs."""
        sign = 1 if self.metric.higher_is_better else -1
        # The difference of two decimals is hardly ever exact, and a margin would cut between.
        return [round(sign * (self.values[a] - self.values[b]), 6) for a, b in claim.pairs]


@dataclass(frozen=True)
class Count:
    """In how many of a metric's cells the paper's numbers are as it claims, and the reverse."""

    metric: str
    holds: int
    reverse: int
    cells: int


def cells_of(claim):
    """The `Cell`s of the paper's tables that a claim asks about, in their order."""
    rows = paper()
    compared = (*claim.better, *claim.worse)
    limits = {"table": claim.tables, **claim.where, claim.axis: compared}
    for name, values in limits.items():
        rows = rows[rows[name].isin(values)]
    names = [name for name in KEYS if name != claim.axis]
    return [
        Cell(dict(zip(names, key, strict=True)), own.set_index(claim.axis)["value"].to_dict())
        for key, own in rows.groupby(names, sort=False)
    ]


def counts_of(claim):
    """The `Count` of each metric of a claim; ties are neither as claimed nor the reverse."""
    found = {}
    for cell in cells_of(claim):
        found.setdefault(cell.labels["metric"], []).append(cell.gains(claim))
    return [_count(metric, gains, claim.margin) for metric, gains in found.items()]


def _count(metric, gains, margin):
    if margin is None:
        holds = [all(gain > 0 for gain in own) for own in gains]
        reverse = [all(gain < 0 for gain in own) for own in gains]
    else:
        holds = [all(abs(gain) <= margin for gain in own) for own in gains]
        reverse = [all(abs(gain) > margin for gain in own) for own in gains]
    return Count(metric, sum(holds), sum(reverse), len(gains))


def shares(values, count, digits=3):
    """How many of the values are, to so many decimals, k / `count` for a whole number k."""
    if count < 1:
        raise InputError("count", "a number of examples", count)
    return sum(round(round(value * count) / count, digits) == value for value in values)


def alike_in_print(claim):
    """In how many of a claim's cells the paper prints all numbers alike, and of how many."""
    gains = [cell.gains(claim) for cell in cells_of(claim)]
    return sum(not any(own) for own in gains), len(gains)
