"""Fixation points, the densities made from them, and the joint transforms of both. NumPy only.

A point is a continuous position `(x, y)` in pixels: pixel `i` covers the half-open interval
`[i, i + 1)`, so the pixel of a point is its floor, and an image of width `W` holds the points
`0 <= x < W`. Datasets that store pixel *indices* put their points at pixel centres (+ 0.5).
Points are the truth; a density is made last, at the resolution it is needed at.
"""

from keras_attn.gaze.densities import (
    CENTRE_BIAS_SIGMA,
    FIXATION_SIGMA,
    UNIFORM_FIXATIONS,
    Sigma,
    density,
    density_of_counts,
    histogram,
    uniform_share,
)
from keras_attn.gaze.points import (
    Floats,
    Shape,
    as_points,
    crop,
    flip,
    inside,
    pixels,
    resize,
    rot90,
)
from keras_attn.gaze.pool import FixationPool

__all__ = [
    "CENTRE_BIAS_SIGMA",
    "FIXATION_SIGMA",
    "UNIFORM_FIXATIONS",
    "FixationPool",
    "Floats",
    "Shape",
    "Sigma",
    "as_points",
    "crop",
    "density",
    "density_of_counts",
    "flip",
    "histogram",
    "inside",
    "pixels",
    "resize",
    "rot90",
    "uniform_share",
]
