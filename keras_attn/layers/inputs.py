"""What the layers take: images `(batch, H, W, C)` and clips `(batch, T, H, W, C)`."""

from typing import Any

from keras_attn.errors import InputError

Tensor = Any
"""Of the backend that Keras runs on, or symbolic."""
Maps = tuple[Tensor, Tensor]
Shape = tuple[Any, ...]
"""Sizes, the batch first; None is one that is not known yet."""
SPACE = (-3, -2)
"""The axes of height and width."""


def check_rank(layer: Any, shape: Shape, what: str = "features") -> None:
    """Raise `InputError` for a shape that is neither of images nor of clips."""
    if len(shape) not in (4, 5):
        raise InputError(
            f"{what} of layer {layer.name!r}",
            "shape (batch, H, W, C) or (batch, T, H, W, C)",
            f"shape {tuple(shape)}",
        )
