"""What the charts of the page are laid out by: scales, and ticks at round values."""

import math
from dataclasses import dataclass

from matplotlib.ticker import MaxNLocator, ScalarFormatter

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
        """Pairs of pixel and text for round values within the scale, of at most `count` steps."""
        locator = MaxNLocator(count, steps=(1, 2, 5, 10))
        values = locator.tick_values(self.low, self.high)
        # It may begin below the scale and end above it.
        room = 1e-9 * (self.high - self.low)
        inside = values[(values >= self.low - room) & (values <= self.high + room)]
        texts = ScalarFormatter(useOffset=False)
        texts.create_dummy_axis()
        texts.axis.set_view_interval(self.low, self.high)
        texts.set_scientific(False)
        return list(zip(map(self, inside.tolist()), texts.format_ticks(inside), strict=True))


def scale(values, start, end, room=0.06):
    """The `Scale` that holds all values that are numbers, with some room at both ends."""
    known = [value for value in values if value is not None and not math.isnan(value)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    width = (high - low) or max(abs(high), 1.0) * 0.1
    return Scale(low - room * width, high + room * width, start, end)
