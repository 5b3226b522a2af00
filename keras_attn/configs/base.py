"""What the configurations of all tasks share: names, the machine, checks, changes by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar, get_args, get_type_hints

from keras_attn import gaze_format, mechanisms
from keras_attn.configs import constraints, earlier, starting
from keras_attn.configs.mechanisms import check_name, named
from keras_attn.configs.names import Attention
from keras_attn.errors import InputError, one_of
from keras_attn.mechanisms import Mechanism
from keras_attn.registries import BACKBONES, DATASETS

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


Encoder = Literal["frozen", "trained"]


@dataclass(frozen=True)
class KeepingMachine(Machine):
    """Where and how it runs; changes nothing but rounding."""

    keep_features: bool = True
    """Compute the features of a frozen encoder once per image, and not in every epoch."""
    features: Path | None = None
    """Where they are kept; default ~/.cache/keras_attn/features, or below $KERAS_ATTN_CACHE."""
    features_as: Literal["float32", "float16"] = "float32"
    """Numbers they are kept as: float32, as the encoder returns them, or float16, which takes half
    the room and rounds each by up to 0.05 %."""


C = TypeVar("C", bound="Config")


class Config(ABC):
    """What the configuration of a run is to every task: four parts, checked when it is made."""

    task: ClassVar[str]
    model: Any
    data: Any
    training: Any
    machine: Any

    @property
    def about(self) -> str:
        """One line for a list of presets."""
        part = self.model
        side = "the paper's size" if part.size is None else f"{part.size}×{part.size}"
        return f"{part.backbone} at width {part.width:g}, {side}, {self.training.epochs} epochs"

    @property
    def who(self) -> tuple[str, str]:
        """What tells networks of this task apart, the name of the attention last."""
        return self.model.backbone, mechanisms.get(self.model.attention).name

    @property
    def without_gaze(self) -> bool:
        """Whether its attention needs gaze, and is told to learn without any."""
        of = mechanisms.get(self.model.attention)
        told = getattr(self.training, "without_gaze", None) == "train"
        return told and (of.supervised or of.takes_gaze)

    @property
    def title(self) -> str:
        """What lines of progress begin with."""
        return " ".join(self.who)

    @property
    def data_name(self) -> str:
        """What its data are called before they are read: a folder of one's own by its name."""
        data = self.data
        own = "" if data.root is None else Path(data.root).expanduser().resolve().name
        return own if DATASETS[data.name].takes_form and own else data.name

    @property
    def run_name(self) -> str:
        """What a run is called where its user does not say."""
        return self.called(self.data_name)

    @abstractmethod
    def called(self, data: str) -> str:
        """What a run is called on data of that name."""

    def before(self) -> dict[str, Config]:
        """Configurations of the runs that it starts from, by the field that names their folders."""
        return {}

    @property
    def first(self) -> str | None:
        """The dataset that the paper's network is trained on before this one; None without."""
        return DATASETS[self.data.name].first

    @property
    def follows(self) -> bool:
        """Whether the run on `first` comes before, and is not named yet: `study` trains it."""
        given = getattr(self.training, "start", None) is not None
        return self.first is not None and not given and self.training.pretraining != "direct"

    def on_first(self: C, **places: Any) -> C:
        """The configuration of the same network on `first`; places: where that lies, by field."""
        data = type(self.data)()
        hints = get_type_hints(type(data))
        # Where data lie is what fields of paths say.
        own = {name: getattr(data, name) for name in hints if Path in get_args(hints[name])}
        return changed(self, name=self.first, **own | places)

    def after(self: C, folder: Path) -> C:
        """The same with all weights taken from the run on `first` in a folder."""
        sources = ("weights", "frames_from", "flow_from")
        none = {name: None for name in sources if hasattr(self.training, name)}
        return changed(self, start=folder, **none)

    @property
    def published(self) -> tuple[str, tuple[str, ...]]:
        """What the published weights are of, in words, and names of files of them, or none."""
        name = self.model.backbone
        return name, BACKBONES.find(name).weights

    @property
    def needs_weights(self) -> bool:
        """Whether any part of the network would start from random numbers without `weights`."""
        return True

    def check_start(self) -> None:
        """Refuse to start from anything but what the paper's run does, where nothing asks for it.

        `InputError` names the field, its option, and what else there is.
        """
        starting.check(self)

    @property
    def choices(self) -> tuple[str, ...]:
        """What `training.pretraining` may be."""
        return get_args(get_type_hints(type(self.training))["pretraining"])

    def __post_init__(self) -> None:
        check(self)
        starting.check_fields(self.training)
        model = replace(self.model, attention=named(self.model.attention))
        object.__setattr__(self, "model", model)


@cache  # a study makes a thousand configurations, of which finding the types took half the time
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def check(config: Config) -> None:
    """Refuse what can be refused before data or network are there."""
    for part in PARTS:
        section = getattr(config, part)
        for name, hint in _hints(section.__class__).items():
            value, where = getattr(section, name), f"{part}.{name}"
            if name in gaze_format.FIELDS:
                continue  # It has checked itself.
            if hint is Attention and isinstance(value, Mechanism):
                check_name(value, where)
            else:
                constraints.check(where, value, hint)
    name = config.data.name
    if isinstance(config.data, gaze_format.GazeFormat):
        gaze_format.check_read(name, config.data)
    if (config.machine.strategy, config.machine.precision) == ("mirrored", "mixed_float16"):
        expected = (
            "float32 or mixed_bfloat16 with machine.strategy 'mirrored' (of several devices Keras' "
            "loss scaling looks at the first alone, and lets infinite gradients of others through)"
        )
        raise InputError("machine.precision", expected, repr(config.machine.precision))


def changed(config: C, **changes: Any) -> C:
    """A configuration with some fields changed.

    Args:
        config: The one to start from, which stays as it is.
        changes: Values by the names of fields, without the part that they are in.

    Returns:
        Another configuration of the same task.

    Raises:
        InputError: A field or a value does not exist, or fields do not go together.

    Example:

    >>> import keras_attn as ka
    >>> config = ka.configs.changed(ka.configs.salient_object(), epochs=7, threads=8)
    >>> config.training.epochs, config.machine.threads
    (7, 8)
    """
    home = {f.name: part for part in PARTS for f in fields(getattr(config, part))}
    for name in changes:
        earlier.check_name(name, home)
        one_of("configuration field", name, tuple(home))
    parts = {}
    for part in PARTS:
        mine = {name: value for name, value in changes.items() if home[name] == part}
        parts[part] = replace(getattr(config, part), **mine)
    made: Any = config
    return replace(made, **parts)
