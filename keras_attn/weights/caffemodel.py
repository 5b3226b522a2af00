"""Reads the weights of a Caffe model of C3D: as much of the protobuf wire format as that takes."""

from pathlib import Path

import numpy as np

from keras_attn.errors import InputError

EXPECTED = "a Caffe model of C3D (a NetParameter of its caffe.proto)"

# Numbers of fields in the caffe.proto of C3D. Its blobs have five axes where those of other Caffe
# models have four, so that the data bears another number there.
LAYERS = 2
NAME, BLOBS = 4, 6
AXES, DATA = (1, 2, 3, 4, 5), 6

VARINT, BYTES_8, LENGTH, BYTES_4 = 0, 1, 2, 5
"""Wire types: how a field is written."""


def read_caffemodel(path):
    """Arrays by layer, `{layer: [kernel, bias]}`, float32, of the layers that have any.

    Each has five axes, (number, channels, length, height, width), of which those in front that are
    not used are 1. Raises `InputError` for a file that is missing, truncated or of another kind.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(path, EXPECTED, "a folder" if path.is_dir() else "no such file")
    try:
        layers = dict(
            _layer(field) for number, field in _fields(path.read_bytes()) if number == LAYERS
        )
    except (ValueError, IndexError, TypeError) as error:
        raise InputError(path, EXPECTED, f"a file that cannot be read ({error})") from error
    layers = {name: blobs for name, blobs in layers.items() if blobs}
    if not layers:
        raise InputError(path, EXPECTED, "a file without weights")
    return layers


def _layer(message):
    name, blobs = "", []
    for number, field in _fields(message):
        if number == NAME:
            name = bytes(field).decode()
        elif number == BLOBS:
            blobs.append(_blob(field))
    return name, blobs


def _blob(message):
    shape, parts = dict.fromkeys(AXES, 0), []
    for number, field in _fields(message):
        if number in shape:
            shape[number] = field
        elif number == DATA:
            # Packed in one field, or each in one of its own: a reader has to take both.
            parts.append(np.frombuffer(field, "<f4"))
    return np.concatenate(parts).reshape(tuple(shape.values()))


def _fields(message):
    """Number and content of each field: an integer, or a view of its bytes."""
    message, at = memoryview(message), 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == LENGTH:
            size, at = _varint(message, at)
        elif kind in (BYTES_4, BYTES_8):
            size = 4 if kind == BYTES_4 else 8
        else:
            raise ValueError(f"wire type {kind} at byte {at}")
        if at + size > len(message):
            raise ValueError(f"{size} bytes announced at byte {at} of {len(message)}")
        yield number, message[at : at + size]
        at += size


def _varint(message, at):
    """An integer in groups of seven bits, the lowest first, and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError(f"an integer of more than 64 bits at byte {at}")
