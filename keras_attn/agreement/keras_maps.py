"""Attention maps of a Keras model: of its layers, and of its decision.

"activation"  Σ_d |Z_d|² over the channels of a layer's output (Eq. 4)
"map"         the output itself, of a layer with one channel
"gradient"    max over the channels of |∂ score / ∂ input| (Simonyan et al. 2014)
"cam"         the features before global average pooling, weighted as in the last layer (Zhou 2016)
"grad_cam"    ReLU of a layer's channels weighted by their mean gradient (Selvaraju et al. 2017)

The score is that of the predicted class before softmax or sigmoid; one unit decides between two.
"""

import keras
import numpy as np
import tensorflow as tf

from keras_attn.agreement import KINDS, inside
from keras_attn.agreement.sources import DEFAULT_SIZE, as_names, chosen_layers
from keras_attn.errors import InputError, one_of
from keras_attn.resizing import resized, size_of


class KerasMaps:
    """Maps of a Keras model with one image input, channels last.

    layers: names (`outer/inner` for a layer of a nested model); by default the last layer of each
    resolution. kinds: some of KINDS; by default "activation", and for classifiers all.
    size: (H, W) of the input, where the model leaves it open. preprocess: a function of float32
    RGB images in [0, 255], for models without preprocessing of their own. origin: where the model
    and its weights come from, for the report.
    """

    def __init__(self, model, layers=(), kinds=None, size=None, preprocess=None, origin=""):
        if keras.backend.backend() != "tensorflow":
            raise InputError("KERAS_BACKEND", "tensorflow", repr(keras.backend.backend()))
        self.model, self.preprocess, self.origin = model, preprocess, origin
        self.size = _input_size(model, size)
        every, shapes, result = self._dry_run()
        paths = chosen_layers(layers, shapes)
        self.layers = {path: every[path] for path in paths}
        self.decision = inside.decision_of(result)
        self.head = self.pooled = None
        if self.decision is not None:
            self.head = inside.head_of(model, self.decision)
            self.pooled = inside.pooled(self.head)
            self.scores_are_logits = inside.squashes(self.head) or not _probabilities(
                inside.picked(result, self.decision)
            )
        self.cam_name = next(
            (path for path, layer in every.items() if self.pooled and layer is self.pooled[0]), ""
        )
        self.kinds = self._possible(as_names(kinds))

    def _possible(self, kinds):
        possible = ["activation"] + ["gradient", "grad_cam"] * (self.decision is not None)
        possible += ["cam"] * (self.pooled is not None)
        for kind in kinds:
            one_of("kinds", kind, KINDS)
            if kind not in possible:
                why = "a classifier" if kind != "cam" else "global average pooling before one Dense"
                raise InputError(f"kind {kind!r}", f"a model with {why}", repr(self.model.name))
        return kinds or tuple(possible)

    def _input(self, images):
        batch = resized(images, self.size)
        return tf.convert_to_tensor(self.preprocess(batch) if self.preprocess else batch)

    def _run(self, images):
        """What the model returns; one that takes its images by name is given them so."""
        if isinstance(getattr(self.model, "input", None), dict):
            images = dict.fromkeys(self.model.input, images)
        return self.model(images, training=False)

    def _dry_run(self):
        """All layers by path, the shapes of those with maps, and what the model returns."""
        probe = self._input([np.zeros((*self.size, 3), np.uint8)])
        layers = dict(inside.walk(self.model))
        with inside.caught(layers) as outputs:
            try:
                result = self._run(probe)
            except Exception as error:  # whatever a foreign model raises on its input
                expected = f"a model that takes {tuple(probe.shape)}"
                raise InputError(f"model {self.model.name!r}", expected, error) from error
        return layers, inside.feature_maps(layers, outputs, self.size), result

    def describe(self):
        """Which model, with which weights, on which input."""
        text = f"Keras model {self.model.name!r}{self.origin}, input {self.size[0]}×{self.size[1]}"
        if self.preprocess:
            text += f", preprocessed by {getattr(self.preprocess, '__name__', 'a function')}"
        return text

    def notes(self):
        """What a reader of the scores has to know."""
        if self.decision is None or self.scores_are_logits or self.kinds == ("activation",):
            return []
        return [
            f"{self.model.name}: its last layer is not known to Keras, so gradient and grad_cam "
            "are those of the probability and not of the score before the softmax."
        ]

    def __call__(self, images, examples):
        """Maps of a list of images."""
        inputs = self._input(images)
        decides = any(kind != "activation" for kind in self.kinds)
        maps = self._with_decision(inputs) if decides else self._without(inputs)
        return {key: list(values.numpy()) for key, values in maps.items()}

    def _grid(self, values):
        return inside.on_grid(values, self.size)

    def _without(self, inputs):
        # No tape: it would keep every intermediate result of the whole network.
        with inside.caught(self.layers) as outputs:
            self._run(inputs)
        return activation_maps({name: self._grid(outputs[name]) for name in self.layers})

    def _with_decision(self, inputs):
        caught = {**self.layers, **({"": self.pooled[0]} if "cam" in self.kinds else {})}
        with (
            inside.caught(caught) as outputs,
            inside.unsquashed(self.head),
            tf.GradientTape() as tape,
        ):
            tape.watch(inputs)
            scores = inside.picked(self._run(inputs), self.decision)
            scores = _of_two(scores)
            chosen = tf.argmax(scores, axis=1, output_type=tf.int32)
            score = tf.reduce_sum(tf.gather(scores, chosen, axis=1, batch_dims=1))
        features = {name: outputs[name] for name in self.layers}
        grids = {name: self._grid(values) for name, values in features.items()}
        maps = activation_maps(grids) if "activation" in self.kinds else {}
        if "cam" in self.kinds:
            kernel = _of_two(tf.cast(self.pooled[1].kernel, tf.float32))
            weights = tf.gather(kernel, chosen, axis=1)
            values = tf.einsum("bhwc,cb->bhw", tf.cast(outputs[""], tf.float32), weights)
            maps[self.cam_name, "cam"] = values
        return maps | self._gradients(tape, score, inputs, features)

    def _gradients(self, tape, score, inputs, features):
        watched = [inputs] if "gradient" in self.kinds else []
        watched += list(features.values()) if "grad_cam" in self.kinds else []
        gradients = tape.gradient(score, watched, unconnected_gradients="zero")
        maps = {}
        if "gradient" in self.kinds:
            maps["input", "gradient"] = tf.reduce_max(tf.abs(gradients.pop(0)), axis=-1)
        for (name, values), gradient in zip(features.items(), gradients, strict=False):
            maps[name, "grad_cam"] = _grad_cam(self._grid(values), self._grid(gradient))
        return maps


def _grad_cam(features, gradient):
    weights = tf.reduce_mean(tf.cast(gradient, tf.float32), axis=(1, 2), keepdims=True)
    return tf.nn.relu(tf.reduce_sum(tf.cast(features, tf.float32) * weights, axis=-1))


def _of_two(scores):
    """A single unit's score as those of two classes, against and for it."""
    return tf.concat([-scores, scores], axis=1) if scores.shape[1] == 1 else scores


def _probabilities(scores):
    scores = tf.cast(scores, tf.float32)
    total = 1.0 if scores.shape[1] == 1 else tf.reduce_sum(scores, axis=1)
    inside_unit = tf.reduce_all((scores >= 0) & (scores <= 1))
    return bool(inside_unit and tf.reduce_all(tf.abs(total - 1.0) < 1e-2))


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


def _input_size(model, size):
    shape = getattr(model, "input_shape", None)
    if isinstance(shape, dict):
        shape = list(shape.values())
    if isinstance(shape, (list, tuple)) and shape and isinstance(shape[0], (list, tuple)):
        if len(shape) > 1:
            raise InputError(f"model {model.name!r}", "one image input", f"{len(shape)} inputs")
        shape = shape[0]
    if shape is None:
        return size_of(size or DEFAULT_SIZE)
    if len(shape) != 4 or shape[-1] != 3:
        expected = "one image input of shape (batch, H, W, 3)"
        raise InputError(f"model {model.name!r}", expected, f"input shape {tuple(shape)}")
    return fitting_size(size, tuple(shape[1:3]), f"model {model.name!r}")


def fitting_size(size, own, what):
    """The input size (H, W): the sides that `own` fixes, the others from `size`."""
    if size is not None:
        size = size_of(size)
        if any(side not in (None, wanted) for side, wanted in zip(own, size, strict=True)):
            raise InputError("size", f"{own}, which {what} wants", size)
    return tuple(a or b for a, b in zip(own, size or DEFAULT_SIZE, strict=True))
