"""What attention does to features, Eq. 1 of the paper."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_attn.errors import InputError, one_of
from keras_attn.layers.inputs import SPACE, Shape, Tensor, check_rank


@keras.saving.register_keras_serializable("keras_attn")
class Glimpse(keras.layers.Layer):
    """The attention glimpse G = A ⊙ Z (Eq. 1), the same map on every channel. No weights.

    Args:
        scale: "map" multiplies by A; "positions" by A times the number of positions of a frame, so
            that a softmax, which sums to 1, shrinks no features; "mean" by A scaled to mean 1 each.

    Input shape:
        A list of two: features Z `(batch, [T,] H, W, C)`, and attention A `(batch, [T,] H, W, 1)`.

    Output shape:
        That of Z, in the compute type.

    Raises:
        InputError: `scale` is none of these, or features and attention do not fit each other.

    Example:

    >>> import numpy as np, keras_attn as ka
    >>> features = np.full((1, 1, 2, 1), 10.0)
    >>> attention = np.array([0.25, 0.75]).reshape(1, 1, 2, 1)
    >>> np.asarray(ka.layers.Glimpse()([features, attention])).ravel().tolist()
    [2.5, 7.5]
    >>> np.asarray(ka.layers.Glimpse("positions")([features, attention])).ravel().tolist()
    [5.0, 15.0]
    """

    def __init__(self, scale: str = "map", **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.scale = one_of("scale", scale, ("map", "positions", "mean"))

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Check that features and attention fit each other."""
        features, attention = input_shape
        check_rank(self, features)
        if tuple(attention[1:-1]) != tuple(features[1:-1]) or attention[-1] != 1:
            expected = f"shape {(*features[:-1], 1)}, one channel of the features' frames"
            raise InputError(
                f"attention of layer {self.name!r}", expected, f"shape {tuple(attention)}"
            )

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """Return G."""
        features, attention = inputs[0], ops.cast(inputs[1], "float32")
        if self.scale == "positions":
            shape = ops.shape(attention)
            attention = attention * ops.cast(shape[-3] * shape[-2], "float32")
        elif self.scale == "mean":
            mean = ops.mean(attention, axis=SPACE, keepdims=True)
            attention = attention / ops.maximum(mean, keras.config.epsilon())
        return ops.cast(features, self.compute_dtype) * ops.cast(attention, self.compute_dtype)

    def compute_output_spec(self, inputs: Sequence[Tensor]) -> Tensor:
        """The features' shape in the compute type."""
        return keras.KerasTensor(inputs[0].shape, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "scale": self.scale}
