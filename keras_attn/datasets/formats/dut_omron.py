"""DUT-OMRON (Yang et al. 2013): 5,168 images, pixel-wise masks, fixations of 5 viewers."""

from pathlib import Path

import numpy as np

from keras_attn.datasets import origin
from keras_attn.datasets.readers.masks import MaskedReader
from keras_attn.datasets.readers.matlab import read_variable
from keras_attn.datasets.readers.reader import by_stem
from keras_attn.errors import InputError

REMOVED = (
    "img_561715398",
    "sun_bqfgwnmzhjwuphdi",
    "sun_bswlalhygmnrhvuw",
    "sun_buaqzytduodbufcb",
)
"""Without a mask since 2018: left out and counted, and no error."""
NOTE = (
    "The fixations of DUT-OMRON were filtered with the bounding boxes of the salient objects: "
    "human attention knows a little of the mask here."
)

THRESHOLD = 127
"""Of masks with more than two values: what is above it is object."""


@origin.known
def dut_omron(root, *, mask_threshold=None, on_bad_example="raise"):
    """Read DUT-OMRON as it is unpacked.

    root/DUT-OMRON-image/<stem>.jpg
    root/pixelwiseGT-new-PNG/<stem>.png         of two values, or above 127
    root/DUT-OMRON-eye-fixations/mat/<stem>.mat variable s, rows of x, y, viewer: pixel indices
                                                from 0; the row of viewer 0 holds width, height

    Points are put at the centres of their pixels. The four images whose masks were withdrawn are
    left out and counted. mask_threshold: another one for the masks. Returns a `GazeDataset`,
    ordered by stem.
    """
    root = Path(root).expanduser()
    images = by_stem(root / "DUT-OMRON-image", (".jpg",), ".jpg files")
    masks = by_stem(root / "pixelwiseGT-new-PNG", (".png",), ".png files")
    gaze = by_stem(root / "DUT-OMRON-eye-fixations" / "mat", (".mat",), ".mat files")
    thresholds = {"mask_threshold": mask_threshold, "published": THRESHOLD}
    reader = MaskedReader("dut_omron", on_bad_example, NOTE, **thresholds)
    for stem, image in images.items():
        if stem in REMOVED and stem not in masks:
            reader.report.known_removals += 1
        else:
            reader.add(stem, image, masks.get(stem), lambda stem=stem: _points(gaze, stem, root))
    return reader.dataset(root)


def _points(gaze, stem, root):
    if stem not in gaze:
        where = root / "DUT-OMRON-eye-fixations" / "mat" / f"{stem}.mat"
        raise InputError(where, f"the fixations of {stem}.jpg", "no such file")
    rows = read_variable(gaze[stem], "s")
    if rows.size == 0:
        return np.zeros((0, 2)), np.zeros(0)
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise InputError(gaze[stem], "rows of x, y, viewer in 's'", f"shape {rows.shape}")
    rows = rows[rows[:, 2] != 0].astype(np.float64)
    return rows[:, :2] + 0.5, rows[:, 2]
