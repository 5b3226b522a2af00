"""A network as kinds of maps see it: pixels in, class scores out, and a look inside."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager

import numpy as np
import tensorflow as tf

from keras_attn.errors import InputError, listing
from keras_attn.networks import inside
from keras_attn.networks.maps.choice import INPUT
from keras_attn.networks.maps.features import on_grid


class PixelModel:
    """A Keras model of RGB pixels in [0, 255], whatever it expects itself.

    Called with images, a float32 tensor or array `(n, H, W, 3)`, it returns class scores
    `(n, classes)`, float32: those before softmax or sigmoid, if its last layer is known to end in
    one; of a single unit those of two classes, against and for it. Gradients pass to the images
    with a `tf.GradientTape`, where `preprocess` consists of TensorFlow's operations.

    name, classes, size: of the model, its classes, and (H, W) of its images. keras_model: the model
    itself, without preprocessing. every: its layers by path. layers: paths of those audited.
    pooled: the path of the layer whose average decides, or None; class_weights: the kernel
    `(C, classes)` behind that average.
    """

    def __init__(self, runner, decision, every):
        self.runner, self.decision, self.every = runner, decision, every
        self.keras_model, self.name, self.size = runner.model, runner.model.name, runner.size
        self.classes, self.pooled = decision.classes, decision.pooled or None
        self.layouts, self.layers, self._shared = {}, (), None

    def lay(self, layouts, layers):
        """Say which layers are audited, and how they and others lie in the picture, by path."""
        self.layouts, self.layers = layouts, tuple(layers)

    def __call__(self, images, training=False):
        """Class scores `(n, classes)` of pixels; `InputError` of a network without any."""
        with inside.unsquashed(self.decision.head):
            return self.scores_in(self.run(images, training))

    def run(self, images, training=False):
        """All that the Keras model itself returns for pixels."""
        return self.runner(self._prepared(images), training)

    def scores_in(self, result):
        """The class scores `(n, classes)` in what the Keras model returns."""
        if not self.decision.there:
            raise InputError(f"model {self.name!r}", "a model with class scores", "none")
        scores = inside.picked(result, self.decision.key)
        return _of_two(tf.cast(scores, tf.float32))

    @property
    def class_weights(self):
        """`(C, classes)`, what the averages of the channels of `pooled` are weighted with."""
        return _of_two(tf.cast(self.decision.dense.kernel, tf.float32))

    def outputs(self, images, paths):
        """What layers of these paths return for pixels, by path, as they return it.

        A layer that runs several times has its path for the last, and `path@1`, ... before that.
        The last one of a classifier returns scores before its softmax.
        """
        unknown = [path for path in paths if path.partition("@")[0] not in self.every]
        if unknown:
            expected = f"paths of its layers, which are {listing(self.every, 200)}"
            raise InputError(f"model {self.name!r}", expected, listing(unknown))
        named = self._run_of(images, paths).named
        return {path: named[path] for path in paths}

    def features(self, images, paths=None):
        """The outputs of layers for pixels as features `(n, h, w, C)`, by path.

        paths: default those that are audited; others are those that a kind `reads`.
        """
        paths = self.layers if paths is None else tuple(paths)
        return {path: self._grid(path, v) for path, v in self.outputs(images, paths).items()}

    def gradients(self, images, targets):
        """∂ score / ∂ features of the audited layers, `(n, h, w, C)` by path.

        targets: `(n,)`, the class of each image whose score it is of.
        """
        found = self._run_of(images, self.layers, targets, {*self.layers}).gradients(targets)
        return {path: self._grid(path, found[path]) for path in self.layers}

    def input_gradient(self, images, targets):
        """∂ score / ∂ input, `(n, H, W, 3)`, of the input as it is preprocessed."""
        found = self._run_of(images, (), targets, {INPUT}).gradients(targets)
        values = tf.cast(found[INPUT], tf.float32)
        return self._grid(INPUT, values) if INPUT in self.layouts else values

    @contextmanager
    def sharing(self, images, inputs, paths=(), watched=()):
        """Within this, what is asked of these images comes from one `SharedRun`, forth and back.

        inputs: the same as the model gets them. paths: of the layers whose outputs are kept.
        watched: what gradients are taken with respect to, all at once: of INPUT and paths.
        """
        self._shared = SharedRun(self, images, inputs, paths, watched)
        try:
            yield self._shared
        finally:
            self._shared = None

    def _run_of(self, images, paths, targets=None, watched=frozenset()):
        """The shared run, or a new one where that is of other images or knows less."""
        shared = self._shared
        if shared is not None and shared.serves(images, paths, targets, watched):
            return shared
        return SharedRun(self, images, self._prepared(images), paths, watched)

    def _prepared(self, images):
        if not self.runner.changes:
            return tf.convert_to_tensor(images, tf.float32)
        images = tf.convert_to_tensor(images, tf.float32)
        try:
            return self.runner.prepared(images)
        except InputError:  # a function of arrays alone, through which no gradient passes
            return self.runner.prepared(np.array(images))

    def _grid(self, path, values):
        if path not in self.layouts:
            expected = f"audited layers, or those that the kind reads: {listing(self.layouts)}"
            raise InputError(f"layer {path!r} of model {self.name!r}", expected, "another")
        return on_grid(self.layouts[path], values, f"layer {path!r} of model {self.name!r}")


class SharedRun:
    """One run of a `PixelModel` on a batch, and the way back through it.

    named: what was kept of layers, by path. scores: `(n, classes)`, or None without a decision.
    Arguments as of `PixelModel.sharing`. What lies between is kept until gradients are taken, and
    only if some are `watched`.
    """

    def __init__(self, model, images, inputs, paths, watched):
        self.images, self.inputs, self.watched = images, inputs, set(watched)
        every = {path.partition("@")[0] for path in paths}
        self.tape = tf.GradientTape() if watched else None
        with ExitStack() as contexts:
            kept = contexts.enter_context(inside.caught({p: model.every[p] for p in every}))
            contexts.enter_context(inside.unsquashed(model.decision.head))
            if self.tape is not None:
                contexts.enter_context(self.tape)
                self.tape.watch(inputs)
            result = model.runner(inputs)
            self.scores = model.scores_in(result) if model.decision.there else None
        self.named = kept.named()
        self.targets = self._gradients = None

    def serves(self, images, paths, targets, watched):
        """Whether it has what is asked for."""
        taken = self.targets is not None and self.targets is not targets
        known = set(paths) <= set(self.named) and set(watched) <= self.watched
        return images is self.images and known and not (watched and taken)

    def gradients(self, targets):
        """Those of the scores of these classes, by what is watched; taken once."""
        if self._gradients is None:
            layers = [path for path in self.named if path in self.watched]
            sources = [self.inputs] * (INPUT in self.watched) + [self.named[p] for p in layers]
            names = [INPUT] * (INPUT in self.watched) + layers
            ones = tf.one_hot(targets, self.scores.shape[1])
            values = self.tape.gradient(
                self.scores, sources, output_gradients=ones, unconnected_gradients="zero"
            )
            self._gradients = dict(zip(names, values, strict=True))
            self.targets, self.tape = targets, None
        return self._gradients


def _of_two(scores):
    """A single unit's score as those of two classes, against and for it."""
    return tf.concat([-scores, scores], axis=1) if scores.shape[1] == 1 else scores
