"""What a run is: one frozen dataclass per task in four parts, with presets. Loads no TensorFlow.

A field that is None follows from others or from the data, and is resolved once, when the run
begins; `config.json` holds the resolved values. The parts `model`, `data` and `training` decide
what comes out of a run, `machine` only how it gets there.
"""

import hashlib
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from keras_attn import gaze_format, plugins
from keras_attn.configs import (
    earlier,
    for_action,
    for_fine_grained,
    for_salient_object,
    mechanisms,
)
from keras_attn.configs.base import (
    PARTS,
    Machine,
    Precision,
    Strategy,
    changed,
)
from keras_attn.configs.constraints import is_name
from keras_attn.configs.for_action import Action, Fusion
from keras_attn.configs.for_adversarial import Attack
from keras_attn.configs.for_fine_grained import FineGrained
from keras_attn.configs.for_salient_object import SalientObject
from keras_attn.configs.names import Attention, Backbone
from keras_attn.errors import InputError, one_of
from keras_attn.registries import BACKBONES

__all__ = [
    "LEARNING_RATES",
    "PARTS",
    "PRESETS",
    "TASKS",
    "Action",
    "Attack",
    "Attention",
    "Backbone",
    "FineGrained",
    "Fusion",
    "Machine",
    "Precision",
    "SalientObject",
    "Strategy",
    "action",
    "changed",
    "fine_grained",
    "from_dict",
    "identity",
    "plain",
    "read_as",
    "salient_object",
    "source_of",
    "to_dict",
]

RESULT_FORMAT = 2
"""Part of every run's identity: results of another format are not taken for those of this one.

2: the study's softmax is that of σ(Y), early supervised attention gates by the sigmoid, IG has a
baseline without zeros, SIM normalises sums alone.
"""
_HOMES: dict[type[Any], Any] = {
    SalientObject: for_salient_object,
    Action: for_action,
    FineGrained: for_fine_grained,
}

TASKS = {kind.task: kind for kind in _HOMES}
"""The configuration of each task."""
PRESETS = {kind.task: home.PRESETS for kind, home in _HOMES.items()}
"""The presets of each task."""
AnyConfig = SalientObject | Action | FineGrained
"""The configuration of a run of any task."""


def __getattr__(name):
    """LEARNING_RATES, those of Adam by task and backbone: to ask the backbones loads Keras."""
    if name != "LEARNING_RATES":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    rates = {kind.task: {} for kind in _HOMES if kind is not Action}
    for backbone in BACKBONES.values():
        for task in rates.keys() & backbone.learning_rates.keys():
            rates[task][backbone.name] = backbone.learning_rates[task]
    return rates


def salient_object(preset: str = "miniature", **changes: Any) -> SalientObject:
    """The configuration of a run of Task 1: a preset, with fields of any of its parts changed.

    Args:
        preset: Its name in `PRESETS` of the task.
        changes: Values by the names of fields, as for `changed`.

    Returns:
        A `SalientObject`.

    Raises:
        InputError: A preset, a field or a value does not exist, or fields do not go together.

    Example:

    >>> import keras_attn as ka
    >>> changes = {"backbone": "resnet50", "attention": "human", "epochs": 20}
    >>> config = ka.configs.salient_object("paper", **changes)
    >>> config.model.backbone, config.training.epochs
    ('resnet50', 20)
    """
    return _preset(SalientObject, preset, changes)


def action(preset: str = "miniature", **changes: Any) -> Action:
    """The configuration of a run of Task 2, as `salient_object` makes one of Task 1.

    Args:
        preset, changes: As for `salient_object`.

    Returns:
        An `Action`.

    Raises:
        InputError: As `salient_object` does.

    Example:

    >>> import keras_attn as ka
    >>> ka.configs.action("miniature", fusion="late").model.fusion
    'late'
    """
    return _preset(Action, preset, changes)


def fine_grained(preset: str = "miniature", **changes: Any) -> FineGrained:
    """The configuration of a run of Task 3, as `salient_object` makes one of Task 1.

    Args:
        preset, changes: As for `salient_object`.

    Returns:
        A `FineGrained`.

    Raises:
        InputError: As `salient_object` does.

    Example:

    >>> import keras_attn as ka
    >>> ka.configs.fine_grained("miniature", batch_size=8).training.batch_size
    8
    """
    return _preset(FineGrained, preset, changes)


def _preset(kind, name, changes):
    presets = PRESETS[kind.task]
    return changed(presets[one_of("preset", name, tuple(presets))], **changes)


# --- as text, and as an identity ----------------------------------------------------------------


def to_dict(config: AnyConfig) -> dict[str, Any]:
    """A configuration as plain values, which `from_dict` turns back.

    Args:
        config: Of any task.

    Returns:
        A dict that JSON can hold: `task`, `format` and a dict of each of `PARTS`.

    Example:

    >>> import keras_attn as ka
    >>> ka.configs.to_dict(ka.configs.salient_object(epochs=7))["training"]["epochs"]
    7
    """
    parts = {part: asdict(getattr(config, part)) for part in PARTS}
    parts["model"]["attention"] = mechanisms.to_plain(config.model.attention)
    return {"task": config.task, "format": RESULT_FORMAT, **plain(parts)}


def plain(values: Any) -> Any:
    """Values as JSON gives them back.

    Args:
        values: Whatever JSON can hold, and besides what becomes its text, such as paths.

    Returns:
        The same; tuples are lists, and keys are texts.

    Example:

    >>> from pathlib import Path
    >>> import keras_attn as ka
    >>> ka.configs.plain({"root": Path("data"), "shape": (96, 128)})
    {'root': 'data', 'shape': [96, 128]}
    """
    return json.loads(json.dumps(values, default=str))


def from_dict(values: Any, where: str | Path = "configuration") -> AnyConfig:
    """The configuration that `to_dict` has made some values of.

    One of an earlier format gets the attention that its name stood for then.

    Args:
        values: A dict that `to_dict` has made.
        where: The file that has them, for messages.

    Returns:
        A configuration of the task that the values name.

    Raises:
        InputError: The values are anything else, or name what no plug-in that is loaded has.

    Example:

    >>> import keras_attn as ka
    >>> config = ka.configs.salient_object(attention="human")
    >>> ka.configs.from_dict(ka.configs.to_dict(config)) == config
    True
    """
    expected = "a configuration as this version of keras_attn writes it"
    try:
        of = values.get("format", 1)
        if of not in (RESULT_FORMAT, *earlier.MEANT):
            raise InputError(where, f"{expected}, of format {RESULT_FORMAT}", f"format {of!r}")
        model = values["model"]
        attention = mechanisms.from_plain(earlier.attention(of, model), where)
        values = values | {"model": model | {"attention": attention}}
        values["training"] = earlier.training(values["training"])
        kind = TASKS[values["task"]]
        hints = get_type_hints(kind)
        for part in PARTS:
            _check_names(where, part, hints[part], values[part])
        return kind(**{part: _part(hints[part], values[part]) for part in PARTS})
    except (AttributeError, KeyError, TypeError) as error:
        raise InputError(where, expected, f"{type(error).__name__}: {error}") from error


def _check_names(where, part, kind, values):
    """Refuse names that nothing has here, which a plug-in may have had where it was written."""
    for name, hint in get_type_hints(kind).items():
        value = values.get(name)
        if is_name(hint) and isinstance(value, str) and not hint.allows(value):
            expected = (
                f"as {part}.{name} one of {', '.join(map(repr, hint.allowed()))}, or that the "
                f"plug-in which has another {hint.registry.kind} is loaded ({plugins.OPTION} "
                "MODULE, in Python keras_attn.plugins.use)"
            )
            raise InputError(where, expected, repr(value))


def _part(kind, values):
    hints = get_type_hints(kind)
    return kind(**{name: _restored(value, hints[name]) for name, value in values.items()})


def _restored(value, hint):
    if isinstance(value, list):
        return tuple(value)
    return Path(value) if value is not None and Path in get_args(hint) else value


WHERE_DATA_COMES_FROM = (
    *("name", "root", "gaze", "images", "side", "scenes_seed", "fold", "folds", "fold_seed"),
    *("participants", "shifted", "crop", "on_bad_example", "mask_threshold"),
    *("flow_root", "image_root", "subjects", "group", "fps", "videos", "frames"),
    *("viewers", "first_frame"),
    *("flow_side", "flow_bound"),
    *gaze_format.FIELDS,
)
"""Fields that the fingerprint of the training data stands for."""


HOW_READ = (
    *("name", "root", "gaze", "participants", "shifted", "crop", "on_bad_example"),
    *("flow_root", "image_root", "subjects", "group", "fps", "mask_threshold"),
    *gaze_format.FIELDS,
)
"""Fields that say how data are read, where they are not drawn."""


DRAWN_FROM = ("images", "side", "scenes_seed", "videos", "frames", "flow_side", "flow_bound")
"""Fields that say what data without a root are drawn from."""


def source_of(config: AnyConfig) -> dict[str, Any]:
    """The source of the data that a configuration without a root draws, for `read_as`.

    Args:
        config: Of any task.

    Returns:
        Values by the names of fields, plain ones: what the data are drawn from.

    Example:

    >>> import keras_attn as ka
    >>> ka.configs.source_of(ka.configs.salient_object(images=12))
    {'name': 'dut_omron', 'root': None, 'images': 12, 'side': 96, 'scenes_seed': 0}
    """
    told = to_dict(config)["data"]
    return {name: told[name] for name in ("name", "root", *DRAWN_FROM) if name in told}


def read_as(config: AnyConfig, source: dict[str, Any] | None) -> AnyConfig | None:
    """A configuration with its data those of `datasets.Dataset.source`.

    Args:
        config: Of any task.
        source: Arguments that read the data. What was chosen of them by `where` is left to whoever
            asks.

    Returns:
        The configuration; None where no field says so: for another reader than those of the task,
        for other arguments, and for data that were made in Python, whose source is None.

    Example:

    >>> import keras_attn as ka
    >>> config = ka.configs.salient_object()
    >>> ka.configs.read_as(config, {"name": "pascal_s", "root": "data/pascal"}).data.name
    'pascal_s'
    """
    if source is None:
        return None
    kind, given = type(config.data), dict(source)
    given.pop("where", None)
    groups = dict(given.pop("groups", None) or {})
    if given.get("group") in groups:
        given["subjects"] = tuple(groups.pop(given["group"]))
    own = {f.name: f.default for f in fields(kind)}
    if groups or not given.keys() <= own.keys():
        return None
    hints = get_type_hints(kind)
    given = {name: _restored(value, hints[name]) for name, value in given.items()}
    read = {name: own[name] for name in HOW_READ if name in own}
    try:
        return changed(config, **(read | given))
    except InputError:
        return None


def identity(config: AnyConfig, *, data: Any, files: dict[str, Any] | None = None) -> str:
    """Hash of all that decides what a resolved configuration trains to.

    Args:
        config: Of any task.
        data: Fingerprint of the training data, which stands for where they lie and how they were
            split; any value that JSON has.
        files: Fingerprints that stand for paths, by field (`weights`, `start`).

    Returns:
        A SHA-256, in 64 hexadecimal digits. The machine does not count.

    Example:

    >>> import keras_attn as ka
    >>> changes = [{}, {"threads": 8}, {"epochs": 7}]
    >>> configs = [ka.configs.salient_object(**one) for one in changes]
    >>> first, threads, epochs = [ka.configs.identity(one, data="abc") for one in configs]
    >>> first == threads, first == epochs
    (True, False)
    """
    values = to_dict(config)
    del values["machine"]
    for name in WHERE_DATA_COMES_FROM:
        values["data"].pop(name, None)
    values["data"]["fingerprint"] = data
    values["training"] = earlier.identified(config.task, values["training"]) | (files or {})
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
