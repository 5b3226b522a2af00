"""The steps that edges in pictures make along an axis of a tensor, and what they tell of its cells.

Plain arrays; knows no network and no picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

EDGES = (0.2, 0.35, 0.5, 0.65, 0.8)
"""Where the edges are, as shares of what is seen of a side."""
FALLS = 0.6
"""Mean fall of the answers along an axis, which should rise, from which on it counts as rolled."""
WEAK = 0.3
"""Least height of the steps of an axis whose place is measured at all."""
SHARP = 0.8
"""Least height of the steps of an axis whose place is measured anew."""
FEW = 3
"""Edges that make a step; fewer found no place where nothing else is, unless they are sharp."""
ALL_ALIKE = 0.02
"""Mean answer from which on an edge counts as beside all that is seen."""
NO_ANSWER = 1e-3
"""Of the median answer: what a cell of a border answers less than."""


@dataclass(frozen=True)
class Edges:
    """Edges across a side of a picture, in pixels, between `low` and `high`."""

    low: float
    high: float

    @property
    def at(self):
        """Where they are: whole pixels."""
        return np.array([round(self.low + edge * (self.high - self.low)) for edge in EDGES])


@dataclass(frozen=True)
class Steps:
    """The steps that edges make along an axis. to_a, to_b: `(edges, cells)`."""

    to_a: np.ndarray
    to_b: np.ndarray
    edges: Edges

    @cached_property
    def answer(self):
        """`(cells,)`, how strongly each cell answers."""
        return (self.to_a + self.to_b).sum(axis=0)

    @cached_property
    def quiet(self):
        """`(cells,)`, which cells answer to nothing, as those of a border do."""
        return self.answer <= NO_ANSWER * np.median(self.answer)

    @cached_property
    def values(self):
        """`(edges, cells)`: 0 as to A, 1 as to B; a border is as what is beside it."""
        if self.quiet.all():
            return np.zeros_like(self.to_a)
        heard = np.flatnonzero(~self.quiet)
        total = self.to_a + self.to_b
        shares = np.divide(self.to_a, total, out=np.zeros_like(total), where=total > 0)
        between = (heard[1:] + heard[:-1]) / 2
        return shares[:, heard[np.searchsorted(between, np.arange(self.cells))]]

    @property
    def cells(self):
        """How many there are."""
        return self.to_a.shape[1]

    @property
    def flipped(self):
        """Whether the axis follows the picture from its end."""
        return self.slope < 0

    @cached_property
    def straight(self):
        """The same from the picture's beginning."""
        return Steps(self.to_a[:, ::-1], self.to_b[:, ::-1], self.edges) if self.flipped else self

    @cached_property
    def sharpness(self):
        """The correlation with steps at the edges, or at where those that are there tell them."""
        low, high = self.edges.low, self.edges.high
        spans = [(low, high)]
        if self.measured and self.measured.edges > 2:
            spans.append((self.measured.low, self.measured.high))
        centres = (np.arange(self.cells) + 0.5) / self.cells
        ideals = (low + centres * (high - low) > self.edges.at[:, None] for low, high in spans)
        return max(_correlation(self.values, ideal.astype(float)) for ideal in ideals)

    @cached_property
    def slope(self):
        """The correlation with a slope, which steps are where all cells see far; or a fall."""
        if self.cells < 2:
            return 0.0
        rows = self.values - self.values.mean(axis=1, keepdims=True)
        ramp = np.broadcast_to(np.arange(self.cells) - (self.cells - 1) / 2, rows.shape)
        length = np.linalg.norm(rows) * np.linalg.norm(ramp)
        return float((rows * ramp).sum() / length) if length > 1e-9 else 0.0

    @cached_property
    def told_apart(self):
        """Mean deviation of the answers over the cells."""
        return float(self.values.std(axis=1).mean())

    @property
    def rolled(self):
        """Whether the answers fall where they should rise, as behind the border of a rolled map."""
        falls = np.maximum.accumulate(self.values, axis=1) - self.values
        return bool(falls.max(axis=1).mean() > FALLS)

    @cached_property
    def measured(self):
        """A `Measure` of where its cells lie, or None where too few edges make a step."""
        if self.cells < 2:
            return None
        crossings, heights = np.array([_crossing(values) for values in self.values]).T
        clear = heights > max(0.5 * heights.max(), 1e-6)
        if clear.sum() < 2:
            return None
        at, crossings, heights = self.edges.at[clear], crossings[clear], heights[clear]
        slope, offset = np.polyfit(at, crossings, 1, w=heights)
        if slope <= 0:
            return None
        low, high = float(-offset / slope), float((self.cells - offset) / slope)
        scatter = float(np.std(crossings - slope * at - offset) / slope)
        return Measure(low, high, float(np.median(heights)), len(at), scatter)

    def seen(self):
        """The pixels (low, high) between which all lies that the axis sees, by its edges."""
        at, mean = self.edges.at, self.values.mean(axis=1)
        behind = at[mean >= 1 - ALL_ALIKE]
        before = at[mean <= ALL_ALIKE]
        low = behind.max() if len(behind) else self.edges.low
        high = before.min() if len(before) else self.edges.high
        return float(low), float(high)


@dataclass(frozen=True)
class Measure:
    """Where cells begin and end, in pixels; the height of the steps; how many edges made one.

    scatter: how far steps lie from where they should by that, in pixels.
    """

    low: float
    high: float
    height: float
    edges: int
    scatter: float = 0.0

    @property
    def weak(self):
        """Whether the steps are too low to tell where they are."""
        return self.height * min(self.edges, FEW) < WEAK * FEW

    @property
    def vague(self):
        """Whether too few steps that are too low lie in what the axis sees."""
        return self.edges <= FEW and self.height < SHARP

    @property
    def blur(self):
        """Pixels that the steps are blurred over."""
        return (1 - self.height) * (self.high - self.low)

    def cell(self, cells):
        """The size of each of so many cells, in pixels."""
        return (self.high - self.low) / cells


def _correlation(found, ideal):
    found, ideal = (_without_means(one).ravel() for one in (found, ideal))
    length = np.linalg.norm(found) * np.linalg.norm(ideal)
    return float(found @ ideal / length) if length > 1e-9 else 0.0


def _without_means(values):
    """Without what all cells share for an edge, and all edges for a cell."""
    both = values.mean(axis=0) + values.mean(axis=1, keepdims=True)
    return values - both + values.mean()


def _crossing(values):
    """Where, in cells, a row of values steps from 0 to 1; and how high the step is."""
    cells = len(values)
    sums = np.concatenate([[0], np.cumsum(values)])
    at = np.arange(1, cells)
    before, behind = sums[at] / at, (sums[-1] - sums[at]) / (cells - at)
    best = int(np.argmax((behind - before) * np.sqrt(at * (cells - at))))
    height = behind[best] - before[best]
    # One half is where both textures are seen alike, however far the cells see.
    rises = np.flatnonzero((values[:-1] < 0.5) & (values[1:] >= 0.5))
    if not len(rises):
        return float(at[best]), 0.0
    cell = rises[np.abs(rises + 1 - at[best]).argmin()]
    low, high = values[cell], values[cell + 1]
    return cell + 0.5 + (0.5 - low) / (high - low), height
