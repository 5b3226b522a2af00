"""The project's own weight files: `.weights.h5` of Keras, with the run's settings inside."""

import io
import json
from pathlib import Path
from typing import Any

import h5py
import keras

from keras_attn import hdf5, storage
from keras_attn.errors import InputError
from keras_attn.weights import content, matching

SUFFIX = ".weights.h5"
ATTRIBUTE = "keras_attn"
EXPECTED = f"a {SUFFIX} file that a run of keras_attn has written"


def save(model: Any, path: str | Path, settings: dict[str, Any]) -> None:
    """Write all weights of a model, with settings inside. Its optimizer is left out.

    Args:
        model: A functional `keras.Model`.
        path: The file to write, such as `model.weights.h5`.
        settings: Values that JSON has.

    Raises:
        InputError: The model is not functional, or the file cannot be written; what was there
            before stays then.

    Example:

    >>> import keras
    >>> import keras_attn as ka
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    >>> ka.weights.save(model, "mine.weights.h5", {"epochs": 3})
    >>> ka.weights.settings("mine.weights.h5")
    {'epochs': 3}
    """
    memory = _Memory()
    _bare(model).save_weights(memory)
    with h5py.File(memory, "r+") as file:
        file.attrs[ATTRIBUTE] = json.dumps(settings)
    with storage.replacing(path) as stage:
        stage.write_bytes(memory.getbuffer())


class _Memory(io.BytesIO):
    """Where HDF5 writes to: on a disk that is full it would end the process without an error."""

    def __str__(self):
        return f"memory{SUFFIX}"  # Keras looks at the end of the name it is given


def _bare(model):
    """The same layers without the optimizer, which Keras would write into the file and look for."""
    if not getattr(model, "inputs", None):
        raise InputError(f"model {model.name!r}", "one with inputs (Functional)", repr(model))
    return keras.Model(model.inputs, model.outputs, name=model.name)


def settings(path: str | Path) -> dict[str, Any]:
    """The settings inside a weight file.

    Args:
        path: A file that `save` has written, such as that of a run.

    Returns:
        What `save` was given, as JSON gives it back. Of a run: its `identity`, `config`, `data` and
        `versions`.

    Raises:
        InputError: It is any other file, or cannot be read.

    Example:

    >>> import keras
    >>> import keras_attn as ka
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    >>> ka.weights.save(model, "mine.weights.h5", {"side": (64, 64)})
    >>> ka.weights.settings("mine.weights.h5")
    {'side': [64, 64]}
    """
    path = Path(path).expanduser()
    if not of_run(path, EXPECTED):
        raise InputError(path, EXPECTED, "a weight file without settings of a run")
    with hdf5.opened(path, EXPECTED, (OSError, RuntimeError, ValueError)) as file:
        return json.loads(file.attrs[ATTRIBUTE])


def of_run(path: str | Path, expected: str = content.EXPECTED) -> bool:
    """Whether `save` has written a weight file, as runs do.

    Args:
        path: A weight file.
        expected: What the caller asks for, for the message.

    Returns:
        True or False.

    Raises:
        InputError: It is no weight file.

    Example:

    >>> import keras
    >>> import keras_attn as ka
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    >>> model.save_weights("few.weights.h5")
    >>> ka.weights.of_run("few.weights.h5")
    False
    """
    if content.layout_of(path, expected) != content.KERAS_3:
        return False
    with h5py.File(path) as file:
        return ATTRIBUTE in file.attrs


def load(model, path, *, by="name", skip=()):
    """Load a file of this layout, see `loading.load`; returns the names of the file's layers.

    The weights of the model are written as Keras writes them, those of the file put in their
    places, and read again: what is within a layer is Keras' own affair.
    """
    memory, bare = _Memory(), _bare(model)
    bare.save_weights(memory)
    with _open(path) as file, h5py.File(memory, "r+") as own:
        stored, wanted = (_layers(root, path, by) for root in (file, own))
        stored = matching.renamed(stored, [one for one in bare.layers if one.name in wanted], by)
        names = list(stored)
        for name in skip:
            stored.pop(name, None)
            wanted.pop(name, None)
        matching.check(path, model.name, _shapes(stored), _shapes(wanted))
        for name, arrays in wanted.items():
            for place, array in arrays.items():
                _copy(stored[name][place], array, path, name)
    bare.load_weights(memory)
    return names


def _copy(source, target, path, layer):
    # Keras writes types that HDF5 lacks as integers, which must not be taken for numbers.
    expected, received = (one.attrs.get("dtype", one.dtype.kind) for one in (target, source))
    if expected != received:
        raise InputError(path, f"numbers of type {expected!r} in layer {layer!r}", repr(received))
    target[...] = source[()]


def shapes(path):
    """Shapes by layer of a file of this layout; see `loading.shapes`."""
    with _open(path) as file:
        found = _shapes(_layers(file, path, "name"))
    return {name: list(by_place.values()) for name, by_place in found.items()}


def _open(path):
    return hdf5.opened(path, f"a {SUFFIX} file of Keras")


def _layers(file, path, by):
    """The HDF5 datasets of each layer that has any, by their places within it."""
    found = {}
    for key, group in file["layers"].items():
        arrays = _arrays(group)
        if arrays:
            found[key if by == "order" else _name(group, path)] = arrays
    return found


def _name(group, path):
    name = group["vars"].attrs.get("name")
    if name is None:
        expected = "names of layers in the file (by='order' goes without)"
        raise InputError(path, expected, "a file of a Keras that wrote none")
    return name


def _arrays(group):
    found = {}

    def look(place, item):
        if isinstance(item, h5py.Dataset):
            found[place] = item

    group.visititems(look)
    return found


def _shapes(layers):
    return {name: {p: a.shape for p, a in arrays.items()} for name, arrays in layers.items()}
