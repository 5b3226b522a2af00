"""Paints what drawn clips are made of: figures that look alike, and the landscape behind them."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from keras_attn.datasets.drawing.scenes import background

SIDE, REACH = 60, 24
"""Pixels of the canvas that a figure is painted on, and from its centre to its hands."""
LIMBS = ((-2.5, 1.0), (-0.6, 0.95), (0.75, 1.0), (2.3, 0.9))
"""Angle in radians and length of arms and legs."""
BLOTCHES = 30.0
"""Contrast of the pattern of a figure, in grey levels."""


@dataclass(frozen=True, eq=False)
class Costume:
    """What a figure wears: float32 RGB `(SIDE, SIDE, 3)`, and its cover `(SIDE, SIDE)`, 0 to 1."""

    paint: np.ndarray
    cover: np.ndarray

    @classmethod
    def of(cls, rng):
        """A colour and a pattern, which shows how a figure turns."""
        colour = rng.uniform(60, 195, 3)
        coarse = rng.normal(size=(9, 9)).astype(np.float32)
        pattern = cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        paint = colour + BLOTCHES * pattern[..., None]
        head = _disc((SIDE / 2, SIDE / 2 - 0.62 * REACH), 0.3 * REACH)
        # A head of one shade, so that up and down are not alike.
        shade = colour + np.where(colour.mean() > 128, -70, 70)
        paint = np.where(head[..., None] > 0, shade, paint)
        return cls(paint.astype(np.float32), _outline(head))

    def dyed(self, rng):
        """The same in a slightly different colour."""
        return replace(self, paint=self.paint + rng.normal(0, 6, 3).astype(np.float32))


def _outline(head):
    middle = np.array([SIDE / 2, SIDE / 2])
    cover = np.maximum(head, _disc(middle, 0.5 * REACH))
    for angle, length in LIMBS:
        end = middle + length * REACH * np.array([np.cos(angle), np.sin(angle)])
        ends = [tuple(np.round(16 * place).astype(int).tolist()) for place in (middle, end)]
        cv2.line(cover, *ends, 255, 9, cv2.LINE_AA, 4)
    # Figures are shown at about half this size.
    return cv2.GaussianBlur(cover.astype(np.float32) / 255, (0, 0), 0.7)


def _disc(centre, radius):
    cover = np.zeros((SIDE, SIDE), np.uint8)
    place = tuple(np.round(16 * np.asarray(centre)).astype(int).tolist())
    cv2.circle(cover, place, round(16 * radius), 255, -1, cv2.LINE_AA, 4)
    return cover


def paste(image, costume, centre, angle, radius):
    """Paint a figure into `image`, float32 `(H, W, 3)`; returns how far it covers each pixel.

    centre: x and y in pixels, of which (0.5, 0.5) is the middle of the first. angle: in radians.
    radius: in pixels, from the centre to the hands.
    """
    scale = radius / REACH
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    # OpenCV counts from the middle of the first pixel.
    shift = np.asarray(centre) - 0.5 - turn @ np.full(2, SIDE / 2)
    matrix, size = np.column_stack([turn, shift]), image.shape[1::-1]
    cover = cv2.warpAffine(costume.cover, matrix, size)
    paint = cv2.warpAffine(costume.paint, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    image += cover[..., None] * (paint - image)
    return cover


def landscape(rng, shape):
    """Two colours mixed by smooth noise under a texture of three grains: float32 `(H, W, 3)`."""
    image = background(rng, shape)
    for grain, amplitude in ((3, 7), (6, 9), (14, 11)):
        coarse = rng.normal(size=(shape[0] // grain + 2, shape[1] // grain + 2))
        fine = cv2.resize(coarse.astype(np.float32), shape[::-1], interpolation=cv2.INTER_CUBIC)
        image += amplitude * fine[..., None]
    return image
