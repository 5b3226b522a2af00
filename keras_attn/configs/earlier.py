"""What configurations of earlier versions meant: names that mean something else today."""

from keras_attn.errors import InputError
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


RENAMED = {"trunk": "encoder"}
"""Fields of `training` by their earlier name."""
_RATE = {"schedule": "constant", "clip": None}
ADDED = {
    "salient_object": {"encoder": "trained", "without_gaze": "raise", **_RATE},
    "fine_grained": _RATE,
    "action": {"encoder": "trained", "schedule": "steps"},
}
"""Fields of `training` that runs of a task had not once, and what all of them did then."""


def training(values):
    """Plain values of a part `training` by the names of now."""
    return {RENAMED.get(name, name): value for name, value in values.items()}


def check_name(name, known):
    """Refuse the earlier name of one of the `known` fields; `InputError` tells that of now."""
    now = RENAMED.get(name)
    if name not in known and now in known:
        expected = f"the name that it has now, {now}= (--training.{now})"
        raise InputError(f"configuration field {name!r}", expected, name)


def check_options(words):
    """Refuse options of a command line by their earlier names; `InputError` tells those of now."""
    for word in words:
        option, equals, value = word.partition("=")
        part, _, name = option.rpartition(".")
        if part == "--training" and name in RENAMED:
            now = f"{part}.{RENAMED[name]}"
            raise InputError(option, f"the name that it has now, {now}{equals}{value}", option)


def identified(task, values):
    """Plain values of `training` as they stood when runs were first told apart by them.

    A run that was made before a field was renamed or added stays the same run.
    """
    added = ADDED.get(task, {})
    before = {now: name for name, now in RENAMED.items() if now not in added}
    return {
        before.get(name, name): value
        for name, value in values.items()
        if name not in added or added[name] != value
    }
