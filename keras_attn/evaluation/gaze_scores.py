"""Scores of one map of one image or frame, and the reference rows that stand in every audit.

Takes a dataset and arrays; knows nothing of networks or files.
"""

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from keras_attn import gaze
from keras_attn.errors import InputError
from keras_attn.evaluation import ceiling
from keras_attn.metrics import gaze as gaze_metrics
from keras_attn.metrics import one_map
from keras_attn.metrics.columns import COLUMNS

LARGEST = 1024
"""Pixels of the longest side that gaze is scored at: larger images are scored at this size."""
EXTRAS = ("zero_share", "constant")
"""Beside the metrics: share of fixated pixels on an exact zero of map or baseline (which has none
by its uniform share), and whether the map is constant."""


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
    def pixels(self):
        """The negatives: flat indices of their pixels."""
        return self.pool.other_pixels(self.index, self.shape)

    @property
    def uniform_share(self):
        """That of the centre bias as a baseline."""
        return self.pool.uniform_share(self.index)

    def auc_per_positive(self, values, flat):
        """For each of the pixels `flat`, the share of negatives below it; values: a flat map's."""
        return one_map.auc_per_positive(values[flat], values[self.pixels])

    def centre_bias(self, share):
        """Their density `(H, W)`; share: its blur, of the width."""
        return self.pool.centre_bias(self.index, self.shape, share * self.width)


class GazeScores:
    """Scores maps of one image or frame; what all its maps share is computed once.

    points, subjects: its fixations, `(N, 2)`, and whose each is, `(N,)`. others: what they are
    compared with, such as `OtherImages`, at the size (H, W) that maps are scored at. blur: a
    `Blur`. own: (H, W) that the points are given in, by default the same. Where that is larger,
    fixations are one if they are on one pixel of it, and probabilities are those of its pixels,
    since IG and KL weigh a probability of 0 by how small others are. mixture: a function that
    returns the `gold_standard.Mixture` of the dataset, or None; by default there is no ceiling.
    """

    def __init__(self, points, subjects, others, blur, own=None, mixture=lambda: None):
        self.points, self.subjects, self.others, self.blur = points, subjects, others, blur
        self.mixture = mixture
        self.shape = others.shape
        self.own = self.shape if own is None else tuple(own)
        self.pixel = np.prod(self.shape) / np.prod(self.own)

    @classmethod
    def of_image(cls, dataset, index, blur, largest=LARGEST):
        """That of image `index` of a dataset, at its `scored_shape`."""
        example, others = dataset[index], OtherImages(dataset, index, largest)

        def mixture():
            return mixture_of(dataset, blur, largest)

        return cls(example.points, example.subjects, others, blur, example.shape, mixture)

    @cached_property
    def centre_bias(self):
        """Density of the others' fixations."""
        return self.others.centre_bias(self.blur.centre_bias)

    @cached_property
    def human(self):
        """Density of its own fixations."""
        return self.density(self.points)

    def density(self, points, sigma=None):
        """Fixation density of some of the points. sigma: in pixels, by default as of `blur`."""
        points = gaze.resize(points, self.own, self.shape)
        sigma = self.blur.fixations * self.others.width if sigma is None else sigma
        return gaze.density(points, self.shape, sigma)

    def _fixated(self, points):
        """Flat indices of the pixels of points, and of those that are not on one pixel of `own`."""
        flat = gaze.pixels(gaze.resize(points, self.own, self.shape), self.shape)
        first = np.unique(gaze.pixels(points, self.own), return_index=True)[1]
        return flat, flat[first]

    def of(self, saliency, points=None):
        """Scores of a map `(H, W)`, ordered as COLUMNS and EXTRAS; all finite.

        points: the fixations to score against, by default all of them.
        """
        if points is None:
            points, density = self.points, self.human
        else:
            density = self.density(points)
        flat, distinct = self._fixated(points)
        ig, zero_share = self._bits(saliency, distinct)
        return np.array(
            [
                self._s_auc(saliency, flat),
                ig,
                gaze_metrics.auc_judd_of(saliency, flat),
                one_map.nss(saliency, flat).mean(),
                one_map.cc(saliency, density),
                one_map.sim(saliency, density),
                one_map.kl_divergence(saliency, density, self.pixel),
                zero_share,
                float(saliency.min() == saliency.max()),
            ]
        )

    def s_auc_and_ig(self, saliency):
        """The two scores of the study alone, which cost a fraction of all."""
        flat, distinct = self._fixated(self.points)
        return self._s_auc(saliency, flat), self._bits(saliency, distinct)[0]

    def _s_auc(self, saliency, flat):
        return self.others.auc_per_positive(saliency.ravel(), flat).mean()

    def _bits(self, saliency, distinct):
        """Information gain, and the share of fixated pixels on an exact zero."""
        gains, zero = self._gains(saliency, distinct)
        return gains.mean(), zero.mean()

    def _gains(self, saliency, flat):
        """Bits of a map over the baseline at each pixel, and whether either is exactly 0 there."""
        share = self.others.uniform_share  # so that the baseline is nowhere 0
        p, b = one_map.probabilities_mit(saliency, self.centre_bias, flat, share)
        return one_map.bits_mit(p * self.pixel, b * self.pixel), (p == 0) | (b == 0)

    @cached_property
    def _gains_of_uniform(self):
        """Bits of a uniform map over the baseline at every pixel, which each viewer needs some of.

        Those of the ceiling are taken over it: whatever the convention of maps is.
        """
        return self._gains(np.ones(self.shape), np.arange(np.prod(self.shape)))[0]

    def one_viewer(self):
        """Mean scores of each viewer's density against the fixations of all other viewers.

        NaN where fewer than two viewers looked at it, or where they are not told apart.
        """
        subjects, points = self.subjects, self.points
        viewers = sorted(set(subjects))
        if len(viewers) < 2:
            return np.full(len(COLUMNS) + len(EXTRAS), np.nan)
        scores = [
            self.of(self.density(points[subjects == viewer]), points[subjects != viewer])
            for viewer in viewers
        ]
        return np.mean(scores, axis=0)

    def ceiling(self):
        """Mean scores over viewers: the density of all others on the fixations of the one left out.

        The density is the dataset's `mixture`. Its IG is that of the density as it is: scaled to
        minimum 0, as maps are, it would lose its uniform part. NaN where there is no mixture, or
        one that tells nothing, or fewer than two viewers; and for CC, SIM and KL, which are of the
        density of all viewers for a map, and would be of a single viewer's here.
        """
        scores = [
            [
                *self._of_density(density, flat, distinct),
                gaze_metrics.auc_judd_of(density, flat),
                one_map.nss(density, flat).mean(),
                *[np.nan] * 3,
                0.0,
                float(density.min() == density.max()),
            ]
            for density, flat, distinct in self._left_out()
        ]
        return np.mean(scores, axis=0) if scores else np.full(len(COLUMNS) + len(EXTRAS), np.nan)

    def ceiling_s_auc_and_ig(self):
        """Those two of `ceiling` alone, which cost a fraction of it."""
        scores = [self._of_density(*one) for one in self._left_out()]
        return tuple(np.mean(scores, axis=0)) if scores else (np.nan, np.nan)

    def _left_out(self):
        """For each viewer the density of all others, and the viewer's pixels as of `_fixated`."""
        viewers = sorted(set(self.subjects))
        mixture = self.mixture() if len(viewers) > 1 else None
        if mixture is None or not mixture.tells:
            return
        sigma = mixture.blur * self.others.width
        # Blurring is linear: each viewer is blurred once, and subtracted from all together.
        total = len(self.points) * self.density(self.points, sigma)
        for viewer in viewers:
            own = self.points[self.subjects == viewer]
            rest = np.maximum(total - len(own) * self.density(own, sigma), 0.0)
            others = rest / (len(self.points) - len(own))
            yield mixture.density(others, self.centre_bias), *self._fixated(own)

    def _of_density(self, density, flat, distinct):
        """s-AUC and IG of a density with sum 1, which is not scaled."""
        gain = one_map.bits_mit(self.pixel * density.ravel()[distinct], self.pixel / density.size)
        return self._s_auc(density, flat), gain.mean() + self._gains_of_uniform[distinct].mean()

    def references(self):
        """Scores of the rows that need no network, by name."""
        return {
            "centre": self.of(self.centre_bias),
            "uniform": self.of(np.ones(self.shape)),
            "human": self.of(self.human),
            "one viewer": self.one_viewer(),
            "ceiling": self.ceiling(),
        }


_MIXTURES = WeakKeyDictionary()
"""By dataset, for as long as that is there, what has been chosen for it, by blur and size."""


def mixture_of(dataset, blur, largest=LARGEST):
    """The `gold_standard.Mixture` of a dataset's ceiling, or None; of a part, that of the whole."""
    whole = dataset.whole or dataset
    found, key = _MIXTURES.setdefault(whole, {}), (blur, largest)
    if key not in found:
        scorers = (GazeScores.of_image(whole, i, blur, largest) for i in ceiling.chosen(whole))
        found[key] = ceiling.mixture_of(scorers)
    return found[key]
