"""Reads arrays out of a pickled `.npy` file without running anything that is in it."""

import io
import pickle
from pathlib import Path

import numpy as np

from keras_attn.errors import InputError

EXPECTED = "a .npy file with a dict of lists of arrays, pickled"
ALLOWED = {
    (module, name)
    for module, names in {
        "numpy": ("ndarray", "dtype"),
        "numpy.core.multiarray": ("_reconstruct",),
        "numpy._core.multiarray": ("_reconstruct",),
    }.items()
    for name in names
}
"""All that a pickle may call: what builds arrays. NumPy 2 has renamed its inner module."""


class _Refused(pickle.UnpicklingError):
    """The pickle asks for something that builds no array."""


class _Arrays(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) not in ALLOWED:
            raise _Refused(f"{module}.{name}")
        return super().find_class(module, name)


def read_pickled_npy(path):
    """Arrays by layer of such a file: `{layer: [array, ...]}`, with names of bytes decoded.

    A pickle is a program; this one may build dicts, lists, strings and arrays of numbers, and
    nothing else. Raises `InputError` that names what was refused, and for any other file.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(path, EXPECTED, "a folder" if path.is_dir() else "no such file")
    content = io.BytesIO(path.read_bytes())
    try:
        version = np.lib.format.read_magic(content)
        if version != (1, 0):
            raise InputError(path, f"{EXPECTED}, of version 1.0", f"version {version}")
        shape, _, kind = np.lib.format.read_array_header_1_0(content)
        if not kind.hasobject or shape != ():
            raise InputError(path, EXPECTED, f"an array of type {kind} and shape {shape}")
        # Python 2 wrote strings as what are bytes now; as text, those of arrays would be damaged.
        layers = _Arrays(content, encoding="bytes").load().item()
        return {_text(name): [_numbers(array) for array in layers[name]] for name in layers}
    except InputError:
        raise
    except _Refused as error:
        expected = f"{EXPECTED}, that calls for nothing but NumPy arrays"
        raise InputError(path, expected, f"a call for {error}, which was not made") from error
    except Exception as error:  # a damaged pickle leads to errors of any kind
        received = f"a file that cannot be read ({type(error).__name__}: {error})"
        raise InputError(path, EXPECTED, received) from error


def _text(name):
    return name.decode() if isinstance(name, bytes) else str(name)


def _numbers(array):
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise ValueError(f"{type(array).__name__} in place of an array of numbers")
    return array
