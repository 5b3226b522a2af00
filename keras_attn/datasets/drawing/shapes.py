"""Draws coloured shapes, each labelled where it lies: what a trunk without weights learns from."""

import cv2
import numpy as np

from keras_attn.datasets.drawing.scenes import background

COLOURS = (
    *((205, 45, 40), (225, 205, 50), (50, 85, 215), (60, 160, 60)),
    *((45, 45, 45), (220, 220, 220)),
)
FORMS = ("disc", "leaf", "triangle", "bar", "ring")
KINDS = len(COLOURS) + len(FORMS)
"""Channels of the labels: a colour each, then a form each."""
SHAPES = (6, 13)
"""Fewest and most shapes of a picture."""


def draw(rng, side, grid):
    """One picture with its labels.

    Returns uint8 RGB `(side, side, 3)`, and bool `(*grid, KINDS)`: which colours and forms have
    the centre of a shape in each cell of the grid (rows, columns).
    """
    image = background(rng, (side, side))
    labels = np.zeros((*grid, KINDS), bool)
    for _ in range(rng.integers(SHAPES[0], SHAPES[1] + 1)):
        colour, form = rng.integers(len(COLOURS)), rng.integers(len(FORMS))
        centre = rng.uniform(0.03 * side, 0.97 * side, 2)
        cover = _cover(side, centre, rng.uniform(0.04, 0.1) * side, FORMS[form], rng)
        opacity = (cover / np.float32(255))[..., None]
        tint = np.array(COLOURS[colour]) + rng.normal(0, 10, 3)
        image = (1 - opacity) * image + opacity * tint.astype(np.float32)
        column, row = (centre / side * grid[::-1]).astype(int)
        labels[row, column, [colour, len(COLOURS) + form]] = True
    image = image + rng.normal(0, 4, image.shape)
    return np.clip(image, 0, 255).round().astype(np.uint8), labels


def _cover(side, centre, radius, form, rng):
    """How far each pixel is covered by the form, uint8 `(side, side)`."""
    cover = np.zeros((side, side), np.uint8)
    # Sixteenths of a pixel.
    middle, reach = tuple(np.round(centre * 16).astype(int).tolist()), radius * 16
    turn = rng.uniform(0, 2 * np.pi)
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
        cv2.fillPoly(cover, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return cover
