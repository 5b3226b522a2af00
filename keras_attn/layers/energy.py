"""Attention that is read off the activations, Eq. 4 of the paper."""

from typing import Any

import keras
from keras import ops

from keras_attn.errors import InputError
from keras_attn.layers.inputs import Shape, Tensor, check_rank


@keras.saving.register_keras_serializable("keras_attn")
class ActivationAttention(keras.layers.Layer):
    """Activation-based attention A = Σ_d |Z_d|^p over the channels (Eq. 4). No weights.

    Args:
        p: The exponent, above 0.

    Input shape:
        Features `(batch, [T,] H, W, C)`.

    Output shape:
        Float32 `(batch, [T,] H, W, 1)`, never negative.

    Raises:
        InputError: `p` is not above 0, or what it is called with has another rank.

    Example:

    >>> import numpy as np, keras_attn as ka
    >>> features = np.array([3.0, -4.0], "float32").reshape(1, 1, 1, 2)
    >>> float(ka.layers.ActivationAttention()(features)[0, 0, 0, 0])
    25.0
    """

    def __init__(self, p: float = 2.0, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        if not p > 0:
            raise InputError("p", "a positive exponent", p)
        self.p = float(p)

    def build(self, input_shape: Shape) -> None:
        """Refuse what has no frame."""
        check_rank(self, input_shape)

    def call(self, features: Tensor) -> Tensor:
        """Return A."""
        features = ops.cast(features, "float32")
        powered = ops.square(features) if self.p == 2 else ops.power(ops.abs(features), self.p)
        return ops.sum(powered, axis=-1, keepdims=True)

    def compute_output_spec(self, features: Tensor) -> Tensor:
        """One float32 map of the features' frame size."""
        return keras.KerasTensor((*features.shape[:-1], 1), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "p": self.p}
