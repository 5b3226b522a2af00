"""CAT2000 (Borji and Itti 2015), the part to train on: 2,000 images of 20 categories."""

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
    "The pictures of CAT2000 are padded with grey to 1920 by 1080: a map that does no more than "
    "leave these margins out may score well. Its fixation maps hold one point for each pixel that "
    "was looked at; viewers are not told apart."
)


def cat2000(root: str | Path, *, on_bad_example: Literal["raise", "skip"] = "raise") -> GazeDataset:
    """Read CAT2000 as `trainSet.zip` is unpacked.

    root/Stimuli/<Category>/<NNN>.jpg
    root/FIXATIONLOCS/<Category>/<NNN>.mat   variable fixLocs, of the image's size: not 0 where
                                             anybody has looked

    Points are put at the centres of their pixels; the subject of each is 0. The fixations of single
    viewers, in `allFixData.mat`, are an object of MATLAB's class containers.Map, which this reader
    does not open. The category is no label: nobody would have networks tell these categories from
    each other.

    Args:
        root: `trainSet`, or the folder that it lies in.
        on_bad_example: "raise", or "skip" to leave out and list images that cannot be used.

    Returns:
        A `GazeDataset`, ordered by category and number; ids are <Category>_<NNN>.

    Raises:
        InputError: Files are missing or are not as laid out above.

    Example:

    >>> import pathlib, tempfile, numpy as np, scipy.io, keras_attn as ka
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as root:
    ...     names = "Stimuli/Action", "FIXATIONLOCS/Action"
    ...     stimuli, gaze = (pathlib.Path(root, name) for name in names)
    ...     _ = [folder.mkdir(parents=True) for folder in (stimuli, gaze)]
    ...     Image.new("RGB", (80, 60)).save(stimuli / "001.jpg")
    ...     scipy.io.savemat(gaze / "001.mat", {"fixLocs": np.eye(60, 80, dtype=np.uint8)})
    ...     ka.datasets.cat2000(root)[0]
    Example('Action_001', (60, 80), 60 fixations of 1 viewers)
    """
    root = Path(root).expanduser()
    if not (root / "Stimuli").is_dir() and (root / "trainSet").is_dir():
        root = root / "trainSet"
    stimuli, locations = root / "Stimuli", root / "FIXATIONLOCS"
    reader = readers.GazeReader("cat2000", on_bad_example)
    for category in _categories(stimuli):
        images = readers.by_stem(stimuli / category, (".jpg",), ".jpg files")
        for stem, image in images.items():
            path = locations / category / f"{stem}.mat"
            name = f"{category}_{stem}"
            reader.add(name, image, None, partial(_points, path, image), needs_mask=False)
    return reader.dataset(root)


def _categories(folder):
    """Names of the folders of categories; the folder `Output` in each holds no image of its own."""
    if not folder.is_dir():
        raise InputError(folder, "a folder of the categories' folders", "no such folder")
    names = [path.name for path in sorted(folder.iterdir()) if path.is_dir()]
    names = [name for name in names if name[0] not in "._"]
    if not names:
        raise InputError(folder, "a folder <Category>/ of .jpg files for each category", "none")
    return names


def _points(path, image):
    points, shape = readers.read_points(path, "fixLocs")
    if shape != readers.image_shape(image):
        expected = f"the size of {image.name}, {readers.image_shape(image)} (height, width)"
        raise InputError(path, expected, shape)
    return points, np.zeros(len(points), np.int64)


register(
    Format(
        name="cat2000",
        title="CAT2000",
        read=cat2000,
        parts=("FIXATIONLOCS", "trainSet/FIXATIONLOCS"),
        note=NOTE,
    )
)
