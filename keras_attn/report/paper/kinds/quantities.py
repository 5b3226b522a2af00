"""Numbers that claims speak of: what they are in print, and what in rows of ours.

A quantity has `printed()`, the paper's number, `measured(results, drawn)`, a `Measured` or None,
`cells`, that it is made of, and `on(dataset)`, the same of another dataset. Numbers are turned so
that higher is better.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from keras_attn.report.rows.contrasts import Contrast, between
from keras_attn.statistics import percentile_interval


class Measured(NamedTuple):
    """A number of ours. parts, of: of how many of its parts it is made, and how many it has."""

    contrast: Contrast
    parts: int = 1
    of: int = 1


class Resampled(NamedTuple):
    """A number, what it is in each resample of the n examples; parts, of: as of `Measured`."""

    value: float
    resampled: np.ndarray
    n: int
    parts: int
    of: int


@dataclass(frozen=True)
class ScoreDifference:
    """The score of one cell less that of another."""

    one: Any
    other: Any

    @property
    def cells(self):
        """Those that it is made of."""
        return self.one, self.other

    def on(self, dataset):
        """The same of another dataset."""
        one, other = (cell.with_(dataset=dataset) for cell in self.cells)
        return replace(self, one=one, other=other)

    def printed(self):
        """The paper's number."""
        return self.one.printed - self.other.printed

    def measured(self, results, drawn=False):
        """Ours, of drawn data or of others; None without rows."""
        one, other = [cell.drawn() if drawn else cell for cell in self.cells]
        contrast = between(results, one.table, one.metric, one.labels, other.labels)
        return contrast and Measured(contrast)


@dataclass(frozen=True)
class Gains:
    """By how much more one cell exceeds a second than a third exceeds a fourth."""

    one: ScoreDifference
    other: ScoreDifference

    @property
    def cells(self):
        """Those that it is made of."""
        return *self.one.cells, *self.other.cells

    def on(self, dataset):
        """The same of another dataset."""
        return replace(self, one=self.one.on(dataset), other=self.other.on(dataset))

    def printed(self):
        """The paper's number."""
        return self.one.printed() - self.other.printed()

    def measured(self, results, drawn=False):
        """Ours, of drawn data or of others; None without rows."""
        if self.one.one.metric.proportion:
            return self._of_shares(results, drawn)
        return Composite((self.cells,), lambda blocks: blocks[0] @ [1, -1, -1, 1]).measured(
            results, drawn
        )

    def _of_shares(self, results, drawn):
        """From the intervals of both differences, which have a width where no example differs.

        Zou and Donner's (Statistics in Medicine 27, 2008), as of two independent differences: too
        wide where both are large on the same examples.
        """
        parts = [part.measured(results, drawn) for part in (self.one, self.other)]
        if None in parts:
            return None
        one, other = (part.contrast for part in parts)
        gain = one.gain - other.gain
        low = gain - np.hypot(one.gain - one.low, other.high - other.gain)
        high = gain + np.hypot(one.high - one.gain, other.gain - other.low)
        return Measured(Contrast(gain, low, high, np.nan, max(one.n, other.n)))


@dataclass(frozen=True)
class Composite:
    """A number that is made of blocks of cells, all of which a block needs.

    of: a list of arrays (..., cells), one for each block -> an array (...).
    """

    blocks: tuple
    of: Callable

    @property
    def cells(self):
        """Those that it is made of."""
        return [cell for block in self.blocks for cell in block]

    def on(self, dataset):
        """The same of another dataset; blocks that differed in theirs alone become one."""
        moved = [tuple(cell.with_(dataset=dataset) for cell in block) for block in self.blocks]
        return replace(self, blocks=tuple(b for i, b in enumerate(moved) if b not in moved[:i]))

    def printed(self):
        """The paper's number."""
        values = [np.array([cell.printed for cell in block]) for block in self.blocks]
        return float(self.of(values))

    def measured(self, results, drawn=False):
        """Ours, of drawn data or of others; None without a block of which all rows are there."""
        return _measured(self.drawn(results, drawn))

    def drawn(self, results, drawn=False):
        """The `Resampled`; None without a block of which all rows are there."""
        there = self.scores(results, drawn)
        return self.resampled(there) if there else None

    def scores(self, results, drawn=False):
        """The blocks of which all rows are there, as scores on common examples; [] for none."""
        samples = [_samples(block, results, drawn) for block in self.blocks]
        there = _on_common_examples([block for block in samples if block is not None])
        return there if all(one.n for block in there for one in block) else []

    def resampled(self, blocks):
        """The `Resampled` of blocks of scores."""
        value = self.of([np.array([one.value() for one in block]) for block in blocks])
        resampled = np.array([np.nan])
        if all(one.spread for block in blocks for one in block):
            every = [np.stack([one.resampled() for one in block], axis=-1) for block in blocks]
            resampled = self.of(every)
        return Resampled(float(value), resampled, _count(blocks), len(blocks), len(self.blocks))


@dataclass(frozen=True)
class Crossed(Composite):
    """A composite of two kinds of scores, the halves of each block, that share no example of ours.

    Of the same examples, what makes them easy for one network by chance would show in both kinds
    and pass for a relation between them. So the first kind is taken of one half of the examples and
    the second of the other, then the other way round; the number is the mean of both.
    """

    def drawn(self, results, drawn=False):
        """The `Resampled`; None without a block of which all rows are there in both halves."""
        there = self.scores(results, drawn)
        if not there:
            return None
        halves = [_halves(block) for block in there]
        parts = []
        for one, other in ((0, 1), (1, 0)):
            middle = len(there[0]) // 2
            crossed = [[*half[one][:middle], *half[other][middle:]] for half in halves]
            if not all(score.n for block in crossed for score in block):
                return None
            parts.append(self.resampled(crossed))
        one, other = parts
        resampled = (one.resampled + other.resampled) / 2
        value = (one.value + other.value) / 2
        return Resampled(value, resampled, _count(there), len(there), len(self.blocks))


@dataclass(frozen=True)
class Less:
    """One composite less another."""

    one: Composite
    other: Composite

    @property
    def cells(self):
        """Those that it is made of."""
        return [*self.one.cells, *self.other.cells]

    def on(self, dataset):
        """The same of another dataset."""
        return replace(self, one=self.one.on(dataset), other=self.other.on(dataset))

    def printed(self):
        """The paper's number."""
        return self.one.printed() - self.other.printed()

    def measured(self, results, drawn=False):
        """Ours, of drawn data or of others; None without both."""
        parts = [part.drawn(results, drawn) for part in (self.one, self.other)]
        if None in parts:
            return None
        one, other = parts
        resampled = one.resampled - other.resampled
        counts = (one.n + other.n, one.parts + other.parts, one.of + other.of)
        return _measured(Resampled(one.value - other.value, resampled, *counts))


@dataclass(frozen=True)
class _Score:
    """A cell with the examples of ours."""

    cell: Any
    sample: Any

    @property
    def source(self):
        return self.cell.source

    @property
    def n(self):
        return len(self.sample.ids(self.cell.metric))

    @property
    def spread(self):
        """Whether resamples differ: those of a single example would not."""
        metric = self.cell.metric
        return self.sample.independent(self.sample.ids(metric)) >= metric.spread_from

    def value(self):
        return self.cell.sign * self.sample.value(self.cell.metric)

    def resampled(self):
        return self.cell.sign * self.sample.resampled(self.cell.metric)


def _samples(block, results, drawn):
    """The `_Score` of each cell of a block; None where one has no rows or no score."""
    scores = []
    for cell in block:
        own = cell.drawn() if drawn else cell
        sample = own.sample(results)
        if sample is None or not len(sample.ids(own.metric)):
            return None
        scores.append(_Score(own, sample))
    return scores


def _on_common_examples(blocks):
    """The blocks, each score on the examples that all networks of its dataset were scored on."""
    ids = {}
    for one in (one for block in blocks for one in block):
        own = one.sample.all_ids
        known = ids.setdefault(one.source, own)
        if not known.equals(own):
            ids[one.source] = known.intersection(own).sort_values()
    return [[_Score(one.cell, one.sample.on(ids[one.source])) for one in block] for block in blocks]


def _count(blocks):
    """How many examples the scores are of, each dataset counted once."""
    counts = {}
    for one in (one for block in blocks for one in block):
        counts[one.source] = max(counts.get(one.source, 0), one.n)
    return sum(counts.values())


def _halves(block):
    """The scores of a block on one half of the examples, and on the other."""
    return [[_Score(one.cell, one.sample.half(second)) for one in block] for second in (0, 1)]


def _measured(number):
    if number is None or np.isnan(number.value):
        return None
    low, high = np.nan, np.nan
    if not np.isnan(number.resampled).all():
        low, high = percentile_interval(number.resampled)
        # Resamples have more noise than the examples, which draws ranks and the highest of several
        # to one side; the interval is widened to the number itself.
        low, high = min(low, number.value), max(high, number.value)
    return Measured(Contrast(number.value, low, high, np.nan, number.n), number.parts, number.of)
