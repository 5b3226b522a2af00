"""Maps of a Keras model: of its layers, of its input, and of its decision, by kinds.

The score that is explained is that of one class before softmax or sigmoid, by default of the
predicted one; one unit decides between two.
"""

from functools import partial

import keras
import tensorflow as tf

from keras_attn.audits import PREDICTED
from keras_attn.audits import kinds as kinds_of_maps
from keras_attn.audits.decision import decision_of
from keras_attn.audits.explanation import Explanation
from keras_attn.audits.faithfulness import Decided
from keras_attn.audits.kinds import IMAGE, LAYERS, Unfit
from keras_attn.audits.pixel_model import PixelModel
from keras_attn.audits.randomised import randomised
from keras_attn.audits.returned import maps_of
from keras_attn.audits.runner import Runner
from keras_attn.errors import InputError, listing
from keras_attn.networks import expectations, heads, inside
from keras_attn.networks.maps.choice import INPUT
from keras_attn.networks.maps.features import Laid, Tensors, to_numpy
from keras_attn.networks.maps.place import WHOLE
from keras_attn.registries import KINDS


class KerasMaps(Laid):
    """Maps of a Keras model with one image input.

    layers: names (`outer/inner` for a layer of a nested model); by default the last layer of each
    resolution. kinds: names, `Kind`s or functions; by default "activation", and for classifiers all
    that are meant `by_default`. size: (H, W) of the input, where the model leaves it open.
    preprocess: a function of float32 RGB images in [0, 255], for models without preprocessing of
    their own. output: name or place of the class scores among several outputs. explain: the class
    whose score is explained, "predicted", "true" or its number. origin: where the model and its
    weights come from, for the report.
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
        self.model, self.origin = model, origin
        self.runner = Runner(model, size, preprocess)
        self.size = self.runner.size
        every = dict(inside.walk(model))
        trace, result = self.runner.dry_run(every)
        self.decision = decision_of(model, trace, result, output)
        self.explanation = Explanation(explain, self.decision.classes)
        if self.decision.there:
            self.explanation.check()
        self.pixel_model = PixelModel(self.runner, self.decision, every)
        self.chosen = self._possible(kinds_of_maps.chosen(kinds))
        self._find_maps(layers, every, trace)
        self.expectation = expectations.sentence(trace, preprocess or self.runner.own)

    @property
    def kinds(self):
        """The names of its kinds."""
        return tuple(kind.name for kind in self.chosen)

    # --- opening ------------------------------------------------------------------------------

    def _possible(self, chosen):
        """The kinds that are asked for, else all by default that this network allows."""
        if not chosen:
            usual = [kind for kind in KINDS.values() if kind.by_default]
            # Those for networks of one structure alone come behind what every classifier has.
            usual.sort(key=lambda kind: kind.reads is not None)
            return tuple(kind.ready() for kind in usual if not self._lacking(kind))
        for kind in chosen:
            if lacking := self._lacking(kind):
                expected, received = lacking
                raise InputError(f"kind {kind.name!r}", f"a model with {expected}", received)
        return tuple(kind.ready() for kind in chosen)

    def _lacking(self, kind):
        """What this network would need for a kind, and what it is; None where it needs no more."""
        received = repr(self.model.name)
        try:
            self._read_by(kind)
        except Unfit as unfit:
            return str(unfit), received
        fractions = self.runner.smooth or not kind.gradients or kind.of == LAYERS
        if fractions and (self.decision.there or not kind.scores):
            return None
        needed = "a classifier"
        if not fractions:
            needed, received = "an input of floats", f"{received}, which takes whole numbers"
        if self.decision.open:
            needed += ", whose class scores are named by output="
            received += f" with {listing(self.decision.candidates)}"
        return needed, received

    def _read_by(self, kind):
        """Paths of the layers that a kind reads beside those that are audited."""
        return [] if kind.reads is None else list(kind.reads(self.pixel_model))

    def _find_maps(self, layers, every, trace):
        """Choose layers, and find out how their outputs lie in the picture."""
        calls = trace.calls
        shapes = {path: call.shape for path, call in calls.items()}
        known = {path: expectations.makes_maps(call.layer) for path, call in calls.items()}
        first = [path for path, call in calls.items() if _nested(call.layer)]
        unusual = {path for path, call in calls.items() if expectations.makes_no_map(path, every)}
        tensors = Tensors(shapes, self.size, known, first, unusual, self._answers(every))
        self.read = [path for kind in self.chosen for path in self._read_by(kind)]
        needs = [INPUT] * self.runner.changes + self.read
        optional = self.decision.there and not layers
        self.layouts, paths = tensors.chosen(layers, needs, optional)
        self.layers = {path: every[path.partition("@")[0]] for path in paths}
        of_layers = [kind for kind in self.chosen if kind.of == LAYERS and kind.reads is None]
        if not paths and len(of_layers) == len(self.chosen):
            expected = f"feature maps (batch, H, W, C) for {listing(self.kinds)}"
            raise InputError(f"model {self.model.name!r}", expected, "none")
        self.pixel_model.lay(self.layouts, paths)

    def _answers(self, every):
        """A function: names of tensors -> one of pictures -> these tensors, for `probing`."""

        def of(names):
            layers = {path.partition("@")[0] for path in names} - {INPUT}
            wanted = {path: every[path] for path in every if path in layers}

            def run(pictures):
                inputs = self.runner.prepared(self.runner.resized(list(pictures)))
                with inside.caught(wanted) as outputs:
                    self.runner(inputs)
                named = {**outputs.named(), INPUT: inputs}
                return {name: to_numpy(named[name]) for name in names}

            return run

        return of

    # --- what the audit asks ------------------------------------------------------------------

    @property
    def places(self):
        """A `Place` by layer, or by layer and kind where that lies elsewhere."""
        of_pixels = {(INPUT, kind.name): WHOLE for kind in self.chosen if kind.of == IMAGE}
        return super().places | of_pixels

    def describe(self):
        """Which model, with which weights, on which input, and which class is explained."""
        text = f"Keras model {self.model.name!r}{self.origin}, input {self.size[0]}×{self.size[1]}"
        preprocess, own = self.runner.preprocess, self.runner.own
        if preprocess:
            text += f", preprocessed by {getattr(preprocess, '__name__', 'a function')}"
        elif own:
            text += f", preprocessed by its own {type(own).__name__}"
        return text + self.explanation.told if self._explains else text

    @property
    def _explains(self):
        return any(kind.scores for kind in self.chosen)

    def notes(self):
        """What a reader of all scores has to know."""
        name = self.model.name
        notes = [f"{name}: {heads.CHANCE}"] if self.runner.by_chance else []
        if self.decision.open and not self._explains:
            notes.append(
                f"{name}: several outputs may be class scores "
                f"({listing(self.decision.candidates)}), so none is explained; name one by output."
            )
        # What the structure tells, as CAM, does not go by the scores.
        by_score = [kind.name for kind in self.chosen if kind.scores and kind.reads is None]
        if self.decision.looks and by_score:
            notes.append(
                f"{name}: its last layer is not known to Keras, and returns {self.decision.looks}, "
                f"so {' and '.join(by_score)} {'are those' if by_score[1:] else 'is that'} of the "
                "probability and not of the score before the softmax."
            )
        told = [kind.function.notes() for kind in self.chosen if hasattr(kind.function, "notes")]
        return notes + [f"{name}: {note}" for own in told for note in own]

    def check(self, examples):
        """Fail before the work begins where the true class is to be explained and not known."""
        if self._explains:
            self.explanation.check_examples(examples)

    @property
    def decided(self):
        """What is asked for the scores of changed pictures: a `Decided`, or None."""
        if not self.decision.there:
            return None
        explain = self.explanation.explain
        return Decided(self._asked, self.size, explain, self, partial(randomised, self.model))

    def _asked(self, images):
        """The class scores of pictures of which there are many."""
        with self.pixel_model.as_graph():
            return self.pixel_model(images)

    def __call__(self, images, examples, targets=None):
        """Maps of a list of images; targets: the classes that are explained, if they are known."""
        batch = self.runner.resized(images)
        # Functions of arrays may write into what they get.
        pixels = tf.constant(batch.copy() if self.runner.changes else batch)
        inputs = self.runner.prepared(batch) if self.runner.changes else pixels
        of_layers = any(kind.of == LAYERS for kind in self.chosen)
        paths = [*self.layers, *self.read] if of_layers else []
        maps = {}
        with self.pixel_model.sharing(pixels, inputs, paths, self._watched()) as run:
            if self._explains and targets is None:
                targets = self.explanation.targets(run.scores, examples)
            # Rows of maps that go back through the network stand behind the others.
            order = [*KINDS]
            for kind in sorted(self.chosen, key=lambda kind: _place(kind, order)):
                maps |= self._maps_of(kind, pixels, targets)
        return maps

    def _watched(self):
        """What gradients are shared with respect to."""
        of = {kind.of for kind in self.chosen if kind.gradients}
        return [INPUT] * (INPUT in of) + [*self.layers] * (LAYERS in of)

    def _maps_of(self, kind, pixels, targets):
        """Maps of one kind by layer and name, as many at a time as it takes."""
        count, maps = len(pixels), {}
        step = min(count, kind.batch or count)
        for start in range(0, count, step):
            part = slice(start, start + step)
            whole = step == count  # the very tensors that the shared run is of
            some = (pixels, targets) if whole else (pixels[part], _part(targets, part))
            for key, values in self._called(kind, *some).items():
                maps.setdefault(key, []).extend(values)
        return maps

    def _called(self, kind, pixels, targets):
        given = targets if kind.scores else None
        try:
            returned = kind.function(self.pixel_model, pixels, given)
        except InputError:
            raise
        except Exception as error:  # whatever a function of the user's raises
            expected = "a function (model, images, targets) that returns maps, here of "
            expected += f"{tuple(pixels.shape)} for model {self.model.name!r}"
            if self.runner.changes:
                expected += " (gradients pass through a preprocess of TensorFlow's operations only)"
            received = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
            raise InputError(f"kind {kind.name!r}", expected, received) from error
        return maps_of(kind, returned, len(pixels), [*self.layers, *self.read])


def _part(targets, part):
    return None if targets is None else targets[part]


def _place(kind, order):
    """What kinds are sorted by."""
    return kind.gradients, order.index(kind.name) if kind.name in order else len(order)


def _nested(layer):
    return isinstance(layer, keras.Model)
