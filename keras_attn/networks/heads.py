"""The last layer of a classifier: what its class scores are, and how to leave a softmax out."""

from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from keras_attn.models.common import GAZE, in_structure
from keras_attn.networks import inside
from keras_attn.networks.inputs import DEFAULT_SIZE
from keras_attn.networks.maps import probing

ALONE = (keras.activations.sigmoid, keras.activations.log_sigmoid)
"""Activations that tell of each class by itself."""
LOGARITHMS = (keras.activations.log_softmax, keras.activations.log_sigmoid)
ALMOST = 1e-2
"""How far the sum of probabilities may be from 1: half precision rounds many of them."""
CHANCE = (
    "The model returns other values each time it sees the same picture, so these numbers are those "
    "of one time."
)


class OfTwo(keras.layers.Layer):
    """What one unit tells as scores, or probabilities, of two classes: against and for it.

    head: the layer that makes it, linear or ending in a sigmoid or its logarithm.
    """

    def __init__(self, head, **kwargs):
        super().__init__(trainable=False, **kwargs)
        self.probability = inside.squashes(head)
        vars(self)["head"] = head  # past Keras, which would count it as a layer of this one

    def call(self, scores):
        """Scores `(batch, 2)`."""
        if not self.probability:
            return keras.ops.concatenate([keras.ops.zeros_like(scores), scores], axis=1)
        share = keras.ops.exp(scores) if tells_logarithms(self.head) else scores
        return keras.ops.concatenate([1 - share, share], axis=1)


def runner(model):
    """A function of pictures `(n, H, W, 3)` that returns a functional model's outputs by name."""

    def run(pictures):
        pictures = tf.cast(pictures, tf.float32)
        fed = {t.name: _gaze(t, pictures) if t.name == GAZE else pictures for t in model.inputs}
        outputs = model(in_structure(model, fed), training=False)
        return outputs if isinstance(outputs, dict) else {"": outputs}

    return run


def _gaze(tensor, pictures):
    """Gaze that is everywhere alike, for a network that takes it."""
    sides = [
        side or given for side, given in zip(tensor.shape[1:3], pictures.shape[1:3], strict=True)
    ]
    return tf.constant(np.ones((len(pictures), *sides, 1), np.float32))


def differ(first, second):
    """Whether what a model has returned twice for the same pictures is not the same."""
    pairs = zip(keras.tree.flatten(first), keras.tree.flatten(second), strict=True)
    pairs = [pair for pair in pairs if all(value is not None for value in pair)]
    return any(_other(*map(np.asarray, pair)) for pair in pairs)


def _other(one, two):
    if one.dtype.kind not in "fV":  # V: half precision of another kind
        return False
    one, two = one.astype(np.float32), two.astype(np.float32)
    return not np.allclose(one, two, rtol=1e-2, atol=1e-2 * np.abs(one).max(), equal_nan=True)


def head_of(model, key="", run=None):
    """The layer that makes the output `key` of a functional model, or None where none shows.

    key: a name, "" for the only output. run: a function without arguments that runs the model and
    returns its outputs by name; default on textures. Where a subclassed model does not tell, it
    shows while that runs.
    """
    found = inside.head_of(model, key if isinstance(model.output, dict) else ())
    if found is None:
        trace = inside.Trace(dict(inside.walk(model)))
        with trace.recording():
            outputs = run() if run else _on_textures(model)
        found = trace.maker(outputs[key])
    return found


def _on_textures(model):
    shape = next(tensor.shape for tensor in model.inputs if tensor.name != GAZE)
    size = tuple(own or side for own, side in zip(shape[1:3], DEFAULT_SIZE, strict=True))
    return runner(model)(probing.textures(size))


@contextmanager
def unsquashed(head):
    """Within this, the last layer gives scores before softmax or sigmoid, if it is known to have
    either.
    """
    if not isinstance(head, OfTwo) or not head.probability:
        with inside.unsquashed(head):
            yield
        return
    head.probability = False
    try:
        with inside.unsquashed(head.head):
            yield
    finally:
        head.probability = True


def known(head):
    """Whether it is known what this last layer returns."""
    return isinstance(head, OfTwo) or inside.squashes(head) or inside.gives_logits(head)


def _squashing(head):
    return getattr(head, "activation", None)


def tells_each_alone(head):
    """Whether the last layer is one of sigmoids: a class does not exclude another."""
    name = type(head).__name__
    return _squashing(head) in ALONE or name in ("Sigmoid", "LogSigmoid")


def tells_logarithms(head):
    """Whether the last layer returns logarithms of probabilities."""
    return _squashing(head) in LOGARITHMS or type(head).__name__.startswith("Log")


def probabilities(head):
    """A function of the scores `(classes,)` that the last layer makes -> probabilities, float64.

    Those of a softmax and of sigmoids stay, their logarithms are undone, scores before them go
    through a softmax. Scores of an unknown layer are taken for probabilities where they look so.
    """
    if not known(head):
        return shares
    if isinstance(head, OfTwo):
        return np.float64 if head.probability else exclusive
    if tells_logarithms(head):
        return lambda scores: np.exp(np.asarray(scores, np.float64))
    return np.float64 if inside.squashes(head) else exclusive


def look_like_probabilities(scores):
    """Whether class scores are 0 or more and sum to 1, as those of a softmax; bool `(..., 1)`.

    scores: `(..., classes)`, an array or a tensor. It is the one place that judges this of a last
    layer that is not known.
    """
    ops = keras.ops
    total = ops.sum(scores, axis=-1, keepdims=True)
    none_below = ops.all(ops.greater_equal(scores, 0), axis=-1, keepdims=True)
    return ops.logical_and(none_below, ops.less(ops.abs(total - 1), ALMOST))


def looks(scores):
    """What scores `(n, classes)` of an unknown last layer look like, in words; "" for plain scores.

    That is of scores before a softmax, whose gradients are those that explain a class.
    """
    scores = np.asarray(tf.cast(scores, tf.float32))
    if scores.shape[1] == 1:
        within = scores.min() >= 0 and scores.max() <= 1
        return "values from 0 to 1, as a probability is" if within else ""
    if np.all(look_like_probabilities(scores)):
        return "values that sum to 1, as probabilities do"
    if scores.max() <= 0 and np.all(look_like_probabilities(np.exp(scores))):
        return "logarithms of values that sum to 1, as log-probabilities do"
    return ""


def exclusive(scores):
    """The softmax of class scores `(classes,)`, float64."""
    scores = np.asarray(scores, np.float64)
    odds = np.exp(scores - scores.max())
    return odds / odds.sum()


def shares(scores):
    """Class scores before softmax `(classes,)` as probabilities, float64.

    Scores that look like probabilities, as classifiers of one's own return them, stay as they are.
    """
    scores = np.asarray(scores, np.float64)
    return scores if np.all(look_like_probabilities(scores)) else exclusive(scores)
