"""What is written in a weight file, as plain arrays by layer. Nothing is ever unpickled."""

from pathlib import Path

import h5py
import numpy as np

from keras_attn.errors import InputError

LEGACY = "a legacy Keras weight file (HDF5 with the attribute `layer_names`)"


def read_legacy_h5(path):
    """Arrays by layer of a Keras 2 `.h5` weight file: `{layer: [array, ...]}`, in file order.

    A whole-model file is read too (its group `model_weights`); layers without weights are left
    out. Raises `InputError` for a file that is missing, truncated or of another kind.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(path, LEGACY, "a folder" if path.is_dir() else "no such file")
    try:
        with h5py.File(path) as file:
            root = file.get("model_weights", file)
            if "layer_names" not in root.attrs:
                raise InputError(path, LEGACY, f"HDF5 with {sorted(root) or 'nothing'} at its root")
            layers = {name: _arrays(root[name]) for name in _names(root.attrs["layer_names"])}
    except (OSError, KeyError) as error:
        raise InputError(path, LEGACY, f"a file that cannot be read ({error})") from error
    return {name: arrays for name, arrays in layers.items() if arrays}


def _names(attribute):
    return [name.decode() if isinstance(name, bytes) else str(name) for name in attribute]


def _arrays(group):
    return [np.asarray(group[name]) for name in _names(group.attrs["weight_names"])]
