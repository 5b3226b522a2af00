"""What a run is: one frozen dataclass per task in four parts, with presets. Loads no TensorFlow.

A field that is None follows from others or from the data, and is resolved once, when the run
begins; `config.json` holds the resolved values. The parts `model`, `data` and `training` decide
what comes out of a run, `machine` only how it gets there.
"""

from __future__ import annotations

import hashlib
import json
import types
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Literal, Union, get_args, get_origin, get_type_hints

from keras_attn.errors import InputError, one_of
from keras_attn.gaze import FIXATION_SIGMA
from keras_attn.mechanisms import MECHANISMS, Mechanism

RESULT_FORMAT = 1
"""Part of every run's identity: results of another format are not taken for those of this one."""
LEARNING_RATES = {"alexnet": 1e-5, "vgg16": 1e-4, "resnet50": 5e-5}
"""Of Adam in Task 1, by backbone (§IV-A2)."""
PARTS = ("model", "data", "training", "machine")

DatasetName = Literal["dut_omron", "pascal_s", "folder"]
Backbone = Literal[tuple(LEARNING_RATES)]
Attention = Literal[tuple(MECHANISMS)]
Precision = Literal["float32", "mixed_float16", "mixed_bfloat16"]


@dataclass(frozen=True)
class SalientObjectModel:
    """The network of Fig. 1."""

    backbone: Backbone = "vgg16"
    """The encoder."""
    attention: Attention = "supervised"
    """The mechanism; from Python also a `Mechanism` of your own."""
    width: float = 1.0
    """Factor of all channel counts."""
    size: int | None = None
    """Side of the input in pixels; default the paper's, 227 for AlexNet and 224 for the others."""
    channels: tuple[int, int, int] = (512, 256, 128)
    """Of the three decoder layers; ours, the paper gives none."""
    base_rate: float | None = None
    """Share of salient pixels that the outputs start from; default that of the training masks."""
    momentum: float = 0.99
    """Of the attention modules' BatchNormalization; short runs want less."""


@dataclass(frozen=True)
class SalientObjectData:
    """Images with masks and gaze, and the fold that is held out."""

    name: DatasetName = "dut_omron"
    """Format of the dataset."""
    root: Path | None = None
    """Where it lies; without it, scenes are drawn and written in that format."""
    images: int = 240
    """How many scenes are drawn."""
    side: int = 96
    """Height and width of the drawn scenes in pixels."""
    scenes_seed: int = 0
    """What the scenes are drawn from."""
    fold: int = 0
    """The fold that is evaluated; the others are trained on."""
    folds: int = 5
    """How many folds there are."""
    fold_seed: int = 0
    """What the folds are shuffled by."""
    augment: bool | None = None
    """Train on four rotations, each also mirrored; default for PASCAL-S alone, as the paper."""
    fixation_sigma: float = FIXATION_SIGMA
    """Blur of fixation densities, as a share of the width."""
    on_bad_example: Literal["raise", "skip"] = "raise"
    """What happens to images that cannot be used."""


@dataclass(frozen=True)
class SalientObjectTraining:
    """Losses and schedule (§IV-A2)."""

    epochs: int = 10
    """Ours, the paper gives none."""
    batch_size: int = 10
    """Images in a step."""
    learning_rate: float | None = None
    """Of Adam; default the paper's, 1e-5, 1e-4 and 5e-5 for AlexNet, VGG16 and ResNet50."""
    attention_weight: float = 0.01
    """Of the KL divergence of each supervised attention map in the loss."""
    seed: int = 0
    """Of the initial weights and of the order of the images."""
    weights: Path | None = None
    """Weight file of the backbone, as trained on ImageNet."""
    start: Path | None = None
    """Run folder or .weights.h5 that all weights are taken from: the paper trains on PASCAL-S from
    a run on DUT-OMRON."""


@dataclass(frozen=True)
class Machine:
    """Where and how it runs; changes nothing but rounding."""

    precision: Precision = "float32"
    """Keras' dtype policy."""
    strategy: Literal["none", "mirrored"] = "none"
    """mirrored: all GPUs of this machine share each batch."""
    threads: int = 4
    """That read and decode images."""
    validate_every: int = 1
    """Epochs from one validation to the next; the last epoch is always validated."""
    tensorboard: bool = True
    """Write curves and pictures for TensorBoard into the run folder."""


@dataclass(frozen=True)
class SalientObject:
    """A run of Task 1."""

    model: SalientObjectModel = field(default_factory=SalientObjectModel)
    data: SalientObjectData = field(default_factory=SalientObjectData)
    training: SalientObjectTraining = field(default_factory=SalientObjectTraining)
    machine: Machine = field(default_factory=Machine)

    task = "salient_object"

    @property
    def about(self):
        """One line for a list of presets."""
        part = self.model
        side = "the paper's size" if part.size is None else f"{part.size}×{part.size}"
        return f"{part.backbone} at width {part.width:g}, {side}, {self.training.epochs} epochs"

    def __post_init__(self):
        _check(self)


def _check(config):
    """Refuse what can be refused before data or network are there."""
    for part in PARTS:
        section = getattr(config, part)
        for name, hint in get_type_hints(type(section)).items():
            value = getattr(section, name)
            if not _fits(value, hint) and not isinstance(value, Mechanism):
                raise InputError(f"{part}.{name}", _wording(hint), repr(value))
            if _is_number(value) and not (value > 0 or (value == 0 and name in MAY_BE_ZERO)):
                least = "0 or more" if name in MAY_BE_ZERO else "a positive number"
                raise InputError(f"{part}.{name}", least, repr(value))


MAY_BE_ZERO = ("fold", "fold_seed", "scenes_seed", "seed", "attention_weight")


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _fits(value, hint):
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return value in inner
    if origin in (Union, types.UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is tuple:
        return isinstance(value, tuple) and len(value) == len(inner)
    if hint is float:
        return _is_number(value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is Path:
        return isinstance(value, (str, Path))
    return isinstance(value, hint)


def _wording(hint):
    if get_origin(hint) is Literal:
        return f"one of {', '.join(map(repr, get_args(hint)))}"
    return f"a value of type {getattr(hint, '__name__', hint)}".replace("NoneType", "None")


SALIENT_OBJECT = {
    "paper": SalientObject(),
    "miniature": SalientObject(
        model=SalientObjectModel(width=0.25, size=96, momentum=0.9),
        training=SalientObjectTraining(epochs=16, learning_rate=5e-4),
    ),
}
"""Presets of Task 1: the paper's, and one for drawn scenes that trains in about a minute."""

TASKS = {SalientObject.task: SalientObject}
"""The configuration of each task."""
PRESETS = {SalientObject.task: SALIENT_OBJECT}
"""The presets of each task."""


def salient_object(preset="miniature", **changes):
    """The configuration of a run of Task 1: a preset, with fields of any of its parts changed.

        salient_object("paper", backbone="resnet50", attention="human", epochs=20)

    Raises `InputError` for a preset, a field or a value that does not exist.
    """
    config = SALIENT_OBJECT[one_of("preset", preset, tuple(SALIENT_OBJECT))]
    return changed(config, **changes)


def changed(config, **changes):
    """`config` with some fields changed, named without the part they are in."""
    home = {f.name: part for part in PARTS for f in fields(getattr(config, part))}
    for name in changes:
        one_of("configuration field", name, tuple(home))
    parts = {}
    for part in PARTS:
        mine = {name: value for name, value in changes.items() if home[name] == part}
        parts[part] = replace(getattr(config, part), **mine)
    return replace(config, **parts)


# --- as text, and as an identity ----------------------------------------------------------------


def to_dict(config):
    """The configuration as plain values, which `from_dict` turns back."""
    parts = {part: _plain(asdict(getattr(config, part))) for part in PARTS}
    return {"task": config.task, **parts}


def _plain(values):
    """Values as JSON gives them back."""
    return json.loads(json.dumps(values, default=str))


def from_dict(values, where="configuration"):
    """The configuration that `to_dict` has made `values` of; `InputError` for anything else."""
    expected = "a configuration as this version of keras_attn writes it"
    try:
        kind = TASKS[values["task"]]
        hints = get_type_hints(kind)
        return kind(**{part: _part(hints[part], values[part]) for part in PARTS})
    except (KeyError, TypeError) as error:
        raise InputError(where, expected, f"{type(error).__name__}: {error}") from error


def _part(kind, values):
    hints = get_type_hints(kind)
    return kind(**{name: _restored(value, hints[name]) for name, value in values.items()})


def _restored(value, hint):
    if isinstance(value, dict):
        return Mechanism(**value)
    if isinstance(value, list):
        return tuple(value)
    return Path(value) if value is not None and Path in get_args(hint) else value


WHERE_DATA_COMES_FROM = ("root", "images", "side", "scenes_seed", "fold", "folds", "fold_seed")


def identity(config, *, data, files=None):
    """Hash of all that decides what a resolved configuration trains to.

    data: fingerprint of the training data, which stands for where they lie and how they were
    split. files: fingerprints that stand for paths, by field (`weights`, `start`).
    """
    values = to_dict(config)
    del values["machine"]
    for name in (*WHERE_DATA_COMES_FROM, "name", "on_bad_example"):
        values["data"].pop(name, None)
    values["data"]["fingerprint"] = data
    values["training"] |= files or {}
    values["format"] = RESULT_FORMAT
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
