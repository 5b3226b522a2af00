"""Networks of `keras.applications` by name, with a weight file, that take pixels as they are."""

import inspect

import keras
import numpy as np

from keras_attn import weights as weight_files
from keras_attn.errors import InputError, listing
from keras_attn.loading.forms import APPLICATIONS
from keras_attn.models.common import caffe_preprocessing
from keras_attn.networks import expectations

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""RGB in [0, 1] of ImageNet, which the mode "torch" normalises by."""


def network(name, weights=None, size=None):
    """The network of a name such as "keras.applications.MobileNetV2", and its weight file or None.

    weights: a file or the name of a published one; its classifier is there if the file has one.
    size: (H, W) of the images; default that of the network. Its preprocessing is inside.
    """
    make = _maker(name)
    stored = None if weights is None else weight_files.shapes(weights)
    made = _fitting(name, make, stored, size)
    file = None
    if weights is not None:
        file = weight_files.load(made, weights, by="counted").path
    image = keras.Input(made.input_shape[1:], name="image")
    # Run so, its layers are those of the new model under their own names.
    outputs = made.call(_preprocessed(image, _module(make)))
    return keras.Model(image, outputs, name=name.rpartition(".")[2]), file


def _maker(name):
    makers = {
        key: one
        for key, one in vars(keras.applications).items()
        if callable(one) and "include_top" in inspect.signature(one).parameters
    }
    own = name.removeprefix(APPLICATIONS)
    if own not in makers:
        expected = f"{APPLICATIONS} and one of {listing(sorted(makers), 60)}"
        raise InputError("model", expected, repr(name))
    return makers[own]


def _module(make):
    return make.__module__.rpartition(".")[2]


def _fitting(name, make, stored, size):
    """The network with a classifier or without one, whichever has as many weights as a file."""
    whole = make(weights=None, **_shape(size))
    if stored is None:
        return whole
    count = sum(map(len, stored.values()))
    if len(whole.weights) == count:
        classes = _classes(whole, stored)
        known = classes in (None, whole.output_shape[-1])
        return whole if known else make(weights=None, classes=classes, **_shape(size))
    shape = {"input_shape": whole.input_shape[1:]}
    without = make(weights=None, include_top=False, **shape)
    if len(without.weights) == count:
        return without
    expected = f"the {len(whole.weights)} weights of {name}"
    expected += f", or {len(without.weights)} without its classifier"
    raise InputError("weights", expected, f"{count} weights")


def _classes(network, stored):
    """How many classes the classifier of a file has; None where its layer is called otherwise."""
    top = [layer.name for layer in network.layers if layer.weights][-1]
    return stored[top][-1][-1] if top in stored else None


def _shape(size):
    return {} if size is None else {"input_shape": (*size, 3)}


def _preprocessed(image, module):
    """RGB pixels in [0, 255] as the networks of a module of `keras.applications` want them."""
    if module not in expectations.APPLICATIONS:  # they do it themselves
        return image
    mode = expectations.MODES.get(module, "tf")
    if mode == "caffe":
        return caffe_preprocessing(image)
    if mode == "tf":
        return keras.layers.Rescaling(1 / 127.5, offset=-1, name="preprocessing")(image)
    variance = np.square(DEVIATION)
    scaled = keras.layers.Rescaling(1 / 255, name="from_0_to_1")(image)
    normalised = keras.layers.Normalization(mean=MEAN, variance=variance, name="preprocessing")
    return normalised(scaled)
