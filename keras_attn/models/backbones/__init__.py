"""The three backbones of the study by name, with what the tasks and the audit ask of them."""

from collections.abc import Callable
from dataclasses import dataclass

from keras_attn.errors import one_of
from keras_attn.models.backbones.alexnet import alexnet
from keras_attn.models.backbones.alexnet import classifier as alexnet_head
from keras_attn.models.backbones.alexnet import features as alexnet_features
from keras_attn.models.backbones.resnet50 import classifier as resnet50_head
from keras_attn.models.backbones.resnet50 import features as resnet50_features
from keras_attn.models.backbones.resnet50 import resnet50
from keras_attn.models.backbones.vgg16 import classifier as vgg16_head
from keras_attn.models.backbones.vgg16 import features as vgg16_features
from keras_attn.models.backbones.vgg16 import vgg16


@dataclass(frozen=True)
class Backbone:
    """A network of the study.

    build: its function. features: everything before its last pooling layer, as a function of
    preprocessed images with `dilated` and `width`. head: that layer and the rest, as a function of
    features and the number of classes with `width`, `dropout` and `activation`. size: side of the
    paper's images. stages: the last layer of each resolution, from fine to coarse. classifier: the
    layers with weights after the last pooling, of which the last has the classes as its units.
    least: side of the smallest images that the whole network takes; of ResNet50, which pads them
    so that it takes any, the stride of its features.
    """

    build: Callable
    features: Callable
    head: Callable
    size: int
    stages: tuple
    classifier: tuple
    least: int

    @property
    def top(self):
        """The layer whose units are the classes."""
        return self.classifier[-1]


BACKBONES = {
    "alexnet": Backbone(
        alexnet,
        alexnet_features,
        alexnet_head,
        227,
        ("conv1", "conv2", "conv5"),
        ("fc6", "fc7", "fc8"),
        67,
    ),
    "vgg16": Backbone(
        vgg16,
        vgg16_features,
        vgg16_head,
        224,
        ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3"),
        ("fc1", "fc2", "predictions"),
        32,
    ),
    "resnet50": Backbone(
        resnet50,
        resnet50_features,
        resnet50_head,
        224,
        ("conv2_block3_out", "conv3_block4_out", "conv4_block6_out", "conv5_block3_out"),
        ("predictions",),
        32,
    ),
}


def backbone(name):
    """The `Backbone` of that name."""
    return BACKBONES[one_of("backbone", name, tuple(BACKBONES))]
