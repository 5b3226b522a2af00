"""The attentions that the paper's claims speak of, by what they are made of."""

from keras_attn.mechanisms import MECHANISMS

# Whatever else is registered, the paper speaks of its five.
STUDIED = tuple(MECHANISMS.values())
HUMAN = tuple(m.name for m in STUDIED if m.takes_gaze)
SUPERVISED = tuple(m.name for m in STUDIED if m.supervised)
EXPLICIT = (*SUPERVISED, *HUMAN)
IMPLICIT = tuple(m.name for m in STUDIED if m.name not in EXPLICIT)
ARTIFICIAL = (*IMPLICIT, *SUPERVISED)
UNTRAINED = "activation"
"""That which is computed of a network without training anything for it."""
ALIKE_BUT_FREE = ("sigmoid",)
"""The module of the supervised attention without supervision."""


def others(names, *left_out):
    """These attentions but for some."""
    return tuple(name for name in names if name not in left_out)
