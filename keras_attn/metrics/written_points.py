"""Points as they were written and as they lie in their pictures, to be judged all together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from keras_attn.gaze_format import GazeFormat

CLUSTER = 0.1
"""How far from their median most points lie that one place attracts; all others lie farther."""


@dataclass(frozen=True, eq=False)
class Points:
    """All points of a reading, flat, those that are NaN left out.

    raw: `(N, 2)` x and y as they were written. points: `(N, 2)` in pixels of their pictures. sizes:
    `(N, 2)` width and height of the picture of each. viewers, pictures: `(N,)` whole numbers from
    0, places in `names` and `ids`. form: how they were read.
    """

    raw: np.ndarray
    points: np.ndarray
    sizes: np.ndarray
    viewers: np.ndarray
    pictures: np.ndarray
    form: GazeFormat
    names: tuple = ()
    ids: tuple = ()

    @classmethod
    def of(cls, points, shapes, *, raw=None, subjects=None, ids=None, form=None):
        """From one `(N_i, 2)` array, (H, W) and id for each picture, and whose each point is."""
        raw = points if raw is None else raw
        counts = [len(p) for p in points]
        flat = [np.concatenate(p) if len(p) else np.zeros((0, 2)) for p in (raw, points)]
        sizes = np.repeat(np.array(shapes, np.float64).reshape(-1, 2)[:, ::-1], counts, axis=0)
        pictures = np.repeat(np.arange(len(counts)), counts)
        viewers, names = np.zeros(len(pictures), np.intp), ("",)
        if subjects is not None and len(pictures):
            import pandas as pd  # here: it takes longer to load than all other metrics

            viewers, names = pd.factorize(np.concatenate(subjects))
        seen = np.isfinite(flat[1]).all(axis=1)
        kept = (array[seen] for array in (*flat, sizes, viewers, pictures))
        ids = range(len(counts)) if ids is None else ids
        return cls(*kept, form or GazeFormat(), tuple(names), tuple(ids))

    def __len__(self):
        return len(self.points)

    @cached_property
    def share(self):
        """Positions as shares of the picture's width and height: `(N, 2)`."""
        return self.points / self.sizes

    @cached_property
    def off(self):
        """Which points lie off their picture: `(N,)`."""
        return ((self.points < 0) | (self.points >= self.sizes)).any(axis=1)

    @cached_property
    def edge(self):
        """Which points lie in the outermost pixels of their picture: `(N,)`."""
        near = ((self.points < 1) | (self.points >= self.sizes - 1)).any(axis=1)
        return near & ~self.off

    def crowds_edges(self, share):
        """Whether more than a share of the points lie there, and more than by chance."""
        by_chance = (2 / self.sizes).sum(axis=1).mean()
        return self.edge.mean() > max(share, 3 * by_chance)

    @cached_property
    def attracted(self):
        """Whether most points lie about one place, as where pictures have their object there."""
        near = np.abs(self.share - np.median(self.share, axis=0)) < CLUSTER
        return near.all(axis=1).mean() > 0.5

    @cached_property
    def several(self):
        """How many pictures have points."""
        return len(np.unique(self.pictures))

    def commonest(self, chosen):
        """Of some points the one written most often, (x, y), and how often."""
        raw = self.raw[chosen]
        places, counts = np.unique(raw[:, 0] + 1j * raw[:, 1], return_counts=True)
        first = counts.argmax()
        return (float(places[first].real), float(places[first].imag)), int(counts[first])


def parts(numbers, least):
    """Each number that so many points bear, and the places of those points."""
    counts = np.bincount(numbers)
    # Of two bytes, sorting takes a tenth of the time.
    small = len(counts) < np.iinfo(np.int16).max
    order = np.argsort(numbers.astype(np.int16) if small else numbers, kind="stable")
    ends = np.cumsum(counts)
    for number in np.flatnonzero(counts >= least):
        yield number, order[ends[number] - counts[number] : ends[number]]
