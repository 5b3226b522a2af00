"""Writes drawn scenes in the format of DUT-OMRON."""

import numpy as np
import scipy.io

from keras_attn.datasets.miniature.files import write_image, write_mask

MARGIN = 0.15
"""By how much of its size the object's box is widened, before fixations outside are filtered."""


def write(root, drawn):
    """Write images, masks and a version 5 `.mat` for each scene; gaze is filtered as there."""
    gaze = root / "DUT-OMRON-eye-fixations" / "mat"
    gaze.mkdir(parents=True)
    for number, scene in enumerate(drawn, start=1):
        stem = f"img_{number:09d}"
        write_image(root / "DUT-OMRON-image" / f"{stem}.jpg", scene)
        write_mask(root / "pixelwiseGT-new-PNG" / f"{stem}.png", scene)
        kept = _near_the_object(scene)
        height, width = scene.mask.shape
        rows = np.column_stack([np.floor(scene.points), scene.subjects])[kept]
        rows = np.vstack([[width, height, 0], rows]).astype(np.int16)
        scipy.io.savemat(gaze / f"{stem}.mat", {"s": rows})


def _near_the_object(scene):
    ys, xs = np.nonzero(scene.mask)
    low, high = np.array([xs.min(), ys.min()]), np.array([xs.max() + 1, ys.max() + 1])
    margin = MARGIN * (high - low)
    return ((scene.points >= low - margin) & (scene.points < high + margin)).all(axis=1)
