"""Arrays that are kept between runs, each in a file with a checksum behind its numbers.

A file that a full disk, a network drive or another program has changed is told from a whole one
when it is read: its name and size may be right.
"""

import zlib

import numpy as np

from keras_attn import storage
from keras_attn.errors import InputError

BYTES = 4
"""Of the checksum, a CRC-32 of the numbers, little-endian."""


def write(path, values):
    """Write an array into a file, which is there as a whole afterwards."""
    values = np.ascontiguousarray(values)
    with storage.replacing(path) as stage, stage.open("wb") as file:
        np.lib.format.write_array(file, values)
        file.write(_sum(values))


def mapped(path, expected):
    """The array of a file, mapped to memory and not read; its numbers are not checked.

    expected: what the file should be, for the `InputError` of one that is no whole array.
    """
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
        size = values.offset + values.nbytes + BYTES
        received = None if path.stat().st_size == size else f"{path.stat().st_size} bytes"
    except (OSError, ValueError, EOFError) as error:
        received = error
    if received is not None:
        raise InputError(path, expected, received)
    return values


def checked(path, expected):
    """The same, after its numbers are held against the checksum."""
    values = mapped(path, expected)
    with path.open("rb") as file:
        file.seek(-BYTES, 2)
        written = file.read(BYTES)
    if written != _sum(values):
        raise InputError(path, f"{expected}; delete it", "numbers that its checksum is not of")
    return values


def _sum(values):
    return zlib.crc32(values.reshape(-1).view(np.uint8)).to_bytes(BYTES, "little")
