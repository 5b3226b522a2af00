"""Opens whatever a user calls a model, for every verb alike."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_attn import hdf5, storage
from keras_attn.errors import InputError
from keras_attn.loading import forms
from keras_attn.networks import numbers


@dataclass(frozen=True, eq=False)
class Opened:
    """A network as a Keras model.

    model: as it was made, not yet made functional. form: of `forms`. config: the configuration it
    was trained with, or None for one from elsewhere. file: where its weights come from, or None.
    origin: the same in words, for a report; "" for a model in memory.
    """

    model: Any
    form: str
    config: Any = None
    file: Path | None = None
    origin: str = ""

    @property
    def data(self):
        """What its run knows of the data it learnt from, see `known_data.record`; or None."""
        from keras_attn import tasks

        return tasks.data_of(self.model)


def keras_network(model, verb, *, weights=None, size=None):
    """The `Opened` of a model, for one of `forms.VERBS`.

    model: one of `forms`, but for functions and folders of maps; a `Run` too; or what this has
    opened for the verb, which is returned. weights: a file for one of `forms.NAMED`. size: side or
    (H, W) of images, where the network leaves it open. Raises `InputError` for what the verb cannot
    be done with, or that cannot be loaded.
    """
    if isinstance(model, Opened):
        return model
    form = forms.check(model, verb)
    check_weights(weights, form, model)
    if form == forms.MODEL:
        return _in_memory(model)
    if form == forms.BACKBONE:
        return _backbone(model, weights, size)
    if form == forms.APPLICATION:
        return _application(model, weights, size)
    path = Path(model).expanduser()
    return {
        forms.KERAS_FILE: _saved,
        forms.H5_FILE: _saved,
        forms.RUN: _run,
        forms.RUN_WEIGHTS: _run,
        forms.EXPORT: _export,
        forms.SAVED_MODEL: _saved_model,
    }[form](path, form)


def check_weights(weights, form, model):
    """Refuse a weight file for a model that has its own weights."""
    if weights is not None and form not in forms.NAMED:
        expected = f"{forms.one_of(forms.NAMED)} to load them into"
        raise InputError("weights", expected, repr(model))


def check_preprocess(preprocess, form):
    """Refuse a function for a network whose layers would preprocess a second time."""
    if preprocess is not None and form in forms.NAMED:
        expected = f"none for {form}, which preprocesses its input itself"
        raise InputError("preprocess", expected, preprocess)


def _in_memory(model):
    from keras_attn import tasks

    folder = getattr(model, "folder", None)
    network = getattr(model, "model", model)
    numbers.check(network, "model")
    return Opened(network, forms.MODEL, tasks.config_of(network), folder)


def _saved(path, form):
    """The model of a `.keras` or `.h5` file, of which no code is run."""
    import keras

    import keras_attn  # noqa: F401  makes the package's own layers known
    from keras_attn import tasks

    expected = f"a {path.suffix} file that loads safely (one that needs code of your own: load it "
    expected += "yourself with keras.saving.load_model, and give the model)"
    if form == forms.KERAS_FILE and not zipfile.is_zipfile(path):
        raise InputError(path, expected, "a file that is damaged or was not saved by Keras 3")
    if form == forms.KERAS_FILE:
        hdf5.check_archive(path, expected)
    else:
        with hdf5.opened(path, expected):
            pass
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # the loader raises whatever the file's content leads it to
        raise InputError(path, expected, _cause(error)) from error
    origin = f" from {path.name}{_fingerprint(path)}"
    numbers.check(model, path)
    return Opened(model, form, tasks.config_of(model), path, origin)


def _cause(error):
    """What a loader says last of why it failed; what it prints before may fill a screen."""
    text = str(error).rpartition("Exception encountered:")[2].strip()
    return f"{type(error).__name__}: {text.splitlines()[0] if text else ''}".rstrip(" .")


def _run(path, form):
    from keras_attn.tasks import trained

    run = trained.load(path)
    file = storage.RunFolder(path).weights if form == forms.RUN else path
    origin = f" from {file}{_fingerprint(file)}"
    return Opened(run.model, form, run.config, path, origin)


def _export(path, form):
    from keras_attn import tasks
    from keras_attn.loading import signature

    model = signature.load_export(path)
    return Opened(model, form, tasks.config_of(model), path, f" from {path}")


def _saved_model(path, form):
    from keras_attn.loading import signature

    return Opened(signature.load(path), form, None, path, f" from {path}")


def _backbone(name, weights, size):
    from keras_attn import models
    from keras_attn import weights as weight_files
    from keras_attn.resizing import size_of

    backbone = models.backbone(name)
    height, width = size_of(size or backbone.size)
    stored = {} if weights is None else weight_files.shapes(weights)
    classes = _classes(stored, backbone)
    try:
        network = backbone.build((height, width, 3), classes=classes, name=name)
    except InputError:
        raise
    except ValueError as error:  # of the first layer that has nothing left to look at
        expected = f"images that are large enough for {name}"
        raise InputError("size", expected, f"{height}×{width}") from error
    file = None
    if weights is not None:
        file = weight_files.load(network, weights, by="counted").path
    return Opened(network, forms.BACKBONE, origin=_with(file))


def _application(name, weights, size):
    from keras_attn.loading import application
    from keras_attn.resizing import size_of

    size = None if size is None else size_of(size)
    network, file = application.network(name, weights, size)
    return Opened(network, forms.APPLICATION, origin=_with(file))


def _with(file):
    """Which weights, in words."""
    if file is None:
        return " with random weights"
    return f" with {file.name}{_fingerprint(file)}"


def _classes(stored, backbone):
    """How many classes the stored classifier has; None for a file without one."""
    top = stored.get(backbone.top)
    return None if top is None else top[-1][0]


def _fingerprint(path):
    """The beginning of the file's SHA-256: two files of one name are told apart."""
    return f" (sha256 {storage.fingerprint(path)[:12]})"
