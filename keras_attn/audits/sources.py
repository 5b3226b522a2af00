"""Where the audited maps come from: a folder of map files, or a function on images.

A source is called with a list of images (uint8 RGB `(H, W, 3)`, sizes may differ) and their
examples, and returns `{(layer, kind): [map, ...]}`, one finite two-dimensional float array per
image, of any size; the layer is "" where there is but one. `describe()` says where the maps come
from. It may have `check(examples)`, called before the work begins, and `notes()`,
after it. Networks are in `keras_maps` and `saved_model_maps`; this loads no TensorFlow.
"""

from pathlib import Path

import cv2
import numpy as np

from keras_attn.datasets.readers.image_files import check_upright, picture_file
from keras_attn.datasets.readers.reader import by_stem
from keras_attn.errors import InputError, listing
from keras_attn.resizing import resized, size_of

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


class FunctionMaps:
    """Maps from a function of float32 RGB images `(n, H, W, 3)` in [0, 255].

    It returns `(n, h, w)` or `(n, h, w, 1)`, or a dict of such by name. size: what the images
    are resized to; without it they keep their size, and only images of one size share a call.
    """

    def __init__(self, function, size=None):
        self.function, self.size = function, None if size is None else size_of(size)
        self.name = getattr(function, "__name__", type(function).__name__)

    def describe(self):
        """What is called, and on what."""
        given = "their own size" if self.size is None else f"{self.size[0]}×{self.size[1]}"
        return f"function {self.name} on images of {given}"

    def __call__(self, images, examples):
        """Call the function once per image size, and put the maps back in order."""
        shapes = [self.size or image.shape[:2] for image in images]
        maps = {}
        for shape in dict.fromkeys(shapes):
            at = [i for i, other in enumerate(shapes) if other == shape]
            for name, values in self._called(resized([images[i] for i in at], shape)).items():
                for i, saliency in zip(at, values, strict=True):
                    maps.setdefault((name, "map"), [None] * len(images))[i] = saliency
        return maps

    def _called(self, batch):
        try:
            returned = self.function(batch)
        except Exception as error:  # whatever a function of the user's raises
            expected = f"a function of float32 RGB images (n, H, W, 3), here {batch.shape}"
            received = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
            raise InputError(f"function {self.name}", expected, received) from error
        named = returned if isinstance(returned, dict) else {"": returned}
        what = f"what {self.name} returned"
        return {
            name: as_maps(values, len(batch), f"{what} as {name!r}" if name else what)
            for name, values in named.items()
        }


def as_maps(values, count, what):
    """Maps `(count, h, w)` as an array, of `(count, h, w)` or `(count, h, w, 1)`, real numbers.

    what: who returned it, as the error calls it.
    """
    expected = f"{count} maps as (n, h, w) or (n, h, w, 1) for {count} images"
    try:
        values = np.asarray(values)
    except Exception as error:  # of whatever cannot be an array
        raise InputError(what, expected, f"a {type(values).__name__} ({error})") from error
    if values.dtype.name == "bfloat16":  # which is no number to NumPy
        values = values.astype(np.float32)
    if values.ndim == 4 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != 3 or len(values) != count or 0 in values.shape:
        raise InputError(what, expected, f"shape {values.shape}")
    if values.dtype.kind not in "biuf":
        raise InputError(what, f"{expected}, of real numbers", f"type {values.dtype}")
    return values
