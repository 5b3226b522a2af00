"""The fixations of a set of images, of which each is compared with all others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from keras_attn.errors import InputError
from keras_attn.gaze.densities import CENTRE_BIAS_SIGMA, Sigma, blurred, uniform_share
from keras_attn.gaze.points import Floats, Shape, pixels, resize


@dataclass(frozen=True)
class FixationPool:
    """The fixations of a whole set of images: the negatives and the centre bias of each of them.

    Both the negatives and the centre bias of an image leave out all of its own fixations.

    Args:
        points: one array `(N_i, 2)` for each image, x and y in pixels, all inside.
        shapes: the (H, W) in pixels of each image.

    Raises:
        InputError: There are more or fewer shapes than arrays of points.

    Example:

    >>> import numpy as np, keras_attn as ka
    >>> ka.gaze.FixationPool((np.array([[3.0, 4.0]]), np.zeros((0, 2))), ((8, 8), (8, 8)))
    FixationPool(1 fixations on 2 images)
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
        total = self._kept("total", (shape, sigma), lambda: blurred(points, shape, sigma))
        if not len(own):
            return total / others
        rest = total - blurred(own, shape, sigma)
        return np.where(rest > 1e-13 * total.max(), rest, 0.0) / others
