"""Attention of people: densities of their gaze, as features need them."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_attn.errors import InputError, one_of
from keras_attn.layers.bilinear import resized
from keras_attn.layers.inputs import SPACE, Shape, Tensor, check_rank


@keras.saving.register_keras_serializable("keras_attn")
class GazeAttention(keras.layers.Layer):
    """Human attention: a gaze density, resized to the features' frame and max-normalised.

    Args:
        normalise: "none", or "max": the peak of every frame is 1, and a frame without fixations
            (all zeros) becomes all ones: nobody's gaze hides nothing.

    Input shape:
        A list of two: gaze `(batch, [T,] h, w, 1)`, of any h and w, and features
        `(batch, [T,] H, W, C)`.

    Output shape:
        Float32 `(batch, [T,] H, W, 1)`.

    Raises:
        InputError: `normalise` is none of these, or gaze and features do not fit each other.

    Example:

    >>> import numpy as np, keras_attn as ka
    >>> gaze, features = np.zeros((1, 8, 8, 1), "float32"), np.zeros((1, 4, 4, 16), "float32")
    >>> gaze[0, 2, 2] = 5
    >>> attention = ka.layers.GazeAttention()([gaze, features])
    >>> tuple(attention.shape), float(np.max(attention))
    ((1, 4, 4, 1), 1.0)
    """

    def __init__(self, normalise: str = "max", **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.normalise = one_of("normalise", normalise, ("max", "none"))

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Check that gaze and features fit each other."""
        gaze, features = input_shape
        check_rank(self, features)
        check_rank(self, gaze, "gaze")
        if len(gaze) != len(features) or gaze[-1] != 1 or gaze[1:-3] != features[1:-3]:
            expected = "one channel, and the rank and the frames of the features"
            raise InputError(f"gaze of layer {self.name!r}", expected, f"shape {tuple(gaze)}")

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """Return A."""
        gaze, features = ops.cast(inputs[0], "float32"), inputs[1]
        attention = self._resized(gaze, features)
        if self.normalise == "none":
            return attention
        peak = ops.max(attention, axis=SPACE, keepdims=True)
        seen = peak > 0
        return ops.where(seen, attention / ops.where(seen, peak, 1.0), 1.0)

    def _resized(self, gaze, features):
        if gaze.shape[-3:-1] == features.shape[-3:-1] and None not in gaze.shape[-3:-1]:
            return gaze
        shape, size = ops.shape(gaze), ops.shape(features)[-3:-1]
        frames = gaze if len(shape) == 4 else ops.reshape(gaze, (-1, *shape[-3:]))
        # Antialiasing averages over what a smaller frame merges, so no fixation slips through.
        frames = resized(frames, size, antialias=True)
        return frames if len(shape) == 4 else ops.reshape(frames, (-1, shape[1], *size, 1))

    def compute_output_spec(self, inputs: Sequence[Tensor]) -> Tensor:
        """One float32 map of the features' frame size."""
        return keras.KerasTensor((*inputs[1].shape[:-1], 1), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "normalise": self.normalise}


@keras.saving.register_keras_serializable("keras_attn")
class FrameSum(keras.layers.Layer):
    """Gaze of a clip, summed over the frames of each of a number of slots. No weights.

    Args:
        slots: How many frames come out; T is a multiple of it.

    Input shape:
        Densities `(batch, T, h, w, 1)`, of any h and w.

    Output shape:
        Float32 `(batch, slots, h, w, 1)`.

    Raises:
        InputError: What it is called with is no clip of a multiple of the slots.

    Example:

    >>> import numpy as np, keras_attn as ka
    >>> sums = ka.layers.FrameSum(slots=2)(np.ones((1, 16, 3, 4, 1), "float32"))
    >>> tuple(sums.shape), float(sums[0, 0, 0, 0, 0])
    ((1, 2, 3, 4, 1), 8.0)
    """

    def __init__(self, slots: int, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.slots = slots

    def build(self, input_shape: Shape) -> None:
        """Refuse what is no clip of a multiple of the slots."""
        if len(input_shape) != 5 or not input_shape[1] or input_shape[1] % self.slots:
            expected = f"shape (batch, T, h, w, 1), T a multiple of {self.slots}"
            raise InputError(f"gaze of layer {self.name!r}", expected, tuple(input_shape))

    def call(self, gaze: Tensor) -> Tensor:
        """Return the sums."""
        gaze = ops.cast(gaze, "float32")
        apart = (self.slots, gaze.shape[1] // self.slots)
        return ops.sum(ops.reshape(gaze, (-1, *apart, *ops.shape(gaze)[2:])), axis=2)

    def compute_output_spec(self, gaze: Tensor) -> Tensor:
        """Float32 with one frame for each slot."""
        return keras.KerasTensor((gaze.shape[0], self.slots, *gaze.shape[2:]), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "slots": self.slots}
