"""What figures are made of: the pictures that evaluations kept, and panels of them in a grid."""

from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_attn import pictures, storage
from keras_attn.errors import InputError, listing
from keras_attn.evaluation import gallery_file
from keras_attn.statistics import evenly

PANEL = 1.35
"""Width of a picture in inches."""


@dataclass(frozen=True)
class Panel:
    """A picture of a figure; title: above its column; caption: below it; row: beside its row."""

    title: str
    picture: np.ndarray
    caption: str = ""
    row: str = ""


def read_galleries(folders, most):
    """Galleries by title, of the first folder of each; refused where they show other things.

    folders: lists of run folders by title. most: of the examples, which are evenly chosen.
    """
    names = {title: _ids(several[0]) for title, several in folders.items()}
    first = next(iter(folders))
    if not names[first]:
        raise InputError(folders[first][0], "pictures of at least one example", "none")
    for title, ids in names.items():
        if ids != names[first]:
            expected = f"pictures of the examples of {first}, {listing(names[first])}"
            raise InputError(folders[title][0], expected, listing(ids))
    chosen = {names[first][place] for place in evenly(len(names[first]), most)}
    return {title: gallery_file.read(several[0], ids=chosen) for title, several in folders.items()}


def _ids(folder):
    return [str(one["id"]) for one in gallery_file.read(folder, ("id",))]


def in_frame(title, picture, correct, predicted):
    """A panel framed by whether the class was told, with the name of what was told instead."""
    caption = "" if correct else spaced(predicted)
    return Panel(title, pictures.framed(picture, bool(correct)), caption)


def spaced(name):
    """The name of a class as it is shown."""
    return str(name).replace("_", " ")


def grid(rows, path):
    """Write panels in rows as a PNG file; titles stand above the first row."""
    heights = [
        PANEL * row[0].picture.shape[0] / row[0].picture.shape[1]
        + (0.16 if any(panel.caption for panel in row) else 0)
        for row in rows
    ]
    figure = Figure(figsize=(PANEL * len(rows[0]), sum(heights) + 0.55))
    axes = figure.subplots(len(rows), len(rows[0]), squeeze=False, height_ratios=heights)
    for place, row in enumerate(rows):
        for axis, panel in zip(axes[place], row, strict=True):
            axis.imshow(panel.picture)
            axis.set_xticks([])
            axis.set_yticks([])
            axis.spines[:].set_visible(False)
            axis.set_xlabel(panel.caption, fontsize=6, labelpad=1)
            axis.set_ylabel(panel.row, fontsize=8)
            if place == 0:
                axis.set_title(panel.title, fontsize=9)
    figure.tight_layout(pad=0.3, w_pad=0.15, h_pad=0.15)
    with storage.replacing(path) as stage:
        figure.savefig(stage, dpi=110, format="png")
    return path


class Canvas:
    """A white picture with text, for tiles at places of their own, which nothing resizes.

    Places are x and y in pixels from the top left.
    """

    DPI = 100

    def __init__(self, height, width):
        self.height, self.width = height, width
        self.figure = Figure(figsize=(width / self.DPI, height / self.DPI), dpi=self.DPI)

    def text(self, x, y, text, points, **how):
        """Text in the middle of (x, y) in black; how: as for `Figure.text`."""
        how = {"ha": "center", "va": "center"} | how
        self.figure.text(x / self.width, 1 - y / self.height, text, fontsize=points, **how)

    def drawn(self):
        """What is on the sheet, uint8 `(height, width, 3)`."""
        canvas = FigureCanvasAgg(self.figure)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3].copy()


LETTER = 0.63 * Canvas.DPI / 72
"""Width of a letter in pixels for each point of its size."""


def fitting(text, points, width):
    """At most so many points, fewer for text that would be wider than `width` pixels."""
    return min(points, width / (LETTER * max(1, len(text))))


def paste(picture, tile, x, y):
    """Put a tile into a picture, its top left corner at (x, y)."""
    picture[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
