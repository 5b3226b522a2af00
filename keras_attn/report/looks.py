"""How the networks of an attention are drawn: a colour and a mark, in figures and on the page.

Those of a registered mechanism are its own.
"""

from typing import NamedTuple

from matplotlib.markers import MarkerStyle

from keras_attn.mechanisms import NAMED
from keras_attn.report.naming import order


class Look(NamedTuple):
    """Colours on light and on dark ground, "#rrggbb", and a mark, one of `MARKERS`."""

    light: str
    dark: str
    mark: str


MARKERS = {"circle": "o", "square": "s", "triangle": "^", "diamond": "D", "star": "*", "down": "v"}
"""By mark, what Matplotlib calls it."""
LARGER = {"star": 1.4, "triangle": 1.15, "down": 1.15}
"""By mark, how much larger it is drawn, so that it takes as much room as others."""
OTHERS = (
    Look("#9a4a80", "#dd9cc4", "down"),
    Look("#6a6400", "#cfc74a", "circle"),
    Look("#5b4bb0", "#b3a6ff", "square"),
    Look("#00707f", "#5cc8d6", "triangle"),
    Look("#7a5230", "#d9a97c", "diamond"),
    Look("#a03030", "#f0908a", "star"),
)
"""For networks without attention and for names that nothing is registered under, in turn."""


def looks(attentions):
    """`{attention: Look}` in the order of the tables; no two are alike while there are others."""
    drawn = {}
    for name in sorted(set(attentions), key=lambda one: order(attention=one)):
        own = NAMED.get(name)
        wanted = [] if own is None else [Look(*own.colours, own.mark)]
        free = [look for look in (*wanted, *OTHERS) if look not in drawn.values()]
        drawn[name] = free[0] if free else OTHERS[len(drawn) % len(OTHERS)]
    return drawn


def marker_size(mark, size):
    """The size of a mark for Matplotlib, in the unit of `size`."""
    return size * LARGER.get(mark, 1)


def svg_path(mark, size=10.0):
    """A mark around (0, 0) as the `d` of an SVG path; most are `size` wide."""
    style, scale = MarkerStyle(MARKERS[mark]), marker_size(mark, size)
    path = style.get_path().transformed(style.get_transform().scale(scale, -scale))
    letters = {path.MOVETO: "M", path.LINETO: "L", path.CURVE4: "C", path.CLOSEPOLY: "Z"}
    parts = []
    for points, code in path.iter_segments(simplify=False):
        numbers = () if code == path.CLOSEPOLY else points.round(2) + 0.0
        parts.append(letters[code] + " ".join(f"{number:g}" for number in numbers))
    return "".join(parts)
