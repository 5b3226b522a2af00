"""Flow of videos as JPEG files: a folder for each, which is written whole or not at all.

    <folder>/im_0001.jpg       the second frame of the first pair: frame 1 of the video, from 0
    <folder>/flow_x_0001.jpg   flow from frame 0 to frame 1 of the video
    <folder>/flow_y_0001.jpg
    <folder>/flow.json         settings and number of pairs; the folder is finished

Gaze is therefore aligned with image k at the time of frame k of the video, counted from 0.
"""

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal, get_args

import cv2
import numpy as np

from keras_attn import storage
from keras_attn.datasets.flow.estimation import (
    BOUND,
    SMALLEST,
    Features,
    FlowEstimator,
    Method,
    encode,
)
from keras_attn.datasets.readers.frames import BadVideo, Frames
from keras_attn.errors import InputError, listing, one_of

Names = Literal["im", "tsn"]
NAMES = {
    "im": {"image": "im_{:04d}.jpg", "x": "flow_x_{:04d}.jpg", "y": "flow_y_{:04d}.jpg"},
    "tsn": {"image": "img_{:05d}.jpg", "x": "flow_x_{:05d}.jpg", "y": "flow_y_{:05d}.jpg"},
}
"""File names of image and flow: of the two-stream networks of the study, and of TSN."""
HEIGHT, WIDTH = 128, 171
MARKER = "flow.json"
VERSION = 1
"""Of the algorithm; folders of another version are not taken for finished."""


@dataclass(frozen=True)
class FlowSettings:
    """How flow is made and written.

    method, features, compensated: see `FlowEstimator`. bound: displacement in pixels at which the
    code ends. height, width: of images and flow; 0 is the video's own. names: "im" or "tsn".
    """

    method: Method = "tvl1"
    bound: float = BOUND
    height: int = HEIGHT
    width: int = WIDTH
    names: Names = "im"
    compensated: bool = True
    features: Features = "sift"

    def __post_init__(self):
        one_of("method", self.method, get_args(Method))
        one_of("names", self.names, get_args(Names))
        one_of("features", self.features, get_args(Features))
        if not 0 < self.bound < float("inf"):
            raise InputError("bound", "a number of pixels above 0", self.bound)
        for name in ("height", "width"):
            value = getattr(self, name)
            if value and value < SMALLEST:
                expected = f"at least {SMALLEST}, or 0 for the video's own"
                raise InputError(name, expected, value)

    def size(self, frame):
        """(width, height) that `frame`, the first of a video, is brought to."""
        return self.width or frame.shape[1], self.height or frame.shape[0]


def pairs(frames, settings, *, still=False):
    """For each two frames that follow each other, the second one and the flow to it, in pixels.

    frames: iterable of uint8 RGB `(H, W, 3)`. Yields uint8 RGB `(h, w, 3)` and float32
    `(h, w, 2)`, of the size of `settings`; all frames are brought to it first, bilinearly.
    still: whether the flow is 0, for who does not look at it: nothing takes longer.
    """
    estimate = (
        _standing
        if still
        else FlowEstimator(
            settings.method, compensated=settings.compensated, features=settings.features
        )
    )
    before = size = None
    for frame in frames:
        size = size or settings.size(frame)
        image = cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR)
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        if before is not None:
            yield image, estimate(before, grey)
        before = grey


def _standing(first, second):
    return np.zeros((*first.shape, 2), np.float32)


def in_memory(video, settings, *, still=False, on_pair=None):
    """What `extract` would write of a video, and `folders.FlowFolder` read again, a pair at a time.

    Yields uint8 `(h, w, 5)`: red, green, blue, and the code of the flow in x and y, after the JPEG
    files that they would be, so that a network sees what it would see of them. still: as for
    `pairs`; the rest and the errors as for `extract`.
    """
    frames, empty = Frames(video), True
    with one_thread():
        for image, flow in pairs(frames, settings, still=still):
            empty = False
            written = _encoded(image, encode(flow, settings.bound))
            read = {kind: cv2.imdecode(content, cv2.IMREAD_COLOR) for kind, content in written}
            yield np.dstack([read["image"][..., ::-1], read["x"][..., 0], read["y"][..., 0]])
            if on_pair is not None:
                on_pair()
    if empty:
        raise _too_short(frames)


def _too_short(frames):
    few = "one frame or none"
    return BadVideo(frames.path, "at least two frames, between which there is flow", few)


def extract(video, folder, settings=None, *, overwrite=False, on_pair=None):
    """Write images and flow of a video into `folder`, which is there as a whole afterwards.

    video: a video file or a folder of frames. settings: `FlowSettings`, by default those of the
    study. A folder that is finished is left as it is, one of which files are missing is made
    anew; one made from another video or by other settings is refused, or with `overwrite`
    replaced. A folder that does not come from here is never touched. on_pair: called after each
    pair. OpenCV runs on one thread meanwhile: what it computes would depend on their number.

    Returns what `flow.json` says: `pairs`, and `announced`, the frames that the header promises.
    Raises `BadVideo` if the video does not open or has fewer than two frames, and `InputError`
    for the folder and for a disk that is full.
    """
    settings, folder = settings or FlowSettings(), Path(folder).expanduser()
    earlier = finished(video, folder, settings, overwrite=overwrite)
    if earlier:
        return earlier
    frames = Frames(video)
    with storage.replacing_folder(folder) as stage, one_thread():
        count = 0
        for count, (image, flow) in enumerate(pairs(frames, settings), 1):
            _write_pair(stage, count, image, encode(flow, settings.bound), NAMES[settings.names])
            if on_pair is not None:
                on_pair()
        if not count:
            raise _too_short(frames)
        record = {"pairs": count, "announced": frames.announced}
        record = {**record, **_identity(video, settings)}
        (stage / MARKER).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return record


def finished(video, folder, settings, *, overwrite=False):
    """What `flow.json` in `folder` says if nothing is missing; None if `video` is to be done.

    Raises `InputError` if the folder holds something else, see `extract`.
    """
    folder = Path(folder)
    if not folder.exists():
        return None
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else {folder.name}
    if there and MARKER not in there:
        expected = f"no such folder, an empty one, or one with {MARKER}"
        raise InputError(folder, expected, listing(sorted(there), 3))
    record = _record(folder / MARKER)
    if record is None:
        return None
    changed = _changes(record, _identity(video, settings))
    if changed and not overwrite:
        expected = "flow of this video by these settings, another folder, or overwrite"
        raise InputError(folder, f"{expected} (--overwrite)", listing(changed))
    return None if changed or _missing(folder, record, settings) else record


def how_made(folder):
    """The settings of the flow in `folder`, in words; not what its files are called."""
    record = _record(Path(folder).expanduser() / MARKER)
    if record is None:
        return "by other tools"
    settings = {name: value for name, value in record["settings"].items() if name != "names"}
    return ", ".join(f"{name} {_in_words(value)}" for name, value in settings.items())


def _in_words(value):
    # 8 and 8.0 are one bound, and have to be one text.
    return f"{value:g}" if isinstance(value, float) else str(value)


def as_made(told):
    """The `FlowSettings` of words of `how_made`; None for what does not tell them."""
    if not _tells(told):
        return None
    words = dict(part.split(" ", 1) for part in told.split(", "))
    kinds = {"bound": float, "height": int, "width": int, "compensated": "True".__eq__}
    try:
        return FlowSettings(**{name: kinds.get(name, str)(word) for name, word in words.items()})
    except (TypeError, ValueError):
        return None


def _tells(told):
    return (told or "").startswith(f"{fields(FlowSettings)[0].name} ")


def made_otherwise(folder, told):
    """How the flow in `folder` was made, if that is not what `told` says; None if it is or may be.

    told: what `how_made` says of other flow. Words of somebody's own, None, and what other tools
    have made tell nothing that could be compared.
    """
    if not _tells(told):
        return None
    found = how_made(folder)
    return None if found == told else found


def is_marked(folder):
    """Whether `folder` holds flow that was written by `extract`."""
    return (Path(folder) / MARKER).is_file()


def _record(path):
    """What a marker says; None if it is missing or damaged, which is that of no finished folder."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(record, dict) and {"pairs", "announced", "settings"} <= record.keys()
    return record if whole else None


def _identity(video, settings):
    """What tells the flow of one video from that of another, wherever it lies."""
    path = Path(video).expanduser()
    whole = path.is_file()
    size = path.stat().st_size if whole else Frames(path).announced
    source = {"name": path.resolve().name, "bytes" if whole else "images": size}
    return {"source": source, "settings": asdict(settings), "version": VERSION}


def _changes(record, identity):
    changed = []
    for part, now in identity.items():
        then = record.get(part)
        if isinstance(now, dict) and isinstance(then, dict):
            names = [name for name in now if now[name] != then.get(name)]
            changed += [f"{name} {then.get(name)!r}, not {now[name]!r}" for name in names]
        elif now != then:
            changed.append(f"{part} {then!r}, not {now!r}")
    return changed


def _missing(folder, record, settings):
    there = {path.name for path in folder.iterdir() if path.stat().st_size}
    wanted = NAMES[settings.names].values()
    return any(w.format(k) not in there for w in wanted for k in range(1, record["pairs"] + 1))


def _write_pair(folder, number, image, code, names):
    for kind, content in _encoded(image, code):
        # Not by OpenCV, which does not say whether the disk is full.
        (folder / names[kind].format(number)).write_bytes(content.tobytes())


def _encoded(image, code):
    """Pairs of a kind of NAMES and the bytes of its file, at OpenCV's own quality of 95."""
    pictures = {"image": image[..., ::-1], "x": code[..., 0], "y": code[..., 1]}
    for kind, pixels in pictures.items():
        yield kind, cv2.imencode(".jpg", pixels)[1]


@contextmanager
def one_thread():
    """OpenCV on one thread meanwhile: what it computes would depend on their number."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
