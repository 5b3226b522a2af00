"""Gaze on videos out of one table, `fixations.csv`, as `video_folder` describes it.

A source that a `VideoReader` asks for one video at a time, as `mathe_gaze.RawGaze` is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_attn import gaze
from keras_attn.datasets.readers import coordinates, tables, time_checks
from keras_attn.datasets.readers.mathe_gaze import by_frame
from keras_attn.errors import InputError, listing
from keras_attn.gaze_format import GazeFormat

COLUMNS = ("video", "subject", "x", "y")
TIMES = ("frame", "time_ms")
"""Columns that say when; a table has one of them."""
NUMBERS = ("x", "y", *TIMES, "duration_ms")
MORE = ", and frame or time_ms [, duration_ms]"
MOST_LOST_OF_FEW, MOST_LOST = 0.5, 0.45
"""Share of a video's rows that may lie before it or after it: of few, and of `time_checks.SOME` or
more, for half is what another rate or clock loses. Or that of the `GazeFormat`, where it is more.
"""
SHORTEST, LONGEST = 1.0, 20_000.0
"""Milliseconds that fixations last in the middle, at least and at most."""
REACH = 0.5
"""Share of the videos that gaze reaches, below which it is remarked."""
TIMED = 0.9
"""Share of the frames of a file that have to be shown after those before them."""
TOLERANCE = 1.0
"""Milliseconds by which times may be off, as those are that were cut to whole ones; at most a
quarter of a frame."""


class TabledGaze:
    """The rows of a table, by video, each in the frames that it is seen in.

    A row is in the frame that its column `frame` names, or that is shown at `time_ms`, and with
    `duration_ms` in all frames from there to its end. That is not how public code reads the gaze
    of Hollywood-2, see `mathe_gaze.frame_of`, which is the nearest frame.

    Args:
        path: of the file, or None where there is no gaze.
        names: what a video may be called -> its id.
        form: the `GazeFormat` of the table.
        subjects: whose rows are read; default everybody's.
        first_frame: the number that the table gives to the first frame of a video, 0 or 1.

    Raises:
        InputError: The table lacks a column, or a row does not say what it has to; the message
            names its line.

    Example:

    >>> from pathlib import Path
    >>> from keras_attn.datasets.readers import TabledGaze
    >>> rows = ("video,subject,x,y,frame", "dive,ann,4.5,4.5,0", "dive,bob,9.5,2.5,1")
    >>> Path("fixations.csv").write_text("\\n".join(rows)) > 0
    True
    >>> source = TabledGaze(Path("fixations.csv"), {"dive": "dive"}, subjects="ann")
    >>> source.videos, len(source.rows["dive"])
    (('dive',), 1)
    """

    def __init__(
        self,
        path: Path | None,
        names: Mapping[str, str],
        form: GazeFormat | None = None,
        *,
        subjects: str | int | Sequence[str | int] | None = None,
        first_frame: int = 0,
    ) -> None:
        self.path, self.form, self.first_frame = path, form or GazeFormat(), first_frame
        self.rows: dict[str, Any] = {}
        self.strangers: Any = ()
        self.timed, self.note = False, ""
        self.seen: dict[str, tuple] = {}
        self.met: list[tuple] = []
        self.times: list[time_checks.Times] = []
        if path is not None:
            self._read_table(names, subjects)

    def _read_table(self, names, subjects):
        table = tables.read(self.path, COLUMNS, numbers=NUMBERS, more=MORE, form=self.form)
        self.timed = self._when(table.rows) == "time_ms"
        self._check(table)
        called, whose = (table[column].astype(object) for column in ("video", "subject"))
        rows = table.rows[[name for name in NUMBERS if name in table]]
        rows = rows.assign(subject=whose, name=called.map(names))
        self.strangers = called[rows["name"].isna()]
        rows = rows[rows["name"].notna() & self._chosen(whose, subjects)]
        self.rows = dict(list(rows.groupby("name")))
        self.note = self._note(rows)

    @property
    def videos(self) -> tuple[str, ...]:
        """Ids of the videos that have rows."""
        return tuple(self.rows)

    def shape(self, name: str) -> None:
        """The size of a video, which a table does not know.

        Args:
            name: the id of a video.

        Returns:
            None.
        """

    def last(self, name: str) -> int:
        """The last frame that a video has to have; rows of frames behind it are dropped.

        Args:
            name: the id of a video.

        Returns:
            0.
        """
        return 0

    def read(self, name: str, frames: int, shape: tuple[int, int], clock: Any, report: Any) -> Any:
        """The gaze on a video.

        Rows before or after the video and points off the picture or not a number are dropped and
        counted.

        Args:
            name: the id of the video.
            frames: how many it has.
            shape: its (H, W) in pixels.
            clock: when each frame is shown, `(frames,)` in ms, or how many there are a second, or
                None.
            report: the `VideoReport` that counts.

        Returns:
            A pair of lists, an array for each frame: points `(N, 2)` and subjects `(N,)`.

        Raises:
            InputError: Most rows of the video are no time of it.
        """
        if name not in self.rows:  # without gaze
            return [np.zeros((0, 2))] * frames, [np.zeros(0, str)] * frames
        rows = self.rows[name]
        spans = self._by_time if self.timed else self._by_number
        first, last = spans(name, rows, frames, clock, report)
        timely = (last >= 0) & (first < frames)
        self._check_lost(name, rows, timely)
        self.times.append(self._times(name, rows, timely, frames))
        report.points_out_of_time += int((~timely).sum())
        rows, first = rows[timely], first[timely].clip(0)
        points, whose = self._in_pixels(name, rows, shape)
        lengths = last[timely].clip(max=frames - 1) - first + 1
        place = np.repeat(np.arange(len(rows)), lengths)
        # Counted on within each row.
        within = np.arange(len(place)) - np.repeat(lengths.cumsum() - lengths, lengths)
        points, whose, numbers = points[place], whose[place], first[place] + within
        known = np.isfinite(points).all(axis=1)
        kept = gaze.inside(points, shape) & known
        report.points_not_a_number += int((~known).sum())
        report.points_outside += int((known & ~kept).sum())
        return by_frame(points[kept], numbers[kept], whose[kept], frames)

    def _times(self, name, rows, timely, frames):
        whose, times = rows["subject"].to_numpy(str), rows[TIMES[self.timed]].to_numpy(np.float64)
        durations = rows["duration_ms"].to_numpy(np.float64) if "duration_ms" in rows else None
        length = self.seen[name][2]
        return time_checks.Times(name, whose, times, durations, timely, frames, length)

    def _in_pixels(self, name, rows, shape):
        """Points of rows in pixels of their video, and whose they are."""
        raw, whose = rows[["x", "y"]].to_numpy(np.float64), rows["subject"].to_numpy(str)
        points = coordinates.in_pixels(raw, shape, self.form, f"video {name!r}")
        self.met.append((name, raw, points, shape, whose))
        return points, whose

    def check_names(self) -> None:
        """Refuse rows of videos that are not there.

        Raises:
            InputError: There are such.
        """
        if len(self.strangers):
            others = self.strangers.unique()
            expected = (
                "rows of the videos that are there, or on_bad_example='skip' "
                "(--data.on-bad-example skip) to leave others out"
            )
            received = f"{len(self.strangers)} of {len(others)} others: {listing(others, 5)}"
            raise InputError(self.path, expected, received)

    def check(self, report: Any) -> None:
        """Refuse what cannot be times or pixels of the videos, once all of them have been read.

        Args:
            report: the `VideoReport` that takes remarks.

        Returns:
            Nothing.

        Raises:
            InputError: Times are in another unit or of another clock, or points in other pixels.
        """
        least = min((first for first, *_ in self.seen.values()), default=0)
        if self.timed:
            self._refuse_seconds()
        elif least == 1:
            self._refuse_from_one(report)
        most_lost = max(MOST_LOST, self.form.most_lost)
        time_checks.check(self.path, self.times, self.timed, most_lost)
        reach = max((most / length for _, most, length in self.seen.values()), default=1)
        if reach < REACH:
            report.remarks.append(f"no gaze begins after the first {reach:.1%} of any video")
        if self.met:
            expected = (
                "gaze in pixels of the videos (most_lost=1, --most-lost 1, takes all as it is)"
            )
            coordinates.checked(self.met, self.form, self.path, expected)

    # --- the table ------------------------------------------------------------------------------

    def _when(self, table):
        there = [column for column in TIMES if column in table]
        columns = ", ".join(COLUMNS) + MORE
        if not there:
            raise InputError(self.path, f"the columns {columns}", listing(table.columns))
        if len(there) > 1:
            expected = "one of the columns frame and time_ms, so that they cannot contradict"
            raise InputError(self.path, expected, "both")
        if there == ["frame"] and "duration_ms" in table:
            expected = "duration_ms beside time_ms alone, for a row of frame is in that one frame"
            raise InputError(self.path, expected, "frame and duration_ms")
        return there[0]

    def _check(self, table):
        """Refuse a row that does not say what it has to."""
        for column, what in (("video", "the name of a video"), ("subject", "a viewer")):
            table.refuse(column, table[column] == "", what)
        for column in (*TIMES, "duration_ms"):
            if column not in table:
                continue
            numbers = table[column]
            expected, bad = "a number", numbers.isna()
            if column == "frame":
                expected = f"a whole number from {self.first_frame} (see first_frame)"
                bad |= (numbers % 1 != 0) | (numbers < self.first_frame)
            elif column == "duration_ms":
                expected, bad = "a number of ms, 0 or more", bad | (numbers < 0)
            table.refuse(column, bad, expected)
        if "duration_ms" in table:
            self._refuse_durations(table["duration_ms"])

    def _chosen(self, whose, subjects):
        if subjects is None:
            return True
        subjects = [subjects] if isinstance(subjects, (str, int)) else subjects
        wanted, there = [str(subject) for subject in subjects], sorted(set(whose))
        missing = [subject for subject in wanted if subject not in there]
        if missing or not wanted:
            expected = f"viewers of {self.path.name}: {listing(there, 20)}"
            raise InputError("subjects", expected, listing(missing, 20))
        return whose.isin(wanted)

    def _note(self, rows):
        if not self.timed:
            return ""
        if "duration_ms" in rows:
            return "A fixation is a point of gaze in every frame from its start to its end."
        return "Rows tell no duration_ms: each is a point of gaze in the one frame of its time_ms."

    # --- the frames -----------------------------------------------------------------------------

    def _by_number(self, name, rows, frames, clock, report):
        """The one frame of each row, twice."""
        numbers = rows["frame"].to_numpy(np.float64)
        self.seen[name] = numbers.min(), numbers.max(), frames
        places = numbers.astype(np.int64) - self.first_frame
        return places, places

    def _by_time(self, name, rows, frames, clock, report):
        """First and last frame of each row, before and after the video as they would go on."""
        starts, length = self._starts(name, frames, clock, report)
        times = rows["time_ms"].to_numpy(np.float64)
        self.seen[name] = times.min(), times.max(), length
        slack = min(TOLERANCE, length / frames / 4)
        first = _shown(times, slack, starts, length)
        if "duration_ms" not in rows:
            return first, first
        ends = times + rows["duration_ms"].to_numpy(np.float64)
        return first, np.maximum(first, _shown(ends, -slack, starts, length))

    def _starts(self, name, frames, clock, report):
        """When each frame is shown, `(frames,)` in ms, and how long all of them last."""
        if clock is None or np.ndim(clock) == 0:
            if clock is None or not clock > 0:
                expected = (
                    "frames a second (fps=, or --data.fps), which a folder of frames does not say "
                    "and time_ms needs"
                )
                raise InputError(f"fps of {name}", expected, clock)
            return np.arange(frames) * 1e3 / clock, frames * 1e3 / clock
        clock, usual = _mended(clock)
        if usual is None:
            expected = "a file that says when each frame is shown, or the column frame for time_ms"
            raise InputError(f"video {name!r}", expected, "times of frames that do not increase")
        # Files that count whole ms make steps of 41 and 42.
        if np.abs(np.diff(clock) - usual).max() > max(1.5, 0.1 * usual):
            remark = f"{name} has frames of different duration; times are looked up among them"
            report.remarks.append(remark)
        return clock, clock[-1] + usual

    # --- what cannot be -------------------------------------------------------------------------

    def _check_lost(self, name, rows, timely):
        lost = 1 - timely.mean()
        most = MOST_LOST_OF_FEW if len(rows) < time_checks.SOME else MOST_LOST
        if lost <= max(most, self.form.most_lost):
            return
        least, most, length = self.seen[name]
        column = TIMES[self.timed]
        where = f"{self.path}, column {column}, video {name!r}"
        what = f"{lost:.0%} of {len(rows)} rows outside of it, from {least:.10g} to {most:.10g}"
        if not self.timed:
            expected = f"numbers of its {length} frames, from {self.first_frame}"
            raise InputError(where, expected, f"{what}: times, or frames of another rate?")
        expected = f"ms from its first frame on, of which it has {length:.10g}"
        raise InputError(where, expected, what + _guess(least, most, length))

    def _refuse_durations(self, durations):
        """Durations in another unit than milliseconds; samples of a fast tracker are all alike."""
        usual = durations.median()
        looks = None
        if usual < SHORTEST and durations.nunique() > 1:
            looks = "seconds, to be multiplied by 1000"
        if usual > LONGEST:
            looks = "microseconds, to be divided by 1000"
        if looks:
            received = f"{usual:.3g} for half of them or more: {looks}?"
            expected = "fixations' durations in ms, such as 250"
            raise InputError(f"{self.path}, column duration_ms", expected, received)

    def _refuse_seconds(self):
        """Times of all videos that end as early as if they were told in seconds."""
        shares = [most / length for _, most, length in self.seen.values()]
        if shares and 0 < max(shares) <= 1 / time_checks.SECONDS:
            name, (_, most, length) = max(self.seen.items(), key=lambda item: item[1][1])
            expected = f"ms from the first frame of a video on, {name!r} having {length:.10g}"
            received = f"none above {most:.10g}: seconds, to be multiplied by 1000?"
            raise InputError(f"{self.path}, column time_ms", expected, received)

    def _refuse_from_one(self, report):
        over = [name for name, (_, most, frames) in self.seen.items() if most == frames]
        if over and self.first_frame == 0:
            frames = self.seen[over[0]][2]
            expected = (
                "numbers of frames from 0 (or first_frame=1, --data.first-frame 1, where the first "
                "frame of a video is called 1)"
            )
            received = f"none of frame 0, and frame {frames} of the {frames} of {over[0]!r}"
            raise InputError(f"{self.path}, column frame", expected, received)
        if self.first_frame == 0:
            report.remarks.append(
                "no gaze in frame 0, but in frame 1: where the first frame is called 1, "
                "first_frame=1 is wanted"
            )


def _mended(clock):
    """Times of frames that increase, and their usual step; None where most of them do not.

    Decoders give a few frames no time of their own, such as the last of an MPEG file.
    """
    before = np.maximum.accumulate(clock)[:-1]
    timed = np.flatnonzero(np.concatenate([[True], clock[1:] > before]))
    if len(timed) < max(2, TIMED * len(clock)):
        return clock, None
    usual = float(np.median(np.diff(clock[timed]) / np.diff(timed)))
    places = np.arange(len(clock))
    behind = (places - timed[-1]).clip(0) * usual
    return np.interp(places, timed, clock[timed]) + behind, usual


def _shown(times, slack, starts, length):
    """The frames shown at ms that may be off by `slack`: -1 before the first, N after the last."""
    places = np.searchsorted(starts, times + slack, side="right") - 1
    return np.where(times < length, places.clip(max=len(starts) - 1), len(starts))


def _guess(least, most, length):
    """What times may be that are not those of a video of `length` ms."""
    if most <= 1.2e3 * length and most > 20 * length and least < length:
        return ": microseconds, to be divided by 1000?"
    if least > length:
        return ": times of another clock, from which the time of the first frame is to be taken?"
    return ": rows of a recording that began before the video, or ended after it?"
