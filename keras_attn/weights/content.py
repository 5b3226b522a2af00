"""Tells by its content what kind of weight file a file is; its name says nothing. Loads none."""

import zipfile
from pathlib import Path

import h5py

from keras_attn import hdf5
from keras_attn.errors import InputError, listing

LEGACY, KERAS_3 = "legacy", "keras_3"
"""Layouts of Keras: by layer name, in the order of files; and that of `.weights.h5`."""
THEANO, PICKLED, CAFFE = "alexnet_theano", "alexnet_npy", "c3d_caffe"
"""Layouts that have to be converted, by their names in `rules.LAYOUTS`."""

EXPECTED = "a weight file: .h5 or .weights.h5 of Keras, or a published one that can be converted"
HEAD = 512
"""How many bytes tell a kind."""
PACKED = {
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\0": "an xz archive",
    b"7z\xbc\xaf": "a 7z archive",
}
TAR = slice(257, 262)


def layout_of(path, expected=EXPECTED):
    """`LEGACY`, `KERAS_3`, or the name of a layout in `rules.LAYOUTS` that is read otherwise.

    expected: what the caller asks for, for the message. Raises `InputError` for what is no weight
    file: no file, a folder, text, an archive, a whole model, HDF5 that is truncated or of others.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(path, expected, _no_file(path))
    with path.open("rb") as file:
        head = file.read(HEAD)
    if h5py.is_hdf5(path):
        return _layout_of_hdf5(path, expected)
    if head.startswith(b"\x93NUMPY"):
        return PICKLED
    received = _other(path, head)
    if received:
        raise InputError(path, expected, received)
    return CAFFE


def _no_file(path):
    if (path / "saved_model.pb").is_file():
        return "the folder of a SavedModel"
    return "a folder" if path.is_dir() else "no such file"


def _layout_of_hdf5(path, expected):
    with hdf5.opened(path, expected) as file:
        if "layer_names" in file.get("model_weights", file).attrs:
            return LEGACY
        groups = {name: item for name, item in file.items() if isinstance(item, h5py.Group)}
        if "layers" in groups:
            return KERAS_3
        if any(f"{name}_W" in group for name, group in groups.items()):
            return THEANO
        received = f"HDF5 with {listing(sorted(file), 4)} at its root"
    raise InputError(path, expected, received)


def _other(path, head):
    """What the file is if it is no weight file; "" for what may be a model of Caffe."""
    if not head:
        return "an empty file"
    if head.startswith(b"PK"):
        return _zip(path)
    for start, what in PACKED.items():
        if head.startswith(start):
            return what
    if head[TAR] == b"ustar":
        return "a tar archive"
    if all(byte in b"\t\n\r\f" or byte >= ord(" ") for byte in head):
        return f"text that begins {head[:40].decode(errors='replace')!r}"
    # A message of protobuf: first its name, field 1, or a layer, field 2, each with its length.
    if head[0] in (1 << 3 | 2, 2 << 3 | 2):
        return ""
    return f"a file of another kind, which begins {head[:8]!r}"


def _zip(path):
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile as error:
        return f"a zip archive that cannot be read ({error})"
    if {"config.json", "model.weights.h5"} <= names:
        return "a whole model in a .keras archive, which keras.saving.load_model opens"
    return f"a zip archive with {listing(sorted(names), 4)}"
