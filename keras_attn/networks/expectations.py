"""What a model expects as its input, and what is known of its layers by their kind."""

import keras

from keras_attn import layers
from keras_attn.networks import inside

MAKE_MAPS = (
    keras.layers.Conv2D,
    keras.layers.SeparableConv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.Conv2DTranspose,
    keras.layers.MaxPooling2D,
    keras.layers.AveragePooling2D,
    keras.layers.UpSampling2D,
    layers.AttentionModule,
    layers.ActivationAttention,
    layers.SpatialSoftmax,
    layers.GazeAttention,
    layers.Glimpse,
)
"""Layers of which it is known that they return features of an image."""
PADS = (keras.layers.ZeroPadding2D,)
"""Layers that repeat the one before them, and would stand for its stage."""
BRING_PREPROCESSING = ("keras_hub", "keras_nlp")
"""Packages whose models have a `preprocessor` that they do not call themselves."""
RAW = 100
"""A largest value of the input, none of which is negative, from which on it is taken for pixels."""
APPLICATIONS = {
    "densenet": ("conv2_block1_0_bn", "pool2_conv"),
    "inception_resnet_v2": ("mixed_5b", "conv_7b"),
    "inception_v3": ("mixed0", "mixed10"),
    "mobilenet": ("conv_dw_1", "conv_pw_13"),
    "mobilenet_v2": ("Conv1", "expanded_conv_depthwise"),
    "nasnet": ("stem_conv1", "stem_bn1"),
    "resnet_v2": ("conv2_block1_preact_bn", "post_relu"),
    "resnet": ("conv1_conv", "conv2_block1_out"),
    "vgg19": ("block1_conv1", "block5_conv4"),
    "vgg16": ("block1_conv1", "block5_conv3"),
    "xception": ("block1_conv1", "block14_sepconv2"),
}
"""Names of layers that tell the networks of `keras.applications` which do not preprocess."""
MODES = dict.fromkeys(("vgg16", "vgg19", "resnet"), "caffe") | {"densenet": "torch"}
"""How they want their input; all others "tf"."""


def makes_maps(layer):
    """Whether a layer is known to return features of an image."""
    return isinstance(layer, MAKE_MAPS)


def makes_no_map(path, every):
    """Whether a layer, of `every` by path, returns what is not shown unless it is asked for."""
    path = path.partition("@")[0]
    parents = [path[:i] for i, letter in enumerate(path) if letter == "/"]
    in_attention = any(isinstance(every.get(parent), inside.ATTENTION) for parent in parents)
    return in_attention or isinstance(every[path], PADS)


def preprocessor_of(model):
    """What a model brings to preprocess images with, and does not call itself; or None."""
    packages = {kind.__module__.partition(".")[0] for kind in type(model).__mro__}
    return getattr(model, "preprocessor", None) if packages & {*BRING_PREPROCESSING} else None


def size_of(preprocessor):
    """The (H, W) that a preprocessor makes of all images, or None."""
    size = getattr(preprocessor, "image_size", None)
    if size is None:
        size = getattr(getattr(preprocessor, "image_converter", None), "image_size", None)
    return tuple(size) if size is not None else None


def preprocessed(preprocessor, images):
    """Images `(n, H, W, 3)` as a model's own preprocessor returns them."""
    if preprocessor is None:
        return images
    made = preprocessor(images)
    return made[0] if isinstance(made, (tuple, list)) else made


def application_of(paths):
    """The module of `keras.applications` that the paths of layers tell; None where none does."""
    names = {path.rpartition("/")[2] for path in paths}
    return next((name for name, told in APPLICATIONS.items() if names >= {*told}), None)


def sentence(trace, preprocess):
    """What has to be known of the input of a model that ran on pictures: a sentence, or ""."""
    if preprocess is not None:
        return ""
    first = next(((p, c) for p, c in trace.calls.items() if c.low is not None), None)
    return told_of_input(first[0], first[1].low, first[1].high, trace.layers) if first else ""


def told_of_input(layer, low, high, paths):
    """A sentence on values from low to high that reach the first layer with a kernel, or "".

    paths: of all layers.
    """
    if low < 0 or high < RAW:
        return ""
    said = (
        f"Pixels of 0 to 255 reach its first layer, {layer}, as they are: the model has no "
        "preprocessing, and no preprocess was given."
    )
    return f"{said} {application_sentence(paths)}".strip()


def application_sentence(paths):
    """Which preprocessing a network of `keras.applications` wants, by its layers; or ""."""
    module = application_of(paths)
    if module is None:
        return ""
    mode = MODES.get(module, "tf")
    return (
        f"By its layers it is a {module} of keras.applications, whose weights want preprocess="
        f"keras.applications.{module}.preprocess_input (--preprocess {mode})."
    )
