"""What both sides of `benchmark.py metrics` share: inputs, one core, and the time of a call.

It runs in the peer's environment too, so that it needs NumPy, and SciPy where inputs are made.
"""

import os
import time

import numpy as np

SHAPE, FIXATIONS = (300, 400), 50
BANDWIDTH = 0.05
"""Blur of the centre bias as a share of each side, which is how pysaliency has it."""


def make(images, path, seed=0):
    """Smooth random maps, and fixations that prefer their high values and the centre."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    height, width = SHAPE
    maps = np.lib.format.open_memmap(path / "maps.npy", "w+", np.float64, (images, *SHAPE))
    y, x = np.mgrid[:height, :width]
    centre = np.exp(-(((x / width - 0.5) / 0.3) ** 2 + ((y / height - 0.5) / 0.3) ** 2) / 2)
    points = np.empty((images, FIXATIONS, 2))
    for i in range(images):
        blurred = gaussian_filter(rng.standard_normal(SHAPE), 12)
        maps[i] = blurred - blurred.min() + 1e-3
        chance = (np.exp(3 * maps[i] / maps[i].max()) * centre).ravel()
        flat = rng.choice(chance.size, FIXATIONS, p=chance / chance.sum())
        points[i] = np.column_stack([flat % width, flat // width]) + rng.random((FIXATIONS, 2))
    maps.flush()
    np.save(path / "points.npy", points)


def read(path):
    """The maps and the points that `make` has written into a folder."""
    return np.load(path / "maps.npy"), np.load(path / "points.npy")


def timed(call):
    """Seconds that a call takes, and the number that it returns."""
    start = time.perf_counter()
    value = float(call())
    return {"seconds": time.perf_counter() - start, "value": value}


def on_one_core():
    """Keep this process on one of its cores, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
