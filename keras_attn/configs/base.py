"""What the configurations of all tasks share: names, the machine, checks, changes by name."""

from __future__ import annotations

import types
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import ClassVar, Literal, Union, get_args, get_origin, get_type_hints

from keras_attn import gaze_format, mechanisms
from keras_attn.configs import starting
from keras_attn.configs.names import Attention, Name
from keras_attn.errors import InputError, one_of
from keras_attn.mechanisms import Mechanism
from keras_attn.registries import BACKBONES

PARTS = ("model", "data", "training", "machine")

Precision = Literal["float32", "mixed_float16", "mixed_bfloat16"]
Strategy = Literal["none", "mirrored"]


@dataclass(frozen=True)
class Machine:
    """Where and how it runs; changes nothing but rounding."""

    precision: Precision = "float32"
    """Keras' dtype policy."""
    strategy: Strategy = "none"
    """mirrored: all GPUs of this machine share each batch."""
    threads: int = 4
    """That read and decode images."""
    validate_every: int = 1
    """Epochs from one validation to the next; the last epoch is always validated."""
    tensorboard: bool = True
    """Write curves and pictures for TensorBoard into the run folder."""


PLACES = ("root", "flow_root", "image_root", "gaze")
"""Fields that say where data lie."""


class Config:
    """What the configuration of a run is to every task: four parts, checked when it is made."""

    FIRST: ClassVar = {}
    """The dataset that the paper trains a network on first, by that which it goes on with."""

    @property
    def about(self):
        """One line for a list of presets."""
        part = self.model
        side = "the paper's size" if part.size is None else f"{part.size}×{part.size}"
        return f"{part.backbone} at width {part.width:g}, {side}, {self.training.epochs} epochs"

    @property
    def who(self):
        """What tells networks of this task apart, the name of the attention last."""
        return self.model.backbone, mechanisms.get(self.model.attention).name

    @property
    def title(self):
        """What lines of progress begin with."""
        return " ".join(self.who)

    @property
    def data_name(self):
        """What its data are called before they are read: a folder of one's own by its name."""
        data = self.data
        own = "" if data.root is None else Path(data.root).expanduser().resolve().name
        return own if data.name in gaze_format.READ_BY and own else data.name

    @property
    def run_name(self):
        """What a run is called where its user does not say."""
        return self.called(self.data_name)

    def before(self):
        """Configurations of the runs that it starts from, by the field that names their folders."""
        return {}

    @property
    def first(self):
        """The dataset that the paper's network is trained on before this one; None without."""
        return self.FIRST.get(self.data.name)

    @property
    def follows(self):
        """Whether the run on `first` comes before, and is not named yet: `study` trains it."""
        given = getattr(self.training, "start", None) is not None
        return self.first is not None and not given and self.training.pretraining != "direct"

    def on_first(self, **places):
        """The configuration of the same network on `first`; places: where that lies, by field."""
        data = type(self.data)()
        own = {name: getattr(data, name) for name in PLACES if hasattr(data, name)}
        return changed(self, name=self.first, **own | places)

    def after(self, folder):
        """The same with all weights taken from the run on `first` in a folder."""
        sources = ("weights", "frames_from", "flow_from")
        none = {name: None for name in sources if hasattr(self.training, name)}
        return changed(self, start=folder, **none)

    @property
    def published(self):
        """What the published weights are of, in words, and names of files of them, or none."""
        name = self.model.backbone
        return name, BACKBONES.find(name).weights

    needs_weights = True
    """Whether any part of the network would start from random numbers without `weights`."""

    def check_start(self):
        """Refuse to start from anything but what the paper's run does, where nothing asks for it.

        `InputError` names the field, its option, and what else there is.
        """
        starting.check(self)

    @property
    def choices(self):
        """What `training.pretraining` may be."""
        return get_args(get_type_hints(type(self.training))["pretraining"])

    def __post_init__(self):
        check(self)
        starting.check_fields(self.training)
        model = replace(self.model, attention=mechanisms.named(self.model.attention))
        object.__setattr__(self, "model", model)


def check(config):
    """Refuse what can be refused before data or network are there."""
    for part in PARTS:
        section = getattr(config, part)
        for name, hint in get_type_hints(type(section)).items():
            value = getattr(section, name)
            if name in gaze_format.FIELDS:
                continue  # It has checked itself.
            if hint is Attention and isinstance(value, Mechanism):
                mechanisms.check_name(value, f"{part}.{name}")
            elif not _fits(value, hint):
                raise InputError(f"{part}.{name}", _wording(hint), repr(value))
            for number in filter(_is_number, value if isinstance(value, tuple) else (value,)):
                _check_number(f"{part}.{name}", name, number)
    if isinstance(config.data, gaze_format.GazeFormat):
        gaze_format.check_read(config.data.name, config.data)
    if (config.machine.strategy, config.machine.precision) == ("mirrored", "mixed_float16"):
        expected = (
            "float32 or mixed_bfloat16 with machine.strategy 'mirrored' (of several devices Keras' "
            "loss scaling looks at the first alone, and lets infinite gradients of others through)"
        )
        raise InputError("machine.precision", expected, repr(config.machine.precision))


def _check_number(where, name, number):
    if name in BELOW_ONE and not number < 1:
        raise InputError(where, "a share below 1", repr(number))
    if not (number > 0 or (number == 0 and name in MAY_BE_ZERO)):
        least = "0 or more" if name in MAY_BE_ZERO else "a positive number"
        raise InputError(where, least, repr(number))


BELOW_ONE = ("dropout", "momentum", "base_rate")
MAY_BE_ZERO = (
    "fold",
    "first_frame",
    "fold_seed",
    "scenes_seed",
    "seed",
    "attention_weight",
    "dropout",
)


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _fits(value, hint):
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return value in inner
    if _is_name(hint):
        return value in hint.allowed()
    if origin in (Union, types.UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        # tuple[X, ...] is of any length.
        inner = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        return len(value) == len(inner) and all(map(_fits, value, inner))
    if hint is float:
        return _is_number(value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is Path:
        return isinstance(value, (str, Path))
    return isinstance(value, hint)


def _is_name(hint):
    return isinstance(hint, type) and issubclass(hint, Name)


def _wording(hint):
    if _is_name(hint):
        return f"one of {', '.join(map(repr, hint.allowed()))}"
    if get_origin(hint) is Literal:
        return f"one of {', '.join(map(repr, get_args(hint)))}"
    return f"a value of type {getattr(hint, '__name__', hint)}".replace("NoneType", "None")


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
