"""Networks made ready to be scored, exported or shown images: functional, with outputs by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_attn import datasets, tasks
from keras_attn.errors import InputError
from keras_attn.loading import opening
from keras_attn.models.common import image_input_of
from keras_attn.networks import expectations, heads, inside
from keras_attn.networks.functional import (
    functional,
    named_for_graphs,
    of_size,
    preprocessed,
    with_known_outputs,
)
from keras_attn.networks.inputs import image_size
from keras_attn.networks.maps import probing
from keras_attn.networks.maps.features import Tensors, to_numpy
from keras_attn.resizing import size_of


@dataclass(frozen=True, eq=False)
class Scored:
    """A network and the task that it is scored on.

    model: functional, of RGB pixels in [0, 255]. task: a module of `tasks`. config: what it was
    trained with, or None for one from elsewhere. file: where its weights come from, or None. data:
    what its run knows of the data it learnt from, or None.
    """

    model: Any
    task: Any
    config: Any
    file: Path | None
    size: tuple | None = None
    data: dict | None = None

    @property
    def of_clips(self):
        """Whether it takes clips of videos."""
        return self.task.DATA is datasets.VideoDataset

    def scorer(self):
        """Its scorer, which lays maps where they belong; and notes on its numbers.

        Raises `InputError` for maps that do not follow the picture.
        """
        scorer = self.task.scorer(self.model, self.config, self.size)
        if hasattr(scorer, "as_probabilities"):
            head = heads.head_of(self.model, scorer.logits)
            scorer.as_probabilities = heads.probabilities(head)
        if self.config is not None or self.of_clips:
            return scorer, ()
        names = _maps_of(scorer)
        scorer.places, notes = _tried(self.model, names, scorer.size)
        return scorer, (*notes, *_chance(self.model, scorer.size))


def scored(opened, *, task=None, size=None, preprocess=None, output=None, expected=None):
    """The `Scored` of an `opening.Opened`.

    task: the name of one, by default that of the run, or what outputs say. size, preprocess,
    output: as for `api.evaluate`. expected: what the caller wants the model to be, where its user
    has not named a task.
    """
    size = asked = None if size is None else size_of(size)
    model, config = opened.model, opened.config
    opening.check_preprocess(preprocess, opened.form)
    if config is not None:
        for name, given in (("preprocess", preprocess), ("output", output)):
            if given is not None:
                raise InputError(name, "none for a run, which knows its own", repr(given))
        if size is not None:
            _check_size(model, size)
        found = tasks.of(config)
    else:
        own = expectations.preprocessor_of(model)
        size = size or expectations.size_of(own)
        model = named_for_graphs(functional(model, size))
        if not any(len(tensor.shape) == 5 for tensor in model.inputs):  # those of clips
            sides = image_size(model, size, own, gaze=True)
            model, size = _of_size(model, size, sides), sides
        model = with_known_outputs(preprocessed(model, preprocess or own), output)
        found = tasks.of_model(model) if task is None else tasks.named(task)
    if task not in (None, found.NAME):
        if expected is not None:
            raise InputError("model", expected, f"a run of {found.NAME}")
        raise InputError("task", f"{found.NAME!r}, which the run was trained for", repr(task))
    of_clips = found.DATA is datasets.VideoDataset  # which fixes its own size
    asked = asked if of_clips else size
    return Scored(model, found, config, opened.file, asked, opened.data)


def _check_size(model, size):
    """Refuse a size that a trained network does not take."""
    if any(len(tensor.shape) == 5 for tensor in model.inputs):
        raise InputError("size", "none for a network of clips", size)
    image_size(model, size, gaze=True)


def _of_size(model, named, sides):
    """The model for images of `sides` alone, if the user has `named` them, or it fixes one."""
    open_sides = image_input_of(model).shape[1:3].count(None)
    return of_size(model, sides) if named is not None or open_sides == 1 else model


def check_whole(network):
    """Refuse a network whose maps do not stand for the whole picture, for use elsewhere."""
    if network.config is not None or network.of_clips:
        return
    scorer = network.task.scorer(network.model, network.config, network.size)
    for name, layout in _layouts(network.model, _maps_of(scorer), scorer.size)[0].items():
        _check_layout(name, network.model, layout)
        if not layout.place.nearly_whole:
            expected = "maps of the whole picture, which those who use an export take them for"
            received = f"maps of {layout.place.describe()}"
            raise InputError(_called(name, network.model), expected, received)


def _check_layout(name, model, layout):
    """Refuse an output that is no map, or one that lies in another order of axes."""
    if isinstance(layout, str):
        raise InputError(_called(name, model), "a map of the picture", layout)
    if layout.axes != (1, 2) or layout.tokens:
        received = f"axes {layout.axes} as H and W"
        raise InputError(_called(name, model), "maps (batch, H, W, 1)", received)


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
        _check_layout(name, model, layout)
        notes += [f"{name or 'saliency'}: {sentence}" for sentence in layout.sentences()]
    return {name: layout.place for name, layout in layouts.items()}, tuple(notes)


def _chance(model, size):
    """A note on a model that answers by chance."""
    run, pictures = heads.runner(model), probing.textures(size)
    return (heads.CHANCE,) if heads.differ(run(pictures), run(pictures)) else ()


def _layouts(model, names, size):
    """A `layouts.Layout`, or why it is no map, of each output; and how the model runs.

    The layers before them are looked at too: an output that sees the whole picture does not tell by
    itself where a crop has put it.
    """
    every = dict(inside.walk(model))
    run, trace = heads.runner(model), inside.Trace(every)
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
