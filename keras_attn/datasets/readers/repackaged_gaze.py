"""Gaze on Hollywood-2 and UCF Sports as most people have it: a picture of points for each frame.

A source that a `VideoReader` asks for one video at a time, as `mathe_gaze.RawGaze` is.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from keras_attn.datasets.readers.image_files import read_image
from keras_attn.datasets.readers.matlab import read_variable
from keras_attn.errors import InputError


class RepackagedGaze:
    """Binary pictures of the points of all viewers, one for each frame.

    root/.../<video>/fixation/<video>_<NNN>.png   as DHF1K's publishers hand it on; of Hollywood-2
        each shot of a clip is a <clip>_<k> of its own, with the numbers of the clip's frames
    root/.../<video>/fixation/<NNNN>.png          as STRA-Net's do; also fixation/maps/<NNNN>.mat,
        variable I, which is read where the picture is not there

    Frames are numbered from 1. Every pixel that is not 0 is a point at its centre; whose it is and
    how many fell on it is lost, so that the subject of each is 0. `maps/` is not read: it is the
    same points under a Gaussian blur of 20 pixels.
    """

    note = (
        "Gaze of all viewers, whatever their task, as it is repackaged: one point for each pixel "
        "that was looked at, viewers not told apart."
    )

    def __init__(self, root, canonical=str):
        self.root = Path(root).expanduser()
        if not self.root.is_dir():
            raise InputError(self.root, "a folder of gaze", "no such folder")
        self.files = {}
        for folder in _with_fixations(self.root):
            name = canonical(folder.name)
            if name is not None:
                _join(self.files.setdefault(name, {}), _numbered(folder / "fixation"))
        if not self.files:
            expected = "folders <video>/fixation of this dataset's videos, or samples/"
            raise InputError(self.root, expected, "none")

    @property
    def videos(self):
        """Ids of the videos that have gaze."""
        return tuple(self.files)

    def shape(self, name):
        """(H, W) of the pictures of a video, or None where it has none."""
        files = self.files.get(name)
        return None if not files else read_points(files[min(files)])[1]

    def last(self, name):
        """Number, from 1, of the last frame with a picture; 0 without any."""
        return max(self.files.get(name, ()), default=0)

    def read(self, name, frames, shape, rate=None, report=None):
        """Points and subjects of each of `frames` frames of `shape`; `rate` is not needed.

        `InputError` where a picture is of another size.
        """
        points = [np.zeros((0, 2))] * frames
        for number, path in self.files.get(name, {}).items():
            points[number - 1], size = read_points(path)
            if size != tuple(shape):
                expected = f"the size of the video {name}, {tuple(shape)} (height, width)"
                raise InputError(path, expected, size)
        return points, [np.zeros(len(its), np.int64) for its in points]


def read_points(
    path: str | Path, variable: str = "I"
) -> tuple[NDArray[np.float64], tuple[int, ...]]:
    """Fixations in a picture of points, one for each pixel that is not 0.

    Args:
        path: a picture, or a MATLAB file.
        variable: the name that the MATLAB file has for the picture.

    Returns:
        Points `(N, 2)`, x and y of the centres of the pixels, and the (H, W) of the picture.

    Raises:
        InputError: The file is missing or damaged, or has more than two values: such is a density,
            not fixations.

    Example:

    >>> from PIL import Image
    >>> from keras_attn.datasets.readers import read_points
    >>> picture = Image.new("L", (20, 10))
    >>> picture.putpixel((4, 7), 255)
    >>> picture.save("looks.png")
    >>> read_points("looks.png")
    (array([[4.5, 7.5]]), (10, 20))
    """
    path = Path(path)
    of_matlab = path.suffix.lower() == ".mat"
    values = read_variable(path, variable) if of_matlab else read_image(path, "L")
    if values.ndim != 2:
        raise InputError(path, "one value for each pixel", f"shape {values.shape}")
    # Several times faster than np.nonzero, and there are half a million pictures.
    found = cv2.findNonZero((values != 0).view(np.uint8))
    places = np.zeros((0, 2), np.intp) if found is None else found.reshape(-1, 2)
    levels = np.unique(values[places[:, 1], places[:, 0]])
    if len(levels) > 1:
        raise InputError(path, "fixations, of one value beside 0", f"{len(levels)} values")
    return np.add(places, 0.5, dtype=np.float64), values.shape


def _with_fixations(folder, depth=4):
    """Folders at or below `folder` that hold a folder `fixation`."""
    if (folder / "fixation").is_dir():
        yield folder
    elif depth:
        for inner in sorted(folder.iterdir()):
            if inner.is_dir() and not inner.name.startswith((".", "__")):
                yield from _with_fixations(inner, depth - 1)


def _numbered(folder):
    """Files of a folder `fixation` by the numbers that their names end in."""
    found = {}
    for place, suffix in ((folder / "maps", ".mat"), (folder, ".png")):
        here = {}
        for path in sorted(place.glob(f"*{suffix}")) if place.is_dir() else ():
            digits = path.stem[len(path.stem.rstrip("0123456789")) :]
            if path.name.startswith("."):
                continue
            if not digits or int(digits) < 1:
                raise InputError(path, "a name that ends in the frame's number, from 1", path.name)
            _join(here, {int(digits): path})
        found |= here
    return found


def _join(files, more):
    for number, path in more.items():
        other = files.setdefault(number, path)
        if other is not path:
            raise InputError(path, f"frame {number} once", f"also in {other}")
