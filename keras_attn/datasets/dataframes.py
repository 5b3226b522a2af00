"""A dataset of pictures out of pandas DataFrames, for what lies on disk in a layout of its own."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from keras_attn.datasets.base import GazeDataset
from keras_attn.datasets.readers import fixation_table, picture_table, tables
from keras_attn.datasets.readers.masks import MaskedReader
from keras_attn.errors import InputError, listing, one_of
from keras_attn.gaze_format import GazeFormat

PICTURES = ("image", "path")
FURTHER = ("mask", "class", "split", "group")
"""Columns of pictures that may be there."""


def from_tables(
    images: pd.DataFrame | Iterable[str | Path],
    fixations: pd.DataFrame | None = None,
    *,
    name: str = "tables",
    columns: Mapping[str, str] | None = None,
    note: str = "",
    mask_threshold: float | None = None,
    on_bad_example: Literal["raise", "skip"] = "raise",
    **form: Any,
) -> GazeDataset:
    """A `GazeDataset` of the pictures and fixations in two pandas DataFrames.

    Args:
        images: a row for each picture, with columns image (its name), path (of its file) and, where
            they are known, mask (path), class, split ("train" or "test") and group. Or a list of
            paths, whose names without suffix are those of the pictures.
        fixations: a row for each, with columns image, subject, x and y; what else it has may select
            fixations, see `Dataset.where`. None where there is no gaze.
        name: of the dataset.
        columns: what these columns are called in the tables, by name here; others keep their names.
        note: what a reader of its results has to know.
        mask_threshold: as for `folder`.
        on_bad_example: "raise", or "skip" to leave out and list pictures that cannot be read and
            fixations of pictures that are not there.
        form: fields of `GazeFormat`, such as coordinates="normalised", screen=(1920, 1080).

    Returns:
        A `GazeDataset` in the order of the pictures.

    Raises:
        InputError: A table lacks a column; whatever `folder` refuses.

    Example:

    >>> import tempfile, pandas as pd, keras_attn as ka
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as root:
    ...     path = f"{root}/dog.png"
    ...     Image.new("RGB", (160, 120)).save(path)
    ...     gaze = {"image": ["dog"], "subject": ["ann"], "FIX_X": [80.5], "FIX_Y": [60.5]}
    ...     columns = {"x": "FIX_X", "y": "FIX_Y"}
    ...     ka.datasets.from_tables([path], pd.DataFrame(gaze), columns=columns)[0]
    Example('dog', (120, 160), 1 fixations of 1 viewers)
    """
    form = GazeFormat(**form)
    if fixations is None and not isinstance(images, pd.DataFrame):
        raise InputError("fixations", "a DataFrame, for pictures without masks or classes", "None")
    columns = {} if columns is None else dict(columns)
    for column in columns:
        one_of("columns", column, (*PICTURES, *FURTHER, *fixation_table.COLUMNS))
    _check_named(columns, images, fixations)
    pictures = tables.of_frame(_renamed(_as_frame(images), columns), "images", PICTURES)
    _check_pictures(pictures)
    reader = MaskedReader(str(name), on_bad_example, note, form, mask_threshold=mask_threshold)
    ids = list(pictures["image"].astype(object))
    paths = [Path(path).expanduser() for path in pictures["path"].astype(object)]
    names = fixation_table.known(ids, paths)
    gaze = None
    if fixations is not None:
        options = {"numbers": fixation_table.NUMBERS, "form": form}
        frame = _renamed(fixations, columns)
        table = tables.of_frame(frame, "fixations", fixation_table.COLUMNS, **options)
        gaze = fixation_table.by_picture(table, names, reader)
    classes = picture_table.Classes()
    if "class" in pictures:
        classes = picture_table.classes(pictures, names, reader)
    masks, groups = (_values(pictures, column) for column in ("mask", "group"))
    made = [
        picture_table.Picture(one, path, mask and Path(mask).expanduser(), group)
        for one, path, mask, group in zip(ids, paths, masks, groups, strict=True)
    ]
    return picture_table.dataset(reader, "tables", made, gaze, classes)


def _as_frame(images):
    if isinstance(images, (str, Path)) or not hasattr(images, "__iter__"):
        expected = "a DataFrame with the columns image and path, or a list of paths"
        raise InputError("images", expected, repr(images))
    if isinstance(images, pd.DataFrame):
        return images
    paths = []
    for place, path in enumerate(images):
        if not isinstance(path, (str, Path)):
            raise InputError(f"images[{place}]", "the path of a picture", type(path).__name__)
        paths.append(Path(path))
    return pd.DataFrame({"image": [path.stem for path in paths], "path": map(str, paths)})


def _check_named(columns, images, fixations):
    """Refuse names of columns that no table has, so that another column is not read in their place.

    A column may be named after the one of the same name here, where only one table calls it so.
    """
    for column, theirs in columns.items():
        may = {"images": images} if column in (*PICTURES, *FURTHER) else {}
        if column in fixation_table.COLUMNS:
            may["fixations"] = fixations
        may = {name: frame for name, frame in may.items() if isinstance(frame, pd.DataFrame)}
        if may and not any(theirs in frame.columns for frame in may.values()):
            there = listing(dict.fromkeys(c for frame in may.values() for c in frame.columns))
            expected = f"the name of a column of {' or '.join(may)}: {there}"
            raise InputError(f"columns, {column}", expected, repr(theirs))


def _renamed(frame, columns):
    """The table under the names that are used here."""
    if not isinstance(frame, pd.DataFrame):
        return frame
    theirs = {columns[name]: name for name in columns if columns[name] in frame.columns}
    covered = [name for name in theirs.values() if name in frame.columns and name not in theirs]
    return frame.drop(columns=covered).rename(columns=theirs)


def _check_pictures(table):
    for column in PICTURES:
        table.refuse(column, table[column] == "", "a name" if column == "image" else "a path")
    table.refuse("image", table["image"].duplicated(), "a picture named once")


def _values(table, column):
    """A column as text or None, for each picture."""
    if column not in table:
        return [None] * len(table.rows)
    return [value or None for value in table[column].astype(object)]
