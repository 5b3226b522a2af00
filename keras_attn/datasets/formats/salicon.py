"""SALICON (Jiang et al. 2015), the release of 2015: 15,000 images of MS COCO with gaze."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from keras_attn.datasets import readers
from keras_attn.datasets.format import Format
from keras_attn.errors import InputError
from keras_attn.registry import register

if TYPE_CHECKING:
    from keras_attn.datasets.base import GazeDataset

NOTE = (
    "SALICON was recorded with a mouse, which makes a blurred picture sharp where it points, and "
    "not with an eye tracker. Viewers are numbered anew on every image."
)
SPLITS = ("train", "val")
LAYOUT = "a MATLAB file with image, resolution and gaze, structs with fixations, rows of x, y"


def salicon(root: str | Path, *, on_bad_example: Literal["raise", "skip"] = "raise") -> GazeDataset:
    """Read SALICON's release of 2015; that of 2017 has the same layout and other fixations.

    root/images/<split>/<stem>.jpg       split: train, val; one of them is enough
    root/fixations/<split>/<stem>.mat    image; resolution; gaze: a struct for each viewer with
                                         fixations, rows of x, y: pixel indices from 1. location
                                         and timestamp, the path of the mouse, are not read

    Points are put at the centres of their pixels. Viewers are numbered from 1 on every image.

    Args:
        root: the folder that both lie in.
        on_bad_example: "raise", or "skip" to leave out and list images that cannot be used.

    Returns:
        A `GazeDataset`, ordered by split and stem, with the splits that are there.

    Raises:
        InputError: Files are missing or are not as laid out above.

    Example:

    >>> import pathlib, tempfile, scipy.io, keras_attn as ka
    >>> from PIL import Image
    >>> gaze = {"fixations": [[40, 30], [80, 60]]}
    >>> with tempfile.TemporaryDirectory() as root:
    ...     images, fixations = (pathlib.Path(root, n, "val") for n in ("images", "fixations"))
    ...     _ = [folder.mkdir(parents=True) for folder in (images, fixations)]
    ...     Image.new("RGB", (80, 60)).save(images / "dog.jpg")
    ...     found = {"image": "dog.jpg", "resolution": [60, 80], "gaze": gaze}
    ...     scipy.io.savemat(fixations / "dog.mat", found)
    ...     ka.datasets.salicon(root)[0]
    Example('dog', (60, 80), 2 fixations of 1 viewers)
    """
    root = Path(root).expanduser()
    reader = readers.GazeReader("salicon", on_bad_example)
    there = [split for split in SPLITS if (root / "fixations" / split).is_dir()]
    if not there:
        expected = "a folder of the folders train and val, or one of them, of .mat files"
        raise InputError(root / "fixations", expected, "neither")
    splits = {}
    for split in there:
        images = readers.by_stem(root / "images" / split, (".jpg",), ".jpg files")
        for stem, image in images.items():
            path = root / "fixations" / split / f"{stem}.mat"
            reader.add(stem, image, None, partial(_points, path, image), needs_mask=False)
        splits[split] = tuple(images)
    return reader.dataset(root, splits=splits)


def _points(path, image):
    variables = readers.read_structs(path, LAYOUT)
    try:
        name, resolution = str(variables["image"]), np.ravel(variables["resolution"]).tolist()
        viewers = [np.asarray(viewer["fixations"], np.float64) for viewer in variables["gaze"]]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        there = [variable for variable in variables if not variable.startswith("_")]
        received = f"the variables {', '.join(there) or 'none'}, or another structure"
        raise InputError(path, LAYOUT, received) from error
    if Path(name).stem != image.stem:
        raise InputError(path, f"the gaze of {image.name}", f"that of {name}")
    if sorted(resolution) != sorted(readers.image_shape(image)):
        expected = f"the resolution of {image.name}, {readers.image_shape(image)} (height, width)"
        raise InputError(path, expected, resolution)
    for number, rows in enumerate(viewers, start=1):
        if rows.size and (rows.ndim != 2 or rows.shape[1] != 2):
            raise InputError(f"{path}, gaze({number})", "rows of x, y", f"shape {rows.shape}")
    counts = [rows.size // 2 for rows in viewers]
    points = np.concatenate([np.zeros((0, 2)), *(rows.reshape(-1, 2) for rows in viewers)])
    # The centre of MATLAB's pixel 1 lies at 0.5 here.
    return points - 0.5, np.repeat(np.arange(1, len(viewers) + 1), counts)


register(
    Format(
        name="salicon",
        title="SALICON",
        read=salicon,
        parts=("fixations/train", "fixations/val"),
        splits=True,
        note=NOTE,
    )
)
