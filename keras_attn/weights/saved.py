"""The project's own weight files: `.weights.h5` of Keras, with the run's settings inside."""

import io
import json
from collections import Counter
from pathlib import Path

import h5py
import keras

from keras_attn import runs
from keras_attn.errors import InputError, listing

SUFFIX = ".weights.h5"
ATTRIBUTE = "keras_attn"
EXPECTED = f"a {SUFFIX} file that a run of keras_attn has written"


def save(model, path, settings):
    """Write all weights of a functional `model`, with `settings` inside: a dict of plain values.

    Raises `InputError` where the file cannot be written; what was there before stays then.
    """
    memory = _Memory()
    _bare(model).save_weights(memory)
    with h5py.File(memory, "r+") as file:
        file.attrs[ATTRIBUTE] = json.dumps(settings)
    with runs.replacing(path) as stage:
        stage.write_bytes(memory.getbuffer())


class _Memory(io.BytesIO):
    """Where HDF5 writes to: on a disk that is full it would end the process without an error."""

    def __str__(self):
        return f"memory{SUFFIX}"  # Keras looks at the end of the name it is given


def _bare(model):
    """The same layers without the optimizer, which Keras would write into the file and look for."""
    return keras.Model(model.inputs, model.outputs, name=model.name)


def settings(path):
    """The settings inside a file that `save` has written; `InputError` for any other file."""
    path = Path(path).expanduser()
    if not path.is_file():
        raise InputError(path, EXPECTED, "a folder" if path.is_dir() else "no such file")
    try:
        with h5py.File(path) as file:
            return json.loads(file.attrs[ATTRIBUTE])
    except KeyError as error:
        raise InputError(path, EXPECTED, "an HDF5 file without settings of a run") from error
    except (OSError, ValueError) as error:
        raise InputError(path, EXPECTED, f"a file that cannot be read ({error})") from error


def load(model, path):
    """Load all weights of a `.weights.h5` file; if they do not fit, the model is left as it was."""
    path = Path(path).expanduser()
    if not path.is_file():
        raise InputError(path, f"a {SUFFIX} file", "a folder" if path.is_dir() else "no such file")
    expected = f"the {len(model.weights)} weights of {model.name!r} and no others"
    before = model.get_weights()
    try:
        # Keras passes over what the file has too many, so it has to be counted.
        stored, wanted = _shapes_in(path), Counter(tuple(w.shape) for w in model.weights)
        if stored != wanted:
            extra, lacking = stored - wanted, wanted - stored
            received = f"{stored.total()} weights; too many: {_listed(extra)}"
            raise InputError(path, expected, f"{received}; missing: {_listed(lacking)}")
        _bare(model).load_weights(path)
    except (OSError, KeyError) as error:
        raise InputError(path, expected, f"a file that cannot be read ({error})") from error
    except ValueError as error:
        model.set_weights(before)
        if isinstance(error, InputError):
            raise
        raise InputError(path, expected, str(error).strip().split("\n")[0]) from error


def _shapes_in(path):
    """How many weights of each shape a file holds; the state of an optimizer is none of them."""
    shapes = Counter()

    def look(name, item):
        if isinstance(item, h5py.Dataset) and not name.startswith("optimizer/"):
            shapes[item.shape] += 1

    with h5py.File(path) as file:
        file.visititems(look)
    return shapes


def _listed(shapes):
    return listing(["×".join(map(str, shape)) for shape in shapes.elements()], 4)
