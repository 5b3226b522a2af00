"""Writes drawn clips in the format of UCF Sports, with gaze as it is repackaged for each frame."""

from itertools import cycle, zip_longest

import cv2
import numpy as np

from keras_attn import gaze
from keras_attn.datasets.formats.ucf_sports import class_of, read_splits
from keras_attn.datasets.miniature import actors
from keras_attn.datasets.miniature.files import write_lines, write_picture
from keras_attn.datasets.miniature.followed import SAMPLES
from keras_attn.errors import InputError

MOTIONS = {
    "Diving": "sink",
    "Golf-Swing": "rock",
    "Kicking": "bob",
    "Lifting": "rise",
    "Riding-Horse": "gallop",
    "Run": "across",
    "SkateBoarding": "roll",
    "Swing": "swing",
    "Walk": "pulse",
}
"""How the actor of each of nine classes moves; of ten, both swings do alike."""
TURNS = ("train", "test", "train")
"""Where the clips of a class come from, in turn."""
VIDEOS, GAZE = "ucf_sports_actions/ucf action", "ucf_sports_gaze"
PARTS = {"train": "training", "test": "testing"}


def draw(rng, shape, viewers, count, frames):
    """(id of a clip, its split, its class, the `Clip`) for `count` of the 150 published ones.

    Classes take turns; of each, two clips in three are to train on, while there are such.
    """
    chosen = _clips()
    if count > len(chosen):
        raise InputError("videos", f"at most {len(chosen)} of ucf_sports", count)
    for clip, split in chosen[:count]:
        name = class_of(clip)
        yield clip, split, name, actors.draw(rng, shape, viewers, [MOTIONS[name]], frames)


def _clips():
    """All published clips, each with its split, in the order in which they are drawn."""
    splits = read_splits()
    dealt = []
    for name in MOTIONS:
        left = {split: [c for c in clips if class_of(c) == name] for split, clips in splits.items()}
        dealt.append([])
        turns = cycle(TURNS)
        while any(left.values()):
            split = next(turns)
            if left[split]:
                dealt[-1].append((left[split].pop(0), split))
    return [clip for turn in zip_longest(*dealt) for clip in turn if clip is not None]


def write(root, drawn):
    """Write frames (JPEG), boxes of the actors (`gt`), and `fixation` and `maps` of each frame."""
    for clip, split, name, video in drawn:
        folder = root / VIDEOS / clip[:-4] / clip[-3:]
        for number, frame in enumerate(video.frames, start=1):
            write_picture(folder / f"{clip}_{number:03d}.jpg", frame)
        write_lines(folder / "gt" / f"{clip}.txt", [_box(mask, name) for mask in video.masks])
        points = _by_frame(video)
        for number, its in enumerate(points, start=1):
            where = root / GAZE / PARTS[split] / clip
            fixations, density = _pictures(its, video.masks.shape[1:])
            write_picture(where / "fixation" / f"{clip}_{number:03d}.png", fixations)
            write_picture(where / "maps" / f"{clip}_{number:03d}.png", density)


def _box(mask, name):
    """A line of x, y, width and height of the actor in a frame, and the class."""
    ys, xs = np.nonzero(mask)
    box = (xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1)
    return "\t".join(map(str, (*box, name)))


def _by_frame(video):
    """Points of all viewers in each frame, `(N, 2)`; without blinks and those off the picture."""
    shape, frames = video.masks.shape[1:], len(video.frames)
    found = [[] for _ in range(frames)]
    for its in video.gaze:
        seen = (its.events != "B") & gaze.inside(its.points, shape)
        for number, (points, kept) in enumerate(
            zip(its.points.reshape(frames, SAMPLES, 2), seen.reshape(frames, SAMPLES), strict=True)
        ):
            found[number].append(points[kept])
    return [np.concatenate(points) for points in found]


def _pictures(points, shape):
    """The pixels that are looked at, 0 and 255, and their blurred map up to 255: uint8 `(H, W)`."""
    looked_at = np.float32(gaze.histogram(points, shape) > 0)
    sigma = gaze.FIXATION_SIGMA * shape[1]
    blurred = cv2.GaussianBlur(looked_at, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    density = 255 * blurred / max(blurred.max(), np.finfo(np.float32).tiny)
    return (255 * looked_at).astype(np.uint8), density.round().astype(np.uint8)
