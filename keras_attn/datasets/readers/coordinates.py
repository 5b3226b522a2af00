"""From what a table of gaze has as x and y to pixels of each picture."""

import numpy as np

from keras_attn.errors import InputError
from keras_attn.metrics import plausibility


def in_pixels(points, shape, form, where):
    """Points of one picture in its pixels: float64 `(N, 2)`, NaN where there is no gaze.

    points: `(N, 2)` x and y as they are in the table. shape: (H, W) of the picture, upright.
    form: a `gaze_format.GazeFormat`. where: what the picture is called in an `InputError`.
    """
    size = np.array(shape[::-1], np.float64)
    frame = size if form.screen is None else np.array(form.screen, np.float64)
    points = without_codes(points, form.codes)
    if form.coordinates == "normalised":
        points = points * frame
    elif form.coordinates == "centred":
        points = points * (1, -1 if form.y_axis == "up" else 1) + frame / 2
    if form.y_axis == "up" and form.coordinates != "centred":
        points = np.column_stack([points[:, 0], frame[1] - points[:, 1]])
    if form.screen is None:
        return points
    left, top, width, height = _place(size, frame, form.place, where)
    return (points - (left, top)) * (size / (width, height))


def checked(met, form, where, expected):
    """The `plausibility.Points` of all pictures or videos; `InputError` for those that cannot be.

    met: of each its name, points as they were written and in pixels, its (H, W), and whose they
    are. where: the table. expected: what the error says of them.
    """
    ids, raw, points, shapes, subjects = zip(*met, strict=True)
    options = {"raw": raw, "subjects": subjects, "ids": ids, "form": form}
    points = plausibility.Points.of(points, shapes, **options)
    if told := plausibility.suspicion(points):
        raise InputError(where, expected, told)
    return points


def without_codes(points, codes):
    """Points with NaN where they are one of the codes, (x, y), that stand for no gaze."""
    points = np.asarray(points, np.float64)
    coded = np.zeros(len(points), bool)
    for code in codes:
        coded |= (points == code).all(axis=1)
    return np.where(coded[:, None], np.nan, points)


def _place(size, screen, place, where):
    """The picture's box on the screen: left, top, width, height."""
    if place is None:
        if (size == screen).all():
            return 0.0, 0.0, *screen
        expected = (
            "where a picture of another size than the screen lay on it: place='centre', 'fit', "
            "'stretch' or (left, top, width, height) (--place)"
        )
        raise InputError(f"place of {where}", expected, f"none, for {_size(size)} pixels")
    if place == "stretch":
        return 0.0, 0.0, *screen
    if not isinstance(place, str):
        return tuple(map(float, place))
    if place == "centre" and (size > screen).any():
        expected = f"a picture within the screen of {_size(screen)} pixels, or place='fit'"
        raise InputError(f"place of {where}", expected, f"one of {_size(size)} pixels")
    shown = size if place == "centre" else size * (screen / size).min()
    return *((screen - shown) / 2), *shown


def _size(size):
    return f"{size[0]:g} × {size[1]:g}"
