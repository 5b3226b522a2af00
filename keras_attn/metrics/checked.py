"""Maps of a set of images with points or densities: checked, scored one by one, averaged."""

import warnings
from collections.abc import Callable
from typing import Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_attn import gaze
from keras_attn.errors import InputError, NotFinite, one_of
from keras_attn.gaze import Shape
from keras_attn.metrics import plausibility
from keras_attn.metrics.sequences import Arrays, check_one_each, without_channel

Average = Literal["image", "fixation"]
"""Over what scores are averaged: images, or all fixations alike."""
PairMetric = Callable[[NDArray[np.float64], NDArray[np.float64]], float]
"""A score of a map and a density of one size."""


class Images:
    """Maps and the points inside them; scores them one by one, so one map is checked at a time."""

    def __init__(self, maps: Arrays, points: Arrays, what: str = "points") -> None:
        check_one_each(maps, "maps", "maps (H, W)")
        check_one_each(points, what, "arrays (N, 2) of x, y")
        self.maps = maps
        if not len(maps):
            raise InputError("maps", "at least one map", "an empty sequence")
        if len(maps) != len(points):
            raise InputError(what, f"one array for each of {len(maps)} maps", len(points))
        shapes = [_shape(saliency, f"maps[{i}]") for i, saliency in enumerate(maps)]
        every = [gaze.as_points(p, f"{what}[{i}]") for i, p in enumerate(points)]
        kept = [p[gaze.inside(p, shape)] for p, shape in zip(every, shapes, strict=True)]
        dropped = sum(map(len, every)) - sum(map(len, kept))
        if dropped:
            warnings.warn(
                f"{dropped} of {sum(map(len, every))} points lie outside their map or are NaN, "
                "and were dropped",
                stacklevel=4,
            )
        suspicion = plausibility.suspicion(plausibility.Points.of(every, shapes))
        if suspicion:
            told = f"these may not be pixels of their maps: {suspicion.looks}"
            warnings.warn(f"{what}: {told}", stacklevel=4)
        self.pool = gaze.FixationPool(tuple(kept), tuple(shapes))

    def flat(self, index: int) -> NDArray[np.intp]:
        """Pixel indices of the points of map `index`."""
        return gaze.pixels(self.pool.points[index], self.pool.shapes[index])

    def scores(
        self, score: Callable[[int, NDArray[np.float64], NDArray[np.intp]], float]
    ) -> NDArray[np.float64]:
        """`score(index, map, flat)` of every image with points; NaN for the others."""
        values = np.full(len(self.maps), np.nan)
        for index, saliency in enumerate(self.maps):
            saliency = checked_map(saliency, f"maps[{index}]")
            if len(self.pool.points[index]):
                values[index] = score(index, saliency, self.flat(index))
        return values


def _shape(saliency, where):
    shape = np.shape(saliency)
    if len(shape) != 2 or 0 in shape:
        expected = f"a map of shape (H, W){without_channel(shape)}"
        raise InputError(where, expected, f"shape {shape}")
    return shape


def checked_map(saliency: ArrayLike, where: str, shape: Shape | None = None) -> NDArray[np.float64]:
    """A map as float64 `(H, W)`; `InputError` naming `where` for what is none, or not finite."""
    received = _shape(saliency, where)
    if shape is not None and received != tuple(shape):
        raise InputError(where, f"the size of its map, {tuple(shape)}", f"shape {received}")
    if np.ma.is_masked(saliency):
        raise InputError(where, "a value in every pixel", "a masked array; say .filled(value)")
    saliency = np.asarray(saliency)
    if saliency.dtype.kind not in "biuf":
        raise InputError(where, "real numbers", f"type {saliency.dtype}")
    saliency = saliency.astype(np.float64, copy=False)
    if not np.isfinite(saliency).all():
        bad = int((~np.isfinite(saliency)).sum())
        raise NotFinite(where, "finite values", f"{bad} NaN or infinite of {saliency.size}")
    return saliency


def one_per_map(arrays: Arrays, maps: Arrays, where: str) -> Arrays:
    """One array of `arrays` for each map; one alone, maybe a list of its rows, is that of all."""
    rows = isinstance(arrays, (list, tuple)) and arrays and all(np.ndim(row) == 1 for row in arrays)
    if rows or (isinstance(arrays, np.ndarray) and arrays.ndim == 2):
        return [cast(ArrayLike, arrays)] * len(maps)
    check_one_each(arrays, where, "arrays (H, W)")
    if len(arrays) != len(maps):
        raise InputError(where, f"one array for each of {len(maps)} maps", len(arrays))
    return arrays


def average_of(
    scores: NDArray[np.float64],
    maps: Arrays,
    points: Arrays,
    average: Average,
    distinct: bool = False,
) -> float:
    """Mean over images, or weighted by how many fixations of each image were counted."""
    one_of("average", average, ("image", "fixation"))
    if np.isnan(scores).all():
        raise InputError("points", "at least one fixation inside its map", "none")
    if average == "image":
        return float(np.nanmean(scores))
    counts = []
    for saliency, p in zip(maps, points, strict=True):
        shape, p = np.shape(saliency), gaze.as_points(p)
        flat = gaze.pixels(p[gaze.inside(p, shape)], shape)
        counts.append(len(np.unique(flat)) if distinct else len(flat))
    return float(np.average(np.where(np.isnan(scores), 0.0, scores), weights=counts))


def of_pairs(metric: PairMetric, maps: Arrays, densities: Arrays) -> NDArray[np.float64]:
    """`metric(map, density)` of each image: float64 `(n,)`, NaN where a density is all zeros."""
    check_one_each(maps, "maps", "maps (H, W)")
    densities = one_per_map(densities, maps, "densities")
    values = np.full(len(maps), np.nan)
    for index, saliency in enumerate(maps):
        saliency = checked_map(saliency, f"maps[{index}]")
        density = checked_map(densities[index], f"densities[{index}]", saliency.shape)
        if density.any():
            values[index] = metric(saliency, density)
    return values


def of_density(metric: PairMetric) -> PairMetric:
    """A metric that takes a density for one, which standard scores and logarithms are not."""

    def of_density(saliency, density):
        if density.min() < 0:
            raise InputError("densities", "values of 0 or more", f"{density.min():.3g}")
        return metric(saliency, density)

    return of_density


def average_of_pairs(values: NDArray[np.float64]) -> float:
    """Mean over the images that have a density."""
    if np.isnan(values).all():
        raise InputError("densities", "at least one that is not all zeros", "none")
    return float(np.nanmean(values))
