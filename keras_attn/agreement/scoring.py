"""Scores of one map of one image, and the reference rows that stand in every audit.

Takes a dataset and arrays; knows nothing of networks or files.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from keras_attn import gaze
from keras_attn.errors import InputError
from keras_attn.metrics import gaze as gaze_metrics
from keras_attn.metrics import one_map
from keras_attn.metrics.columns import COLUMNS

EXTRAS = ("zero_share", "constant")
"""Beside the metrics: share of fixated pixels on an exact zero, and whether the map is constant."""


@dataclass(frozen=True)
class Blur:
    """Widths of the two Gaussians, as shares of the image's width."""

    fixations: float = gaze.FIXATION_SIGMA
    centre_bias: float = gaze.CENTRE_BIAS_SIGMA

    def __post_init__(self):
        for name in ("fixations", "centre_bias"):
            if not getattr(self, name) > 0:
                raise InputError(f"blur of {name}", "a positive share", getattr(self, name))


class GazeScores:
    """Scores maps of image `index` of a dataset; what all its maps share is computed once."""

    def __init__(self, dataset, index, blur):
        self.example, self.pool, self.blur = dataset[index], dataset.pool, blur
        self.index = dataset.place_in_pool(index)
        self.shape = self.example.shape

    @cached_property
    def negatives(self):
        """Pixels of the other images' fixations."""
        return self.pool.other_pixels(self.index, self.shape)

    @cached_property
    def centre_bias(self):
        """Density of the other images' fixations."""
        sigma = self.blur.centre_bias * self.shape[1]
        return self.pool.centre_bias(self.index, self.shape, sigma)

    @cached_property
    def human(self):
        """Density of this image's own fixations."""
        return self.density(self.example.points)

    def density(self, points):
        """Fixation density of some of the points."""
        return gaze.density(points, self.shape, self.blur.fixations * self.shape[1])

    def of(self, saliency, points=None):
        """Scores of a map `(H, W)`, ordered as COLUMNS and EXTRAS; all finite.

        points: the fixations to score against, by default all of this image.
        """
        if points is None:
            points, density = self.example.points, self.human
        else:
            density = self.density(points)
        flat = gaze.pixels(points, self.shape)
        ig, zero_share = self._bits(saliency, flat)
        return np.array(
            [
                self._s_auc(saliency, flat),
                ig,
                gaze_metrics.auc_judd_of(saliency, flat),
                one_map.nss(saliency, flat).mean(),
                one_map.cc(saliency, density),
                one_map.sim(saliency, density),
                one_map.kl_divergence(saliency, density),
                zero_share,
                float(saliency.min() == saliency.max()),
            ]
        )

    def s_auc_and_ig(self, saliency):
        """The two scores of the study alone, which cost a fraction of all."""
        flat = gaze.pixels(self.example.points, self.shape)
        return self._s_auc(saliency, flat), self._bits(saliency, flat)[0]

    def _s_auc(self, saliency, flat):
        values = saliency.ravel()
        return one_map.auc_per_positive(values[flat], values[self.negatives]).mean()

    def _bits(self, saliency, flat):
        """Information gain, and the share of fixated pixels on an exact zero."""
        distinct = np.unique(flat)
        p = one_map.probability_mit(saliency, distinct)
        b = one_map.probability_mit(self.centre_bias, distinct)
        return one_map.bits_mit(p, b).mean(), np.mean(p == 0)

    def one_viewer(self):
        """Mean scores of each viewer's density against the fixations of all other viewers.

        NaN where fewer than two viewers looked at the image.
        """
        subjects, points = self.example.subjects, self.example.points
        viewers = sorted(set(subjects))
        if len(viewers) < 2:
            return np.full(len(COLUMNS) + len(EXTRAS), np.nan)
        scores = [
            self.of(self.density(points[subjects == viewer]), points[subjects != viewer])
            for viewer in viewers
        ]
        return np.mean(scores, axis=0)

    def references(self):
        """Scores of the rows that need no network, by name."""
        return {
            "centre": self.of(self.centre_bias),
            "uniform": self.of(np.ones(self.shape)),
            "human": self.of(self.human),
            "one viewer": self.one_viewer(),
        }
