"""What a dataset with gaze is to the rest of the package, whatever it looks like on disk."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from keras_attn import gaze, origin
from keras_attn.datasets.reading_report import ReadingReport, Report
from keras_attn.errors import InputError, listing, one_of


@dataclass(frozen=True, eq=False)
class Example:
    """One image with its gaze.

    id: unique in the dataset. image: path. shape: (H, W) in pixels. points: `(N, 2)`, x and y in
    pixels of the image, all inside. subjects: `(N,)`, whose fixation each point is. mask: path of
    the object mask, or None. label: index of its class, or None. box: (left, top, width, height)
    in whole pixels of the file, where the example is a crop; shape and points are those of the
    crop then. Raises `InputError` where these do not fit each other.
    """

    id: str
    image: Path
    shape: tuple
    points: np.ndarray
    subjects: np.ndarray
    mask: Path | None = None
    label: int | None = None
    box: tuple | None = None

    def __post_init__(self):
        where = f"example {self.id!r}"
        points = gaze.as_points(self.points, f"{where}, points")
        subjects = np.asarray(self.subjects)
        outside = int((~gaze.inside(points, self.shape)).sum())
        if outside:
            expected = f"all inside the image of {tuple(self.shape)}"
            raise InputError(f"{where}, points", expected, f"{outside} outside or NaN")
        if subjects.shape != (len(points),):
            expected = f"one for each of {len(points)} points"
            raise InputError(f"{where}, subjects", expected, f"shape {subjects.shape}")
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "subjects", subjects)
        object.__setattr__(self, "shape", tuple(self.shape))

    def __repr__(self):
        whose = f"{len(self.points)} fixations of {len(set(self.subjects.tolist()))} viewers"
        parts = [repr(self.id), str(self.shape), whose]
        parts += ["mask"] * (self.mask is not None)
        parts += [f"label {self.label}"] * (self.label is not None)
        return f"Example({', '.join(parts)})"

    @property
    def fixations(self):
        """What this example adds to the pool of all fixations: `(N, 2)`."""
        return self.points

    def stamp(self):
        """All that scores depend on but the image itself, as a few pieces of bytes."""
        yield repr((self.id, self.shape)).encode()
        yield np.ascontiguousarray(self.points).tobytes()
        yield repr(self.subjects.tolist()).encode()
        if self.label is not None or self.box is not None:
            yield repr((self.label, self.box)).encode()

    def pixels(self):
        """The image as uint8 RGB `(H, W, 3)`."""
        pixels = read_image(self.image)
        if self.box is None:
            return pixels
        left, top, width, height = self.box
        return pixels[top : top + height, left : left + width]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A list of examples, images or videos, with the report of what they are and of reading them.

    report: its counts are made to be those of these very examples, whatever they were.
    note: what a reader of any number made from this dataset has to know, or an empty string.
    whole: the dataset that this one is a part of; its fixations, and not those of the part, are
    the negatives and the centre bias of every image. number: of the fold that it is the test part
    of, or None. classes: names of the labels. splits: the publishers' own parts, ids by name.
    drawn: whether pictures or gaze are drawn; None: whether the files lie where `miniature` drew.
    source: arguments that read it again, `name` the reader; None for one made in Python.
    """

    name: str
    examples: tuple
    report: Report
    note: str = ""
    whole: Dataset | None = None
    number: int | None = None
    classes: tuple = ()
    splits: dict = field(default_factory=dict)
    drawn: bool | None = None
    source: dict | None = None

    report_kind = Report

    def __post_init__(self):
        kind = self.report_kind
        if not isinstance(self.report, kind):
            received = type(self.report).__name__
            raise InputError(f"dataset {self.name!r}, report", f"a {kind.__name__}", received)
        names = Counter(example.id for example in self.examples)
        twice = [name for name, count in names.items() if count > 1]
        if twice or not names:
            received = f"{listing(twice)} more than once" if twice else "none"
            raise InputError(f"dataset {self.name!r}", "examples with ids of their own", received)
        object.__setattr__(self, "examples", tuple(self.examples))
        object.__setattr__(self, "report", self.report.of(self.examples))
        drawn = origin.any_drawn(self.examples) if self.drawn is None else bool(self.drawn)
        object.__setattr__(self, "drawn", drawn)
        object.__setattr__(self, "note", origin.noted(self.note, drawn))

    def __repr__(self):
        return f"{type(self).__name__}({self.name!r}, {len(self)} examples)"

    def __str__(self):
        """A few lines: what is in it, and what it is a part of."""
        return "\n".join(self._lines())

    @property
    def label(self):
        """Its name in print: one that is drawn says so."""
        return origin.label(self.name, self.drawn)

    def _lines(self):
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
        if self.whole is not None:
            tested = "" if self.number is None else f"; the test part of fold {self.number}"
            yield f"part of {self.whole.name}, {len(self.whole)} examples{tested}"
        if self.note:
            yield f"Note: {self.note}"

    def __len__(self):
        return len(self.examples)

    def __iter__(self):
        return iter(self.examples)

    def __getitem__(self, index):
        return self.examples[index]

    def fold(self, number, *, of=5, seed=0):
        """The parts to train on and to test on, of `of` folds; `number` is the one tested on.

        The folds are the same on every machine: examples are ordered by a hash of seed and id.
        """
        if not 2 <= of <= len(self) or not 0 <= number < of:
            expected = f"a fold from 0 to {of - 1}, of 2 to {len(self)} folds"
            raise InputError("fold", expected, f"{number} of {of}")
        order = sorted(range(len(self)), key=lambda i: _shuffled(seed, self[i].id))
        test = {order[place] for place in range(number, len(order), of)}
        parts = [[i for i in range(len(self)) if (i in test) == held] for held in (False, True)]
        names = (f"{self.name}, all but fold {number}", f"{self.name}, fold {number}")
        train, held_out = (self.part(n, i) for n, i in zip(names, parts, strict=True))
        return train, replace(held_out, number=number)

    def split(self, name):
        """The part that the publishers call `name`, such as "train" or "test"."""
        chosen = set(self.splits[one_of("split", name, tuple(self.splits))])
        indices = [i for i, example in enumerate(self) if example.id in chosen]
        return self.part(f"{self.name}, {name}", indices)

    def part(self, name, indices):
        """Some of the examples, which keep the whole dataset's negatives and centre bias."""
        examples, whole = tuple(self[i] for i in indices), self.whole or self
        return replace(self, name=name, examples=examples, whole=whole, number=None)

    @cached_property
    def _places(self):
        return {example.id: place for place, example in enumerate(self.examples)}

    def place_in_pool(self, index):
        """The index in `pool` of example `index`."""
        return (self.whole or self)._places[self[index].id]

    @cached_property
    def pool(self):
        """All fixations as a `gaze.FixationPool`: negatives and centre bias of every example."""
        if self.whole is not None:
            return self.whole.pool
        points = tuple(example.fixations for example in self.examples)
        return gaze.FixationPool(points, tuple(example.shape for example in self.examples))

    @cached_property
    def fingerprint(self):
        """SHA-256 of ids, sizes, points and viewers; scores compare only where it is the same."""
        digest = hashlib.sha256(self.whole.fingerprint.encode() if self.whole else b"")
        for example in self.examples:
            for piece in example.stamp():
                digest.update(piece)
        return digest.hexdigest()


class GazeDataset(Dataset):
    """A list of `Example`s, images with gaze, with the report of what they are."""

    report_kind = ReadingReport


class Reader:
    """Collects the examples of a dataset and counts what it meets.

    on_bad_example: "raise", or "skip" to leave out and list what cannot be used.
    """

    kind = None
    what = ""

    def __init__(self, name, on_bad_example, note=""):
        self.name, self.note = name, note
        self.skips = one_of("on_bad_example", on_bad_example, ("raise", "skip")) == "skip"
        self.report, self.examples = self.kind.report_kind(), []

    def guard(self, name, read):
        """`read()`, or None where it raised `InputError` and bad examples are skipped."""
        try:
            return read()
        except InputError as error:
            if not self.skips:
                raise
            self.report.skipped.append(f"{name} ({error})")
            return None

    def keep(self, name, read):
        """Add the example that `read()` returns, under the `guard`."""
        example = self.guard(name, read)
        if example is not None:
            self.examples.append(example)

    def dataset(self, root, **options):
        """The dataset of all that was added; `InputError` if that is nothing or has no fixation.

        options: further fields of the dataset.
        """
        report = self.report
        if not self.examples:
            raise InputError(root, f"{self.what} that can be read", listing(report.skipped, 3))
        report.read = len(self.examples)
        report.count(self.examples)
        if not report.points:
            raise InputError(root, f"fixations inside the {self.what}", str(report))
        return self.kind(self.name, tuple(self.examples), report, self.note, **options)


class GazeReader(Reader):
    """Reads images with gaze; one for every format."""

    kind = GazeDataset
    what = "images"

    def add(self, name, image, mask, read_points, *, needs_mask=True, label=None, read_box=None):
        """Add the image with the mask and what `read_points()` returns: points and subjects.

        read_box: shape of the file -> the box to crop to, in its pixels. Points outside the image,
        or its crop, and those of which a coordinate or the viewer is NaN are dropped and counted.
        """

        def read():
            return self._read(name, image, mask, read_points, needs_mask, label, read_box)

        self.keep(name, read)

    def _read(self, name, image, mask, read_points, needs_mask, label, read_box):
        shape = image_shape(image)
        if mask is None and needs_mask:
            raise InputError(f"mask of {image}", "a PNG file of the same name", "none")
        if mask is not None:
            if not mask.is_file():
                raise InputError(mask, f"the mask of {image.name}", "no such file")
            received = image_shape(mask)
            if received != shape:
                raise InputError(mask, f"the size of {image.name}, {shape}", received)
        points, subjects = read_points()
        box = None if read_box is None else read_box(shape)
        if box is not None:
            points, shape = points - box[:2], (box[3], box[2])
        nan = ~np.isfinite(points).all(axis=1)
        if subjects.dtype.kind == "f":
            nan |= ~np.isfinite(subjects)
        kept = gaze.inside(points, shape) & ~nan
        self.report.points_not_a_number += int(nan.sum())
        self.report.points_outside += int((~kept & ~nan).sum())
        return Example(name, image, shape, points[kept], subjects[kept], mask, label, box)


def by_stem(folder, suffixes, what, unique="one file of each name"):
    """Files of a folder with these suffixes by stem, in order.

    what, unique: what they are and what holds for them, for the `InputError` that is raised where
    the folder is missing, holds none, or holds two of one stem. Hidden files are passed over:
    macOS leaves files of its own in archives.
    """
    if not folder.is_dir():
        raise InputError(folder, f"a folder of {what}", "no such folder")
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in suffixes and not path.name.startswith("."):
            other = found.setdefault(path.stem, path)
            if other != path:
                raise InputError(folder, unique, f"{other.name} and {path.name}")
    if not found:
        raise InputError(folder, f"{what} ({', '.join(suffixes)})", "none")
    return found


def _shuffled(seed, name):
    return hashlib.sha256(f"{seed}/{name}".encode()).digest()


def read_image(path, mode="RGB"):
    """An image file as uint8 RGB `(H, W, 3)`; `InputError` if missing, cut off or no image.

    mode: "L" for grey, `(H, W)`.
    """
    with _opened(path) as image, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # palettes with transparency
        return np.asarray(image.convert(mode))


def image_shape(path):
    """(H, W) of an image file, from its header; a file that is cut off or damaged is `InputError`.

    Of a PNG file the sums of all its parts are checked, of a JPEG file its end; only what fails
    there, and formats without either, are decoded.
    """
    with _opened(path) as image:
        shape, whole = (image.height, image.width), _seems_whole(path, image)
    if not whole:
        with _opened(path) as image:
            image.load()
    return shape


class _opened:
    """`Image.open`, with every way in which it and the decoder fail turned into one error."""

    def __init__(self, path):
        self.path = Path(path)

    def __enter__(self):
        try:
            self.image = Image.open(self.path)
        except (OSError, Image.DecompressionBombError) as error:
            self.__exit__(type(error), error, None)
        if self.image.mode.startswith(("I", "F")):
            mode = self.image.mode
            self.image.close()
            raise InputError(self.path, "an image of 8 bits a channel", f"mode {mode!r}")
        return self.image

    def __exit__(self, kind, error, _):
        if hasattr(self, "image"):
            self.image.close()
        if isinstance(error, FileNotFoundError):
            raise InputError(self.path, "an image", "no such file") from error
        if isinstance(error, UnidentifiedImageError):
            raise InputError(self.path, "an image", "a file of another kind") from error
        if isinstance(error, (OSError, SyntaxError, Image.DecompressionBombError)):
            raise InputError(self.path, "a whole image", f"{error}") from error


def _seems_whole(path, image):
    if image.format == "PNG":
        try:
            image.verify()
        except (OSError, SyntaxError, IndexError):
            return False
        return True
    if image.format != "JPEG":
        return False
    # Bytes behind the end are harmless, a missing end is not.
    with Path(path).open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 16))
        return file.read().rstrip(b"\0").endswith(b"\xff\xd9")
