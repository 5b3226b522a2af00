"""MIT1003 (Judd et al. 2009): 1,003 images, raw samples of 15 viewers."""

from functools import partial
from pathlib import Path

import numpy as np

from keras_attn.datasets import readers
from keras_attn.datasets.format import Format
from keras_attn.errors import InputError
from keras_attn.registry import register

NOTE = (
    "MIT1003 is published as raw samples: the fixations are those that the method of the "
    "publishers' code finds in them. The first of each viewing, on the cross in the middle, is "
    "left out, as the publishers do."
)


def mit1003(root, *, on_bad_example="raise"):
    """Read MIT1003 as `ALLSTIMULI.zip` and `DATA.zip` are unpacked.

    root/ALLSTIMULI/<stem>.jpeg
    root/DATA/<viewer>/<stem>.mat   struct of any name, DATA(1).eyeData: rows of x, y in pixels of
                                    the image, 240 a second, negative in blinks

    Fixations are found by `fixation_detection.find_fixations`; x and y are taken as positions,
    pixel i from i to i + 1. The first fixation of each viewing is left out and counted, blinks and
    what lies beside the image are dropped and counted. Returns a `GazeDataset`, ordered by stem;
    viewers bear the names of their folders.
    """
    root = Path(root).expanduser()
    images = readers.by_stem(root / "ALLSTIMULI", (".jpeg", ".jpg"), ".jpeg files")
    viewers = _viewers(root / "DATA")
    reader = readers.GazeReader("mit1003", on_bad_example)
    firsts = []
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


def read_samples(path):
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
