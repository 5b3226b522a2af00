"""Opens HDF5 files of others: what would lead out of the file, or fill the memory, is refused.

The format lets a file name others, whose bytes the library then reads as its own: by links and by
storage outside. Weight files and data sets that are passed on need none of these.
"""

import zipfile
from contextlib import contextmanager

import h5py

from keras_attn.errors import InputError

PACKING = 1100
"""How many times larger than its bytes in the file an array may be; deflate reaches 1,032."""
UNPACKED = 110
"""The same of a file in an archive, which holds numbers and hardly any zeros."""
SPARE = 2**20
"""Bytes that either may have of which the file holds none."""
WEIGHTS = "model.weights.h5"
"""The weights within a `.keras` archive."""


@contextmanager
def opened(path, expected, errors=(OSError, KeyError, RuntimeError)):
    """An HDF5 file to read, after it has been looked through; nothing of it has been read.

    expected: what the caller asks for. errors: what means that the file is damaged, while the
    caller reads too. `InputError` for these, and for a file that leads out of itself: by links or
    storage in other files; by links that go by names, which may lead in a circle; or for arrays
    much larger than what is in the file of them.
    """
    try:
        with h5py.File(path) as file:
            check(file, path, expected)
            yield file
    except InputError:
        raise
    except errors as error:
        raise InputError(path, expected, f"a file that cannot be read ({error})") from error


def check_archive(path, expected):
    """The same of the weights of a `.keras` archive, and of how far its files are packed."""
    try:
        with zipfile.ZipFile(path) as archive:
            for one in archive.infolist():
                if one.file_size > UNPACKED * one.compress_size + SPARE:
                    received = f"{one.filename!r}, of {one.compress_size:,} bytes that unpack to "
                    raise InputError(path, expected, f"{received}{one.file_size:,}")
            if WEIGHTS in archive.namelist():
                with archive.open(WEIGHTS) as packed, h5py.File(packed) as file:
                    check(file, path, expected)
    except (OSError, RuntimeError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(path, expected, f"a file that cannot be read ({error})") from error


def check(file, path, expected):
    """Look through a file that is open; `InputError` as of `opened`."""
    groups, seen = [file], set()
    while groups:
        group = groups.pop()
        for name in group:
            _check_link(group, name, path, expected)
            item = group[name]
            place = h5py.h5o.get_info(item.id).addr
            if place in seen:
                continue
            seen.add(place)
            if isinstance(item, h5py.Group):
                groups.append(item)
            elif isinstance(item, h5py.Dataset):
                _check_array(item, path, expected)


def _check_link(group, name, path, expected):
    try:
        link = group.get(name, getlink=True)
    except TypeError:
        link = None  # of a kind that somebody has defined
    if not isinstance(link, h5py.HardLink):
        to = getattr(link, "filename", "") or getattr(link, "path", "")
        received = f"{group.name.rstrip('/')}/{name}, which is a link to {to or 'something else'}"
        raise InputError(path, f"{expected}, without links", received)


def _check_array(array, path, expected):
    if array.is_virtual or array.id.get_create_plist().get_external_count():
        received = f"{array.name}, whose numbers are in another file"
        raise InputError(path, f"{expected}, with all of its numbers", received)
    there = array.id.get_storage_size()
    if array.size and array.size * array.dtype.itemsize > PACKING * there + SPARE:
        received = f"{array.name} of shape {array.shape}, of which the file has {there:,} bytes"
        raise InputError(path, f"{expected}, with all of its numbers", received)
