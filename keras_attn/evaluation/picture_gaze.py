"""The gaze on one image or frame, as metrics take it. Knows no dataset and no metric."""

from functools import cached_property

import numpy as np

from keras_attn import gaze
from keras_attn.metrics import one_map


class PictureGaze:
    """The gaze on one image or frame; what all its maps share is computed once, when asked for.

    What a metric may use, all at the size of the maps, and not to be written to:
    shape: (H, W) of maps. points: its fixations, float `(N, 2)`, x and y in pixels. subjects: whose
    each is, `(N,)`. pixels: flat indices `(N,)` of the pixels that they are on. density: theirs,
    blurred, `(H, W)` with sum 1. negatives: flat indices `(M,)` of the pixels that fixations on all
    other pictures are on, each as often as there are. centre_bias: their density `(H, W)`, sum 1.

    own: (H, W) that `points` are handed over in, by default the same. Where that is larger,
    fixations are one if they are on one pixel of it, and `pixel` is what a pixel of it is of one
    here, for IG and KL weigh a probability of 0 by how small others are. others: what they are
    compared with, such as `OtherImages`. blur: a `Blur`.
    """

    def __init__(self, points, subjects, others, blur, own=None, whole=None):
        self.shape = others.shape
        self.own = self.shape if own is None else tuple(own)
        self.pixel = np.prod(self.shape) / np.prod(self.own)
        self.subjects, self.others, self.blur = subjects, others, blur
        # None where it is the whole: a circle of references would keep its arrays for long.
        self._points, self._part_of = points, whole

    @cached_property
    def viewers(self):
        """Who looked, in order, `(V,)`, and the place there of whose each fixation is, `(N,)`."""
        return np.unique(self.subjects, return_inverse=True)

    def part(self, chosen):
        """The same of some of the fixations alone; chosen: `(N,)` bool."""
        arrays = self._points[chosen], self.subjects[chosen]
        return PictureGaze(*arrays, self.others, self.blur, self.own, self._whole)

    @property
    def _whole(self):
        return self if self._part_of is None else self._part_of

    @cached_property
    def points(self):
        """Fixations `(N, 2)`, x and y in pixels of the maps."""
        return _fixed(gaze.resize(self._points, self.own, self.shape))

    @cached_property
    def pixels(self):
        """Flat indices `(N,)` of the pixels of the fixations."""
        return _fixed(gaze.pixels(self.points, self.shape))

    @cached_property
    def distinct(self):
        """Those of fixations that are not on one pixel of the picture itself."""
        first = np.unique(gaze.pixels(self._points, self.own), return_index=True)[1]
        return _fixed(self.pixels[first])

    @cached_property
    def density(self):
        """The density of the fixations, `(H, W)` with sum 1."""
        return _fixed(self.blurred(self.blur.fixations * self.others.width))

    def blurred(self, sigma):
        """The density of the fixations with another blur, in pixels."""
        return gaze.density(self.points, self.shape, sigma)

    @cached_property
    def negatives(self):
        """Flat indices `(M,)` of the pixels that fixations on other pictures are on."""
        return self._part_of.negatives if self._part_of else _fixed(self.others.negatives)

    @cached_property
    def centre_bias(self):
        """The density of fixations on other pictures, `(H, W)` with sum 1."""
        if self._part_of:
            return self._part_of.centre_bias
        return _fixed(self.others.centre_bias(self.blur.centre_bias))

    def auc_per_positive(self, values):
        """For each fixation the share of negatives below it, `(N,)`; values: a flat map."""
        return self.others.auc_per_positive(values, self.pixels)

    def gains(self, saliency):
        """Bits of a map over the centre bias at each distinct pixel, and whether either is 0 there.

        As the code of the MIT benchmark has it, with a uniform share so that the baseline is not 0.
        """
        return self._gains(saliency, self.distinct)

    def gains_at_fixations(self, saliency):
        """The same bits at the pixel of each fixation, `(N,)`."""
        return self._gains(saliency, self.pixels)[0]

    def _gains(self, saliency, flat):
        share = self.others.uniform_share
        p, b = one_map.probabilities_mit(saliency, self.centre_bias, flat, share)
        return one_map.bits_mit(p * self.pixel, b * self.pixel), (p == 0) | (b == 0)

    @property
    def gains_of_uniform(self):
        """Bits of a uniform map over the centre bias at each distinct pixel.

        Those of the ceiling are taken over it: whatever the convention of maps is.
        """
        return self._whole._gains_everywhere[self.distinct]

    @cached_property
    def _gains_everywhere(self):
        """The same at every pixel, which each viewer needs some of."""
        return self._gains(np.ones(self.shape), np.arange(np.prod(self.shape)))[0]


def _fixed(values):
    """A view that nobody can write to: all metrics share it."""
    view = np.asarray(values).view()
    view.flags.writeable = False
    return view
