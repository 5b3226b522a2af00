"""What a video with gaze is to the rest of the package, and how its frames are counted.

Frames are counted from 0 here. The files of extracted flow are numbered from 1, and each stands
for the second frame of its pair: `im_%04d.jpg` number k is frame k, and frame 0 has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from keras_attn import gaze
from keras_attn.datasets.base import Dataset, Reader, Report, image_shape
from keras_attn.errors import InputError, listing

SNIPPET = 16
"""Frames that a network sees at a time."""
FRAME_SUFFIXES = (".jpg", ".jpeg", ".png")
EXTRACTED = {"im": "frames", "flow_x": "horizontal flow", "flow_y": "vertical flow"}


@dataclass(frozen=True, eq=False)
class VideoExample:
    """One video with its gaze.

    id: unique in the dataset. frames: how many it has. shape: (H, W) in pixels. points: for each
    frame an array `(N_t, 2)` of x and y in its pixels, all inside. subjects: for each frame
    `(N_t,)`, whose gaze each point is, 0 where viewers are not told apart. labels: indices of its
    classes, one or several. video: path of its file or of its folder of frames, or None. flow:
    path of the folder with its extracted frames and flow, or None.
    Raises `InputError` where these do not fit each other.
    """

    id: str
    frames: int
    shape: tuple
    points: tuple
    subjects: tuple
    labels: tuple
    video: Path | None = None
    flow: Path | None = None

    def __post_init__(self):
        where = f"video {self.id!r}"
        for name in ("points", "subjects"):
            if len(getattr(self, name)) != self.frames:
                expected = f"one array for each of {self.frames} frames"
                raise InputError(f"{where}, {name}", expected, len(getattr(self, name)))
        points = tuple(gaze.as_points(p, f"{where}, points") for p in self.points)
        subjects = tuple(np.asarray(s) for s in self.subjects)
        for number, (its, whose) in enumerate(zip(points, subjects, strict=True)):
            outside = int((~gaze.inside(its, self.shape)).sum())
            if outside:
                expected = f"all inside the frames of {tuple(self.shape)}"
                raise InputError(f"{where}, frame {number}", expected, f"{outside} outside or NaN")
            if whose.shape != (len(its),):
                expected = f"a subject for each of {len(its)} points"
                raise InputError(f"{where}, frame {number}", expected, f"shape {whose.shape}")
        for name, value in (("points", points), ("subjects", subjects)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "shape", tuple(self.shape))
        object.__setattr__(self, "labels", tuple(self.labels))

    @property
    def pairs(self):
        """How many files of extracted flow it has: one for every frame but the first."""
        return self.frames - 1

    @cached_property
    def fixations(self):
        """The points of all frames together, `(N, 2)`."""
        return np.concatenate([np.zeros((0, 2)), *self.points])

    def stamp(self):
        """All that scores depend on but the frames themselves, as a few pieces of bytes."""
        counts = [len(points) for points in self.points]
        yield repr((self.id, self.shape, self.labels, counts)).encode()
        yield self.fixations.tobytes()
        yield np.concatenate([np.zeros(0, np.int64), *self.subjects]).tobytes()


class VideoDataset(Dataset):
    """A list of `VideoExample`s with the report of reading them.

    Negatives and centre bias of a video are the fixations of the other videos, at whatever frame.
    """


@dataclass
class VideoReport(Report):
    """What reading a dataset of videos has met, in counts.

    events_left_out: samples of blinks, or of other events that were not asked for.
    points_out_of_time: samples before the first frame or after the last. subjects_missing: pairs
    of a video and a viewer of the group of whom there are no samples. short: videos of fewer than
    16 pairs of frames, whose snippet repeats the last one. others: videos that have gaze and are
    not in the dataset.
    """

    videos: int = 0
    frames: int = 0
    events_left_out: int = 0
    points_out_of_time: int = 0
    subjects_missing: int = 0
    frames_without_fixations: int = 0
    videos_without_fixations: int = 0
    short: int = 0
    others: int = 0

    def count(self, examples):
        """Take down what is known when all videos are read."""
        self.videos = len(examples)
        self.frames = sum(example.frames for example in examples)
        self.points = sum(len(points) for example in examples for points in example.points)
        found = {s for e in examples for whose in e.subjects for s in np.unique(whose).tolist()}
        self.viewers = len(found - {0})
        watched = [example for example in examples if any(map(len, example.points))]
        self.videos_without_fixations = len(examples) - len(watched)
        self.frames_without_fixations = sum(not len(p) for e in watched for p in e.points)
        self.short = sum(example.pairs < SNIPPET for example in examples)

    def __str__(self):
        """One line; counts that are zero and need no comment are left out."""
        alike = self.points and not self.viewers
        viewers = "viewers not told apart" if alike else f"{self.viewers} viewers"
        return self.line(
            f"{self.videos} videos, {self.frames} frames, {viewers}, {self.points} points of gaze",
            {
                "off the picture": self.points_outside,
                "not a number": self.points_not_a_number,
                "of other events": self.events_left_out,
                "before or after the video": self.points_out_of_time,
            },
            {
                "times a viewer without samples": self.subjects_missing,
                "videos without gaze": self.videos_without_fixations,
                "frames without gaze in the others": self.frames_without_fixations,
                f"videos of fewer than {SNIPPET} pairs of frames": self.short,
                "other videos have gaze": self.others,
            },
        )


class VideoReader(Reader):
    """Reads videos with gaze; one for every dataset.

    source: where gaze comes from, a `RawGaze` or a `RepackagedGaze` of `mathe_gaze`. rate: frames
    a second of folders of frames, which do not say it, or None.
    """

    kind, report_kind = VideoDataset, VideoReport
    what = "videos"

    def __init__(self, name, on_bad_example, source, rate=None):
        super().__init__(name, on_bad_example, source.note)
        self.source, self.rate = source, rate

    def add(self, name, video, flow, labels):
        """Add the video at the path `video`, or known by its extracted folder `flow` alone."""
        self.keep(name, lambda: self._read(name, video, flow, labels))

    def _read(self, name, video, flow, labels):
        found = None if video is None else probe(video, self.rate)
        frames = _count(found, flow, self.source.last(name))
        shape = self.source.shape(name) if found is None else found.shape
        if shape is None:
            raise InputError(f"video {name!r}", "its frames, or gaze that tells their size", flow)
        rate = self.rate if found is None else found.rate
        points, subjects = self.source.read(name, frames, shape, rate, self.report)
        return VideoExample(name, frames, shape, points, subjects, labels, video, flow)

    def dataset(self, root, **options):
        """The dataset of all that was added; `InputError` if that is nothing or has no gaze."""
        self.report.others = len(set(self.source.videos) - {e.id for e in self.examples})
        return super().dataset(root, **options)


# --- frames -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Probe:
    """What a video says of itself; `exact` where its frames were counted, not just announced."""

    path: Path
    frames: int
    shape: tuple
    rate: float | None
    exact: bool


def probe(path, rate=None):
    """A `Probe` of a video file or a folder of frames; `InputError` where it does not open.

    rate: frames a second of a folder of frames.
    """
    path = Path(path)
    return _probe_folder(path, rate) if path.is_dir() else _probe_file(path)


def frame_paths(folder):
    """The image files of a folder of frames in their order, numbers in names taken as numbers."""
    folder = Path(folder)
    found = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in FRAME_SUFFIXES and not path.name.startswith(".")
    ]
    if not found:
        raise InputError(folder, f"frames ({', '.join(FRAME_SUFFIXES)})", "none")
    return sorted(found, key=_in_order)


def _in_order(path):
    parts = re.split(r"(\d+)", path.stem)
    return [int(part) if place % 2 else part for place, part in enumerate(parts)], path.name


def _probe_folder(folder, rate):
    paths = frame_paths(folder)
    shape = image_shape(paths[0])
    if image_shape(paths[-1]) != shape:
        raise InputError(paths[-1], f"the size of {paths[0].name}, {shape}", image_shape(paths[-1]))
    return Probe(folder, len(paths), shape, rate, exact=True)


def _probe_file(path):
    video = _opened(path)
    frames = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    rate = video.get(cv2.CAP_PROP_FPS)
    shape = tuple(
        int(video.get(side)) for side in (cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FRAME_WIDTH)
    )
    starts = video.grab()
    video.release()
    if not starts:
        raise InputError(path, "a video", "a file whose first frame cannot be read")
    announced = Probe(path, frames, shape, rate if rate > 0 else None, exact=False)
    return announced if frames > 0 else _counted(announced)


def _opened(path):
    if not path.is_file():
        raise InputError(path, "a video", "no such file")
    video = cv2.VideoCapture(str(path))
    if not video.isOpened():
        raise InputError(path, "a video", "a file that does not open as one")
    return video


def _counted(found):
    """The probe with its frames counted one by one: headers of old files are off by a few."""
    video, frames = _opened(found.path), 0
    while video.grab():
        frames += 1
    video.release()
    return Probe(found.path, frames, found.shape, found.rate, exact=True)


def _count(found, flow, last):
    """How many frames a video has, on which its file, its flow and its gaze agree.

    last: number, from 1, of the last frame that gaze names.
    """
    pairs = None if flow is None else flow_pairs(flow)
    if found is None:
        if pairs is None:
            raise InputError("video", "a file, a folder of frames or extracted flow", "none")
        frames = pairs + 1
    else:
        if not found.exact and (last > found.frames or pairs not in (None, found.frames - 1)):
            found = _counted(found)
        frames = found.frames
        if pairs not in (None, frames - 1):
            expected = f"{frames - 1} pairs, for {found.path} has {frames} frames"
            raise InputError(flow, expected, f"{pairs}")
    if last > frames:
        where = flow if found is None else found.path
        raise InputError(where, f"the {last} frames that its gaze has", f"{frames}")
    return frames


def flow_pairs(folder):
    """How many pairs of frames an extracted folder has.

    `InputError` unless its frames, horizontal and vertical flow all bear the numbers from 1 on.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(folder, "a folder of extracted frames and flow", "no such folder")
    numbers = {kind: set() for kind in EXTRACTED}
    for path in folder.iterdir():
        kind, _, number = path.stem.rpartition("_")
        kind = "im" if kind == "img" else kind
        if kind in numbers and number.isdigit() and path.suffix.lower() in FRAME_SUFFIXES:
            numbers[kind].add(int(number))
    counts = {kind: len(found) for kind, found in numbers.items()}
    pairs = max(counts.values())
    gaps = [kind for kind, found in numbers.items() if found != set(range(1, pairs + 1))]
    if gaps or not pairs:
        received = listing(f"{count} {EXTRACTED[kind]}" for kind, count in counts.items())
        if gaps:
            received += f", numbers missing in {listing(EXTRACTED[kind] for kind in gaps)}"
        expected = f"as many of {', '.join(f'{kind}_%04d' for kind in EXTRACTED)}, from 1 on"
        raise InputError(folder, expected, received)
    return pairs


def flow_folder(flow_root, names):
    """The folder of a video below `flow_root`, which may bear any of `names`; None without a root.

    `InputError` where there is none.
    """
    if flow_root is None:
        return None
    root = Path(flow_root).expanduser()
    for name in names:
        if (root / name).is_dir():
            return root / name
    raise InputError(root, f"the extracted folder {' or '.join(names)}", "no such folder")
