"""Attention maps of a Keras model: of its layers, and of its decision.

"activation"  Σ_d |Z_d|² over the channels of a layer's output (Eq. 4)
"map"         the output itself, of a layer with one channel
"gradient"    max over the channels of |∂ score / ∂ input| (Simonyan et al. 2014)
"cam"         the features before global average pooling, weighted as in the last layer (Zhou 2016)
"grad_cam"    ReLU of a layer's channels weighted by their mean gradient (Selvaraju et al. 2017)

The score is that of the predicted class before the softmax. Outputs are caught while the model
runs, so nested, subclassed and Sequential models are all the same to this.
"""

from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from keras_attn.agreement.sources import DEFAULT_SIZE, chosen_layers, resized, size_of
from keras_attn.errors import InputError, one_of

DECISION_KINDS = ("gradient", "cam", "grad_cam")
KINDS = ("activation", "gradient", "cam", "grad_cam")


class KerasMaps:
    """Maps of a Keras model with one image input, channels last.

    layers: names (`outer/inner` for a layer of a nested model); by default the last layer of each
    resolution. kinds: some of KINDS; by default "activation", and for classifiers all.
    size: (H, W) of the input, where the model leaves it open. preprocess: a function of float32
    RGB images in [0, 255], for models without preprocessing of their own. note: what a reader of
    the scores has to know of the model.
    """

    def __init__(self, model, layers=(), kinds=None, size=None, preprocess=None, note=""):
        if keras.backend.backend() != "tensorflow":
            raise InputError("KERAS_BACKEND", "tensorflow", repr(keras.backend.backend()))
        self.model, self.preprocess, self.note = model, preprocess, note
        self.size = _input_size(model, size)
        probe = self._input([np.zeros((*self.size, 3), np.uint8)])
        found, shapes, result = self._dry_run(probe)
        self.layers = {name: found[name] for name in chosen_layers(layers, shapes)}
        classifies = getattr(result, "shape", ()) and len(result.shape) == 2 and result.shape[1] > 1
        self.head = _head(model) if classifies else None
        self.pooled = _pooled(self.head) if classifies else None
        self.kinds = self._possible(kinds, classifies)

    def _possible(self, kinds, classifies):
        possible = ["activation"] + (["gradient", "grad_cam"] if classifies else [])
        possible += ["cam"] if self.pooled else []
        for kind in kinds or ():
            one_of("kinds", kind, KINDS)
            if kind not in possible:
                why = "a classifier" if kind != "cam" else "global average pooling before one Dense"
                raise InputError(f"kind {kind!r}", f"a model with {why}", repr(self.model.name))
        return tuple(kinds or possible)

    def _input(self, images):
        batch = resized(images, self.size)
        return tf.convert_to_tensor(self.preprocess(batch) if self.preprocess else batch)

    def _dry_run(self, probe):
        layers = dict(_walk(self.model))
        with _caught(layers) as outputs:
            try:
                result = self.model(probe, training=False)
            except Exception as error:  # whatever a foreign model raises on its input
                raise InputError(
                    f"model {self.model.name!r}", f"a model that takes {tuple(probe.shape)}", error
                ) from error
        shapes = {
            name: tuple(outputs[name].shape)
            for name, layer in layers.items()
            # Padding repeats the layer before it and would stand for its stage.
            if _is_map(outputs.get(name)) and not isinstance(layer, keras.layers.ZeroPadding2D)
        }
        return layers, shapes, result

    def notes(self):
        """What a reader of the scores has to know."""
        return [self.note] if self.note else []

    def __call__(self, images, examples):
        """Maps of a list of images."""
        inputs = self._input(images)
        decides = any(kind in self.kinds for kind in DECISION_KINDS)
        maps = self._with_decision(inputs) if decides else self._without(inputs)
        return {key: list(values.numpy()) for key, values in maps.items()}

    def _without(self, inputs):
        # No tape: it would keep every intermediate result of the whole network.
        with _caught(self.layers) as outputs:
            self.model(inputs, training=False)
        return activation_maps(outputs)

    def _with_decision(self, inputs):
        caught = {**self.layers, **({"": self.pooled[0]} if "cam" in self.kinds else {})}
        with _caught(caught) as outputs, _logits(self.head), tf.GradientTape() as tape:
            tape.watch(inputs)
            scores = self.model(inputs, training=False)
            chosen = tf.argmax(scores, axis=1, output_type=tf.int32)
            score = tf.reduce_sum(tf.gather(scores, chosen, axis=1, batch_dims=1))
        features = {name: outputs[name] for name in self.layers}
        maps = activation_maps(features) if "activation" in self.kinds else {}
        if "cam" in self.kinds:
            weights = tf.cast(tf.gather(self.pooled[1].kernel, chosen, axis=1), tf.float32)
            values = tf.einsum("bhwc,cb->bhw", tf.cast(outputs[""], tf.float32), weights)
            maps[self.pooled[2], "cam"] = values
        return maps | self._gradients(tape, score, inputs, features)

    def _gradients(self, tape, score, inputs, features):
        if not {"gradient", "grad_cam"} & set(self.kinds):
            return {}
        watched = {"gradient": inputs} if "gradient" in self.kinds else {}
        watched |= features if "grad_cam" in self.kinds else {}
        gradients = tape.gradient(score, watched, unconnected_gradients="zero")
        maps = {}
        if "gradient" in watched:
            maps["input", "gradient"] = tf.reduce_max(tf.abs(gradients.pop("gradient")), axis=-1)
        for name, gradient in gradients.items():
            weights = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
            weighted = tf.cast(features[name], tf.float32) * tf.cast(weights, tf.float32)
            maps[name, "grad_cam"] = tf.nn.relu(tf.reduce_sum(weighted, axis=-1))
        return maps


def activation_maps(features):
    """Eq. 4 of every feature `(n, H, W, C)` by name, keyed by name and kind."""
    maps = {}
    for name, values in features.items():
        values = tf.cast(values, tf.float32)
        # A layer with one channel is a map already; squaring it would change what it says.
        if values.shape[-1] == 1:
            maps[name, "map"] = values[..., 0]
        else:
            maps[name, "activation"] = tf.reduce_sum(tf.square(values), axis=-1)
    return maps


# --- looking into a model -------------------------------------------------------------------------


def _input_size(model, size):
    shape = getattr(model, "input_shape", None)
    if isinstance(shape, (list, tuple)) and shape and isinstance(shape[0], (list, tuple)):
        if len(shape) > 1:
            raise InputError(f"model {model.name!r}", "one image input", f"{len(shape)} inputs")
        shape = shape[0]
    if shape is None:
        return size_of(size or DEFAULT_SIZE)
    if len(shape) != 4 or shape[-1] != 3:
        expected = "one image input of shape (batch, H, W, 3)"
        raise InputError(f"model {model.name!r}", expected, f"input shape {tuple(shape)}")
    size = size_of(size) if size is not None else None
    own = tuple(shape[1:3])
    if size and any(side not in (None, wanted) for side, wanted in zip(own, size, strict=True)):
        raise InputError("size", f"{own}, which model {model.name!r} wants", size)
    default = size or DEFAULT_SIZE
    return tuple(side or wanted for side, wanted in zip(own, default, strict=True))


def _walk(model, prefix=""):
    """Every layer below a model with its path, in order; layers inside layers included."""
    for layer in getattr(model, "layers", None) or getattr(model, "_layers", ()):
        yield prefix + layer.name, layer
        yield from _walk(layer, f"{prefix}{layer.name}/")


def _is_map(output):
    """Whether an output is a feature map with more than one position."""
    return tf.is_tensor(output) and len(output.shape) == 4 and min(output.shape[1:3]) > 1


@contextmanager
def _caught(layers):
    """Within this, the outputs of `layers` are put under their names whenever a model runs."""
    outputs, changed = {}, []

    def catching(name, call):
        def caught(*args, **kwargs):
            result = call(*args, **kwargs)
            # Of several outputs the first: (attention, logits) of an AttentionModule.
            outputs[name] = result[0] if isinstance(result, (tuple, list)) else result
            return result

        return caught

    try:
        for name, layer in layers.items():
            vars(layer)["call"] = catching(name, layer.call)
            changed.append(layer)
        yield outputs
    finally:
        for layer in changed:
            vars(layer).pop("call", None)


@contextmanager
def _logits(head):
    """Within this, the model's last layer leaves out its softmax."""
    if head is None or getattr(head, "activation", None) is not keras.activations.softmax:
        yield
        return
    head.activation = keras.activations.linear
    try:
        yield
    finally:
        head.activation = keras.activations.softmax


def _head(model):
    """The layer that makes the model's output, or None where the model does not tell."""
    tensors = getattr(model, "outputs", None)
    return _maker(tensors[0]) if tensors else None


def _maker(tensor):
    """The layer that made a symbolic tensor, looked for inside nested models."""
    history = getattr(tensor, "_keras_history", None)
    if history is None:
        return None
    operation = history.operation
    inner = getattr(operation, "outputs", None) if isinstance(operation, keras.Model) else None
    return _maker(inner[history.tensor_index]) if inner else operation


def _pooled(head):
    """For CAM: the layer before global average pooling, the Dense after it, and a name; or None."""
    if not isinstance(head, keras.layers.Dense):
        return None
    layer = _maker(head.input)
    while isinstance(layer, (keras.layers.Dropout, keras.layers.Flatten)):
        layer = _maker(layer.input)
    if not isinstance(layer, keras.layers.GlobalAveragePooling2D):
        return None
    features = _maker(layer.input)
    return None if features is None else (features, head, features.name)
