"""The gold standard: how well all other viewers of an image tell where one of them looks.

Its score is the ceiling of maps, which do not know the viewer either. The density is a mixture of
the others' fixations, blurred, of the centre bias and of a uniform part. Blur and shares are chosen
once for a dataset, by the likelihood of each viewer's fixations under the density of the others.
Takes plain arrays; knows no dataset.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from keras_attn.statistics import (
    bootstrap_interval,
    drawn_counts,
    evenly,
    group_codes,
    percentile_interval,
    resampled_sums,
)

BLURS = (0.005, 0.25)
"""Between which the blur is sought, as shares of the width."""
LEAST = 1e-4
"""Of each share: no fixation is impossible, and none costs more than 13 bits beside uniform."""
GRID = 9
"""Blurs that are tried before the best of them is refined."""
PRECISION = 0.01
"""Of the blur: a hundredth of itself."""
CHOSEN = 3
"""Numbers that are chosen, each of which gains 1 / (2 n ln 2) bits of n fixations by chance."""
TOLD_APART = "two viewers who are told apart (in fixations.csv the column subject tells them)"
"""What no image has where there is no mixture, in words."""
TELLS_NOTHING = (
    "what others look at tells no more of where a viewer looks than the centre bias does, beyond "
    "chance"
)
"""Why there is no ceiling where a mixture does not tell, in words."""
PAIRS, POINTS, IMAGES = 4_000_000, 1500, 500
"""Most pairs of fixations, fixations of an image and images that the choice is made from."""


@dataclass(frozen=True)
class Mixture:
    """What the density of the other viewers is made of.

    blur: σ of their fixations, as a share of the image's width. others, centre, uniform: the
    shares, which sum to 1. fixations, images: how many it was chosen from. bits: the mean gain of a
    fixation of theirs over a uniform density. tells: whether the others tell more of a viewer than
    the centre bias and the uniform part do by themselves, beyond chance.
    """

    blur: float
    others: float
    centre: float
    uniform: float
    fixations: int
    images: int
    bits: float
    tells: bool = True

    def __str__(self) -> str:
        shares = f"{self.others:.3f} of it, {self.centre:.3f} of the centre bias and "
        return f"blur {100 * self.blur:.2g} % of the width; {shares}{self.uniform:.4f} uniform"

    def density(
        self, others: NDArray[np.float64], centre: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The mixture `(H, W)` with sum 1, of the densities of the others and of the centre bias.

        The others' is the one with this `blur`.
        """
        return self.others * others + self.centre * centre + self.uniform / centre.size


@dataclass(frozen=True, eq=False)
class Viewing:
    """The fixations of an image, as the choice of a mixture needs them.

    pixels: flat indices `(n,)` in `shape` (H, W). viewers: whose each is, `(n,)`. centre: the
    density of the centre bias at each. width: what blurs are shares of, in pixels; one number, or
    (vertical, horizontal).
    """

    pixels: np.ndarray
    viewers: np.ndarray
    shape: tuple
    centre: np.ndarray
    width: float | np.ndarray

    def density_of_others(self, blur: float) -> NDArray[np.float64]:
        """The density of all other viewers' fixations at each fixation, `(n,)`.

        The same as that of a whole map from `gaze.density`, read at the pixel of the fixation:
        borders reflect, and the Gaussian reaches to 4 σ.
        """
        sigmas = blur * np.broadcast_to(self.width, 2)
        kernel = np.ones(())
        for places, length, sigma in zip(
            np.divmod(self.pixels, self.shape[1]), self.shape, sigmas, strict=True
        ):
            kernel = kernel * _blurred_pairs(places, length, sigma)
        apart = self.viewers[:, None] != self.viewers
        return np.where(apart, kernel, 0.0).sum(axis=1) / apart.sum(axis=1)

    def thinned(self) -> "Viewing":
        """The same of at most POINTS of the fixations, evenly chosen."""
        chosen = evenly(len(self.pixels), POINTS)
        parts = (self.pixels[chosen], self.viewers[chosen])
        return Viewing(*parts, self.shape, self.centre[chosen], self.width)


def _blurred_pairs(places, length, sigma):
    """A unit impulse at each place of a line under a Gaussian blur, read at each: `(n, n)`."""
    radius = int(4 * sigma + 0.5)
    offsets = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (offsets / sigma) ** 2)
    # d c b a | a b c d | d c b a: what is reflected repeats with twice the length.
    wrapped = np.zeros(2 * length)
    np.add.at(wrapped, offsets % (2 * length), kernel / kernel.sum())
    return wrapped[places[:, None] - places] + wrapped[places[:, None] + places + 1]


def several(viewers: NDArray[Any]) -> bool:
    """Whether fixations are of at least two viewers."""
    return len(viewers) > 0 and bool((np.asarray(viewers) != viewers[0]).any())


def chosen_images(counts: ArrayLike) -> list[int]:
    """Places of the images that a mixture is chosen from, evenly; all, where they are few.

    counts: of the fixations of each.
    """
    pairs = np.minimum(counts, POINTS).astype(float) ** 2
    most = IMAGES if not pairs.sum() else min(IMAGES, int(len(pairs) * PAIRS / pairs.sum()))
    return evenly(len(pairs), max(1, most)).tolist() if len(pairs) else []


def fit(viewings: Iterable[Viewing]) -> Mixture | None:
    """The most likely `Mixture` for `Viewing`s; None where none is of several viewers.

    The shares are the best for each blur, which is a convex problem; the blur is the best of GRID
    between BLURS, refined between its neighbours. Nothing is drawn at random.
    """
    viewings = [one.thinned() for one in viewings if several(one.viewers)]
    viewings = [one for one in viewings if several(one.viewers)]
    if not viewings:
        return None
    sizes = np.repeat([np.prod(v.shape) for v in viewings], [len(v.pixels) for v in viewings])
    centre = np.concatenate([one.centre for one in viewings]) * sizes

    def best(log_blur):
        found = [one.density_of_others(np.exp(log_blur)) for one in viewings]
        return _best_shares(np.column_stack([np.concatenate(found) * sizes, centre]))

    low, high = np.log(BLURS)
    grid = np.linspace(low, high, GRID)
    place = int(np.argmax([best(one)[1] for one in grid]))
    ends = grid[max(0, place - 1)], grid[min(GRID - 1, place + 1)]
    options = {"xatol": PRECISION}
    refined = optimize.minimize_scalar(
        lambda log_blur: -best(log_blur)[1], bounds=ends, method="bounded", options=options
    )
    blur = float(np.exp(refined.x))
    others = np.concatenate([one.density_of_others(blur) for one in viewings]) * sizes
    shares, bits = _best_shares(np.column_stack([others, centre]))
    places = np.repeat(np.arange(len(viewings)), [len(one.pixels) for one in viewings])
    tells = _beyond_chance(others, centre, shares, places)
    of_others, of_centre, of_uniform = shares
    counts = len(sizes), len(viewings)
    return Mixture(blur, of_others, of_centre, of_uniform, *counts, bits, tells)


def _beyond_chance(others, centre, shares, places):
    """Whether the mixture is more likely than one of the centre bias and the uniform part alone.

    others, centre: densities over the uniform one, `(n,)`. places: the image of each. What so many
    choices gain by chance is taken off; of several images, the bootstrap interval is above 0.
    """
    (of_centre, uniform), _ = _best_shares(centre[:, None])
    mixed = shares[0] * others + shares[1] * centre + shares[2]
    gains = np.log2(mixed) - np.log2(of_centre * centre + uniform)
    gains = np.bincount(places, gains) / np.bincount(places)
    by_chance = CHOSEN / (2 * len(others) * np.log(2))
    return bool((gains.mean() if len(gains) == 1 else bootstrap_interval(gains)[0]) > by_chance)


def _best_shares(gains):
    """The most likely shares of the columns of `gains` and of 1, each at least LEAST, and its bits.

    gains: `(n, k)`, densities over the uniform one.
    """
    gains = np.column_stack([gains, np.ones(len(gains))])
    count = gains.shape[1]

    def loss(shares):
        mixed = gains @ shares
        return -np.log2(mixed).mean(), -(gains / mixed[:, None]).mean(axis=0) / np.log(2)

    found = optimize.minimize(
        loss,
        np.full(count, 1 / count),
        jac=True,
        method="SLSQP",
        bounds=[(LEAST, 1.0)] * count,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-10, "maxiter": 200},
    )
    shares = np.clip(found.x, LEAST, 1.0)
    shares = shares / shares.sum()
    return tuple(map(float, shares)), -float(loss(shares)[0])


def share(
    gains: ArrayLike, ceilings: ArrayLike, groups: Sequence[object] | None = None
) -> tuple[float, float, float]:
    """The share of explainable information: (value, low, high).

    The mean of `gains`, IG by image, over that of `ceilings`, the IG of the gold standard, over the
    images that have both; the 95 % percentile bootstrap interval draws both of an image together,
    and of `groups` all of one. Three NaN where no image has both, and where the ceiling is not
    above 0, its interval included: a ratio to it would tell nothing.
    """
    pairs = np.column_stack([gains, ceilings]).astype(np.float64)
    there = ~np.isnan(pairs).any(axis=1)
    pairs = pairs[there]
    if not len(pairs) or not pairs[:, 1].mean() > 0:
        return np.nan, np.nan, np.nan
    groups = None if groups is None else [groups[place] for place in np.flatnonzero(there).tolist()]
    codes = None if groups is None else group_codes(groups)
    middle = pairs.mean(axis=0)
    value = float(middle[0] / middle[1])
    if len(pairs) < 2 or (codes is not None and codes.max() == 0):
        return value, np.nan, np.nan
    counts = np.reshape(drawn_counts(len(pairs), codes=codes), (-1, 1))
    means = middle + resampled_sums(pairs - middle, codes=codes) / counts
    if percentile_interval(means[:, 1])[0] <= 0:
        return np.nan, np.nan, np.nan
    # Of few images some resamples may reach 0 still: their ratio has no meaning.
    above = means[means[:, 1] > 0]
    return (value, *percentile_interval(above[:, 0] / above[:, 1]))
