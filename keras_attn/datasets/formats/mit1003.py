"""MIT1003 (Judd et al. 2009): 1,003 images, raw samples of 15 viewers."""

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
    "MIT1003 is published as raw samples: the fixations are those that the method of the "
    "publishers' code finds in them. The first of each viewing, on the cross in the middle, is "
    "left out, as the publishers do."
)


def mit1003(root: str | Path, *, on_bad_example: Literal["raise", "skip"] = "raise") -> GazeDataset:
    """Read MIT1003 as `ALLSTIMULI.zip` and `DATA.zip` are unpacked.

    root/ALLSTIMULI/<stem>.jpeg
    root/DATA/<viewer>/<stem>.mat   struct of any name, DATA(1).eyeData: rows of x, y in pixels of
                                    the image, 240 a second, negative in blinks

    Fixations are found by `fixation_detection.find_fixations`; x and y are taken as positions,
    pixel i from i to i + 1. The first fixation of each viewing is left out and counted, blinks and
    what lies beside the image are dropped and counted.

    Args:
        root: the folder that both lie in.
        on_bad_example: "raise", or "skip" to leave out and list images that cannot be used.

    Returns:
        A `GazeDataset`, ordered by stem; viewers bear the names of their folders.

    Raises:
        InputError: Files are missing or are not as laid out above.

    Example:

    >>> import pathlib, tempfile, numpy as np, scipy.io, keras_attn as ka
    >>> from PIL import Image
    >>> path = np.clip(np.arange(-60, 70)[:, None] / 10, 0, 1) * [150, 100] + [200, 150]
    >>> with tempfile.TemporaryDirectory() as root:
    ...     images, gaze = (pathlib.Path(root, name) for name in ("ALLSTIMULI", "DATA/ann"))
    ...     _ = [folder.mkdir(parents=True) for folder in (images, gaze)]
    ...     Image.new("RGB", (400, 300)).save(images / "dog.jpeg")
    ...     scipy.io.savemat(gaze / "dog.mat", {"dog": {"DATA": {"eyeData": path}}})
    ...     ka.datasets.mit1003(root)[0]
    Example('dog', (300, 400), 1 fixations of 1 viewers)
    """
    root = Path(root).expanduser()
    images = readers.by_stem(root / "ALLSTIMULI", (".jpeg", ".jpg"), ".jpeg files")
    viewers = _viewers(root / "DATA")
    reader = readers.GazeReader("mit1003", on_bad_example)
    firsts: list[np.ndarray] = []
    for stem, image in images.items():
        files = {viewer.name: viewer / f"{stem}.mat" for viewer in viewers}
        reader.add(stem, image, None, partial(_points, files, firsts), needs_mask=False)
    reader.report.remarks.append(f"{len(firsts)} first fixations left out")
    return reader.dataset(root)


def _viewers(folder):
    if not folder.is_dir():
        raise InputError(folder, "a folder of the viewers' folders", "no such folder")
    found = [
        path for path in sorted(folder.iterdir()) if path.is_dir() and path.name[0] not in "._"
    ]
    if not found:
        raise InputError(folder, "a folder <viewer>/ with .mat files for each viewer", "none")
    return found


def _points(files, firsts):
    """Points and viewers of one image; the fixations left out are added to `firsts`."""
    found = {viewer: readers.find_fixations(read_samples(path)) for viewer, path in files.items()}
    firsts += [centres[0] for centres in found.values() if len(centres)]
    points = np.concatenate([centres[1:].reshape(-1, 2) for centres in found.values()])
    return points, np.repeat(list(found), [max(0, len(c) - 1) for c in found.values()])


def read_samples(path: Path) -> np.ndarray:
    """The raw samples `(T, 2)` of one viewer on one image."""
    layout = "a MATLAB file with a struct whose DATA(1).eyeData has rows of x, y"
    variables = readers.read_structs(path, layout)
    # The struct bears the name of the image, which MATLAB cuts after 63 characters.
    structs = [value[0] for value in variables.values() if _is_struct(value)]
    try:
        (one,) = [struct for struct in structs if "DATA" in struct]
        samples = np.asarray(one["DATA"][0]["eyeData"], np.float64)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise InputError(path, layout, f"the variables {', '.join(variables) or 'none'}") from error
    if samples.ndim != 2 or samples.shape[1] < 2 or not len(samples):
        raise InputError(path, layout, f"eyeData of shape {samples.shape}")
    return samples[:, :2]


def _is_struct(value):
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


register(Format(name="mit1003", title="MIT1003", read=mit1003, parts=("ALLSTIMULI",), note=NOTE))
