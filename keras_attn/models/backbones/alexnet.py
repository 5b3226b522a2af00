"""AlexNet (Krizhevsky et al. 2012) in Caffe's form: two groups, local response normalisation."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D

from keras_attn.errors import InputError, one_of
from keras_attn.layers import Shape, Tensor
from keras_attn.models.backbones import Backbone
from keras_attn.models.common import caffe_preprocessing, class_scores, scaled
from keras_attn.registry import register


@keras.saving.register_keras_serializable("keras_attn")
class LocalResponseNormalization(keras.layers.Layer):
    """x / (k + α Σ x²)^β, the sum over the 2 · radius + 1 channels around each. No weights.

    It differs from TensorFlow's own by 4e-7 of a value.

    Args:
        radius: How many channels on either side count.
        alpha: α of each term, as TensorFlow has it; Caffe divides its α by the number of terms.
        beta: The exponent β.
        k: What is added to the sum.

    Input shape:
        Features `(batch, H, W, C)`.

    Output shape:
        The same, in the compute type.

    Example:

    >>> import numpy as np
    >>> from keras_attn.models.backbones.alexnet import LocalResponseNormalization
    >>> layer = LocalResponseNormalization(radius=0, alpha=1.0, beta=1.0, k=1.0)
    >>> round(float(np.asarray(layer(np.full((1, 1, 1, 1), 3.0))).item()), 3)
    0.3
    """

    def __init__(
        self,
        radius: int = 2,
        alpha: float = 2e-5,
        beta: float = 0.75,
        k: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.radius, self.alpha, self.beta, self.k = radius, alpha, beta, k

    def call(self, x: Tensor) -> Tensor:
        """Return the normalised features."""
        # Squares of large activations overflow float16.
        x = ops.cast(x, "float32")
        places = np.arange(x.shape[-1])
        near = np.abs(places - places[:, None]) <= self.radius
        # As a product of matrices the sum is several times faster than as shifted slices.
        weights = ops.convert_to_tensor(near * self.alpha, "float32")
        total = self.k + ops.matmul(ops.square(x), weights)
        return ops.cast(x * ops.exp(-self.beta * ops.log(total)), self.compute_dtype)

    def compute_output_spec(self, x: Tensor) -> Tensor:
        """Of the input's shape."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        own = {"radius": self.radius, "alpha": self.alpha, "beta": self.beta, "k": self.k}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("keras_attn")
class GroupedConv2D(keras.layers.Layer):
    """A convolution with bias and ReLU whose channels fall into groups that do not see each other.

    Split, convolve, concatenate: several times faster on a CPU than a grouped `Conv2D`, and it
    converts to ONNX. Its kernel is `(size, size, C / groups, filters)`, the published layout.

    Args:
        filters: How many channels come out, a multiple of the groups.
        size: Side of the kernel; the image is padded by zeros.
        groups: How many there are.

    Input shape:
        Features `(batch, H, W, C)`, C a multiple of the groups.

    Output shape:
        `(batch, H, W, filters)`, 0 or more.

    Raises:
        InputError: Filters or channels are no multiple of the groups.

    Example:

    >>> import numpy as np
    >>> from keras_attn.models.backbones.alexnet import GroupedConv2D
    >>> tuple(GroupedConv2D(8, 3)(np.zeros((1, 5, 5, 4))).shape)
    (1, 5, 5, 8)
    """

    def __init__(self, filters: int, size: int, groups: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if filters % groups:
            raise InputError("filters", f"a multiple of {groups} groups", filters)
        self.filters, self.size, self.groups = filters, size, groups

    def build(self, input_shape: Shape) -> None:
        """Create kernel and bias."""
        if input_shape[-1] % self.groups:
            expected = f"a channel count that is a multiple of {self.groups}"
            raise InputError(f"input of layer {self.name!r}", expected, input_shape[-1])
        shape = (self.size, self.size, input_shape[-1] // self.groups, self.filters)
        self.kernel = self.add_weight(shape=shape, name="kernel")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, x: Tensor) -> Tensor:
        """Return relu(conv(x) + bias), of the input's height and width."""
        parts = zip(
            ops.split(x, self.groups, axis=-1),
            ops.split(ops.convert_to_tensor(self.kernel), self.groups, axis=-1),
            strict=True,
        )
        groups = [ops.conv(part, kernel, padding="same") for part, kernel in parts]
        return ops.relu(ops.concatenate(groups, axis=-1) + self.bias)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape with `filters` channels."""
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        own = {"filters": self.filters, "size": self.size, "groups": self.groups}
        return {**super().get_config(), **own}


def features(
    x: Tensor,
    *,
    width: float = 1.0,
    lrn: str = "before_pool",
    lrn_alpha: float = 2e-5,
    lrn_k: float = 1.0,
) -> Tensor:
    """Everything before the last pooling; preprocessed images in, 256 · width channels out.

    It is never dilated: the paper takes AlexNet as it is (13×13).
    """
    one_of("lrn", lrn, ("before_pool", "after_pool"))

    def conv(x: Tensor, channels: int, size: int, groups: int, name: str, **options: Any) -> Tensor:
        if groups == 1:
            return Conv2D(scaled(channels, width), size, activation="relu", name=name, **options)(x)
        return GroupedConv2D(scaled(channels, width), size, groups, name=name)(x)

    def reduced(x: Tensor, i: int) -> Tensor:
        norm = LocalResponseNormalization(alpha=lrn_alpha, k=lrn_k, name=f"norm{i}")
        pool = MaxPooling2D(3, 2, name=f"pool{i}")
        return pool(norm(x)) if lrn == "before_pool" else norm(pool(x))

    x = reduced(conv(x, 96, 11, 1, "conv1", strides=4), 1)
    x = reduced(conv(x, 256, 5, 2, "conv2"), 2)
    x = conv(x, 384, 3, 1, "conv3", padding="same")
    x = conv(x, 384, 3, 2, "conv4")
    return conv(x, 256, 3, 2, "conv5")


def classifier(
    x: Tensor,
    classes: int,
    *,
    width: float = 1.0,
    dropout: float = 0.5,
    activation: str | None = "softmax",
) -> Tensor:
    """The last pooling layer and the fully connected ones; `dropout` after fc6 and fc7.

    activation: of the last layer, as for `common.class_scores`.
    """
    x = MaxPooling2D(3, 2, name="pool5")(x)
    x = Flatten(name="flatten")(x)
    for layer in ("fc6", "fc7"):
        x = Dense(scaled(4096, width), activation="relu", name=layer)(x)
        if dropout:
            x = Dropout(dropout, name=f"{layer}_dropout")(x)
    return class_scores(x, classes, "fc8", activation)


ALEXNET = register(
    Backbone(
        name="alexnet",
        features=features,
        stages=("conv1", "conv2", "conv5"),
        preprocessing=caffe_preprocessing,
        head=classifier,
        classifier=("fc6", "fc7", "fc8"),
        size=227,
        least=67,
        learning_rates={"salient_object": 1e-5, "fine_grained": 5e-6},
        weights=("alexnet", "alexnet_theano"),
    )
)
"""Learning rates: §IV-A2, §IV-C2."""


def alexnet(
    input_shape: Sequence[int | None] | None = None,
    *,
    classes: int | None = None,
    dilated: bool = False,
    width: float = 1.0,
    lrn: str = "before_pool",
    lrn_alpha: float = 2e-5,
    lrn_k: float = 1.0,
    name: str = "alexnet",
) -> keras.Model:
    """AlexNet on float32 RGB in [0, 255], up to its last pooling layer, or with `classes` whole.

    At width 1 the layers bear the names and shapes of the published weights: 2,334,080
    parameters, with 1000 classes 60,965,224. The defaults of the normalisation are those of
    `bvlc_alexnet`; the Theano weights of heuritech want "after_pool", 1e-4 and 2.

    Args:
        input_shape: (H, W, 3), default 227×227; H and W may be None without `classes`.
        classes: how many it tells apart; None for the features alone.
        dilated: changes nothing; the paper takes AlexNet's convolutional part as it is (13×13).
        width: factor of all channel counts.
        lrn: where the normalisation stands, "before_pool" or "after_pool".
        lrn_alpha: its α, of each term.
        lrn_k: its k.
        name: of the model.

    Returns:
        A `keras.Model`: features `(batch, h, w, 256 · width)`, or probabilities `(batch, classes)`.

    Raises:
        InputError: The shape is not of that form or too small, `width` is not above 0, or `lrn` is
            none of these.

    Example:

    >>> import keras_attn as ka
    >>> ka.models.alexnet(width=1 / 8).output.shape
    (None, 13, 13, 32)
    """
    normalised = partial(features, lrn=lrn, lrn_alpha=lrn_alpha, lrn_k=lrn_k)
    network = replace(ALEXNET, features=normalised)
    return network.build(input_shape, classes=classes, dilated=dilated, width=width, name=name)
