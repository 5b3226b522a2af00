"""A plain dataset of pictures: `images/`, and gaze, masks and classes as far as there are any."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from keras_attn.datasets import drawing, readers
from keras_attn.datasets.format import Format, Twin
from keras_attn.errors import InputError, listing
from keras_attn.gaze_format import GazeFormat
from keras_attn.registry import register

if TYPE_CHECKING:
    from keras_attn.datasets.base import GazeDataset

FIXATIONS, MASKS, CLASSES, GROUPS = "fixations.csv", "masks", "classes.csv", "groups.csv"
PARTS = ("images", FIXATIONS, MASKS, CLASSES, GROUPS)


def folder(
    root: str | Path,
    *,
    mask_threshold: float | None = None,
    on_bad_example: Literal["raise", "skip"] = "raise",
    **form: Any,
) -> GazeDataset:
    """Read a folder of images with fixations, masks or classes.

    root/images/<name>.jpg (or png, bmp, tif, webp)
    root/fixations.csv       columns image, subject, x, y and, optionally, duration_ms and others:
                             a row per fixation, `image` with or without its suffix, x and y in
                             pixels of the upright image, origin at the top left corner, pixel i
                             from i to i + 1
    root/masks/<name>.png    optional: one for each image, of its size
    root/classes.csv         optional: columns image, class and, optionally, split ("train" or
                             "test"): a row for each image
    root/groups.csv          optional: columns image, group: pictures of one scene have one group
    root/about.txt           optional: shown beside every result made from this dataset

    Points outside their image or NaN are dropped and counted; an image without fixations stays,
    counted, and is not scored. Without fixations.csv, with masks or classes, there is no gaze to
    score against.

    Args:
        root: the folder.
        mask_threshold: for masks of more than two values; what is above it, on their own scale, is
            object. Of two values the larger is.
        on_bad_example: "raise", or "skip" to leave out and list images that cannot be read and
            fixations of images that are not there.
        form: fields of `GazeFormat`, such as coordinates="normalised", screen=(1920, 1080),
            missing=(0,), separator=";".

    Returns:
        A `GazeDataset`, ordered by image name; its classes are in the order of their names.

    Raises:
        InputError: Files are missing or are not as laid out above; fixations cannot be pixels of
            these images, and the message says what they look like.

    Example:

    >>> import tempfile, keras_attn as ka
    >>> with tempfile.TemporaryDirectory() as root:
    ...     drawn = ka.datasets.miniature("folder", images=2, root=f"{root}/scenes")
    ...     ka.datasets.folder(f"{root}/scenes")
    GazeDataset('scenes', 2 examples)
    """
    fixation_table, picture_table = readers.fixation_table, readers.picture_table
    root, form = readers.as_root(root, PARTS), GazeFormat(**form)
    name = root.resolve().name
    reader = readers.MaskedReader(
        name, on_bad_example, readers.note_of(root), form, mask_threshold=mask_threshold
    )
    paths = readers.by_stem(
        root / "images", readers.IMAGE_SUFFIXES, "images", "one image of each name"
    )
    reader.report.remarks += pictures_not_read(root / "images")
    names = fixation_table.known(paths, paths.values())
    gaze = None
    if _has_gaze(root):
        gaze = fixation_table.read(root / FIXATIONS, names, reader)
    masks = _masks(root / MASKS, paths)
    classes = picture_table.Classes()
    if (root / CLASSES).is_file():
        table = readers.tables.read_beside(
            root / CLASSES, ("image", "class"), more="[, split]", form=form
        )
        classes = picture_table.classes(table, names, reader)
    groups = {}
    if (root / GROUPS).is_file():
        table = readers.tables.read_beside(root / GROUPS, ("image", "group"), form=form)
        groups = picture_table.groups(table, names)
    pictures = [
        picture_table.Picture(name, path, masks.get(name), groups.get(name))
        for name, path in paths.items()
    ]
    return picture_table.dataset(reader, root, pictures, gaze, classes)


def pictures_not_read(folder: Path) -> list[str]:
    """A list that says which pictures of a folder are of a kind that is passed over, or nothing."""
    others = readers.not_read(folder)
    kinds = listing(suffix[1:] for suffix in readers.IMAGE_SUFFIXES)
    told = f"{len(others)} pictures passed over, for they are none of {kinds}: {listing(others, 3)}"
    return [told] if others else []


def _has_gaze(root):
    """Whether there is gaze; an error where there is nothing beside the images at all."""
    path = root / FIXATIONS
    others = sorted(p.name for p in root.glob("fixations.*"))
    if path.is_file() or others:
        return True
    if not ((root / MASKS).is_dir() or (root / CLASSES).is_file()):
        expected = f"{FIXATIONS} with gaze, or {MASKS}/ or {CLASSES} to learn from without"
        raise InputError(path, expected, "no such file")
    return False


def _masks(folder, paths):
    """Masks by the name of their image; an image without its mask gets the path that is missing."""
    if not folder.is_dir():
        return {}
    masks = readers.by_stem(folder, readers.IMAGE_SUFFIXES, "masks", "one mask of each name")
    strangers = [name for name in masks if name not in paths]
    if len(strangers) == len(masks):
        expected = f"masks with the names of the images, such as {next(iter(paths))}.png"
        raise InputError(folder, expected, listing(strangers, 3))
    return {name: masks.get(name, folder / f"{name}.png") for name in paths}


# --- its drawn twin -----------------------------------------------------------------------------


def _write(root, scenes):
    """Write images (JPEG), masks (PNG), fixations.csv and about.txt of the scenes into `root`."""
    import pandas as pd

    tables = []
    for number, scene in enumerate(scenes, start=1):
        name = f"scene_{number:04d}"
        drawing.write_image(root / "images" / f"{name}.jpg", scene)
        drawing.write_mask(root / "masks" / f"{name}.png", scene)
        table = {"image": f"{name}.jpg", "subject": scene.subjects}
        table |= {"x": scene.points[:, 0], "y": scene.points[:, 1]}
        tables.append(pd.DataFrame({**table, "duration_ms": scene.durations_ms}))
    pd.concat(tables).to_csv(root / "fixations.csv", index=False, float_format="%.2f")
    (root / "about.txt").write_text(drawing.scenes.ABOUT + "\n", encoding="utf-8")


register(
    Format(
        name="folder",
        title="folder",
        read=folder,
        tasks=("salient_object", "fine_grained"),
        parts=("images",),
        beside=(FIXATIONS, MASKS, CLASSES),
        # The scenes are of no classes.
        twin=Twin(write=_write, viewers=6, tasks=("salient_object",)),
    )
)
