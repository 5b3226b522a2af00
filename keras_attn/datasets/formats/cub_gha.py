"""CUB-GHA (Rong et al. 2021): gaze of five viewings of each image of CUB-200-2011."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from keras_attn.datasets import readers
from keras_attn.datasets.format import Format
from keras_attn.errors import InputError, listing, one_of
from keras_attn.registry import register

if TYPE_CHECKING:
    from keras_attn.datasets.base import GazeDataset

FILES = tuple(f"Fixation_run{number}.txt" for number in range(1, 6))
FOLDERS = ("", "data_5runs", "CUB-GHA/data_5runs", "CUB_200_2011", "CUB_200_2011/data_5runs")
"""Where the gaze files may lie below the folder that is named."""
LISTS = ("images.txt", "classes.txt", "image_class_labels.txt", "train_test_split.txt")
BOXES = "bounding_boxes.txt"
SCREEN = (1920, 1080)
"""Width and height, which images were enlarged to fit, in the middle."""
NOTE = (
    "Each run of CUB-GHA shows an image to one viewer; who that was, the files do not say. Viewers "
    "are the runs here."
)


def cub_gha(
    root: str | Path,
    *,
    gaze: str | Path | None = None,
    carried: Literal["drop", "keep"] = "drop",
    crop: bool = True,
    on_bad_example: Literal["raise", "skip"] = "raise",
) -> GazeDataset:
    """Read CUB-200-2011 as it is unpacked, with the gaze files of CUB-GHA.

    root/images/<NNN.Class>/<name>.jpg
    root/images.txt                              <image> <NNN.Class>/<name>.jpg
    root/classes.txt                             <class> <NNN.Class>
    root/image_class_labels.txt                  <image> <class>, both from 1
    root/train_test_split.txt                    <image> <1 to train on, 0 to test on>
    root/bounding_boxes.txt                      <image> <left> <top> <width> <height>
    gaze/Fixation_run1.txt to ..._run5.txt       <image>,<width>,<height>, and for each fixation
        x,y,milliseconds; they may lie in a folder `data_5runs`, some are enough; default `root`

    x and y are pixel indices of the image as it is stored, put at the centres of their pixels. An
    image without gaze stays; viewers are "run1" to "run5".

    Args:
        root: `CUB_200_2011`, or the folder that it lies in.
        gaze: the folder of the gaze files.
        carried: what happens to a first fixation that is the last one of the line before, of the
            same duration at the same place of the screen, while the image had changed: "drop" or
            "keep"; counted.
        crop: to the bounding box; points move along, those outside the box are counted.
        on_bad_example: "raise", or "skip" to leave out and list images that cannot be used.

    Returns:
        A `GazeDataset` in the order of the images' numbers, with `classes` and the splits "train"
        and "test".

    Raises:
        InputError: Files are missing or are not as laid out above.

    Example:

    >>> import pathlib, tempfile, keras_attn as ka
    >>> from PIL import Image
    >>> texts = {"images": "1 001.Auk/a_1.jpg\\n2 001.Auk/a_2.jpg", "classes": "1 001.Auk"}
    >>> texts |= {"image_class_labels": "1 1\\n2 1", "train_test_split": "1 1\\n2 0"}
    >>> texts |= {"Fixation_run1": "1,80,60,20,10,300\\n2,80,60,30,40,250"}
    >>> with tempfile.TemporaryDirectory() as root:
    ...     folder = pathlib.Path(root, "images", "001.Auk")
    ...     folder.mkdir(parents=True)
    ...     for name in ("a_1", "a_2"):
    ...         Image.new("RGB", (80, 60)).save(folder / f"{name}.jpg")
    ...     for name, text in texts.items():
    ...         _ = pathlib.Path(root, f"{name}.txt").write_text(text)
    ...     ka.datasets.cub_gha(root, crop=False)[0]
    Example('a_1', (60, 80), 1 fixations of 1 viewers, label 0)
    """
    root = Path(root).expanduser()
    files = _gaze_files(root if gaze is None else Path(gaze).expanduser())
    if not (root / LISTS[0]).is_file() and (root / "CUB_200_2011").is_dir():
        root = root / "CUB_200_2011"
    one_of("carried", carried, ("drop", "keep"))
    reader = readers.GazeReader("cub_gha", on_bad_example)
    images, labels, split, classes = _lists(root)
    boxes = _boxes(root / BOXES, images) if crop else {}
    looks, repeated = _looks(files, images, reader)
    if repeated:
        done = {"drop": "left out", "keep": "kept"}[carried]
        reader.report.remarks.append(
            f"{repeated} fixations carried over from the image before {done}"
        )
    for number, path in images.items():
        image = root / "images" / path
        reader.add(
            image.stem,
            image,
            None,
            partial(_points, looks.get(number, ()), image, carried == "drop"),
            needs_mask=False,
            label=labels[number],
            read_box=partial(_clipped, root / BOXES, number, boxes[number]) if crop else None,
        )
    splits = {"train": "1", "test": "0"}
    return reader.dataset(
        root,
        classes=tuple(name.split(".", 1)[-1] for name in classes),
        splits={
            name: tuple(Path(images[n]).stem for n, of in split.items() if of == flag)
            for name, flag in splits.items()
        },
    )


# --- CUB-200-2011 -------------------------------------------------------------------------------


def _lists(root):
    """By number paths, places in the names of the classes, and "1" or "0"; and these names."""
    images, classes, labels, split = (_numbered(root / name) for name in LISTS)
    for name, found in zip(LISTS[2:], (labels, split), strict=True):
        _refuse_other_images(root / name, found, images)
    order = {number: place for place, number in enumerate(classes)}
    for number, of in labels.items():
        known = of.isdigit() and int(of) in order
        if not known or classes[int(of)] != images[number].split("/")[0]:
            expected = f"the class of {images[number]}, out of {LISTS[1]}"
            raise InputError(f"{root / LISTS[2]}, image {number}", expected, repr(of))
    for number, of in split.items():
        if of not in ("0", "1"):
            raise InputError(f"{root / LISTS[3]}, image {number}", "0 or 1", repr(of))
    labels = {number: order[int(of)] for number, of in labels.items()}
    return images, labels, split, tuple(classes.values())


def _numbered(path):
    """What stands behind the number of each line, by number, in order."""
    expected = f"{path.name} of CUB-200-2011 (images.txt, {', '.join(LISTS[1:])}, images/)"
    if not path.is_file():
        raise InputError(path, expected, "no such file")
    found = {}
    for line, text in _lines(path):
        first, _, rest = text.partition(" ")
        if not first.isdigit() or not rest.strip() or int(first) in found:
            raise InputError(f"{path}, line {line}", "a number of its own and a value", repr(text))
        found[int(first)] = rest.strip()
    if not found:
        raise InputError(path, expected, "an empty file")
    return dict(sorted(found.items()))


def _lines(path):
    """Number and text of each line that is not blank."""
    # Bytes that are no text make a line that cannot be read, which is told with its number.
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [(number, text.strip()) for number, text in enumerate(lines, start=1) if text.strip()]


def _refuse_other_images(path, found, images):
    if found.keys() != images.keys():
        odd = sorted(found.keys() ^ images.keys())
        received = f"other numbers: {listing(odd, 5)}"
        raise InputError(path, f"the {len(images)} images of {LISTS[0]}", received)


def _boxes(path, images):
    if not path.is_file():
        expected = "the boxes to crop to (crop=False, --data.no-crop, leaves images whole)"
        raise InputError(path, expected, "no such file")
    found = _numbered(path)
    _refuse_other_images(path, found, images)
    boxes = {}
    for number, text in found.items():
        try:
            boxes[number] = left, top, width, height = tuple(map(float, text.split()))
            usable = np.isfinite([left, top]).all() and 0 < width < np.inf and 0 < height < np.inf
        except ValueError:
            usable = False
        if not usable:
            expected = "left, top, width and height of a box with an area"
            raise InputError(f"{path}, image {number}", expected, repr(text))
    return boxes


def _clipped(path, number, box, shape):
    """A box in whole pixels inside an image of `shape`: left, top, width, height."""
    left, top, width, height = box
    edges = np.round([left, top, left + width, top + height]).astype(int)
    left, top, right, bottom = np.clip(edges, 0, (shape[1], shape[0], shape[1], shape[0])).tolist()
    if right <= left or bottom <= top:
        expected = f"a box with an area inside the image of {shape}"
        raise InputError(f"{path}, image {number}", expected, box)
    return left, top, right - left, bottom - top


# --- gaze ---------------------------------------------------------------------------------------


def _gaze_files(folder):
    for inner in FOLDERS:
        found = [path for name in FILES if (path := folder / inner / name).is_file()]
        if found:
            return found
    expected = f"{FILES[0]} to {FILES[-1]}, or some of them, there or in data_5runs/"
    expected += " (gaze=, --data.gaze, names another folder)"
    raise InputError(folder, expected, "none")


def _looks(files, images, reader):
    """By image its viewings, (viewer, size, points, carried); and how many are carried in all."""
    looks, total = {}, 0
    for path in files:
        viewer, before = path.stem.removeprefix("Fixation_"), None
        for line, text in _lines(path):
            where = f"{path}, line {line}"
            row = reader.guard(where, partial(_read_row, where, text, images))
            if row is None:
                before = None
                continue
            number, size, fixations = row
            carried = before is not None and _same(before, (size, fixations))
            looks.setdefault(number, []).append((viewer, size, fixations[:, :2], carried))
            total += carried
            before = size, fixations
    return looks, total


def _read_row(where, text, images):
    """Number of the image, its (width, height), and rows of x, y, milliseconds."""
    expected = "image, width, height, and x, y, milliseconds of each fixation, whole numbers"
    try:
        values = [int(value) for value in text.strip(",").split(",")]
    except ValueError as error:
        raise InputError(where, expected, repr(text[:60])) from error
    if len(values) % 3 or min(values[1:3], default=0) < 1:
        raise InputError(where, expected, f"{len(values)} numbers, {text[:60]!r}")
    if values[0] not in images:
        raise InputError(where, f"an image of {LISTS[0]}", values[0])
    return values[0], tuple(values[1:3]), np.array(values[3:], np.float64).reshape(-1, 3)


def _same(before, now):
    """Whether the first fixation on an image is the last one on the image before it."""
    if not len(before[1]) or not len(now[1]):
        return False
    (last, scale), (first, other) = _on_screen(before, -1), _on_screen(now, 0)
    # Both positions are whole pixels of their images.
    near = np.abs(last - first) <= scale + other
    return bool(near.all() and before[1][-1, 2] == now[1][0, 2])


def _on_screen(viewing, place):
    """Where a fixation lies from the middle of the screen, and a pixel of its image there."""
    (width, height), fixations = viewing
    scale = min(SCREEN[0] / width, SCREEN[1] / height)
    return (fixations[place, :2] - (width / 2, height / 2)) * scale, scale


def _points(looks, image, without_carried):
    """Points and viewers of one image."""
    height, width = readers.image_shape(image)
    parts, viewers = [np.zeros((0, 2))], []
    for viewer, size, points, carried in looks:
        if size != (width, height):
            expected = f"the size of {image.name}, {(width, height)} (width, height)"
            raise InputError(f"gaze of {viewer} on {image.name}", expected, size)
        parts.append(points[1:] if carried and without_carried else points)
        viewers += [viewer] * len(parts[-1])
    return np.concatenate(parts) + 0.5, np.array(viewers, str)


register(
    Format(
        name="cub_gha",
        title="CUB-GHA",
        read=cub_gha,
        tasks=("fine_grained",),
        parts=("train_test_split.txt", "CUB_200_2011/train_test_split.txt"),
        splits=True,
        note=NOTE,
    )
)
