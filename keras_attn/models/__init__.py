"""Networks with the Functional API: float32 RGB in [0, 255] in; they never load weights."""

from collections.abc import Callable
from dataclasses import dataclass

from keras_attn.errors import one_of
from keras_attn.models.alexnet import alexnet
from keras_attn.models.resnet50 import resnet50
from keras_attn.models.vgg16 import vgg16


@dataclass(frozen=True)
class Backbone:
    """A network of the study.

    build: its function. size: side of the paper's images. stages: the last layer of each
    resolution, from fine to coarse. top: the last layer, whose units are the classes.
    """

    build: Callable
    size: int
    stages: tuple
    top: str


BACKBONES = {
    "alexnet": Backbone(alexnet, 227, ("conv1", "conv2", "conv5"), "fc8"),
    "vgg16": Backbone(
        vgg16,
        224,
        ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3"),
        "predictions",
    ),
    "resnet50": Backbone(
        resnet50,
        224,
        ("conv2_block3_out", "conv3_block4_out", "conv4_block6_out", "conv5_block3_out"),
        "predictions",
    ),
}


def backbone(name):
    """The `Backbone` of that name."""
    return BACKBONES[one_of("backbone", name, tuple(BACKBONES))]


__all__ = ["BACKBONES", "Backbone", "alexnet", "backbone", "resnet50", "vgg16"]
