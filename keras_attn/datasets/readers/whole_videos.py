"""Whether a video was read to its end: decoders stop at damage, and skip it, without an error."""

import struct

OFF = 2
"""Frames that a whole file may have fewer of than it says: old headers are off by one or two."""
SECONDS, SHARE = 1.0, 0.05
"""How much earlier than it says a file may end, the larger of both, where its length is an estimate
or that of its sound."""
EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
"""That Matroska and WebM files, and what they consist of, begin with."""
BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
"""That a file of the MP4 and QuickTime family begins with."""


def lacks(path, announced, count, last, rate):
    """Whether a video file has lost frames, now that all that can be read of it were read.

    announced: frames that it says, or None. count: those that were read. last: when the last of
    them is shown, in ms. rate: frames a second. AVI, MP4 and QuickTime files state their frames one
    by one; others their duration, and frames lost in the middle cannot be told there. MPEG streams
    state neither: what is cut off them is not seen.
    """
    if not announced:
        return False
    if _is_avi(path) or _is_mp4(path):
        return announced - count > OFF
    if not rate > 0 or not last > 0:
        return False
    length = announced / rate
    early = length - last / 1000 - 1 / rate
    return early > (OFF / rate if seems_cut(path) else max(SECONDS, SHARE * length))


def seems_cut(path):
    """Whether an AVI, MP4 or Matroska file ends before its last part does, by their sizes."""
    size, place = path.stat().st_size, 0
    if _head(path)[:4] == EBML:
        return _end_of_matroska(path) > size
    if not (_is_avi(path) or _is_mp4(path)):
        return False
    with path.open("rb") as file:
        while place < size:
            file.seek(place)
            part = _part(file.read(16))
            if part == 0:  # goes on to the end of the file
                return False
            place += part
    return place > size


def _part(head):
    """Bytes of the part of a file that begins with `head`, 0 where it does not say."""
    if head[:4] == b"RIFF":
        (length,) = struct.unpack("<I", head[4:8])
        return length and 8 + length + length % 2
    if len(head) < 8 or not head[4:8].isalnum():
        return 0
    (length,) = struct.unpack(">I", head[:4])
    if length == 1 and len(head) == 16:
        (length,) = struct.unpack(">Q", head[8:])
    return length


def _end_of_matroska(path):
    """The byte behind the last part of a Matroska file; 0 where it does not say."""
    with path.open("rb") as file:
        start = file.read(4096)
    length, place = _number(start, len(EBML))
    place += length
    if start[place : place + len(SEGMENT)] != SEGMENT:
        return 0
    length, place = _number(start, place + len(SEGMENT))
    return length and length + place


def _number(content, place):
    """A length as EBML writes it, 0 for one that is left open; and the place behind it."""
    first = content[place] if place < len(content) else 0
    size = 9 - first.bit_length()
    bits = 7 * size
    value = int.from_bytes(content[place : place + size], "big") & ((1 << bits) - 1)
    return (0 if value == (1 << bits) - 1 else value), place + size


def _head(path):
    with path.open("rb") as file:
        return file.read(12)


def _is_avi(path):
    return _head(path)[:4] == b"RIFF"


def _is_mp4(path):
    return _head(path)[4:8] in BOXES
