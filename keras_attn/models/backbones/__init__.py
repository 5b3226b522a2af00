"""What a backbone is to the tasks and the audit; each file beside this one holds one, whole."""

import inspect
import keyword
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn

import keras

from keras_attn import registries
from keras_attn.errors import InputError
from keras_attn.mechanisms import Tensor
from keras_attn.models.common import image_input, pooled_head

BACKBONES = registries.BACKBONES


@dataclass(frozen=True)
class Backbone:
    """A network for images, and all that is known of it. `keras_attn.register` makes it known.

    Args:
        name: what it is called in configurations, options and tables.
        features: everything before its last pooling layer, as a function of preprocessed images
            that returns features `(batch, h, w, C)`. It may take the keyword `dilated`, with which
            Task 1 asks for features of a higher resolution with the same weights; Task 1 takes
            those of any other as they are. It may take `width`, a factor of all channel counts;
            any other comes in one width.
        stages: names of the last layer of each resolution, from fine to coarse. The last one
            returns the features.
        preprocessing: a function or layer that turns float32 RGB in [0, 255], which every network
            of this package takes, into what `features` takes. None: nothing.
        head: its last pooling layer and the rest, as a function of features, the number of classes
            and the keyword `activation`, of the class scores (None for those before softmax); if
            it takes them, also of `width` and `dropout`. Default the mean over positions and one
            dense layer, "predictions".
        classifier: names of the layers with weights in `head`, of which the last has the classes
            as its units.
        size: side of its images in pixels, where a configuration leaves it open.
        least: side of the smallest images that the whole network takes, or that leave something of
            the features.
        learning_rates: of Adam, by task ("salient_object", "fine_grained"). Without one, runs of
            that task have to name theirs.
        weights: names of published weight files in `weights/registry.toml`, that of the whole
            network first.

    Raises:
        InputError: This cannot be a backbone.

    Example:

    >>> import keras
    >>> from keras_attn.models.backbones import Backbone
    >>> def features(x):
    ...     return keras.layers.Conv2D(8, 3, strides=16, padding="same", name="conv")(x)
    >>> small = Backbone("small", features, stages=("conv",), size=64)
    >>> small.build().output.shape, small.build(classes=5).output.shape
    ((None, 4, 4, 8), (None, 5))
    """

    registry: ClassVar = BACKBONES

    name: str
    features: Callable
    stages: tuple[str, ...]
    preprocessing: Callable | None = None
    head: Callable = pooled_head
    classifier: tuple[str, ...] = ("predictions",)
    size: int = 224
    least: int = 32
    learning_rates: Mapping[str, float] = field(default_factory=dict)
    weights: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not str(self.name).isidentifier() or keyword.iskeyword(self.name) or self.name == "c3d":
            expected = "a name such as my_net, of letters, digits and _, other than c3d"
            raise InputError("name of backbone", expected, repr(self.name))
        for name in ("stages", "classifier", "weights"):
            names = getattr(self, name)
            if isinstance(names, str) or not all(isinstance(one, str) for one in names):
                self._refuse(name, "a tuple of names", names)
            object.__setattr__(self, name, tuple(names))
        for name in ("stages", "classifier"):
            if not getattr(self, name):
                self._refuse(name, "the name of a layer at least", ())
        for name in ("features", "head"):
            function = getattr(self, name)
            if not callable(function) or isinstance(function, keras.layers.Layer):
                # Networks that share a layer would share what they learn.
                expected = "a function, which makes its layers anew for every network"
                self._refuse(name, expected, function)
        if getattr(self.preprocessing, "weights", ()):
            self._refuse("preprocessing", "a function, or a layer without weights", "one with some")
        if not _takes(self.head, "activation"):
            expected = "a function that takes activation=None for the scores before softmax"
            self._refuse("head", expected, self.head)
        for task, rate in self.learning_rates.items():
            if not (isinstance(rate, (int, float)) and rate > 0):
                self._refuse("learning_rates", f"a positive rate for {task!r}", rate)

    def _refuse(self, what: str, expected: str, received: Any) -> NoReturn:
        raise InputError(f"{what} of backbone {self.name!r}", expected, repr(received))

    @property
    def top(self) -> str:
        """The layer whose units are the classes."""
        return self.classifier[-1]

    def images(self, input_shape: Sequence[int | None] | None = None) -> tuple[Tensor, Tensor]:
        """The input "image" and its preprocessed pixels.

        Args:
            input_shape: (H, W, 3), where H and W may be None; default (`size`, `size`, 3).

        Returns:
            A pair of Keras tensors: images `(batch, H, W, 3)`, float32 RGB in [0, 255], and what
            `preprocessing` makes of them.

        Raises:
            InputError: The shape is not that of RGB images.
        """
        images = image_input(input_shape or (self.size, self.size, 3))
        return images, _preprocessed(self.preprocessing, images)

    def encoded(self, x: Tensor, *, dilated: bool = False, width: float = 1.0) -> Tensor:
        """The features of preprocessed images.

        Args:
            x: preprocessed images `(batch, H, W, C)`.
            dilated: whether for Task 1, at a higher resolution where it can be.
            width: a factor of all channel counts.

        Returns:
            Features `(batch, h, w, C)`.

        Raises:
            InputError: It does not come in this width, or the features are of no layer of its own.
        """
        if width != 1 and not _takes(self.features, "width"):
            expected = f"1 for {self.name}, which comes in one width (--model.width 1)"
            raise InputError("width", expected, width)
        features = _called(self.features, x, dilated=dilated, width=width)
        self._check("features", features, self.stages[-1], "the last one of its stages")
        return features

    def classified(
        self, features: Tensor, classes: int, *, activation: str | None = "softmax", **options: Any
    ) -> Tensor:
        """The class scores of features.

        Args:
            features: `(batch, h, w, C)`, as `encoded` returns them.
            classes: how many.
            activation: of the scores; None for those before softmax.
            options: `width` and `dropout`, for a head that takes them.

        Returns:
            Class scores `(batch, classes)`.

        Raises:
            InputError: The scores are of no layer of its own.
        """
        scores = _called(self.head, features, classes, activation=activation, **options)
        self._check("class scores", scores, self.top, "the last one of its classifier")
        return scores

    def build(
        self,
        input_shape: Sequence[int | None] | None = None,
        *,
        classes: int | None = None,
        dilated: bool = False,
        width: float = 1.0,
        name: str | None = None,
    ) -> keras.Model:
        """The network on float32 RGB in [0, 255], up to its features, or with `classes` whole.

        Args:
            input_shape: as of `images`.
            classes: how many; None for a network that returns features.
            dilated, width: as of `encoded`.
            name: of the model; default the backbone's.

        Returns:
            A `keras.Model` from "image" to features `(batch, h, w, C)` or class scores
            `(batch, classes)`.

        Raises:
            InputError: As `images`, `encoded` and `classified` do.
        """
        images, x = self.images(input_shape)
        x = self.encoded(x, dilated=dilated, width=width)
        if classes is not None:
            x = self.classified(x, classes, width=width)
        return keras.Model(images, x, name=name or self.name)

    def _check(self, what: str, tensor: Tensor, layer: str, which: str) -> None:
        """Refuse a tensor that is not of the layer by whose name it is looked for."""
        origin = getattr(getattr(tensor, "_keras_history", None), "operation", None)
        received = getattr(origin, "name", repr(tensor))
        # A network within the network has outputs of its own, which are not these.
        if isinstance(origin, keras.Model):
            received = f"the whole network {received}"
        if received != layer:
            expected = (
                f"those of the layer {layer!r}, {which} "
                f"(keras.layers.Identity(name={layer!r}) gives them that name)"
            )
            raise InputError(f"{what} of backbone {self.name!r}", expected, f"those of {received}")


def backbone(name: str) -> Backbone:
    """The `Backbone` of that name.

    Args:
        name: a name of `BACKBONES`.

    Returns:
        A `Backbone`.

    Raises:
        InputError: Nothing is registered under the name; the message lists what is.

    Example:

    >>> from keras_attn.models.backbones import backbone
    >>> backbone("vgg16").stages[-1], backbone("vgg16").size
    ('block5_conv3', 224)
    """
    return BACKBONES.find(name)


def _takes(function: Callable, keyword: str) -> bool:
    """Whether a function can be called with a keyword."""
    parameters = inspect.signature(function).parameters
    every = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    return every or keyword in parameters


def _called(function: Callable, *arguments: Any, **options: Any) -> Any:
    """What a function returns, called with those of the options that it takes."""
    taken = {name: value for name, value in options.items() if _takes(function, name)}
    return function(*arguments, **taken)


def _preprocessed(function: Callable | None, images: Tensor) -> Tensor:
    """Images as a function or layer returns them; a layer is made anew for every network."""
    if function is None:
        return images
    if isinstance(function, keras.layers.Layer):
        function = type(function).from_config(function.get_config())
    return function(images)
