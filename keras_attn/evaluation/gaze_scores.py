"""Scores of one map of one image or frame, and the reference rows that stand in every audit.

Takes a dataset and arrays; knows nothing of networks or files.
"""

from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from keras_attn import gaze
from keras_attn.datasets.base import GazeDataset
from keras_attn.errors import InputError
from keras_attn.evaluation import ceiling
from keras_attn.evaluation.picture_gaze import PictureGaze
from keras_attn.evaluation.rows import CENTRE, LARGEST, REFERENCES, STUDY, UNIFORM, gaze_keys
from keras_attn.metrics import gold_standard, one_map
from keras_attn.metrics.columns import COLUMNS, Column
from keras_attn.statistics import mean_of_seen


def scored_shape(shape, largest=LARGEST):
    """(H, W) at which an image of `shape` (H, W) is scored: its own, or `largest` on one side.

    Points, maps and densities are brought there, and blurs are shares of the width. How little
    that moves the scores is measured by `tools/scoring_size.py`. `metrics.gaze`, which is called
    with arrays, scores them as they are.
    """
    longest = max(shape)
    if longest <= largest:
        return tuple(shape)
    return tuple(max(1, round(side * largest / longest)) for side in shape)


def scored_smaller(examples):
    """A list of one note on the images that are scored smaller than they are, or of none.

    examples: those of images; the ones without gaze are not scored.
    """
    shapes = [example.shape for example in examples if len(example.points)]
    larger = [shape for shape in shapes if scored_shape(shape) != tuple(shape)]
    if not larger:
        return []
    of = f"{len(larger)} of {len(shapes)} images have a side of more than {LARGEST} pixels"
    first = " to ".join(
        f"{height}×{width}" for height, width in (larger[0], scored_shape(larger[0]))
    )
    return [f"{of}, and their gaze was scored at that size ({first})."]


def notes_on(dataset, scored):
    """What a reader has to know of the data; scored: whether maps are compared with its gaze."""
    # Frames of videos are scored in the crop that a network sees, which is small.
    smaller = scored_smaller(dataset) if scored and isinstance(dataset, GazeDataset) else []
    # The count is of the whole dataset, so that all folds of a study say the same.
    smaller = smaller and scored_smaller(dataset.whole or dataset)
    return (*smaller, *([dataset.note] if dataset.note else []))


@dataclass(frozen=True)
class Blur:
    """Widths of the two Gaussians, as shares of the image's width."""

    fixations: float = gaze.FIXATION_SIGMA
    centre_bias: float = gaze.CENTRE_BIAS_SIGMA

    def __post_init__(self):
        for name in ("fixations", "centre_bias"):
            if not getattr(self, name) > 0:
                raise InputError(f"blur of {name}", "a positive share", getattr(self, name))


class OtherImages:
    """The fixations of all other images of a dataset, as image `index` is compared with them.

    shape: (H, W) at which the image is scored. width: what shares of its width are taken of, in
    pixels of it.
    """

    def __init__(self, dataset, index, largest=LARGEST):
        self.pool, self.index = dataset.pool, dataset.place_in_pool(index)
        self.shape = scored_shape(dataset[index].shape, largest)
        self.width = float(self.shape[1])

    @cached_property
    def negatives(self):
        """Flat indices of their pixels, each as often as there are fixations on it."""
        return self.pool.other_pixels(self.index, self.shape)

    @property
    def uniform_share(self):
        """That of the centre bias as a baseline."""
        return self.pool.uniform_share(self.index)

    def auc_per_positive(self, values, flat):
        """For each of the pixels `flat`, the share of negatives below it; values: a flat map's."""
        return one_map.auc_per_positive(values[flat], values[self.negatives])

    def centre_bias(self, share):
        """Their density `(H, W)`; share: its blur, of the width."""
        return self.pool.centre_bias(self.index, self.shape, share * self.width)


class GazeScores:
    """Scores maps of one image or frame; what all its maps share is computed once.

    points, subjects: its fixations, `(N, 2)`, and whose each is, `(N,)`. others: what they are
    compared with, such as `OtherImages`, at the size (H, W) that maps are scored at. blur: a
    `Blur`. own: (H, W) that the points are given in, by default the same; see `PictureGaze`, which
    is what metrics are handed. mixture: a function that returns the `gold_standard.Mixture` of the
    dataset, or None; by default there is no ceiling.
    """

    def __init__(self, points, subjects, others, blur, own=None, mixture=lambda: None):
        self.points, self.subjects, self.others, self.blur = points, subjects, others, blur
        self.mixture = mixture
        self.gaze = PictureGaze(points, subjects, others, blur, own)
        self.shape, self.own = self.gaze.shape, self.gaze.own

    @classmethod
    def of_image(cls, dataset, index, blur, largest=LARGEST):
        """That of image `index` of a dataset, at its `scored_shape`."""
        example, others = dataset[index], OtherImages(dataset, index, largest)

        def mixture():
            return mixture_of(dataset, blur, largest)

        return cls(example.points, example.subjects, others, blur, example.shape, mixture)

    @property
    def centre_bias(self):
        """Density of the others' fixations."""
        return self.gaze.centre_bias

    @property
    def all_observers(self):
        """Density of its own fixations."""
        return self.gaze.density

    def of(self, saliency):
        """Scores of a map `(H, W)`, ordered as `rows.gaze_keys`.

        All finite, but for metrics of plug-ins that have none of the image.
        """
        return _scores(saliency, self.gaze)

    def by_viewer(self, saliency):
        """Scores as `of` has them, and the `ViewerScores` of each viewer.

        The latter is None where fewer than two viewers looked, or where they are not told apart.
        """
        found = [column.with_fixations(saliency, self.gaze) for column in COLUMNS]
        scores = _with_extras([score for score, _ in found], saliency, self.gaze)
        if not gold_standard.several(self.subjects):
            return scores, None
        names, codes = self.gaze.viewers
        counts = np.bincount(codes)
        sums = [np.bincount(codes, values) for _, values in found if values is not None]
        means = np.transpose(sums) / counts[:, None] if sums else np.zeros((len(counts), 0))
        return scores, ViewerScores(names, counts, means)

    def s_auc_and_ig(self, saliency):
        """The two scores of the study alone, which cost a fraction of all."""
        return tuple(Column.registry[key](saliency, self.gaze) for key in STUDY)

    def single_observer(self):
        """Mean scores of each viewer's density against the fixations of all other viewers.

        NaN where fewer than two viewers looked at it, or where they are not told apart.
        """
        viewers = sorted(set(self.subjects))
        if len(viewers) < 2:
            return np.full(len(gaze_keys()), np.nan)
        own = [self.subjects == viewer for viewer in viewers]
        pairs = [(self.gaze.part(one).density, self.gaze.part(~one)) for one in own]
        return mean_of_seen([_scores(density, rest) for density, rest in pairs])

    def gold_standard(self):
        """Mean scores over viewers: the density of all others on the fixations of the one left out.

        The density is the dataset's `mixture`. NaN where there is no mixture, or one that tells
        nothing, or fewer than two viewers; and for metrics without a `Column.ceiling`.
        """
        scores = [
            [
                *(column.ceiling_of(density, gaze) for column in COLUMNS),
                0.0,
                float(density.min() == density.max()),
            ]
            for density, gaze in self._left_out()
        ]
        return mean_of_seen(scores) if scores else np.full(len(gaze_keys()), np.nan)

    def ceiling_s_auc_and_ig(self):
        """Those two of `gold_standard` alone, which cost a fraction of it."""
        both = [Column.registry[key] for key in STUDY]
        scores = [[one.ceiling_of(*pair) for one in both] for pair in self._left_out()]
        return tuple(np.mean(scores, axis=0)) if scores else (np.nan, np.nan)

    def _left_out(self):
        """For each viewer the density of all others, and the viewer's `PictureGaze`."""
        viewers = sorted(set(self.subjects))
        mixture = self.mixture() if len(viewers) > 1 else None
        if mixture is None or not mixture.tells:
            return
        sigma = mixture.blur * self.others.width
        # Blurring is linear: each viewer is blurred once, and subtracted from all together.
        total = len(self.points) * self.gaze.blurred(sigma)
        for viewer in viewers:
            gaze = self.gaze.part(self.subjects == viewer)
            rest = np.maximum(total - len(gaze.points) * gaze.blurred(sigma), 0.0)
            others = rest / (len(self.points) - len(gaze.points))
            yield mixture.density(others, self.centre_bias), gaze

    def references(self):
        """Scores of the rows that need no network, by name."""
        return {name: scores for name, (scores, _) in self.references_by_viewer().items()}

    def references_by_viewer(self):
        """The same, each with what `by_viewer` has of it.

        None for those that are no map, or are made of the very fixations that are scored.
        """
        found = (
            self.by_viewer(self.centre_bias),
            self.by_viewer(np.ones(self.shape)),
            (self.of(self.all_observers), None),
            (self.single_observer(), None),
            (self.gold_standard(), None),
        )
        return dict(zip(REFERENCES, found, strict=True))


TOLD_BY_VIEWER = (CENTRE, UNIFORM)
"""The references that `references_by_viewer` has scores of each viewer of."""


class ViewerScores(NamedTuple):
    """What a map scores on the fixations of each viewer of an image.

    names, fixations: `(V,)`, who looked, and how many fixations of theirs there are. means: over
    these, `(V, K)`, of the metrics that have a `Column.per_fixation`, in their order.
    """

    names: np.ndarray
    fixations: np.ndarray
    means: np.ndarray


def _scores(saliency, gaze):
    """Scores of a map against a `PictureGaze`, ordered as `rows.gaze_keys`."""
    return _with_extras([column(saliency, gaze) for column in COLUMNS], saliency, gaze)


def _with_extras(scores, saliency, gaze):
    zero_share = gaze.gains(saliency)[1].mean()
    return np.array([*scores, zero_share, float(saliency.min() == saliency.max())])


_MIXTURES = WeakKeyDictionary()
"""By dataset, for as long as that is there, what has been chosen for it, by blur and size."""
_CHOOSING = Lock()
"""Images are scored in several threads, the first of which chooses."""


def mixture_of(dataset, blur, largest=LARGEST):
    """The `gold_standard.Mixture` of a dataset's ceiling, or None; of a part, that of the whole."""
    whole = dataset.whole or dataset
    with _CHOOSING:
        found, key = _MIXTURES.setdefault(whole, {}), (blur, largest)
        if key not in found:
            scorers = (GazeScores.of_image(whole, i, blur, largest) for i in ceiling.chosen(whole))
            found[key] = ceiling.mixture_of(scorers)
        return found[key]


def remember_mixture(dataset, blur, mixture, largest=LARGEST):
    """Take a mixture, or None, for that of a dataset, as it was chosen for the same data before."""
    with _CHOOSING:
        _MIXTURES.setdefault(dataset.whole or dataset, {})[blur, largest] = mixture
