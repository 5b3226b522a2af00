"""What a dataset with gaze is to the rest of the package, whatever it looks like on disk."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from keras_attn import gaze
from keras_attn.errors import InputError, listing, one_of


@dataclass(frozen=True, eq=False)
class Example:
    """One image with its gaze.

    id: unique in the dataset. image: path. shape: (H, W) in pixels. points: `(N, 2)`, x and y in
    pixels of the image, all inside. subjects: `(N,)`, whose fixation each point is. mask: path of
    the object mask, or None. Raises `InputError` where these do not fit each other.
    """

    id: str
    image: Path
    shape: tuple
    points: np.ndarray
    subjects: np.ndarray
    mask: Path | None = None

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

    def pixels(self):
        """The image as uint8 RGB `(H, W, 3)`."""
        return read_image(self.image)


@dataclass
class ReadingReport:
    """What reading a dataset has met, in counts; `skipped` lists what was left out and why."""

    images: int = 0
    viewers: int = 0
    points: int = 0
    points_outside: int = 0
    points_not_a_number: int = 0
    images_without_fixations: int = 0
    skipped: list = field(default_factory=list)

    def __str__(self):
        """One line; counts that are zero and need no comment are left out."""
        text = f"{self.images} images, {self.viewers} viewers, {self.points} fixations"
        dropped = self.points_outside + self.points_not_a_number
        text += f"; {dropped} points dropped"
        if dropped:
            text += f" ({self.points_outside} outside, {self.points_not_a_number} not a number)"
        if self.images_without_fixations:
            text += f"; {self.images_without_fixations} images without fixations"
        if self.skipped:
            text += f"; {len(self.skipped)} skipped: {listing(self.skipped, 3)}"
        return text


@dataclass(frozen=True, eq=False)
class GazeDataset:
    """A list of `Example`s with the report of reading them.

    note: what a reader of any number made from this dataset has to know, or an empty string.
    """

    name: str
    examples: tuple
    report: ReadingReport
    note: str = ""

    def __post_init__(self):
        names = Counter(example.id for example in self.examples)
        twice = [name for name, count in names.items() if count > 1]
        if twice or not names:
            received = f"{listing(twice)} more than once" if twice else "none"
            raise InputError(f"dataset {self.name!r}", "examples with ids of their own", received)
        object.__setattr__(self, "examples", tuple(self.examples))

    def __len__(self):
        return len(self.examples)

    def __iter__(self):
        return iter(self.examples)

    def __getitem__(self, index):
        return self.examples[index]

    @cached_property
    def pool(self):
        """All fixations as a `gaze.FixationPool`: negatives and centre bias of every image."""
        points = tuple(example.points for example in self.examples)
        return gaze.FixationPool(points, tuple(example.shape for example in self.examples))

    @cached_property
    def fingerprint(self):
        """SHA-256 of ids, sizes, points and viewers; scores compare only where it is the same."""
        digest = hashlib.sha256()
        for example in self.examples:
            digest.update(repr((example.id, example.shape)).encode())
            digest.update(np.ascontiguousarray(example.points).tobytes())
            digest.update(repr(example.subjects.tolist()).encode())
        return digest.hexdigest()


class Problems:
    """Decides what happens to an example that cannot be used: raise, or skip and list it."""

    def __init__(self, on_bad_example):
        self.skips = one_of("on_bad_example", on_bad_example, ("raise", "skip")) == "skip"
        self.skipped = []

    def guard(self, name, read: Callable):
        """`read()`, or None where it raised `InputError` and bad examples are skipped."""
        try:
            return read()
        except InputError as error:
            if not self.skips:
                raise
            self.skipped.append(f"{name} ({error})")
            return None


def keep_points(points, subjects, shape, report):
    """The points inside the image with their subjects; what is dropped is counted in `report`."""
    nan = ~np.isfinite(points).all(axis=1)
    kept = gaze.inside(points, shape)
    report.points_not_a_number += int(nan.sum())
    report.points_outside += int((~kept & ~nan).sum())
    return points[kept], subjects[kept]


def read_image(path):
    """An image file as uint8 RGB `(H, W, 3)`; `InputError` if missing, cut off or no image."""
    with _opened(path) as image, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # palettes with transparency
        return np.asarray(image.convert("RGB"))


def image_shape(path):
    """(H, W) of an image file, from its header; a file that ends too early raises `InputError`."""
    with _opened(path) as image:
        if not _ends_properly(path, image.format):
            # Bytes behind the end are harmless, a missing end is not, and some formats have no
            # mark of it: decoding tells.
            image.load()
        return image.height, image.width


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


def _ends_properly(path, kind):
    endings = {"JPEG": b"\xff\xd9", "PNG": b"IEND\xaeB`\x82"}
    if kind not in endings:
        return False
    with Path(path).open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 16))
        return file.read().rstrip(b"\0").endswith(endings[kind])
