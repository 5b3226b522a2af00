"""Which form of network a user has given, and what can be done with it. Loads no TensorFlow."""

import sys
from pathlib import Path

from keras_attn import storage
from keras_attn.errors import InputError, listing
from keras_attn.registries import BACKBONES

MODEL, KERAS_FILE, H5_FILE = "a Keras model", "a .keras file", "a whole model in .h5"
RUN, RUN_WEIGHTS = "a run folder", "the .weights.h5 of a run"
EXPORT, SAVED_MODEL = "an export of this package", "a SavedModel"
BACKBONE = "the name of a backbone"
APPLICATION = "the name of a network of keras.applications"
APPLICATIONS = "keras.applications."
"""What such a name begins with."""
ONNX = "an .onnx file"
FUNCTION, MAPS = "a function", "a folder of maps"

NAMED = (BACKBONE, APPLICATION)
"""Forms that are names, which take a weight file and preprocess their input themselves."""
NETWORKS = (MODEL, KERAS_FILE, H5_FILE, RUN, RUN_WEIGHTS, *NAMED)
"""Forms that become Keras models of layers."""
VERBS = {
    "audit": (*NETWORKS, EXPORT, SAVED_MODEL, ONNX, FUNCTION, MAPS),
    "evaluate": (*NETWORKS, EXPORT, SAVED_MODEL),
    "attack": (*NETWORKS, EXPORT, SAVED_MODEL),
    "predict": (*NETWORKS, EXPORT, SAVED_MODEL),
    "export": NETWORKS,
    "validation": (MODEL,),
}
"""The forms that each verb takes."""
OWN_ASSET = Path("assets") / "config.json"
"""What tells an export of this package from other SavedModels."""


def of(model, verb="audit"):
    """The form of a model; `InputError` for what is none, which names those that the verb takes.

    A `Run` counts as the form of its `model`; text is a path, or else the name of a backbone.
    """
    if isinstance(model, str) and model in BACKBONES and not Path(model).exists():
        return BACKBONE
    if isinstance(model, str) and model.startswith(APPLICATIONS):
        return APPLICATION
    if isinstance(model, (str, Path)) and str(model):
        return _on_disk(Path(model).expanduser(), model, verb)
    if _is_model(getattr(model, "model", model), "keras"):
        return MODEL
    if _is_model(model, "tf_keras"):
        expected = (
            "a model of Keras 3; one of tf_keras goes as a SavedModel: "
            "tf.saved_model.save(model, folder)"
        )
        raise InputError("model", expected, f"{model.name!r} of tf_keras")
    if callable(model) and not isinstance(model, type):
        return FUNCTION
    raise InputError("model", one_of(VERBS[verb]), repr(model))


def _is_model(model, package):
    return package in sys.modules and isinstance(model, sys.modules[package].Model)


def _on_disk(path, given, verb):
    if path.is_dir():
        if (path / "saved_model.pb").is_file():
            return EXPORT if (path / OWN_ASSET).is_file() else SAVED_MODEL
        finished = storage.RunFolder(path)
        return RUN if finished.weights.is_file() or finished.config.is_file() else MAPS
    expected = one_of(VERBS[verb])
    if not path.is_file():
        if isinstance(given, Path) or path.suffix or len(path.parts) > 1:
            raise InputError(path, expected, "no such file")
        expected += f" (backbones: {', '.join(BACKBONES)}); or a path that exists"
        raise InputError("model", expected, repr(given))
    if not path.stat().st_size:
        raise InputError(path, expected, "an empty file")
    if path.suffix == ".keras":
        return KERAS_FILE
    if path.suffix == ".onnx":
        return ONNX
    if path.suffix in (".h5", ".hdf5"):
        return H5_FILE if _has_structure(path) else RUN_WEIGHTS
    raise InputError(path, expected, f"a file that ends in {path.suffix or 'nothing'}")


def _has_structure(path):
    """Whether an HDF5 file holds a network, and not only weights."""
    import h5py  # not needed for most forms, and slow to load for a command that only helps

    if not h5py.is_hdf5(path):
        return False
    with h5py.File(path) as file:
        return "model_config" in file.attrs


def title(model):
    """What a model that is named by text or a path is called where nothing else is said."""
    text = str(model)
    return text.removeprefix(APPLICATIONS) if text.startswith(APPLICATIONS) else Path(text).stem


def one_of(forms):
    """Forms in a sentence."""
    *first, last = forms
    return f"{', '.join(first)} or {last}" if first else last


def check(model, verb):
    """The form of a model that is to be used so; `InputError` for one that cannot be."""
    form = of(model, verb)
    if form in VERBS[verb]:
        return form
    expected = f"{one_of(VERBS[verb])}, for {verb}"
    if form == MAPS:
        path = Path(model).expanduser()
        there = listing(sorted(inner.name for inner in path.iterdir()), 4)
        expected = "a finished run, with model.weights.h5, or a SavedModel"
        raise InputError(path, expected, f"a folder with {there}")
    usable = [name for name, forms in VERBS.items() if form in forms]
    raise InputError("model", expected, f"{form}, which can be used for {listing(usable)}")
