"""How pictures and maps change their size, in one place for training, scoring and the audit."""

import cv2
import numpy as np

from keras_attn.errors import InputError


def image_at(image, size):
    """An image `(H, W, 3)` of any type at `size` (H, W), bilinear, its type kept."""
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_LINEAR)


def resized(images, size):
    """Images as one float32 batch `(n, H, W, 3)` of `size` (H, W), bilinear."""
    return np.stack([image_at(image, size) for image in images]).astype(np.float32)


def at_size(saliency, shape):
    """A map at `shape` (H, W) as float64: enlarged bilinearly, reduced by averaging."""
    saliency = np.asarray(saliency, np.float64)
    if saliency.shape == tuple(shape):
        return saliency
    smaller = shape[0] < saliency.shape[0] or shape[1] < saliency.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return cv2.resize(saliency, shape[::-1], interpolation=how)


def size_of(value, where="size"):
    """A side, or a pair (height, width), as a pair of positive integers."""
    pair = (value, value) if np.isscalar(value) else tuple(value)
    if len(pair) != 2 or not all(isinstance(n, (int, np.integer)) and n > 0 for n in pair):
        raise InputError(where, "a side or (height, width) in pixels", repr(value))
    return int(pair[0]), int(pair[1])
