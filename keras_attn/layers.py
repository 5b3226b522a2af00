"""The attention layers: maps out of features, out of gaze, and the glimpse through a map.

All of them take images `(batch, H, W, C)` and clips `(batch, T, H, W, C)`, channels last. A map
has one channel and is float32 under every precision policy: a softmax over a few thousand
positions does not survive float16. A clip is normalised frame by frame.

Example:

>>> import keras, keras_attn as ka
>>> features, gaze = keras.Input((28, 28, 64)), keras.Input((96, 128, 1))
>>> attention, logits = ka.layers.AttentionModule(normalise="softmax")(features)
>>> human = ka.layers.GazeAttention()([gaze, features])
>>> human.shape == attention.shape, ka.layers.Glimpse("positions")([features, attention]).shape
(True, (None, 28, 28, 64))
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_attn.errors import InputError, one_of

Tensor = Any
"""Of the backend that Keras runs on, or symbolic."""
Maps = tuple[Tensor, Tensor]
Shape = tuple[Any, ...]
"""Sizes, the batch first; None is one that is not known yet."""
_SPACE = (-3, -2)
"""The axes of height and width."""


def _check_rank(layer, shape, what="features"):
    if len(shape) not in (4, 5):
        raise InputError(
            f"{what} of layer {layer.name!r}",
            "shape (batch, H, W, C) or (batch, T, H, W, C)",
            f"shape {tuple(shape)}",
        )


def resized(maps: Tensor, size: Sequence[Any], antialias: bool = False) -> Tensor:
    """Bilinear resizing of float32 maps `(batch, H, W, C)`; the edges of a map stay its edges.

    size: (height, width), whole numbers, or tensors in a graph of TensorFlow that is made before
    the sizes are known. antialias: average over what becomes one pixel of a smaller map.
    """
    if all(isinstance(side, int) for side in size):
        return ops.image.resize(maps, size, "bilinear", antialias, data_format="channels_last")
    # Keras asks whether a size is positive, which such a graph cannot tell yet.
    height, width = (ops.shape(maps)[axis] for axis in (1, 2))
    maps = ops.einsum("ij,bjwc->biwc", _shares(height, size[0], antialias), maps)
    return ops.einsum("ij,bhjc->bhic", _shares(width, size[1], antialias), maps)


def _shares(before, after, antialias):
    """How much of each of `before` pixels is in each of `after`: `(after, before)`, rows sum to 1.

    The numbers are those of Keras' resizing to within float32's rounding.
    """
    scale = ops.cast(before, "float32") / ops.cast(after, "float32")
    reach = ops.maximum(scale, 1.0) if antialias else 1.0
    centres = (ops.cast(ops.arange(after), "float32") + 0.5) * scale - 0.5
    away = ops.cast(ops.arange(before), "float32")[None] - centres[:, None]
    shares = ops.maximum(0.0, 1.0 - ops.abs(away) / reach)
    return shares / ops.sum(shares, axis=1, keepdims=True)


def convolution_policy(features: Shape, policy: Any = None) -> Any:
    """The dtype policy for a 3×3×3 convolution of `features`: `policy`, or float32.

    features: the shape `(batch, T, H, W, C)`. policy: default the global one. On CPUs the bfloat16
    gradient of such a kernel is garbage, up to NaN, where T is 2, as it is behind C3D's pool4
    (TensorFlow 2.21 with oneDNN; a plain `tf.nn.conv3d` shows it). So those few are float32.
    """
    policy = keras.dtype_policies.get(policy or keras.config.dtype_policy())
    two_frames = len(features) == 5 and features[1] == 2
    if two_frames and policy.compute_dtype == "bfloat16":
        return keras.dtype_policies.get("float32")
    return policy


@keras.saving.register_keras_serializable("keras_attn")
class SpatialSoftmax(keras.layers.Layer):
    """Softmax over all spatial positions of a one-channel map (Eq. 2).

    Input and output: `(batch, [T,] H, W, 1)`, the output float32, whatever the policy. No weights.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)

    def build(self, input_shape: Shape) -> None:
        """Refuse anything but a one-channel map."""
        _check_rank(self, input_shape, "logits")
        if input_shape[-1] != 1:
            raise InputError(f"logits of layer {self.name!r}", "one channel", input_shape[-1])

    def call(self, logits: Tensor) -> Tensor:
        """Return the softmax of `logits`."""
        logits = ops.cast(logits, "float32")
        logits = logits - ops.max(logits, axis=_SPACE, keepdims=True)
        weights = ops.exp(logits)
        return weights / ops.sum(weights, axis=_SPACE, keepdims=True)

    def compute_output_spec(self, logits: Tensor) -> Tensor:
        """Float32 of the logits' shape."""
        return keras.KerasTensor(logits.shape, dtype="float32")


class _LearnedAttention(keras.layers.Layer):
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
class AttentionModule(_LearnedAttention):
    """The learned attention of §IV-A1: Conv 3×3 (⌊C/2⌋) → ReLU → BN → Conv 1×1 (1) → Y → A.

    Input: features `(batch, H, W, C)`, or `(batch, T, H, W, C)` with Conv 3×3×3 and 1×1×1.
    Output: the pair (A, Y), both float32 with one channel; A is the softmax or the sigmoid of Y.

    Args:
        normalise: "sigmoid" (Eq. 3) or "softmax" (Eq. 2).
        softmax_of: "logits", or "sigmoid" for the softmax of the sigmoid of Y, as §IV-A1 words it
            (nearly uniform: no two values differ by more than a factor e).
        momentum: Of the BatchNormalization; short runs want less than the default 0.99.
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
        _check_rank(self, input_shape)
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
class EarlyAttention(_LearnedAttention):
    """The learned attention of early fusion (§IV-B1): Conv 1×1×1 (1) → MVN → Y → A.

    The convolution starts as the mean over channels; MVN subtracts the mean of a clip over T×H×W
    and divides by its standard deviation. As the two-stream code that the paper names has it, there
    with a sigmoid.
    Input: features `(batch, T, H, W, C)`, or `(batch, H, W, C)` normalised over H×W.
    Output: the pair (A, Y), both float32 with one channel.

    Args:
        normalise, softmax_of: As for `AttentionModule`.
    """

    EPSILON = 1e-3
    """Added to the standard deviation. The 1e-9 of the code would blow the rounding of a clip
    without motion, whose features are constant, up to attention."""

    def build(self, input_shape: Shape) -> None:
        """Create the one weight for each channel."""
        _check_rank(self, input_shape)
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


@keras.saving.register_keras_serializable("keras_attn")
class ActivationAttention(keras.layers.Layer):
    """Activation-based attention A = Σ_d |Z_d|^p over the channels (Eq. 4). No weights.

    Input: features of any channel count; output: float32 with one channel, never negative.

    Args:
        p: The exponent, above 0.
    """

    def __init__(self, p: float = 2.0, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        if not p > 0:
            raise InputError("p", "a positive exponent", p)
        self.p = float(p)

    def build(self, input_shape: Shape) -> None:
        """Refuse what has no frame."""
        _check_rank(self, input_shape)

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


@keras.saving.register_keras_serializable("keras_attn")
class GazeAttention(keras.layers.Layer):
    """Human attention: a gaze density, resized to the features' frame and max-normalised.

    Input: [gaze `(batch, [T,] h, w, 1)`, features]; output: float32, one channel, of their frames.

    Args:
        normalise: "none", or "max": the peak of every frame is 1, and a frame without fixations
            (all zeros) becomes all ones: nobody's gaze hides nothing.
    """

    def __init__(self, normalise: str = "max", **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.normalise = one_of("normalise", normalise, ("max", "none"))

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Check that gaze and features fit each other."""
        gaze, features = input_shape
        _check_rank(self, features)
        _check_rank(self, gaze, "gaze")
        if len(gaze) != len(features) or gaze[-1] != 1 or gaze[1:-3] != features[1:-3]:
            expected = "one channel, and the rank and the frames of the features"
            raise InputError(f"gaze of layer {self.name!r}", expected, f"shape {tuple(gaze)}")

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """Return A."""
        gaze, features = ops.cast(inputs[0], "float32"), inputs[1]
        attention = self._resized(gaze, features)
        if self.normalise == "none":
            return attention
        peak = ops.max(attention, axis=_SPACE, keepdims=True)
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

    Input: densities `(batch, T, h, w, 1)`; output: float32 `(batch, slots, h, w, 1)`. Any h and w.

    Args:
        slots: How many frames come out; T is a multiple of it.
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


@keras.saving.register_keras_serializable("keras_attn")
class Glimpse(keras.layers.Layer):
    """The attention glimpse G = A ⊙ Z (Eq. 1), the same map on every channel. No weights.

    Input: [features Z, attention A with one channel]; output: of Z's shape, in the compute type.

    Args:
        scale: "map" multiplies by A; "positions" by A times the number of positions of a frame, so
            that a softmax, which sums to 1, shrinks no features; "mean" by A scaled to mean 1 each.
    """

    def __init__(self, scale: str = "map", **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.scale = one_of("scale", scale, ("map", "positions", "mean"))

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Check that features and attention fit each other."""
        features, attention = input_shape
        _check_rank(self, features)
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
            mean = ops.mean(attention, axis=_SPACE, keepdims=True)
            attention = attention / ops.maximum(mean, keras.config.epsilon())
        return ops.cast(features, self.compute_dtype) * ops.cast(attention, self.compute_dtype)

    def compute_output_spec(self, inputs: Sequence[Tensor]) -> Tensor:
        """The features' shape in the compute type."""
        return keras.KerasTensor(inputs[0].shape, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "scale": self.scale}
