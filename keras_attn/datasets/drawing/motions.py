"""Draws figures that move, each labelled where it is: what streams without weights learn from."""

from itertools import pairwise

import cv2
import numpy as np

from keras_attn.datasets.drawing.actors import RADIUS, Motion, path_of
from keras_attn.datasets.drawing.figures import Costume, landscape, paste
from keras_attn.datasets.flow.estimation import FlowEstimator, encode, without_motion

TRAVELS = {"across": (1.7, 0), "rise": (0, -1.3), "sink": (0, 1.3)}
SWAYS = {"sideways": (5, 0), "up and down": (0, 5), "in circles": (6, 6)}
TURNS = ("turn", "rock")
NAMES = (*TRAVELS, *SWAYS, *TURNS, "pulse")
KINDS = len(NAMES)
"""Channels of the labels: what a motion may be made of."""
STILL = 0.35
"""Share of the figures that do not move."""
BOTH = 0.3
"""Share of the others whose motion is made of two parts, not one."""
PARTS = (0.32, 0.32, 0.24, 0.12)
"""How often a motion has each kind of part: travel, sway, turn, pulse."""
FIGURES = (2, 4)
"""Fewest and most of a clip."""
DISTANCE, TRIES = 24.0, 20
"""Pixels from the middle of one figure's way to that of another, and tries to keep it."""
UNIT = 0.75
"""Height of what networks of drawn videos see, over that of pictures 96 high: 72."""
CAMERA = 1.0
"""Largest speed of the camera in pixels a frame, by axis."""


def draw(rng, side, grid, frames=16, *, flow=True):
    """One clip with its labels.

    Returns frames uint8 RGB `(frames, side, side, 3)`, their flow `(frames, side, side, 2)` in the
    8-bit code that ends at 8 pixels, without the camera's motion, and bool `(*grid, KINDS)`: what
    the motion of the figure is made of that is in a cell of the grid (slots, rows, columns).
    flow: whether it is estimated, which takes longer than the drawing; else it is None.
    """
    shape, moments = (side, side), frames + 1
    costume, paths, kinds = Costume.of(rng), [], []
    for _ in range(rng.integers(FIGURES[0], FIGURES[1] + 1)):
        motion, kind = _motion(rng)
        offsets, angles, logs = path_of(rng, motion, moments, UNIT, shape)
        offsets = offsets - offsets[rng.integers(moments)]
        centres = _apart(rng, side, [path[1] for path in paths]) + offsets
        radii = rng.uniform(*RADIUS) * UNIT * np.exp(logs)
        paths.append((costume.dyed(rng), centres, rng.uniform(0, 2 * np.pi) + angles, radii))
        kinds.append(kind)
    margin = int(CAMERA * moments) + 2
    wide = landscape(rng, (side + 2 * margin, side + 2 * margin))
    speed = rng.uniform(-CAMERA, CAMERA, 2)
    panned = speed * np.arange(moments)[:, None]
    labels = np.zeros((*grid, KINDS), bool)
    pictures = np.empty((moments, side, side, 3), np.uint8)
    noise = rng.normal(0, 2, pictures.shape).astype(np.float32)
    for t in range(moments):
        picture, covers = _painted(wide, margin, panned[t], paths, t)
        pictures[t] = np.clip(picture + noise[t], 0, 255).round()
        if t:
            _mark(labels[(t - 1) * grid[0] // frames], covers, kinds)
    return pictures[1:], _flow(pictures, speed) if flow else None, labels


def _apart(rng, side, others):
    """A place in the picture, away from the places of others where there is room."""
    for _ in range(TRIES):
        place = rng.uniform(0.1, 0.9, 2) * side
        if all(np.hypot(*(place - other.mean(axis=0))) > DISTANCE for other in others):
            break
    return place


def _motion(rng):
    """A `Motion`, and what it is made of, bool `(KINDS,)`."""
    kind = np.zeros(KINDS, bool)
    if rng.random() < STILL:
        return Motion(), kind
    parts, scale = {}, rng.uniform(0.8, 1.2)
    chosen = np.zeros(4, bool)
    chosen[rng.choice(4, 2 if rng.random() < BOTH else 1, replace=False, p=PARTS)] = True
    if chosen[0]:
        name = list(TRAVELS)[rng.integers(len(TRAVELS))]
        parts["travel"] = tuple(scale * np.array(TRAVELS[name]))
        kind[NAMES.index(name)] = True
    if chosen[1]:
        name = list(SWAYS)[rng.integers(len(SWAYS))]
        parts |= {"sway": tuple(scale * np.array(SWAYS[name])), "circles": name == "in circles"}
        kind[NAMES.index(name)] = True
    if chosen[2]:
        name = TURNS[rng.integers(len(TURNS))]
        parts[name] = scale * {"turn": 0.3, "rock": 0.5}[name]
        kind[NAMES.index(name)] = True
    if chosen[3]:
        parts["pulse"] = scale * 0.3
        kind[NAMES.index("pulse")] = True
    return Motion(**parts), kind


def _painted(wide, margin, offset, paths, t):
    """The picture at a moment, float32, and how far each figure covers each pixel of it."""
    side = wide.shape[0] - 2 * margin
    shift = np.float64([[1, 0, offset[0] - margin], [0, 1, offset[1] - margin]])
    picture = cv2.warpAffine(wide, shift, (side, side))
    covers = [
        paste(picture, figure, centres[t] + offset, angles[t], radii[t])
        for figure, centres, angles, radii in paths
    ]
    return picture, covers


def _mark(slot, covers, kinds):
    """Label the cells of a slot that figures are in at a moment."""
    rows, columns = slot.shape[:2]
    for cover, kind in zip(covers, kinds, strict=True):
        shares = cv2.resize(cover, (columns, rows), interpolation=cv2.INTER_AREA)
        slot[shares > 0.3] |= kind


def _flow(pictures, speed):
    """The code of the flow from each picture to the next, without the camera's known motion."""
    estimate = FlowEstimator("dis", compensated=False)
    back = np.eye(3)
    back[:2, 2] = speed
    grey = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in pictures]
    pairs = ((one, without_motion(other, back)) for one, other in pairwise(grey))
    return np.stack([encode(estimate(*pair), 8.0) for pair in pairs])
