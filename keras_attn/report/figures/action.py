"""Where networks look in a video, beside where people look: a few frames, and a clip that moves.

The heat of an attention has one scale for the whole clip, never one for each frame: what looks
hotter is, in whatever frame.
"""

import cv2
import numpy as np
from PIL import Image

from keras_attn import pictures, storage
from keras_attn.errors import InputError, listing
from keras_attn.pictures import moving
from keras_attn.report.figures.panels import LETTER, Canvas, fitting, paste, read_galleries, spaced
from keras_attn.statistics import evenly

VIDEOS = 2
"""Most videos that are shown."""
FRAMES, MOVING = 4, 16
"""Most frames of each in the figure and in the animation."""
MILLISECONDS = 160
"""Of each frame of the animation: about six a second. GIF counts in hundredths of a second."""
COLOURS = 128
"""Of each video of the animation; the file grows with them."""

FRAME, TILE = 112, 96
"""Width in pixels of a frame in the figure, and of a network's picture in the animation."""
GAP, APART = 4, 20
"""White pixels between pictures, and between videos side by side."""
DOT = 3
"""Radius in pixels of a point that was looked at."""
HEAD, TITLE, CAPTION = 24, 18, 16
"""Height in pixels of the line of the class, of titles above columns and of captions."""
SIDE = 20
"""Width in pixels of what names the rows of the animation."""
LARGE, MEDIUM, SMALL = 9.5, 8, 7
"""Points of the text: classes, titles and captions."""


def action(folders, path):
    """A row per network for two videos side by side: frames with gaze, then attentions (Fig. 3).

    folders: lists of run folders by title. Networks without attention are left out. Videos and
    frames are evenly spaced, the same for all; the numbers of the frames stand below the gaze.
    The attentions of a video are in a frame, blue where the network told a class that is right,
    vermilion where it told another one, whose name stands below.
    """
    first, shown = _galleries(folders)
    videos = evenly(len(first), VIDEOS)
    rows = [[_watched(first[video]) for video in videos]]
    rows += [[_attended(kept[video]) for video in videos] for kept in shown.values()]
    picture = _in_rows([first[video]["class"] for video in videos], ["gaze", *shown], rows)
    with storage.replacing(path) as stage:
        Image.fromarray(picture).save(stage, format="PNG", optimize=True)
    return path


def _watched(video):
    """A video's frames with gaze, and the caption below."""
    places = evenly(len(video["frames"]), FRAMES)
    numbers = ", ".join(str(video["numbers"][place]) for place in places)
    return _side_by_side([_gaze(video, place, FRAME) for place in places]), f"frames {numbers}"


def _attended(video):
    """A video's frames under attention, and the caption below."""
    places = evenly(len(video["frames"]), FRAMES)
    strip = _side_by_side([_heat(video, place, FRAME) for place in places])
    return pictures.framed(strip, bool(video["correct"])), _mistaken(video)


def _side_by_side(tiles):
    white = np.full((tiles[0].shape[0], GAP, 3), 255, np.uint8)
    return np.hstack([part for tile in tiles for part in (white, tile)][1:])


def _in_rows(classes, names, rows):
    """A picture of rows of (strip, caption): classes above the columns, names beside the rows."""
    height, width = rows[0][0][0].shape[:2]
    longest = max(len(line) for name in names for line in name.split("\n"))
    left = round(longest * MEDIUM * LETTER) + 3 * GAP
    lefts = [left + column * (width + APART) for column in range(len(classes))]
    tops = [HEAD + row * (height + CAPTION) for row in range(len(rows))]
    sheet = Canvas(tops[-1] + height + CAPTION, lefts[-1] + width + GAP)
    for x, name in zip(lefts, classes, strict=True):
        sheet.text(x + width / 2, HEAD / 2, spaced(name), LARGE, weight="bold")
    for y, name, row in zip(tops, names, rows, strict=True):
        sheet.text(left - 2 * GAP, y + height / 2, name, MEDIUM, ha="right")
        for x, (_, caption) in zip(lefts, row, strict=True):
            sheet.text(x + width / 2, y + height + CAPTION / 2, caption, SMALL)
    picture = sheet.drawn()
    for y, row in zip(tops, rows, strict=True):
        for x, (strip, _) in zip(lefts, row, strict=True):
            paste(picture, strip, x, y)
    return picture


# --- what both are made of ----------------------------------------------------------------------


def _galleries(folders):
    """The first gallery, and those that hold attention by title; all are of the same frames."""
    galleries = read_galleries(folders, VIDEOS)
    first = next(iter(galleries.values()))
    for title, kept in galleries.items():
        for one, other in zip(first, kept, strict=True):
            if not np.array_equal(one["numbers"], other["numbers"]):
                expected = f"frames {listing(one['numbers'])} of video {one['id']}"
                raise InputError(folders[title][0], expected, listing(other["numbers"]))
    shown = {t: kept for t, kept in galleries.items() if all("attention" in one for one in kept)}
    return first, shown


def _mistaken(video):
    return "" if video["correct"] else spaced(video["predicted"])


def _enlarged(video, place, width):
    return pictures.thumbnail(video["frames"][place], width, enlarge=cv2.INTER_CUBIC)


def _gaze(video, place, width):
    """A frame at `width` pixels with the points that were looked at in it."""
    points = video["points"][video["frame"] == place]
    factor = width / video["frames"].shape[2]
    return pictures.with_fixations(_enlarged(video, place, width), points * factor, DOT)


def _heat(video, place, width):
    """A frame at `width` pixels under its attention, in the scale of the clip."""
    attention = video["attention"]
    frame = _enlarged(video, place, width)
    return pictures.overlay(frame, attention[place], pictures.ends(attention))


# --- animation ----------------------------------------------------------------------------------


def animation(folders, path):
    """The clips of two videos, one after the other, as a GIF file that loops (Fig. 3).

    folders: as in `action`. A large picture shows the gaze, and one each network's attention, in a
    column for each attention and a row for each fusion, which a title names above the attention;
    frames of pictures and captions are as in `action`.
    """
    first, shown = _galleries(folders)
    frames = []
    for video in evenly(len(first), VIDEOS):
        networks = {title: kept[video] for title, kept in shown.items()}
        drawn = _moving(first[video], networks)
        colours = moving.palette(drawn, COLOURS)
        frames += [moving.in_palette(picture, colours) for picture in drawn]
    with storage.replacing(path) as stage:
        moving.write(frames, stage, MILLISECONDS)
    return path


class _Layout:
    """Where the pictures of an animation stand, in pixels.

    titles: of the networks, "fusion\\nattention" or the attention alone. shape: of a video's
    frames, (H, W).
    """

    def __init__(self, titles, shape):
        self.cells = {title: title.rpartition("\n")[::2] for title in titles}
        self.fusions = list(dict.fromkeys(fusion for fusion, _ in self.cells.values()))
        self.attentions = list(dict.fromkeys(attention for _, attention in self.cells.values()))
        self.tile = pictures.size_at(shape, TILE)
        rows = max(1, len(self.fusions))
        height = rows * (self.tile[0] + CAPTION) - CAPTION
        self.large = height, pictures.size_at(shape[::-1], height)[0]
        self.top = HEAD + TITLE
        self.left = GAP + self.large[1] + (SIDE if any(self.fusions) else GAP)
        self.height = self.top + height + CAPTION
        self.width = self.left + len(self.attentions) * (TILE + GAP)

    def column(self, attention):
        """Its left."""
        return self.left + self.attentions.index(attention) * (TILE + GAP)

    def row(self, fusion):
        """Its top."""
        return self.top + self.fusions.index(fusion) * (self.tile[0] + CAPTION)

    def corner(self, title):
        """Left and top of a network's picture."""
        fusion, attention = self.cells[title]
        return self.column(attention), self.row(fusion)


def _moving(watched, networks):
    """Pictures of one video, uint8 RGB. networks: what each kept of it, by title."""
    layout = _Layout(networks, watched["frames"].shape[1:3])
    still, frames = _still(layout, watched["class"], networks), []
    for place in evenly(len(watched["frames"]), MOVING):
        picture = still.copy()
        paste(picture, _gaze(watched, place, layout.large[1]), GAP, layout.top)
        for title, video in networks.items():
            tile = pictures.framed(_heat(video, place, TILE), bool(video["correct"]))
            paste(picture, tile, *layout.corner(title))
        frames.append(picture)
    return frames


def _still(layout, name, networks):
    """What stays while a video runs: class, titles, labels and what was told wrongly."""
    sheet, above = Canvas(layout.height, layout.width), layout.top - TITLE / 2
    name = spaced(name)
    points = fitting(name, LARGE, layout.width)
    sheet.text(GAP, HEAD / 2, name, points, ha="left", weight="bold")
    sheet.text(GAP + layout.large[1] / 2, above, "gaze", MEDIUM)
    for attention in layout.attentions:
        points = fitting(attention, MEDIUM, TILE)
        sheet.text(layout.column(attention) + TILE / 2, above, attention, points)
    for fusion in layout.fusions:
        y = layout.row(fusion) + layout.tile[0] / 2
        sheet.text(layout.left - SIDE / 2, y, fusion, MEDIUM, rotation=90)
    for title, video in networks.items():
        (x, y), caption = layout.corner(title), _mistaken(video)
        below = y + layout.tile[0] + CAPTION / 2
        sheet.text(x + TILE / 2, below, caption, fitting(caption, SMALL, TILE))
    return sheet.drawn()
