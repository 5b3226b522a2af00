"""What a table of the study is made of: its metrics, the subsets of examples, its sentences.

Which tables there are, is in `paper.tables`. Computes nothing.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass

import numpy as np

from keras_attn.datasets import origin
from keras_attn.evaluation.rows import CEILING as CEILING_KEYS
from keras_attn.evaluation.rows import MAPS, RANKING, STUDY
from keras_attn.metrics.columns import Column, Heading, further


@dataclass(frozen=True)
class Metric(Heading):
    """A column of examples.csv that is averaged over examples, or what arrays.npz makes of them.

    column: that column, where it is not called like the metric. curve: name of the curves; the
    value is then the maximum of the mean-over-examples curve. ranked: whether it is the mAP of the
    class scores, with this interpolation of `metrics.recognition`. proportion: whether each example
    has it or not, so that the mean is a share of them. pooled: whether an example counts as often
    as it has values under several seeds, and not once. alike: whether it is the mean CC of each
    example's map in MAPS with those of the others of its subset. neutral: whether neither more nor
    less of it is better; `higher_is_better` then says alone which way a difference is taken.
    digits: decimals in print. datasets: names of those that it is shown of; empty for all.
    """

    column: str = ""
    curve: str = ""
    ranked: bool = False
    interpolation: str | None = "all_points"
    proportion: bool = False
    pooled: bool = False
    alike: bool = False
    neutral: bool = False
    digits: int = 3
    datasets: Container = ()

    @property
    def score(self):
        """The column of examples.csv."""
        return self.column or self.key

    @property
    def per_example(self):
        """Whether it is a column of examples.csv, and not of all examples at once."""
        return not (self.curve or self.ranked or self.alike)

    @property
    def spread_from(self):
        """How many examples there have to be for their resamples to differ."""
        return 3 if self.alike else 2

    @property
    def arrow(self):
        """Which direction is better, behind a title; "" where neither is."""
        return "" if self.neutral else " ↑" if self.higher_is_better else " ↓"


def _of_gaze(column):
    """The `Metric` of a `metrics.columns.Column`."""
    return Metric(column.key, column.title, column.higher_is_better)


GAZE = tuple(_of_gaze(Column.registry[key]) for key in STUDY)
"""The two gaze scores of the study's tables."""
CEILING = tuple(
    Metric(key, f"ceiling {one.title}") for key, one in zip(CEILING_KEYS, GAZE, strict=True)
)
"""What the gold standard scores on the same examples, whatever the network."""


@dataclass(frozen=True)
class Subset:
    """Which examples of a group count.

    take: scores of a group's examples, ordered by id, -> positions of the subset in them. column:
    the score that it depends on. size: number of examples -> how many are taken, where that
    follows. rows: rows of a group, one for each example and seed, -> which of them count, before
    their means are taken; None for all.
    """

    key: str
    take: Callable = lambda scores: np.arange(len(scores))
    column: str = ""
    size: Callable | None = None
    rows: Callable | None = None


@dataclass(frozen=True)
class Remark:
    """A sentence under a table that shows this dataset and backbone."""

    dataset: str
    backbone: str
    sentence: str


@dataclass(frozen=True)
class Table:
    """A table of the paper: its number there, the task, and what its columns are.

    about: sentences that say what the numbers are. unit: what an example is called. ceiling:
    whether it has a row of the gold standard and shares of its IG, and what one viewer's gaze says
    about the others' stands under it. paired: whether tests of the explicit attentions against the
    implicit ones, on the same examples, do. ours: whether the paper has no such table; evaluations
    of earlier versions do not have what it is made from.
    """

    number: str
    task: str
    title: str
    metrics: tuple
    about: tuple
    subsets: tuple = (Subset("all"),)
    remarks: tuple = ()
    unit: str = "image"
    ceiling: bool = False
    paired: bool = False
    ours: bool = False

    @property
    def shown(self):
        """All its metrics: beside the paper's, those of plug-ins where maps are held to gaze."""
        return (*self.metrics, *map(_of_gaze, further())) if self.about_gaze else self.metrics

    def metric(self, key):
        """The one of that key of those that are `shown`."""
        return next(metric for metric in self.shown if metric.key == key)

    @property
    def files(self):
        """Names of the files it is written to."""
        return tuple(f"{self.number}.{ending}" for ending in ("csv", "md", "tex"))

    @property
    def scores(self):
        """The scores of examples.csv that it is made from; those of plug-ins may be missing."""
        chosen_by = [subset.column for subset in self.subsets if subset.column]
        return (*(metric.score for metric in self.metrics if metric.per_example), *chosen_by)

    @property
    def arrays(self):
        """The arrays of arrays.npz that it is made from: curves, and what ranks videos."""
        ranking = RANKING if any(metric.ranked for metric in self.metrics) else ()
        maps = (MAPS,) if any(metric.alike for metric in self.metrics) else ()
        return (*(metric.curve for metric in self.metrics if metric.curve), *ranking, *maps)

    def metrics_of(self, dataset):
        """The metrics that are shown of a dataset."""
        name = origin.name_of(dataset)
        return [m for m in self.shown if not m.datasets or name in m.datasets]

    @property
    def mixed(self):
        """Whether its metrics have intervals of different kinds."""
        return len({metric.proportion for metric in self.metrics}) > 1

    @property
    def interval(self):
        """What the intervals in its cells are."""
        kind = "Wilson " if self.metrics[0].proportion else "bootstrap "
        return f"95 % {'' if self.mixed else kind}interval over {self.unit}s"

    @property
    def pooled(self):
        """Whether an example counts once for each seed, and not once for all."""
        parted = any(subset.rows is not None for subset in self.subsets)
        return parted or any(metric.pooled for metric in self.metrics)

    @property
    def neutral(self):
        """Whether none of its numbers is better than another."""
        return all(metric.neutral for metric in self.metrics)

    @property
    def about_gaze(self):
        """Whether it compares maps with gaze."""
        return set(GAZE) <= set(self.metrics)
