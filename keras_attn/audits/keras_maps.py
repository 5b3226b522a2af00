"""Attention maps of a Keras model: of its layers, and of its decision.

"activation"  Σ_d |Z_d|² over the channels of a layer's output (Eq. 4)
"map"         the output itself, of a layer with one channel
"gradient"    max over the channels of |∂ score / ∂ input| (Simonyan et al. 2014)
"cam"         the features before global average pooling, weighted as in the last layer (Zhou 2016)
"grad_cam"    ReLU of a layer's channels weighted by their mean gradient (Selvaraju et al. 2017)

The score is that of one class before softmax or sigmoid, by default of the predicted one; one unit
decides between two.
"""

from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from keras_attn.audits import KINDS, PREDICTED, TRUE
from keras_attn.audits.sources import as_names
from keras_attn.errors import InputError, listing, one_of
from keras_attn.networks import expectations, heads, inside
from keras_attn.networks.functional import is_place
from keras_attn.networks.inputs import image_size, preprocessed
from keras_attn.networks.maps import probing
from keras_attn.networks.maps.features import Laid, Tensors, activation_maps, on_grid, to_numpy
from keras_attn.resizing import resized

INPUT = "input"
"""The layer that the gradient of the input stands under."""


class KerasMaps(Laid):
    """Maps of a Keras model with one image input.

    layers: names (`outer/inner` for a layer of a nested model); by default the last layer of each
    resolution. kinds: some of KINDS; by default "activation", and for classifiers all.
    size: (H, W) of the input, where the model leaves it open. preprocess: a function of float32
    RGB images in [0, 255], for models without preprocessing of their own. output: name or place of
    the class scores among several outputs. explain: the class whose score is explained,
    "predicted", "true" or its number. origin: where the model and its weights come from, for the
    report.
    """

    def __init__(
        self,
        model,
        layers=(),
        kinds=None,
        size=None,
        preprocess=None,
        origin="",
        output=None,
        explain=PREDICTED,
    ):
        if keras.backend.backend() != "tensorflow":
            raise InputError("KERAS_BACKEND", "tensorflow", repr(keras.backend.backend()))
        self.model, self.preprocess, self.origin = model, preprocess, origin
        self.own = expectations.preprocessor_of(model)
        self.size = image_size(model, size, self.own)
        self.explain = explain
        every = dict(inside.walk(model))
        trace, result = self._dry_run(every)
        self._decide(trace, result, output)
        self.kinds = self._possible(as_names(kinds))
        self.cam_name = self._cam_name(trace)
        self._find_maps(layers, every, trace)
        self.expectation = expectations.sentence(trace, preprocess or self.own)

    # --- opening ------------------------------------------------------------------------------

    def _dry_run(self, every):
        """How the model runs on two textures, and what it returns for them."""
        pictures = self._input(list(probing.textures(self.size)))
        dtypes = [tensor.dtype for tensor in getattr(self.model, "inputs", None) or ()]
        # Keras casts images to the type of the input, and whole numbers have no gradient.
        self.smooth = pictures.dtype.is_floating and all("float" in dtype for dtype in dtypes)
        for self.eagerly in (False, True):
            trace = inside.Trace(every)
            with trace.recording():
                try:
                    result = self._run(pictures)
                except Exception as error:  # whatever a foreign model raises on its input
                    expected = f"a model that takes {tuple(pictures.shape)}"
                    raise InputError(f"model {self.model.name!r}", expected, error) from error
            self.by_chance = heads.differ(result, self._run(pictures))
            # Layers within a tf.function show nothing of themselves, unless it runs eagerly.
            if trace.ran:
                break
        return trace, result

    def _decide(self, trace, result, output):
        """Find the class scores, their last layer, and what the scores are."""
        names = getattr(self.model, "output_names", ()) if _listed(result) else ()
        names = getattr(result, "_fields", names)  # of a namedtuple
        self.candidates = inside.score_outputs(result, names)
        if output is None:
            self.decision = inside.decision_of(self.candidates)
        else:
            self.decision = _named(self.model, self.candidates, result, output)
        self.head = self.pooled = None
        self.scores = ""
        if self.decision is None:
            return
        tensor = inside.picked(result, self.decision)
        self.head = inside.head_of(self.model, self.decision, trace, tensor)
        self.pooled = inside.pooled(self.head, trace)
        known = inside.squashes(self.head) or inside.gives_logits(self.head)
        self.scores = "" if known else _not_logits(tensor)
        self.classes = max(2, tensor.shape[1])
        if self.explain not in (PREDICTED, TRUE) and not (
            isinstance(self.explain, (int, np.integer)) and 0 <= self.explain < self.classes
        ):
            expected = f"'predicted', 'true' or a class from 0 to {self.classes - 1}"
            raise InputError("explain", expected, repr(self.explain))

    def _possible(self, kinds):
        possible = ["activation"]
        if self.decision is not None:
            possible += ["gradient"] * self.smooth + ["grad_cam"]
        possible += ["cam"] * (self.pooled is not None)
        for kind in kinds:
            one_of("kinds", kind, KINDS)
            if kind not in possible:
                why = "a classifier" if kind != "cam" else "global average pooling before one Dense"
                received = repr(self.model.name)
                if kind == "gradient" and not self.smooth:
                    why, received = "an input of floats", f"{received}, which takes whole numbers"
                if self._undecided and kind != "cam":
                    why += ", whose class scores are named by output="
                    received += f" with {listing(self.candidates)}"
                raise InputError(f"kind {kind!r}", f"a model with {why}", received)
        return kinds or tuple(possible)

    @property
    def _undecided(self):
        return self.decision is None and len(self.candidates) > 1

    def _cam_name(self, trace):
        """The path of the layer that CAM weights, which is pooled where it runs last."""
        ran = reversed(list(trace.calls.items()))
        return next((p for p, c in ran if self.pooled and c.layer is self.pooled[0]), "")

    def _find_maps(self, layers, every, trace):
        """Choose layers, and find out how their outputs lie in the picture."""
        calls = trace.calls
        shapes = {path: call.shape for path, call in calls.items()}
        known = {path: expectations.makes_maps(call.layer) for path, call in calls.items()}
        first = [path for path, call in calls.items() if _nested(call.layer)]
        unusual = {path for path, call in calls.items() if expectations.makes_no_map(path, every)}
        tensors = Tensors(shapes, self.size, known, first, unusual, self._answers(every))
        needs = [INPUT] * bool(self.preprocess or self.own)
        needs += [self.cam_name] * ("cam" in self.kinds)
        optional = self.decision is not None and not layers
        self.layouts, paths = tensors.chosen(layers, needs, optional)
        self.layers = {path: every[path.partition("@")[0]] for path in paths}
        if not paths and not set(self.kinds) - {"activation", "grad_cam"}:
            expected = f"feature maps (batch, H, W, C) for {listing(self.kinds)}"
            raise InputError(f"model {self.model.name!r}", expected, "none")
        self.caught = dict(self.layers)
        if "cam" in self.kinds:
            self.caught[self.cam_name] = self.pooled[0]

    def _answers(self, every):
        """A function: names of tensors -> one of pictures -> these tensors, for `probing`."""

        def of(names):
            layers = {path.partition("@")[0] for path in names} - {INPUT}
            wanted = {path: every[path] for path in every if path in layers}

            def run(pictures):
                inputs = self._input(list(pictures))
                with inside.caught(wanted) as outputs:
                    self._run(inputs)
                named = {**outputs.named(), INPUT: inputs}
                return {name: to_numpy(named[name]) for name in names}

            return run

        return of

    # --- what the audit asks ------------------------------------------------------------------

    def describe(self):
        """Which model, with which weights, on which input, and which class is explained."""
        text = f"Keras model {self.model.name!r}{self.origin}, input {self.size[0]}×{self.size[1]}"
        if self.preprocess:
            text += f", preprocessed by {getattr(self.preprocess, '__name__', 'a function')}"
        elif self.own:
            text += f", preprocessed by its own {type(self.own).__name__}"
        if self._decides and self.explain != PREDICTED:
            which = "the true class" if self.explain == TRUE else f"class {self.explain}"
            text += f", explained for {which}"
        return text

    @property
    def _decides(self):
        return any(kind != "activation" for kind in self.kinds)

    def notes(self):
        """What a reader of all scores has to know."""
        chance = [f"{self.model.name}: {heads.CHANCE}"] if self.by_chance else []
        return chance + self._notes_on_decision()

    def _notes_on_decision(self):
        if self._undecided and not self._decides:
            return [
                f"{self.model.name}: several outputs may be class scores "
                f"({listing(self.candidates)}), so none is explained; name one by output."
            ]
        if self.decision is None or not self.scores or self.kinds == ("activation",):
            return []
        return [
            f"{self.model.name}: its last layer is not known to Keras, and returns {self.scores}, "
            "so gradient and grad_cam are those of the probability and not of the score before "
            "the softmax."
        ]

    def check(self, examples):
        """Fail before the work begins where the true class is to be explained and not known."""
        if self._decides and self.explain == TRUE:
            without = [example.id for example in examples if example.label is None]
            if without:
                expected = "examples with classes, which explain='true' needs"
                raise InputError("explain", expected, f"none for {listing(without, 5)}")
            most = max(example.label for example in examples)
            if most >= self.classes:
                expected = f"classes of the model, which has {self.classes}"
                raise InputError("explain", expected, f"a true class {most}")

    def __call__(self, images, examples):
        """Maps of a list of images."""
        given = self._input(images)
        maps = self._with_decision(given, examples) if self._decides else self._without(given)
        return {key: list(values.numpy()) for key, values in maps.items()}

    def _input(self, images):
        batch = resized(images, self.size)
        if self.preprocess is not None:
            return preprocessed(self.preprocess, batch)
        return expectations.preprocessed(self.own, tf.convert_to_tensor(batch))

    def _run(self, images):
        """What the model returns; one that takes its images by name is given them so."""
        structure = getattr(self.model, "input", None) if self.model.built else None
        if isinstance(structure, dict):
            images = dict.fromkeys(structure, images)
        elif isinstance(structure, (list, tuple)):
            images = [images]
        with _functions(self.eagerly):
            return self.model(images, training=False)

    def _grid(self, path, values):
        return on_grid(self.layouts[path], values, f"layer {path!r} of model {self.model.name!r}")

    def _without(self, inputs):
        # No tape: it would keep every intermediate result of the whole network.
        with inside.caught(self._base(self.layers)) as outputs:
            self._run(inputs)
        named = outputs.named()
        return activation_maps({name: self._grid(name, named[name]) for name in self.layers})

    def _base(self, layers):
        return {path.partition("@")[0]: layer for path, layer in layers.items()}

    def _with_decision(self, inputs, examples):
        with (
            inside.caught(self._base(self.caught)) as outputs,
            inside.unsquashed(self.head),
            tf.GradientTape() as tape,
        ):
            tape.watch(inputs)
            scores = inside.picked(self._run(inputs), self.decision)
            scores = _of_two(tf.cast(scores, tf.float32))
            chosen = self._explained(scores, examples)
            score = tf.reduce_sum(tf.gather(scores, chosen, axis=1, batch_dims=1))
        named = outputs.named()
        features = {name: named[name] for name in self.layers}
        grids = {name: self._grid(name, values) for name, values in features.items()}
        maps = activation_maps(grids) if "activation" in self.kinds else {}
        if "cam" in self.kinds:
            kernel = _of_two(tf.cast(self.pooled[1].kernel, tf.float32))
            weights = tf.gather(kernel, chosen, axis=1)
            values = tf.cast(self._grid(self.cam_name, named[self.cam_name]), tf.float32)
            maps[self.cam_name, "cam"] = tf.einsum("bhwc,cb->bhw", values, weights)
        return maps | self._gradients(tape, score, inputs, features)

    def _explained(self, scores, examples):
        """The class whose score is explained, of each image."""
        if self.explain == TRUE:
            return tf.constant([example.label for example in examples], tf.int32)
        if self.explain == PREDICTED:
            return tf.argmax(scores, axis=1, output_type=tf.int32)
        return tf.fill(tf.shape(scores)[:1], tf.constant(int(self.explain), tf.int32))

    def _gradients(self, tape, score, inputs, features):
        watched = [inputs] if "gradient" in self.kinds else []
        watched += list(features.values()) if "grad_cam" in self.kinds else []
        gradients = tape.gradient(score, watched, unconnected_gradients="zero")
        maps = {}
        if "gradient" in self.kinds:
            values = tf.cast(gradients.pop(0), tf.float32)
            if INPUT in self.layouts:
                values = self._grid(INPUT, values)
            maps[INPUT, "gradient"] = tf.reduce_max(tf.abs(values), axis=-1)
        for (name, values), gradient in zip(features.items(), gradients, strict=False):
            maps[name, "grad_cam"] = _grad_cam(self._grid(name, values), self._grid(name, gradient))
        return maps


@contextmanager
def _functions(eagerly):
    """Within this, a `tf.function` runs as any other, or as before."""
    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(eagerly or before)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(before)


def _listed(result):
    return isinstance(result, (list, tuple))


def _nested(layer):
    return isinstance(layer, keras.Model)


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


def _grad_cam(features, gradient):
    weights = tf.reduce_mean(tf.cast(gradient, tf.float32), axis=(1, 2), keepdims=True)
    return tf.nn.relu(tf.reduce_sum(tf.cast(features, tf.float32) * weights, axis=-1))


def _of_two(scores):
    """A single unit's score as those of two classes, against and for it."""
    return tf.concat([-scores, scores], axis=1) if scores.shape[1] == 1 else scores


def _not_logits(scores):
    """What scores of an unknown last layer look like, if they are not scores before a softmax."""
    scores = np.asarray(tf.cast(scores, tf.float32))
    within = scores.min() >= 0 and scores.max() <= 1
    if scores.shape[1] == 1:
        return "values from 0 to 1, as a probability is" if within else ""
    if within and np.allclose(scores.sum(axis=1), 1, atol=1e-2):
        return "values that sum to 1, as probabilities do"
    if scores.max() <= 0 and np.allclose(np.exp(scores).sum(axis=1), 1, atol=1e-2):
        return "logarithms of values that sum to 1, as log-probabilities do"
    return ""
