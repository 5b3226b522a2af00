"""Object masks as booleans: two values are a mask, whatever they are; more need a threshold."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_attn.errors import InputError, listing
from keras_attn.metrics.sequences import Arrays

THRESHOLD = "mask_threshold="
"""What callers name the value by above which a pixel is object."""


class Sides:
    """Which values are object and which are background, over all masks of a set.

    A mask of one value alone cannot say what it is; the others of its set can: where some hold 1
    and 2, one of 1 alone is a mask without an object.
    """

    def __init__(self):
        self._known = {}

    def learn(self, where, background, value):
        """Take down a mask of two values; `InputError` where another says the opposite."""
        for one, is_object in ((background, False), (value, True)):
            known, first = self._known.setdefault(one, (is_object, where))
            if known != is_object:
                names = ("the background", "the object")
                expected = f"masks that agree in which values are object, or {THRESHOLD}"
                here, there = names[is_object], names[known]
                raise InputError(where, expected, f"{one} as {here}, as {there} in {first}")

    def of(self, value):
        """True for object, False for background, None for a value of no other mask."""
        return self._known.get(value, (None, None))[0]


def check_threshold(threshold):
    """`threshold` as it is; `InputError` unless None or a finite number that is not negative."""
    numeric = isinstance(threshold, (int, float, np.integer, np.floating))
    if threshold is None or (
        numeric and not isinstance(threshold, bool) and 0 <= threshold < 2**64
    ):
        return threshold
    expected = "None, or a value of the masks' own scale: what is above it is object"
    raise InputError("mask_threshold", expected, repr(threshold))


def check_on_scale(threshold, top, where):
    """`InputError` where no value can be above `threshold`, or where it seems to be a share.

    top: the highest value that the mask's type can hold, or None for numbers without end.
    """
    expected = f"a value that those of {where} can be above"
    if top is not None and threshold >= top:
        raise InputError("mask_threshold", f"{expected}, from 0 to below {top}", threshold)
    if top is not None and top > 1 and 0 < threshold < 1:
        expected = f"a value of the masks' own scale, such as {top // 2} for half of {top}"
        raise InputError("mask_threshold", expected, threshold)


def too_many(where, values, remedy=THRESHOLD):
    """The `InputError` for a mask of more than two `values`, a sorted sequence."""
    expected = (
        "two values; soft edges, as resizing and JPEG leave them, grades and labels need "
        f"{remedy}, the value above which a pixel is object"
    )
    shown = [f"{value:g}" for value in values[:4]]
    text = f"{', '.join(shown)} … {values[-1]:g}" if len(values) > 4 else listing(shown)
    return InputError(where, expected, f"{len(values)} values: {text}")


def one_alone(where, value):
    """The `InputError` for a mask of one value that nothing tells the meaning of."""
    expected = (
        "two values; one alone is object where it is the highest of its type, no object where it "
        f"is 0, and else what other masks say or {THRESHOLD}"
    )
    return InputError(where, expected, f"{value} everywhere")


def as_masks(
    masks: Arrays, threshold: float | None = None, names: Sequence[str] | None = None
) -> list[NDArray[np.bool_]]:
    """A sequence of masks as booleans, by one rule for all of them.

    Booleans are taken as they are. Of two values in a mask the larger is the object. A mask of one
    value is what that value is in the others; if it is in none, 0 is no object, and the highest of
    its type (255 in uint8, 1 in floats) all object.

    Args:
        masks: Arrays `(H, W)`.
        threshold: Values above it are object, in every mask but boolean ones; needed where one has
            more than two values.
        names: What they are called in errors.

    Returns:
        A list of boolean `(H, W)`.

    Raises:
        InputError: For all else, such as more than two values without a threshold.

    Example:

    >>> import numpy as np
    >>> from keras_attn.metrics.object_masks import as_masks
    >>> as_masks([np.array([[0, 7]])])
    [array([[False,  True]])]
    """
    check_threshold(threshold)
    names = names or [f"masks[{place}]" for place in range(len(masks))]
    named = [(name, _numbers(name, mask)) for name, mask in zip(names, masks, strict=True)]
    if threshold is not None:
        return [_above(where, mask, threshold) for where, mask in named]
    found, sides = [], Sides()
    for where, mask in named:
        values = _distinct(mask) if mask.dtype != bool else np.zeros(0)
        if len(values) > 2:
            raise too_many(where, values)
        if len(values) == 2:
            sides.learn(where, *values.tolist())
        found.append(values)
    return [_told(*one, values, sides) for one, values in zip(named, found, strict=True)]


def as_mask(
    mask: ArrayLike, threshold: float | None = None, where: str = "mask"
) -> NDArray[np.bool_]:
    """One mask `(H, W)` as booleans, as `as_masks` makes them of several."""
    return as_masks([mask], threshold, (where,))[0]


def _numbers(where, mask):
    mask = np.asarray(mask)
    if mask.ndim != 2 or 0 in mask.shape or mask.dtype.kind not in "biuf":
        received = f"shape {mask.shape}, type {mask.dtype}"
        raise InputError(where, "a mask (H, W) of numbers, one channel", received)
    if mask.dtype.kind == "f" and not np.isfinite(mask).all():
        bad = int((~np.isfinite(mask)).sum())
        raise InputError(where, "finite values", f"{bad} NaN or infinite")
    return mask


def _distinct(mask):
    if mask.dtype == np.uint8:
        return np.flatnonzero(np.bincount(mask.ravel(), minlength=256))
    return np.unique(mask)


def top_of(dtype):
    """The highest value of a type: 1 of floats and booleans, None of signed integers."""
    if dtype.kind == "u":
        return int(np.iinfo(dtype).max)
    return None if dtype.kind == "i" else 1


def _above(where, mask, threshold):
    if mask.dtype == bool:
        return mask
    top = top_of(mask.dtype) if mask.dtype.kind == "u" else None
    check_on_scale(threshold, top, where)
    return mask > threshold


def _told(where, mask, values, sides):
    if mask.dtype == bool:
        return mask
    if len(values) == 2:
        return mask == values[1]
    [value] = values.tolist()
    is_object = constant(value, top_of(mask.dtype), sides.of(value))
    if is_object is None:
        raise one_alone(where, value)
    return np.full(mask.shape, is_object)


def constant(value, top, known):
    """Whether a mask of one value is object; None where nothing tells. known: what others say."""
    if known is not None:
        return known
    return {0: False, top: True}.get(value)
