"""The gaze of videos as a network sees it, frame by frame: what its attention is compared with.

A network sees a crop of every frame, and its attention says nothing of what lies beside it. So
points, negatives and centre bias are those within the crop, in its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from keras_attn import gaze
from keras_attn.datasets.batches.snippets import View
from keras_attn.datasets.video import VideoDataset
from keras_attn.errors import InputError
from keras_attn.evaluation import ceiling
from keras_attn.evaluation.gaze_scores import Blur, GazeScores
from keras_attn.metrics import gold_standard, one_map
from keras_attn.statistics import evenly

FRAMES = 8
"""Most frames of a video that the mixture of the ceiling is chosen from."""


@dataclass(frozen=True, eq=False)
class OtherVideos:
    """The points of all other videos, at whatever frame, as a video is compared with them.

    counts: `(h, w)`, how many are on each pixel. width: pixels, vertical and horizontal, that the
    width of the video has. videos: how many others have gaze.
    """

    counts: np.ndarray
    width: np.ndarray
    videos: int

    @property
    def shape(self):
        """(h, w)."""
        return self.counts.shape

    @cached_property
    def _pixels(self):
        """Flat indices of the pixels that some are on, and how many on each."""
        counts = self.counts.ravel()
        pixels = np.flatnonzero(counts)
        return pixels, counts[pixels]

    @property
    def negatives(self):
        """Flat indices of the pixels of all points, each as often as there are."""
        return np.repeat(*self._pixels)

    def auc_per_positive(self, values, flat):
        """For each of the pixels `flat`, the share of negatives below it; values: a flat map's."""
        pixels, counts = self._pixels
        return one_map.auc_per_positive_weighted(values[flat], values[pixels], counts)

    @property
    def uniform_share(self):
        """That of the centre bias as a baseline; a video is to it what an image is."""
        return gaze.uniform_share(self.videos, int(self.counts.sum()))

    def centre_bias(self, share):
        """Their density `(h, w)`; share: its blur, of the video's width."""
        return gaze.density_of_counts(self.counts, share * self.width)


@dataclass(frozen=True, eq=False)
class VideoGaze:
    """The gaze of a `VideoDataset` within one `View`, that of the crop to test on.

    Frames of videos of any shape are squeezed into `view.frame` first, as they are for the
    network. Negatives are points of the whole dataset that `dataset` is a part of.
    """

    dataset: VideoDataset
    view: View
    blur: Blur

    @cached_property
    def _counts(self):
        """Points on each pixel of the view: int32 `(videos of the whole, h, w)`, and their sum.

        With them which videos have any, bool `(videos of the whole,)`.
        """
        videos, size = self.dataset.whole or self.dataset, self.view.size
        counts = np.zeros((len(videos), *size), np.int32)
        for place, video in enumerate(videos):
            counts[place] = gaze.histogram(self.view.points(video.fixations, video.shape), size)
        return counts, counts.sum(axis=0, dtype=np.int64), counts.any(axis=(1, 2))

    def others(self, index):
        """The `OtherVideos` of video `index`."""
        counts, total, seen = self._counts
        place = self.dataset.place_in_pool(index)
        width = self.view.per_width(self.dataset[index].shape)
        videos = int(seen.sum()) - int(seen[place])
        return OtherVideos(total - counts[place], width, videos)

    def frames(self, index, numbers=None):
        """The `GazeScores` of those frames of video `index` that have gaze in view, by number.

        numbers: of frames, from 0, that are asked for; default all. `InputError` where such frames
        are there and nothing to compare them with.
        """
        video, others, made = self.dataset[index], self.others(index), {}
        for number in range(video.frames) if numbers is None else numbers:
            points, subjects = video.points[number], video.subjects[number]
            seen = self.view.points(points, video.shape)
            if len(seen):
                whose = subjects[self.view.sees(points, video.shape)]
                made[number] = GazeScores(
                    seen, whose, others, self.blur, mixture=lambda: self.mixture
                )
        if made and not others.counts.any():
            name = (self.dataset.whole or self.dataset).name
            expected = "at least two videos with gaze in the crop, for s-AUC compares them"
            raise InputError(f"dataset {name!r}", expected, f"one, {video.id!r}")
        return made

    @cached_property
    def mixture(self):
        """The `gold_standard.Mixture` of the whole dataset's ceiling; None without two viewers."""
        if self.dataset.whole is not None:
            whole = replace(self, dataset=self.dataset.whole)
            # The points of all videos on each pixel are the same, and counted already.
            vars(whole)["_counts"] = self._counts
            return whole.mixture
        several = [self._of_several(index) for index in range(len(self.dataset))]
        found = [scorer for of_video in several for scorer in of_video]
        places = gold_standard.chosen_images([len(scorer.points) for scorer in found])
        return ceiling.mixture_of(found[place] for place in places)

    def _of_several(self, index):
        """The `GazeScores` of some frames of a video that several viewers looked at, in view."""
        subjects = self.dataset[index].subjects
        numbers = [n for n, whose in enumerate(subjects) if gold_standard.several(whose)]
        numbers = [numbers[place] for place in evenly(len(numbers), FRAMES)]
        scorers = self.frames(index, numbers).values() if numbers else ()
        return [one for one in scorers if gold_standard.several(one.subjects)]
