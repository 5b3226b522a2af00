"""Draws clips whose class is how a figure moves, and simulates viewers who follow it.

In a textured landscape that a camera pans over stand figures which look alike. One of them, the
actor, moves in one of twelve ways; the others stay where they stand. Where the actor is, how large
it is and how it is turned have the same distribution in every class, and so a single frame gives
neither the class nor the actor away. Every motion may run mirrored, left to right, as networks are
trained on mirrored clips. Nothing here says anything about people.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from keras_attn.datasets.drawing.figures import Costume, landscape, paste
from keras_attn.datasets.drawing.followed import Gaze, follow

VIEWERS = 6
PERIOD = 8.0
"""Frames of one turn of everything that repeats."""
CAMERA = (1.2, 2.0)
"""Fastest motion of a clip's camera in pixels a frame, of pictures 96 high: least and most."""
RADIUS = (13.0, 16.0)
"""Of a figure in pixels, of pictures 96 high: least and most."""
FARTHEST = 0.35
"""Of the picture's side, which a figure covers in a clip of however many frames."""
OTHERS = (3, 5)
"""Fewest and most figures that stand still."""
TRIES = 400
NOISE = 2.0


@dataclass(frozen=True)
class Motion:
    """How a figure moves, of pictures 96 high.

    travel: steady motion in pixels a frame, x and y. sway: amplitude of oscillation in pixels, x
    and y; with `circles`, y a quarter of a period behind x. turn: steady rotation in radians a
    frame. rock: amplitude of rotation to and fro in radians. pulse: of the logarithm of the size.
    """

    travel: tuple = (0.0, 0.0)
    sway: tuple = (0.0, 0.0)
    circles: bool = False
    turn: float = 0.0
    rock: float = 0.0
    pulse: float = 0.0


MOTIONS = {
    "across": Motion(travel=(1.7, 0)),
    "rise": Motion(travel=(0, -1.3)),
    "sink": Motion(travel=(0, 1.3)),
    "gallop": Motion(travel=(1.7, 0), sway=(0, 4)),
    "roll": Motion(travel=(1.7, 0), turn=0.3),
    "sway": Motion(sway=(5, 0)),
    "bob": Motion(sway=(0, 5)),
    "circle": Motion(sway=(6, 6), circles=True),
    "spin": Motion(turn=0.3),
    "rock": Motion(rock=0.5),
    "swing": Motion(sway=(5, 0), rock=0.5),
    "pulse": Motion(pulse=0.3),
}
"""All that is drawn, by name."""


@dataclass(frozen=True, eq=False)
class Path:
    """Of a figure in each of T frames: centres `(T, 2)`, x and y in pixels; angles; radii."""

    centres: np.ndarray
    angles: np.ndarray
    radii: np.ndarray


@dataclass(frozen=True, eq=False)
class Clip:
    """One drawn clip of T frames.

    frames: uint8 RGB `(T, H, W, 3)`. masks: bool `(T, H, W)`, where the actors are. camera:
    float64 `(T, 2)`, how far the landscape is moved in each frame, x and y in pixels. gaze: the
    `Gaze` of each viewer.
    """

    frames: np.ndarray
    masks: np.ndarray
    camera: np.ndarray
    gaze: tuple[Gaze, ...]


def draw(rng, shape, viewers, motions, frames):
    """One `Clip` of so many frames of `shape` (H, W), with the gaze of `viewers`.

    motions: names out of MOTIONS, an actor each.
    """
    unit = min(shape[0], 0.75 * shape[1]) / 96
    camera = _camera(rng, frames, unit)
    actors = []
    for name in motions:
        actors.append(_placed(rng, shape, unit, camera, MOTIONS[name], actors))
    count = rng.integers(OTHERS[0], OTHERS[1] + 1)
    others = _bystanders(rng, shape, unit, camera, actors, count)
    pictures, masks = _drawn(rng, shape, camera, actors, others)
    paths = [[path.centres for path in some] for some in (actors, others)]
    spread = 0.35 * np.mean(RADIUS) * unit
    gaze = tuple(follow(rng, shape, *paths, spread) for _ in range(viewers))
    return Clip(pictures, masks, camera, gaze)


# --- paths --------------------------------------------------------------------------------------


def path_of(rng, motion, frames, unit, shape):
    """Offsets `(T, 2)` in pixels, angles and logarithms of the size, `(T,)` each, from any origin.

    unit: height of the pictures over 96. shape: theirs, (H, W).
    """
    t = np.arange(frames)
    pace, phase = rng.uniform(0.9, 1.1), rng.uniform(0, 2 * np.pi)
    side = rng.choice((-1, 1))
    wave = np.sin(2 * np.pi * pace * t / PERIOD + phase)
    behind = np.sin(2 * np.pi * pace * t / PERIOD + phase - np.pi / 2) if motion.circles else wave
    most = FARTHEST * np.array(shape[::-1]) / frames
    travel = np.clip(pace * unit * np.array(motion.travel), -most, most)
    sway = unit * np.array(motion.sway)
    offsets = np.outer(t, travel) + np.column_stack([sway[0] * wave, sway[1] * behind])
    angles = motion.turn * pace * t + motion.rock * wave
    return offsets * (side, 1), angles * side, motion.pulse * wave


def _camera(rng, frames, unit):
    """Offsets of the landscape, `(T, 2)`: a slow pan to and fro, never faster than CAMERA."""
    periods, phases = rng.uniform(14, 28, (2, 2)), rng.uniform(0, 2 * np.pi, (2, 2))
    weights = rng.uniform(0.4, 1, (2, 2))
    t = np.arange(frames)[:, None, None]
    offsets = (weights * np.sin(2 * np.pi * t / periods + phases)).sum(axis=-1)
    if frames < 2:
        return offsets * 0
    fastest = np.hypot(*np.diff(offsets, axis=0).T).max()
    offsets *= rng.uniform(*CAMERA) * min(unit, 1) / fastest
    return offsets - offsets[0]


def _placed(rng, shape, unit, camera, motion, others):
    """The `Path` of an actor that stays in the picture and clear of `others`.

    Place, angle and size are drawn for a frame at random, not for the first: their distribution
    over all frames is then that of figures that do not move, whatever the motion.
    """
    size, frames = np.array(shape[::-1], float), len(camera)
    for _ in range(TRIES):
        offsets, angles, logs = path_of(rng, motion, frames, unit, shape)
        pinned = rng.integers(frames)
        moved = offsets + camera
        centre = rng.normal(0.5, 0.15, 2) * size
        centres = centre + moved - moved[pinned]
        radii = rng.uniform(*RADIUS) * unit * np.exp(logs - logs[pinned])
        turned = rng.uniform(0, 2 * np.pi) + angles - angles[pinned]
        path = Path(centres, turned, radii)
        inside = (centres >= radii[:, None]) & (centres <= size - radii[:, None])
        if inside.all() and all(_clear(path, other) for other in others):
            return path
    # A clip of many frames may leave room for one place alone: the middle of its way.
    middle = (centres.min(axis=0) + centres.max(axis=0)) / 2
    return Path(centres + size / 2 - middle, turned, radii)


def _bystanders(rng, shape, unit, camera, actors, count):
    """Paths of at most `count` figures that stand still in the landscape and touch no other."""
    size, found = np.array(shape[::-1], float), []
    for _ in range(TRIES):
        centres = rng.normal(0.5, (0.3, 0.27)) * size + camera - camera[rng.integers(len(camera))]
        angles = np.full(len(camera), rng.uniform(0, 2 * np.pi))
        path = Path(centres, angles, np.full(len(camera), rng.uniform(*RADIUS) * unit))
        inside = (centres > 0) & (centres < size)
        if inside.all() and all(_clear(path, other) for other in (*actors, *found)):
            found.append(path)
        if len(found) == count:
            break
    return found


def _clear(one, other):
    """Whether two figures never touch."""
    distances = np.hypot(*(one.centres - other.centres).T)
    return bool((distances > one.radii + other.radii + 1).all())


# --- pictures -----------------------------------------------------------------------------------


def _drawn(rng, shape, camera, actors, others):
    """Frames uint8 `(T, H, W, 3)` and masks of the actors, bool `(T, H, W)`."""
    costume = Costume.of(rng)
    dressed = [(path, costume.dyed(rng)) for path in (*others, *actors)]
    margin = int(np.ceil(np.abs(camera).max())) + 2
    wide = landscape(rng, (shape[0] + 2 * margin, shape[1] + 2 * margin))
    pictures = np.empty((len(camera), *shape, 3), np.uint8)
    masks = np.zeros((len(camera), *shape), bool)
    for t, offset in enumerate(camera):
        shift = np.float64([[1, 0, offset[0] - margin], [0, 1, offset[1] - margin]])
        image = cv2.warpAffine(wide, shift, shape[::-1])
        for number, (path, figure) in enumerate(dressed):
            cover = paste(image, figure, path.centres[t], path.angles[t], path.radii[t])
            if number >= len(others):
                masks[t] |= cover > 0.5
        image += rng.normal(0, NOISE, image.shape).astype(np.float32)
        pictures[t] = np.clip(image, 0, 255).round()
    return pictures, masks
