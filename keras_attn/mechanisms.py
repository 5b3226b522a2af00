"""The five attention mechanisms of the paper (§III) as data, and the function that applies them.

A `Mechanism` says where the attention map A comes from, how it is normalised, whether it gates
the features and whether gaze supervises it; all else follows from these fields. Wherever a name
is accepted, that of any registered one will do, or a mechanism of one's own: `NAMED` has the five
of the study, their variant and those that others have registered. Importing this loads neither
Keras nor TensorFlow.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, NamedTuple

from keras_attn.errors import InputError, one_of
from keras_attn.registry import Registry, register

SOURCES = ("energy", "module", "gaze")
NORMALISATIONS = ("none", "softmax", "sigmoid", "max")
GATES = ("none", "map", "positions", "mean")
MARKS = ("circle", "square", "triangle", "diamond", "star", "down")
"""What a network may be marked with in charts; "down" is a triangle that points down."""
NO_ATTENTION = "none"
"""What rows call the attention of a network that has none."""
Tensor = Any
"""Of the backend that Keras runs on, or symbolic."""
NAMED = Registry(
    "attention mechanism",
    first=("activation", "softmax", "sigmoid", "supervised", "human", "softmax_of_logits"),
)
"""All mechanisms by name."""
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class Mechanism:
    """Where an attention map A comes from, and what it is used for.

    Args:
        name: what it is called in configurations, options and tables.
        source: "energy", Σ_d |Z_d|^p over the channels of the feature Z (Eq. 4); "module", a
            learned module on Z with logits Y; "gaze", the density of human fixations.
        normalise: "softmax" over all positions of a frame (Eq. 2), "sigmoid" (Eq. 3), "max"
            (divided by its maximum; all ones without fixations) or "none". Of a module of one's
            own, which normalises by itself, it says what A is.
        gate: what multiplies Z in the glimpse G (Eq. 1): "none" (G = Z), "map" (A itself),
            "positions" (A times the number of positions, so that a softmax keeps the scale of the
            features) or "mean" (A scaled to mean 1).
        supervised: whether the loss pulls A towards the gaze density.
        p: the exponent of Eq. 4, above 0.
        softmax_of: what the softmax is taken of, Y ("logits", Eq. 2) or σ(Y) ("sigmoid", §IV-A1).
        module: the learned module, where it is not the paper's: a Keras layer class, or any
            function of `name=` that makes a layer. The layer is called with features
            `(batch, H, W, C)` or `(batch, T, H, W, C)` and returns the pair (A, Y), each of one
            channel and of the features' frames, A never negative. A run of such a mechanism is
            loaded by the name that `keras_attn.register` has given it.
        colour: of its networks in charts: "#rrggbb", or a pair of such on light and on dark ground.
            Colour and mark tell no mechanisms apart.
        mark: of its networks in charts, one of `MARKS`.

    Raises:
        InputError: A field is none of these, or fields do not go together.

    Example:

    >>> import keras_attn as ka
    >>> own = ka.Mechanism("mean_softmax", "module", "softmax", gate="mean", supervised=True)
    >>> own.takes_gaze, own.gates
    (False, True)
    """

    registry: ClassVar = NAMED

    name: str
    source: str
    normalise: str
    gate: str = "map"
    supervised: bool = False
    p: float = 2.0
    softmax_of: str = "logits"
    module: Callable | None = None
    colour: str | tuple = field(default=("#9a4a80", "#dd9cc4"), compare=False)
    mark: str = field(default="down", compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or self.name in ("", NO_ATTENTION):
            expected = f"a text that is not {NO_ATTENTION!r}, which networks without attention have"
            raise InputError("Mechanism.name", expected, repr(self.name))
        one_of("Mechanism.source", self.source, SOURCES)
        one_of("Mechanism.normalise", self.normalise, NORMALISATIONS)
        one_of("Mechanism.gate", self.gate, GATES)
        one_of("Mechanism.softmax_of", self.softmax_of, ("logits", "sigmoid"))
        one_of("Mechanism.mark", self.mark, MARKS)
        fits = {"energy": ("none",), "module": ("softmax", "sigmoid"), "gaze": ("none", "max")}
        if self.module is not None:
            self._check_module()
            fits["module"] = NORMALISATIONS
        one_of(f"Mechanism.normalise of source {self.source!r}", self.normalise, fits[self.source])
        if self.supervised and self.source != "module":
            raise InputError(
                "Mechanism.supervised", "source 'module', which can learn", self.source
            )
        if not self.p > 0:
            raise InputError("Mechanism.p", "a positive exponent", self.p)
        if len(self.colours) != 2 or not all(map(_is_colour, self.colours)):
            expected = "'#rrggbb', or a pair of such on light and on dark ground"
            raise InputError("Mechanism.colour", expected, repr(self.colour))

    def _check_module(self) -> None:
        if self.source != "module":
            raise InputError("Mechanism.module", "None unless source is 'module'", self.source)
        if not callable(self.module):
            expected = "a layer class, or a function of name= that makes a layer"
            raise InputError("Mechanism.module", expected, repr(self.module))

    @property
    def takes_gaze(self) -> bool:
        """Whether the model needs the gaze density as an input, also at test time."""
        return self.source == "gaze"

    @property
    def gates(self) -> bool:
        """Whether A multiplies the features, or is only looked at."""
        return self.gate != "none"

    @property
    def colours(self) -> tuple:
        """The colour on light ground and that on dark ground."""
        return tuple(self.colour) if isinstance(self.colour, (tuple, list)) else (self.colour,) * 2

    def to_dict(self) -> dict:
        """All that decides what a network of it is, as plain values.

        A module is told by where it is from, as "file:Class", and found again by the name of the
        mechanism.
        """
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.compare}
        module = values.pop("module")
        return values if module is None else values | {"module": _origin(module)}


def _is_colour(value: Any) -> bool:
    return isinstance(value, str) and _COLOUR.fullmatch(value) is not None


def _origin(module: Callable) -> str:
    """Where a layer class or function is from."""
    of = module if hasattr(module, "__qualname__") else type(module)
    return f"{of.__module__}:{of.__qualname__}"


_FIVE = (
    Mechanism(
        "activation",
        "energy",
        "none",
        gate="none",
        colour=("#4b505c", "#c6cbd6"),
        mark="circle",
    ),
    Mechanism(
        "softmax",
        "module",
        "softmax",
        gate="positions",
        softmax_of="sigmoid",
        colour=("#a86a00", "#e8a725"),
        mark="square",
    ),
    Mechanism("sigmoid", "module", "sigmoid", colour=("#0072b2", "#56b4e9"), mark="triangle"),
    Mechanism(
        "supervised",
        "module",
        "sigmoid",
        supervised=True,
        colour=("#00795a", "#2ec99c"),
        mark="diamond",
    ),
    Mechanism("human", "gaze", "max", colour=("#b84a00", "#f08a4b"), mark="star"),
)
_OTHER_READINGS = (Mechanism("softmax_of_logits", "module", "softmax", gate="positions"),)
register(*_FIVE, *_OTHER_READINGS)

MECHANISMS = {mechanism.name: mechanism for mechanism in _FIVE}
"""The five of the study by name: three implicit ones, then the two explicit ones."""
VARIANTS = {mechanism.name: mechanism for mechanism in _OTHER_READINGS}
"""Other readings of the paper, for whoever asks for them by name; see docs/paper.md."""


def get(mechanism: Mechanism | str) -> Mechanism:
    """The `Mechanism` of that name, or the one that is passed.

    Args:
        mechanism: a name of `NAMED`, or a `Mechanism`.

    Returns:
        A `Mechanism`.

    Raises:
        InputError: Nothing is registered under the name; the message lists what is.

    Example:

    >>> import keras_attn as ka
    >>> ka.mechanisms.get("human").takes_gaze
    True
    """
    return mechanism if isinstance(mechanism, Mechanism) else NAMED.find(mechanism, "attention")


class Attended(NamedTuple):
    """What `attend` returns; each a Keras tensor, float32 but for `gated`.

    Args:
        gated: the glimpse G, of the features' shape and type.
        attention: A, one channel, of the features' frame size.
        logits: Y before normalisation, or None where nothing is learned.

    Example:

    >>> import keras, keras_attn as ka
    >>> gated, attention, logits = ka.attend("activation", keras.Input((7, 7, 8)))
    >>> gated.shape, attention.shape, logits
    ((None, 7, 7, 8), (None, 7, 7, 1), None)
    """

    gated: Any
    attention: Any
    logits: Any


def attend(
    mechanism: Mechanism | str,
    features: Tensor,
    gaze: Tensor | None = None,
    *,
    of: Tensor | None = None,
    module: Callable | None = None,
    momentum: float = 0.99,
    name: str = "attention",
) -> Attended:
    """Apply a mechanism to features: the glimpse, the map and its logits (Eq. 1).

    Args:
        mechanism: a `Mechanism`, or the name of a registered one, such as "softmax".
        features: Keras tensor `(batch, H, W, C)` or `(batch, T, H, W, C)`.
        gaze: for a mechanism that takes gaze, densities `(batch, [T,] h, w, 1)`; any h, w.
        of: features of the same frames that A is made from, where these are not the ones it gates.
        module: a layer `features -> (A, Y)` in place of the mechanism's own module.
        momentum: of the BatchNormalization of the paper's module.
        name: of the attention layer; the glimpse is called `<name>_glimpse`.

    Returns:
        An `Attended`: `.gated`, `.attention`, `.logits`.

    Raises:
        InputError: No mechanism has the name; it takes gaze and there is none; its module returns
            no pair (A, Y).

    Example:

    >>> import keras, keras_attn as ka
    >>> features = keras.Input((28, 28, 64))
    >>> ka.attend("sigmoid", features).attention.shape
    (None, 28, 28, 1)
    """
    from keras_attn import layers

    mechanism = get(mechanism)
    if mechanism.takes_gaze and gaze is None:
        raise InputError(
            "gaze", f"densities, which attention {mechanism.name!r} is made from", None
        )
    logits, origin = None, features if of is None else of
    if mechanism.source == "energy":
        attention = layers.ActivationAttention(p=mechanism.p, name=name)(origin)
    elif mechanism.source == "gaze":
        attention = layers.GazeAttention(normalise=mechanism.normalise, name=name)([gaze, origin])
    elif module is None and mechanism.module is not None:
        where = f"module of attention {mechanism.name!r}"
        layer = _made(mechanism.module, name, where)
        attention, logits = _pair(layer(origin), origin, where)
    else:
        module = module or layers.AttentionModule(
            normalise=mechanism.normalise,
            softmax_of=mechanism.softmax_of,
            momentum=momentum,
            name=name,
        )
        attention, logits = module(origin)
    if not mechanism.gates:
        return Attended(features, attention, logits)
    glimpse = layers.Glimpse(scale=mechanism.gate, name=f"{name}_glimpse")
    return Attended(glimpse([features, attention]), attention, logits)


apply = attend
"""The same by its earlier name."""


def _made(module: Callable, name: str, where: str) -> Callable:
    """The layer that a mechanism brings; weight files go by its name."""
    expected = f"a layer for name={name!r}, of that name"
    try:
        layer = module(name=name)
    except TypeError as error:
        raise InputError(where, expected, f"TypeError: {error}") from error
    if not callable(layer) or getattr(layer, "name", None) != name:
        raise InputError(where, expected, repr(layer))
    return layer


def _pair(maps: Any, features: Tensor, where: str) -> tuple:
    """A and Y in float32, out of what a layer has returned for features."""
    import keras

    shape = (*features.shape[1:-1], 1)
    shapes = [tuple(one.shape[1:]) for one in keras.tree.flatten(maps)]
    if not isinstance(maps, (tuple, list)) or shapes != [shape, shape]:
        expected = f"a pair (A, Y), each of shape (batch, {', '.join(map(str, shape))})"
        raise InputError(where, expected, f"a {type(maps).__name__} of shapes {shapes}")
    types = [keras.backend.standardize_dtype(one.dtype) for one in maps]
    pairs = zip(maps, types, strict=True)
    return tuple(m if of == "float32" else keras.ops.cast(m, "float32") for m, of in pairs)
