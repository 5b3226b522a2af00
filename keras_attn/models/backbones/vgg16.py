"""VGG16 (Simonyan and Zisserman 2015), plain or dilated as §IV-A1 has it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import keras
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D

from keras_attn.mechanisms import Tensor
from keras_attn.models.backbones import Backbone
from keras_attn.models.common import caffe_preprocessing, class_scores, scaled
from keras_attn.registry import register

CHANNELS = (64, 128, 256, 512, 512)
CONVOLUTIONS = (2, 2, 3, 3, 3)


def features(x: Tensor, *, dilated: bool = False, width: float = 1.0) -> Tensor:
    """Everything before the last pooling layer; preprocessed images in, 512 · width channels out.

    dilated: pool4 keeps the resolution (stride 1) and block 5 is dilated by 2: the features of a
    224² image are 28×28 instead of 14×14. No weight changes its shape.
    """
    for block, (channels, count) in enumerate(zip(CHANNELS, CONVOLUTIONS, strict=True), start=1):
        last = block == len(CHANNELS)
        rate = 2 if dilated and last else 1
        for i in range(1, count + 1):
            x = Conv2D(
                scaled(channels, width),
                3,
                padding="same",
                dilation_rate=rate,
                activation="relu",
                name=f"block{block}_conv{i}",
            )(x)
        if not last:
            keeps = dilated and block == 4
            stride, padding = (1, "same") if keeps else (2, "valid")
            x = MaxPooling2D(2, stride, padding=padding, name=f"block{block}_pool")(x)
    return x


def classifier(
    x: Tensor,
    classes: int,
    *,
    width: float = 1.0,
    dropout: float = 0.0,
    activation: str | None = "softmax",
) -> Tensor:
    """The last pooling layer and the fully connected ones; `dropout` after fc1 and fc2.

    activation: of the last layer, as for `common.class_scores`.
    """
    x = MaxPooling2D(2, 2, name="block5_pool")(x)
    x = Flatten(name="flatten")(x)
    for layer in ("fc1", "fc2"):
        x = Dense(scaled(4096, width), activation="relu", name=layer)(x)
        if dropout:
            x = keras.layers.Dropout(dropout, name=f"{layer}_dropout")(x)
    return class_scores(x, classes, "predictions", activation)


VGG16 = register(
    Backbone(
        name="vgg16",
        features=features,
        stages=("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3"),
        preprocessing=caffe_preprocessing,
        head=classifier,
        classifier=("fc1", "fc2", "predictions"),
        size=224,
        least=32,
        learning_rates={"salient_object": 1e-4, "fine_grained": 1e-5},
        weights=("vgg16", "vgg16_notop", "vgg16_v01", "vgg16_v01_notop"),
    )
)
"""Learning rates: §IV-A2, §IV-C2."""


def vgg16(
    input_shape: Sequence[int | None] | None = None,
    *,
    classes: int | None = None,
    dilated: bool = False,
    width: float = 1.0,
    dropout: float = 0.0,
    name: str = "vgg16",
) -> keras.Model:
    """VGG16 on float32 RGB in [0, 255], up to its last pooling layer, or with `classes` whole.

    At width 1 the layers bear the names and shapes of the published weights: 14,714,688 parameters,
    with 1000 classes 138,357,544.

    Args:
        input_shape: (H, W, 3), default 224×224; H and W may be None without `classes`.
        classes: how many it tells apart; None for the features alone.
        dilated: pool4 keeps the resolution and block 5 is dilated by 2, as §IV-A1 has it: 28×28 of
            224². No weight changes its shape.
        width: factor of all channel counts.
        dropout: rate in [0, 1) after fc1 and fc2.
        name: of the model.

    Returns:
        A `keras.Model`: features `(batch, h, w, 512 · width)`, or probabilities `(batch, classes)`.

    Raises:
        InputError: The shape is not of that form or too small, or `width` is not above 0.

    Example:

    >>> import keras_attn as ka
    >>> ka.models.vgg16((64, 64, 3), dilated=True, width=1 / 16).output.shape
    (None, 8, 8, 32)
    """
    network = replace(VGG16, head=partial(classifier, dropout=dropout))
    return network.build(input_shape, classes=classes, dilated=dilated, width=width, name=name)
