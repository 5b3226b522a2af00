"""What a dataset with gaze is to the rest of the package, whatever it looks like on disk."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from keras_attn import gaze
from keras_attn.datasets import conditions, groups, names, origin
from keras_attn.datasets.readers.image_files import read_image
from keras_attn.datasets.readers.reading_report import ReadingReport, Report
from keras_attn.errors import InputError, listing, one_of
from keras_attn.registries import DATASETS


@dataclass(frozen=True, eq=False)
class Example:
    """One image with its gaze.

    Args:
        id: unique in the dataset.
        image: path.
        shape: (H, W) in pixels of the upright image, see `image_files`.
        points: `(N, 2)`, x and y in its pixels, all inside.
        subjects: `(N,)`, whose fixation each point is.
        mask: path of the object mask, or None.
        label: index of its class, or None.
        box: (left, top, width, height) in whole pixels of a crop, which shape and points are of.
        group: name of the pictures that it belongs with, such as those of one scene, or None.
        conditions: by the name of a column what else is known of each point, text `(N,)`.
        mask_coding: the `masks.MaskCoding` of the mask, if it was read with its dataset.
        collection: name of the set that it comes from, in a dataset that joins several, or None.

    Raises:
        InputError: These do not fit each other.

    Example:

    >>> import keras_attn as ka
    >>> ka.datasets.Example("dog", "dog.jpg", (120, 160), [(80.5, 60.5), (20, 30)], ["ann", "bob"])
    Example('dog', (120, 160), 2 fixations of 2 viewers)
    """

    id: str
    image: Path
    shape: tuple[int, int]
    points: np.ndarray
    subjects: np.ndarray
    mask: Path | None = None
    label: int | None = None
    box: tuple[int, int, int, int] | None = None
    group: str | None = None
    conditions: dict[str, np.ndarray] = field(default_factory=dict)
    mask_coding: Any = None
    collection: str | None = None

    def __post_init__(self) -> None:
        where = f"example {self.id!r}"
        names.check_path(self.id, f"{where}, id")
        object.__setattr__(self, "shape", _checked_shape(self.shape, f"{where}, shape"))
        object.__setattr__(self, "label", _checked_label(self.label, f"{where}, label"))
        for name in ("image", "mask"):
            object.__setattr__(self, name, _as_path(getattr(self, name), f"{where}, {name}"))
        points = gaze.as_points(self.points, f"{where}, points")
        subjects = np.asarray(self.subjects)
        outside = int((~gaze.inside(points, self.shape)).sum())
        if outside:
            expected = f"all inside the image of {self.shape}"
            raise InputError(f"{where}, points", expected, f"{outside} outside or NaN")
        if subjects.shape != (len(points),):
            expected = f"one for each of {len(points)} points"
            raise InputError(f"{where}, subjects", expected, f"shape {subjects.shape}")
        told = conditions.checked(self.conditions, len(points), f"{where}, conditions")
        object.__setattr__(self, "conditions", told)
        object.__setattr__(self, "group", groups.named(self.group))
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "subjects", subjects)

    def __repr__(self) -> str:
        whose = f"{len(self.points)} fixations of {len(set(self.subjects.tolist()))} viewers"
        parts = [repr(self.id), str(self.shape), whose]
        parts += ["mask"] * (self.mask is not None)
        parts += [f"label {self.label}"] * (self.label is not None)
        parts += [f"group {self.group!r}"] * (self.group is not None)
        return f"Example({', '.join(parts)})"

    @property
    def fixations(self) -> np.ndarray:
        """What this example adds to the pool of all fixations: `(N, 2)`."""
        return self.points

    def stamp(self) -> Iterator[bytes]:
        """All that scores depend on but the image itself, as a few pieces of bytes."""
        yield repr((self.id, self.shape)).encode()
        yield np.ascontiguousarray(self.points).tobytes()
        yield repr(self.subjects.tolist()).encode()
        if self.label is not None or self.box is not None:
            yield repr((self.label, self.box)).encode()
        if self.group is not None:
            yield repr(("group", self.group)).encode()
        if self.mask_coding is not None and self.mask_coding.named is not None:
            yield repr(("mask_threshold", float(self.mask_coding.named))).encode()

    def pixels(self) -> np.ndarray:
        """The image as uint8 RGB `(H, W, 3)`; `InputError` for a file of another shape."""
        pixels = read_image(self.image)
        if self.box is not None:
            left, top, width, height = self.box
            pixels = pixels[top : top + height, left : left + width]
        if pixels.shape[:2] != self.shape:
            expected = "a picture of {}×{} pixels (height and width), the shape of example {!r}"
            received = "{}×{}".format(*pixels.shape[:2])
            raise InputError(self.image, expected.format(*self.shape, self.id), received)
        return pixels


def _checked_shape(shape: Any, where: str) -> tuple[int, ...]:
    sides = tuple(shape) if isinstance(shape, (tuple, list, np.ndarray)) else ()
    whole = all(isinstance(side, (int, np.integer)) and side > 0 for side in sides)
    if len(sides) != 2 or not whole:
        raise InputError(where, "(height, width) in whole pixels", repr(shape))
    return tuple(map(int, sides))


def _checked_label(label: Any, where: str) -> int | None:
    if label is None:
        return None
    if isinstance(label, bool) or not isinstance(label, (int, np.integer)) or label < 0:
        expected = "the place of its class in the dataset's `classes`, from 0, or None"
        raise InputError(where, expected, repr(label))
    return int(label)


def _as_path(path: Any, where: str) -> Path | None:
    if path is None:
        return None
    if not isinstance(path, (str, Path)):
        raise InputError(where, "the path of a file", repr(path))
    return Path(path)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A list of examples, images or videos, with the report of what they are and of reading them.

    Args:
        name: what tables and reports call it.
        examples: with ids of their own.
        report: its counts are made to be those of these very examples, whatever they were.
        note: what a reader of any number made from this dataset has to know, or an empty string.
        whole: the dataset that this one is a part of; its fixations, and not those of the part,
            are the negatives and the centre bias of every image.
        number: of the fold that it is the test part of, or None.
        classes: names of the labels.
        splits: the publishers' own parts, ids by name.
        drawn: whether pictures or gaze are drawn; None: whether files lie where `miniature` drew.
        source: arguments that read it again, `name` the reader; None for one made in Python.

    Raises:
        InputError: There are no examples, or two of one id; the report is of another kind.

    Example:

    >>> import keras_attn as ka
    >>> one = ka.datasets.Example("ape", "ape.jpg", (9, 9), [(4, 4)], [1])
    >>> ka.datasets.GazeDataset("zoo", (one,), ka.datasets.ReadingReport())
    GazeDataset('zoo', 1 examples)
    """

    name: str
    examples: tuple[Any, ...]
    report: Report
    note: str = ""
    whole: Dataset | None = None
    number: int | None = None
    classes: tuple[str, ...] = ()
    splits: dict[str, Any] = field(default_factory=dict)
    drawn: bool | None = None
    source: dict[str, Any] | None = None

    report_kind: ClassVar[type[Report]] = Report

    def __post_init__(self) -> None:
        kind = self.report_kind
        if not isinstance(self.report, kind):
            received = type(self.report).__name__
            raise InputError(f"dataset {self.name!r}, report", f"a {kind.__name__}", received)
        names.check_dataset(self.name, self.classes, [example.id for example in self.examples])
        object.__setattr__(self, "examples", tuple(self.examples))
        object.__setattr__(self, "report", self.report.of(self.examples))
        drawn = origin.any_drawn(self.examples) if self.drawn is None else bool(self.drawn)
        object.__setattr__(self, "drawn", drawn)
        object.__setattr__(self, "note", origin.noted(self.note, drawn))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {len(self)} examples)"

    def __str__(self) -> str:
        """A few lines: what is in it, and what it is a part of."""
        return "\n".join(self._lines())

    @property
    def label(self) -> str:
        """Its name in print: one that is drawn says so."""
        return origin.label(self.name, self.drawn)

    def _lines(self) -> Iterator[str]:
        yield f"{self.label}: {self.report}"
        shapes = [shape for shape, _ in Counter(example.shape for example in self).most_common()]
        several = f"{len(shapes)} different, most often " if len(shapes) > 1 else ""
        yield f"(height, width): {several}{shapes[0]}"
        if self.classes:
            yield f"{len(self.classes)} classes: {listing(self.classes, 6)}"
        if self.splits:
            own = {example.id for example in self}
            sizes = [f"{name} {len(own.intersection(ids))}" for name, ids in self.splits.items()]
            yield f"splits: {', '.join(sizes)}"
        yield from (*groups.lines(self), *conditions.lines(self))
        if self.whole is not None:
            tested = "" if self.number is None else f"; the test part of fold {self.number}"
            yield f"part of {self.whole.name}, {len(self.whole)} examples{tested}"
        if self.note:
            yield f"Note: {self.note}"

    def __len__(self) -> int:
        return len(self.examples)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.examples)

    def __getitem__(self, index: int) -> Any:
        return self.examples[index]

    def fold(self, number: int, *, of: int = 5, seed: int = 0) -> tuple[Dataset, Dataset]:
        """The parts to train on and to test on.

        The folds are the same on every machine: examples are ordered by a hash of seed and id.
        Groups stay whole, see `groups.test_part`.

        Args:
            number: of the fold that is tested on, from 0.
            of: how many folds there are.
            seed: of the order.

        Returns:
            A pair of datasets of this kind; both keep the negatives and centre bias of the whole.

        Raises:
            InputError: There is no such fold, or there are fewer examples or groups than folds.
        """
        test = groups.test_part(self.examples, number, of, seed)
        parts = [[i for i in range(len(self)) if (i in test) == held] for held in (False, True)]
        called = (f"{self.name}, all but fold {number}", f"{self.name}, fold {number}")
        train, held_out = (self.part(n, i) for n, i in zip(called, parts, strict=True))
        return train, replace(held_out, number=number)

    def split(self, name: str) -> Dataset:
        """The part that the publishers call `name`.

        Args:
            name: of `splits`, such as "train" or "test".

        Returns:
            A dataset of this kind; it keeps the negatives and centre bias of the whole.

        Raises:
            InputError: There is no such part; parts share examples or groups.
        """
        groups.check_splits(self.examples, self.splits)
        self._check_apart()
        chosen = set(self.splits[one_of("split", name, tuple(self.splits))])
        indices = [i for i, example in enumerate(self) if example.id in chosen]
        return self.part(f"{self.name}, {name}", indices)

    def _check_apart(self) -> None:
        """Refuse examples that are trained on and tested on."""
        both = sorted(set(self.splits.get("train", ())) & set(self.splits.get("test", ())))
        if both:
            expected = "each example in one of the splits train and test alone"
            received = f"{len(both)} in both: {listing(both, 5)}"
            raise InputError(f"splits of dataset {self.name!r}", expected, received)

    def where(self, /, **chosen: Any) -> Dataset:
        """The fixations with these values of further columns, such as `where(task="search")`.

        Args:
            chosen: a value or several by column; any of several will do, and all columns have to.

        Returns:
            A dataset of this kind, of all images. Negatives and centre bias are of the same
            condition.

        Raises:
            InputError: No fixation has such a value.
        """
        return conditions.where(self, chosen)

    @property
    def conditions(self) -> dict[str, Any]:
        """By column of fixations.csv the values in it, where they are at most 20: a dict."""
        return conditions.told(self)

    def part(self, name: str, indices: Iterable[int]) -> Dataset:
        """Some of the examples, which keep the whole dataset's negatives and centre bias.

        Args:
            name: of the part.
            indices: of its examples in this dataset, in the part's order.

        Returns:
            A dataset of this kind.
        """
        examples, whole = tuple(self[i] for i in indices), self.whole or self
        return replace(self, name=name, examples=examples, whole=whole, number=None)

    @cached_property
    def grouped(self) -> bool:
        """Whether any example, also of the whole dataset, is of a group."""
        return any(groups.of(self.whole or self))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {example.id: place for place, example in enumerate(self.examples)}

    def place_in_pool(self, index: int) -> int:
        """Where the fixations of an example are in `pool`.

        Args:
            index: of the example in this dataset.

        Returns:
            Its index in the whole dataset.
        """
        return (self.whole or self)._places[self[index].id]

    @cached_property
    def pool(self) -> gaze.FixationPool:
        """All fixations as a `gaze.FixationPool`: negatives and centre bias of every example."""
        if self.whole is not None:
            return self.whole.pool
        points = tuple(example.fixations for example in self.examples)
        return gaze.FixationPool(points, tuple(example.shape for example in self.examples))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of ids, sizes, points and viewers; scores compare only where it is the same."""
        digest = hashlib.sha256(self.whole.fingerprint.encode() if self.whole else b"")
        for example in self.examples:
            for piece in example.stamp():
                digest.update(piece)
        return digest.hexdigest()


class GazeDataset(Dataset):
    """A list of `Example`s, images with gaze, with the report of what they are."""

    report_kind = ReadingReport


def as_dataset(
    data: Dataset | str | Path, where: str = "data", kind: type[Dataset] = GazeDataset
) -> Dataset:
    """A dataset as it is, or read from its folder.

    Args:
        data: a dataset of the class `kind`; a `GazeDataset` may be named by its folder's path.
        where: what messages call it.
        kind: `GazeDataset` or `VideoDataset`.

    Returns:
        A dataset of the class `kind`.

    Raises:
        InputError: This is none.

    Example:

    >>> import tempfile, keras_attn as ka
    >>> with tempfile.TemporaryDirectory() as root:
    ...     drawn = ka.datasets.miniature(images=2, root=f"{root}/scenes")
    ...     ka.datasets.as_dataset(f"{root}/scenes")
    GazeDataset('scenes', 2 examples)
    """
    if isinstance(data, kind):
        return data
    if kind is GazeDataset and isinstance(data, (str, Path)):
        return DATASETS["folder"].read(data)
    also = " or the path of a folder" if kind is GazeDataset else ", such as video_folder returns"
    received = type(data).__name__ if isinstance(data, Dataset) else repr(data)
    raise InputError(where, f"a {kind.__name__}{also}", received)
