"""Fixation points: how they are given, and what happens to them when their image is changed."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_attn.errors import InputError, listing

Floats = NDArray[np.float64]
Shape = tuple[int, int]
"""Height and width of an image or a map, in pixels."""


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
