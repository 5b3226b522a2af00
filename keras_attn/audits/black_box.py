"""A decision of which nothing but its class scores is known, such as that of another framework.

Kinds of maps explain it that run it on changed pictures, as occlusion and RISE do.
"""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import tensorflow as tf

from keras_attn.audits import PREDICTED
from keras_attn.audits import kinds as kinds_of_maps
from keras_attn.audits.explanation import Explanation
from keras_attn.audits.faithfulness import Decided
from keras_attn.audits.pixel_model import of_two
from keras_attn.audits.returned import maps_of
from keras_attn.errors import InputError, listing
from keras_attn.evaluation.scorer import check_finite
from keras_attn.registries import KINDS


class BlackBox:
    """Class scores of pixels, as kinds of maps ask a `PixelModel` for them.

    name: as messages call it. scores: a function of float32 RGB `(n, H, W, 3)` in [0, 255] that
    returns `(n, classes)`.
    """

    def __init__(self, name, scores):
        self.name, self.scores = name, scores

    def __call__(self, images, training=False):
        """Float32 `(n, classes)`; of a single unit two classes, against and for it."""
        made = np.asarray(self.scores(np.array(images, np.float32)))
        if made.ndim != 2 or len(made) != len(images) or made.dtype.kind not in "biuf":
            expected = f"class scores ({len(images)}, classes), which kinds of maps explain"
            raise InputError(self.name, expected, f"{made.dtype} of shape {made.shape}")
        check_finite(f"class scores of {self.name}", made)
        return of_two(tf.constant(made, tf.float32))

    def as_graph(self):
        """As that of a `PixelModel`: what is known by its scores alone runs as it does."""
        return nullcontext()


class Explained:
    """Maps of the decision of a `BlackBox` by kinds that need its class scores alone.

    kinds: `Kind`s. explain: as for `Explanation`.
    """

    def __init__(self, box, kinds, explain=PREDICTED):
        self.box, self.explain = box, PREDICTED if explain is None else explain
        for kind in kinds:
            if not kind.scores_alone:
                usual = listing(name for name, one in KINDS.items() if one.scores_alone)
                expected = f"kinds that run a network on changed pictures, such as {usual} (others "
                expected += "need the Keras model itself, such as a .keras file)"
                received = f"{box.name}, of which class scores alone are known"
                raise InputError(f"kind {kind.name!r}", expected, received)
        self.kinds = tuple(kind.ready() for kind in kinds)

    def decided(self, size, source):
        """The `Decided` of a source of maps that this explains, at its size."""
        return Decided(self.box, size, self.explain, lambda images, its, _: source(images, its))

    def maps(self, images, examples):
        """Maps of float32 images `(n, H, W, 3)` by layer and name."""
        pixels = tf.constant(images, tf.float32)
        scores = self.box(pixels)
        explanation = Explanation(self.explain, scores.shape[1])
        explanation.check()
        explanation.check_examples(examples)
        targets, found = explanation.targets(scores, examples), {}
        for kind in self.kinds:
            found |= maps_of(kind, kind.function(self.box, pixels, targets), len(images), ())
        return found

    @property
    def told(self):
        """What a description says of the class that is explained."""
        return Explanation(self.explain, 0).told


def parted(kinds):
    """Names or `Kind`s that a user asks a file for: whether for activations, and the other kinds.

    None, as no kinds, are activations.
    """
    chosen = kinds_of_maps.chosen(kinds)
    others = tuple(kind for kind in chosen if kind.name != "activation")
    return len(others) < len(chosen) or not chosen, others


def score_output(where, candidates, output):
    """The name of the output that has the class scores.

    where: the file. candidates: names of those that are `(batch, classes)`. output: the one that a
    user names, or None.
    """
    if output is None and len(candidates) == 1:
        return candidates[0]
    if output in candidates:
        return output
    expected = "an output of class scores (batch, classes)"
    if output is not None or not candidates:
        expected += f", which are {listing(candidates)}" if candidates else ""
        raise InputError("output" if output is not None else where, expected, output or "none")
    raise InputError(where, f"output= with one of {listing(candidates)}", "none")


def refuse_unheard(output, explain):
    """Refuse options of a decision, where no kind explains it."""
    for name, value in {"output": output, "explain": explain}.items():
        if value not in (None, PREDICTED):
            raise InputError(
                name, "kinds that explain class scores, such as occlusion", repr(value)
            )
