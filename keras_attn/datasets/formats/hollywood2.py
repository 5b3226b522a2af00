"""Hollywood-2 (Marszałek et al. 2009): 1,707 clips of films, 12 actions, often several in one."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from keras_attn import registries
from keras_attn.datasets import drawing, readers
from keras_attn.datasets.drawing.followed import SAMPLES
from keras_attn.datasets.format import Format, Twin
from keras_attn.errors import InputError
from keras_attn.registry import register

if TYPE_CHECKING:
    from keras_attn.datasets.video import VideoDataset

CLASSES = (
    "AnswerPhone",
    "DriveCar",
    "Eat",
    "FightPerson",
    "GetOutCar",
    "HandShake",
    "HugPerson",
    "Kiss",
    "Run",
    "SitDown",
    "SitUp",
    "StandUp",
)
"""In the order of their indices."""
SPLITS = ("train", "test")
CLIP = re.compile(r"(actionclip(?:train|test)\d{5})(?:_\d+)?")
"""A clip, or a shot of it: repackaged gaze is cut into shots, numbered on through the clip."""


def hollywood2(
    root: str | Path,
    *,
    gaze: str | Path | None = None,
    flow_root: str | Path | None = None,
    image_root: str | Path | None = None,
    groups: Any = None,
    group: Any = None,
    events: Any = None,
    fps: float | None = None,
    on_bad_example: Literal["raise", "skip"] = "raise",
) -> VideoDataset:
    """Read Hollywood-2 as it is unpacked, with its gaze.

    root/AVIClips/<clip>.avi, or a folder <clip> of its frames
    root/ClipSets/<Class>_train.txt, <Class>_test.txt   lines <clip> <1 or -1>
    gaze/...        as `mathe_gaze.RawGaze` or `RepackagedGaze` describes; default `root`
    flow_root/<clip>/im_0001.jpg, flow_x_0001.jpg, flow_y_0001.jpg, ...   extracted; without
        AVIClips it is all that is known of the frames
    image_root/<clip>/im_0001.jpg, ...   where the images do not lie beside the flow

    Clips without gaze stay, counted: the repackaged form has not all of those to train on.

    Args:
        root: the folder that `ClipSets` lies in.
        gaze: that of the gaze; default `root`.
        flow_root: that of extracted flow, or None.
        image_root: that of the frames it was extracted from, where they do not lie beside it.
        groups, group, events: whose samples and which, where gaze is raw, see `RawGaze`.
        fps: frames a second of folders of frames, which raw gaze needs.
        on_bad_example: "raise", or "skip" to leave out and list clips that cannot be used.

    Returns:
        A `VideoDataset`, ordered by clip, with the splits "train" and "test".

    Raises:
        InputError: Files are missing or are not as laid out above.

    Example:

    >>> import tempfile, keras_attn as ka
    >>> with tempfile.TemporaryDirectory() as root:
    ...     drawn = ka.datasets.miniature("hollywood2", videos=2, frames=4, root=f"{root}/clips")
    ...     folders = f"{root}/clips/Hollywood2", f"{root}/clips/gaze_hollywood2"
    ...     ka.datasets.hollywood2(folders[0], gaze=folders[1])
    VideoDataset('hollywood2', 2 examples)
    """
    root = Path(root).expanduser()
    lists = {split: _read_lists(root / "ClipSets", split) for split in SPLITS}
    options = {"groups": groups, "group": group, "events": events}
    source = readers.open_gaze(root if gaze is None else gaze, clip_of, **options)
    reader = readers.VideoReader("hollywood2", on_bad_example, source, fps)
    extracted = partial(readers.find_flow, flow_root=flow_root, image_root=image_root)
    for clip, line in sorted({**lists["train"], **lists["test"]}.items()):
        reader.guard(clip, partial(_add, reader, clip, line, root / "AVIClips", extracted))
    splits = {split: tuple(lines) for split, lines in lists.items()}
    return reader.dataset(root, classes=CLASSES, splits=splits)


def clip_of(name: str) -> str | None:
    """The clip that a clip or one of its shots belongs to; None for another name."""
    found = CLIP.fullmatch(name)
    return found and found[1]


def _add(reader, clip, line, folder, extracted):
    where, labels = line
    if not labels:
        raise InputError(where, f"an action of {clip}", "-1 in every list")
    flow = extracted([clip])
    videos = (folder / f"{clip}.avi", folder / clip)
    video = next((path for path in videos if path.exists()), None)
    if video is None and flow is None:
        raise InputError(where, f"a clip of {folder}", f"{clip}, of which there is no file")
    reader.add(clip, video, flow, tuple(sorted(labels)))


def _read_lists(folder, split):
    """Clips of a split: where each is listed first, and the set of its labels."""
    lines = {}
    for label, name in enumerate(CLASSES):
        for where, clip, sign in _read_list(folder / f"{name}_{split}.txt"):
            labels = lines.setdefault(clip, (where, set()))[1]
            if sign > 0:
                labels.add(label)
    return lines


def _read_list(path):
    expected = "<clip> <1 or -1>"
    if not path.is_file():
        raise InputError(path, f"a list of lines {expected}", "no such file")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        fields = line.split()
        if not fields:
            continue
        where = f"{path}, line {number}"
        if len(fields) != 2 or fields[1] not in ("1", "+1", "-1"):
            raise InputError(where, expected, repr(line))
        yield where, fields[0], int(fields[1])


# --- its drawn twin -----------------------------------------------------------------------------

MOTIONS = dict(
    zip(
        CLASSES,
        ("pulse", "circle", "rock", "gallop", "roll", "bob", "swing", "spin", "across", "sink",
         "sway", "rise"),
        strict=True,
    )
)  # fmt: skip
"""How the actor of each class moves."""
TURNS = ("train", "test", "train")
"""Where the clips of a class go, in turn."""
TWO_IN = 8
"""One of so many clips has two actors and both their labels; of the published ones it is 12."""
RATE = 500 // SAMPLES
"""Frames a second, at which samples are 500 a second."""
VIDEOS, GAZE = "Hollywood2", "gaze_hollywood2"
SCREEN = (1024, 1280)
"""(H, W) in pixels."""


def _draw(rng, shape, viewers, count, frames):
    """(name of a clip, its labels, the `Clip`) for `count` of them, as they are drawn.

    Classes take turns; of each, two clips in three are to train on.
    """
    numbers = dict.fromkeys(TURNS, 0)
    for place in range(count):
        labels = [place % len(CLASSES)]
        if place % TWO_IN == TWO_IN - 1:
            labels.append((labels[0] + rng.integers(1, len(CLASSES))) % len(CLASSES))
        split = TURNS[place // len(CLASSES) % len(TURNS)]
        numbers[split] += 1
        motions = [MOTIONS[CLASSES[label]] for label in labels]
        name = f"actionclip{split}{numbers[split]:05d}"
        yield name, labels, drawing.actors.draw(rng, shape, viewers, motions, frames)


def _write(root, clips):
    """Write clips (AVI), a list of each class and split, samples of each viewer, and sizes."""
    lists = {(name, split): [] for name in CLASSES for split in SPLITS}
    sizes = []
    for clip, labels, video in clips:
        drawing.write_bytes(
            root / VIDEOS / "AVIClips" / f"{clip}.avi", drawing.avi.encode(video.frames, RATE)
        )
        split = "train" if "train" in clip else "test"
        for label, name in enumerate(CLASSES):
            lists[name, split].append(f"{clip}  {1 if label in labels else -1}")
        height, width = video.frames.shape[1:3]
        sizes.append(f"{clip}.avi {width} {height} 1.000000")
        for subject, gaze in enumerate(video.gaze, start=1):
            path = root / GAZE / "samples" / f"{subject:03d}_{clip}.avi.txt"
            drawing.write_lines(path, _samples(gaze, (height, width)))
    for (name, split), lines in lists.items():
        drawing.write_lines(root / VIDEOS / "ClipSets" / f"{name}_{split}.txt", lines)
    drawing.write_lines(root / GAZE / "resolution.txt", sizes)
    geometry = f"60.000000 47.500000 29.500000 {SCREEN[1]} {SCREEN[0]}"
    drawing.write_lines(root / GAZE / "geometry.txt", [geometry])


def _read(root):
    """What was written, by the reader of the real dataset."""
    return registries.DATASETS["hollywood2"].read(root / VIDEOS, gaze=root / GAZE)


def _samples(gaze, shape):
    """Lines of time in µs, two numbers that are not used, x and y on the screen, event."""
    scale = SCREEN[1] / shape[1]
    # The video fills the width of the screen and stands in the middle of its height.
    points = gaze.points * scale + (0, (SCREEN[0] - shape[0] * scale) / 2)
    points[gaze.events == "B"] = 0
    times = np.round(gaze.times * 1e6 / RATE).astype(int)
    rows = zip(times.tolist(), points.tolist(), gaze.events.tolist(), strict=True)
    return [f"{time} 0.0 0.0 {x:.1f} {y:.1f} {event}" for time, (x, y), event in rows]


register(
    Format(
        name="hollywood2",
        title="Hollywood-2",
        read=hollywood2,
        kind="videos",
        tasks=("action",),
        parts=("AVIClips",),
        splits=True,
        paper=True,
        several_labels=True,
        twin=Twin(
            draw=_draw, write=_write, viewers=6, sizes={"videos": 54, "frames": 24}, read=_read
        ),
    )
)
