"""Snippets of 16 frames as the two-stream networks see them: which ones, and cropped how.

The rules are those of two-stream-fcan (antran89), whose lists the paper takes. Arrays and points
only: the files of frames and flow are read elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_attn import gaze
from keras_attn.datasets.video import SNIPPET, VideoExample
from keras_attn.errors import InputError

MOST = 25
"""Snippets of one video."""
SIZE = (128, 171)
"""(H, W) of extracted frames and flow."""
INPUT = (112, 112)
"""(H, W) that a network sees."""


@dataclass(frozen=True, eq=False)
class Snippet:
    """16 frames of a video, or fewer of a short one whose last is repeated.

    start: number, from 1, of the first file of extracted frames and flow; the frame of number k is
    the video's frame k, counted from 0.
    """

    video: VideoExample
    start: int

    def __post_init__(self):
        pairs = self.video.pairs
        last = _last_start(pairs)
        if pairs < 1 or not 1 <= self.start <= last:
            expected = f"a start from 1 to {last}, of a video of at least 2 frames"
            received = f"{self.start}, of {self.video.frames} frames"
            raise InputError(f"snippet of {self.video.id!r}", expected, received)

    @property
    def numbers(self):
        """Numbers of its 16 files, from 1; at the end of a short video the last is repeated."""
        last = self.video.pairs
        return tuple(min(number, last) for number in range(self.start, self.start + SNIPPET))

    @property
    def points(self):
        """Points of gaze of its 16 frames, `(N_t, 2)` each, in pixels of the video."""
        return tuple(self.video.points[number] for number in self.numbers)


def starts(pairs, most=MOST):
    """Numbers, from 1, at which the snippets of a video of so many pairs of frames start.

    At most `most`, in equal steps of (pairs − 16) // most, at least 1, from the first on: the end
    of a long video may be left out. A video of fewer than 16 pairs has one snippet; two-stream-fcan
    passes such over.
    """
    if most < 1:
        raise InputError("most", "at least 1 snippet of a video", most)
    step = max(1, (pairs - SNIPPET) // most)
    return tuple(range(1, _last_start(pairs) + 1, step)[:most])


def filling_starts(pairs, most=MOST):
    """Numbers at which further snippets start that cover what those of `starts` leave out."""
    there = starts(pairs, most)
    made = []
    for start, following in zip(there, (*there[1:], pairs + 1), strict=True):
        made += range(start + SNIPPET, following, SNIPPET)
    return tuple(min(start, _last_start(pairs)) for start in made)


def _last_start(pairs):
    return max(pairs - SNIPPET + 1, 1)


def snippets(videos, most=MOST):
    """The `Snippet`s of all `videos`, an iterable of `VideoExample`s, in their order."""
    return [Snippet(video, start) for video in videos for start in starts(video.pairs, most)]


# --- crops --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class View:
    """A crop of `size` (h, w) out of frames of `frame` (H, W), at (top, left), mirrored or not.

    `InputError` where it does not lie inside.
    """

    top: int
    left: int
    mirrored: bool = False
    frame: tuple = SIZE
    size: tuple = INPUT

    def __post_init__(self):
        below, beside = _margins(self.frame, self.size)
        if not (0 <= self.top <= below and 0 <= self.left <= beside):
            expected = f"a top from 0 to {below} and a left from 0 to {beside}"
            raise InputError("view", expected, (self.top, self.left))

    def frames(self, values):
        """Frames `(..., H, W, C)` of any type, as they are seen: `(..., h, w, C)`."""
        if values.ndim < 3 or values.shape[-3:-1] != self.frame:
            expected = f"shape (..., {self.frame[0]}, {self.frame[1]}, C)"
            raise InputError("frames", expected, values.shape)
        rows = slice(self.top, self.top + self.size[0])
        seen = values[..., rows, self.left : self.left + self.size[1], :]
        return seen[..., ::-1, :] if self.mirrored else seen

    def flow(self, values):
        """8-bit flow `(..., H, W, 2)`, x and y, as the network sees it, `(..., h, w, 2)`.

        Mirrored, x runs the other way: 255 − x. So does the code of no motion, 128, become 127.
        """
        if values.dtype != np.uint8 or values.shape[-1] != 2:
            received = f"{values.dtype} of shape {values.shape}"
            expected = f"uint8 of shape (..., {self.frame[0]}, {self.frame[1]}, 2)"
            raise InputError("flow", expected, received)
        seen = self.frames(values)
        if not self.mirrored:
            return seen
        return np.stack([255 - seen[..., 0], seen[..., 1]], axis=-1)

    def points(self, points, shape):
        """Points `(N, 2)` in a video of `shape` (H, W), in the pixels of the view; others drop."""
        seen = self._moved(points, shape)
        seen = seen[gaze.inside(seen, self.size)]
        return gaze.flip(seen, self.size) if self.mirrored else seen

    def sees(self, points, shape):
        """Whether each of the points `(N, 2)` is in the view: bool `(N,)`."""
        return gaze.inside(self._moved(points, shape), self.size)

    def _moved(self, points, shape):
        return gaze.resize(points, shape, self.frame) - (self.left, self.top)

    def per_width(self, shape):
        """Pixels of the view, vertical and horizontal, in the width of a video of `shape`."""
        return shape[1] * np.divide(self.frame, shape)

    def place(self, shape):
        """Left, top, width and height of what is seen, in pixels of a video of `shape` (H, W)."""
        down, across = np.divide(shape, self.frame)
        height, width = self.size
        return np.array([self.left * across, self.top * down, width * across, height * down])


def crops(frame, size):
    """(top, left) of the five crops of `size` (h, w) to train on, out of frames of `frame` (H, W).

    The middle and the corners, in whole steps of a quarter of the margin: 171 columns leave 59
    beside 112, of which 4 · 14 are used. `InputError` where frames are smaller than a crop.
    """
    down, right = (margin // 4 for margin in _margins(frame, size))
    corners = ((0, 0), (0, 4 * right), (4 * down, 0), (4 * down, 4 * right))
    return ((2 * down, 2 * right), *corners)


def training_views(frame=SIZE, size=INPUT):
    """The ten `View`s to train on: five crops, then the same mirrored."""
    frame, size = tuple(frame), tuple(size)
    places = crops(frame, size)
    return tuple(View(*at, mirrored, frame, size) for mirrored in (False, True) for at in places)


def central_view(frame=SIZE, size=INPUT):
    """The `View` to test with: the crop in the middle, rounded up and left."""
    frame, size = tuple(frame), tuple(size)
    down, right = (margin // 2 for margin in _margins(frame, size))
    return View(down, right, False, frame, size)


def _margins(frame, size):
    """Rows and columns of a frame that a crop leaves."""
    margins = frame[0] - size[0], frame[1] - size[1]
    if min(margins) < 0:
        raise InputError("frames", f"at least the size of a crop, {tuple(size)}", tuple(frame))
    return margins
