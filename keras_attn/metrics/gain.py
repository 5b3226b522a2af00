"""Information gain of maps over a baseline. `metrics.gaze` is the public face."""

import warnings
from numbers import Real
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_attn.errors import InputError, one_of
from keras_attn.gaze import Sigma
from keras_attn.metrics import one_map
from keras_attn.metrics.checked import Average, Images, average_of, checked_map, one_per_map
from keras_attn.metrics.sequences import Arrays

MIXTURE_SHARE = 0.01
"""Uniform share of the "mixture" convention where no other is asked for."""


def information_gain(
    maps: Arrays,
    points: Arrays,
    *,
    baseline: ArrayLike | Arrays | None = None,
    convention: Literal["mit", "mixture", "tuebingen"] = "mit",
    average: Average = "image",
    sigma: Sigma = None,
    uniform_share: float | None = None,
) -> float:
    """Information gain over a baseline, in bits per fixation (Kümmerer et al. 2015).

    A map that is the baseline itself gains 0. By the default baseline no fixation earns more than
    log2(1 / share) bits by the centre bias alone, for the uniform share that it is mixed with, and
    with few images IG is the gain over a nearly uniform density.

    Args:
        maps: One `(H, W)` array for each image.
        points: One `(N, 2)` array for each image, x and y in pixels of its map.
        baseline: One array for all maps, or one for each. Default: the centre bias made from the
            other images' fixations, mixed with a uniform density, so that it is nowhere 0, by the
            share `keras_attn.gaze.uniform_share`: 1 / (m + 1) for m other images, or 20 / (n + 20)
            for their n fixations, whichever is larger.
        convention: How a map becomes probabilities.
            "mit": map and baseline are each min-max scaled and then sum to 1 (the uniform share is
            mixed in after that), fixations on one pixel count once, mean of log2(eps + p) -
            log2(eps + b), eps = 2.2e-16; a constant map is 1/N. See `zero_share` for what a
            fixation on an exact zero of the map costs.
            "mixture": both are normalised and mixed with a uniform density, every fixation counts.
            "tuebingen": both are normalised, every fixation counts, nothing else is added to the
            map: a fixation on an exact zero of it is -inf. A map has no negative values. The
            benchmark asks for densities and averages with "fixation".
        average: "image", where each image counts alike, or "fixation", where each fixation does.
        sigma: Blur of the default baseline in pixels; by default 5 % of the map's width.
        uniform_share: Of the uniform density, 0 to 1: in both for "mixture", in the baseline alone
            otherwise. Default: what is said above for the centre bias, and for `baseline` 0, or
            0.01 for "mixture"; there the map has 0.01 too and the centre bias no less.

    Returns:
        A float in bits; 0 is what the baseline has, and below it a map tells less than that does.

    Raises:
        InputError: No image has a fixation, or other images have none to make the centre bias of; a
            map is not finite; a `baseline` is exactly 0 at a fixation (so is its minimum in "mit",
            which warns of it with their number instead). That would give a gain that no map has
            earned; a `uniform_share` above 0 is the remedy.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.1, 0.9], [0.2, 0.3]]), np.array([[0.8, 0.1], [0.4, 0.3]])]
    >>> points = [[(1.5, 0.5)], [(0.5, 0.5), (0.5, 1.5)]]  # x, y: the right upper pixel, ...
    >>> round(ka.metrics.gaze.information_gain(maps, points), 3)
    1.18
    """
    scores = information_gain_per_image(
        maps,
        points,
        baseline=baseline,
        convention=convention,
        sigma=sigma,
        uniform_share=uniform_share,
    )
    return average_of(scores, maps, points, average, distinct=convention == "mit")


def information_gain_per_image(
    maps: Arrays,
    points: Arrays,
    *,
    baseline: ArrayLike | Arrays | None = None,
    convention: Literal["mit", "mixture", "tuebingen"] = "mit",
    sigma: Sigma = None,
    uniform_share: float | None = None,
) -> NDArray[np.float64]:
    """`information_gain` of each image.

    Args:
        maps, points, baseline, convention, sigma, uniform_share: As in `information_gain`.

    Returns:
        Float64 `(n,)` in bits, NaN for an image without fixations.

    Raises:
        InputError: As `information_gain` does.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.1, 0.9], [0.2, 0.3]]), np.array([[0.8, 0.1], [0.4, 0.3]])]
    >>> points = [[(1.5, 0.5)], [(0.5, 0.5), (0.5, 1.5)]]  # x, y: the right upper pixel, ...
    >>> uniform = np.ones((2, 2))
    >>> options = {"baseline": uniform, "convention": "tuebingen"}
    >>> ka.metrics.gaze.information_gain_per_image(maps, points, **options).round(3)
    array([1.263, 0.5  ])
    """
    one_of("convention", convention, ("mit", "mixture", "tuebingen"))
    _check_share(uniform_share)
    images = Images(maps, points)
    baseline_of = _given(maps, baseline) if baseline is not None else _centre_bias(images, sigma)
    on_zero = []

    def score(index, saliency, flat):
        where = f"maps[{index}]"
        _check_density(saliency, where, convention)
        base, needed, its_name = baseline_of(index, saliency.shape)
        _check_density(base, its_name, convention)
        shares = _shares(convention, uniform_share, needed)
        if convention == "mit":
            flat = np.unique(flat)
            p, b = one_map.probabilities_mit(saliency, base, flat, shares[1])
            on_zero.append((int(((b == 0) & (p > 0)).sum()), len(flat)))
            return one_map.bits_mit(p, b).mean()
        p, b = one_map.probabilities_mixture(saliency, base, flat, *shares)
        unearned = int(((b == 0) & (p > 0)).sum())
        if unearned:
            expected = "a density above 0 at every fixation; uniform_share=0.01 mixes that share in"
            raise InputError(its_name, expected, f"0 at {unearned} of {len(flat)} fixations")
        neither = (p == 0) & (b == 0)  # neither expects a fixation there: no gain, no loss
        with np.errstate(divide="ignore"):  # an infinite loss is the answer for p = 0 alone
            return np.log2(np.where(neither, 1, p) / np.where(neither, 1, b)).mean()

    scores = images.scores(score)
    _warn_of_unearned(on_zero)
    return scores


def zero_share(
    maps: Arrays, points: Arrays, *, baseline: ArrayLike | Arrays | None = None
) -> float:
    """Share of fixated pixels on an exact zero of their map or of the baseline, over all images.

    In the "mit" convention of `information_gain` the minimum of a map has probability 0, which is
    taken for 2^-52 whatever the map is like elsewhere: about -52 bits in place of about
    -log2(pixels). Where the `baseline` alone is 0, as much is earned. The default centre bias is
    nowhere 0. A large share says to read IG with care.

    Args:
        maps, points, baseline: As in `information_gain`.

    Returns:
        A float from 0 to 1.

    Raises:
        InputError: No image has a fixation; a map is not finite; the arguments do not go together.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.1, 0.9], [0.2, 0.3]]), np.array([[0.8, 0.1], [0.4, 0.3]])]
    >>> points = [[(1.5, 0.5)], [(0.5, 0.5), (0.5, 1.5)]]  # x, y: the right upper pixel, ...
    >>> ka.metrics.gaze.zero_share(maps, points)
    0.0
    """
    images = Images(maps, points)
    baseline_of = None if baseline is None else _given(maps, baseline)

    def score(index, saliency, flat):
        flat = np.unique(flat)
        zero = one_map.probability_mit(saliency, flat) == 0
        if baseline_of is not None:
            base = baseline_of(index, saliency.shape)[0]
            zero |= one_map.probability_mit(base, flat) == 0
        return zero.mean()

    return average_of(images.scores(score), maps, points, "fixation", distinct=True)


# What a baseline is: a function of an image's place and shape that returns its map, the uniform
# share that it needs, and its name in messages.


def _check_share(value):
    if value is None:
        return
    # True is no share: it would mix in nothing but the uniform density.
    a_number = isinstance(value, Real) and not isinstance(value, bool)
    if not a_number or not 0 <= value <= 1:
        raise InputError("uniform_share", "a number from 0 to 1", repr(value))


def _shares(convention, uniform_share, needed):
    """Uniform shares of the map and of the baseline; needed: least of the latter by default."""
    mixed = convention == "mixture"
    if uniform_share is not None:
        return uniform_share if mixed else 0.0, uniform_share
    least = MIXTURE_SHARE if mixed else 0.0
    return least, max(least, needed)


def _given(maps, baseline):
    arrays = one_per_map(baseline, maps, "baseline")

    def of(index, shape):
        name = f"baseline[{index}]"
        return checked_map(arrays[index], name, shape), 0.0, name

    return of


def _centre_bias(images, sigma):
    pool = images.pool

    def of(index, shape):
        if not pool.count_of_others(index):
            raise InputError(
                f"points[{index}]",
                "fixations of other images to make the centre bias from, or a `baseline`",
                f"{len(images.maps)} image(s), no fixation but those of this one",
            )
        return pool.centre_bias(index, shape, sigma), pool.uniform_share(index), "uniform_share"

    return of


def _check_density(values, where, convention):
    if values.max() < 0 and abs(np.exp(values).sum() - 1) < 1e-3:
        expected = "probabilities or any other map, as np.exp makes them of their logarithms"
        raise InputError(where, expected, "logarithms of probabilities")
    if convention == "tuebingen" and values.min() < 0:
        expected = (
            "values of 0 or more, for the benchmark takes densities; map - map.min() has them"
        )
        raise InputError(where, expected, f"{values.min():.3g}")


def _warn_of_unearned(on_zero):
    """on_zero: for each image the fixated pixels on a zero of the baseline alone, and all."""
    unearned, counted = np.sum(on_zero, axis=0) if on_zero else (0, 0)
    if unearned:
        warnings.warn(
            f"baseline: {unearned} of {counted} fixated pixels lie on its minimum, which the "
            '"mit" convention takes for a probability of 0, and each earns tens of bits that no '
            "map has earned; uniform_share=0.01 mixes a uniform density into the baseline",
            stacklevel=4,
        )
