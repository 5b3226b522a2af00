"""Integrated gradients (Sundararajan et al. 2017): slopes on the way from a black picture.

What all pixels add is the score less that of black (completeness), up to the error of the integral,
which is measured on every picture and told where it is large.
"""

import numpy as np
import tensorflow as tf

from keras_attn.audits.kinds import Kind
from keras_attn.audits.kinds._score import score, slopes
from keras_attn.registry import register

STEPS = 50
TOLERANCE = 0.05
"""Error of the sum, as a share of the difference of the scores, from which it is told."""


class IntegratedGradients:
    """Between so many pictures on the way, by the rule of Gauss and Legendre.

    errors: of each picture so far, as a share of the difference of the scores.
    """

    def __init__(self, steps=STEPS):
        self.steps, self.errors = steps, []

    def __call__(self, model, images, targets):
        """|Σ over the colours of what a pixel adds|."""
        added = self.added(model, images, targets)
        whole = score(model, images, targets) - score(model, 0 * images, targets)
        missing = tf.abs(tf.reduce_sum(added, axis=(1, 2, 3)) - whole)
        self.errors += tf.math.divide_no_nan(missing, tf.abs(whole)).numpy().tolist()
        return tf.abs(tf.reduce_sum(added, axis=-1))

    def added(self, model, images, targets):
        """What each colour of each pixel adds to the score of black: `(n, H, W, 3)`."""
        places, weights = np.polynomial.legendre.leggauss(self.steps)
        total = tf.zeros_like(images)
        for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
            total += weight * slopes(model, images * place, targets)
        return images * total

    def notes(self):
        """That the integral is not exact, where its sum is too far off."""
        far = sum(error > TOLERANCE for error in self.errors)
        if not far:
            return ()
        return (
            f"integrated_gradients: on {far:,} of {len(self.errors):,} pictures their sum is more "
            f"than {TOLERANCE:.0%} off the difference of the scores of the picture and of black "
            f"(at most {max(self.errors):.0%}); more than {self.steps} steps may help.",
        )


register(
    Kind(
        "integrated_gradients",
        IntegratedGradients,
        gradients=True,
        about=(
            "The absolute sum over the colours of pixel by the mean gradient on the way from a "
            f"black picture, {STEPS} steps."
        ),
    )
)
