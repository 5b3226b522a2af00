"""Maps from a function on images, such as a network of another framework. Loads no TensorFlow."""

import numpy as np

from keras_attn.errors import InputError
from keras_attn.resizing import resized, size_of


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
