"""Attention that is learned: a map A out of logits Y out of features."""

from typing import Any

import keras
from keras import ops

from keras_attn.errors import InputError, one_of
from keras_attn.layers.inputs import Maps, Shape, Tensor, check_rank
from keras_attn.layers.precision import convolution_policy
from keras_attn.layers.softmax import SpatialSoftmax


class LearnedAttention(keras.layers.Layer):
    """What learned attention has in common: logits Y, made by a subclass, and their map A."""

    def __init__(
        self, normalise: str = "sigmoid", softmax_of: str = "logits", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.normalise = one_of("normalise", normalise, ("sigmoid", "softmax"))
        self.softmax_of = one_of("softmax_of", softmax_of, ("logits", "sigmoid"))
        self.softmax = SpatialSoftmax(name="softmax")

    def _map(self, logits):
        if self.normalise == "softmax" and self.softmax_of == "logits":
            return self.softmax(logits)
        squashed = ops.sigmoid(logits)
        return squashed if self.normalise == "sigmoid" else self.softmax(squashed)

    def compute_output_spec(self, features: Tensor, training: bool | None = None) -> Maps:
        """Two float32 maps of the features' frame size."""
        one = keras.KerasTensor((*features.shape[:-1], 1), dtype="float32")
        return one, keras.KerasTensor(one.shape, dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        own = {"normalise": self.normalise, "softmax_of": self.softmax_of}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("keras_attn")
class AttentionModule(LearnedAttention):
    """The learned attention of §IV-A1: Conv 3×3 (⌊C/2⌋) → ReLU → BN → Conv 1×1 (1) → Y → A.

    Args:
        normalise: "sigmoid" (Eq. 3) or "softmax" (Eq. 2).
        softmax_of: "logits", or "sigmoid" for the softmax of the sigmoid of Y, as §IV-A1 words it
            (nearly uniform: no two values differ by more than a factor e).
        momentum: Of the BatchNormalization; short runs want less than the default 0.99.

    Input shape:
        Features `(batch, H, W, C)`, or `(batch, T, H, W, C)` with Conv 3×3×3 and 1×1×1; C is 2 or
        more.

    Output shape:
        The pair (A, Y), both float32 `(batch, [T,] H, W, 1)`; A is the softmax or the sigmoid of Y,
        in [0, 1].

    Raises:
        InputError: An argument is none of these, or what it is called with has another rank or one
            channel.

    Example:

    >>> import numpy as np, keras_attn as ka
    >>> features = np.random.default_rng(0).normal(size=(1, 7, 7, 8))
    >>> attention, logits = ka.layers.AttentionModule(normalise="softmax")(features)
    >>> tuple(attention.shape), round(float(np.sum(attention)), 3)
    ((1, 7, 7, 1), 1.0)
    """

    def __init__(
        self,
        normalise: str = "sigmoid",
        softmax_of: str = "logits",
        momentum: float = 0.99,
        **kwargs: Any,
    ) -> None:
        super().__init__(normalise, softmax_of, **kwargs)
        self.momentum = momentum

    def build(self, input_shape: Shape) -> None:
        """Create the two convolutions for features of this rank."""
        check_rank(self, input_shape)
        channels = input_shape[-1]
        if channels is None or channels < 2:
            raise InputError(f"features of layer {self.name!r}", "at least 2 channels", channels)
        conv = keras.layers.Conv2D if len(input_shape) == 4 else keras.layers.Conv3D
        inner = {"padding": "same", "activation": "relu", "name": "conv"}
        policy = convolution_policy(input_shape, self.dtype_policy)
        self.conv = conv(channels // 2, 3, dtype=policy, **inner)
        self.norm = keras.layers.BatchNormalization(
            momentum=self.momentum, name="norm", dtype=self.dtype_policy
        )
        # The logits are the one place where float16 would round what the softmax exponentiates.
        self.logits = conv(1, 1, name="logits", dtype="float32")
        hidden = (*input_shape[:-1], channels // 2)
        self.conv.build(input_shape)
        self.norm.build(hidden)
        self.logits.build(hidden)

    def call(self, features: Tensor, training: bool | None = None) -> Maps:
        """Return (A, Y)."""
        hidden = self.norm(self.conv(features), training=training)
        logits = self.logits(ops.cast(hidden, "float32"))
        return self._map(logits), logits

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "momentum": self.momentum}


@keras.saving.register_keras_serializable("keras_attn")
class EarlyAttention(LearnedAttention):
    """The learned attention of early fusion (§IV-B1): Conv 1×1×1 (1) → MVN → Y → A.

    The convolution starts as the mean over channels; MVN subtracts the mean of a clip over T×H×W
    and divides by its standard deviation. As the two-stream code that the paper names has it, there
    with a sigmoid.

    Args:
        normalise: As for `AttentionModule`.
        softmax_of: As for `AttentionModule`.

    Input shape:
        Features `(batch, T, H, W, C)`, or `(batch, H, W, C)`, which are normalised over H×W.

    Output shape:
        The pair (A, Y), both float32 `(batch, [T,] H, W, 1)`; A is in [0, 1], the mean of Y over a
        clip is 0.

    Raises:
        InputError: An argument is none of these, or what it is called with has another rank.

    Example:

    >>> import numpy as np, keras_attn as ka
    >>> features = np.random.default_rng(0).normal(size=(1, 4, 7, 7, 8))
    >>> attention, logits = ka.layers.EarlyAttention()(features)
    >>> tuple(attention.shape), abs(round(float(np.mean(logits)), 3))
    ((1, 4, 7, 7, 1), 0.0)
    """

    EPSILON = 1e-3
    """Added to the standard deviation. The 1e-9 of the code would blow the rounding of a clip
    without motion, whose features are constant, up to attention."""

    def build(self, input_shape: Shape) -> None:
        """Create the one weight for each channel."""
        check_rank(self, input_shape)
        channels = input_shape[-1]
        # Without a bias, which the subtracted mean would take away again.
        self.kernel = self.add_weight(
            shape=(channels, 1),
            initializer=keras.initializers.Constant(1 / channels),
            name="kernel",
        )

    def call(self, features: Tensor, training: bool | None = None) -> Maps:
        """Return (A, Y)."""
        kernel = ops.cast(self.kernel, "float32")
        reduced = ops.matmul(ops.cast(features, "float32"), kernel)
        axes = tuple(range(1, len(reduced.shape)))
        centred = reduced - ops.mean(reduced, axis=axes, keepdims=True)
        variance = ops.mean(ops.square(centred), axis=axes, keepdims=True)
        # Under the root, so that its gradient is finite where the variance is 0.
        logits = centred * ops.rsqrt(variance + self.EPSILON**2)
        return self._map(logits), logits
