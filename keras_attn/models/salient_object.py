"""The network of Task 1 (Fig. 1): a dilated encoder and three decoder layers with attention."""

import math
from collections.abc import Sequence

import keras
from keras.layers import Activation, Conv2D

from keras_attn import mechanisms
from keras_attn.errors import InputError
from keras_attn.mechanisms import Mechanism, Tensor
from keras_attn.models.backbones import backbone as backbone_of
from keras_attn.models.common import ResizeLike, scaled
from keras_attn.models.halves import freeze

CHANNELS = (512, 256, 128)
"""Of the decoder layers: ours, the paper gives none."""


def salient_object(
    backbone: str = "vgg16",
    attention: Mechanism | str = "supervised",
    *,
    input_shape: Sequence[int | None] | None = None,
    width: float = 1.0,
    channels: Sequence[int] = CHANNELS,
    base_rate: float = 0.2,
    momentum: float = 0.99,
    frozen: bool = False,
    name: str = "salient_object",
) -> keras.Model:
    """Encoder, three decoder layers, and after each a mechanism and a side output.

    Args:
        backbone: the name of one, such as "resnet50", dilated where it can be.
        attention: a `Mechanism` or its name.
        input_shape: (H, W, 3), where H and W may be None; default the backbone's.
        width: scales all channels.
        channels: of the decoder layers.
        base_rate: share of salient pixels, from which the side outputs start; `human` leaves
            features of exactly 0 outside gaze, where the output is that bias alone.
        momentum: of the modules' BatchNormalization.
        frozen: whether the encoder is left as it is in training, BatchNormalization included.
        name: of the model.

    Returns:
        A `keras.Model`. Input "image", float32 RGB in [0, 255]; for a mechanism that takes gaze
        also "gaze", densities `(batch, h, w, 1)` of any size. Outputs by name: `saliency_1..3` in
        [0, 1] at the image's size, of which the third is the prediction, and `attention_1..3` at
        the encoder's (28×28 of 224², with AlexNet 13×13 of 227²); all float32.

    Raises:
        InputError: No backbone or mechanism has the name; `base_rate` is no share; the backbone
            does not come in the width.

    Example:

    >>> from keras_attn.models.salient_object import salient_object
    >>> network = salient_object("vgg16", "sigmoid", width=1 / 64)
    >>> network.output["saliency_3"].shape, network.output["attention_3"].shape
    ((None, 224, 224, 1), (None, 28, 28, 1))
    """
    mechanism, encoder = mechanisms.get(attention), backbone_of(backbone)
    if not 0 < base_rate < 1:
        raise InputError("base_rate", "a share between 0 and 1", base_rate)
    images, x = encoder.images(input_shape)
    gaze = keras.Input((None, None, 1), name="gaze") if mechanism.takes_gaze else None
    x = encoder.encoded(x, dilated=True, width=width)
    outputs = {}
    for level, count in enumerate(channels, start=1):
        conv = Conv2D(
            scaled(count, width), 3, padding="same", activation="relu", name=f"decoder_{level}"
        )
        attended = mechanisms.attend(
            mechanism, conv(x), gaze, momentum=momentum, name=f"attention_{level}"
        )
        x = attended.gated
        outputs[f"saliency_{level}"] = _side_output(x, images, base_rate, level)
        outputs[f"attention_{level}"] = attended.attention
    inputs = {"image": images} | ({"gaze": gaze} if mechanism.takes_gaze else {})
    network = keras.Model(inputs, outputs, name=name)
    if frozen:
        freeze(network, backbone)
    return network


def _side_output(features: Tensor, images: Tensor, base_rate: float, level: int) -> Tensor:
    """Conv 1×1 → sigmoid, enlarged to the image; the last layers compute in float32."""
    logit = keras.initializers.Constant(math.log(base_rate / (1 - base_rate)))
    side = Conv2D(1, 1, bias_initializer=logit, dtype="float32", name=f"side_{level}")(features)
    side = Activation("sigmoid", dtype="float32", name=f"side_{level}_sigmoid")(side)
    return ResizeLike(name=f"saliency_{level}")([side, images])
