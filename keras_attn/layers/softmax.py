"""Eq. 2 of the paper."""

from typing import Any

import keras
from keras import ops

from keras_attn.errors import InputError
from keras_attn.layers.inputs import SPACE, Shape, Tensor, check_rank


@keras.saving.register_keras_serializable("keras_attn")
class SpatialSoftmax(keras.layers.Layer):
    """Softmax over all spatial positions of a one-channel map (Eq. 2).

    No weights.

    Input shape:
        Logits `(batch, [T,] H, W, 1)`.

    Output shape:
        The same, float32, whatever the policy: all of one frame sum to 1.

    Raises:
        InputError: What it is called with has another rank, or not one channel.

    Example:

    >>> import numpy as np, keras_attn as ka
    >>> softmax = ka.layers.SpatialSoftmax()(np.zeros((1, 2, 2, 1), "float32"))
    >>> np.asarray(softmax).ravel().tolist()
    [0.25, 0.25, 0.25, 0.25]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)

    def build(self, input_shape: Shape) -> None:
        """Refuse anything but a one-channel map."""
        check_rank(self, input_shape, "logits")
        if input_shape[-1] != 1:
            raise InputError(f"logits of layer {self.name!r}", "one channel", input_shape[-1])

    def call(self, logits: Tensor) -> Tensor:
        """Return the softmax of `logits`."""
        logits = ops.cast(logits, "float32")
        logits = logits - ops.max(logits, axis=SPACE, keepdims=True)
        weights = ops.exp(logits)
        return weights / ops.sum(weights, axis=SPACE, keepdims=True)

    def compute_output_spec(self, logits: Tensor) -> Tensor:
        """Float32 of the logits' shape."""
        return keras.KerasTensor(logits.shape, dtype="float32")
