"""How pictures and maps change their size, in one place for training, scoring and the audit."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_attn.errors import InputError


def image_at(image: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """An image `(H, W, 3)` of any type at `size` (H, W), bilinear, its type kept."""
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_LINEAR)


def resized(images: Iterable[NDArray[Any]], size: tuple[int, int]) -> NDArray[np.float32]:
    """Images as one float32 batch `(n, H, W, 3)` of `size` (H, W), bilinear."""
    return np.stack([image_at(image, size) for image in images]).astype(np.float32)


def at_size(saliency: ArrayLike, shape: tuple[int, int]) -> NDArray[np.float64]:
    """A map at `shape` (H, W) as float64: enlarged bilinearly, reduced by averaging."""
    saliency = np.asarray(saliency, np.float64)
    if saliency.shape == tuple(shape):
        return saliency
    smaller = shape[0] < saliency.shape[0] or shape[1] < saliency.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(saliency, shape[::-1], interpolation=how), np.float64)


def size_of(value: int | Sequence[int], where: str = "size") -> tuple[int, int]:
    """A side, or a pair (height, width), as a pair of positive integers."""
    pair = (value, value) if np.isscalar(value) else tuple(cast(Any, value))
    if len(pair) != 2 or not all(isinstance(n, (int, np.integer)) and n > 0 for n in pair):
        raise InputError(where, "a side or (height, width) in pixels", repr(value))
    return int(pair[0]), int(pair[1])
