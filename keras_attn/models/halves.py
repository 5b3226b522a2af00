"""A network in two at the features of its backbone: what a frozen encoder is, and what learns."""

import keras
from keras import ops

from keras_attn.models.backbones import backbone as backbone_of
from keras_attn.models.common import GAZE, ResizeLike, image_input_of


def encoder(network: keras.Model, backbone: str) -> keras.Model:
    """The encoder of a network of Task 1 or 3: all before decoder or attention, sharing its layers.

    Args:
        network: what `salient_object` or `fine_grained` returns.
        backbone: the name of its backbone.

    Returns:
        A `keras.Model` of images, float32 RGB in [0, 255], that returns features
        `(batch, h, w, C)`.

    Raises:
        InputError: No backbone has the name.

    Example:

    >>> from keras_attn.models import fine_grained
    >>> from keras_attn.models.halves import encoder
    >>> encoder(fine_grained("vgg16", "sigmoid", classes=5, width=1 / 64), "vgg16").output.shape
    (None, 14, 14, 8)
    """
    return keras.Model(image_input_of(network), _features(network, backbone), name="encoder")


def freeze(network: keras.Model, backbone: str) -> None:
    """Leave the `encoder` as it is in training, BatchNormalization with its statistics.

    Args:
        network, backbone: as of `encoder`; a network that is not compiled yet.
    """
    for layer in encoder(network, backbone).layers:
        layer.trainable = False


def head(network: keras.Model, backbone: str) -> keras.Model:
    """Everything after the encoder of a network of Task 1 or 3, sharing its layers.

    Args:
        network: what `salient_object` or `fine_grained` returns, for images of one size.
        backbone: the name of its backbone.

    Returns:
        A `keras.Model`. Inputs "features", what the `encoder` returns in float32, and "gaze" if the
        network takes it; outputs those of the network.

    Raises:
        InputError: No backbone has the name.

    Example:

    >>> from keras_attn.models import fine_grained
    >>> from keras_attn.models.halves import head
    >>> part = head(fine_grained("vgg16", "sigmoid", classes=5, width=1 / 64), "vgg16")
    >>> part.input["features"].shape, part.output["logits"].shape
    ((None, 14, 14, 8), (None, 5))
    """
    features, images = _features(network, backbone), image_input_of(network)
    gaze = [tensor for tensor in network.inputs if tensor.name == GAZE]
    inputs = {"features": keras.Input(features.shape[1:], name="features", dtype="float32")}
    if gaze:
        inputs[GAZE] = keras.Input((None, None, 1), name=GAZE)
    taken, fed = [features, *gaze], [*inputs.values()]
    if any(isinstance(layer, ResizeLike) for layer in network.layers):
        # Of the image these layers read the size alone, so that a blank of it does.
        blank = ops.image.resize(
            inputs["features"][..., :3], images.shape[1:3], data_format="channels_last"
        )
        taken, fed = [*taken, images], [*fed, ops.zeros_like(blank)]
    part = keras.Model(taken, network.output, name=network.name)
    return keras.Model(inputs, part(fed), name=f"{network.name}_head")


def _features(network, backbone):
    return network.get_layer(backbone_of(backbone).stages[-1]).output
