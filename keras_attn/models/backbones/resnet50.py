"""ResNet50 (He et al. 2016, the version with bias and stride on 1×1), plain or dilated (§IV-A1)."""

from collections.abc import Sequence

import keras
from keras.layers import Activation, Add, BatchNormalization, Conv2D, MaxPooling2D, ZeroPadding2D

from keras_attn.mechanisms import Tensor
from keras_attn.models.backbones import Backbone
from keras_attn.models.common import caffe_preprocessing, scaled
from keras_attn.registry import register

STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
EPSILON = 1.001e-5
"""Of every BatchNormalization, as in the published Keras weights."""


def features(x: Tensor, *, dilated: bool = False, width: float = 1.0) -> Tensor:
    """Everything before the last pooling layer; preprocessed images in, 2048 · width channels out.

    dilated: the last two stages keep the resolution (stride 1) and are dilated by 2 and 4: the
    features of a 224² image are 28×28 instead of 7×7. No weight changes its shape.
    """
    x = ZeroPadding2D(3, name="conv1_pad")(x)
    x = Conv2D(scaled(64, width), 7, 2, name="conv1_conv")(x)
    x = _norm_relu(x, "conv1")
    x = ZeroPadding2D(1, name="pool1_pad")(x)
    x = MaxPooling2D(3, 2, name="pool1_pool")(x)
    for stage, (channels, blocks) in enumerate(STAGES, start=2):
        rate = {4: 2, 5: 4}.get(stage, 1) if dilated else 1
        stride = 1 if stage == 2 or rate > 1 else 2
        for block in range(1, blocks + 1):
            first = block == 1
            x = _block(
                x,
                scaled(channels, width),
                stride if first else 1,
                rate,
                project=first,
                name=f"conv{stage}_block{block}",
            )
    return x


def _block(x: Tensor, channels: int, stride: int, rate: int, project: bool, name: str) -> Tensor:
    shortcut = x
    if project:
        shortcut = Conv2D(4 * channels, 1, stride, name=f"{name}_0_conv")(x)
        shortcut = BatchNormalization(epsilon=EPSILON, name=f"{name}_0_bn")(shortcut)
    x = Conv2D(channels, 1, stride, name=f"{name}_1_conv")(x)
    x = _norm_relu(x, f"{name}_1")
    x = Conv2D(channels, 3, padding="same", dilation_rate=rate, name=f"{name}_2_conv")(x)
    x = _norm_relu(x, f"{name}_2")
    x = Conv2D(4 * channels, 1, name=f"{name}_3_conv")(x)
    x = BatchNormalization(epsilon=EPSILON, name=f"{name}_3_bn")(x)
    x = Add(name=f"{name}_add")([shortcut, x])
    return Activation("relu", name=f"{name}_out")(x)


def _norm_relu(x: Tensor, name: str) -> Tensor:
    x = BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(x)
    return Activation("relu", name=f"{name}_relu")(x)


RESNET50 = register(
    Backbone(
        name="resnet50",
        features=features,
        stages=("conv2_block3_out", "conv3_block4_out", "conv4_block6_out", "conv5_block3_out"),
        preprocessing=caffe_preprocessing,
        size=224,
        # It pads images, so that it takes any; this is the stride of its features.
        least=32,
        learning_rates={"salient_object": 5e-5, "fine_grained": 1e-4},
        weights=("resnet50", "resnet50_notop", "resnet50_v02", "resnet50_v02_notop"),
    )
)
"""Learning rates: §IV-A2, §IV-C2."""


def resnet50(
    input_shape: Sequence[int | None] | None = None,
    *,
    classes: int | None = None,
    dilated: bool = False,
    width: float = 1.0,
    name: str = "resnet50",
) -> keras.Model:
    """ResNet50 on float32 RGB in [0, 255], up to its last pooling layer, or with `classes` whole.

    At width 1 the layers bear the names and shapes of the published weights: 23,587,712 parameters,
    with 1000 classes 25,636,712.

    Args:
        input_shape: (H, W, 3), default 224×224; H and W may be None.
        classes: how many it tells apart; None for the features alone.
        dilated: the last two stages keep the resolution and are dilated by 2 and 4, as §IV-A1 has
            it: 28×28 of 224². No weight changes its shape.
        width: factor of all channel counts.
        name: of the model.

    Returns:
        A `keras.Model`: features `(batch, h, w, 2048 · width)`, or probabilities
        `(batch, classes)`.

    Raises:
        InputError: The shape is not of that form or too small, or `width` is not above 0.

    Example:

    >>> import keras_attn as ka
    >>> ka.models.resnet50((64, 64, 3), dilated=True, width=1 / 8).output.shape
    (None, 8, 8, 256)
    """
    return RESNET50.build(input_shape, classes=classes, dilated=dilated, width=width, name=name)
