"""Densities of fixation points: histograms of them under a Gaussian blur."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from keras_attn.errors import InputError
from keras_attn.gaze.points import Floats, Shape, as_points, inside, pixels

Sigma = float | tuple[float, float] | None
"""Of a blur in pixels: a number, a pair (vertical, horizontal), or None for the default."""
FIXATION_SIGMA = 0.028
"""Blur of a fixation density, as a share of the image's width (the value of the authors' files)."""

CENTRE_BIAS_SIGMA = 0.05
"""Blur of the centre bias, as a share of the image's width."""
UNIFORM_FIXATIONS = 20
"""Fixations spread evenly that a centre bias counts beside its own, where it is a baseline.

About as many spots of the size of its blur make up an image: 4πσ² is 1/24 of one of 4:3.
"""
MOST_KEPT = 1024
"""Longest side for which a blur matrix is kept from image to image (8 MB at this length)."""


def _blurred_impulses(indices, length, sigma):
    """Unit impulses at `indices` of a line under a Gaussian blur: `(length, n)`.

    The kernel reaches to 4 σ and borders reflect, as in SciPy's `gaussian_filter`.
    """
    radius = int(4 * sigma + 0.5)
    offsets = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (offsets / sigma) ** 2)
    # d c b a | a b c d | d c b a: the positions repeat with twice the length.
    positions = (indices + offsets[:, None]) % (2 * length)
    positions = np.minimum(positions, 2 * length - 1 - positions)
    columns = np.zeros((length, len(indices)))
    np.add.at(columns, (positions, np.arange(len(indices))), (kernel / kernel.sum())[:, None])
    return columns


@lru_cache(maxsize=8)
def _blur_matrix(length, sigma):
    return _blurred_impulses(np.arange(length), length, sigma)


def _columns(indices, length, sigma):
    """`_blurred_impulses`, out of a matrix that is kept where it is small."""
    if length <= MOST_KEPT:
        return _blur_matrix(length, sigma)[:, indices]
    return _blurred_impulses(indices, length, sigma)


def blurred(points, shape, sigma):
    """Histogram of the points under a Gaussian blur.

    The blur is separable, so the histogram of a few points becomes a product of two narrow
    matrices: exact, and many times cheaper than filtering the whole image.
    """
    sigmas = (sigma, sigma) if np.isscalar(sigma) else tuple(sigma)
    if len(sigmas) != 2 or not all(value > 0 for value in sigmas):
        raise InputError("sigma", "a positive number of pixels, or a pair of such", repr(sigma))
    (height, width), (sigma_y, sigma_x) = shape, sigmas
    if len(points) < height:
        columns, rows = points.astype(np.intp).T
        return _columns(rows, height, sigma_y) @ _columns(columns, width, sigma_x).T
    return _blurred_counts(histogram(points, shape), (sigma_y, sigma_x))


def _blurred_counts(counts, sigmas):
    over_y, over_x = (
        _columns(np.arange(length), length, sigma)
        for length, sigma in zip(counts.shape, sigmas, strict=True)
    )
    return over_y @ counts @ over_x.T


def histogram(points: Floats, shape: Shape) -> Floats:
    """How many points fall on each pixel.

    Args:
        points: `(N, 2)`, x and y in pixels of the image.
        shape: (H, W) of the image. All points lie inside.

    Returns:
        Float64 `(H, W)`.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> ka.gaze.histogram(np.array([[0.5, 0.5], [0.1, 0.9]]), (1, 2))
    array([[2., 0.]])
    """
    counts = np.bincount(pixels(points, shape), minlength=shape[0] * shape[1])
    return counts.reshape(shape).astype(np.float64)


def density_of_counts(counts: Floats, sigmas: tuple[float, float]) -> Floats:
    """Density with sum 1 of so many points on each pixel; uniform where there are none.

    Args:
        counts: Float64 `(H, W)`, as `histogram` gives.
        sigmas: Of the blur in pixels, (vertical, horizontal).

    Returns:
        Float64 `(H, W)`.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> ka.gaze.density_of_counts(np.zeros((2, 2)), (1.0, 1.0))
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    total = counts.sum()
    return (
        _blurred_counts(counts, sigmas) / total if total else np.full(counts.shape, 1 / counts.size)
    )


def uniform_share(images: int, fixations: int) -> float:
    """Share of a uniform density that a centre bias is mixed with where it is a baseline.

    A blur ends at 4 σ, so that the density of a few points is exactly 0 at most places: to look
    there would be taken for impossible. The share is that of one more image, or of
    UNIFORM_FIXATIONS more fixations, spread evenly, whichever is larger: fixations of one image are
    alike, so that many of them make no second image.

    Args:
        images: How many images it was made of.
        fixations: How many fixations it was made of.

    Returns:
        A float above 0, up to 1.

    Example:

    >>> import keras_attn as ka
    >>> ka.gaze.uniform_share(images=99, fixations=80)
    0.2
    """
    return max(1 / (images + 1), UNIFORM_FIXATIONS / (fixations + UNIFORM_FIXATIONS))


def density(points: ArrayLike, shape: Shape, sigma: Sigma = None) -> Floats:
    """Fixation density: the histogram of points under a Gaussian blur, with sum 1.

    Args:
        points: `(N, 2)`, x and y in pixels; those outside the image are left out.
        shape: (H, W) of the image.
        sigma: Standard deviation in pixels, or a pair (vertical, horizontal); default
            `FIXATION_SIGMA` times the width. Borders reflect, so no mass is lost there.

    Returns:
        Float64 `(H, W)`; all zeros when no point is inside.

    Raises:
        InputError: The points are no numbers in pairs, or `sigma` is not positive.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> ka.gaze.density([(1.5, 0.5)], (1, 3), sigma=0.5).round(3)
    array([[0.107, 0.787, 0.107]])
    """
    points = as_points(points)
    points = points[inside(points, shape)]
    if not len(points):
        return np.zeros(shape)
    return blurred(points, shape, FIXATION_SIGMA * shape[1] if sigma is None else sigma) / len(
        points
    )
