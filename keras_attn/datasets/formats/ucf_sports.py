"""UCF Sports (Rodriguez et al. 2008): 150 clips of broadcasts, each of one sport."""

import re
from functools import partial
from pathlib import Path

from keras_attn.datasets import origin
from keras_attn.datasets.flow.files import find_flow
from keras_attn.datasets.readers.frames import holds_frames, path_name
from keras_attn.datasets.readers.mathe_gaze import open_gaze
from keras_attn.datasets.video import VideoReader
from keras_attn.errors import InputError, listing, one_of

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


@origin.known
def ucf_sports(
    root,
    *,
    gaze=None,
    flow_root=None,
    image_root=None,
    classes=9,
    groups=None,
    group=None,
    events=None,
    fps=FPS,
    on_bad_example="raise",
):
    """Read UCF Sports, as it is unpacked or as it is repackaged, with its gaze.

    root/.../<Directory>/<NNN>/             a folder of frames, or with one .avi file
    root/.../<Directory>-<NNN>/             the same; or with `_`; the frames may lie in images/
    root/.../<Directory>-<NNN>.avi          the same
    gaze/...        as `mathe_gaze.RawGaze` or `RepackagedGaze` describes; default `root`
    flow_root/<Directory>-<NNN>/im_0001.jpg, flow_x_0001.jpg, flow_y_0001.jpg, ...   extracted
    flow_root/<Directory>/<NNN>/   the same, or in the one folder that it holds, which is how a
        clip's file in a folder of its own is extracted; as is any other name by `frames.find`
    image_root/...   where the images do not lie beside the flow: the same names

    Where a folder has frames and a file, the frames are read. classes: 9 (as the paper), or 10
    with the two swings apart. groups, group, events: whose samples and which, where gaze is raw,
    see `RawGaze`. fps: frames a second of folders of frames. on_bad_example: "raise", or "skip"
    to leave out and list clips that cannot be used.
    Returns a `VideoDataset`, ordered by id, `<Directory>-<NNN>`, with the splits "train" and
    "test" of 103 and 47 clips; those of them that are not there are counted.
    """
    root = Path(root).expanduser()
    by_directory = _classes(classes)
    names = tuple(dict.fromkeys(by_directory.values()))
    options = {"groups": groups, "group": group, "events": events}
    source = open_gaze(root if gaze is None else gaze, clip_of, **options)
    reader = VideoReader("ucf_sports", on_bad_example, source, fps)
    extracted = partial(find_flow, flow_root=flow_root, image_root=image_root)
    splits = read_splits()
    listed = {clip for clips in splits.values() for clip in clips}
    found = _videos(root)
    for clip, path in sorted(found.items()):
        label = names.index(by_directory[clip[:-4]])
        folder = partial(extracted, _names(clip, path, root))
        reader.guard(clip, partial(_add, reader, clip, path, label, listed, folder))
    _count_missing(reader, sorted(listed - set(found)), len(listed))
    return reader.dataset(root, classes=names, splits=splits)


def clip_of(name):
    """The id `<Directory>-<NNN>` of a clip whose name may have `_` there; None for another name."""
    found = CLIP.fullmatch(name)
    return found and f"{found[1]}-{found[2]}"


def class_of(clip, classes=9):
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
    parts = path_name(path, root).split("/")
    tails = ("/".join(parts[start:]) for start in range(len(parts)))
    found = [tail for tail in tails if directory in tail]
    return tuple(dict.fromkeys([*found, f"{directory}/{number}", clip, f"{directory}_{number}"]))


def _count_missing(reader, missing, total):
    if missing:
        reader.report.remarks.append(
            f"{len(missing)} of {total} listed clips are not there: {listing(missing, 3)}"
        )


def read_splits():
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
        if folder.is_dir() and holds_frames(folder):
            return folder
    files = sorted(path.glob("*.avi"))
    if len(files) > 1:
        raise InputError(path, "one .avi file", listing(file.name for file in files))
    return files[0] if files else None
