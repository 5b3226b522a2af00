"""CUB-VWSW (Karessli et al. 2017): gaze of 5 viewers on 60 classes of CUB-200-2010."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from keras_attn.datasets import drawing, readers
from keras_attn.datasets.format import Format, Twin
from keras_attn.errors import InputError, listing, one_of
from keras_attn.registry import register

if TYPE_CHECKING:
    import pandas as pd

    from keras_attn.datasets.base import GazeDataset

FILES = {"VW": "CUB-VW-processedGaze.csv", "SW": "CUB-SW-processedGaze.csv"}
"""Vireos and woodpeckers; sparrows and warblers. Each may lie in a folder `CUB-VW` or `CUB-SW`."""
COLUMNS = ("class_id", "participant", "image_id", "duration", "x", "y", "pupil")
SHIFTED = ("SW", 3)
"""The part and the participant whose points lie too far to the right on some images."""
SHIFT = 276.0
"""By how many pixels."""
LISTS = ("train", "test")
OF_2011 = ("images.txt", "train_test_split.txt", "bounding_boxes.txt", "image_class_labels.txt")


def cub_vwsw(
    root: str | Path,
    *,
    gaze: str | Path | None = None,
    participants: Iterable[str] | None = None,
    shifted: Literal["drop", "keep", "shift"] = "drop",
    crop: bool = True,
    on_bad_example: Literal["raise", "skip"] = "raise",
) -> GazeDataset:
    """Read CUB-200-2010 as it is unpacked, with the gaze files of CUB-VWSW.

    root/images/<NNN.Class>/<name>.jpg
    root/annotations-mat/<NNN.Class>/<name>.mat   struct bbox: left, top, right, bottom
    root/lists/train.txt, test.txt                lines <NNN.Class>/<name>.jpg
    root/attributes/images-dirs.txt               lines <id> <NNN.Class>/<name>.jpg, ids from 0
    gaze/CUB-VW-processedGaze.csv, CUB-SW-...     no header: class, participant, image id, "time
        stamp", x, y, pupil; one of the two files is enough; default `root`

    x and y are pixels of the image as it is stored. The "time stamp" decreases in half of its
    steps; it is rather a duration, and is not used. Participants bear the name of their part,
    "VW-0": one number need not be one person in both.

    Args:
        root: the folder of CUB-200-2010.
        gaze: that of the gaze files.
        participants: those to keep, default all; classes and images stay those that anybody looked
            at.
        shifted: what happens to the points of participant 3 of CUB-SW on images where they lie
            about 276 pixels too far right (see `find_shifted`): "drop", "keep" or "shift" back;
            counted.
        crop: to the bounding box, as §IV-C2; points move along, those outside the box are counted.
        on_bad_example: "raise", or "skip" to leave out and list images that cannot be used.

    Returns:
        A `GazeDataset` of all listed images of the classes that have gaze, with `classes` in the
        order of their numbers and the splits "train" and "test".

    Raises:
        InputError: Files are missing or are not as laid out above, such as those of CUB-200-2011.

    Example:

    >>> import tempfile, keras_attn as ka
    >>> with tempfile.TemporaryDirectory() as root:
    ...     drawn = ka.datasets.miniature("cub_vwsw", images=9, root=f"{root}/birds")
    ...     len(ka.datasets.cub_vwsw(f"{root}/birds").classes)
    9
    """
    root = Path(root).expanduser()
    _check_edition(root)
    reader = readers.GazeReader("cub_vwsw", on_bad_example)
    ids = read_ids(root / "attributes" / "images-dirs.txt")
    table = read_gaze(root if gaze is None else Path(gaze).expanduser())
    table = _known(table, ids, reader)
    classes = sorted({ids[i].split("/")[0] for i in table["image_id"].unique()})
    places = {path: number for number, path in ids.items()}
    lists = {name: _read_list(root / "lists" / f"{name}.txt", places) for name in LISTS}
    _check_lists(root / "lists", lists)
    table = _listed(table, {places[path] for paths in lists.values() for path in paths}, reader)
    # Who is shifted is told by comparison with all others, so before some are left out.
    table = _mend(table, one_of("shifted", shifted, ("drop", "keep", "shift")), reader)
    table = _without_others(table, participants)
    by_image = dict(iter(table.groupby("image_id")))
    for path in sorted({path for paths in lists.values() for path in paths}):
        if path.split("/")[0] in classes:
            _add(reader, root, path, by_image.get(places[path]), classes, crop)
    return reader.dataset(
        root,
        classes=tuple(name.split(".", 1)[-1] for name in classes),
        splits={name: tuple(Path(p).stem for p in paths) for name, paths in lists.items()},
    )


def _add(reader, root, path, rows, classes, crop):
    image = root / "images" / path
    points, viewers = np.zeros((0, 2)), np.zeros(0, str)
    if rows is not None:
        points, viewers = rows[["x", "y"]].to_numpy(), rows["viewer"].to_numpy(str)
    reader.add(
        image.stem,
        image,
        None,
        lambda: (points, viewers),
        needs_mask=False,
        label=classes.index(path.split("/")[0]),
        read_box=_box_of(root / "annotations-mat" / path) if crop else None,
    )


def _box_of(path):
    """Shape of the image -> its bounding box in whole pixels, clipped to the image."""
    path = path.with_suffix(".mat")

    def read(shape):
        corners = readers.read_struct(path, "bbox", ("left", "top", "right", "bottom"))
        if not np.isfinite(corners).all():
            raise InputError(path, "a bbox of numbers", f"left, top, right, bottom {corners}")
        limits = (shape[1], shape[0], shape[1], shape[0])
        left, top, right, bottom = (
            int(np.clip(round(value), 0, limit))
            for value, limit in zip(corners, limits, strict=True)
        )
        if right <= left or bottom <= top:
            expected = f"a bbox with an area inside the image of {shape}"
            raise InputError(path, expected, f"left, top, right, bottom {corners}")
        return left, top, right - left, bottom - top

    return read


# --- lists --------------------------------------------------------------------------------------


def _check_edition(root):
    found = [name for name in OF_2011 if (root / name).is_file()]
    if found:
        expected = "CUB-200-2010, whose image numbers the gaze refers to (images/, lists/, ...)"
        raise InputError(root, expected, f"CUB-200-2011, told by {', '.join(found)}")


def read_ids(path: Path) -> dict[int, str]:
    """`attributes/images-dirs.txt`: paths below `images/` by number."""
    ids = {}
    for number, line in enumerate(_lines(path), start=1):
        first, _, rest = line.partition(" ")
        if not first.isdigit() or not rest.strip()[:3].isdigit() or "/" not in rest:
            raise InputError(f"{path}, line {number}", "<id> <NNN.Class>/<name>.jpg", repr(line))
        ids[int(first)] = rest.strip()
    return ids


def _read_list(path, places):
    paths = _lines(path)
    unknown = [name for name in paths if name not in places]
    if unknown:
        raise InputError(path, "images that attributes/images-dirs.txt names", listing(unknown, 3))
    return paths


def _check_lists(folder, lists):
    both = sorted(set(lists["train"]) & set(lists["test"]))
    if both:
        received = f"in both lists: {listing(both, 3)}"
        raise InputError(folder, "images either to train or to test on", received)


def _listed(table, numbers, reader):
    """The rows of images that are in one of the lists; the others are counted."""
    known = table["image_id"].isin(numbers)
    if not known.all():
        images = table.loc[~known, "image_id"].nunique()
        reader.report.remarks.append(
            f"gaze on {images} images in neither list left out, {int((~known).sum())} points"
        )
    return table[known]


def _lines(path):
    if not path.is_file():
        raise InputError(path, "a text file of CUB-200-2010", "no such file")
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except UnicodeDecodeError as error:
        raise InputError(path, "a text file of CUB-200-2010", error) from error
    return [line for line in lines if line]


# --- gaze ---------------------------------------------------------------------------------------


def read_gaze(folder: Path) -> pd.DataFrame:
    """Both files of a folder as a DataFrame of part, COLUMNS and viewer, a row per point."""
    import pandas as pd

    parts = []
    for part, name in FILES.items():
        path = next(
            (p for p in (folder / f"CUB-{part}" / name, folder / name) if p.is_file()), None
        )
        if path is not None:
            parts.append(_read_csv(path).assign(part=part, file=path.name))
    if not parts:
        raise InputError(folder, f"{' or '.join(FILES.values())}", "neither")
    table = pd.concat(parts, ignore_index=True)
    table["viewer"] = table["part"] + "-" + table["participant"].astype(str)
    return table


def _read_csv(path):
    import pandas as pd

    expected = f"rows of {len(COLUMNS)} numbers: {', '.join(COLUMNS)}"
    try:
        table = pd.read_csv(path, header=None)
        if table.shape[1] != len(COLUMNS):
            raise InputError(path, expected, f"{table.shape[1]} columns")
        table.columns = COLUMNS
        table = table.astype(np.float64)
    except InputError:
        raise
    except (ValueError, OSError) as error:
        raise InputError(path, expected, error) from error
    whole = table[["class_id", "participant", "image_id"]]
    wrong = np.flatnonzero((whole % 1 != 0).any(axis=1))
    if len(wrong):
        received = whole.iloc[wrong[0]].tolist()
        raise InputError(f"{path}, row {wrong[0] + 1}", "whole class, participant, image", received)
    return table.astype(dict.fromkeys(whole, np.int64))


def _known(table, ids, reader):
    """The rows whose image is listed, in the folder of their class."""
    folders = table["image_id"].map({i: int(path.split(".")[0]) for i, path in ids.items()})
    for wrong, expected in (
        (folders.isna(), "an image of attributes/images-dirs.txt"),
        (folders.notna() & (folders != table["class_id"]), "the class of the image's folder"),
    ):
        if not wrong.any():
            continue
        row = table[wrong].iloc[0]
        where = f"{row['file']}, image {row['image_id']}, class {row['class_id']}"
        received = ids.get(int(row["image_id"]), f"an id outside the {len(ids)} listed")

        error = InputError(where, expected, f"{received} ({wrong.sum()} rows)")
        reader.guard(where, partial(_refuse, error))
        table, folders = table[~wrong], folders[~wrong]
    return table


def _refuse(error):
    raise error


def _without_others(table, participants):
    if participants is None:
        return table
    there = sorted(table["viewer"].unique())
    for name in participants:
        one_of("participants", name, tuple(there))
    return table[table["viewer"].isin(list(participants))]


def find_shifted(table: pd.DataFrame) -> pd.Series:
    """Which rows of `read_gaze` are those of participant 3 of CUB-SW on a shifted image.

    An image is shifted where the median x of that participant lies more than half of SHIFT to the
    right of the median of all others on it; where nobody else looked at it, of what that median
    is on the middle one of the other images.
    """
    part, participant = SHIFTED
    suspect = (table["part"] == part) & (table["participant"] == participant)
    own = table[suspect].groupby("image_id")["x"].median()
    others = table[~suspect].groupby("image_id")["x"].median().reindex(own.index)
    others = others.fillna(others.median())
    images = own.index[own - others > SHIFT / 2]
    return suspect & table["image_id"].isin(images)


def _mend(table, shifted, reader):
    found = find_shifted(table)
    if not found.any():
        return table
    images = table.loc[found, "image_id"].nunique()
    done = {"drop": "dropped", "keep": "kept", "shift": f"moved left by {SHIFT:.0f} px"}[shifted]
    reader.report.remarks.append(
        f"CUB-SW participant 3 shifted on {images} images, {int(found.sum())} points {done}"
    )
    if shifted == "drop":
        return table[~found]
    if shifted == "shift":
        return table.assign(x=table["x"] - SHIFT * found)
    return table


# --- its drawn twin -----------------------------------------------------------------------------

TRAINING = 2 / 3
"""Share of each class that the training list names; the published one has 15 of about 31."""
SHIFTED_IN = 3
"""One of so many pictures on which the published oddity of one participant is repeated."""


def _draw(rng, shape, viewers, count):
    """`count` birds, of each class as many as of any other or one fewer."""
    classes = drawing.birds.CLASSES
    return [drawing.birds.draw(rng, shape, viewers, i % len(classes)) for i in range(count)]


def _write(root, birds):
    """Write images, bounding boxes (`.mat`), lists, image numbers and both gaze files."""
    import pandas as pd

    seen, totals = Counter(), Counter(bird.label for bird in birds)
    lists, numbered, tables = {"train": [], "test": []}, [], {part: [] for part in FILES}
    for number, bird in enumerate(birds):
        class_id, name, *_ = drawing.birds.CLASSES[bird.label]
        seen[bird.label] += 1
        path = f"{class_id:03d}.{name}/{name}_{seen[bird.label]:04d}"
        drawing.write_image(root / "images" / f"{path}.jpg", bird)
        _write_box(root / "annotations-mat" / f"{path}.mat", bird)
        trains = seen[bird.label] <= round(TRAINING * totals[bird.label])
        lists["train" if trains else "test"].append(f"{path}.jpg")
        numbered.append(f"{number} {path}.jpg")
        part = "SW" if name.endswith(("Sparrow", "Warbler")) else "VW"
        tables[part].append(_rows(bird, part, class_id, number))
    for name, lines in (("attributes/images-dirs", numbered), *_named(lists)):
        path = root / f"{name}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    for part, rows in tables.items():
        if rows:
            path = root / f"CUB-{part}" / FILES[part]
            path.parent.mkdir()
            pd.concat(rows).to_csv(path, header=False, index=False, float_format="%.6f")


def _named(lists):
    return ((f"lists/{name}", lines) for name, lines in lists.items())


def _write_box(path, bird):
    import scipy.io

    path.parent.mkdir(parents=True, exist_ok=True)
    box = dict(zip(("left", "top", "right", "bottom"), bird.box, strict=True))
    scipy.io.savemat(path, {"bbox": box})


def _rows(bird, part, class_id, number):
    """Rows of a gaze file: class, participant from 0, image, duration in s, x, y, pupil."""
    import pandas as pd

    participants = bird.subjects - 1
    x = bird.points[:, 0].copy()
    if part == SHIFTED[0] and number % SHIFTED_IN == 0:
        x[participants == SHIFTED[1]] += SHIFT
    columns = (class_id, participants, number, bird.durations_ms / 1000, x, bird.points[:, 1], 3.2)
    return pd.DataFrame(dict(enumerate(columns)), index=np.arange(len(x)))


register(
    Format(
        name="cub_vwsw",
        title="CUB-VWSW",
        read=cub_vwsw,
        tasks=("fine_grained",),
        parts=("attributes/images-dirs.txt",),
        splits=True,
        paper=True,
        twin=Twin(draw=_draw, write=_write, viewers=5),
    )
)
