"""Times of gaze that cannot be those of their videos, though most of all rows can."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from keras_attn.errors import InputError
from keras_attn.metrics.written_points import parts

SOME = 10
"""Rows of one viewer, or of one video, from which on their times tell something."""
DIFFERENT = 5
"""Times among these that have to differ."""
EARLY = 0.15
"""Share of a video within which times end that are numbers of its frames; 0.12 at 120 a second."""
SECONDS = 900
"""Videos that last so many times as long as their times tell are told in seconds."""
OVERLONG = 0.25
"""Share of durations that last longer than the video, of durations that are ends of fixations."""


@dataclass(frozen=True, eq=False)
class Times:
    """When each row of one video is: all arrays `(N,)`.

    subjects: whose it is. times: as they were written, ms or numbers of frames. durations: ms, or
    None. inside: whether the row is within the video. frames, length: of the video, the latter in
    what times are.
    """

    name: str
    subjects: np.ndarray
    times: np.ndarray
    durations: np.ndarray | None
    inside: np.ndarray
    frames: int
    length: float


def check(where, met, timed, most_lost):
    """Raise `InputError` for times of one viewer or one video that are in another unit.

    where: the table. met: a `Times` for each video. timed: whether times are ms. most_lost: share
    of a viewer's rows that may be beside the videos.
    """
    if not met:
        return
    times = np.concatenate([video.times for video in met])
    inside = np.concatenate([video.inside for video in met])
    counts = [len(video.times) for video in met]
    frames = np.repeat([video.frames for video in met], counts)
    lengths = np.repeat([float(video.length) for video in met], counts)
    if timed and met[0].durations is not None:
        _refuse_ends(where, times, np.concatenate([video.durations for video in met]), lengths)
    whose, viewers = pd.factorize(np.concatenate([video.subjects for video in met]))
    videos = np.repeat(np.arange(len(met)), counts)
    for what, codes, names in (
        ("viewer", whose, viewers),
        ("video", videos, [video.name for video in met]),
    ):
        for code, own in parts(codes, SOME):
            column = "column time_ms, " if timed else ""
            of = f"{where}, {column}{what} {str(names[code])!r}"
            lost = 1 - inside[own].mean()
            if what == "viewer" and lost > most_lost:
                received = f"{lost:.0%} of {len(own)} rows before or after them"
                raise InputError(
                    of, "rows within the videos", f"{received}: another clock or unit?"
                )
            if timed and len(np.unique(times[own])) >= DIFFERENT:
                _refuse_unit(of, times[own], frames[own], lengths[own])


def _refuse_unit(of, times, frames, lengths):
    shares = times / lengths
    if times.min() < 0:
        return
    expected = "ms from the first frame of a video on"
    if shares.max() <= 1 / SECONDS:
        received = f"none above {times.max():.10g}: seconds, to be multiplied by 1000?"
        raise InputError(of, expected, received)
    if shares.max() < EARLY and (times % 1 == 0).all() and (times <= frames).all():
        received = f"whole numbers up to {times.max():.10g}: frames, for the column frame?"
        raise InputError(of, expected, received)


def _refuse_ends(where, times, durations, lengths):
    overlong = times + durations > lengths
    if len(times) >= SOME and (durations >= times).all() and overlong.mean() > OVERLONG:
        expected = "how long each fixation lasts, in ms"
        received = (
            f"more than its time in every row, {overlong.mean():.0%} beyond the video: its end?"
        )
        raise InputError(f"{where}, column duration_ms", expected, received)
