"""Draws scenes in which one object is salient, and simulates viewers who look at it.

Objects of a scene share shape and colour; the salient one bears rings, the others a stripe of the
same contrast, so neither colour nor local contrast gives it away. Gaze goes to the rings mostly,
now and then to other objects, and begins at the centre. Nothing here says anything about people.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from keras_attn.datasets import origin

ABOUT = origin.ABOUT
VIEWERS = 6
FIXATIONS = (4, 8)
"""Fewest and most fixations of a viewer."""
ON_TARGET, ON_OTHERS = 0.7, 0.2
"""Share of fixations on the salient object and on the others; the rest falls anywhere."""
SHAPES = ("disc", "square", "triangle")


@dataclass(frozen=True, eq=False)
class Scene:
    """image uint8 RGB `(H, W, 3)`; mask bool `(H, W)` of the salient object; its gaze by viewer.

    points float64 `(N, 2)` inside the image; subjects `(N,)` from 1; durations_ms `(N,)`.
    """

    image: np.ndarray
    mask: np.ndarray
    points: np.ndarray
    subjects: np.ndarray
    durations_ms: np.ndarray


def draw(rng, shape=(96, 128), viewers=VIEWERS):
    """One scene of `shape` (H, W) from the random generator, with the gaze of `viewers`."""
    image = background(rng, shape)
    places = _places(rng, shape)
    form = SHAPES[rng.integers(len(SHAPES))]
    colour = rng.uniform(60, 200, 3)
    ink = colour + np.where(colour.mean() > 130, -1, 1) * rng.uniform(50, 80)
    for place in places[1:]:
        _object(image, place, form, _jitter(rng, colour), _jitter(rng, ink), rng, rings=False)
    mask = _object(image, places[0], form, _jitter(rng, colour), _jitter(rng, ink), rng, rings=True)
    noise = rng.normal(0, 4, image.shape)
    image = np.clip(image + noise, 0, 255).round().astype(np.uint8)
    return Scene(image, mask, *_gaze(rng, shape, places, viewers))


def several(rng, shape, viewers, count):
    """`count` scenes, as a `datasets.format.Twin` draws them."""
    return [draw(rng, shape, viewers) for _ in range(count)]


def background(rng, shape):
    """Two colours mixed by smooth noise: float32 `(H, W, 3)` of `shape` (H, W)."""
    coarse = rng.normal(size=(4, 5)).astype(np.float32)
    mixture = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    mixture = 1 / (1 + np.exp(-1.5 * mixture))[..., None]
    one, other = rng.uniform(50, 210, (2, 3))
    return (mixture * one + (1 - mixture) * other).astype(np.float32)


def _places(rng, shape):
    """Centres and radii (x, y, r) of 4 to 6 objects that do not touch; the first is salient."""
    height, width = shape
    places = []
    wanted = rng.integers(4, 7)
    for _ in range(500):
        radius = rng.uniform(0.08, 0.13) * min(width, 4 / 3 * height)
        # Photographers put what matters near the centre, if not quite into it.
        spread = (0.24, 0.24) if not places else (0.35, 0.35)
        x, y = rng.normal(0.5, spread) * (width, height)
        fits = radius + 1 < x < width - radius - 1 and radius + 1 < y < height - radius - 1
        if fits and all(np.hypot(x - a, y - b) > radius + r + 2 for a, b, r in places):
            places.append((x, y, radius))
        if len(places) == wanted:
            break
    return places


def _jitter(rng, colour):
    return np.clip(colour + rng.normal(0, 8, 3), 0, 255)


def _outline(form, x, y, radius):
    """Corners of the form, or None for a disc."""
    angles = {
        "square": np.pi / 4 + np.arange(4) * np.pi / 2,
        "triangle": -np.pi / 2 + np.arange(3) * 2 * np.pi / 3,
    }
    if form not in angles:
        return None
    corners = np.stack(
        [x + radius * np.cos(angles[form]), y + radius * np.sin(angles[form])], axis=1
    )
    return np.round(corners * 16).astype(np.int32)


def _object(image, place, form, colour, ink, rng, *, rings):
    """Draw an object into `image`; returns its mask."""
    x, y, radius = place
    mask = np.zeros(image.shape[:2], np.uint8)
    # Sixteenths of a pixel: positions and radii are not rounded to whole ones.
    centre = (round(x * 16), round(y * 16))
    corners = _outline(form, x, y, radius)
    if corners is None:
        cv2.circle(mask, centre, round(radius * 16), 255, -1, cv2.LINE_AA, 4)
    else:
        cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, 4)
    pattern = np.zeros_like(mask)
    if rings:
        for share in (0.55, 0.25):
            cv2.circle(pattern, centre, round(share * radius * 16), 255, 2, cv2.LINE_AA, 4)
    else:
        angle = rng.uniform(0, np.pi)
        reach = 0.8 * radius * 16 * np.array([np.cos(angle), np.sin(angle)])
        ends = [tuple(np.round(centre + sign * reach).astype(int).tolist()) for sign in (-1, 1)]
        cv2.line(pattern, *ends, 255, 3, cv2.LINE_AA, 4)
    for layer, paint in ((mask, colour), (np.minimum(mask, pattern), ink)):
        opacity = (layer / np.float32(255))[..., None]
        image[:] = (1 - opacity) * image + opacity * paint.astype(np.float32)
    return mask > 127


def _gaze(rng, shape, places, viewers):
    """Points, subjects and durations of all viewers."""
    size = np.array(shape[::-1], float)
    return viewed(rng, size, lambda first: _fixation(rng, size, places, first), viewers)


def viewed(rng, size, fixation, viewers):
    """Points, subjects (from 1) and durations of all viewers of a picture of `size` (W, H).

    fixation: whether it is a viewer's first one -> where it falls, x and y in pixels.
    """
    points, subjects = [], []
    for viewer in range(1, viewers + 1):
        for number in range(rng.integers(FIXATIONS[0], FIXATIONS[1] + 1)):
            points.append(fixation(number == 0))
            subjects.append(viewer)
    points = np.clip(points, 0, size - 0.01)  # files keep two decimals
    durations = rng.lognormal(np.log(230), 0.4, len(points)).round(1)
    return points, np.array(subjects), durations


def _fixation(rng, size, places, first):
    if first:
        return rng.normal(size / 2, 0.06 * size)
    chance = rng.random()
    if chance < ON_TARGET:
        x, y, radius = places[0]
    elif chance < ON_TARGET + ON_OTHERS and len(places) > 1:
        x, y, radius = places[rng.integers(1, len(places))]
    else:
        return rng.normal(size / 2, 0.25 * size)
    return rng.normal((x, y), 0.35 * radius)
