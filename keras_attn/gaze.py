"""Fixation points, the densities made from them, and the joint transforms of both. NumPy only.

A point is a continuous position `(x, y)` in pixels: pixel `i` covers the half-open interval
`[i, i + 1)`, so the pixel of a point is its floor, and an image of width `W` holds the points
`0 <= x < W`. Datasets that store pixel *indices* put their points at pixel centres (+ 0.5).
Points are the truth; a density is made last, at the resolution it is needed at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_attn.errors import InputError, listing

Floats = NDArray[np.float64]
Shape = tuple[int, int]
"""Height and width of an image or a map, in pixels."""
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


def as_points(points: ArrayLike, where: str = "points") -> Floats:
    """Points as one array, whatever they are given in.

    Args:
        points: `(N, 2)`, x and y in pixels: an array, lists, or a data frame, of which the columns
            x and y are taken in whatever order; what is masked is NaN. An empty sequence is `(0,
            2)`.
        where: What they are called in errors.

    Returns:
        Float64 `(N, 2)`.

    Raises:
        InputError: They are no numbers, or not in pairs.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> ka.gaze.as_points([(1, 2), (3, 4)])
    array([[1., 2.],
           [3., 4.]])
    """
    names = [str(name) for name in getattr(points, "columns", ())]
    if {"x", "y"} <= set(names):
        points = cast(Any, points)[["x", "y"]]
    elif names not in ([], ["0", "1"]):
        raise InputError(where, "the columns x and y", listing(names))
    array = np.ma.asanyarray(points) if np.ma.isMaskedArray(points) else np.asarray(points)
    if array.size and array.dtype.kind not in "iufOU":
        raise InputError(where, "numbers: x and y in pixels", f"type {array.dtype}")
    try:
        array = np.ma.filled(array.astype(np.float64), np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(
            where, "numbers: x and y in pixels", f"values that are none: {error}"
        ) from error
    if array.size == 0:
        return np.zeros((0, 2))
    if array.ndim != 2 or array.shape[1] != 2:
        raise InputError(
            where, "an array of shape (N, 2) of x, y in pixels", f"shape {array.shape}"
        )
    return array


def inside(points: Floats, shape: tuple[float, float]) -> NDArray[np.bool_]:
    """Which points lie in an image; NaN lies outside.

    Args:
        points: `(N, 2)`, x and y in pixels of the image.
        shape: (H, W) of the image.

    Returns:
        Booleans `(N,)`.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> ka.gaze.inside(np.array([[3.9, 1.0], [4.0, 1.0]]), (2, 4))
    array([ True, False])
    """
    x, y = points[:, 0], points[:, 1]
    return (x >= 0) & (x < shape[1]) & (y >= 0) & (y < shape[0])


def pixels(points: Floats, shape: Shape) -> NDArray[np.intp]:
    """Flat indices of the pixels of points, all of which lie inside the image.

    Args:
        points: `(N, 2)`, x and y in pixels of the image.
        shape: (H, W) of the image.

    Returns:
        Indices `(N,)`, row by row.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> ka.gaze.pixels(np.array([[3.9, 1.0]]), (2, 4))
    array([7])
    """
    return points[:, 1].astype(np.intp) * shape[1] + points[:, 0].astype(np.intp)


# --- joint transforms: what happens to the points when the image is ... -------------------------


def resize(points: Floats, shape: ArrayLike, to: ArrayLike) -> Floats:
    """Points of an image after it is resized. Between equal sizes the factor is exactly 1.

    Args:
        points: `(N, 2)`, x and y in pixels of the image.
        shape: (H, W) of the image, one for all points or one each, `(N, 2)`.
        to: (H, W) that it is resized to.

    Returns:
        Float64 `(N, 2)` in pixels of the resized image.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> ka.gaze.resize(np.array([[3.0, 1.0]]), (2, 4), (4, 8))
    array([[6., 2.]])
    """
    size, to = np.asarray(shape, np.float64)[..., ::-1], np.asarray(to, np.float64)[::-1]
    moved = points * (to / size)
    # Rounding may carry a point just inside the border onto it; one outside stays outside.
    return np.where(points < size, np.minimum(moved, np.nextafter(to, 0.0)), moved)


def crop(points: Floats, box: tuple[float, float, float, float]) -> Floats:
    """Points inside a part of an image.

    Args:
        points: `(N, 2)`, x and y in pixels of the image.
        box: Left, top, width and height of the part, in pixels.

    Returns:
        Float64 `(M, 2)` in pixels of the part, of the points that lie in it.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> ka.gaze.crop(np.array([[3.0, 1.0], [0.5, 0.5]]), (2, 0, 2, 2))
    array([[1., 1.]])
    """
    left, top, width, height = box
    moved = points - (left, top)
    return moved[inside(moved, (height, width))]


def flip(points: Floats, shape: Shape) -> Floats:
    """Points of an image after it is mirrored left to right.

    Args:
        points: `(N, 2)`, x and y in pixels of the image.
        shape: (H, W) of the image.

    Returns:
        Float64 `(N, 2)`.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> ka.gaze.flip(np.array([[0.5, 1.0]]), (2, 4))
    array([[3.5, 1. ]])
    """
    return np.column_stack([_mirror(points[:, 0], shape[1]), points[:, 1]])


def rot90(points: Floats, shape: Shape, turns: int = 1) -> Floats:
    """Points of an image after `np.rot90(image, turns)`, counter-clockwise.

    Args:
        points: `(N, 2)`, x and y in pixels of the image.
        shape: (H, W) of the image.
        turns: Quarters of a turn.

    Returns:
        Float64 `(N, 2)` in pixels of the turned image.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> ka.gaze.rot90(np.array([[0.5, 0.5]]), (2, 4))
    array([[0.5, 3.5]])
    """
    height, width = shape
    for _ in range(turns % 4):
        points = np.column_stack([points[:, 1], _mirror(points[:, 0], width)])
        height, width = width, height
    return points


def _mirror(values, length):
    # A value on, or rounded to, a pixel's lower edge would land on the upper edge of the mirrored
    # pixel, which is the next pixel already; one unit in the last place keeps it on its own.
    return np.minimum(length - values, np.nextafter(length - np.floor(values), -np.inf))


# --- densities ----------------------------------------------------------------------------------


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


def _blurred(points, shape, sigma):
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
    return _blurred(points, shape, FIXATION_SIGMA * shape[1] if sigma is None else sigma) / len(
        points
    )


@dataclass(frozen=True)
class FixationPool:
    """The fixations of a whole set of images: the negatives and the centre bias of each of them.

    points: one `(N_i, 2)` array per image, all inside; shapes: the (H, W) they are given in.
    Both the negatives and the centre bias of an image leave out all of its own fixations.
    """

    points: tuple[Floats, ...]
    shapes: tuple[Shape, ...]

    def __post_init__(self) -> None:
        if len(self.points) != len(self.shapes):
            raise InputError(
                "shapes", f"one for each of {len(self.points)} images", len(self.shapes)
            )

    def __repr__(self) -> str:
        return f"FixationPool({sum(map(len, self.points))} fixations on {len(self.points)} images)"

    @cached_property
    def _bounds(self):
        return np.concatenate([[0], np.cumsum([len(points) for points in self.points])])

    @cached_property
    def _every(self):
        """All fixations in their own pixels, and the size that each refers to: `(N, 2)` both."""
        if not self.points:
            return np.zeros((0, 2)), np.zeros((0, 2))
        counts = [len(points) for points in self.points]
        return np.concatenate(self.points), np.repeat(self.shapes, counts, axis=0)

    @cached_property
    def _last(self):
        # Sets of one image size are the common case: of each kind the last value is kept, with
        # its key, and no other. Reading and replacing the pair is safe between threads.
        return {}

    def _kept(self, kind, key, make):
        held = self._last.get(kind)
        if held is None or held[0] != key:
            held = self._last[kind] = key, make()
        return held[1]

    def _at(self, shape):
        """All fixations in the pixels of `shape`: points, flat pixel indices."""

        def make():
            points = resize(*self._every, shape)
            return points, pixels(points, shape)

        return self._kept("points", shape, make)

    def count_of_others(self, index: int) -> int:
        """How many fixations the other images have together."""
        return int(self._bounds[-1]) - len(self.points[index])

    def uniform_share(self, index: int) -> float:
        """`uniform_share` of the centre bias of image `index`, 0 to 1."""
        others = self._with_fixations - bool(len(self.points[index]))
        return uniform_share(others, self.count_of_others(index))

    @cached_property
    def _with_fixations(self):
        return sum(1 for points in self.points if len(points))

    def other_pixels(self, index: int, shape: Shape) -> NDArray[np.intp]:
        """Flat pixel indices, in `shape` (H, W), of all fixations of the other images."""
        flat = self._at(tuple(shape))[1]
        return np.concatenate([flat[: self._bounds[index]], flat[self._bounds[index + 1] :]])

    def centre_bias(self, index: int, shape: Shape, sigma: Sigma = None) -> Floats:
        """Density `(H, W)` with sum 1 of the other images' fixations; uniform if there are none.

        sigma: as for `density`, here with the default `CENTRE_BIAS_SIGMA` times the width.
        """
        shape = shape[0], shape[1]
        sigma = CENTRE_BIAS_SIGMA * shape[1] if sigma is None else sigma
        others = self.count_of_others(index)
        if not others:
            return np.full(shape, 1 / (shape[0] * shape[1]))
        points = self._at(shape)[0]
        own = points[self._bounds[index] : self._bounds[index + 1]]
        # Blurring is linear: the sum over all images is made once, and an image's own part is
        # subtracted. What rounding leaves where nobody else looked is far below any true value,
        # and has to be zero: it would tell where the image's own fixations are.
        total = self._kept("total", (shape, sigma), lambda: _blurred(points, shape, sigma))
        if not len(own):
            return total / others
        rest = total - _blurred(own, shape, sigma)
        return np.where(rest > 1e-13 * total.max(), rest, 0.0) / others
