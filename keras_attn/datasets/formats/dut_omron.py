"""DUT-OMRON (Yang et al. 2013): 5,168 images, pixel-wise masks, fixations of 5 viewers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from keras_attn.datasets import drawing, readers
from keras_attn.datasets.format import Format, Twin
from keras_attn.errors import InputError
from keras_attn.registry import register

if TYPE_CHECKING:
    from keras_attn.datasets.base import GazeDataset

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


def dut_omron(
    root: str | Path,
    *,
    mask_threshold: float | None = None,
    on_bad_example: Literal["raise", "skip"] = "raise",
) -> GazeDataset:
    """Read DUT-OMRON as it is unpacked.

    root/DUT-OMRON-image/<stem>.jpg
    root/pixelwiseGT-new-PNG/<stem>.png         of two values, or above 127
    root/DUT-OMRON-eye-fixations/mat/<stem>.mat variable s, rows of x, y, viewer: pixel indices
                                                from 0; the row of viewer 0 holds width, height

    Points are put at the centres of their pixels. The four images whose masks were withdrawn are
    left out and counted.

    Args:
        root: the folder that the three lie in.
        mask_threshold: another one for the masks, on their own scale.
        on_bad_example: "raise", or "skip" to leave out and list images that cannot be used.

    Returns:
        A `GazeDataset`, ordered by stem.

    Raises:
        InputError: Files are missing or are not as laid out above.

    Example:

    >>> import tempfile, keras_attn as ka
    >>> with tempfile.TemporaryDirectory() as root:
    ...     drawn = ka.datasets.miniature("dut_omron", images=2, root=f"{root}/scenes")
    ...     ka.datasets.dut_omron(f"{root}/scenes")
    GazeDataset('dut_omron', 2 examples)
    """
    root = Path(root).expanduser()
    images = readers.by_stem(root / "DUT-OMRON-image", (".jpg",), ".jpg files")
    masks = readers.by_stem(root / "pixelwiseGT-new-PNG", (".png",), ".png files")
    gaze = readers.by_stem(root / "DUT-OMRON-eye-fixations" / "mat", (".mat",), ".mat files")
    thresholds = {"mask_threshold": mask_threshold, "published": THRESHOLD}
    reader = readers.MaskedReader("dut_omron", on_bad_example, **thresholds)
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
    rows = readers.read_variable(gaze[stem], "s")
    if rows.size == 0:
        return np.zeros((0, 2)), np.zeros(0)
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise InputError(gaze[stem], "rows of x, y, viewer in 's'", f"shape {rows.shape}")
    rows = rows[rows[:, 2] != 0].astype(np.float64)
    return rows[:, :2] + 0.5, rows[:, 2]


# --- its drawn twin -----------------------------------------------------------------------------

MARGIN = 0.15
"""By how much of its size the object's box is widened, before fixations outside are filtered."""


def _write(root, scenes):
    """Write images, masks and a version 5 `.mat` for each scene; gaze is filtered as there."""
    import scipy.io

    gaze = root / "DUT-OMRON-eye-fixations" / "mat"
    gaze.mkdir(parents=True)
    for number, scene in enumerate(scenes, start=1):
        stem = f"img_{number:09d}"
        drawing.write_image(root / "DUT-OMRON-image" / f"{stem}.jpg", scene)
        drawing.write_mask(root / "pixelwiseGT-new-PNG" / f"{stem}.png", scene)
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


register(
    Format(
        name="dut_omron",
        title="DUT-OMRON",
        read=dut_omron,
        tasks=("salient_object",),
        parts=("DUT-OMRON-image",),
        note=NOTE,
        paper=True,
        twin=Twin(write=_write, viewers=5),
    )
)
