"""Draws patterned shapes, labelled where they lie: what a trunk without weights learns from."""

import cv2
import numpy as np

from keras_attn.datasets.drawing.scenes import background

COLOURS = (
    *((205, 45, 40), (225, 205, 50), (50, 85, 215), (60, 160, 60)),
    *((45, 45, 45), (220, 220, 220)),
)
FORMS = ("disc", "leaf", "triangle", "bar", "ring")
PATTERNS = ("line", "rings", "cross", "dots")
PATTERNED = ("disc", "triangle", "bar")
"""Forms that may bear one."""
KINDS = len(COLOURS) + len(FORMS) + len(PATTERNS)
"""Channels of the labels: a colour each, then a form each, then a pattern each."""
SHAPES = (6, 13)
"""Fewest and most shapes of a picture."""
RADIUS = (0.04, 0.13)
"""Of a shape, as a share of the picture's side: least and most."""
NAMED, BEARING = 0.5, 0.6
"""Shares of the shapes that have one of COLOURS, the others having any, and a pattern."""


def draw(rng, side, grid):
    """One picture with its labels.

    Returns uint8 RGB `(side, side, 3)`, and bool `(*grid, KINDS)`: which colours, forms and
    patterns a shape has that covers at least half of a cell of the grid (rows, columns), or whose
    centre lies in it.
    """
    image = background(rng, (side, side))
    labels = np.zeros((*grid, KINDS), bool)
    for _ in range(rng.integers(SHAPES[0], SHAPES[1] + 1)):
        form, centre = rng.integers(len(FORMS)), rng.uniform(0.03 * side, 0.97 * side, 2)
        radius = rng.uniform(*RADIUS) * side
        turn = rng.uniform(0, 2 * np.pi)
        cover = _cover(side, centre, radius, FORMS[form], turn)
        kinds = [len(COLOURS) + form]
        tint = rng.uniform(40, 220, 3)
        if rng.random() < NAMED:
            colour = rng.integers(len(COLOURS))
            tint = np.array(COLOURS[colour]) + rng.normal(0, 10, 3)
            kinds.append(colour)
        _paint(image, cover, tint)
        if FORMS[form] in PATTERNED and radius > 0.06 * side and rng.random() < BEARING:
            pattern = rng.integers(len(PATTERNS))
            kinds.append(len(COLOURS) + len(FORMS) + pattern)
            ink = tint + np.where(tint.mean() > 130, -1, 1) * rng.uniform(50, 80)
            drawn = _pattern(side, centre, radius, PATTERNS[pattern], turn)
            _paint(image, np.minimum(cover, drawn), ink)
        shares = cv2.resize(cover / np.float32(255), grid[::-1], interpolation=cv2.INTER_AREA)
        column, row = (centre / side * grid[::-1]).astype(int)
        covered = shares > 0.5
        covered[row, column] = True
        labels[covered] = False  # what lies on top hides what lies below
        labels[np.ix_(*map(np.arange, grid), kinds)] |= covered[..., None]
    image = image + rng.normal(0, 4, image.shape)
    return np.clip(image, 0, 255).round().astype(np.uint8), labels


def _paint(image, cover, colour):
    opacity = (cover / np.float32(255))[..., None]
    image[:] = (1 - opacity) * image + opacity * np.asarray(colour, np.float32)


def _sixteenths(points):
    """Positions as OpenCV takes them with a shift of 4."""
    return np.round(np.asarray(points) * 16).astype(np.int32)


def _cover(side, centre, radius, form, turn):
    """How far each pixel is covered by the form, uint8 `(side, side)`."""
    cover = np.zeros((side, side), np.uint8)
    middle, reach = tuple(_sixteenths(centre).tolist()), radius * 16
    if form in ("disc", "ring"):
        thickness = -1 if form == "disc" else 2
        cv2.circle(cover, middle, round(0.8 * reach), 255, thickness, cv2.LINE_AA, 4)
    elif form == "leaf":
        axes = (round(1.2 * reach), round(0.5 * reach))
        cv2.ellipse(cover, middle, axes, np.degrees(turn), 0, 360, 255, -1, cv2.LINE_AA, 4)
    else:
        corners = {"triangle": np.arange(3) * 2 * np.pi / 3}
        corners["bar"] = np.array([0.4, np.pi - 0.4, np.pi + 0.4, -0.4])
        angles = turn + corners[form]
        points = centre + radius * np.column_stack([np.cos(angles), np.sin(angles)])
        cv2.fillPoly(cover, [_sixteenths(points)], 255, cv2.LINE_AA, 4)
    return cover


def _pattern(side, centre, radius, pattern, turn):
    """Where the lines of a pattern are, uint8 `(side, side)`."""
    drawn = np.zeros((side, side), np.uint8)
    if pattern == "rings":
        for share in (0.55, 0.25):
            middle = tuple(_sixteenths(centre).tolist())
            cv2.circle(drawn, middle, round(share * radius * 16), 255, 2, cv2.LINE_AA, 4)
        return drawn
    if pattern == "dots":
        for angle in turn + np.arange(3) * 2 * np.pi / 3:
            at = centre + 0.45 * radius * np.array([np.cos(angle), np.sin(angle)])
            middle = tuple(_sixteenths(at).tolist())
            cv2.circle(drawn, middle, round(0.15 * radius * 16), 255, -1, cv2.LINE_AA, 4)
        return drawn
    for angle in turn + np.arange({"line": 1, "cross": 2}[pattern]) * np.pi / 2:
        reach = 0.8 * radius * np.array([np.cos(angle), np.sin(angle)])
        ends = [tuple(_sixteenths(centre + sign * reach).tolist()) for sign in (-1, 1)]
        cv2.line(drawn, *ends, 255, 3 if pattern == "line" else 2, cv2.LINE_AA, 4)
    return drawn
