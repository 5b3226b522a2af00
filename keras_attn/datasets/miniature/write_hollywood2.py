"""Writes drawn clips in the format of Hollywood-2, with raw gaze as that of Mathe is."""

import numpy as np

from keras_attn.datasets.formats.hollywood2 import CLASSES, hollywood2
from keras_attn.datasets.miniature import actors, avi
from keras_attn.datasets.miniature.files import write_bytes, write_lines
from keras_attn.datasets.miniature.followed import SAMPLES

MOTIONS = dict(
    zip(
        CLASSES,
        ("pulse", "circle", "rock", "gallop", "roll", "bob", "swing", "spin", "across", "sink",
         "sway", "rise"),
        strict=True,
    )
)  # fmt: skip
"""How the actor of each class moves."""
SPLITS = ("train", "test", "train")
"""Where the clips of a class go, in turn."""
TWO_IN = 8
"""One of so many clips has two actors and both their labels; of the published ones it is 12."""
RATE = 500 // SAMPLES
"""Frames a second, at which samples are 500 a second."""
VIDEOS, GAZE = "Hollywood2", "gaze_hollywood2"
SCREEN = (1024, 1280)
"""(H, W) in pixels."""


def draw(rng, shape, viewers, count, frames):
    """(name of a clip, its labels, the `Clip`) for `count` of them, as they are drawn.

    Classes take turns; of each, two clips in three are to train on.
    """
    numbers = dict.fromkeys(SPLITS, 0)
    for place in range(count):
        labels = [place % len(CLASSES)]
        if place % TWO_IN == TWO_IN - 1:
            labels.append((labels[0] + rng.integers(1, len(CLASSES))) % len(CLASSES))
        split = SPLITS[place // len(CLASSES) % len(SPLITS)]
        numbers[split] += 1
        motions = [MOTIONS[CLASSES[label]] for label in labels]
        name = f"actionclip{split}{numbers[split]:05d}"
        yield name, labels, actors.draw(rng, shape, viewers, motions, frames)


def write(root, drawn):
    """Write clips (AVI), a list of each class and split, samples of each viewer, and sizes."""
    lists = {(name, split): [] for name in CLASSES for split in SPLITS}
    sizes = []
    for clip, labels, video in drawn:
        write_bytes(root / VIDEOS / "AVIClips" / f"{clip}.avi", avi.encode(video.frames, RATE))
        split = "train" if "train" in clip else "test"
        for label, name in enumerate(CLASSES):
            lists[name, split].append(f"{clip}  {1 if label in labels else -1}")
        height, width = video.frames.shape[1:3]
        sizes.append(f"{clip}.avi {width} {height} 1.000000")
        for subject, gaze in enumerate(video.gaze, start=1):
            path = root / GAZE / "samples" / f"{subject:03d}_{clip}.avi.txt"
            write_lines(path, _samples(gaze, (height, width)))
    for (name, split), lines in lists.items():
        write_lines(root / VIDEOS / "ClipSets" / f"{name}_{split}.txt", lines)
    write_lines(root / GAZE / "resolution.txt", sizes)
    geometry = f"60.000000 47.500000 29.500000 {SCREEN[1]} {SCREEN[0]}"
    write_lines(root / GAZE / "geometry.txt", [geometry])


def read(root):
    """What was written, by the reader of the real dataset."""
    return hollywood2(root / VIDEOS, gaze=root / GAZE)


def _samples(gaze, shape):
    """Lines of time in µs, two numbers that are not used, x and y on the screen, event."""
    scale = SCREEN[1] / shape[1]
    # The video fills the width of the screen and stands in the middle of its height.
    points = gaze.points * scale + (0, (SCREEN[0] - shape[0] * scale) / 2)
    points[gaze.events == "B"] = 0
    times = np.round(gaze.times * 1e6 / RATE).astype(int)
    rows = zip(times.tolist(), points.tolist(), gaze.events.tolist(), strict=True)
    return [f"{time} 0.0 0.0 {x:.1f} {y:.1f} {event}" for time, (x, y), event in rows]
