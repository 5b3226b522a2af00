"""RISE (Petsiuk et al. 2018): the mean of random masks, weighted by what the class gets under them.

The class is told by its probability, as in that paper, and not by its score.
"""

import numpy as np
import tensorflow as tf

from keras_attn.audits.kinds import Kind
from keras_attn.registry import register

MASKS, CELLS, SHOWN, SEED = 1000, 7, 0.5, 0
"""Masks, cells along each side of one before it is enlarged, and the share of cells that show."""


class Rise:
    """The same masks for all pictures, drawn when the size is known."""

    def __init__(self, masks=None):
        self.count, self.masks = masks or MASKS, None

    def __call__(self, model, images, targets):
        """Σ of mask · probability, over the number of masks and the share that shows."""
        size = tuple(images.shape[1:3])
        if self.masks is None or self.masks.shape[1:3] != size:
            self.masks = drawn(self.count, size)
        total = tf.zeros(images.shape[:3])
        with model.as_graph():
            for mask in self.masks:
                shares = tf.nn.softmax(model(images * mask[..., None]))
                total += tf.gather(shares, targets, axis=1, batch_dims=1)[:, None, None] * mask
        return total / (self.count * SHOWN)


def drawn(count, size):
    """Masks of a size (H, W), float32 `(count, H, W)` from 0 to 1, with smooth cells.

    Each is one of a cell more, shifted by up to a cell.
    """
    rng = np.random.default_rng(SEED)
    cell = [-(-side // CELLS) for side in size]
    coarse = (rng.random((count, CELLS + 1, CELLS + 1, 1)) < SHOWN).astype(np.float32)
    large = tf.image.resize(coarse, [side * (CELLS + 1) for side in cell])[..., 0].numpy()
    shifts = zip(*(rng.integers(0, side, count) for side in cell), strict=True)
    parts = [
        mask[y : y + size[0], x : x + size[1]] for mask, (y, x) in zip(large, shifts, strict=True)
    ]
    return np.stack(parts)


register(
    Kind(
        "rise",
        Rise,
        about=(
            f"The mean of {MASKS:,} random masks, weighted by the probability of the class under "
            "them."
        ),
    )
)
