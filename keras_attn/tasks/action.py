"""Task 2, action recognition: what its networks start from and learn from."""

from functools import partial

import keras
import numpy as np

from keras_attn import configs, datasets, mechanisms, models, weights
from keras_attn.datasets.batches import clips
from keras_attn.datasets.drawing import drawn_in
from keras_attn.datasets.flow.files import FlowSettings, how_made
from keras_attn.errors import InputError
from keras_attn.evaluation.video_scorer import (
    SHOWN,
    VideoScorer,
    check_labels,
    gaze_of_videos,
    takes,
)
from keras_attn.losses import AttentionCrossEntropy
from keras_attn.models.c3d import CODE_MEAN, FLOW, FRAMES, LEAST, SPORTS1M_BGR_MEAN
from keras_attn.resizing import size_of
from keras_attn.statistics import evenly
from keras_attn.tasks import drawn_motions, kept_clips, pretraining, starting
from keras_attn.training.optim import CaffeSGD, steps_down
from keras_attn.training.plan import Plan
from keras_attn.training.schedules import cosine

__all__ = [
    "DATA",
    "NAME",
    "build",
    "files",
    "gaze",
    "labels",
    "network",
    "parts",
    "plan",
    "read",
    "resolved",
    "scorer",
    "takes",
]

NAME = configs.Action.task
DATA = datasets.VideoDataset
READ = ("flow_root", "image_root", "on_bad_example", "gaze", "first_frame")
"""Fields of the configuration that readers may take as they are."""
MEANS = {"sports1m": SPORTS1M_BGR_MEAN, "code": CODE_MEAN}
"""What is subtracted from frames, by what `model.mean` calls it."""
CLASS_SCORES = "fc8"
"""The layer of C3D that another set of classes makes another one."""


def read(data, drawn=None):
    """The whole dataset that the data part of a configuration names; drawn: as in Task 1."""
    if data.root is None:
        datasets.DATASETS[data.name].check_drawn(NAME)
        return _drawn(data, drawn)
    one = datasets.DATASETS[data.name]
    # Whose gaze is read: viewers by name, or groups of viewers that have numbers.
    whose = {"viewers": {"subjects": data.viewers}, "subjects": _group(data)}
    # A reader has a rate of its own for folders of frames, unless one is said.
    names = READ if data.fps is None else (*READ, "fps")
    options = one.arguments(data, names)
    for name, chosen in whose.items():
        if getattr(data, name) is not None:
            one.check_takes(chosen, name, getattr(data, name))
            options |= chosen
    return one.read(data.root, **options)


def _group(data):
    return {"groups": {data.group: data.subjects}, "group": data.group}


def _drawn(data, drawn):
    """Drawn videos, and their flow, which is extracted once."""
    if drawn is not None:
        drawn /= f"{data.name}-{data.videos}-{data.frames}-{data.side}-{data.scenes_seed}"
    shape = (data.side, round(4 / 3 * data.side))
    options = {"videos": data.videos, "frames": data.frames, "seed": data.scenes_seed}
    videos = datasets.miniature(data.name, shape=shape, root=drawn, **options)
    height = data.flow_side
    settings = FlowSettings("dis", data.flow_bound, height, round(4 / 3 * height))
    scenes = drawn_in(videos)
    # Beside the videos: within, UCF Sports would be found twice, its folders being searched.
    place = scenes.with_name(f"{scenes.name}-flow-{height}-{data.flow_bound:g}")
    return datasets.with_flow(videos, place, settings, jobs=None)


def parts(config, whole):
    """What is trained on and what is scored: the dataset's own lists, or else its folds."""
    data = config.data
    if not whole.splits:
        return whole.fold(data.fold, of=data.folds, seed=data.fold_seed)
    return whole.split("train"), whole.split("test")


def resolved(config, train):
    """The configuration with every field that was None filled in."""
    config = config.without_unused()
    model, training = config.model, config.training
    if model.size < LEAST:
        raise InputError("model.size", f"at least {LEAST} for C3D", model.size)
    classes = model.classes or tuple(train.classes)
    check_labels(train, classes)
    starting.check(config, train)
    schedule = config.schedule
    if schedule.iterations % training.save_every:
        expected = f"a divisor of the {schedule.iterations} updates of {config.run_name}"
        raise InputError("training.save_every", expected, training.save_every)
    made = how_made(train[0].extracted().folder)
    found = {"classes": classes, "flow_made": config.data.flow_made or made}
    found["mean"] = model.mean or _mean(config)
    return configs.changed(config, **found, **schedule._asdict())


def _mean(config):
    """What is subtracted from frames: that which what they start from has learnt with."""
    paths = starting.paths(config)
    path = next((paths[n] for n in ("start", "frames_from", "weights") if n in paths), None)
    if path is None or config.stream == FLOW:
        return "code"
    if not weights.of_run(path):
        return "sports1m"
    return configs.from_dict(weights.settings(path).get("config"), path).model.subtracted


def files(config):
    """Fingerprints of the files that a run depends on, by field."""
    drawn = {stream: _drawn_from(config, stream) for stream in _streams(config)}
    found = {f"{s}_drawn": pretraining.fingerprint(path) for s, path in drawn.items() if path}
    return starting.files(config) | found


def _streams(config):
    return (config.stream,) if config.stream else (FRAMES, FLOW)


# --- what comes before --------------------------------------------------------------------------


def _file_from(config, stream):
    """The weight file that a stream starts from, or None."""
    of_run = None if config.stream else getattr(config.training, f"{stream}_from")
    return config.training.weights if of_run is None else starting.file_of_run(of_run)


def _drawn_from(config, stream):
    """The weight file of a stream that starts from drawn motions, learnt first; else None."""
    part, training = config.model, config.training
    none = training.pretraining != "drawn" or training.start is not None
    if none or _file_from(config, stream) is not None:
        return None
    return drawn_motions.drawn_stream(stream, part.width, part.size)


# --- training -----------------------------------------------------------------------------------


def network(config):
    """The network of a resolved configuration, with random weights."""
    part = config.model
    clip = (clips.SNIPPET, part.size, part.size)
    options = {"classes": len(part.classes), "width": part.width, "dropout": part.dropout}
    options["mean"] = MEANS[part.subtracted]
    if config.stream is None:
        return models.two_stream(
            part.fusion, part.attention, input_shape=clip, momentum=part.momentum, **options
        )
    channels = {FRAMES: 3, FLOW: 2}[config.stream]
    alone = models.c3d((*clip, channels), activation=None, name=config.stream, **options)
    inputs, outputs = {config.stream: alone.input}, {"logits": alone.output}
    return keras.Model(inputs, outputs, name=config.stream)


def build(config):
    """The compiled network of a resolved configuration, with its initial weights."""
    model = network(config)
    if config.training.start is not None:
        _begin(model, config, starting.start_file(config))
    else:
        for stream in _streams(config):
            _begin_stream(model, config, stream)
    if config.training.encoder == "frozen":
        _freeze(model)
    return _compiled(model, config)


def _compiled(model, config):
    supervised = mechanisms.get(config.model.attention).supervised and config.stream is None
    losses, shares = dict.fromkeys(model.output), dict.fromkeys(model.output, 1.0)
    losses["logits"] = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if supervised:
        losses["attention_logits"] = AttentionCrossEntropy()
        shares["attention_logits"] = config.training.attention_weight
    model.compile(optimizer(config.training), losses, loss_weights=shares)
    return model


def _begin_stream(model, config, stream):
    """Copy what a stream starts from into the model, if anything."""
    path, drawn = _file_from(config, stream), _drawn_from(config, stream)
    alone = None if config.stream else stream
    if path is not None:
        _begin(model, config, path, alone)
    elif drawn is not None:
        part = config.model
        trained = drawn_motions.untrained(stream, part.width, part.size)
        weights.load(trained, drawn, by="counted")
        models.copy_weights(trained, model, stream=alone)


def _freeze(model):
    """Leave the convolutions of the streams as they are; the fusing one is none of theirs."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv3D) and layer.name != "fusion":
            layer.trainable = False


def optimizer(training):
    """The `CaffeSGD` of the resolved part `training`."""
    rate = training.learning_rate
    if training.schedule == "cosine":
        rate = cosine(rate, training.iterations)
    elif training.rate_steps:
        rate = steps_down(rate, training.rate_steps)
    return CaffeSGD(rate, accumulate=training.accumulate, clip=training.clip)


def _begin(model, config, path, stream=None):
    """Copy what a weight file holds into the model, or into one of its streams.

    The class scores stay as they are where the file's are of other classes.
    """
    path = weights.find(path)
    if not weights.of_run(path):
        trained = models.c3d(classes=1, width=config.model.width)
        weights.load(trained, path, skip=(CLASS_SCORES,))
        models.copy_weights(trained, model, stream=stream, skip=(CLASS_SCORES,))
        return
    stored = configs.from_dict(weights.settings(path).get("config"), path)
    _check_alike(config, stored, path, stream)
    trained = network(stored)
    weights.load(trained, path, by="counted")
    other = stored.model.classes != config.model.classes
    skip = [layer.name for layer in trained.layers if layer.name.endswith(CLASS_SCORES)]
    models.copy_weights(trained, model, stream=stream, skip=skip if other else ())


def _check_alike(config, stored, path, stream):
    """Refuse the weights of another kind of network."""
    mine = {"task": NAME, "fusion": stream or config.model.fusion, "width": config.model.width}
    mine["size"] = config.model.size
    if stream is None and config.stream is None:
        mine["attention"] = config.who[-1]
    if config.stream is not None:
        # Weights for frames start a stream of flow, averaged over their channels.
        del mine["fusion"]
    its = {"task": stored.task, "attention": stored.who[-1]}
    if FLOW not in (stream, config.stream):
        mine["mean"], its["mean"] = config.model.subtracted, stored.model.subtracted
    for name, wanted in mine.items():
        received = its.get(name, getattr(stored.model, name, None))
        if wanted != received:
            raise InputError(path, f"weights of a network with {name} {wanted!r}", repr(received))


def plan(config, train, validation=None):
    """The `Plan` of training a resolved configuration on clips."""
    for data in (train, validation):
        if data is not None:
            check_labels(data, config.model.classes)
    training, machine = config.training, config.machine
    for stream in _streams(config):
        _drawn_from(config, stream)  # before the run is seeded: learning draws random numbers
    if kept_clips.wanted(config):
        return kept_clips.plan(
            config,
            train,
            build=partial(build, config),
            compiled=partial(_compiled, config=config),
            scorer=partial(scorer, config=config),
        )
    footage = clips.Footage.of(train, machine.threads, keep=machine.keep_clips)
    made = clips.ClipBatches(
        footage,
        size_of(config.model.size),
        batch_size=training.batch_size // training.accumulate,
        epochs=training.iterations // training.save_every,
        steps=training.save_every * training.accumulate,
        seed=training.seed,
        sigma=config.data.fixation_sigma,
        threads=machine.threads,
    )
    return Plan.of(made, partial(build, config), partial(scorer, config=config))


# --- scoring ------------------------------------------------------------------------------------


def scorer(model, config=None, size=None):
    """The `VideoScorer` of a model, classes and blur from the configuration it was trained with."""
    of = configs.Action() if config is None else config
    if size is not None:
        raise InputError("size", "none, since a network of clips fixes its own", size)
    machine = of.machine
    return VideoScorer(
        model,
        of.model.classes,
        of.data.fixation_sigma,
        machine.threads,
        machine.keep_clips,
        of.data.flow_made,
    )


def gaze(config, dataset):
    """Index -> the `GazeScores` of frames of that video that have gaze in view.

    Of a long video they are SHOWN frames, evenly spaced: what each viewer's gaze says of the
    others' costs several times what the attention of a network does.
    """
    view = clips.central_view_of(dataset, size=config.model.size)
    found = gaze_of_videos(dataset, view, config.data.fixation_sigma)

    def of_video(index):
        # Frame 0 has no extracted file, so that no network is scored on it.
        numbers = 1 + evenly(dataset[index].pairs, SHOWN)
        return found.frames(index, numbers).values()

    return of_video


def labels(model, config):
    """Who is scored: backbone, fusion, attention and seed, for the first columns of the rows."""
    if config is None:
        return {"backbone": model.name, "fusion": "", "attention": "own", "seed": np.nan}
    fusion, attention = config.who
    who = {"backbone": "c3d", "fusion": fusion, "attention": attention}
    return who | {"seed": config.training.seed}
