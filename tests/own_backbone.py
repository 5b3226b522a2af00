"""A plug-in with two backbones of `keras.applications`, as one writes it outside of the package."""

import keras

import keras_attn as ka
from keras_attn.models import Backbone


def mobilenet_v2(x, *, width=1.0):
    """Its features (7×7 of 224²), by the names of layers that its published files have."""
    options = {"include_top": False, "weights": None, "alpha": width}
    return keras.applications.MobileNetV2(input_tensor=x, **options).output


def convnext_tiny(x):
    """Its features, 7×7 of 224². Keras gives the last layer no name that one could rely on."""
    options = {"include_top": False, "include_preprocessing": False, "weights": None}
    network = keras.applications.ConvNeXtTiny(input_tensor=x, **options)
    return keras.layers.Identity(name="features")(network.output)


ka.register(
    Backbone(
        name="mobilenet_v2",
        features=mobilenet_v2,
        stages=("block_5_add", "block_12_add", "out_relu"),
        preprocessing=keras.layers.Rescaling(1 / 127.5, -1, dtype="float32", name="preprocessing"),
        learning_rates={"salient_object": 1e-4, "fine_grained": 1e-5},
    ),
    Backbone(
        name="convnext_tiny",
        features=convnext_tiny,
        stages=("features",),
        preprocessing=keras.layers.Normalization(
            mean=(123.675, 116.28, 103.53),
            variance=(58.395**2, 57.12**2, 57.375**2),
            dtype="float32",
            name="preprocessing",
        ),
        classifier=("predictions",),
        learning_rates={"salient_object": 5e-5, "fine_grained": 5e-5},
    ),
)
