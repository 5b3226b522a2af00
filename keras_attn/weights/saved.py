"""The project's own weight files: `.weights.h5` of Keras, with the run's settings inside."""

import json
from pathlib import Path

import h5py

from keras_attn import runs
from keras_attn.errors import InputError

SUFFIX = ".weights.h5"
ATTRIBUTE = "keras_attn"
EXPECTED = f"a {SUFFIX} file that a run of keras_attn has written"


def save(model, path, settings):
    """Write all weights of `model`, with `settings`, a dict of plain values, inside the file."""
    with runs.replacing(path) as stage:
        model.save_weights(stage)
        with h5py.File(stage, "r+") as file:
            file.attrs[ATTRIBUTE] = json.dumps(settings)


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
    before = model.get_weights()
    try:
        model.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        model.set_weights(before)
        expected = f"the weights of all layers of {model.name!r}"
        received = str(error).strip().split("\n")[0]
        raise InputError(path, expected, received) from error
