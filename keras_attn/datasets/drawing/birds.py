"""Draws birds of classes that differ in one small part, and simulates viewers who look at it.

Three families differ by which part tells their classes apart: sparrows by the patch on the head,
vireos by the bar on the wing, warblers by the bill; the classes of a family by its colour. The
other two parts of a bird are dark, and leaves of all these colours lie around it, so that neither
a colour nor a part gives a class away by itself. Nothing here says anything about people.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from keras_attn.datasets.drawing.scenes import background, viewed

COLOURS = {"red": (205, 45, 40), "yellow": (225, 205, 50), "blue": (50, 85, 215)}
FAMILIES = {"Sparrow": ("head", 113), "Vireo": ("wing", 151), "Warbler": ("bill", 158)}
"""Which part tells the classes of a family apart, and the number of its first class in CUB-200."""
CLASSES = tuple(
    (first + place, f"{colour.title()}_{part}ed_{family}", part, colour)
    for family, (part, first) in FAMILIES.items()
    for place, colour in enumerate(COLOURS)
)
"""Number, name, telling part and its colour of each drawn class."""
LEAVES = (10, 16)
"""Fewest and most leaves around a bird."""
ON_PART, ON_BIRD = 0.6, 0.25
"""Share of fixations on the telling part and anywhere on the bird; the rest falls anywhere."""
DARK = 45.0


@dataclass(frozen=True, eq=False)
class Bird:
    """image uint8 RGB `(H, W, 3)`; its class, an index of CLASSES; its gaze; a box around it.

    box: left, top, right, bottom in pixels. points float64 `(N, 2)` inside the image; subjects
    `(N,)` from 0; durations_ms `(N,)`.
    """

    image: np.ndarray
    label: int
    box: tuple
    points: np.ndarray
    subjects: np.ndarray
    durations_ms: np.ndarray


def draw(rng, shape, viewers, label):
    """One bird of class `label` in a picture of `shape` (H, W), with the gaze of `viewers`."""
    image = background(rng, shape)
    pose = _Pose.of(rng, shape)
    _leaves(image, rng, pose)
    outline = _bird(image, rng, pose, label)
    image = np.clip(image + rng.normal(0, 4, image.shape), 0, 255).round().astype(np.uint8)
    xs, ys = outline.T
    box = (max(xs.min() - 2, 0), max(ys.min() - 2, 0))
    box += (min(xs.max() + 2, shape[1]), min(ys.max() + 2, shape[0]))
    gaze = _gaze(rng, shape, pose, CLASSES[label][2], viewers)
    return Bird(image, label, tuple(float(value) for value in box), *gaze)


@dataclass(frozen=True)
class _Pose:
    """Where a bird is: centre and length in pixels, angle in radians, and 1 or −1 to face."""

    x: float
    y: float
    length: float
    angle: float
    facing: int

    @classmethod
    def of(cls, rng, shape):
        height, width = shape
        length = rng.uniform(0.55, 0.7) * min(width, 1.25 * height)
        x, y = rng.normal((0.5, 0.52), 0.04) * (width, height)
        return cls(x, y, length, rng.uniform(-0.3, 0.3), int(rng.choice((-1, 1))))

    def at(self, points):
        """Positions in the bird's own frame (beak to the right, lengths of a bird) as pixels."""
        points = np.atleast_2d(np.asarray(points, float)) * (self.facing, 1)
        turn = self.angle * self.facing
        turned = points @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        return turned * self.length + (self.x, self.y)


# Of a bird one unit long that faces to the right; y grows downwards.
BODY = ((-0.05, 0.05), (0.3, 0.19))
HEAD = ((0.27, -0.13), (0.15, 0.14))
PARTS = {"head": (0.25, -0.2), "wing": (-0.12, 0.03), "bill": (0.46, -0.11)}
"""Centres of the parts that tell classes apart."""


def _bird(image, rng, pose, label):
    """Draw the bird; returns points of its outline."""
    _, _, telling, colour = CLASSES[label]
    plumage = rng.uniform(95, 165) + rng.normal(0, 12, 3)
    wing = plumage * rng.uniform(0.7, 0.85)
    paint = {part: np.full(3, DARK) + rng.normal(0, 6, 3) for part in PARTS}
    paint[telling] = np.array(COLOURS[colour]) + rng.normal(0, 10, 3)
    tail = pose.at([(-0.25, 0.0), (-0.55, 0.08), (-0.53, 0.17), (-0.25, 0.14)])
    body, head = _ellipse(pose, *BODY), _ellipse(pose, *HEAD)
    folded = _ellipse(pose, (-0.1, 0.04), (0.21, 0.11))
    bill = pose.at([(0.39, -0.18), (0.55, -0.1), (0.39, -0.06)])
    for polygon, tint in ((tail, wing), (body, plumage), (head, plumage), (folded, wing)):
        _fill(image, polygon, tint)
    _fill(image, bill, paint["bill"])
    _fill(image, _ellipse(pose, PARTS["head"], (0.1, 0.055)), paint["head"])
    bar = pose.at([(-0.17, -0.04), (-0.09, -0.05), (-0.06, 0.11), (-0.14, 0.12)])
    _fill(image, bar, paint["wing"])
    _fill(image, _ellipse(pose, (0.32, -0.12), (0.022, 0.022)), np.full(3, 15.0))
    return np.concatenate([tail, body, head, bill])


def _leaves(image, rng, pose):
    """Leaves around the bird, of the colours of the telling parts and about their size."""
    height, width = image.shape[:2]
    colours = list(COLOURS.values())
    for _ in range(rng.integers(LEAVES[0], LEAVES[1] + 1)):
        centre = rng.uniform((0, 0), (width, height))
        colour = np.array(colours[rng.integers(len(colours))]) + rng.normal(0, 10, 3)
        leaf = _Pose(*centre, pose.length * rng.uniform(0.8, 1.2), rng.uniform(0, 2 * np.pi), 1)
        _fill(image, _ellipse(leaf, (0, 0), (0.09, 0.04)), colour)


def _ellipse(pose, centre, radii):
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return pose.at(np.array(centre) + np.column_stack([np.cos(angles), np.sin(angles)]) * radii)


def _fill(image, polygon, colour):
    cover = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(cover, [np.round(polygon * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    opacity = (cover / np.float32(255))[..., None]
    image[:] = (1 - opacity) * image + opacity * np.asarray(colour, np.float32)


def _gaze(rng, shape, pose, part, viewers):
    """Points, subjects and durations of all viewers."""
    part, size = pose.at(PARTS[part])[0], np.array(shape[::-1], float)

    def fixation(first):
        if first:
            return rng.normal(size / 2, 0.06 * size)
        chance = rng.random()
        if chance < ON_PART:
            return rng.normal(part, 0.05 * pose.length)
        if chance < ON_PART + ON_BIRD:
            return pose.at(rng.normal(BODY[0], np.array(BODY[1]) * 0.7))[0]
        return rng.normal(size / 2, 0.25 * size)

    return viewed(rng, size, fixation, viewers)
