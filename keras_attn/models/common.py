"""What networks share: preprocessing inside the model, resizing, channel scaling, last layers."""

from collections.abc import Mapping, Sequence
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
    casts to its own. No weights.

    Args:
        mean: What is subtracted from blue, green and red, in grey levels of 255.

    Input shape:
        RGB `(batch, ..., 3)` in [0, 255].

    Output shape:
        The same, float32, blue first.

    Example:

    >>> import numpy as np
    >>> from keras_attn.models.common import CaffePreprocessing
    >>> red = np.array([[[[255, 0, 0]]]])
    >>> np.asarray(CaffePreprocessing(mean=(1, 2, 3))(red)).ravel().tolist()
    [-1.0, -2.0, 252.0]
    """

    def __init__(self, mean: Sequence[float] = IMAGENET_BGR_MEAN, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.mean = tuple(float(value) for value in mean)

    def call(self, images: Tensor) -> Tensor:
        """Return the preprocessed images."""
        return ops.flip(ops.cast(images, "float32"), axis=-1) - ops.convert_to_tensor(self.mean)

    def compute_output_spec(self, images: Tensor) -> Tensor:
        """Float32 of the images' shape."""
        return keras.KerasTensor(images.shape, dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "mean": self.mean}


@keras.saving.register_keras_serializable("keras_attn")
class ResizeLike(keras.layers.Layer):
    """Bilinear resizing of maps to the height and width of an image, in float32. No weights.

    Input shape:
        A list of two: maps `(batch, h, w, C)`, and images `(batch, H, W, 3)`.

    Output shape:
        `(batch, H, W, C)`, float32.

    Example:

    >>> import numpy as np
    >>> from keras_attn.models.common import ResizeLike
    >>> tuple(ResizeLike()([np.ones((1, 7, 7, 1)), np.ones((1, 56, 64, 3))]).shape)
    (1, 56, 64, 1)
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


def scaled(channels: int, width: float) -> int:
    """`channels` times `width`, to the nearest multiple of 8 and at least 8.

    Args:
        channels: A whole number of channels.
        width: Factor, above 0; at 1 a multiple of 8 stays as it is.

    Returns:
        A multiple of 8.

    Raises:
        InputError: `width` is not above 0.

    Example:

    >>> from keras_attn.models.common import scaled
    >>> scaled(512, 0.25), scaled(64, 1 / 16)
    (128, 8)
    """
    if not width > 0:
        raise InputError("width", "a positive factor of the channel counts", width)
    return max(8, 8 * round(channels * width / 8))


def caffe_preprocessing(images: Tensor) -> Tensor:
    """What networks that were trained with Caffe take: BGR minus the means of ImageNet.

    Args:
        images: Keras tensor `(batch, H, W, 3)`, RGB in [0, 255].

    Returns:
        A float32 tensor of the same shape, by a layer "preprocessing".

    Example:

    >>> import keras
    >>> from keras_attn.models.common import caffe_preprocessing
    >>> caffe_preprocessing(keras.Input((224, 224, 3))).shape
    (None, 224, 224, 3)
    """
    return CaffePreprocessing(name="preprocessing")(images)


def image_input(input_shape: Sequence[int | None]) -> Tensor:
    """The input of an image.

    Args:
        input_shape: (H, W, 3), where H and W may be None.

    Returns:
        A float32 Keras tensor `(batch, H, W, 3)` called "image".

    Raises:
        InputError: The shape is not of that form.

    Example:

    >>> from keras_attn.models.common import image_input
    >>> image_input((None, None, 3)).name
    'image'
    """
    if len(input_shape) != 3 or input_shape[-1] != 3:
        raise InputError("input_shape", "(height, width, 3)", tuple(input_shape))
    return keras.Input(input_shape, name="image", dtype="float32")


GAZE = "gaze"
"""The input of a network that takes the fixation density."""


def image_input_of(model: keras.Model) -> Tensor:
    """The input that is not the gaze; the two are in no order one could rely on.

    Args:
        model: A functional model.

    Returns:
        Its Keras tensor.

    Example:

    >>> import keras
    >>> from keras_attn.models.common import image_input, image_input_of
    >>> gaze, image = keras.Input((8, 8, 1), name="gaze"), image_input((8, 8, 3))
    >>> model = keras.Model([gaze, image], keras.layers.Multiply()([gaze, image]))
    >>> image_input_of(model).name
    'image'
    """
    return next(tensor for tensor in model.inputs if tensor.name != GAZE)


def in_structure(model: keras.Model, tensors: Mapping[str, Tensor]) -> Any:
    """Tensors by the names of a functional model's inputs in the structure it was made with.

    Args:
        model: A functional model.
        tensors: One for each input, by its name; arrays will do.

    Returns:
        The tensors in a dict, a list, or one tensor alone, as the model takes them.

    Example:

    >>> import keras
    >>> from keras_attn.models.common import in_structure
    >>> inputs = [keras.Input((2,), name="b"), keras.Input((2,), name="a")]
    >>> model = keras.Model(inputs, keras.layers.Add()(inputs))
    >>> in_structure(model, {"a": 1, "b": 2})
    [2, 1]
    """
    return keras.tree.map_structure(lambda tensor: tensors[tensor.name], model.input)


def class_scores(x: Tensor, classes: int, name: str, activation: str | None = "softmax") -> Tensor:
    """The last layer of a classifier: scores of its classes, in float32 under every policy.

    Args:
        x: Keras tensor `(batch, features)`.
        classes: How many.
        name: Of the layer.
        activation: "softmax" for probabilities; None for the scores before it.

    Returns:
        Float32 `(batch, classes)`.

    Example:

    >>> import keras
    >>> from keras_attn.models.common import class_scores
    >>> class_scores(keras.Input((64,)), 5, "predictions").shape
    (None, 5)
    """
    return keras.layers.Dense(classes, activation=activation, dtype="float32", name=name)(x)


def pooled_head(features: Tensor, classes: int, *, activation: str | None = "softmax") -> Tensor:
    """The mean of the features over positions and one dense layer, "predictions".

    Args:
        features: Keras tensor `(batch, h, w, C)`.
        classes: How many.
        activation: As for `class_scores`.

    Returns:
        Float32 `(batch, classes)`.

    Example:

    >>> import keras
    >>> from keras_attn.models.common import pooled_head
    >>> pooled_head(keras.Input((7, 7, 64)), 5).shape
    (None, 5)
    """
    pooled = keras.layers.GlobalAveragePooling2D(name="avg_pool")(features)
    return class_scores(pooled, classes, "predictions", activation)
