"""Writes drawn clips in the format of `datasets.video_folder`."""

import numpy as np
import pandas as pd

from keras_attn.datasets.miniature import actors, avi, scenes
from keras_attn.datasets.miniature.files import write_bytes, write_lines
from keras_attn.datasets.miniature.followed import SAMPLES

CLASSES = ("across", "bob", "pulse", "rise", "sink", "spin")
"""Out of `actors.MOTIONS`, by whose names they are called."""
SPLITS = ("train", "test", "train")
"""Where the clips of a class go, in turn."""
RATE = 25
"""Frames a second."""
LONGEST = 4
"""Frames of a fixation; gaze that follows the actor for longer is several."""


def draw(rng, shape, viewers, count, frames):
    """(name of a clip, its class, its split, the `Clip`) for `count` of them; classes in turn."""
    for place in range(count):
        name = CLASSES[place % len(CLASSES)]
        split = SPLITS[place // len(CLASSES) % len(SPLITS)]
        clip = actors.draw(rng, shape, viewers, [name], frames)
        yield f"clip_{place + 1:04d}", name, split, clip


def write(root, drawn):
    """Write videos (AVI), fixations.csv, classes.csv and about.txt of the clips into `root`."""
    tables, lines = [], ["video,class,split"]
    for name, label, split, clip in drawn:
        write_bytes(root / "videos" / f"{name}.avi", avi.encode(clip.frames, RATE))
        lines.append(f"{name},{label},{split}")
        for subject, gaze in enumerate(clip.gaze, start=1):
            rows = pd.DataFrame(_fixations(gaze), columns=["time_ms", "duration_ms", "x", "y"])
            tables.append(rows.assign(video=name, subject=f"P{subject:02d}"))
    columns = ["video", "subject", "time_ms", "duration_ms", "x", "y"]
    table = pd.concat(tables)[columns]
    table.to_csv(root / "fixations.csv", index=False, float_format="%.2f")
    write_lines(root / "classes.csv", lines)
    write_lines(root / "about.txt", [scenes.ABOUT])


def _fixations(gaze):
    """Start, duration, mean x and y of all runs of samples that are of one fixation."""
    still = gaze.events == "F"
    piece = np.arange(len(still)) // (LONGEST * SAMPLES)
    turns = np.diff(still, prepend=False) | (np.diff(piece, prepend=-1) > 0)
    for run in np.split(np.arange(len(still)), np.flatnonzero(turns)):
        if len(run) and still[run[0]]:
            step = 1e3 / RATE / SAMPLES
            yield run[0] * step, len(run) * step, *gaze.points[run].mean(axis=0)
