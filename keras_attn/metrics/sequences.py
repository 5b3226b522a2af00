"""What metrics take of a set of images: one array for each, in a list or stacked."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_attn.errors import InputError

Arrays = Sequence[ArrayLike] | NDArray[Any]
"""One array for each image, in a list or stacked."""


def check_one_each(arrays: Any, where: str, what: str) -> None:
    """Refuse one array alone, whose rows would be taken for the arrays of as many images.

    where: name of the argument. what: they are, such as "maps (H, W)", for the `InputError`.
    """
    expected = f"a list of {what}, one for each image"
    if not hasattr(arrays, "__len__") or isinstance(arrays, (str, bytes, dict)):
        raise InputError(where, expected, type(arrays).__name__)
    if len(arrays) and all(np.ndim(array) == 1 and np.size(array) for array in arrays):
        received = f"one of shape {np.shape(arrays)}; of one image alone, put it into a list: [...]"
        raise InputError(where, expected, received)


def without_channel(shape: tuple[int, ...]) -> str:
    """How a map with a channel of its own is told; "" for any other shape."""
    return f"; leave the channel away: map[..., 0] of {tuple(shape)}" if shape[2:] == (1,) else ""
