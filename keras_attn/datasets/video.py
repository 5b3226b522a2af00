"""What a video with gaze is to the rest of the package, and the reader that makes such.

Files of frames are read in `frames`, those of extracted flow in `flow.folders`. Frames are counted
from 0 here. The files of extracted flow are numbered from 1, and each stands for the second frame
of its pair: `im_%04d.jpg` number k is frame k, and frame 0 has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from keras_attn import gaze
from keras_attn.datasets import names
from keras_attn.datasets.base import Dataset
from keras_attn.datasets.flow.folders import FlowFolder
from keras_attn.datasets.readers.frames import probe
from keras_attn.datasets.readers.reader import Reader
from keras_attn.datasets.readers.reading_report import Report
from keras_attn.errors import InputError

SNIPPET = 16
"""Frames that a network sees at a time."""


@dataclass(frozen=True, eq=False)
class VideoExample:
    """One video with its gaze.

    Args:
        id: unique in the dataset.
        frames: how many it has.
        shape: (H, W) in pixels.
        points: for each frame an array `(N_t, 2)` of x and y in its pixels, all inside.
        subjects: for each frame `(N_t,)`, whose gaze each point is, 0 where viewers are not told
            apart.
        labels: indices of its classes, one or several.
        video: path of its file or of its folder of frames, or None.
        flow: path of the folder with its extracted flow, or None.
        images: that of the extracted frames, where they do not lie beside the flow.

    Raises:
        InputError: These do not fit each other.

    Example:

    >>> import numpy as np, keras_attn as ka
    >>> points, subjects = (np.array([[4.5, 4.5]]), np.zeros((0, 2))), (["ann"], [])
    >>> ka.datasets.VideoExample("dive", 2, (9, 9), points, subjects, (0,))
    VideoExample('dive', 2 frames of (9, 9), 1 points of gaze, labels (0,))
    """

    id: str
    frames: int
    shape: tuple[int, int]
    points: tuple[np.ndarray, ...]
    subjects: tuple[np.ndarray, ...]
    labels: tuple[int, ...]
    video: Path | None = None
    flow: Path | None = None
    images: Path | None = None

    def __post_init__(self) -> None:
        where = f"video {self.id!r}"
        names.check_path(self.id, f"{where}, id")
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

    def __repr__(self) -> str:
        gaze_of = f"{sum(map(len, self.points))} points of gaze"
        shown = f"{self.frames} frames of {self.shape}"
        return f"VideoExample({self.id!r}, {shown}, {gaze_of}, labels {self.labels})"

    @property
    def pairs(self) -> int:
        """How many files of extracted flow it has: one for every frame but the first."""
        return self.frames - 1

    @property
    def fixations(self) -> np.ndarray:
        """The points of all frames together, `(N, 2)`."""
        return np.concatenate([np.zeros((0, 2)), *self.points])

    def extracted(self) -> FlowFolder:
        """Its extracted frames and flow as a `FlowFolder`; `InputError` where it has none."""
        if self.flow is None:
            expected = (
                "extracted flow: that of flow_root (--data.flow-root), as tools/extract_flow.py "
                "VIDEOS --out FLOW_ROOT writes it, or datasets.with_flow"
            )
            raise InputError(f"video {self.id!r}", expected, "none")
        return FlowFolder(self.flow, self.images)

    def stamp(self) -> Iterator[bytes]:
        """All that scores depend on but the frames themselves, as a few pieces of bytes."""
        counts = [len(points) for points in self.points]
        yield repr((self.id, self.shape, self.labels, counts)).encode()
        yield self.fixations.tobytes()
        yield np.concatenate([np.zeros(0, np.int64), *self.subjects]).tobytes()


@dataclass(repr=False)
class VideoReport(Report):
    """What is in a dataset of videos, and what reading it has met, in counts.

    Args:
        viewers: how many there are.
        points: how many fixations, or samples of gaze.
        points_outside: dropped, off the picture.
        points_not_a_number: dropped, of which a coordinate or the viewer is NaN.
        remarks: sentences on what a reader of the data has to know.
        skipped: what was left out, and why, a sentence each.
        read: how many examples that reading gave, 0 where none was read.
        videos: how many there are.
        frames: of all of them.
        events_left_out: samples of blinks, or of other events that were not asked for.
        points_out_of_time: samples before the first frame or after the last.
        subjects_missing: pairs of a video and a viewer of the group of whom there are no samples.
        frames_without_fixations: frames of the others that nobody has looked at.
        videos_without_fixations: videos that nobody has looked at.
        short: videos of fewer than 16 pairs of frames, whose snippet repeats the last one.
        others: videos that have gaze and are not in the dataset.

    Example:

    >>> import numpy as np, keras_attn as ka
    >>> gaze = ((np.array([[3.0, 4.0]]),), (np.array([1]),))
    >>> one = ka.datasets.VideoExample("run", 1, (8, 8), *gaze, (0,))
    >>> ka.datasets.VideoDataset("sports", (one,), ka.datasets.VideoReport()).report.viewers
    1
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

    def count(self, examples: Sequence[VideoExample]) -> None:
        """Take down what these videos are."""
        self.videos = len(examples)
        self.frames = sum(example.frames for example in examples)
        self.points = sum(len(points) for example in examples for points in example.points)
        self.viewers = len(viewers(examples))
        watched = [example for example in examples if any(map(len, example.points))]
        self.videos_without_fixations = len(examples) - len(watched)
        self.frames_without_fixations = sum(not len(p) for e in watched for p in e.points)
        self.short = sum(example.pairs < SNIPPET for example in examples)

    def __str__(self) -> str:
        """One line; counts that are zero and need no comment are left out."""
        amount = [f"{self.videos} videos", f"{self.frames} frames"]
        whose = f"{self.viewers} viewers" if self.viewers else "viewers not told apart"
        gaze = [whose, f"{self.points} points of gaze"] if self.points else ["no gaze"]
        return self.line(
            [*amount, *gaze],
            self.videos,
            {
                "videos without gaze": self.videos_without_fixations if self.points else 0,
                "frames without gaze in the others": self.frames_without_fixations,
                f"videos of fewer than {SNIPPET} pairs of frames": self.short,
            },
            {
                "off the picture": self.points_outside,
                "not a number": self.points_not_a_number,
                "of other events": self.events_left_out,
                "before or after the video": self.points_out_of_time,
            },
            {
                "times a viewer without samples": self.subjects_missing,
                "other videos have gaze": self.others,
            },
        )


def viewers(examples: Iterable[VideoExample]) -> set[Any]:
    """Who watched these videos, as far as viewers are told apart.

    Args:
        examples: the videos.

    Returns:
        A set of subjects, without 0.

    Example:

    >>> import numpy as np
    >>> from keras_attn.datasets.video import VideoExample, viewers
    >>> points, subjects = (np.array([[4.5, 4.5], [2, 3]]),), ([7, 0],)
    >>> viewers([VideoExample("dive", 1, (9, 9), points, subjects, (0,))])
    {7}
    """
    found: set[Any] = set()
    for example in examples:
        found.update(np.unique(np.concatenate([np.zeros(0, int), *example.subjects])).tolist())
    return found - {0}


class VideoDataset(Dataset):
    """A list of `VideoExample`s with the report of what they are and of reading them.

    Negatives and centre bias of a video are the fixations of the other videos, at whatever frame.

    Example:

    >>> import numpy as np, keras_attn as ka
    >>> gaze = ((np.array([[3.0, 4.0]]),), (np.array([1]),))
    >>> one = ka.datasets.VideoExample("run", 1, (8, 8), *gaze, (0,))
    >>> ka.datasets.VideoDataset("sports", (one,), ka.datasets.VideoReport(), classes=("run",))
    VideoDataset('sports', 1 examples)
    """

    report_kind = VideoReport


class VideoReader(Reader):
    """Reads videos with gaze; one for every dataset.

    Args:
        name: of the dataset.
        on_bad_example: "raise", or "skip" to leave out and list videos that cannot be used.
        source: where gaze comes from, such as a `RawGaze` of `mathe_gaze`.
        rate: frames a second of folders of frames, which do not say it, or None.
        exact: count the frames of files one by one, and hand the source the times at which they
            start in place of their rate.

    Raises:
        InputError: `on_bad_example` is neither.

    Example:

    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from keras_attn.datasets.readers import TabledGaze, VideoReader
    >>> Path("dive").mkdir()
    >>> for number in range(2):
    ...     Image.new("RGB", (20, 10)).save(f"dive/{number}.png")
    >>> rows = ("video,subject,x,y,frame", "dive,ann,4.5,4.5,0", "dive,bob,9.5,2.5,1")
    >>> Path("fixations.csv").write_text("\\n".join(rows)) > 0
    True
    >>> source = TabledGaze(Path("fixations.csv"), {"dive": "dive"})
    >>> reader = VideoReader("sports", "raise", source)
    >>> reader.add("dive", Path("dive"), None, (0,))
    >>> reader.dataset("sports", classes=("diving",))[0].frames
    2
    """

    kind = VideoDataset
    what = "videos"

    def __init__(
        self,
        name: str,
        on_bad_example: Literal["raise", "skip"],
        source: Any,
        rate: float | None = None,
        *,
        exact: bool = False,
    ) -> None:
        super().__init__(name, on_bad_example, source.note)
        self.source, self.rate, self.exact = source, rate, exact

    def add(
        self, name: str, video: Path | None, flow: FlowFolder | None, labels: tuple[int, ...]
    ) -> None:
        """Add a video with its gaze.

        Args:
            name: the id of the example.
            video: path of its file or folder of frames; None where it is known by its flow alone.
            flow: the `FlowFolder` of its extracted flow, or None.
            labels: indices of its classes.

        Returns:
            Nothing.

        Raises:
            InputError: File, flow and gaze do not agree on its frames, or one is damaged; where bad
                examples are skipped, the report lists it instead.
        """
        self.keep(name, lambda: self._read(name, video, flow, labels))

    def _read(self, name, video, flow, labels):
        found = None if video is None else probe(video, self.rate)
        if found is not None and self.exact:
            found = found.counted()
        frames = _count(found, flow, self.source.last(name))
        shape = self.source.shape(name) if found is None else found.shape
        if shape is None:
            expected = "its frames, or gaze that tells their size"
            raise InputError(f"video {name!r}", expected, flow.folder)
        clock = self.rate if found is None else found.rate
        if self.exact and found.starts is not None:
            clock = found.starts
        points, subjects = self.source.read(name, frames, shape, clock, self.report)
        folders = (None, None) if flow is None else (flow.folder, flow.images)
        return VideoExample(name, frames, shape, points, subjects, labels, video, *folders)

    def dataset(self, root: str | Path, **options: Any) -> VideoDataset:
        """The dataset of all that was added.

        Args:
            root: what errors call the data: their folder.
            options: as of `Reader.dataset`: needs_gaze, and further fields of the dataset.

        Returns:
            A `VideoDataset`.

        Raises:
            InputError: As of `Reader.dataset`.
        """
        self.report.others = len(set(self.source.videos) - {e.id for e in self.examples})
        return super().dataset(root, **options)


def _count(found, flow, last):
    """How many frames a video has, on which its file, its flow and its gaze agree.

    found: `Probe`, or None. flow: `FlowFolder`, or None. last: number, from 1, of the last frame
    that gaze names.
    """
    if found is None and flow is None:
        raise InputError("video", "a file, a folder of frames or extracted flow", "none")
    pairs = None if flow is None else len(flow)
    if found is None:
        frames, where = pairs + 1, flow.folder
    else:
        if last > found.frames or pairs not in (None, found.frames - 1):
            found = found.counted()
        frames, where = found.frames, found.path
        if pairs not in (None, frames - 1):
            expected = f"{frames - 1} pairs, for {found.path} has {frames} frames"
            raise InputError(flow.folder, expected, f"{pairs}")
    if last > frames:
        raise InputError(where, f"the {last} frames that its gaze has", f"{frames}")
    return frames
