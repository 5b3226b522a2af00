"""Options of the shell for networks: those of each of several models, and of models from elsewhere.

Imports neither TensorFlow nor Keras.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from keras_attn.configs.names import Name
from keras_attn.errors import InputError, listing
from keras_attn.loading import forms
from keras_attn.registries import BACKBONES

NAMED = re.compile(r"([\w .-]+)=(.+)")
MODES = ("none", "caffe", "tf", "torch")
Mode = Literal[MODES]


class Model(Name):
    """A network: a file, a folder, or one of the backbones; NAME= may stand before it."""

    registry = BACKBONES
    parsed = False
    besides = "PATH"


def models(values):
    """Models by name, of texts `MODEL` or `NAME=MODEL`; one alone without a name is itself."""
    if len(values) == 1 and not _named(values[0]):
        return values[0]
    found = {}
    for value in values:
        name, model = _named(value) or (forms.title(value), value)
        if name in found:
            expected = f"a name for each of the models, as in {name}2={model}"
            raise InputError("--model", expected, f"two models called {name!r}")
        found[name] = model
    return found


def conditions(values):
    """What texts `COLUMN=VALUE` choose: `{column: values}`, those of a column in their order."""
    found = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name:
            raise InputError("--where", "COLUMN=VALUE, such as task=search", repr(value))
        found.setdefault(name.strip(), []).append(text.strip())
    return found


def _named(value):
    match = NAMED.fullmatch(value)
    return None if match is None or Path(value).exists() else match.groups()


def by_name(option, values, chosen, read):
    """What texts `VALUE` or `NAME=VALUE[,VALUE ...]` say: one value for all models, or by name.

    option: its name, for errors. chosen: the models by name, or one alone. read: a tuple of texts
    -> a value.
    """
    names = list(chosen) if isinstance(chosen, dict) else []
    found, plain = {}, []
    for value in values:
        name, equals, rest = value.partition("=")
        if equals and name in names:
            found.setdefault(name, []).extend(rest.split(","))
        elif equals and names:
            raise InputError(f"--{option}", f"NAME=VALUE, with a NAME of {listing(names)}", value)
        else:
            plain.append(value)
    if found and plain:
        expected = f"either values for all models or NAME=VALUE for each, of {listing(names)}"
        raise InputError(f"--{option}", expected, f"{listing(plain)} beside {listing(found)}")
    return {name: read(tuple(texts)) for name, texts in found.items()} if found else read(values)


def one(option, read=str, absent=None):
    """A reader of one value, for `by_name`; `absent` where there is none."""

    def of(values):
        if not values:
            return absent
        if len(values) > 1:
            expected = "one value, or NAME=VALUE for each of several models"
            raise InputError(f"--{option}", expected, listing(values))
        try:
            return read(values[0])
        except InputError:
            raise
        except ValueError as error:
            raise InputError(f"--{option}", "a number", repr(values[0])) from error

    return of


def preprocessing(mode):
    """The function of `keras.applications` that preprocesses so; None for "none"."""
    if mode not in MODES:
        raise InputError("--preprocess", f"one of {', '.join(MODES)}", repr(mode))
    if mode == "none":
        return None

    def preprocess_input(images):
        from keras.applications import imagenet_utils

        return imagenet_utils.preprocess_input(images, mode=mode)

    preprocess_input.__name__ = f"preprocess_input(mode={mode!r})"
    return preprocess_input


@dataclass(frozen=True, kw_only=True)
class FromElsewhere:
    """What has to be told of a model that was not trained with this package."""

    size: int | None = None
    """Side in pixels of the images a network is given, where it leaves that open."""
    preprocess: Mode = "none"
    """What a model from elsewhere expects instead of RGB in [0, 255]: caffe, tf or torch, as
    keras.applications call it."""
    output: str | None = None
    """The output that is scored, of a model from elsewhere with several."""
    backbone_weights: Path | None = None
    """The weight file of a network that is the name of a backbone."""

    def options(self):
        """These as arguments of `api`."""
        output = self.output
        if output is not None and output.isdecimal():
            output = int(output)
        preprocess = preprocessing(self.preprocess)
        given = {"size": self.size, "preprocess": preprocess, "output": output}
        return given | {"weights": self.backbone_weights}

    def opened(self, weights, verb):
        """The `opening.Opened` of the network that `weights` names, and arguments of `api` with it.

        verb: what is to be done with it, for messages.
        """
        from keras_attn.loading import opening

        given = self.options()
        files = {"weights": given.pop("weights"), "size": given["size"]}
        return opening.keras_network(weights, verb, **files), given


def results_of(model):
    """The folder that results of a network go into: a run's own, else one beside it."""
    path = Path(model).expanduser()
    form = forms.of(model)
    if form in forms.NAMED:
        return Path("runs") / forms.title(model)
    if form == forms.RUN:
        return path
    if form == forms.RUN_WEIGHTS:
        return path.parent
    return path.with_name(f"{path.stem} results")
