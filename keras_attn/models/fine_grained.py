"""The network of Task 3 (Fig. 4): a backbone with a mechanism right before its last pooling."""

from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras.layers import GlobalAveragePooling2D

from keras_attn import mechanisms
from keras_attn.errors import one_of
from keras_attn.mechanisms import Mechanism
from keras_attn.models.backbones import backbone as backbone_of
from keras_attn.models.common import GAZE, class_scores
from keras_attn.models.halves import freeze

HEADS = ("published", "pooled")
POOLED = "classes"
"""The layer of the class scores where the head is "pooled"."""


def fine_grained(
    backbone: str = "vgg16",
    attention: Mechanism | str = "supervised",
    *,
    classes: int,
    input_shape: Sequence[int | None] | None = None,
    width: float = 1.0,
    head: Literal["published", "pooled"] = "published",
    dropout: float = 0.5,
    frozen: bool = True,
    momentum: float = 0.99,
    name: str = "fine_grained",
) -> keras.Model:
    """A classifier of `classes` classes with attention before its last pooling layer.

    Args:
        backbone: the name of one, such as "resnet50".
        attention: a `Mechanism` or its name.
        classes: how many.
        input_shape: (H, W, 3); default the backbone's.
        width: scales all channels.
        head: "published", the layers that the backbone has after its last convolution; "pooled",
            the mean over positions and one dense layer.
        dropout: rate after the first two fully connected layers.
        frozen: whether everything before the mechanism is left as it is in training,
            BatchNormalization included, as §IV-C2.
        momentum: of the module's BatchNormalization.
        name: of the model.

    Returns:
        A `keras.Model`. Input "image", float32 RGB in [0, 255]; for a mechanism that takes gaze
        also "gaze", densities `(batch, h, w, 1)` of any size. Outputs by name: `logits`
        `(batch, classes)`, before softmax, and `attention` at the size of the features (14×14 of
        224²; AlexNet 13×13 of 227²; ResNet50 7×7); all float32.

    Raises:
        InputError: No backbone, mechanism or head has the name; the backbone does not come in the
            width.

    Example:

    >>> from keras_attn.models.fine_grained import fine_grained
    >>> network = fine_grained("vgg16", "human", classes=5, width=1 / 64)
    >>> network.output["logits"].shape, network.output["attention"].shape
    ((None, 5), (None, 14, 14, 1))
    >>> network.input["gaze"].shape
    (None, None, None, 1)
    """
    mechanism, encoder = mechanisms.get(attention), backbone_of(backbone)
    images, x = encoder.images(input_shape)
    features = encoder.encoded(x, width=width)
    inputs = {"image": images}
    if mechanism.takes_gaze:
        inputs[GAZE] = keras.Input((None, None, 1), name=GAZE)
    attended = mechanisms.attend(
        mechanism, features, inputs.get(GAZE), momentum=momentum, name="attention"
    )
    if one_of("head", head, HEADS) == "published":
        options: dict[str, Any] = {"width": width, "dropout": dropout, "activation": None}
        logits = encoder.classified(attended.gated, classes, **options)
    else:
        pooled = GlobalAveragePooling2D(name="pooled")(attended.gated)
        logits = class_scores(pooled, classes, POOLED, activation=None)
    network = keras.Model(inputs, {"logits": logits, "attention": attended.attention}, name=name)
    if frozen:
        freeze(network, backbone)
    return network
