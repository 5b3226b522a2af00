"""How a table of gaze is written: its text, what its coordinates count, and what stands for none.

Loads neither NumPy nor pandas: configurations and commands have these fields too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal

from keras_attn.errors import InputError, one_of
from keras_attn.registries import DATASETS

Coordinates = Literal["pixels", "normalised", "centred"]
Axis = Literal["down", "up"]
Place = Literal["centre", "fit", "stretch"]
MOST_LOST = 0.2
"""Share of the points that may be of no use; in published data it is a few per cent at most."""


@dataclass(frozen=True, kw_only=True)
class GazeFormat:
    """What a table of gaze leaves unsaid. Raises `InputError` for values that do not fit."""

    coordinates: Coordinates = "pixels"
    """What x and y are: pixels, normalised (from 0 to 1), or centred (pixels from the middle)."""
    y_axis: Axis = "down"
    """Where y grows to: down, or up as in Pupil's norm_pos and in PsychoPy."""
    screen: tuple[float, float] | None = None
    """Width and height of the screen in its pixels, where x and y refer to it and not to the
    picture."""
    place: Place | tuple[float, float, float, float] | None = None
    """Where the picture lay on that screen: centre (in its middle, pixel for pixel), fit (as large
    as it went in, in the middle), stretch (all over it), or left, top, width and height."""
    missing: tuple[str, ...] | None = None
    """Codes for no gaze beside an empty field, NaN, n/a, "." and "-": a text, a number that x and y
    both have, or a point such as 960,540. None at all: nothing that looks like a code is one."""
    most_lost: float = MOST_LOST
    """Share of points that may lie off their picture or pile up on one pixel, of all and of one
    viewer, before the reading is refused; 1 takes everything."""
    separator: str = ","
    """Between the columns of a CSV file; "tab" for a tabulator."""
    decimal: Literal[".", ","] = "."
    """The decimal sign in CSV files."""
    encoding: str = "utf-8"
    """Of the text in CSV files, such as utf-16 or latin-1."""

    def __post_init__(self):
        one_of("coordinates", self.coordinates, ("pixels", "normalised", "centred"))
        one_of("y_axis", self.y_axis, ("down", "up"))
        one_of("decimal", self.decimal, (".", ","))
        object.__setattr__(self, "separator", _separator(self.separator))
        if self.screen is not None:
            _check_numbers("screen", self.screen, "(width, height)", 2)
        self._check_place()
        if self.missing is not None:
            codes = (self.missing,) if isinstance(self.missing, (str, int, float)) else self.missing
            object.__setattr__(self, "missing", tuple(map(_code, codes)))
        if not 0 < self.most_lost <= 1:
            raise InputError("most_lost", "a share above 0, up to 1", self.most_lost)
        try:
            "".encode(self.encoding)
        except LookupError as error:
            expected = "the name of a text encoding, such as utf-16 or latin-1"
            raise InputError("encoding", expected, repr(self.encoding)) from error

    def _check_place(self):
        if self.place is None or self.screen is None:
            if self.place is not None:
                expected = "screen=(width, height) beside it (--screen W H)"
                raise InputError("place", expected, "no screen")
            return
        if isinstance(self.place, str):
            one_of("place", self.place, ("centre", "fit", "stretch"))
        else:
            _check_numbers("place", self.place, "(left, top, width, height)", 4, positive=2)

    @property
    def codes(self):
        """The points among `missing`, (x, y); a number alone is both."""
        return tuple(point for code in self.missing or () if (point := _point(code)))

    @property
    def words(self):
        """The texts among `missing`, in lower case."""
        return tuple(code for code in self.missing or () if _point(code) is None)


FIELDS = tuple(field.name for field in fields(GazeFormat))


def fields_of(settings):
    """The fields of a `GazeFormat` in `settings`, a dataclass that has them all: a dict by name."""
    return {name: getattr(settings, name) for name in FIELDS}


def changed(settings):
    """Those of `fields_of` that are not as they are by default."""
    default = fields_of(GazeFormat())
    return {name: value for name, value in fields_of(settings).items() if value != default[name]}


def check_read(name, settings):
    """Raise `InputError` for fields that are set for a dataset of a format of its own."""
    for field, value in changed(settings).items():
        if not DATASETS[name].takes_form:
            expected = f"nothing for {name}, whose files leave it not open"
            raise InputError(f"data.{field}", expected, repr(value))


def _separator(text):
    text = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(text) != 1 or text in ('"', "\n", "\r", "."):
        expected = "one character between columns, neither a quote nor a point"
        raise InputError("separator", expected, repr(text))
    return text


def _check_numbers(where, values, what, count, positive=None):
    numbers = isinstance(values, (tuple, list)) and all(
        isinstance(value, (int, float)) and math.isfinite(value) for value in values
    )
    last = values[-(positive or count) :] if numbers else ()
    if not numbers or len(values) != count or not all(value > 0 for value in last):
        raise InputError(where, f"{what} in pixels", repr(values))


def _code(code):
    """A code as text: that of a pair is its numbers with a comma between."""
    pair = isinstance(code, (tuple, list))
    parts = code if pair else (code,)
    if (pair and len(parts) != 2) or not all(isinstance(p, (str, int, float)) for p in parts):
        expected = "a text, a number that x and y both have, or a pair (x, y)"
        raise InputError("missing", expected, repr(code))
    return ",".join(str(part).strip().lower() for part in parts)


def _point(code):
    """The point (x, y) that a code stands for; None for a text."""
    parts = code.split(",")
    if len(parts) > 2 or not all(map(_is_number, parts)):
        return None
    return float(parts[0]), float(parts[-1])


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return text not in ("nan", "inf", "-inf", "infinity")
