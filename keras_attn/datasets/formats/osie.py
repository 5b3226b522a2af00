"""OSIE (Xu et al. 2014): 700 images, fixations of 15 viewers."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from keras_attn.datasets import readers
from keras_attn.datasets.format import Format
from keras_attn.errors import InputError, listing
from keras_attn.registry import register

if TYPE_CHECKING:
    from keras_attn.datasets.base import GazeDataset

LAYOUT = (
    "a MATLAB file with the cell array fixations of structs with img and subjects, a cell array "
    "of structs with fix_x and fix_y"
)


def osie(root: str | Path, *, on_bad_example: Literal["raise", "skip"] = "raise") -> GazeDataset:
    """Read OSIE as its repository is laid out.

    root/data/stimuli/<n>.jpg        800 by 600 pixels
    root/data/eye/fixations.mat      cell array fixations: structs with img, the name of the file,
                                     and subjects, a cell array of structs with fix_x, fix_y and
                                     fix_duration

    x and y are taken as positions in pixels, pixel i from i to i + 1. Viewers are numbered from 1,
    in the file's order.

    Args:
        root: the repository, or its folder `data`.
        on_bad_example: "raise", or "skip" to leave out and list images that cannot be used.

    Returns:
        A `GazeDataset`, ordered by name.

    Raises:
        InputError: Files are missing or are not as laid out above; the file does not name an image,
            or names one that is not there.

    Example:

    >>> import pathlib, tempfile, numpy as np, scipy.io, keras_attn as ka
    >>> from PIL import Image
    >>> viewer = {"fix_x": [400.5], "fix_y": [300.5], "fix_duration": [250]}
    >>> fixations = np.empty((1, 1), object)
    >>> fixations[0, 0] = {"img": "1001.jpg", "subjects": np.array([[viewer]], object)}
    >>> with tempfile.TemporaryDirectory() as root:
    ...     stimuli, eye = (pathlib.Path(root, "data", name) for name in ("stimuli", "eye"))
    ...     _ = [folder.mkdir(parents=True) for folder in (stimuli, eye)]
    ...     Image.new("RGB", (800, 600)).save(stimuli / "1001.jpg")
    ...     scipy.io.savemat(eye / "fixations.mat", {"fixations": fixations})
    ...     ka.datasets.osie(root)[0]
    Example('1001', (600, 800), 1 fixations of 1 viewers)
    """
    root = Path(root).expanduser()
    if not (root / "stimuli").is_dir() and (root / "data").is_dir():
        root = root / "data"
    images = readers.by_stem(root / "stimuli", (".jpg",), ".jpg files")
    path = root / "eye" / "fixations.mat"
    viewings = _by_image(path)
    reader = readers.GazeReader("osie", on_bad_example)
    reader.guard(path.name, partial(_refuse_strangers, path, viewings, images, root))
    for stem, image in images.items():
        reader.add(stem, image, None, partial(_points, path, viewings, image), needs_mask=False)
    return reader.dataset(root)


def _by_image(path):
    """The viewers' structs by the name of the image."""
    entries = readers.read_structs(path, LAYOUT).get("fixations")
    try:
        pairs = [(entry[0]["img"], entry[0]["subjects"]) for entry in entries]
    except (KeyError, IndexError, TypeError) as error:
        raise InputError(path, LAYOUT, "another structure") from error
    found = {}
    for name, subjects in pairs:
        if not isinstance(name, str) or not isinstance(subjects, list):
            raise InputError(path, LAYOUT, "another structure")
        if name in found:
            raise InputError(path, "each image once", f"{name} twice")
        found[name] = subjects
    return found


def _refuse_strangers(path, viewings, images, root):
    others = sorted(set(viewings) - {image.name for image in images.values()})
    if others:
        received = f"{len(others)} others: {listing(others, 5)}"
        raise InputError(path, f"fixations of images in {root / 'stimuli'}", received)


def _points(path, viewings, image):
    if image.name not in viewings:
        raise InputError(path, f"the fixations of {image.name}", "none")
    parts, viewers = [np.zeros((0, 2))], []
    for number, subject in enumerate(viewings[image.name], start=1):
        where = f"{path}, {image.name}, subject {number}"
        parts.append(_of_viewer(subject, where))
        viewers += [number] * len(parts[-1])
    return np.concatenate(parts), np.array(viewers, np.int64)


def _of_viewer(subject, where):
    """Points `(N, 2)` of one viewer; an empty cell is a viewer without any."""
    if isinstance(subject, np.ndarray) and not subject.size:
        return np.zeros((0, 2))
    try:
        x, y = (np.asarray(subject[0][name], np.float64).ravel() for name in ("fix_x", "fix_y"))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError(where, "a struct with the numbers fix_x and fix_y", "none") from error
    if len(x) != len(y):
        raise InputError(where, "as many fix_x as fix_y", f"{len(x)} and {len(y)}")
    return np.column_stack([x, y])


register(
    Format(
        name="osie",
        title="OSIE",
        read=osie,
        parts=("eye/fixations.mat", "data/eye/fixations.mat"),
    )
)
