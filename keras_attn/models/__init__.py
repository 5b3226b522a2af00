"""Networks with the Functional API: float32 pixels in [0, 255] in; they never load weights."""

from keras_attn.models.backbones import BACKBONES, Backbone, backbone
from keras_attn.models.backbones.alexnet import alexnet
from keras_attn.models.backbones.resnet50 import resnet50
from keras_attn.models.backbones.vgg16 import vgg16
from keras_attn.models.c3d import c3d
from keras_attn.models.fine_grained import fine_grained
from keras_attn.models.salient_object import salient_object
from keras_attn.models.streams import copy_weights
from keras_attn.models.two_stream import two_stream

__all__ = [
    "BACKBONES",
    "Backbone",
    "alexnet",
    "backbone",
    "c3d",
    "copy_weights",
    "fine_grained",
    "resnet50",
    "salient_object",
    "two_stream",
    "vgg16",
]
