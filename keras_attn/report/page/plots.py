"""What the charts of the page are drawn with: scales, ticks, and a mark for each mechanism."""

import math
from dataclasses import dataclass

from keras_attn.mechanisms import MECHANISMS
from keras_attn.report.naming import NO_ATTENTION

ATTENTIONS = (*MECHANISMS, NO_ATTENTION)

SHAPES = ("circle", "square", "triangle", "diamond", "star", "down")
"""Of the mechanisms in their order, the last of any other; drawn by `shape`."""
FILLS = (0.0, 0.4, 1.0)
"""Opacity of the marks of the first, second and third trunk of a chart."""


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` as pixels from `start` to `end`, rounded to tenths."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value):
        """The pixel of a value."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, count=5):
        """Pairs of pixel and text for round values within the scale."""
        step = _step((self.high - self.low) / count)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        values = [place * step for place in range(first, last + 1)]
        return [(self(value), printed(value, digits)) for value in values]


def _step(raw):
    """The round number, 1, 2 or 5 times a power of ten, that is at least `raw`."""
    power = 10 ** math.floor(math.log10(raw))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= raw * (1 - 1e-9))


def printed(value, digits):
    """A number of the axis, with a minus that is as wide as a plus."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def scale(values, start, end, room=0.06):
    """The `Scale` that holds all values that are numbers, with some room at both ends."""
    known = [value for value in values if value is not None and not math.isnan(value)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    width = (high - low) or max(abs(high), 1.0) * 0.1
    return Scale(low - room * width, high + room * width, start, end)


def place_of(attention):
    """The place of a mechanism among colours and `SHAPES`; all unknown ones share the last."""
    known = ATTENTIONS.index(attention) if attention in ATTENTIONS else len(SHAPES)
    return min(known, len(SHAPES) - 1)


def shape(name, x, y, size=5.0):
    """The path of a mark around (x, y), as the `d` of an SVG path."""
    if name == "circle":
        half = f"a{size} {size} 0 1 0"
        return f"M{x - size:.1f} {y:.1f}{half} {2 * size} 0{half} {-2 * size} 0z"
    corners = " ".join(f"{x + size * dx:.1f} {y + size * dy:.1f}" for dx, dy in _CORNERS[name])
    return f"M{corners}z"


def _star():
    for corner in range(10):
        reach, angle = (1.35, 0.6)[corner % 2], math.pi * (corner / 5 - 0.5)
        yield reach * math.cos(angle), reach * math.sin(angle)


_CORNERS = {
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "triangle": ((0, -1.2), (1.1, 0.8), (-1.1, 0.8)),
    "down": ((0, 1.2), (1.1, -0.8), (-1.1, -0.8)),
    "diamond": ((0, -1.3), (1.2, 0), (0, 1.3), (-1.2, 0)),
    "star": tuple(_star()),
}
