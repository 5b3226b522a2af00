"""What configurations of earlier formats meant: names that mean something else today."""

from keras_attn.mechanisms import Mechanism

_OF_LOGITS = "softmax_of_logits"
# A name of its own: rows and starts of such networks are none of today's `supervised`.
_EARLY_SUPERVISED = Mechanism(
    f"supervised_{_OF_LOGITS}",
    "module",
    "softmax",
    "positions",
    supervised=True,
    softmax_of="logits",
)
MEANT = {1: {"softmax": _OF_LOGITS, ("early", "supervised"): _EARLY_SUPERVISED}}
"""By format and by the name of an attention, or the pair of a fusion and it."""


def attention(format, model):
    """What the attention of a model's plain values stands for, which were written in `format`."""
    named = model["attention"]
    if not isinstance(named, str):
        return named
    meant = MEANT.get(format, {})
    return meant.get((model.get("fusion"), named), meant.get(named, named))
