"""Looking into a Keras model while it runs: its layers, what they return, its last layer.

Outputs are caught by replacing `layer.call` for the length of a context, so nested, subclassed
and Sequential models are all the same to this, and the model is left as it was.
"""

import weakref
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass

import keras
import tensorflow as tf

SQUASHING = (
    keras.activations.softmax,
    keras.activations.sigmoid,
    keras.activations.log_softmax,
    keras.activations.log_sigmoid,
)
ONLY_SQUASHING = ("Softmax", "Sigmoid", "LogSoftmax", "LogSigmoid")
"""Names of layers, and of operations of keras.ops, that do nothing else."""
ATTENTION = (keras.layers.MultiHeadAttention, keras.layers.GroupQueryAttention)
"""Layers whose inner tensors are queries, keys and values of heads, and no maps."""


def walk(model, prefix="", seen=None):
    """Every layer below a model with its path, in order of declaration, inner layers included.

    Of layers of one name within one layer the second is called `name#2`, and so on. A layer that is
    reached by two paths is told by the first.
    """
    seen = set() if seen is None else seen
    names = Counter()
    for layer in getattr(model, "layers", None) or getattr(model, "_layers", ()):
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        names[layer.name] += 1
        number = names[layer.name]
        path = prefix + layer.name + (f"#{number}" if number > 1 else "")
        yield path, layer
        yield from walk(layer, f"{path}/", seen)


def built_for(model):
    """The (H, W) of the images that a model without a symbolic input was built for, or None."""
    config = model.get_build_config() if model.built else None
    shape = (config or {}).get("input_shape")
    known = isinstance(shape, (list, tuple)) and len(shape) == 4 and None not in shape[1:3]
    return tuple(shape[1:3]) if known else None


class Outputs:
    """What layers have returned, each time they ran, in that order."""

    def __init__(self):
        self.calls = []

    def add(self, path, result):
        """Keep what a layer returned; of several outputs the first: an AttentionModule's map."""
        self.calls.append((path, result[0] if isinstance(result, (tuple, list)) else result))

    def named(self):
        """By path. A layer that ran several times has its path where it ran last, and before
        that `path@1`, `path@2`, ...
        """
        return {name: output for name, output in _numbered(self.calls)}


def _numbered(calls):
    """Pairs of a path and something of a call, with the path numbered but for the last time."""
    times, done = Counter(path for path, _ in calls), Counter()
    for path, value in calls:
        done[path] += 1
        last = done[path] == times[path]
        yield (path if last else f"{path}@{done[path]}"), value


@contextmanager
def caught(layers):
    """Within this, what `layers`, by path, return is kept: an `Outputs`."""
    outputs = Outputs()

    def catching(path, layer):
        call = layer.call

        def and_kept(*args, **kwargs):
            result = call(*args, **kwargs)
            if tf.executing_eagerly():  # else Keras only finds out shapes
                outputs.add(path, result)
            return result

        return and_kept

    with replaced(layers, catching):
        yield outputs


@contextmanager
def replaced(layers, replacement):
    """Within this, layers compute by what `replacement(path, layer)` returns, unless it is None.

    layers: by path.
    """
    changed = []
    try:
        for path, layer in layers.items():
            call = replacement(path, layer)
            if call is not None:
                changed.append((layer, vars(layer).get("call")))
                # Past Keras, which would track it.
                vars(layer)["call"] = call
        yield
    finally:
        for layer, before in reversed(changed):
            vars(layer).pop("call", None)
            if before is not None:
                vars(layer)["call"] = before


@dataclass
class Call:
    """One time that a layer ran.

    shape: of its first output, or None where that is no tensor. source: the layer that made its
    first input, if a layer did. low, high: the ends of the values of that input, of layers with a
    kernel.
    """

    layer: object
    shape: tuple | None = None
    source: object = None
    low: float | None = None
    high: float | None = None


class Trace:
    """How a model runs: which layers, in which order, on whose outputs.

    calls: `Call`s by path, as `Outputs.named` has them.
    """

    def __init__(self, layers):
        self.layers, self.ran, self.makers = layers, [], {}

    @property
    def calls(self):
        """By path, in the order of execution."""
        return dict(_numbered(self.ran))

    def maker(self, tensor):
        """The layer that returned a tensor, or None."""
        reference, layer = self.makers.get(id(tensor), (lambda: None, None))
        return layer if reference() is tensor else None

    def source(self, layer):
        """The layer that made the first input of a layer the last time it ran, or None."""
        return next((call.source for _, call in reversed(self.ran) if call.layer is layer), None)

    @contextmanager
    def recording(self):
        """Within this, runs of the model are recorded."""

        def noting(path, layer):
            call = layer.call

            def and_noted(*args, **kwargs):
                if not tf.executing_eagerly():  # Keras only finds out shapes
                    return call(*args, **kwargs)
                noted = Call(layer)
                given = args[0] if args else None
                if tf.is_tensor(given):
                    noted.source = self.maker(given)
                    if hasattr(layer, "kernel") and given.dtype.is_floating:
                        noted.low = float(tf.reduce_min(given))
                        noted.high = float(tf.reduce_max(given))
                result = call(*args, **kwargs)
                first = result[0] if isinstance(result, (tuple, list)) else result
                if tf.is_tensor(first):
                    noted.shape = tuple(first.shape)
                    if self.maker(first) is None:  # else a layer within this one has made it
                        # Not the tensor: those of a whole network would fill the memory.
                        self.makers[id(first)] = weakref.ref(first), layer
                self.ran.append((path, noted))
                return result

            return and_noted

        with replaced(self.layers, noting):
            yield


# --- the decision ---------------------------------------------------------------------------------


def score_outputs(result, names=()):
    """The outputs of a model that may be class scores `(n, classes)`: keys by their names.

    A key indexes the result: a name of a dict, a place in a list, () for a model with one output.
    names: of the outputs, where they are a list.
    """
    if isinstance(result, dict):
        return {name: name for name, value in result.items() if _is_scores(value)}
    if isinstance(result, (tuple, list)):
        places = [i for i, value in enumerate(result) if _is_scores(value)]
        named = len(names) == len(result) == len(set(names))
        return {(names[i] if named else str(i)): i for i in places}
    return {"": ()} if _is_scores(result) else {}


def decision_of(outputs):
    """The key of the class scores among those of `score_outputs`; None where several may be."""
    if "logits" in outputs:
        return outputs["logits"]
    return next(iter(outputs.values())) if len(outputs) == 1 else None


def _is_scores(value):
    return tf.is_tensor(value) and len(value.shape) == 2


def picked(result, key):
    """The output under a key of `score_outputs`."""
    return result if key == () else result[key]


def head_of(model, key, trace=None, tensor=None):
    """The layer or operation that makes that output, or None where neither model nor trace tells.

    trace: a `Trace` of the model. tensor: the output, as the traced run returned it.
    """
    return _by_structure(model, key) or (trace and trace.maker(tensor))


def _by_structure(model, key):
    outputs = getattr(model, "outputs", None) or []
    if key == ():
        return maker(outputs[0]) if len(outputs) == 1 else None
    try:
        return maker(model.output[key])
    except (AttributeError, ValueError, KeyError, TypeError):  # subclassed, or never called
        return maker(outputs[key]) if isinstance(key, int) and key < len(outputs) else None


def maker(tensor):
    """The layer that made a symbolic tensor, looked for inside nested models; None if unknown."""
    history = getattr(tensor, "_keras_history", None)
    if history is None:
        return None
    operation = history.operation
    if not isinstance(operation, keras.Model):
        return operation
    inner = getattr(operation, "outputs", None)  # none of a subclassed model
    return maker(inner[history.tensor_index]) if inner else None


def gives_logits(head):
    """Whether this last layer is known to return scores as they are."""
    activation = getattr(head, "activation", None)
    plain = isinstance(head, (keras.layers.Dense, keras.layers.EinsumDense))
    return plain and activation in (None, keras.activations.linear)


def squashes(head):
    """Whether this last layer ends in a softmax, a sigmoid or its logarithm, to be left out."""
    return getattr(head, "activation", None) in SQUASHING or _only_squashes(head)


def _only_squashes(head):
    return type(head).__name__ in ONLY_SQUASHING and not getattr(head, "weights", ())


@contextmanager
def unsquashed(head):
    """Within this, the last layer gives its logits."""
    if _only_squashes(head):
        vars(head)["call"] = lambda x, *args, **kwargs: x
        try:
            yield
        finally:
            del vars(head)["call"]
    elif squashes(head):
        activation, head.activation = head.activation, keras.activations.linear
        try:
            yield
        finally:
            head.activation = activation
    else:
        yield


def pooled(head, trace):
    """For CAM: the layer before global average pooling and the Dense after it, or None."""

    def source(layer):
        try:
            made = maker(layer.input)
        except (AttributeError, ValueError):  # subclassed, or never called with a symbolic input
            made = None
        # The input of a model within the model is made by what lies outside of it.
        inner = made is None or isinstance(made, keras.layers.InputLayer)
        return trace.source(layer) if inner else made

    while head is not None and (_only_squashes(head) or _only_activates(head)):
        head = source(head)
    if not isinstance(head, keras.layers.Dense):
        return None
    layer = source(head)
    while isinstance(layer, (keras.layers.Dropout, keras.layers.Flatten)):
        layer = source(layer)
    if not isinstance(layer, keras.layers.GlobalAveragePooling2D):
        return None
    features = source(layer)
    return None if features is None else (features, head)


def _only_activates(layer):
    return isinstance(layer, keras.layers.Activation)
