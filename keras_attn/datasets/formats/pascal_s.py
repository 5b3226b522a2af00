"""PASCAL-S (Li et al. 2014): 850 images, grey masks, fixations of 8 viewers."""

from pathlib import Path

import numpy as np

from keras_attn.datasets import origin
from keras_attn.datasets.readers.masks import MaskedReader
from keras_attn.datasets.readers.matlab import read_cells
from keras_attn.datasets.readers.reader import by_stem
from keras_attn.errors import InputError

THRESHOLD = 127
"""Of masks with more than two values: what is above it, at least half of 255, is object."""


@origin.known
def pascal_s(root, *, mask_threshold=None, on_bad_example="raise"):
    """Read PASCAL-S as `salObj.zip` is unpacked.

    root/datasets/imgs/pascal/<n>.jpg           n from 1
    root/datasets/masks/pascal/<n>.png          of two values, or at least half of 255
    root/datasets/fixations/pascalFix.mat       version 7.3, cell array fixCell: for image n rows
                                                of y, x, viewer: pixels from 1 at their centres

    mask_threshold: another one for the masks. Returns a `GazeDataset`, ordered by number.
    """
    root = Path(root).expanduser()
    images = by_stem(root / "datasets" / "imgs" / "pascal", (".jpg",), ".jpg files")
    masks = by_stem(root / "datasets" / "masks" / "pascal", (".png",), ".png files")
    path = root / "datasets" / "fixations" / "pascalFix.mat"
    cells = read_cells(path, "fixCell")
    strange = [stem for stem in images if not stem.isdigit() or not 1 <= int(stem) <= len(cells)]
    if strange:
        expected = f"images 1.jpg to {len(cells)}.jpg, one for each cell of {path.name}"
        raise InputError(root / "datasets" / "imgs" / "pascal", expected, f"{strange[0]}.jpg")
    thresholds = {"mask_threshold": mask_threshold, "published": THRESHOLD}
    reader = MaskedReader("pascal_s", on_bad_example, **thresholds)
    for stem in sorted(images, key=int):
        rows = cells[int(stem) - 1]
        reader.add(
            stem,
            images[stem],
            masks.get(stem),
            lambda rows=rows, stem=stem: _points(rows, f"{path}, fixCell{{{stem}}}"),
        )
    return reader.dataset(root)


def _points(rows, where):
    rows = np.asarray(rows, np.float64)
    if rows.size == 0:
        return np.zeros((0, 2)), np.zeros(0)
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise InputError(where, "rows of y, x, viewer", f"shape {rows.shape}")
    # MATLAB's pixel 1 reaches from 0.5 to 1.5; here it is pixel 0, from 0 to 1.
    return rows[:, [1, 0]] - 0.5, rows[:, 2]
