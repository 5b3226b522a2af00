"""UCF Sports (Rodriguez et al. 2008): 150 clips of broadcasts, each of one sport."""

from __future__ import annotations

import re
from functools import partial
from itertools import cycle, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from keras_attn import gaze as gaze_on_frames
from keras_attn.datasets import drawing, readers
from keras_attn.datasets.drawing.followed import SAMPLES
from keras_attn.datasets.format import Format, Twin
from keras_attn.errors import InputError, listing, one_of
from keras_attn.registry import register

if TYPE_CHECKING:
    from keras_attn.datasets.video import VideoDataset

DIRECTORIES = {
    "Diving-Side": "Diving",
    "Golf-Swing-Back": "Golf-Swing",
    "Golf-Swing-Front": "Golf-Swing",
    "Golf-Swing-Side": "Golf-Swing",
    "Kicking-Front": "Kicking",
    "Kicking-Side": "Kicking",
    "Lifting": "Lifting",
    "Riding-Horse": "Riding-Horse",
    "Run-Side": "Run",
    "SkateBoarding-Front": "SkateBoarding",
    "Swing-Bench": "Swing-Bench",
    "Swing-SideAngle": "Swing-SideAngle",
    "Walk-Front": "Walk",
}
"""Class by directory: 10 classes; of 9, both swings are one."""
SPLITS = Path(__file__).with_name("splits")
"""Lists of the 103 clips to train on and the 47 to test on."""
FPS = 10.0
"""Of the clips' frames, where only those are there."""
CLIP = re.compile(rf"({'|'.join(DIRECTORIES)})[-_](\d{{3}})")


def ucf_sports(
    root: str | Path,
    *,
    gaze: str | Path | None = None,
    flow_root: str | Path | None = None,
    image_root: str | Path | None = None,
    classes: Literal[9, 10] = 9,
    groups: Any = None,
    group: Any = None,
    events: Any = None,
    fps: float = FPS,
    on_bad_example: Literal["raise", "skip"] = "raise",
) -> VideoDataset:
    """Read UCF Sports, as it is unpacked or as it is repackaged, with its gaze.

    root/.../<Directory>/<NNN>/             a folder of frames, or with one .avi file
    root/.../<Directory>-<NNN>/             the same; or with `_`; the frames may lie in images/
    root/.../<Directory>-<NNN>.avi          the same
    gaze/...        as `mathe_gaze.RawGaze` or `RepackagedGaze` describes; default `root`
    flow_root/<Directory>-<NNN>/im_0001.jpg, flow_x_0001.jpg, flow_y_0001.jpg, ...   extracted
    flow_root/<Directory>/<NNN>/   the same, or in the one folder that it holds, which is how a
        clip's file in a folder of its own is extracted; as is any other name by `frames.find`
    image_root/...   where the images do not lie beside the flow: the same names

    Where a folder has frames and a file, the frames are read.

    Args:
        root: a folder that the clips lie in, or below.
        gaze: that of the gaze; default `root`.
        flow_root: that of extracted flow, or None.
        image_root: that of the frames it was extracted from, where they do not lie beside it.
        classes: 9 (as the paper), or 10 with the two swings apart.
        groups, group, events: whose samples and which, where gaze is raw, see `RawGaze`.
        fps: frames a second of folders of frames.
        on_bad_example: "raise", or "skip" to leave out and list clips that cannot be used.

    Returns:
        A `VideoDataset`, ordered by id, `<Directory>-<NNN>`, with the splits "train" and "test" of
        103 and 47 clips; those of them that are not there are counted.

    Raises:
        InputError: Files are missing or are not as laid out above.

    Example:

    >>> import tempfile, keras_attn as ka
    >>> with tempfile.TemporaryDirectory() as root:
    ...     drawn = ka.datasets.miniature("ucf_sports", videos=2, frames=4, root=f"{root}/clips")
    ...     ka.datasets.ucf_sports(f"{root}/clips")
    VideoDataset('ucf_sports', 2 examples)
    """
    root = Path(root).expanduser()
    by_directory = _classes(classes)
    names = tuple(dict.fromkeys(by_directory.values()))
    options = {"groups": groups, "group": group, "events": events}
    source = readers.open_gaze(root if gaze is None else gaze, clip_of, **options)
    reader = readers.VideoReader("ucf_sports", on_bad_example, source, fps)
    extracted = partial(readers.find_flow, flow_root=flow_root, image_root=image_root)
    splits = read_splits()
    listed = {clip for clips in splits.values() for clip in clips}
    found = _videos(root)
    for clip, path in sorted(found.items()):
        label = names.index(by_directory[clip[:-4]])
        folder = partial(extracted, _names(clip, path, root))
        reader.guard(clip, partial(_add, reader, clip, path, label, listed, folder))
    _count_missing(reader, sorted(listed - set(found)), len(listed))
    return reader.dataset(root, classes=names, splits=splits)


def clip_of(name: str) -> str | None:
    """The id `<Directory>-<NNN>` of a clip whose name may have `_` there; None for another name."""
    found = CLIP.fullmatch(name)
    return found and f"{found[1]}-{found[2]}"


def class_of(clip: str, classes: Literal[9, 10] = 9) -> str:
    """Name of the class of a clip `<Directory>-<NNN>`, one of 9 or 10."""
    return _classes(classes)[clip[:-4]]


def _classes(count):
    """Class by directory, in the order of their indices."""
    merged = one_of("classes", count, (9, 10)) == 9
    return {
        directory: "Swing" if merged and directory.startswith("Swing-") else name
        for directory, name in DIRECTORIES.items()
    }


def _add(reader, clip, path, label, listed, extracted):
    if clip not in listed:
        raise InputError(path, "one of the 150 clips of the lists", clip)
    reader.add(clip, path, extracted(), (label,))


def _names(clip, path, root):
    """What the folder of the clip's flow may be called, wherever above it the search began."""
    directory, number = clip[:-4], clip[-3:]
    parts = readers.frames.path_name(path, root).split("/")
    tails = ("/".join(parts[start:]) for start in range(len(parts)))
    found = [tail for tail in tails if directory in tail]
    return tuple(dict.fromkeys([*found, f"{directory}/{number}", clip, f"{directory}_{number}"]))


def _count_missing(reader, missing, total):
    if missing:
        reader.report.remarks.append(
            f"{len(missing)} of {total} listed clips are not there: {listing(missing, 3)}"
        )


def read_splits() -> dict[str, tuple[str, ...]]:
    """Ids of the published clips, "train" (103) and "test" (47)."""
    paths = {name: SPLITS / f"ucf_sports_{name}.txt" for name in ("train", "test")}
    return {name: tuple(p.read_text(encoding="utf-8").split()) for name, p in paths.items()}


def _videos(root):
    """Files or folders of frames below `root` by the ids of their clips."""
    if not root.is_dir():
        raise InputError(root, "a folder of UCF Sports", "no such folder")
    found = {}
    for clip, path in _search(root):
        other = found.setdefault(clip, path)
        if other != path:
            raise InputError(path, f"{clip} once", f"also {other}")
    if not found:
        raise InputError(root, "clips such as Diving-Side/001 or Diving-Side-001", "none")
    return found


def _search(folder, depth=3):
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__")):
            continue
        clip = clip_of(path.stem if path.suffix == ".avi" else path.name)
        if clip is None and path.is_dir():
            clip = clip_of(f"{folder.name}-{path.name}")
        if clip is None and path.is_dir() and depth:
            yield from _search(path, depth - 1)
        video = None if clip is None else _video_in(path)
        if video is not None:
            yield clip, video


def _video_in(path):
    """What holds the frames of a clip: the folder, its images/, its file; None if it has none.

    A folder without any may hold its gaze alone.
    """
    if path.is_file():
        return path
    for folder in (path, path / "images"):
        if folder.is_dir() and readers.frames.holds_frames(folder):
            return folder
    files = sorted(path.glob("*.avi"))
    if len(files) > 1:
        raise InputError(path, "one .avi file", listing(file.name for file in files))
    return files[0] if files else None


# --- its drawn twin -----------------------------------------------------------------------------

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


def _draw(rng, shape, viewers, count, frames):
    """(id of a clip, its split, its class, the `Clip`) for `count` of the 150 published ones.

    Classes take turns; of each, two clips in three are to train on, while there are such.
    """
    chosen = dealt()
    if count > len(chosen):
        raise InputError("videos", f"at most {len(chosen)} of ucf_sports", count)
    for clip, split in chosen[:count]:
        name = class_of(clip)
        yield clip, split, name, drawing.actors.draw(rng, shape, viewers, [MOTIONS[name]], frames)


def dealt() -> list[tuple[str, str]]:
    """All published clips, each with its split, in the order in which they are drawn."""
    splits = read_splits()
    turns_of: list[list[tuple[str, str]]] = []
    for name in MOTIONS:
        left = {split: [c for c in clips if class_of(c) == name] for split, clips in splits.items()}
        turns_of.append([])
        turns = cycle(TURNS)
        while any(left.values()):
            split = next(turns)
            if left[split]:
                turns_of[-1].append((left[split].pop(0), split))
    return [clip for turn in zip_longest(*turns_of) for clip in turn if clip is not None]


def _write(root, clips):
    """Write frames (JPEG), boxes of the actors (`gt`), and `fixation` and `maps` of each frame."""
    for clip, split, name, video in clips:
        folder = root / VIDEOS / clip[:-4] / clip[-3:]
        for number, frame in enumerate(video.frames, start=1):
            drawing.write_picture(folder / f"{clip}_{number:03d}.jpg", frame)
        drawing.write_lines(
            folder / "gt" / f"{clip}.txt", [_box(mask, name) for mask in video.masks]
        )
        points = _by_frame(video)
        for number, its in enumerate(points, start=1):
            where = root / GAZE / PARTS[split] / clip
            fixations, density = _pictures(its, video.masks.shape[1:])
            drawing.write_picture(where / "fixation" / f"{clip}_{number:03d}.png", fixations)
            drawing.write_picture(where / "maps" / f"{clip}_{number:03d}.png", density)


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
        seen = (its.events != "B") & gaze_on_frames.inside(its.points, shape)
        for number, (points, kept) in enumerate(
            zip(its.points.reshape(frames, SAMPLES, 2), seen.reshape(frames, SAMPLES), strict=True)
        ):
            found[number].append(points[kept])
    return [np.concatenate(points) for points in found]


def _pictures(points, shape):
    """The pixels that are looked at, 0 and 255, and their blurred map up to 255: uint8 `(H, W)`."""
    import cv2

    looked_at = np.float32(gaze_on_frames.histogram(points, shape) > 0)
    sigma = gaze_on_frames.FIXATION_SIGMA * shape[1]
    blurred = cv2.GaussianBlur(looked_at, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    density = 255 * blurred / max(blurred.max(), np.finfo(np.float32).tiny)
    return (255 * looked_at).astype(np.uint8), density.round().astype(np.uint8)


register(
    Format(
        name="ucf_sports",
        title="UCF Sports",
        read=ucf_sports,
        kind="videos",
        tasks=("action",),
        splits=True,
        paper=True,
        first="hollywood2",
        twin=Twin(draw=_draw, write=_write, viewers=6, sizes={"videos": 54, "frames": 24}),
    )
)
