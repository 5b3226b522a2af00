"""Maps, resized; also where the sizes are not known when a graph is made."""

from collections.abc import Sequence
from typing import Any

from keras import ops

from keras_attn.layers.inputs import Tensor


def resized(maps: Tensor, size: Sequence[Any], antialias: bool = False) -> Tensor:
    """Bilinear resizing of float32 maps `(batch, H, W, C)`; the edges of a map stay its edges.

    Args:
        maps: float32 `(batch, H, W, C)`.
        size: (height, width) in pixels, whole numbers, or tensors in a graph of TensorFlow that is
            made before the sizes are known.
        antialias: average over what becomes one pixel of a smaller map.

    Returns:
        Float32 maps `(batch, *size, C)`.

    Example:

    >>> import numpy as np, keras_attn as ka
    >>> maps = np.ones((1, 7, 7, 1), "float32")
    >>> tuple(ka.layers.resized(maps, (14, 28)).shape)
    (1, 14, 28, 1)
    """
    if all(isinstance(side, int) for side in size):
        return ops.image.resize(maps, size, "bilinear", antialias, data_format="channels_last")
    # Keras asks whether a size is positive, which such a graph cannot tell yet.
    height, width = (ops.shape(maps)[axis] for axis in (1, 2))
    maps = ops.einsum("ij,bjwc->biwc", shares(height, size[0], antialias), maps)
    return ops.einsum("ij,bhjc->bhic", shares(width, size[1], antialias), maps)


def shares(before: Any, after: Any, antialias: bool) -> Tensor:
    """How much of each of `before` pixels is in each of `after`: `(after, before)`, rows sum to 1.

    The numbers are those of Keras' resizing to within float32's rounding.
    """
    scale = ops.cast(before, "float32") / ops.cast(after, "float32")
    reach = ops.maximum(scale, 1.0) if antialias else 1.0
    centres = (ops.cast(ops.arange(after), "float32") + 0.5) * scale - 0.5
    away = ops.cast(ops.arange(before), "float32")[None] - centres[:, None]
    shares = ops.maximum(0.0, 1.0 - ops.abs(away) / reach)
    return shares / ops.sum(shares, axis=1, keepdims=True)
