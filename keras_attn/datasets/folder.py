"""A plain dataset with gaze: `images/`, `fixations.csv`, and optional masks and classes."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from keras_attn import origin
from keras_attn.datasets.base import GazeReader, by_stem
from keras_attn.errors import InputError, listing

COLUMNS = ("image", "subject", "x", "y")
MISSING = ("", "nan", "na", "null", "none")
"""What trackers write for a coordinate they have not got: dropped and counted."""
SPLITS = ("train", "test")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


@origin.known
def folder(root, *, on_bad_example="raise"):
    """Read a folder of images with fixations.

    root/images/<name>.jpg (or png, bmp, tif, webp)
    root/masks/<name>.png    optional: one for each image, of its size
    root/fixations.csv       columns image, subject, x, y and, optionally, duration_ms: a row per
                             fixation, `image` with or without its suffix, x and y in pixels of
                             the image, origin at the top left corner, pixel i from i to i + 1
    root/classes.csv         optional: columns image, class and, optionally, split ("train" or
                             "test"): a row for each image
    root/about.txt           optional: shown beside every result made from this dataset

    on_bad_example: "raise", or "skip" to leave out and list images that cannot be read and
    fixations of images that are not there. Points outside their image or NaN are dropped and
    counted; an image without fixations stays, counted, and is not scored.
    Returns a `GazeDataset`, ordered by image name; its classes are in the order of their names.
    """
    root = Path(root).expanduser()
    about = root / "about.txt"
    note = about.read_text(encoding="utf-8").strip() if about.is_file() else ""
    reader = GazeReader(root.resolve().name, on_bad_example, note)
    paths = by_stem(root / "images", IMAGE_SUFFIXES, "images", "one image of each name")
    points = fixations(root / "fixations.csv", paths, reader)
    masks = root / "masks" if (root / "masks").is_dir() else None
    classes, labels, splits = _classes(root / "classes.csv", paths, reader)
    for name, path in paths.items():
        if classes and name not in labels:
            continue
        mask = masks and masks / f"{path.stem}.png"
        points_of = partial(points.get, name, nothing())
        reader.add(name, path, mask, points_of, needs_mask=False, label=labels.get(name))
    return reader.dataset(root, classes=classes, splits=splits)


def _classes(path, paths, reader):
    """Names of the classes, labels by image, and images by split; all empty without the file."""
    if not path.is_file():
        return (), {}, {}
    table = _table(path, ("image", "class"), "[, split]")
    table["name"] = table["image"].map(_known(paths))
    _refuse_line(path, "image", table["name"].isna(), "an image of the folder images/", table)
    _refuse_line(path, "image", table["name"].duplicated(), "an image named once", table)
    _refuse_line(path, "class", table["class"] == "", "the name of a class", table)
    table = table.set_index("name")
    reader.guard(
        path.name, partial(_refuse_without, path, [n for n in paths if n not in table.index])
    )
    names = tuple(sorted(set(table["class"])))
    labels = {image: names.index(name) for image, name in table["class"].items()}
    if "split" not in table:
        return names, labels, {}
    _refuse_line(path, "split", ~table["split"].isin(SPLITS), "train or test", table)
    splits = {name: tuple(table.index[table["split"] == name]) for name in SPLITS}
    for name, images in splits.items():
        if not images:
            raise InputError(path, "images of both splits, train and test", f"none of {name}")
    unseen = sorted(set(names) - set(table.loc[list(splits["train"]), "class"]))
    if unseen:
        reader.report.remarks.append(f"nothing to train on for {listing(unseen, 5)}")
    return names, labels, splits


def _refuse_without(path, images):
    if images:
        raise InputError(path, "a class for every image", f"none for {listing(images, 5)}")


def _table(path, columns, more=""):
    """A CSV file as text without blanks around it; `columns` have to be there."""
    expected = f"a CSV file with the columns {', '.join(columns)}{more}"
    if not path.is_file():
        raise InputError(path, expected, "no such file")
    try:
        # As text: what is no number is told with its line. The first column is never an index.
        options = {"dtype": str, "index_col": False, "keep_default_na": False}
        table = pd.read_csv(path, skipinitialspace=True, **options).fillna("")
    except (ValueError, OSError) as error:
        raise InputError(path, expected, f"a file that cannot be read ({error})") from error
    table.columns = [str(column).strip() for column in table.columns]
    missing = [column for column in columns if column not in table.columns]
    if missing:
        received = f"{listing(table.columns)} (missing: {', '.join(missing)})"
        raise InputError(path, expected, received)
    if table.empty:
        raise InputError(path, "at least one row", "a header and no rows")
    return table.apply(lambda column: column.str.strip())


def fixations(path, paths, reader):
    """Points `(N, 2)` and subjects `(N,)` by image, out of a file as `folder` describes it.

    paths: of all images by the stems of their names. Fixations of others are an error, or skipped
    by the `GazeReader`.
    """
    table = _fixations(path)
    by_image = table.groupby(_assigned(table, path, paths, reader), sort=False)
    return {
        name: (rows[["x", "y"]].to_numpy(np.float64), rows["subject"].to_numpy())
        for name, rows in by_image
    }


def nothing():
    """Points and subjects of an image that nobody has fixated."""
    return np.zeros((0, 2)), np.zeros(0, str)


def _fixations(path):
    table = _table(path, COLUMNS, "[, duration_ms]")
    for column, what in (("image", "the name of an image"), ("subject", "a viewer")):
        _refuse_line(path, column, table[column] == "", what, table)
    for column in ("x", "y"):
        numbers = pd.to_numeric(table[column], errors="coerce")
        missing = table[column].str.lower().isin(MISSING)
        _refuse_line(path, column, numbers.isna() & ~missing, "a number", table)
        table[column] = numbers
    return table


def _known(paths):
    """Stems of images by what they may be called, with the suffix or without."""
    return {**{stem: stem for stem in paths}, **{path.name: stem for stem, path in paths.items()}}


def _refuse_line(path, column, bad, expected, table):
    """Raise for the first row that is bad, naming its line in the file."""
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        value = table[column].iloc[row]
        received = repr(value) if value else "nothing"
        raise InputError(f"{path}, line {row + 2}, column {column}", expected, received)


def _assigned(table, path, paths, reader):
    """The image of each row; those of images that are not there are a problem."""
    images = table["image"].map(_known(paths))
    strangers = table.loc[images.isna(), "image"]

    def check():
        expected = f"fixations of the {len(paths)} images in {next(iter(paths.values())).parent}"
        received = (
            f"{len(strangers)} of {strangers.nunique()} others: {listing(strangers.unique(), 5)}"
        )
        if len(strangers):
            raise InputError(path, expected, received)

    reader.guard(path.name, check)
    return images
