"""Simulates viewers of a drawn clip: they begin at the centre and follow the actor, mostly."""

from dataclasses import dataclass

import numpy as np

SAMPLES = 20
"""Of gaze in a frame: 500 a second at 25 frames a second."""
FIRST = (2.0, 5.0)
"""Frames that a viewer stays at the centre: least and most."""
STAY = (5.0, 12.0)
"""Frames until a viewer looks elsewhere: least and most."""
ON_ACTOR, ON_OTHERS = 0.75, 0.15
"""Share of looks at an actor and at another figure; the rest goes anywhere."""
LAG = 1.0
"""Frames by which gaze is behind what it follows."""
SACCADE = 0.8
"""Frames from one target to the next."""
TREMOR = 0.4
"""Pixels of a sample's noise, standard deviation."""
BLINK, BLINKS = 2.0, 0.2
"""Frames of a blink, and how many of the viewers blink once in a clip."""


@dataclass(frozen=True, eq=False)
class Gaze:
    """Samples of one viewer: points `(N, 2)` of x and y in pixels; times in frames, from 0; events.

    events: "F", fixation or pursuit, "S", saccade, or "B", blink, for each sample; the points of
    blinks are (0, 0), and others may lie outside the picture.
    """

    points: np.ndarray
    times: np.ndarray
    events: np.ndarray


def follow(rng, shape, actors, others, spread):
    """The `Gaze` of one viewer of a clip of pictures of `shape` (H, W).

    actors, others: centres `(T, 2)` of each figure. spread: of where a figure is looked at, in
    pixels, standard deviation.
    """
    frames, size = len(actors[0]), np.array(shape[::-1], float)
    times = np.arange(frames * SAMPLES) / SAMPLES
    points, events = np.empty((len(times), 2)), np.full(len(times), "F")
    start, look = 0.0, _still(rng.normal(size / 2, 0.06 * size), times)
    stay = rng.uniform(*FIRST)
    while start < frames:
        here = times >= start
        points[here] = look[here]
        if start > 0:
            _leap(points, events, times, start)
        start += stay
        look, stay = _target(rng, size, actors, others, spread, times), rng.uniform(*STAY)
    points += rng.normal(0, TREMOR, points.shape)
    if rng.random() < BLINKS:
        begins = rng.uniform(0, max(frames - BLINK, 0))
        shut = (times >= begins) & (times < begins + BLINK)
        points[shut], events[shut] = 0, "B"
    return Gaze(points, times, events)


def _still(point, times):
    return np.broadcast_to(point, (len(times), 2))


def _target(rng, size, actors, others, spread, times):
    """Where a look rests at all times, `(N, 2)`: beside the centre of what it follows."""
    chance = rng.random()
    if chance < ON_ACTOR or (chance < ON_ACTOR + ON_OTHERS and not others):
        figures = actors
    elif chance < ON_ACTOR + ON_OTHERS:
        figures = others
    else:
        return _still(rng.normal(size / 2, 0.25 * size), times)
    path = figures[rng.integers(len(figures))]
    known = np.arange(len(path))
    followed = [np.interp(times - LAG, known, path[:, axis]) for axis in (0, 1)]
    return np.column_stack(followed) + rng.normal(0, spread, 2)


def _leap(points, events, times, start):
    """Turn the samples after `start` into a saccade from the point before to the target."""
    leaping = (times >= start) & (times < start + SACCADE)
    before = np.flatnonzero(times < start)[-1]
    share = ((times[leaping] - start) / SACCADE)[:, None]
    points[leaping] = (1 - share) * points[before] + share * points[leaping]
    events[leaping] = "S"
