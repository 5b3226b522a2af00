"""Maps from a folder of files. Loads no TensorFlow."""

from pathlib import Path

import cv2
import numpy as np

from keras_attn.datasets.readers.image_files import check_upright, picture_file
from keras_attn.datasets.readers.reader import by_stem
from keras_attn.errors import InputError, listing

MAP_SUFFIXES = (".npy", ".png")
NEARLY = 0.05
"""How far the logarithms of two proportions may differ that are taken for one."""


class FolderMaps:
    """Maps from files: `<image name>.npy` (H, W) or `<image name>.png` (one channel or grey).

    They are of the upright pictures; one that has the proportions of a picture as it is stored,
    sideways by EXIF, is refused.
    """

    def __init__(self, folder):
        self.folder = Path(folder).expanduser()
        self.files = by_stem(self.folder, MAP_SUFFIXES, "maps", "one map for each image")
        self.of_another_size = {}

    def describe(self):
        """Where the maps come from."""
        return f"maps in {self.folder}"

    def check(self, examples):
        """Fail before the work begins, not in its middle, where maps are missing."""
        missing = [example.id for example in examples if example.id not in self.files]
        if missing:
            expected = f"a map ({' or '.join(MAP_SUFFIXES)}) for each of {len(examples)} images"
            received = f"{len(self.files)} maps, none for: {listing(missing, 5)}"
            raise InputError(self.folder, expected, received)

    def __call__(self, images, examples):
        """Read the maps of the examples."""
        maps = [read_map(self.files[example.id]) for example in examples]
        for example, saliency in zip(examples, maps, strict=True):
            if saliency.shape != tuple(example.shape):
                _refuse_sideways(self.files[example.id], saliency.shape, example)
                self.of_another_size[example.id] = saliency.shape, tuple(example.shape)
        return {("", "map"): maps}

    def notes(self):
        """What a reader of the scores has to know of these files."""
        if not self.of_another_size:
            return []
        name, (received, wanted) = next(iter(self.of_another_size.items()))
        turned = sum(one == other[::-1] for one, other in self.of_another_size.values())
        told = f", {turned} of them with height and width exchanged: transposed?" if turned else ""
        return [
            f"{len(self.of_another_size)} maps in {self.folder.name} have another size than their "
            f"image and were resized ({name}: {received} to {wanted}){told or '.'}"
        ]


def _refuse_sideways(path, shape, example):
    """Refuse a map of the rows of a picture as they are stored, where that is sideways.

    Maps keep the proportions of their picture to a few hundredths, if they keep them.
    """
    rows, columns = shape
    height, width = example.shape
    near = [abs(np.log(rows / columns / ratio)) for ratio in (width / height, height / width)]
    if near[0] < NEARLY < near[1] and picture_file(example.image).sideways:
        expected = f"a map of {example.image.name} upright, {example.shape}, for it is stored "
        expected += "rotated (EXIF) and is read upright"
        received = f"{shape}, the proportions that are stored (turn the map as the picture is)"
        raise InputError(path, expected, received)


def read_map(path):
    """A map file as a float array `(H, W)`; pickled arrays are refused."""
    expected = "one map (H, W) as .npy, or as .png with one channel"
    try:
        if path.suffix.lower() == ".npy":
            values = np.load(path, allow_pickle=False)
        else:
            values = cv2.imread(str(path), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    except (OSError, EOFError, ValueError) as error:
        raise InputError(path, expected, f"a file that cannot be read ({error})") from error
    if not isinstance(values, np.ndarray):
        raise InputError(path, expected, "a file that cannot be read as one array")
    if path.suffix.lower() != ".npy":
        check_upright(path)
    if values.ndim == 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim == 3 and (values == values[..., :1]).all():
        values = values[..., 0]
    if values.ndim != 2 or values.dtype.kind not in "biuf":
        raise InputError(path, expected, f"shape {values.shape}, type {values.dtype}")
    return values.astype(np.float64)
