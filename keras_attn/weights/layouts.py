"""HDF5 weight files as plain arrays by layer. Nothing is ever unpickled."""

import io
from pathlib import Path

import h5py
import numpy as np

from keras_attn import hdf5, storage
from keras_attn.errors import InputError

LEGACY = "a legacy Keras weight file (HDF5 with the attribute `layer_names`)"
GROUPS = "an HDF5 file with a group per layer, with its kernel *_W and its bias *_b"


def read_legacy_h5(path):
    """Arrays by layer of a Keras 2 `.h5` weight file: `{layer: [array, ...]}`, in file order.

    A whole-model file is read too (its group `model_weights`); layers without weights are left
    out. Raises `InputError` for a file that is missing, truncated or of another kind.
    """
    return {name: list(named.values()) for name, named in read_named_h5(path).items()}


def read_named_h5(path):
    """As `read_legacy_h5`, with the names of the weights: `{layer: {name: array}}`."""
    path = Path(path)
    if not path.is_file():
        raise InputError(path, LEGACY, "a folder" if path.is_dir() else "no such file")
    with hdf5.opened(path, LEGACY) as file:
        root = file.get("model_weights", file)
        if "layer_names" not in root.attrs:
            raise InputError(path, LEGACY, f"HDF5 with {sorted(root) or 'nothing'} at its root")
        layers = {name: _arrays(root[name]) for name in _names(root.attrs["layer_names"])}
    return {name: arrays for name, arrays in layers.items() if arrays}


def read_groups_h5(path):
    """Arrays by layer of an `.h5` file with a group per layer: `{layer: [kernel, bias]}`.

    In the group NAME these are NAME_W and NAME_b, as Keras 1 called them; groups without arrays
    are left out. Raises `InputError` for a file that is missing, truncated or of another kind.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(path, GROUPS, "a folder" if path.is_dir() else "no such file")
    errors = (OSError, KeyError, RuntimeError, TypeError, ValueError)
    with hdf5.opened(path, GROUPS, errors) as file:
        full = [name for name in file if len(file[name])]
        return {name: [file[name][f"{name}_{i}"][()] for i in "Wb"] for name in full}


def write_legacy_h5(path, layers):
    """Write `{layer: [array, ...]}` as a legacy weight file, or leave what was there.

    Raises `InputError` where it cannot be written, and for a name that would not be read back.
    """
    path = Path(path)
    if path.suffix != ".h5" or path.name.endswith(".weights.h5"):
        expected = "a name that ends in .h5 and not in .weights.h5, which is another layout"
        raise InputError(path, expected, path.name)
    memory = io.BytesIO()  # on a disk that is full, HDF5 would end the process without an error
    with h5py.File(memory, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in layers]
        file.attrs["backend"] = b"tensorflow"
        for name, arrays in layers.items():
            group = file.create_group(name)
            names = [f"{name}_{i}:0" for i in range(len(arrays))]
            group.attrs["weight_names"] = [each.encode() for each in names]
            for each, array in zip(names, arrays, strict=True):
                group[each] = array
    with storage.replacing(path) as stage:
        stage.write_bytes(memory.getbuffer())


def _names(attribute):
    return [name.decode() if isinstance(name, bytes) else str(name) for name in attribute]


def _arrays(group):
    return {name: np.asarray(group[name]) for name in _names(group.attrs["weight_names"])}
