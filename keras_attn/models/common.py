"""What networks share: preprocessing inside the model, resizing, channel scaling, last layers."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_attn.errors import InputError
from keras_attn.layers import resized
from keras_attn.mechanisms import Tensor

IMAGENET_BGR_MEAN = (103.939, 116.779, 123.68)
"""Mean blue, green and red of ImageNet, which weights that were trained with Caffe expect."""


@keras.saving.register_keras_serializable("keras_attn")
class CaffePreprocessing(keras.layers.Layer):
    """RGB in [0, 255] to BGR minus the channel means, in float32 under every precision policy.

    In float16 a value of 200.03 would become 200.00, hence the fixed type; the first convolution
    casts to its own. Input and output: `(batch, ..., 3)`. No weights.
    """

    def __init__(self, mean=IMAGENET_BGR_MEAN, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.mean = tuple(float(value) for value in mean)

    def call(self, images):
        """Return the preprocessed images."""
        return ops.flip(ops.cast(images, "float32"), axis=-1) - ops.convert_to_tensor(self.mean)

    def compute_output_spec(self, images):
        """Float32 of the images' shape."""
        return keras.KerasTensor(images.shape, dtype="float32")

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "mean": self.mean}


@keras.saving.register_keras_serializable("keras_attn")
class ResizeLike(keras.layers.Layer):
    """Bilinear resizing of maps to the height and width of an image, in float32. No weights.

    Input: [maps `(batch, h, w, C)`, images `(batch, H, W, 3)`]; output `(batch, H, W, C)`.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """Return the maps at the images' size."""
        maps, images = inputs
        return resized(ops.cast(maps, "float32"), ops.shape(images)[1:3])

    def compute_output_spec(self, inputs: Sequence[Tensor]) -> keras.KerasTensor:
        """The maps' channels at the images' size."""
        maps, images = inputs
        shape = (maps.shape[0], *images.shape[1:3], maps.shape[-1])
        return keras.KerasTensor(shape, dtype="float32")


def scaled(channels, width):
    """`channels` times `width`, to the nearest multiple of 8 and at least 8."""
    if not width > 0:
        raise InputError("width", "a positive factor of the channel counts", width)
    return max(8, 8 * round(channels * width / 8))


def caffe_preprocessing(images):
    """What networks that were trained with Caffe take: BGR minus the means of ImageNet."""
    return CaffePreprocessing(name="preprocessing")(images)


def image_input(input_shape):
    """The input of an image; `input_shape` is (H, W, 3), H and W may be None."""
    if len(input_shape) != 3 or input_shape[-1] != 3:
        raise InputError("input_shape", "(height, width, 3)", tuple(input_shape))
    return keras.Input(input_shape, name="image", dtype="float32")


GAZE = "gaze"
"""The input of a network that takes the fixation density."""


def image_input_of(model):
    """The input that is not the gaze; the two are in no order one could rely on."""
    return next(tensor for tensor in model.inputs if tensor.name != GAZE)


def in_structure(model, tensors):
    """Tensors by the names of a functional model's inputs in the structure it was made with.

    That is a dict, a list, or one tensor alone.
    """
    return keras.tree.map_structure(lambda tensor: tensors[tensor.name], model.input)


def class_scores(x, classes, name, activation="softmax"):
    """The last layer of a classifier: float32 scores of `classes` classes, as probabilities.

    activation: None for the scores before softmax.
    """
    return keras.layers.Dense(classes, activation=activation, dtype="float32", name=name)(x)


def pooled_head(features, classes, *, activation="softmax"):
    """The mean of the features over positions and one dense layer, "predictions"."""
    pooled = keras.layers.GlobalAveragePooling2D(name="avg_pool")(features)
    return class_scores(pooled, classes, "predictions", activation)
