"""Frames of video files and of folders of images, and which of those a folder holds."""

import os
import re
from pathlib import Path

import cv2

from keras_attn.datasets.base import by_stem, read_image
from keras_attn.datasets.folder import IMAGE_SUFFIXES
from keras_attn.errors import InputError, listing

SUFFIXES = (".avi", ".mp4", ".m4v", ".mov", ".mkv", ".mpg", ".mpeg", ".webm", ".wmv", ".flv")
"""Of files that a search of a folder takes for videos; a file that is named may have any."""


class BadVideo(InputError):
    """A video or a folder of frames that cannot be used; others may be good."""


class Frames:
    """Frames of a video file or of a folder of images, uint8 RGB `(H, W, 3)`, one at a time.

    Images of a folder follow each other in the order of the numbers in their names. Frames keep
    the sizes they have. announced: how many there are, by the header of the file, which may be
    wrong, or by the number of images; None where a header does not say.
    Raises `BadVideo` if `path` does not open, and while a damaged image is read. A damaged video
    file ends early instead: its length is all that tells.
    """

    def __init__(self, path):
        self.path = Path(path).expanduser()
        if self.path.is_dir():
            self._images = _ordered_images(self.path)
            self.announced = len(self._images)
        else:
            self._images = None
            capture = self._opened()
            count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
            capture.release()
            self.announced = count if 0 < count < 10**9 else None

    def __iter__(self):
        return self._from_file() if self._images is None else self._from_folder()

    def _opened(self):
        if not self.path.is_file():
            raise BadVideo(self.path, "a video file or a folder of frames", "no such file")
        # Only FFmpeg: OpenCV would go on to take a name with digits for that of many images.
        capture = cv2.VideoCapture(str(self.path), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            raise BadVideo(self.path, "a video", "a file that does not open as one")
        return capture

    def _from_file(self):
        capture = self._opened()
        try:
            while True:
                there, frame = capture.read()
                if not there:
                    return
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        finally:
            capture.release()

    def _from_folder(self):
        for path in self._images:
            try:
                yield read_image(path)
            except InputError as error:
                raise BadVideo(*error.parts) from error


def _ordered_images(folder):
    try:
        found = by_stem(folder, IMAGE_SUFFIXES, "frames", "one frame of each name")
    except InputError as error:
        raise BadVideo(*error.parts) from error
    return sorted(found.values(), key=lambda path: _natural(path.name))


def _natural(name):
    """A key that puts 2 before 10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


def find(paths, *, passing_over=None):
    """Videos by name: what `paths` are, and what the folders among them hold, at any depth.

    paths: files, which are videos; folders of two or more images, which are frames of one; and
    other folders, which are searched for both. A name is the path from the folder that was
    searched, without the suffix, or the last part of one that was named.
    passing_over: whether to leave a `Path` out that the search has come to.
    Raises `InputError` if there is none, a path is not there, or two have the same name.
    """
    found = {}
    for path in (Path(path).expanduser() for path in paths):
        if not path.exists():
            raise InputError(path, "a video, a folder of frames, or a folder of those", "none")
        below = list(_below(path, passing_over))
        if not below:
            expected = f"videos ({', '.join(SUFFIXES)}) or folders of two or more images"
            raise InputError(path, expected, "a folder with none")
        for one in below:
            name = _name(one, path)
            if found.setdefault(name, one) is not one:
                received = listing([found[name], one])
                raise InputError("videos", f"one of the name {name!r}", received)
    _refuse_nested(found)
    return found


def _below(path, passing_over):
    if path.is_file():
        yield path
        return
    with os.scandir(path) as entries:
        seen = sorted((e for e in entries if e.name[0] != "."), key=lambda e: _natural(e.name))
    files = [Path(entry.path) for entry in seen if not entry.is_dir()]
    if sum(file.suffix.lower() in IMAGE_SUFFIXES for file in files) > 1:
        yield path
        return
    yield from (file for file in files if file.suffix.lower() in SUFFIXES)
    for folder in (Path(entry.path) for entry in seen if entry.is_dir()):
        if passing_over is None or not passing_over(folder):
            yield from _below(folder, passing_over)


def _name(path, root):
    if path == root:
        return path.stem if path.is_file() else path.resolve().name
    named = path.relative_to(root)
    return (named.with_suffix("") if path.is_file() else named).as_posix()


def _refuse_nested(found):
    """What is made of a video goes to a folder of its name: none may lie inside another's."""
    for name, path in found.items():
        for parent in Path(name).parents:
            if parent.as_posix() in found:
                received = listing([found[parent.as_posix()], path])
                raise InputError("videos", "none that has the name of another's folder", received)
