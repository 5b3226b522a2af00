"""Gaze on Hollywood-2 and UCF Sports (Mathe & Sminchisescu 2012), as raw samples of each viewer.

A source that a `VideoReader` asks for one video at a time, as `RepackagedGaze` is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from keras_attn import gaze
from keras_attn.datasets.readers.repackaged_gaze import RepackagedGaze
from keras_attn.errors import InputError, listing, one_of

BLINK = "B"
NO_NUMBER = ["nan", "NaN", "NA"]
SAMPLE = "time in µs, two numbers that are not used, x and y on the screen, event"
GEOMETRY = "three numbers, and the width and height of the screen in pixels"
RESOLUTION = "<video>.avi, its width, its height, a number"


def open_gaze(
    root: str | Path,
    canonical: Callable[[str], str | None],
    *,
    groups: Mapping[str, Sequence[int]] | None = None,
    group: str | None = None,
    events: Sequence[str] | None = None,
) -> RawGaze | RepackagedGaze:
    """The gaze of videos below a folder, as samples or as pictures of points.

    Args:
        root: the folder.
        canonical: name of a video as its gaze files bear it -> its id, or None where it is no video
            of this dataset.
        groups: by name the numbers of subjects, which the files do not tell.
        group: the one of these to read; default all subjects there are.
        events: first letters of the events to keep, such as ("F",); default all but blinks.

    Returns:
        A `RawGaze` where it has a folder `samples`, else a `RepackagedGaze`: a source that a
        `VideoReader` takes.

    Raises:
        InputError: There is no gaze; or one of the last three is told of pictures of points, which
            know neither viewers nor events.

    Example:

    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from keras_attn.datasets.readers import open_gaze
    >>> Path("gaze/dive/fixation").mkdir(parents=True)
    >>> Image.new("L", (20, 10)).save("gaze/dive/fixation/0001.png")
    >>> open_gaze("gaze", str).videos
    ('dive',)
    """
    root = Path(root).expanduser()
    if (root / "samples").is_dir():
        return RawGaze(root, canonical, groups=groups, group=group, events=events)
    asked = [
        name
        for name, value in (("groups", groups), ("group", group), ("events", events))
        if value is not None
    ]
    if asked:
        expected = f"a folder samples/, which the choice of {listing(asked)} needs"
        raise InputError(root, expected, "none")
    return RepackagedGaze(root, canonical)


class RawGaze:
    """Samples of single viewers at 500 Hz.

    root/samples/<SSS>_<video>.avi.txt   SAMPLE in each line
    root/geometry.txt                    GEOMETRY, of all recordings
    root/resolution.txt                  RESOLUTION, a line for each video

    The first line of each file may be a header. The form is that read by public code (CigdemK's
    `ActionsInTheEye.m`); the numbers not used are not documented.

    groups: name -> numbers of subjects, for who did which task is not in the files. group: the
    one to read; default all subjects there are. events: first letters of the events to keep, such
    as ("F",); default all but blinks, "B".
    """

    def __init__(self, root, canonical=str, *, groups=None, group=None, events=None):
        self.root = Path(root).expanduser()
        self.events = None if events is None else tuple(event[:1] for event in events)
        self.files = _samples_of(self.root / "samples", canonical)
        there = sorted({subject for files in self.files.values() for subject in files})
        self.subjects = _members(there, groups, group)
        self.screen = _geometry(self.root / "geometry.txt")
        self.sizes = _resolutions(self.root / "resolution.txt", canonical)
        kept = "all samples but blinks" if events is None else f"events {listing(self.events)}"
        who = f"the group {group!r}" if group is not None else "all groups"
        numbers = ", ".join(map(str, self.subjects))
        self.note = f"Gaze of {who} (subjects {numbers}), {kept}."

    @property
    def videos(self):
        """Ids of the videos that have samples."""
        return tuple(self.files)

    def shape(self, name):
        """(H, W) of a video as the recordings know it, or None."""
        return self.sizes.get(name)

    def last(self, name):
        """0: samples name no frames."""
        return 0

    def read(self, name, frames, shape, rate, report):
        """Points and subjects of each of `frames` frames of `shape`, of which `rate` go a second.

        Samples of other events, off the picture, before or after the video or not a number are
        dropped and counted in `report`, as are viewers without samples.
        """
        self._check(name, shape, rate)
        points, places, whose = [np.zeros((0, 2))], [np.zeros(0, int)], [np.zeros(0, int)]
        for subject in self.subjects:
            path = self.files.get(name, {}).get(subject)
            rows = None if path is None else read_samples(path)
            if rows is None or not len(rows):
                report.subjects_missing += 1
                continue
            its, frame = self._mapped(rows, frames, shape, rate, report)
            points.append(its)
            places.append(frame)
            whose.append(np.full(len(its), subject))
        return by_frame(*map(np.concatenate, (points, places, whose)), frames)

    def _check(self, name, shape, rate):
        if name not in self.files:
            return
        file = self.root / "resolution.txt"
        if name not in self.sizes:
            raise InputError(file, f"a line for {name}", "none")
        if self.sizes[name] != tuple(shape):
            expected = f"the size of the video {name}, {tuple(shape)} (height, width)"
            raise InputError(file, expected, self.sizes[name])
        if rate is None:
            expected = "frames a second, which its frames do not say and samples need"
            raise InputError(f"fps of {name}", expected, rate)

    def _mapped(self, rows, frames, shape, rate, report):
        events = rows["event"].str[:1]
        wanted = events != BLINK if self.events is None else events.isin(self.events)
        report.events_left_out += int((~wanted).sum())
        rows = rows[wanted]
        numbers = rows[["time", "x", "y"]].to_numpy()
        known = np.isfinite(numbers).all(axis=1)
        report.points_not_a_number += int((~known).sum())
        numbers = numbers[known]
        places = frame_of(numbers[:, 0], rate)
        timely = (places >= 0) & (places < frames)
        report.points_out_of_time += int((~timely).sum())
        points = screen_to_video(numbers[:, 1:], self.screen, shape)
        kept = gaze.inside(points, shape) & timely
        report.points_outside += int((~kept & timely).sum())
        return points[kept], places[kept]


def screen_to_video(points, screen, shape):
    """Points `(N, 2)` on a screen of (H, W) in the pixels of a video of `shape` (H, W).

    The video fills the width of the screen and stands in the middle of its height.
    """
    scale = shape[1] / screen[1]
    band = (screen[0] - shape[0] / scale) / 2
    return scale * (np.asarray(points, np.float64) - (0.0, band))


def frame_of(microseconds, rate):
    """The frames, from 0, that belong to times since the start of a video of `rate` a second.

    As public code has it, the nearest whole number and not the frame that is on the screen: half
    a frame's samples count for the next one.
    """
    return np.floor(np.asarray(microseconds, np.float64) * rate / 1e6 + 0.5).astype(np.int64)


def read_samples(path):
    """A file of samples as a DataFrame of time (µs), x, y (screen) and event, a row per sample."""
    numbers = ["time", "unused_1", "unused_2", "x", "y"]
    try:
        table = pd.read_csv(
            path,
            sep=r"\s+",
            header=None,
            names=[*numbers, "event", "more"],
            index_col=False,
            skiprows=_header(_text(path, lines=1), range(5)),
            dtype={**dict.fromkeys(numbers, np.float64), "event": str},
            keep_default_na=False,
            na_values={**{name: NO_NUMBER for name in numbers}, "more": [""]},
        )
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=["time", "x", "y", "event"])
    except ValueError as error:
        raise _wrong_line(path) from error
    if table["more"].notna().any() or (table["event"].fillna("") == "").any():
        raise _wrong_line(path)
    return table[["time", "x", "y", "event"]]


def _wrong_line(path):
    """The error that names the first line of samples which is none."""
    lines = _text(path)
    try:
        for number, line in list(enumerate(lines, start=1))[_header(lines, range(5)) :]:
            _fields(f"{path}, line {number}", line, 6, range(5), SAMPLE)
    except InputError as error:
        return error
    return InputError(path, f"lines of {SAMPLE}", "others")


def by_frame(points, places, whose, frames):
    """Points and subjects, sorted into lists of one array for each of so many frames."""
    order = np.argsort(places, kind="stable")
    bounds = np.searchsorted(places[order], np.arange(1, frames))
    return np.split(points[order], bounds), np.split(whose[order], bounds)


def _members(there, groups, group):
    if group is None:
        return tuple(there)
    members = sorted(groups[one_of("group", group, tuple(groups or ()))])
    if not set(members) & set(there):
        expected = f"subjects who have samples: {listing(there, 20)}"
        raise InputError(f"group {group!r}", expected, listing(members, 20))
    return tuple(members)


def _samples_of(folder, canonical):
    """Paths of samples by the id of their video and the number of their subject."""
    found = defaultdict(dict)
    for path in sorted(folder.glob("*.txt")):
        subject, _, rest = path.name.partition("_")
        if path.name.startswith("."):
            continue
        if not subject.isdigit() or not rest.endswith(".avi.txt"):
            raise InputError(path, "samples called <SSS>_<video>.avi.txt", path.name)
        name = canonical(rest.removesuffix(".avi.txt"))
        if name is not None:
            found[name][int(subject)] = path
    if not found:
        raise InputError(folder, "samples <SSS>_<video>.avi.txt of this dataset's videos", "none")
    return dict(found)


def _geometry(path):
    lines = _text(path)
    for number, line in list(enumerate(lines, start=1))[_header(lines, range(5)) :]:
        fields = _fields(f"{path}, line {number}", line, 5, range(5), GEOMETRY)
        screen = int(float(fields[4])), int(float(fields[3]))
        if min(screen) <= 0:
            raise InputError(f"{path}, line {number}", GEOMETRY, repr(line))
        return screen
    raise InputError(path, GEOMETRY, "nothing")


def _resolutions(path, canonical):
    lines, sizes = _text(path), {}
    for number, line in list(enumerate(lines, start=1))[_header(lines, (1, 2)) :]:
        fields = _fields(f"{path}, line {number}", line, 4, (1, 2), RESOLUTION)
        name = canonical(fields[0].removesuffix(".avi"))
        if name is not None:
            sizes[name] = int(float(fields[2])), int(float(fields[1]))
    return sizes


def _text(path, lines=None):
    """The lines of a text file, or the first few of them; without empty ones at the end."""
    try:
        with path.open(encoding="utf-8") as file:
            lines = file.read().splitlines() if lines is None else list(islice(file, lines))
    except FileNotFoundError as error:
        raise InputError(path, "a text file of the gaze data", "no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, "a text file of the gaze data", error) from error
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _header(lines, numbers):
    """How many lines to pass over: 1 where the first has words in the place of numbers."""
    fields = lines[0].split() if lines else []
    wordy = [place for place in numbers if place < len(fields) and not _is_number(fields[place])]
    return int(bool(lines) and (bool(wordy) or not fields))


def _fields(where, line, count, numbers, expected):
    fields = line.split()
    if len(fields) != count or not all(_is_number(fields[place]) for place in numbers):
        raise InputError(where, expected, repr(line))
    return fields


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
