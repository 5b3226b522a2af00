"""The decision of a network: which of its outputs has the class scores, and how they come about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from keras_attn.errors import InputError, listing
from keras_attn.networks import heads, inside
from keras_attn.networks.functional import is_place


@dataclass(frozen=True)
class Decision:
    """Where the class scores of a network are; `key` is None where none are, or several may be.

    candidates: keys of the outputs that may be class scores, by name. head: their last layer, or
    None where it does not show. pooled: the path of the layer that is averaged before it, for CAM,
    or ""; dense: the layer that has the weights then. classes: how many. looks: what the scores
    look like, if they are not known to be scores before a softmax, or "".
    """

    candidates: dict = field(default_factory=dict)
    key: Any = None
    head: Any = None
    pooled: str = ""
    dense: Any = None
    classes: int = 0
    looks: str = ""

    @property
    def there(self):
        """Whether it is known which output has the class scores."""
        return self.key is not None

    @property
    def open(self):
        """Whether several outputs may be class scores, and none is named."""
        return not self.there and len(self.candidates) > 1


def decision_of(model, trace, result, output=None):
    """The `Decision` of a model that has run.

    trace, result: what `Runner.dry_run` returns. output: name or place of the class scores, or
    None; `InputError` for one that has none.
    """
    names = getattr(model, "output_names", ()) if _listed(result) else ()
    names = getattr(result, "_fields", names)  # of a namedtuple
    candidates = inside.score_outputs(result, names)
    if output is None:
        key = inside.decision_of(candidates)
    else:
        key = _named(model, candidates, result, output)
    if key is None:
        return Decision(candidates)
    scores = inside.picked(result, key)
    head = inside.head_of(model, key, trace, scores)
    features, dense = inside.pooled(head, trace) or (None, None)
    known = inside.squashes(head) or inside.gives_logits(head)
    return Decision(
        candidates,
        key,
        head,
        _path(features, trace),
        dense,
        max(2, scores.shape[1]),
        "" if known else heads.looks(scores),
    )


def _path(layer, trace):
    """The path of a layer where it runs last, or ""."""
    ran = reversed(list(trace.calls.items()))
    return next((p for p, c in ran if layer is not None and c.layer is layer), "")


def _listed(result):
    return isinstance(result, (list, tuple))


def _named(model, candidates, result, output):
    """The key of the class scores that the caller names, by name or place among all outputs."""
    keys = list(result) if isinstance(result, dict) else [()]
    keys = list(range(len(result))) if _listed(result) else keys
    named = candidates
    if [*candidates] == [""]:
        named = dict.fromkeys(getattr(model, "output_names", None) or ("",), ())
    if is_place(output) and 0 <= output < len(keys) and keys[output] in named.values():
        return keys[output]
    if isinstance(output, str) and output in named:
        return named[output]
    expected = "an output of class scores (batch, classes)"
    expected += f" of model {model.name!r}, which are {listing(map(repr, named))}"
    raise InputError("output", expected, repr(output))
