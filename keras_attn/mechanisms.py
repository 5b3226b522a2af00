"""The five attention mechanisms of the paper (§III) as data, and the function that applies them.

A `Mechanism` says where the attention map A comes from, how it is normalised, whether it gates
the features and whether gaze supervises it; all else follows from these fields. Wherever a name
is accepted, that of one of the five will do, that of one of the `VARIANTS`, or a mechanism of
one's own. Importing this loads neither Keras nor TensorFlow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from keras_attn.errors import InputError, one_of

SOURCES = ("energy", "module", "gaze")
NORMALISATIONS = ("none", "softmax", "sigmoid", "max")
GATES = ("none", "map", "positions", "mean")


@dataclass(frozen=True)
class Mechanism:
    """Where an attention map A comes from, and what it is used for.

    source: "energy", Σ_d |Z_d|^p over the channels of the feature Z (Eq. 4); "module", a learned
        `AttentionModule` on Z with logits Y; "gaze", the density of human fixations.
    normalise: "softmax" over all positions of a frame (Eq. 2), "sigmoid" (Eq. 3), "max" (divided
        by its maximum; all ones without fixations) or "none".
    gate: what multiplies Z in the glimpse G (Eq. 1): "none" (G = Z), "map" (A itself),
        "positions" (A times the number of positions, so that a softmax keeps the scale of the
        features) or "mean" (A scaled to mean 1).
    supervised: whether the loss pulls A towards the gaze density.
    p: the exponent of Eq. 4. softmax_of: what the softmax is taken of, Y ("logits", Eq. 2) or σ(Y)
        ("sigmoid", §IV-A1).
    """

    name: str
    source: str
    normalise: str
    gate: str = "map"
    supervised: bool = False
    p: float = 2.0
    softmax_of: str = "logits"

    def __post_init__(self):
        one_of("Mechanism.source", self.source, SOURCES)
        one_of("Mechanism.normalise", self.normalise, NORMALISATIONS)
        one_of("Mechanism.gate", self.gate, GATES)
        one_of("Mechanism.softmax_of", self.softmax_of, ("logits", "sigmoid"))
        fits = {"energy": ("none",), "module": ("softmax", "sigmoid"), "gaze": ("none", "max")}
        one_of(f"Mechanism.normalise of source {self.source!r}", self.normalise, fits[self.source])
        if self.supervised and self.source != "module":
            raise InputError(
                "Mechanism.supervised", "source 'module', which can learn", self.source
            )
        if not self.p > 0:
            raise InputError("Mechanism.p", "a positive exponent", self.p)

    @property
    def takes_gaze(self):
        """Whether the model needs the gaze density as an input, also at test time."""
        return self.source == "gaze"

    @property
    def gates(self):
        """Whether A multiplies the features, or is only looked at."""
        return self.gate != "none"


MECHANISMS = {
    mechanism.name: mechanism
    for mechanism in (
        Mechanism("activation", "energy", "none", gate="none"),
        Mechanism("softmax", "module", "softmax", gate="positions", softmax_of="sigmoid"),
        Mechanism("sigmoid", "module", "sigmoid"),
        Mechanism("supervised", "module", "sigmoid", supervised=True),
        Mechanism("human", "gaze", "max"),
    )
}
"""The five of the study by name: three implicit ones, then the two explicit ones."""
VARIANTS = {
    mechanism.name: mechanism
    for mechanism in (Mechanism("softmax_of_logits", "module", "softmax", gate="positions"),)
}
"""Other readings of the paper, for whoever asks for them by name; see docs/paper.md."""
NAMED = {**MECHANISMS, **VARIANTS}


def get(mechanism):
    """The `Mechanism` of that name, or the one that is passed; `InputError` for anything else."""
    if isinstance(mechanism, Mechanism):
        return mechanism
    return NAMED[one_of("attention", mechanism, tuple(NAMED))]


class Attended(NamedTuple):
    """What `apply` returns; each a Keras tensor, float32 but for `gated`.

    gated: the glimpse G, of the features' shape and type. attention: A, one channel, of the
    features' frame size. logits: Y before normalisation, or None where nothing is learned.
    """

    gated: Any
    attention: Any
    logits: Any


def apply(mechanism, features, gaze=None, *, of=None, module=None, momentum=0.99, name="attention"):
    """Apply a mechanism to `features`: the glimpse, the map and its logits (Eq. 1).

    mechanism: a `Mechanism` or a name of `NAMED`.
    features: Keras tensor `(batch, H, W, C)` or `(batch, T, H, W, C)`.
    gaze: for a mechanism that takes gaze, densities `(batch, [T,] h, w, 1)`; any h, w.
    of: features of the same frames that A is made from, where these are not the ones it gates.
    module: a layer `features -> (A, Y)` in place of the default `AttentionModule`.
    momentum: of the default module's BatchNormalization.
    name: the name of the attention layer; the glimpse is called `<name>_glimpse`.
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
