"""Motion JPEG in an AVI file, made in memory: OpenCV's writer does not say whether a disk is full.

The same frames and OpenCV make the same bytes. The form is that of Microsoft's AVI 1.0: lists of
chunks with the header, the frames, and an index of them.
"""

import struct

from keras_attn.datasets.drawing.files import jpeg

HAS_INDEX, KEY_FRAME = 0x10, 0x10
MICROSECONDS = 1_000_000


def encode(frames, rate):
    """The file's bytes. frames: uint8 RGB `(T, H, W, 3)`; rate: of them a second, whole."""
    pictures = [jpeg(frame[..., ::-1]) for frame in frames]
    index, place = b"", 4
    for picture in pictures:
        index += struct.pack("<4s3I", b"00dc", KEY_FRAME, place, len(picture))
        place += 8 + len(picture) + len(picture) % 2
    body = b"".join(_chunk(b"00dc", picture) for picture in pictures)
    header = _header(frames.shape, rate, max(map(len, pictures)))
    return _list(b"RIFF", b"AVI ", header + _list(b"LIST", b"movi", body) + _chunk(b"idx1", index))


def _header(shape, rate, largest):
    count, height, width = shape[:3]
    size, second = (width, height), round(MICROSECONDS / rate)
    main = struct.pack("<14I", second, largest * rate, 0, HAS_INDEX, count, 0, 1, largest, *size,
                       0, 0, 0, 0)  # fmt: skip
    stream = struct.pack("<4s4s10I4H", b"vids", b"MJPG", 0, 0, 0, 1, rate, 0, count, largest,
                         0xFFFFFFFF, 0, 0, 0, *size)  # fmt: skip
    bitmap = struct.pack("<3I2H4s5I", 40, *size, 1, 24, b"MJPG", 3 * width * height, 0, 0, 0, 0)
    streams = _list(b"LIST", b"strl", _chunk(b"strh", stream) + _chunk(b"strf", bitmap))
    return _list(b"LIST", b"hdrl", _chunk(b"avih", main) + streams)


def _chunk(name, content):
    return struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2)


def _list(kind, name, content):
    return _chunk(kind, name + content)
