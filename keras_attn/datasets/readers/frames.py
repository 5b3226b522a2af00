"""Frames of video files and of folders of images: which there are, how many, and their pixels.

What a video with gaze is stands in `video`; frames and flow as they are extracted in `flow.files`.
"""

import itertools
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from keras_attn.datasets.readers.image_files import IMAGE_SUFFIXES, image_shape, read_image
from keras_attn.datasets.readers.reader import by_stem
from keras_attn.datasets.readers.whole_videos import lacks, seems_cut
from keras_attn.errors import InputError, listing

SUFFIXES = (".avi", ".mp4", ".m4v", ".mov", ".mkv", ".mpg", ".mpeg", ".webm", ".wmv", ".flv")
"""Of files that a search of a folder takes for videos; a file that is named may have any."""
MOST = 10**9
"""Frames that a header may announce and be believed."""


class BadVideo(InputError):
    """A video or a folder of frames that cannot be used; others may be good."""


class Frames:
    """Frames of a video file or of a folder of images, uint8 RGB `(H, W, 3)`, one at a time.

    Images of a folder follow each other in the order of the numbers in their names. Frames keep
    the sizes they have. announced: how many there are, by the header of the file, which may be
    wrong, or by the number of images; None where a header does not say.
    Raises `BadVideo` if `path` does not open, while a damaged image is read, and behind the last
    frame of a video file that lacks some, see `whole_videos`.
    """

    def __init__(self, path):
        self.path = Path(path).expanduser()
        if self.path.is_dir():
            self._images = frame_paths(self.path)
            self.announced = len(self._images)
        else:
            self._images = None
            with _Opened(self.path) as capture:
                self.announced = _announced(capture)

    def __iter__(self):
        return self._from_file() if self._images is None else self._from_folder()

    def _from_file(self):
        with _Opened(self.path) as capture:
            for _ in _grabbed(self.path, capture, self.announced):
                there, frame = capture.retrieve()
                if not there:
                    raise BadVideo(self.path, "a whole video", "a frame that cannot be decoded")
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)

    def _from_folder(self):
        for path in self._images:
            try:
                yield read_image(path)
            except InputError as error:
                raise BadVideo(*error.parts) from error


def frame_paths(folder):
    """The images of a folder of frames in their order, numbers in names taken as numbers.

    `BadVideo` if there is none, two are of one name or number, or one is missing between others.
    """
    try:
        found = by_stem(Path(folder), IMAGE_SUFFIXES, "frames", "one frame of each name")
    except InputError as error:
        raise BadVideo(*error.parts) from error
    paths = sorted(found.values(), key=lambda path: _natural(path.name))
    _refuse_gap(folder, paths)
    return paths


def _refuse_gap(folder, paths):
    """Refuse frames of which numbers are missing: all behind would be taken for earlier ones.

    Frames may be every tenth, and names may hold the time: a gap is twice what is usual.
    """
    names = [_natural(path.stem) for path in paths]
    pairs = [
        (place, after[-2] - before[-2])
        for place, (before, after) in enumerate(itertools.pairwise(names))
        if len(before) == len(after) > 1 and before[:-2] + before[-1:] == after[:-2] + after[-1:]
    ]
    if not pairs:
        return
    usual = np.quantile([step for _, step in pairs], 0.25, method="lower")
    for place, step in pairs:
        if step == 0 or (usual and step >= 2 * usual):
            expected = "frames numbered one by one (give them numbers anew if none is missing)"
            both = f"{paths[place + 1].name} behind {paths[place].name}"
            raise BadVideo(folder, expected, both)


def holds_frames(folder):
    """Whether a folder is one of frames, which is to say that it holds two or more images."""
    with os.scandir(folder) as entries:
        return _are_frames(Path(entry.path) for entry in entries if not entry.is_dir())


def _are_frames(files):
    return sum(file.suffix.lower() in IMAGE_SUFFIXES and file.name[0] != "." for file in files) > 1


def _natural(name):
    """A key that puts 2 before 10."""
    parts = re.split(r"(\d+)", name)
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]


class _Opened:
    """OpenCV's capture of a video file, released at the end."""

    def __init__(self, path):
        if not path.is_file():
            raise BadVideo(path, "a video file or a folder of frames", "no such file")
        # Only FFmpeg: OpenCV would go on to take a name with digits for that of many images.
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise BadVideo(path, "a video", "a file that does not open as one")

    def __enter__(self):
        return self._capture

    def __exit__(self, *_):
        self._capture.release()


def _grabbed(path, capture, announced):
    """Grab frame after frame, the number of each; `BadVideo` at the end if some are lost."""
    count, last, rate = 0, 0.0, capture.get(cv2.CAP_PROP_FPS)
    while capture.grab():
        last = capture.get(cv2.CAP_PROP_POS_MSEC)
        yield count
        count += 1
    if lacks(path, announced, count, last, rate):
        expected = f"a whole video, with the {announced} frames that its header says"
        received = f"{count} that can be read, for it is damaged or cut off (get it anew or, if "
        received += "these will do, write them into a new file)"
        raise BadVideo(path, expected, received)


def _announced(capture):
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    return count if 0 < count < MOST else None


# --- how many -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Probe:
    """What a video says of itself.

    frames: how many; `exact` where they were counted, not just announced. shape: (H, W) in
    pixels. rate: frames a second, or None where nothing tells it. starts: `(frames,)`, when each
    frame of a file is shown, in ms from the first, as the file says it; known where they were
    counted.
    """

    path: Path
    frames: int
    shape: tuple
    rate: float | None
    exact: bool
    starts: np.ndarray | None = None

    def counted(self):
        """The same with its frames counted one by one: headers of old files are off by a few.

        `BadVideo` where it lacks more than that.
        """
        if self.exact:
            return self
        with _Opened(self.path) as capture:
            grabbed = _grabbed(self.path, capture, self.frames)
            starts = [capture.get(cv2.CAP_PROP_POS_MSEC) for _ in grabbed]
        starts = np.array(starts, np.float64)
        return replace(self, frames=len(starts), exact=True, starts=starts - starts[:1])


def probe(path, rate=None):
    """A `Probe` of a video file or a folder of frames; `BadVideo` where it cannot be used.

    rate: frames a second of a folder of frames, which does not say it itself.
    """
    path = Path(path).expanduser()
    return _probe_folder(path, rate) if path.is_dir() else _probe_file(path)


def _probe_folder(folder, rate):
    paths = frame_paths(folder)
    try:
        shape, last = image_shape(paths[0]), image_shape(paths[-1])
    except InputError as error:
        raise BadVideo(*error.parts) from error
    if last != shape:
        raise BadVideo(paths[-1], f"the size of {paths[0].name}, {shape}", last)
    return Probe(folder, len(paths), shape, rate, exact=True)


def _probe_file(path):
    sides = (cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FRAME_WIDTH)
    with _Opened(path) as capture:
        frames, rate = _announced(capture), capture.get(cv2.CAP_PROP_FPS)
        shape = tuple(int(capture.get(side)) for side in sides)
        starts = capture.grab()
    if not starts:
        raise BadVideo(path, "a video", "a file whose first frame cannot be read")
    found = Probe(path, frames or 0, shape, rate if rate > 0 else None, exact=False)
    return found.counted() if not frames or seems_cut(path) else found


# --- which --------------------------------------------------------------------------------------


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
            name = path_name(one, path)
            if found.setdefault(name, one) is not one:
                received = listing([found[name], one])
                raise InputError("videos", f"one of the name {name!r}", received)
    _refuse_nested(found)
    return found


def path_name(path, root):
    """The name that `find` gives to the video at `path` when it searches `root`."""
    if path == root:
        return path.stem if path.is_file() else path.resolve().name
    named = path.relative_to(root)
    return (named.with_suffix("") if path.is_file() else named).as_posix()


def _below(path, passing_over):
    if path.is_file():
        yield path
        return
    with os.scandir(path) as entries:
        seen = sorted((e for e in entries if e.name[0] != "."), key=lambda e: _natural(e.name))
    files = [Path(entry.path) for entry in seen if not entry.is_dir()]
    if _are_frames(files):
        yield path
        return
    yield from (file for file in files if file.suffix.lower() in SUFFIXES)
    for folder in (Path(entry.path) for entry in seen if entry.is_dir()):
        if passing_over is None or not passing_over(folder):
            yield from _below(folder, passing_over)


def _refuse_nested(found):
    """What is made of a video goes to a folder of its name: none may lie inside another's."""
    for name, path in found.items():
        for parent in Path(name).parents:
            if parent.as_posix() in found:
                received = listing([found[parent.as_posix()], path])
                raise InputError("videos", "none that has the name of another's folder", received)
