"""From videos on disk to what the two-stream networks see: training batches, and single inputs.

A clip is a snippet of 16 frames with their flow, cropped to the network's size. Frames and flow
are bytes until a batch is made of them; points of gaze take part in every transform, and their
density is made last.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
import tensorflow as tf

from keras_attn import gaze
from keras_attn.datasets.batches import pipeline
from keras_attn.datasets.batches.snippets import INPUT, MOST, central_view, snippets, training_views
from keras_attn.datasets.flow import files
from keras_attn.datasets.video import SNIPPET, VideoDataset, VideoExample, VideoReport
from keras_attn.errors import InputError, one_of
from keras_attn.resizing import size_of

INPUTS = ("frames", "flow", "gaze")
"""What a network of clips may take, by the names of its inputs."""
CHANNELS = 5
"""Red, green, blue, and flow in x and y, as they are read."""
AHEAD = 2
"""Batches that are made at the same time: one of 32 of the paper's clips is 130 MB."""


@contextmanager
def _naming(video):
    """Have every `InputError` name the video."""
    try:
        yield
    except InputError as error:
        name, (where, *rest) = f"video {video.id!r}", error.parts
        if where.startswith(name):
            raise
        raise InputError(f"{name}, {where}", *rest) from error


def _opened(video):
    """The `FlowFolder` of a video, of as many pairs as the video has."""
    with _naming(video):
        folder = video.extracted()
        if len(folder) != video.pairs:
            expected = f"{video.pairs} pairs, for it has {video.frames} frames"
            raise InputError(folder.folder, expected, len(folder))
        return folder


def _read(video, folder, start=0, stop=None):
    """Pairs `start` to `stop` of a video, counted from 0: uint8 `(n, H, W, 5)`."""
    with _naming(video):
        frames, flow = folder.frames(start, stop), folder.flow(start, stop)
        if frames.shape[:3] != flow.shape[:3]:
            expected = f"flow of the size of the frames, {frames.shape[1:3]}"
            raise InputError(folder.folder, expected, flow.shape[1:3])
        return np.concatenate([frames, flow], axis=-1)


def _filled(values):
    """16 frames out of `(n, ...)`, of which the last is repeated where there are fewer."""
    return values[np.minimum(np.arange(SNIPPET), len(values) - 1)]


def _size(video, folder):
    """(H, W) of the extracted frames of a video, from the first."""
    return _read(video, folder, 0, 1).shape[1:3]


def _seen(values, view):
    """Frames and flow of a clip, out of its values `(16, H, W, 5)`."""
    return view.frames(values[..., :3]), view.flow(values[..., 3:])


def clip_density(snippet, view, sigma=gaze.FIXATION_SIGMA):
    """The fixation density of each frame of a `Snippet` in a `View`: float32 `(16, h, w, 1)`.

    Each frame has sum 1, or is all zeros where no fixation is in view. sigma: the blur as a share
    of the video's width, the same in both directions on the video as it is on disk.
    """
    shape = snippet.video.shape
    spread = sigma * view.per_width(shape)
    seen = (view.points(points, shape) for points in snippet.points)
    made = [gaze.density(points, view.size, spread) for points in seen]
    return np.stack(made).astype(np.float32)[..., None]


# --- one at a time ------------------------------------------------------------------------------


def clip_inputs(footage, snippet, view, sigma=gaze.FIXATION_SIGMA, names=INPUTS[:2]):
    """What a network takes of one snippet, without a batch axis: arrays by name.

    footage: that of the dataset with its video. view: such as `central_view_of`. sigma: blur of the
    density as a share of the width. names: of the inputs, of INPUTS. At the end of a short video
    the last frame is repeated. `frames` is float32 `(16, h, w, 3)` RGB in [0, 255]; `flow` float32
    `(16, h, w, 2)` in the 8-bit code; `gaze` the density, float32 `(16, h, w, 1)`.
    """
    names = [one_of("input", name, INPUTS) for name in names]
    frames, flow = (part.astype(np.float32) for part in _seen(footage.snippet(snippet), view))
    made = {"frames": frames, "flow": flow}
    if "gaze" in names:
        made["gaze"] = clip_density(snippet, view, sigma)
    return {name: made[name] for name in names}


def central_view_of(dataset, frame=None, size=INPUT):
    """The `View` of a `VideoDataset` to test with; `InputError` names its first video.

    frame: (H, W) of extracted frames; default that of the first video.
    """
    video = dataset[0]
    frame = _size(video, _opened(video)) if frame is None else frame
    with _naming(video):
        return central_view(frame, size_of(size))


# --- many ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Footage:
    """Extracted frames and flow of a dataset's videos, all of one size, for any of their snippets.

    size: (H, W). folders: a `FlowFolder` for each video. values: where they are kept, those of all
    pairs of all videos, uint8 `(n, H, W, 5)`; else None, and files are decoded when asked for.
    `of` reads them from disk, `estimated` makes them of a video without any.
    """

    dataset: VideoDataset
    size: tuple
    folders: tuple
    values: np.ndarray | None = None

    @classmethod
    def of(cls, dataset, threads=4, *, keep=False):
        """That of a `VideoDataset`; keep: decode all of it now, into a temporary file.

        `InputError` names the first video that has no extracted flow, another number of pairs than
        its frames tell, or another size than the first one.
        """
        with ThreadPoolExecutor(threads) as pool:
            folders = tuple(pool.map(_opened, dataset))
            sizes = list(pool.map(_size, dataset, folders))
            for video, size in zip(dataset, sizes, strict=True):
                if size != sizes[0]:
                    expected = f"frames and flow of {sizes[0]}, as those of {dataset[0].id!r}"
                    raise InputError(f"video {video.id!r}", expected, size)
            values = None
            if keep:
                shape = (sum(map(len, folders)), *sizes[0], CHANNELS)
                what = f"{shape[0]} frames of {sizes[0]} with their flow"
                values = pipeline.mapped(pool.map(_read, dataset, folders), shape, what)
        return cls(dataset, sizes[0], folders, values)

    @classmethod
    def estimated(cls, name, video, settings, *, still=False, on_pair=None):
        """That of the one video at the path `video`, called `name`, whose flow is estimated.

        settings, still, on_pair: as for `flow_files.in_memory`. The video has neither gaze nor
        labels. Raises `BadVideo` as `flow_files.extract` does.
        """
        pairs = files.in_memory(video, settings, still=still, on_pair=on_pair)
        first = next(pairs)
        pieces, what = chain([first], pairs), f"the frames and the flow of {video}"
        values = pipeline.mapped(pieces, (None, *first.shape), what)
        count, size = len(values) + 1, first.shape[:2]
        nobody = (np.zeros((0, 2)),) * count, (np.zeros(0, int),) * count
        example = VideoExample(name, count, size, *nobody, labels=(), video=video)
        return cls(VideoDataset(name, (example,), VideoReport()), size, (), values)

    @cached_property
    def _places(self):
        return {video.id: place for place, video in enumerate(self.dataset)}

    @cached_property
    def _bounds(self):
        return np.concatenate([[0], np.cumsum([video.pairs for video in self.dataset])])

    @cached_property
    def digest(self):
        """SHA-256 of all frames and flow, in hexadecimal."""
        found = hashlib.sha256()
        kept = self.values is not None
        for part in [self.values] if kept else map(_read, self.dataset, self.folders):
            found.update(np.ascontiguousarray(part))
        return found.hexdigest()

    def snippet(self, snippet):
        """Frames and flow of a `Snippet`: uint8 `(16, H, W, 5)`."""
        place, first = self._places[snippet.video.id], snippet.start - 1
        if self.values is None:
            folder = self.folders[place]
            return _filled(_read(snippet.video, folder, first, first + SNIPPET))
        start, stop = self._bounds[place : place + 2]
        return _filled(self.values[start + first : min(start + first + SNIPPET, stop)])

    def frames(self, video, numbers):
        """Frames of a video by their numbers: uint8 RGB `(n, H, W, 3)`.

        `InputError` for numbers that are not from 1 to the last: frame 0 has no file.
        """
        place = self._places[video.id]
        for number in numbers:
            # Where all are kept, those of other videos lie before and behind.
            if not 1 <= number <= video.pairs:
                expected = f"frames from 1 to {video.pairs}"
                raise InputError(f"video {video.id!r}", expected, number)
        return np.stack([self._frame(video, place, number - 1) for number in numbers])

    def _frame(self, video, place, pair):
        if self.values is None:
            return _read(video, self.folders[place], pair, pair + 1)[0, ..., :3]
        return self.values[self._bounds[place] + pair, ..., :3]


class ClipBatches(pipeline.Epochs):
    """Training batches out of `Footage`: each pass in an order and with crops of its own.

    size: (h, w) of the crops. augment: whether each clip is seen in one of five crops, mirrored or
    not, that is drawn for every pass; otherwise in the central one. sigma: blur of the densities
    as a share of the width. most: snippets of a video. steps: batches in an epoch, which goes on
    where the last one stopped; default a pass over all clips. A clip of several labels is there
    once for each, as in the lists of two-stream-fcan.
    """

    def __init__(
        self,
        footage,
        size=INPUT,
        *,
        batch_size,
        epochs,
        steps=None,
        seed=0,
        augment=True,
        sigma=gaze.FIXATION_SIGMA,
        most=MOST,
        threads=4,
    ):
        super().__init__(batch_size, epochs, seed, steps)
        self.footage, self.sigma, self.threads = footage, sigma, threads
        self.size = size_of(size)
        with _naming(footage.dataset[0]):
            make = training_views if augment else lambda *sizes: (central_view(*sizes),)
            self.views = make(footage.size, self.size)
        self.rows = _labelled(footage.dataset, most)

    @property
    def count(self):
        """How many clips a pass has."""
        return len(self.rows)

    def order(self, number):
        """Numbers of clips, each as one of its views, in the order of a pass."""
        # A stream beside that of the order, and as that one, the same whenever the pass is run.
        rng = np.random.default_rng([self.seed, number, 1])
        views = rng.integers(len(self.views), size=self.count)
        return super().order(number) * len(self.views) + views

    def clip(self, number):
        """Frames and flow as bytes, density and label of a clip as one of its views."""
        snippet, label, view = self._chosen(number)
        density = clip_density(snippet, view, self.sigma)
        return *self.pixels(snippet, view), density, np.int64(label)

    def _chosen(self, number):
        """Snippet, label and view of a number."""
        place, view = divmod(int(number), len(self.views))
        return *self.rows[place], self.views[view]

    def pixels(self, snippet, view):
        """Frames and flow of a snippet in a view, as bytes."""
        return _seen(self.footage.snippet(snippet), view)

    def named(self, first=0):
        """All batches of the epochs from `first` on, as a `tf.data.Dataset` of dicts.

        frames float32 `(b, 16, h, w, 3)` RGB in [0, 255]; flow float32 `(b, 16, h, w, 2)` in the
        8-bit code; density float32 `(b, 16, h, w, 1)`, of each frame with sum 1, or 0 without
        fixations in view; label int64 `(b,)`. A file that turns out to be damaged ends the
        iteration with TensorFlow's error, which quotes the `InputError`.
        """
        pool = ThreadPoolExecutor(self.threads)
        clip = (None, SNIPPET, *self.size)
        shapes = {"frames": (*clip, 3), "flow": (*clip, 2), "density": (*clip, 1), "label": (None,)}
        types = (tf.uint8, tf.uint8, tf.float32, tf.int64)

        def gather(numbers):
            return tuple(map(np.stack, zip(*pool.map(self.clip, numbers), strict=True)))

        def load(numbers):
            made = tf.numpy_function(gather, [numbers], types, stateful=False)
            pairs = zip(made, shapes.items(), strict=True)
            named = {name: tf.ensure_shape(value, shape) for value, (name, shape) in pairs}
            return named | {name: tf.cast(named[name], tf.float32) for name in INPUTS[:2]}

        return self.numbers(first).map(load, num_parallel_calls=AHEAD)


def _labelled(dataset, most):
    """Pairs of a snippet and a label: those of a video of several labels once for each."""
    for video in dataset:
        if not video.labels:
            raise InputError(f"video {video.id!r}", "at least one label", "none")
    return [(one, label) for one in snippets(dataset, most) for label in one.video.labels]
