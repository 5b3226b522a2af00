"""C3D (Tran et al. 2015), the network for clips: 16 frames of RGB or of optical flow."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops
from keras.layers import Conv3D, Dense, Dropout, Flatten, MaxPooling3D, Rescaling, ZeroPadding3D

from keras_attn.errors import InputError
from keras_attn.layers import convolution_policy
from keras_attn.mechanisms import Tensor
from keras_attn.models.common import CaffePreprocessing, class_scores, scaled

CLIP = (16, 112, 112)
"""Frames, height and width of the paper's clips."""

CODE_MEAN = 128.0
"""What the two-stream code subtracts, of frames and of flow: in flow's 8-bit code, no motion."""

SPORTS1M_BGR_MEAN = (90.25, 97.66, 101.41)
"""Mean blue, green and red of the mean clip that goes with the Sports-1M weights.

Of `c3d_mean.npy` in the package KerasModelZoo 0.0.1, 90.2516, 97.6570 and 101.4083 over all
16 × 128 × 171 positions; `c3d_mean` of the registry has the same.
"""

FRAMES, FLOW = "frames", "flow"
INPUTS = {3: FRAMES, 2: FLOW}
"""Names of the inputs by their channels: RGB, and horizontal and vertical flow."""

LEAST = 16
"""Frames, and pixels of a side, that the five pooling layers take."""

BLOCKS = (
    (("conv2", 128),),
    (("conv3a", 256), ("conv3b", 256)),
    (("conv4a", 512), ("conv4b", 512)),
    (("conv5a", 512), ("conv5b", 512)),
)
"""Convolutions after pool1, with their channels; a pooling layer lies between the blocks."""


@keras.saving.register_keras_serializable("keras_attn")
class ClipPooling(MaxPooling3D):
    """`MaxPooling3D` that runs under every precision policy on every machine. No weights.

    TensorFlow has no float16 kernel of it for CPUs; there the maximum is taken in float32, which
    gives the same bits. A GPU, where that would double the memory, is left alone.

    Args:
        pool_size: As of `keras.layers.MaxPooling3D`, and so are the others.
        strides: Default the pool size.
        padding: "valid" or "same".
        data_format: "channels_last".
        name: Of the layer.

    Input shape:
        Features `(batch, T, H, W, C)`.

    Output shape:
        As that of `keras.layers.MaxPooling3D`.

    Example:

    >>> import numpy as np
    >>> from keras_attn.models.c3d import ClipPooling
    >>> tuple(ClipPooling((1, 2, 2))(np.zeros((1, 4, 8, 8, 2))).shape)
    (1, 4, 4, 4, 2)
    """

    def call(self, x: Tensor) -> Tensor:
        """Return the maxima."""
        half = keras.backend.standardize_dtype(x.dtype) == "float16"
        on_tensorflow = keras.backend.backend() == "tensorflow"
        if half and on_tensorflow and not keras.distribution.list_devices("gpu"):
            return ops.cast(super().call(ops.cast(x, "float32")), "float16")
        return super().call(x)


def clip_input(
    input_shape: Sequence[int], *, mean: float | Sequence[float] = CODE_MEAN, prefix: str = ""
) -> tuple[Tensor, Tensor]:
    """The input of a clip, named by its channels, and the preprocessed clip in float32.

    Args:
        input_shape: (frames, height, width, channels), 3 channels for RGB in [0, 255], 2 for flow
            in its 8-bit code, also float32 in [0, 255].
        mean: one number, or for RGB also those of (blue, green, red), which is subtracted; RGB
            becomes BGR.
        prefix: of the preprocessing layer's name.

    Returns:
        The input "frames" or "flow", and a tensor of the same shape.

    Raises:
        InputError: The clip has other channels, or is smaller than the pooling layers take; `mean`
            does not go with the channels.

    Example:

    >>> from keras_attn.models.c3d import clip_input
    >>> clips, preprocessed = clip_input((16, 112, 112, 2))
    >>> clips.name, preprocessed.shape
    ('flow', (None, 16, 112, 112, 2))
    """
    sizes = tuple(input_shape)
    if len(sizes) != 4 or sizes[-1] not in INPUTS or not all(n and n >= LEAST for n in sizes[:3]):
        expected = f"(frames, height, width, 3 or 2), none but the last below {LEAST}"
        raise InputError("input_shape", expected, sizes)
    clips = keras.Input(sizes, name=INPUTS[sizes[-1]], dtype="float32")
    means: tuple[Any, ...] = tuple(mean) if isinstance(mean, (tuple, list)) else (mean,) * sizes[-1]
    name = f"{prefix}preprocessing"
    if sizes[-1] == 3:
        if len(means) != 3:
            raise InputError("mean", "one number, or three for blue, green and red", mean)
        return clips, CaffePreprocessing(mean=means, name=name)(clips)
    if len(set(means)) != 1:
        raise InputError("mean", "one number for flow", mean)
    return clips, Rescaling(1.0, offset=-means[0], dtype="float32", name=name)(clips)


def convolution(x: Tensor, channels: int, width: float, name: str, **options: Any) -> Tensor:
    """Conv 3×3×3 → ReLU of the size of `x`, with `channels` · width filters.

    Args:
        x: features `(batch, T, H, W, C)`.
        channels: how many it has at width 1.
        width: scales them.
        name: of the layer.
        options: further ones of `keras.layers.Conv3D`.

    Returns:
        Features `(batch, T, H, W, channels · width)`.

    Example:

    >>> import keras
    >>> from keras_attn.models.c3d import convolution
    >>> convolution(keras.Input((16, 56, 56, 3)), 64, 0.25, "conv").shape
    (None, 16, 56, 56, 16)
    """
    options |= {"padding": "same", "activation": "relu", "dtype": convolution_policy(x.shape)}
    return Conv3D(scaled(channels, width), 3, name=name, **options)(x)


def first_block(x: Tensor, *, width: float = 1.0, prefix: str = "") -> Tensor:
    """conv1 and pool1.

    Args:
        x: preprocessed clips `(batch, T, H, W, C)`.
        width: scales the channels.
        prefix: of all layer names.

    Returns:
        Features `(batch, T, H/2, W/2, 64 · width)`.

    Example:

    >>> import keras
    >>> from keras_attn.models.c3d import first_block
    >>> first_block(keras.Input((16, 112, 112, 3)), width=0.25).shape
    (None, 16, 56, 56, 16)
    """
    x = convolution(x, 64, width, f"{prefix}conv1")
    return ClipPooling((1, 2, 2), name=f"{prefix}pool1")(x)


def later_blocks(x: Tensor, *, width: float = 1.0, prefix: str = "") -> Tensor:
    """From conv2 to conv5b with its ReLU.

    Args:
        x: features of the `first_block`, `(batch, T, H/2, W/2, 64 · width)`.
        width: scales the channels.
        prefix: of all layer names.

    Returns:
        Features `(batch, T/8, H/16, W/16, 512 · width)`, 2×7×7 of the paper's clips.

    Example:

    >>> import keras
    >>> from keras_attn.models.c3d import later_blocks
    >>> later_blocks(keras.Input((16, 56, 56, 1)), width=1 / 64).shape
    (None, 2, 7, 7, 8)
    """
    for block, convolutions in enumerate(BLOCKS, start=2):
        if block > 2:
            x = ClipPooling(2, name=f"{prefix}pool{block - 1}")(x)
        for name, channels in convolutions:
            x = convolution(x, channels, width, f"{prefix}{name}")
    return x


def features(x: Tensor, *, width: float = 1.0, prefix: str = "") -> Tensor:
    """Everything before the last pooling.

    Args:
        x: preprocessed clips `(batch, T, H, W, C)`.
        width: scales the channels.
        prefix: of all layer names.

    Returns:
        Features `(batch, T/8, H/16, W/16, 512 · width)`, 2×7×7 of the paper's clips.

    Example:

    >>> from keras_attn.models.c3d import clip_input, features
    >>> features(clip_input((16, 112, 112, 3))[1], width=1 / 64).shape
    (None, 2, 7, 7, 8)
    """
    return later_blocks(first_block(x, width=width, prefix=prefix), width=width, prefix=prefix)


def classifier(
    x: Tensor,
    classes: int,
    *,
    width: float = 1.0,
    dropout: float | Sequence[float] = 0.5,
    activation: str | None = "softmax",
    prefix: str = "",
) -> Tensor:
    """The last pooling layer and the fully connected ones.

    pool5 is padded with zeros at the bottom and right alone, so that its windows are those of
    Caffe, which rounds sizes up: 7×7 gives 4×4.

    Args:
        x: `features`, `(batch, t, h, w, 512 · width)`.
        classes: how many.
        width: scales the 4096 units of fc6 and of fc7.
        dropout: rate after fc6 and fc7, or a pair.
        activation: of the last layer, as for `common.class_scores`.
        prefix: of all layer names.

    Returns:
        Class scores `(batch, classes)`, float32.

    Raises:
        InputError: `dropout` is no rate from 0 to below 1, and no pair of such.

    Example:

    >>> import keras
    >>> from keras_attn.models.c3d import classifier
    >>> classifier(keras.Input((2, 7, 7, 8)), 5, width=1 / 64).shape
    (None, 5)
    """
    x = ZeroPadding3D(((0, 0), (0, 1), (0, 1)), name=f"{prefix}pool5_padding")(x)
    x = ClipPooling(2, name=f"{prefix}pool5")(x)
    x = Flatten(name=f"{prefix}flatten")(x)
    rates = dropout if isinstance(dropout, (tuple, list)) else (dropout, dropout)
    if len(rates) != 2 or not all(0 <= rate < 1 for rate in rates):
        raise InputError("dropout", "a rate from 0 to below 1, or a pair of such", dropout)
    for layer, rate in zip(("fc6", "fc7"), rates, strict=True):
        x = Dense(scaled(4096, width), activation="relu", name=f"{prefix}{layer}")(x)
        if rate:
            x = Dropout(rate, name=f"{prefix}{layer}_dropout")(x)
    return class_scores(x, classes, f"{prefix}fc8", activation)


def c3d(
    input_shape: Sequence[int] = (*CLIP, 3),
    *,
    classes: int | None = None,
    width: float = 1.0,
    dropout: float | Sequence[float] = 0.5,
    activation: str | None = "softmax",
    mean: float | Sequence[float] = CODE_MEAN,
    name: str = "c3d",
) -> keras.Model:
    """C3D on clips in [0, 255], up to its last pooling layer, or with `classes` whole.

    At width 1 the layers bear the names and shapes of the published weights: 79,991,015
    parameters with the 487 classes of Sports-1M, 78,409,573 with 101.

    Args:
        input_shape: (frames, height, width, 3) for the input "frames", RGB; 2 channels for "flow"
            in its 8-bit code, 128 being no motion.
        classes: how many; None for a network that returns features.
        width: scales all channels.
        dropout: rate after fc6 and fc7, or a pair.
        activation: of the class scores; None for those before softmax.
        mean: what is subtracted from the pixels; default that of the two-stream code,
            `SPORTS1M_BGR_MEAN` for the published weights as they were trained.
        name: of the model.

    Returns:
        A `keras.Model` with the output `(batch, classes)`, float32, or without `classes`
        `(batch, T/8, H/16, W/16, 512 · width)`.

    Raises:
        InputError: The clip has other channels, or is smaller than the pooling layers take; `mean`
            does not go with the channels; `dropout` holds no rates.

    Example:

    >>> from keras_attn.models.c3d import c3d
    >>> c3d(classes=5, width=1 / 64).output.shape
    (None, 5)
    """
    clips, x = clip_input(input_shape, mean=mean)
    x = features(x, width=width)
    if classes is not None:
        options: dict[str, Any] = {"width": width, "dropout": dropout, "activation": activation}
        x = classifier(x, classes, **options)
    return keras.Model(clips, x, name=name)
