"""Turns what a user calls "a model" into a source of maps. TensorFlow is loaded only if needed."""

import sys
from pathlib import Path

from keras_attn import runs
from keras_attn.agreement.sources import FolderMaps, FunctionMaps
from keras_attn.errors import InputError

EXPECTED = (
    "a Keras model, a .keras file, a run folder, a .weights.h5 file of a run, a SavedModel folder, "
    "a folder of maps, a function images -> maps, or one of the backbones alexnet, vgg16, resnet50"
)


def open_source(model, *, layers=(), kinds=None, size=None, preprocess=None, weights=None):
    """The source of maps for `model`, which is any of EXPECTED. See `api.audit` for the rest."""
    options = {"layers": layers, "kinds": kinds, "size": size, "preprocess": preprocess}
    if isinstance(model, str):
        if not Path(model).expanduser().exists():
            return _bundled(model, weights, options)
        model = Path(model)
    if weights is not None:
        raise InputError("weights", "the name of a backbone to load them into", repr(model))
    if isinstance(model, Path):
        return _from_disk(model.expanduser(), options)
    if "keras" in sys.modules and isinstance(model, sys.modules["keras"].Model):
        from keras_attn.agreement.keras_maps import KerasMaps

        return KerasMaps(model, **options)
    if not callable(model):
        raise InputError("model", EXPECTED, repr(model))
    _refuse("a function", layers=layers, kinds=kinds, preprocess=preprocess)
    return FunctionMaps(model, size)


def _refuse(what, **given):
    for name, value in given.items():
        if value is not None and value != ():
            raise InputError(name, f"none for {what}, which returns its maps itself", repr(value))


def is_saved_model(path):
    """Whether the path is a SavedModel's folder."""
    return (Path(path) / "saved_model.pb").is_file()


def _from_disk(path, options):
    if is_saved_model(path):
        from keras_attn.agreement.saved_model_maps import SavedModelMaps

        return SavedModelMaps(path, **options)
    if path.suffix == ".h5" or runs.RunFolder(path).finished:
        return _from_run(path, options)
    if path.is_dir():
        _refuse("a folder of maps", **options)
        return FolderMaps(path)
    if path.suffix != ".keras" or not path.is_file():
        raise InputError(
            path, EXPECTED, "a file of another kind" if path.exists() else "no such file"
        )
    from keras_attn.agreement.keras_maps import KerasMaps

    origin = f" from {path.name}{_fingerprint(path)}"
    return KerasMaps(keras_model(path), **options, origin=origin)


def keras_model(path):
    """The model of a `.keras` file, of which no code is run; `InputError` for any other file."""
    import keras

    import keras_attn.layers
    import keras_attn.models  # noqa: F401  both register the package's own layers

    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # the loader raises whatever the file's content leads it to
        raise InputError(path, "a .keras file that loads safely", error) from error


def _from_run(path, options):
    from keras_attn import trained
    from keras_attn.agreement.keras_maps import KerasMaps

    file = runs.RunFolder(path).weights if path.is_dir() else path
    return KerasMaps(
        trained.load(path).model, **options, origin=f" from {file}{_fingerprint(file)}"
    )


def _fingerprint(path):
    """The beginning of the file's SHA-256: two files of one name are told apart."""
    return f" (sha256 {runs.fingerprint(path)[:12]})"


def _bundled(name, weights, options):
    from keras_attn import models
    from keras_attn import weights as weight_files
    from keras_attn.agreement.keras_maps import KerasMaps
    from keras_attn.resizing import size_of

    if name not in models.BACKBONES:
        raise InputError("model", f"{EXPECTED}; or a path that exists", repr(name))
    if options["preprocess"] is not None:
        expected = "none for a bundled backbone, which preprocesses its input itself"
        raise InputError("preprocess", expected, options["preprocess"])
    backbone = models.backbone(name)
    height, width = size_of(options["size"] or backbone.size)
    stored = {} if weights is None else weight_files.shapes(weights)
    network = backbone.build((height, width, 3), classes=_classes(stored, backbone), name=name)
    origin = " with random weights"
    if weights is not None:
        file = weight_files.load(network, weights).path
        origin = f" with {file.name}{_fingerprint(file)}"
    layers = options["layers"] or backbone.stages[-3:]
    return KerasMaps(network, layers, options["kinds"], (height, width), origin=origin)


def _classes(stored, backbone):
    """How many classes the stored classifier has; None for a file without one."""
    top = stored.get(backbone.top)
    return None if top is None else top[-1][0]
