"""How large a study has to be whose images are looked at by viewers. Knows arrays alone.

What is planned is the test of this package: Wilcoxon's signed-rank test of paired differences, one
for each unit, which is an image or, where images depend on each other, a group of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from keras_attn.statistics import Groups, group_codes, signed_rank_bound

Floats = NDArray[np.float64]

STUDIES = 2000
"""How many are simulated."""
FEWEST, MOST = 5, 2000
"""Units of a study: with fewer no test can tell anything, and of more none is simulated."""


class ByViewer(NamedTuple):
    """Differences of single viewers, `(R,)` each.

    images: the place of the image among the differences of all images. viewers: whose it is.
    values: the difference. weights: how many fixations it is a mean of.
    """

    images: NDArray[np.intp]
    viewers: Iterable[object]
    values: ArrayLike
    weights: ArrayLike


@dataclass(frozen=True, eq=False)
class Components:
    """Of what the differences of two maps consist.

    units: `(n,)`, the difference of each unit. between: the variance between units that is not the
    viewers'. within: that between the viewers of one unit, of which a mean of k viewers has a kth.
    viewers: how many a unit has, their harmonic mean. told: of how many units viewers are known.
    Without viewers `within` and `viewers` are NaN, and `between` is all that units vary.
    """

    units: Floats
    between: float
    within: float = np.nan
    viewers: float = np.nan
    told: int = 0

    @property
    def mean(self) -> float:
        """The mean difference."""
        return float(self.units.mean())


def components(
    differences: ArrayLike, groups: Groups = None, by_viewer: ByViewer | None = None
) -> Components:
    """The `Components` of the differences `(images,)` of two maps.

    groups: a label for each image, as in `statistics`. The variances are those of a one-way
    analysis with unequal numbers, by the method of moments (Searle, Casella and McCulloch, Variance
    Components, 1992, §3.6), none below 0. An image's difference is the mean over its fixations, so
    that a viewer with more of them counts more: what a viewer adds is taken for that weighted mean,
    by linearisation (Cochran, Sampling Techniques, 1977, §6.3). Where all have as many fixations,
    it is the plain deviation from the image's mean.
    """
    differences = np.asarray(differences, np.float64)
    labels = [None] * len(differences) if groups is None else list(groups)
    codes = group_codes(labels)
    counts = np.bincount(codes)
    units = np.bincount(codes, differences) / counts
    alone = Components(units, float(units.var(ddof=1)))
    if by_viewer is None or not len(by_viewer.images):
        return alone
    unit_of, apart = _apart(by_viewer, codes, counts)
    each = np.bincount(unit_of, minlength=len(units))
    told, k = each > 0, each[each > 0]
    n, total = len(k), int(k.sum())
    if n < 2 or total == n:
        return alone
    within = float((apart**2).sum() / (total - n))
    seen = units[told]
    around = seen - (k * seen).sum() / total
    mean_square = (k * around**2).sum() / (n - 1)
    typical = (total - (k**2).sum() / total) / (n - 1)
    between = float(max(0.0, (mean_square - within) / typical))
    return Components(units, between, within, float(n / (1 / k).sum()), n)


def _apart(rows, codes, counts):
    """For each viewer of each unit: the unit, and how far the viewer alone would move its value."""
    images, weights = np.asarray(rows.images), np.asarray(rows.weights, np.float64)
    values = np.asarray(rows.values, np.float64)
    sums = np.bincount(images, weights)
    means = np.bincount(images, weights * values) / np.where(sums, sums, 1)
    added = weights / sums[images] * (values - means[images]) / counts[codes[images]]
    # Who looked at several images of a group is one viewer of it.
    who = np.unique(np.array([str(one) for one in rows.viewers]), return_inverse=True)[1]
    pairs, place = np.unique(codes[images] * (who.max() + 1) + who, return_inverse=True)
    unit_of = pairs // (who.max() + 1)
    apart = np.bincount(place, added)
    return unit_of, apart * np.bincount(unit_of)[unit_of]


class Studies:
    """Simulated studies like the one that `components` are of.

    The units of each are drawn from the measured ones: from their deviations from the mean, which
    are shrunk until they vary as `between` says, for the rest of them is the viewers'; of these
    normal noise is added. All sizes are made of the same numbers, so that power does not fall where
    a study grows but for chance.
    """

    def __init__(self, components: Components, seed: int = 0) -> None:
        self.components, self.seed = components, seed
        apart = components.units - components.mean
        spread = apart.std()
        self._effects = apart * (np.sqrt(components.between) / spread if spread else 0.0)
        self._drawn = [np.zeros((STUDIES, 0)), np.zeros((STUDIES, 0))]

    def power(self, units: int, viewers: float = np.nan, difference: float | None = None) -> float:
        """How many of the studies tell the two maps apart, a share.

        units: FEWEST to MOST. viewers: of each unit; no matter where `components` know none.
        difference: the true mean, by default the measured one. Told is what is significant at 0.05
        by the signed-rank test, two-sided, and in the order of the true mean; of 0 in any.
        """
        mean = self.components.mean if difference is None else difference
        effects, noise = self._first(units)
        values = mean + effects
        if not np.isnan(self.components.within):
            values = values + np.sqrt(self.components.within / viewers) * noise
        order = np.argsort(np.abs(values), axis=1)
        signs = np.take_along_axis(np.sign(values), order, axis=1)
        ranks = signs @ np.arange(1.0, units + 1)
        towards = np.sign(mean) * ranks if mean else np.abs(ranks)
        return float((towards >= signed_rank_bound(units)).mean())

    def needed(
        self, power: float, viewers: float = np.nan, difference: float | None = None
    ) -> float:
        """The fewest units of a study with this power; infinite where MOST are too few."""

        def enough(units):
            return self.power(units, viewers, difference) >= power

        low, high = FEWEST, self._guess(power, viewers, difference)
        while not enough(high):
            if high == MOST:
                return np.inf
            low, high = high, min(high * 5 // 4 + 1, MOST)
        while low == FEWEST < high - 1:
            lower = max(FEWEST + 1, high * 4 // 5)
            low, high = (low, lower) if enough(lower) else (lower, high)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if enough(middle) else (middle, high)
        return high

    def _guess(self, power, viewers, difference):
        """Units that a z-test would need, within those that are simulated."""
        parts = self.components
        mean = parts.mean if difference is None else difference
        variance = parts.between + np.nan_to_num(parts.within / viewers)
        reach = stats.norm.isf(0.025) + stats.norm.ppf(power)
        needed = reach**2 * variance / mean**2 if mean else MOST
        return int(np.clip(np.ceil(needed), 2 * FEWEST, MOST))

    def _first(self, units):
        """The effects of so many units, and standard normal noise, `(STUDIES, units)` each."""
        while self._drawn[0].shape[1] < units:
            # Each part has a seed of its own, so that more units are the same ones and others.
            rng = np.random.default_rng([self.seed, self._drawn[0].shape[1]])
            shape = STUDIES, 100
            more = self._effects[rng.integers(0, len(self._effects), shape)]
            pairs = zip(self._drawn, (more, rng.standard_normal(shape)), strict=True)
            self._drawn = [np.concatenate(pair, axis=1) for pair in pairs]
        return [values[:, :units] for values in self._drawn]


def simulation_error(power: ArrayLike) -> Any:
    """How far a simulated power lies from that of infinitely many studies, 95 %, at most so."""
    power = np.asarray(power, np.float64)
    return 1.96 * np.sqrt(power * (1 - power) / STUDIES)
