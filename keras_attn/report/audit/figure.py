"""The picture of an audit: a few images beside their gaze and some maps of every model."""

import re
from functools import lru_cache

from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

from keras_attn import pictures
from keras_attn.report.audit import choice
from keras_attn.statistics import evenly

IMAGES, MAPS = 4, 8
COLUMN, GAP = 1.9, 0.1
"""Width of a column and space between rows, in inches."""
SIZE = 8
"""Of all text, in points."""
POINTS = 72
"""In an inch."""
WORDS, PARTS = r"\S+\s*", r"[^\s/_]+[\s/_]*|[\s/_]+"
"""Where a line may end: prose after a space, the name of a layer after `/` and `_` as well."""


def figure(result):
    """A few images of the gallery beside gaze and maps, as a Matplotlib figure."""
    names = choice.chosen(result, MAPS)
    rows = _rows(result, names)
    titles = [_title(text) for text in ("image", "gaze", *map(str, names))]
    width = COLUMN * len(titles)
    told = f"{choice.order(result)} {choice.left_out(result, names)}"
    caption = _wrapped(told, POINTS * width - 2 * SIZE, WORDS)
    above, below = _height(max(titles, key=len)), _height(caption)
    ratios = [image.shape[0] / image.shape[1] for image, *_ in rows]
    height = above + below + COLUMN * sum(ratios) + GAP * len(rows)
    figure = Figure(figsize=(width, height))
    sizes = {"height_ratios": ratios}
    axes = figure.subplots(len(rows), len(titles), squeeze=False, gridspec_kw=sizes)
    for axis, picture in zip(axes.flat, (p for row in rows for p in row), strict=True):
        axis.imshow(picture)
        axis.set_axis_off()
    # Names are no formulas, whatever signs of the dollar they hold.
    for axis, lines in zip(axes[0], titles, strict=True):
        axis.set_title("\n".join(lines), fontsize=SIZE, parse_math=False)
    figure.tight_layout(pad=0.4, rect=(0, below / height, 1, 1))
    left, top = SIZE / (POINTS * width), below / height
    figure.text(left, top, "\n".join(caption), fontsize=SIZE, va="top", parse_math=False)
    return figure


def _rows(result, names):
    """Per image: the image, its gaze and the named maps, as pictures."""
    rows = []
    for place in evenly(len(result.gallery.indices), IMAGES):
        example = result.dataset[result.gallery.indices[place]]
        image, seen = pictures.image_and_gaze(example, pictures.LARGEST)
        maps = [pictures.overlay(image, result.gallery.maps[name][place]) for name in names]
        rows.append([image, seen, *maps])
    return rows


def _title(name):
    """The lines above a column; each part of the name begins a new one."""
    width = POINTS * COLUMN - SIZE
    return [line for part in name.split(" · ") for line in _wrapped(part, width, PARTS)]


def _height(lines):
    """Inches that lines of text and the space around them take."""
    return (1.3 * len(lines) + 1) * SIZE / POINTS


def _wrapped(text, width, pieces):
    """Lines of at most `width` points, broken between matches of `pieces`, else within one."""
    lines = [""]
    for piece in re.findall(pieces, text):
        if _width(lines[-1] + piece) <= width:
            lines[-1] += piece
            continue
        lines.append("")
        for character in piece:
            if lines[-1] and _width(lines[-1] + character) > width:
                lines.append("")
            lines[-1] += character
    return [line.strip() for line in lines if line.strip()]


@lru_cache(maxsize=4096)
def _width(text):
    """Points that a line of the figure's text is wide."""
    text = text.strip().replace("$", r"\$")
    return TextPath((0, 0), text, size=SIZE).get_extents().width if text else 0
