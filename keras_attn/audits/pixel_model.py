"""A network as kinds of maps see it: pixels in, class scores out, and a look inside."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import tensorflow as tf

from keras_attn.audits.decision import Decision
from keras_attn.audits.runner import Runner
from keras_attn.errors import InputError, listing
from keras_attn.networks import inside
from keras_attn.networks.maps.choice import INPUT
from keras_attn.networks.maps.features import on_grid


class PixelModel:
    """A Keras model of RGB pixels in [0, 255], whatever it expects itself.

    It is what a `Kind` of map is handed; an audit makes it. Called with images it returns class
    scores. Gradients pass to the images with a `tf.GradientTape`, where the preprocessing consists
    of TensorFlow's operations.

    Beside its methods it has `name`, of the model; `classes`, how many; `size`, (H, W) of its
    images; `keras_model`, the model itself, without preprocessing; `every`, its layers by path;
    `layers`, paths of those audited; `pooled`, the path of the layer whose average decides, or
    None.

    Args:
        runner: the model, and what is done to pictures before it.
        decision: which of its outputs has the class scores.
        every: its layers by path, `outer/inner` for a layer of a nested model.

    Example:

    >>> import keras
    >>> from keras_attn.audits.keras_maps import KerasMaps
    >>> images = keras.Input((8, 8, 3))
    >>> mean = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3, name="c")(images))
    >>> model = KerasMaps(keras.Model(images, keras.layers.Dense(2)(mean))).pixel_model
    >>> zeros = keras.ops.zeros((1, 8, 8, 3))
    >>> model.size, model.pooled, model(zeros).shape, model.outputs(zeros, ["c"])["c"].shape
    ((8, 8), 'c', TensorShape([1, 2]), TensorShape([1, 6, 6, 4]))
    """

    def __init__(self, runner: Runner, decision: Decision, every: Mapping[str, Any]) -> None:
        self.runner, self.decision, self.every = runner, decision, every
        self.keras_model, self.name, self.size = runner.model, runner.model.name, runner.size
        self.classes, self.pooled = decision.classes, decision.pooled or None
        self.layouts: Mapping[str, Any] = {}
        self.layers: tuple[str, ...] = ()
        self._shared: SharedRun | None = None
        self._as_graph, self._graph = False, None

    def lay(self, layouts: Mapping[str, Any], layers: Iterable[str]) -> None:
        """Say which layers are audited; the audit does, before any kind is called.

        Args:
            layouts: by path, how the outputs of layers lie in the picture, those that kinds read
                and INPUT as well.
            layers: paths of those audited.

        Returns:
            Nothing.
        """
        self.layouts, self.layers = layouts, tuple(layers)

    def __call__(self, images: Any, training: bool = False) -> tf.Tensor:
        """Class scores of pixels: those before softmax or sigmoid, where the last layer shows it.

        Args:
            images: float32 RGB `(n, H, W, 3)` in [0, 255], a tensor or an array.
            training: whether layers run as in training.

        Returns:
            Float32 `(n, classes)`; of a single unit two classes, against and for it.

        Raises:
            InputError: The network has no class scores.
        """
        inputs = self._prepared(images)
        if self._as_graph and not training:
            graph = self._graph_of(inputs)
            if graph is not None:
                return graph(inputs)
        return self._scores(inputs, training)

    @contextmanager
    def as_graph(self) -> Iterator[None]:
        """Within this, calls run as one graph of TensorFlow, where the network allows it.

        For kinds that call the model many times: two to three times as fast, and the same but for
        rounding. Weights may change meanwhile; what layers do may not, since they are asked once.

        Returns:
            A context.
        """
        before, self._as_graph = self._as_graph, not self.runner.eagerly
        try:
            yield
        finally:
            self._as_graph = before

    def _scores(self, inputs, training=False):
        with inside.unsquashed(self.decision.head):
            return self.scores_in(self.runner(inputs, training))

    def _graph_of(self, inputs):
        """The graph for inputs of this size in batches of any, or None for a network without."""
        if not tf.is_tensor(inputs):
            return None
        form = tf.TensorSpec((None, *inputs.shape[1:]), inputs.dtype)
        if self._graph is None or self._graph[0] != form:
            try:
                graph = tf.function(self._scores).get_concrete_function(form)
            except Exception:  # a network that is Python code cannot be traced, and runs as that
                graph = None
            self._graph = form, graph
        return self._graph[1]

    def run(self, images: Any, training: bool = False) -> Any:
        """All that the Keras model itself returns for pixels.

        Args:
            images: as of the call.
            training: likewise.

        Returns:
            A tensor, or several in the model's own structure.
        """
        return self.runner(self._prepared(images), training)

    def scores_in(self, result: Any) -> tf.Tensor:
        """The class scores in what the Keras model returns.

        Args:
            result: what `run` returned.

        Returns:
            Float32 `(n, classes)`, after a softmax where the model ends in one.

        Raises:
            InputError: The network has no class scores.
        """
        if not self.decision.there:
            raise InputError(f"model {self.name!r}", "a model with class scores", "none")
        scores = inside.picked(result, self.decision.key)
        return of_two(tf.cast(scores, tf.float32))

    @property
    def class_weights(self) -> tf.Tensor:
        """`(C, classes)`, what the averages of the channels of `pooled` are weighted with."""
        return of_two(tf.cast(self.decision.dense.kernel, tf.float32))

    def outputs(self, images: Any, paths: Collection[str]) -> dict[str, Any]:
        """What layers return for pixels, as they return it.

        Args:
            images: as of the call.
            paths: of the layers. One that runs several times has its path for the last time, and
                `path@1`, ... for those before.

        Returns:
            A dict by path. The last layer of a classifier returns scores before its softmax.

        Raises:
            InputError: The model has no layer of a path.
        """
        unknown = [path for path in paths if path.partition("@")[0] not in self.every]
        if unknown:
            expected = f"paths of its layers, which are {listing(self.every, 200)}"
            raise InputError(f"model {self.name!r}", expected, listing(unknown))
        named = self._run_of(images, paths).named
        return {path: named[path] for path in paths}

    def features(self, images: Any, paths: Collection[str] | None = None) -> dict[str, Any]:
        """The outputs of layers for pixels, laid over the picture.

        Args:
            images: as of the call.
            paths: of layers that are audited or that a kind `reads`; default all that are audited.

        Returns:
            A dict of tensors `(n, h, w, C)` by path.

        Raises:
            InputError: A path is of another layer.
        """
        paths = self.layers if paths is None else tuple(paths)
        return {path: self._grid(path, v) for path, v in self.outputs(images, paths).items()}

    def gradients(self, images: Any, targets: Any) -> dict[str, Any]:
        """∂ score / ∂ features of the audited layers.

        Args:
            images: as of the call.
            targets: int32 `(n,)`, the class of each image whose score it is of.

        Returns:
            A dict of tensors `(n, h, w, C)` by path; zeros where the score does not depend on them.
        """
        found = self._run_of(images, self.layers, targets, {*self.layers}).gradients(targets)
        return {path: self._grid(path, found[path]) for path in self.layers}

    def input_gradient(self, images: Any, targets: Any) -> tf.Tensor:
        """∂ score / ∂ input, of the input as it is preprocessed.

        Args:
            images: as of the call.
            targets: int32 `(n,)`, the class of each image whose score it is of.

        Returns:
            Float32 `(n, H, W, 3)`.
        """
        found = self._run_of(images, (), targets, {INPUT}).gradients(targets)
        values = tf.cast(found[INPUT], tf.float32)
        return self._grid(INPUT, values) if INPUT in self.layouts else values

    @contextmanager
    def sharing(
        self,
        images: Any,
        inputs: Any,
        paths: Collection[str] = (),
        watched: Collection[str] = (),
    ) -> Iterator[SharedRun]:
        """Within this, what is asked of these images comes from one `SharedRun`, forth and back.

        Args:
            images: as of the call; the very object that kinds are handed.
            inputs: the same as the model gets them.
            paths: of the layers whose outputs are kept.
            watched: what gradients are taken with respect to, all at once: of INPUT and paths.

        Returns:
            A context that gives the `SharedRun`.
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


def of_two(scores):
    """A single unit's score as those of two classes, against and for it."""
    return tf.concat([-scores, scores], axis=1) if scores.shape[1] == 1 else scores
