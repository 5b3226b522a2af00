"""Plain videos with gaze: `videos/`, and optional `fixations.csv` and `classes.csv`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from keras_attn.datasets import drawing, readers
from keras_attn.datasets.drawing.followed import SAMPLES
from keras_attn.datasets.format import Format, Twin
from keras_attn.errors import InputError, listing, one_of
from keras_attn.gaze_format import GazeFormat
from keras_attn.registry import register

if TYPE_CHECKING:
    from keras_attn.datasets.video import VideoDataset

VIDEOS, FIXATIONS, CLASSES = "videos", "fixations.csv", "classes.csv"
PARTS = (VIDEOS, FIXATIONS, CLASSES)
SPLITS = ("train", "test")


def video_folder(
    root: str | Path,
    *,
    flow_root: str | Path | None = None,
    image_root: str | Path | None = None,
    subjects: Any = None,
    fps: float | None = None,
    first_frame: Literal[0, 1] = 0,
    on_bad_example: Literal["raise", "skip"] = "raise",
    **form: Any,
) -> VideoDataset:
    """Read a folder of videos with fixations or classes.

    root/videos/<name>.mp4   (or avi, mov, mkv, webm, ...), or a folder <name> of its frames
    root/fixations.csv       columns video, subject, x, y, and frame or time_ms, and with time_ms,
                             optionally, duration_ms: a row per fixation or sample, `video` with or
                             without its suffix, x and y in pixels of its frames, origin at the top
                             left corner, pixel i from i to i + 1
    root/classes.csv         optional: columns video, class and, optionally, split ("train" or
                             "test"): a row for each video, or several for one of several classes
    root/about.txt           optional: shown beside every result made from this dataset
    flow_root/<name>/im_0001.jpg, flow_x_0001.jpg, flow_y_0001.jpg, ...   extracted, as
        `tools/extract_flow.py root/videos --out flow_root` writes it
    image_root/<name>/im_0001.jpg, ...   where the images do not lie beside the flow

    frame: counted from `first_frame`, 0 or 1; a row is in that frame alone. time_ms: from the
    first frame of the video; a row is in the frame that is shown then, give or take 1 ms, and with
    duration_ms in all frames up to its end. The times of frames are those that a file gives, be
    they even or not.

    Points outside the frames or NaN and rows before or after the video are dropped and counted; a
    video without gaze stays, counted, and is not scored against gaze. Without fixations.csv, with
    classes, there is no gaze to score against.

    Args:
        root: the folder.
        flow_root: that of extracted flow, or None.
        image_root: that of the frames it was extracted from, where they do not lie beside it.
        subjects: whose gaze is read; default everybody's.
        fps: frames a second of folders of frames, which time_ms needs.
        first_frame: what the first frame is called, 0 or 1.
        on_bad_example: "raise", or "skip" to leave out and list videos that cannot be used and
            fixations of videos that are not there.
        form: fields of `GazeFormat`, such as coordinates="normalised", screen=(1920, 1080),
            place="fit", missing=(0,), separator=";".

    Returns:
        A `VideoDataset`, ordered by name, with the splits that classes.csv tells; its classes are
        in the order of their names.

    Raises:
        InputError: Files are missing or are not as laid out above; more than half of a video's
            rows are before or after it; times look like seconds, or frames as if counted from 1;
            points cannot be pixels of the videos.

    Example:

    >>> import tempfile, keras_attn as ka
    >>> with tempfile.TemporaryDirectory() as root:
    ...     drawn = ka.datasets.miniature("video_folder", videos=7, frames=2, root=f"{root}/clips")
    ...     ka.datasets.video_folder(f"{root}/clips")
    VideoDataset('clips', 7 examples)
    """
    root, form = readers.as_root(root, PARTS), GazeFormat(**form)
    one_of("first_frame", first_frame, (0, 1))
    found = dict(sorted(readers.frames.find([_folder(root)]).items()))
    if fps is not None and not any(path.is_dir() for path in found.values()):
        raise InputError("fps", "none, for all videos are files, which tell it", fps)
    if fps is not None and not (isinstance(fps, (int, float)) and 0 < fps < np.inf):
        raise InputError("fps", "frames a second, such as 25", repr(fps))
    known, path = _known(found), _gaze_of(root)
    source = readers.TabledGaze(path, known, form, subjects=subjects, first_frame=first_frame)
    reader = readers.VideoReader(root.resolve().name, on_bad_example, source, fps, exact=True)
    reader.note = "\n".join(filter(None, (readers.note_of(root), source.note)))
    reader.guard(FIXATIONS, source.check_names)
    classes, labels, splits = _classes(root / CLASSES, known, reader, form)
    for name, path in found.items():
        if not classes or name in labels:
            extracted = partial(_flow, name, flow_root, image_root)
            reader.guard(name, partial(_add, reader, name, path, extracted, labels.get(name, ())))
    source.check(reader.report)
    options = {"classes": classes, "splits": splits, "needs_gaze": source.path is not None}
    return reader.dataset(root, **options)


def _folder(root):
    folder = root / VIDEOS
    if not folder.is_dir():
        raise InputError(folder, "a folder of videos, or of folders of their frames", "none")
    return folder


def _known(found):
    """Ids of videos by what they may be called, with the suffix or without."""
    known = {}
    for name, path in found.items():
        called = readers.tables.composed(name)
        if called in known:
            expected = "videos of different names"
            raise InputError(VIDEOS, expected, f"{found[known[called]]} and {path}")
        known[called] = name
    for name, path in found.items():
        if path.is_file():
            known.setdefault(readers.tables.composed(f"{name}{path.suffix}"), name)
    return known


def _gaze_of(root):
    """The path of the table of gaze, or None; an error where there is nothing but videos."""
    path = root / FIXATIONS
    if path.is_file() or list(root.glob("fixations.*")):
        return path
    if not (root / CLASSES).is_file():
        expected = f"{FIXATIONS} with gaze, or {CLASSES} to learn from without"
        raise InputError(path, expected, "no such file")
    return None


def _flow(name, flow_root, image_root):
    """The `FlowFolder` of a video, extracted from the folder of videos or from the root."""
    return readers.find_flow((name, f"{VIDEOS}/{name}"), flow_root, image_root)


def _add(reader, name, path, extracted, labels):
    reader.add(name, path, extracted(), labels)


# --- classes ------------------------------------------------------------------------------------


def _classes(path, known, reader, form):
    """Names of the classes, labels by video, and videos by split; all empty without the file."""
    if not path.is_file():
        return (), {}, {}
    table = readers.tables.read_beside(path, ("video", "class"), more="[, split]", form=form)
    table.refuse("class", table["class"] == "", "the name of a class")
    called = table["video"].astype(object).map(known)
    table.refuse("video", called.isna(), "the name of a video that is there")
    rows = table.rows.astype(object).assign(name=called)
    table.refuse("class", rows.duplicated(["name", "class"]), "each class of a video named once")
    reader.guard(path.name, partial(_refuse_without, path, known, set(called)))
    names = tuple(sorted(set(rows["class"])))
    labels = {
        name: tuple(sorted(map(names.index, classes)))
        for name, classes in rows.groupby("name")["class"]
    }
    return names, labels, _splits(table, rows, reader.report)


def _refuse_without(path, known, there):
    missing = sorted(set(known.values()) - there)
    if missing:
        raise InputError(path, "a class for every video", f"none for {listing(missing, 5)}")


def _splits(table, rows, report):
    """Videos by split, where there is such a column."""
    if "split" not in rows:
        return {}
    table.refuse("split", ~rows["split"].isin(SPLITS), "train or test")
    several = rows.groupby("name")["split"].transform("nunique") > 1
    table.refuse("split", several, "the same split in all rows of a video")
    splits = {name: tuple(rows.loc[rows["split"] == name, "name"].unique()) for name in SPLITS}
    learnt = rows.loc[rows["split"] == "train", "class"]
    readers.picture_table.check_splits(
        table.name, "videos", splits, set(rows["class"]) - set(learnt), report
    )
    return splits


# --- its drawn twin -----------------------------------------------------------------------------

DRAWN_CLASSES = ("across", "bob", "pulse", "rise", "sink", "spin")
"""Out of `actors.MOTIONS`, by whose names they are called."""
TURNS = ("train", "test", "train")
"""Where the clips of a class go, in turn."""
RATE = 25
"""Frames a second."""
LONGEST = 4
"""Frames of a fixation; gaze that follows the actor for longer is several."""


def _draw(rng, shape, viewers, count, frames):
    """(name of a clip, its class, its split, the `Clip`) for `count` of them; classes in turn."""
    for place in range(count):
        name = DRAWN_CLASSES[place % len(DRAWN_CLASSES)]
        split = TURNS[place // len(DRAWN_CLASSES) % len(TURNS)]
        clip = drawing.actors.draw(rng, shape, viewers, [name], frames)
        yield f"clip_{place + 1:04d}", name, split, clip


def _write(root, clips):
    """Write videos (AVI), fixations.csv, classes.csv and about.txt of the clips into `root`."""
    import pandas as pd

    rows, lines = [], ["video,class,split"]
    for name, label, split, clip in clips:
        drawing.write_bytes(root / "videos" / f"{name}.avi", drawing.avi.encode(clip.frames, RATE))
        lines.append(f"{name},{label},{split}")
        for subject, gaze in enumerate(clip.gaze, start=1):
            own = pd.DataFrame(_fixations(gaze), columns=["time_ms", "duration_ms", "x", "y"])
            rows.append(own.assign(video=name, subject=f"P{subject:02d}"))
    columns = ["video", "subject", "time_ms", "duration_ms", "x", "y"]
    table = pd.concat(rows)[columns]
    table.to_csv(root / "fixations.csv", index=False, float_format="%.2f")
    drawing.write_lines(root / "classes.csv", lines)
    drawing.write_lines(root / "about.txt", [drawing.scenes.ABOUT])


def _fixations(gaze):
    """Start, duration, mean x and y of all runs of samples that are of one fixation."""
    still = gaze.events == "F"
    piece = np.arange(len(still)) // (LONGEST * SAMPLES)
    turns = np.diff(still, prepend=False) | (np.diff(piece, prepend=-1) > 0)
    for run in np.split(np.arange(len(still)), np.flatnonzero(turns)):
        if len(run) and still[run[0]]:
            step = 1e3 / RATE / SAMPLES
            yield run[0] * step, len(run) * step, *gaze.points[run].mean(axis=0)


register(
    Format(
        name="video_folder",
        title="video_folder",
        read=video_folder,
        kind="videos",
        tasks=("action",),
        parts=(VIDEOS,),
        beside=(FIXATIONS, CLASSES),
        twin=Twin(draw=_draw, write=_write, viewers=6, sizes={"videos": 54, "frames": 24}),
    )
)
