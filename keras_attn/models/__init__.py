"""Networks with the Functional API. A model takes float32 RGB in [0, 255] and never loads weights."""

from dataclasses import dataclass

from keras_attn.errors import one_of
from keras_attn.models.alexnet import alexnet
from keras_attn.models.resnet50 import resnet50
from keras_attn.models.vgg16 import vgg16


@dataclass(frozen=True)
class Backbone:
    """A network of the study: its builder, the image size of the paper, and its stages.

    stages: the last layer of each resolution, from fine to coarse.
    """

    build: object
    size: int
    stages: tuple


BACKBONES = {
    "alexnet": Backbone(alexnet, 227, ("conv1", "conv2", "conv5")),
    "vgg16": Backbone(vgg16, 224, tuple(f"block{i}_conv{2 if i < 3 else 3}" for i in range(1, 6))),
    "resnet50": Backbone(
        resnet50, 224, tuple(f"conv{i}_block{n}_out" for i, n in ((2, 3), (3, 4), (4, 6), (5, 3)))
    ),
}


def backbone(name):
    """The `Backbone` of that name."""
    return BACKBONES[one_of("backbone", name, tuple(BACKBONES))]


__all__ = ["BACKBONES", "Backbone", "alexnet", "backbone", "resnet50", "vgg16"]
