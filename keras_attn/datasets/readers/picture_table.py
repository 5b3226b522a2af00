"""Pictures with what tables say of each: its class, its split, and its group."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from keras_attn.datasets.readers import fixation_table
from keras_attn.datasets.readers.gaze_remarks import alike
from keras_attn.errors import InputError, listing

SPLITS = ("train", "test")
NO_GROUP = ("NA", "NaN", "nan", "<NA>", "N/A", "#N/A")
"""What programs write for nothing; as the name of a group it would bind all such pictures."""


@dataclass(frozen=True)
class Picture:
    """One picture: its name, its file, the file of its mask, and its group; None for none."""

    name: str
    path: Path
    mask: Path | None = None
    group: str | None = None


@dataclass(frozen=True)
class Classes:
    """Names of the classes in their order, labels by picture, and pictures by split."""

    names: tuple = ()
    labels: dict = field(default_factory=dict)
    splits: dict = field(default_factory=dict)


def dataset(reader, where, pictures, gaze, classes):
    """The `GazeDataset` of pictures, their gaze as `fixation_table.by_picture` has it, and classes.

    gaze: None where there is none. Of pictures with classes, those without one are left out.
    """
    points = gaze or {}
    for picture in pictures:
        if classes.names and picture.name not in classes.labels:
            continue
        points_of = partial(points.get, picture.name, fixation_table.nothing())
        label = classes.labels.get(picture.name)
        options = {"needs_mask": False, "label": label, "group": picture.group}
        reader.add(picture.name, picture.path, picture.mask, points_of, **options)
    options = {"classes": classes.names, "splits": classes.splits, "needs_gaze": gaze is not None}
    return reader.dataset(where, **options)


def classes(table, names, reader):
    """The `Classes` of a `tables.TextTable` with columns image, class and, optionally, split.

    names: {what a picture may be called: what it is called}. All pictures need a class.
    """
    table.refuse("class", table["class"] == "", "the name of a class")
    of_picture = _by_picture(table, "class", names)
    without = [name for name in dict.fromkeys(names.values()) if name not in of_picture]
    reader.guard(getattr(table.name, "name", table.name), partial(_refuse, table.name, without))
    order = tuple(sorted(set(of_picture.values())))
    reader.report.remarks += [f"classes {a!r} and {b!r} are taken for two" for a, b in alike(order)]
    labels = {name: order.index(value) for name, value in of_picture.items()}
    if "split" not in table:
        return Classes(order, labels)
    table.refuse("split", ~table["split"].isin(SPLITS), "train or test")
    part = _by_picture(table, "split", names)
    splits = {name: tuple(image for image in part if part[image] == name) for name in SPLITS}
    learnt = {of_picture[image] for image in splits["train"]}
    check_splits(table.name, "images", splits, set(order) - learnt, reader.report)
    return Classes(order, labels, splits)


def _refuse(where, without):
    if without:
        raise InputError(where, "a class for every image", f"none for {listing(without, 5)}")


def check_splits(where, what, splits, unseen, report):
    """Refuse a split that is empty, and remark on classes that none to train on is of.

    what: they are, such as "images". splits: their names by split. unseen: those classes.
    """
    for name, those in splits.items():
        if not those:
            raise InputError(where, f"{what} of both splits, train and test", f"none of {name}")
    if unseen:
        report.remarks.append(f"nothing to train on for {listing(sorted(unseen), 5)}")


def groups(table, names):
    """The group of each picture that a `tables.TextTable` with columns image, group names."""
    table.refuse("group", table["group"] == "", "the name of a group")
    missing = table["group"].isin(NO_GROUP)
    table.refuse("group", missing, "the name of a group, or no row for a picture of none")
    return _by_picture(table, "group", names)


def _by_picture(table, column, names):
    """A column by picture; no picture stands there twice."""
    called = table["image"].astype(object).map(names)
    table.refuse("image", called.isna(), "the name of an image that is there")
    table.refuse("image", called.duplicated(), "an image named once")
    return dict(zip(called, table[column].astype(object), strict=True))
