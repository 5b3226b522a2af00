"""Hollywood-2 (Marszałek et al. 2009): 1,707 clips of films, 12 actions, often several in one."""

import re
from functools import partial
from pathlib import Path

from keras_attn.datasets import origin
from keras_attn.datasets.flow.files import find_flow
from keras_attn.datasets.readers.mathe_gaze import open_gaze
from keras_attn.datasets.video import VideoReader
from keras_attn.errors import InputError

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


@origin.known
def hollywood2(
    root,
    *,
    gaze=None,
    flow_root=None,
    image_root=None,
    groups=None,
    group=None,
    events=None,
    fps=None,
    on_bad_example="raise",
):
    """Read Hollywood-2 as it is unpacked, with its gaze.

    root/AVIClips/<clip>.avi, or a folder <clip> of its frames
    root/ClipSets/<Class>_train.txt, <Class>_test.txt   lines <clip> <1 or -1>
    gaze/...        as `mathe_gaze.RawGaze` or `RepackagedGaze` describes; default `root`
    flow_root/<clip>/im_0001.jpg, flow_x_0001.jpg, flow_y_0001.jpg, ...   extracted; without
        AVIClips it is all that is known of the frames
    image_root/<clip>/im_0001.jpg, ...   where the images do not lie beside the flow

    groups, group, events: whose samples and which, where gaze is raw, see `RawGaze`. fps: frames
    a second of folders of frames, which raw gaze needs. on_bad_example: "raise", or "skip" to
    leave out and list clips that cannot be used.
    Returns a `VideoDataset`, ordered by clip, with the splits "train" and "test". Clips without
    gaze stay, counted: the repackaged form has not all of those to train on.
    """
    root = Path(root).expanduser()
    lists = {split: _read_lists(root / "ClipSets", split) for split in SPLITS}
    options = {"groups": groups, "group": group, "events": events}
    source = open_gaze(root if gaze is None else gaze, clip_of, **options)
    reader = VideoReader("hollywood2", on_bad_example, source, fps)
    extracted = partial(find_flow, flow_root=flow_root, image_root=image_root)
    for clip, line in sorted({**lists["train"], **lists["test"]}.items()):
        reader.guard(clip, partial(_add, reader, clip, line, root / "AVIClips", extracted))
    splits = {split: tuple(lines) for split, lines in lists.items()}
    return reader.dataset(root, classes=CLASSES, splits=splits)


def clip_of(name):
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
