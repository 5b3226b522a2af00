"""One mask file: the values it has, which channel holds them, and which of two is the object.

Of two values the larger is the object, in grey as in one channel of a colour image. Where several
things tell the two apart (index and colour of a palette, colour and alpha), they have to agree.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from keras_attn.datasets.readers.image_files import OpenedImage, turned_upright
from keras_attn.errors import InputError
from keras_attn.metrics.object_masks import THRESHOLD, check_on_scale, constant, too_many

COLOURS = 256
"""More are no labels: they are a picture, or a mask with soft edges."""
REMEDY = (
    f"{THRESHOLD} of datasets.folder (in commands --data.mask-threshold, in the audit "
    "--mask-threshold)"
)
VOID, MOST_LABELS = 255, 100
"""The label of what is not to be judged, in sets of at most so many classes, as in PASCAL VOC."""
UNLISTED = (0, 0, 0, 255)
"""The colour of an index that a palette does not have."""
CHANNELS = {"R": "red", "G": "green", "B": "blue", "A": "alpha", "L": "grey"}
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I", "F")
"""What Pillow calls the kinds of images that masks may be; 16 bits are I;16 of any order."""


@dataclass(frozen=True)
class Value:
    """A pixel of a mask, as masks of one kind can be compared by."""

    mode: str
    pixel: tuple

    def __str__(self):
        if self.mode == "P":
            return f"index {self.pixel[0]}"
        return str(self.pixel[0] if len(self.pixel) == 1 else self.pixel)


@dataclass(frozen=True)
class Survey:
    """What is in a mask file: one value, or two, background first, which differ in `band`.

    counts: how many pixels each value has. level: of the object in `band`. in_alpha: whether its
    alpha channel varies. soft: whether it has more than two values. void: whether 255 stands in it
    beside small labels of classes. error: what is said then, or of two that do not tell which is
    the object, where no threshold is named.
    """

    path: Path
    shape: tuple
    values: tuple = ()
    counts: tuple = ()
    band: int = 0
    level: float | None = None
    in_alpha: bool = False
    soft: bool = False
    void: bool = False
    error: InputError | None = None


@contextmanager
def opened(path):
    """The image of a mask file; `InputError` where it is none that a mask can be read from."""
    with OpenedImage(path, deep=True) as image:
        sixteen = any(";16" in str(tile[3]) for tile in image.tile if len(tile) > 3)
        deep = image.mode.startswith("I;16")
        if not deep and (image.mode not in MODES or (sixteen and len(image.getbands()) > 1)):
            expected = "a mask in grey, with a palette, or in colours of 8 bits a channel"
            received = "16 bits a channel in colour" if sixteen else f"mode {image.mode!r}"
            raise InputError(path, expected, received)
        image = turned_upright(image)
        yield _without_palette(image) if image.mode == "P" else image


def _without_palette(image):
    """A picture in greys as such: their order in a palette is that of a program which reduced it.

    Labels keep their indices, those in colours as those whose palette makes no difference.
    """
    colours, used = _palette(image), [index for _, index in image.getcolors()]
    greys = colours[:, 0]
    coloured = (colours[:, :3] != greys[:, None]).any()
    if coloured or max(used) >= len(colours) or (colours[used, 3] != 255).any():
        return image
    told = greys if len(used) == 1 else greys[used]
    return image if len(set(told)) == 1 else Image.fromarray(greys[np.asarray(image)])


def survey(path):
    """The `Survey` of a file; `InputError` where it is no image that a mask can be read from."""
    with opened(path) as image:
        counted, shape = _counted(image, path), (image.height, image.width)
        alpha = image.mode in ("LA", "RGBA") and len(set(image.getextrema()[-1])) > 1
        if counted is None or len(counted) > 2:
            made = _of_many(image, path, shape, counted)
        else:
            made = _of_two(image.mode, path, shape, counted)
    return replace(made, in_alpha=alpha)


def _of_two(mode, path, shape, counted):
    """The `Survey` of a file with one value or two."""
    counted = {Value(mode, pixel): count for pixel, count in counted.items()}
    if len(counted) == 1:
        return Survey(path, shape, tuple(counted), tuple(counted.values()))
    try:
        low, high = ordered(path, *counted)
    except InputError as error:
        return Survey(path, shape, error=error)
    band = int(np.flatnonzero(np.not_equal(low.pixel, high.pixel))[0])
    counts = (counted[low], counted[high])
    return Survey(path, shape, (low, high), counts, band, high.pixel[band])


def _counted(image, path):
    """Pixels of each value, a tuple; None for more than `COLOURS`. Of a palette also its colour."""
    if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
        values = np.asarray(image)
        if not np.isfinite(values).all():
            raise InputError(path, "a mask of finite values", "NaN or infinite ones")
        values, counts = (part.tolist() for part in np.unique(values, return_counts=True))
        return {(value,): count for value, count in zip(values, counts, strict=True)}
    found = image.getcolors(COLOURS)
    if found is None:
        return None
    if image.mode == "1":
        return {(value > 0,): count for count, value in found}
    if image.mode == "P":
        colours = dict(enumerate(_palette(image).tolist()))
        return {(value, *colours.get(value, UNLISTED)): count for count, value in found}
    return {value if isinstance(value, tuple) else (value,): count for count, value in found}


def _palette(image):
    """Colours of a palette with their alpha, uint8 `(n, 4)`."""
    image.apply_transparency()
    return np.reshape(image.getpalette("RGBA"), (-1, 4)).astype(np.uint8)


def _of_many(image, path, shape, counted):
    """The `Survey` of a file with more than two values: soft, or a picture that was cut out."""
    bands, planes = image.getbands(), channels(image)
    varying = [i for i, plane in enumerate(planes) if plane.min() != plane.max()]
    if all(np.array_equal(planes[i], planes[varying[0]]) for i in varying):
        values = np.unique(planes[varying[0]])
        void = values[-1] == VOID and values[-2] <= MOST_LABELS
        error = too_many(path, values, REMEDY)
        return Survey(path, shape, soft=True, void=bool(void), error=error)
    if counted is None and image.mode == "RGBA" and image.convert("RGB").getcolors(COLOURS) is None:
        # So many colours are no labels, and opaque is what was left of the picture.
        values, counts = np.unique(planes[-1], return_counts=True)
        if len(values) == 2:
            made = tuple(Value("alpha of a picture", (value,)) for value in values.tolist())
            return Survey(path, shape, made, tuple(counts.tolist()), 3, int(values[1]))
    names = ", ".join(CHANNELS[bands[i]] for i in varying)
    expected = "one channel that holds the mask, or several that say the same"
    error = InputError(path, expected, f"{names} vary in different ways")
    return Survey(path, shape, soft=True, error=error)


def channels(image):
    """The channels of an image, each `(H, W)`; indices of one with a palette."""
    pixels = np.asarray(image)
    return (pixels,) if pixels.ndim == 2 else tuple(np.moveaxis(pixels, -1, 0))


def above(image, threshold, path, opaque):
    """Where a mask lies above a threshold; the channels that vary have to agree.

    opaque: an alpha channel is not looked at.
    """
    planes = channels(image)
    if image.mode == "1":
        return planes[0]
    check_on_scale(threshold, _top(image.mode), path)
    if opaque and image.mode in ("LA", "RGBA"):
        planes = planes[:-1]
    varying = [plane for plane in planes if plane.min() != plane.max()]
    made = [plane > threshold for plane in varying or planes]
    if not all(np.array_equal(one, made[0]) for one in made):
        expected = f"channels that agree in what is above {threshold}"
        raise InputError(path, expected, f"different ones in {image.mode}")
    return made[0]


def _top(mode):
    """The highest value of a kind of image, or None where its type has none that is used."""
    if mode.startswith("I;16"):
        return 65535
    return {"1": 1, "F": None, "I": None}.get(mode, 255)


# --- which of two values is the object ----------------------------------------------------------


def ordered(path, one, other):
    """Two `Value`s of a mask, the object's last; `InputError` where they do not tell."""
    first, second, mode = one.pixel, other.pixel, one.mode
    if mode == "P":
        told = [_larger(first[:1], second[:1]), _larger(first[4:], second[4:])]
        # That labels have colours says nothing of their order.
        if not all(len(set(value.pixel[1:4])) > 1 for value in (one, other)):
            told.append(_larger_colour(first[1:4], second[1:4]))
    elif mode in ("LA", "RGBA"):
        told = [_of_colours(first[:-1], second[:-1]), _larger(first[-1:], second[-1:])]
    else:
        told = [_of_colours(first, second)]
    told = {sign for sign in told if sign}
    if len(told) != 1:
        expected = (
            "two values that tell which is the object, the larger in every respect, as in a mask "
            "of one channel"
        )
        if mode == "P":
            words = (f"{v.pixel[0]} with the colour {v.pixel[1:4]}" for v in (one, other))
        else:
            words = (str(one), str(other))
        raise InputError(path, expected, " and ".join(words))
    return (one, other) if told == {1} else (other, one)


def _larger(first, second):
    """1 where `second` is larger in every channel that differs, -1 where `first` is, else 0."""
    signs = {int(np.sign(b - a)) for a, b in zip(first, second, strict=True)} - {0}
    return signs.pop() if len(signs) == 1 else 0


def _of_colours(first, second):
    """As `_larger` where one channel holds the mask, else as `_larger_colour`."""
    alone = sum(a != b for a, b in zip(first, second, strict=True)) == 1
    return (_larger if alone else _larger_colour)(first, second)


def _larger_colour(first, second):
    """As `_larger`, but 0 where a colour is darker than a grey, as red on white is."""
    larger, coloured = _larger(first, second), len(set(second)) > 1
    if (len(set(first)) > 1) == coloured:
        return larger
    return larger if larger == (1 if coloured else -1) else 0


def alone(value, opaque):
    """Whether a mask of this value alone is object; None where the value does not tell.

    opaque: no mask of its dataset lies in an alpha channel.
    """
    mode, pixel = value.mode, value.pixel
    if mode == "P":
        pixel = pixel[:4]
    elif opaque and mode in ("LA", "RGBA") and pixel[-1] == 255:
        pixel = pixel[:-1]
    if len(set(pixel)) > 1:
        return None
    return constant(pixel[0], 1 if mode == "F" else _top(mode), None)
