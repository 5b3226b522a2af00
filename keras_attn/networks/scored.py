"""Networks made ready to be scored, exported or shown images: functional, with outputs by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_attn import datasets, tasks
from keras_attn.agreement import expectations, inside, probing
from keras_attn.agreement.features import Tensors, to_numpy
from keras_attn.agreement.place import WHOLE
from keras_attn.errors import InputError
from keras_attn.models.common import GAZE
from keras_attn.networks.functional import functional, preprocessed, with_known_outputs
from keras_attn.resizing import size_of


@dataclass(frozen=True, eq=False)
class Scored:
    """A network and the task that it is scored on.

    model: functional, of RGB pixels in [0, 255]. task: a module of `tasks`. config: what it was
    trained with, or None for one from elsewhere. file: where its weights come from, or None.
    """

    model: Any
    task: Any
    config: Any
    file: Path | None
    size: tuple | None = None

    @property
    def of_clips(self):
        """Whether it takes clips of videos."""
        return self.task.DATA is datasets.VideoDataset

    def scorer(self):
        """Its scorer, which lays maps where they belong; and notes on its numbers.

        Raises `InputError` for maps that do not follow the picture.
        """
        scorer = self.task.scorer(self.model, self.config, self.size)
        if self.config is not None or self.of_clips:
            return scorer, ()
        names = _maps_of(scorer)
        scorer.places, notes = _tried(self.model, names, scorer.size)
        return scorer, notes


def scored(opened, *, task=None, size=None, preprocess=None, output=None, expected=None):
    """The `Scored` of an `opening.Opened`.

    task: the name of one, by default that of the run, or what outputs say. size, preprocess,
    output: as for `api.evaluate`. expected: what the caller wants the model to be, where its user
    has not named a task.
    """
    size = None if size is None else size_of(size)
    model, config = opened.model, opened.config
    if config is not None:
        for name, given in (("preprocess", preprocess), ("output", output)):
            if given is not None:
                raise InputError(name, "none for a run, which knows its own", repr(given))
        found = tasks.of(config)
    else:
        own = expectations.preprocessor_of(model)
        size = size or expectations.size_of(own)
        made = preprocessed(functional(model, size), preprocess or own)
        model = with_known_outputs(made, output)
        found = tasks.of_model(model) if task is None else tasks.named(task)
    if task not in (None, found.NAME):
        if expected is not None:
            raise InputError("model", expected, f"a run of {found.NAME}")
        raise InputError("task", f"{found.NAME!r}, which the run was trained for", repr(task))
    return Scored(model, found, config, opened.file, size)


def check_whole(network):
    """Refuse a network whose maps do not stand for the whole picture, for use elsewhere."""
    if network.config is not None or network.of_clips:
        return
    scorer = network.task.scorer(network.model, network.config, network.size)
    for name, layout in _layouts(network.model, _maps_of(scorer), scorer.size)[0].items():
        place = getattr(layout, "place", WHOLE)  # else it is no map, which nobody can lay
        if not place.nearly_whole:
            expected = "maps of the whole picture, which those who use an export take them for"
            raise InputError(_called(name, network.model), expected, f"maps of {place.describe()}")


def _maps_of(scorer):
    """Names of the outputs that are scored as maps."""
    return [*getattr(scorer, "saliency", ())[-1:], *scorer.attention]


def _called(name, model):
    return f"output {name or 'saliency'} of model {model.name!r}"


def _tried(model, names, size):
    """Where the maps of a model's outputs lie, by name; and notes on its numbers."""
    layouts, trace = _layouts(model, names, size)
    said = expectations.sentence(trace, None)
    notes = [said] if said else []
    for name, layout in layouts.items():
        if isinstance(layout, str):
            raise InputError(_called(name, model), "a map of the picture", layout)
        if layout.axes != (1, 2) or layout.tokens:
            received = f"axes {layout.axes} as H and W"
            raise InputError(_called(name, model), "maps (batch, H, W, 1)", received)
        notes += [f"{name or 'saliency'}: {sentence}" for sentence in layout.sentences()]
    return {name: layout.place for name, layout in layouts.items()}, tuple(notes)


def _layouts(model, names, size):
    """A `layouts.Layout`, or why it is no map, of each output; and how the model runs.

    The layers before them are looked at too: an output that sees the whole picture does not tell by
    itself where a crop has put it.
    """
    every = dict(inside.walk(model))
    run, trace = _runner(model), inside.Trace(every)
    with trace.recording():
        outputs = run(probing.textures(size))
    if not names:
        return {}, trace
    paths = {f"output {name}": name for name in names}
    calls = trace.calls
    shapes = {path: call.shape for path, call in calls.items()}
    shapes |= {path: tuple(outputs[name].shape) for path, name in paths.items()}
    known = {path: expectations.makes_maps(call.layer) for path, call in calls.items()}
    known |= dict.fromkeys(paths, True)

    def answers(wanted):
        layers = {path: every[path] for path in {p.partition("@")[0] for p in wanted} - {*paths}}

        def of(pictures):
            with inside.caught(layers) as caught:
                made = run(pictures)
            named = caught.named() | {path: made[name] for path, name in paths.items()}
            return {path: to_numpy(named[path]) for path in wanted}

        return of

    tensors = Tensors(shapes, size, known, first=(), unusual=(), answers=answers)
    found = tensors.layouts(list(paths))
    return {name: found[path] for path, name in paths.items()}, trace


def _runner(model):
    """A function of pictures `(n, H, W, 3)` that returns the model's outputs by name."""

    def run(pictures):
        pictures = tf.cast(pictures, tf.float32)
        fed = {t.name: _gaze(t, pictures) if t.name == GAZE else pictures for t in model.inputs}
        structure = keras.tree.map_structure(lambda t: fed[t.name], model.input)
        outputs = model(structure, training=False)
        return outputs if isinstance(outputs, dict) else {"": outputs}

    return run


def _gaze(tensor, pictures):
    """Gaze that is everywhere alike, for a network that takes it."""
    sides = [
        side or given for side, given in zip(tensor.shape[1:3], pictures.shape[1:3], strict=True)
    ]
    return tf.constant(np.ones((len(pictures), *sides, 1), np.float32))
