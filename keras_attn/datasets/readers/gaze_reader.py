"""The reader of images with gaze, one for every format."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from keras_attn import gaze
from keras_attn.datasets.base import Example, GazeDataset
from keras_attn.datasets.readers import coordinates, gaze_remarks
from keras_attn.datasets.readers.image_files import picture_file
from keras_attn.datasets.readers.reader import Reader
from keras_attn.errors import InputError
from keras_attn.gaze_format import GazeFormat


class GazeReader(Reader):
    """Reads images with gaze; one for every format.

    Args:
        name: of the dataset.
        on_bad_example: "raise", or "skip" to leave out and list images that cannot be used.
        note: what whoever reads scores has to know of the data, in sentences.
        form: the `GazeFormat` of points that people have written, which are turned into pixels and
            have to be plausible ones; None for points that are pixels as their publishers say.

    Raises:
        InputError: `on_bad_example` is neither.

    Example:

    >>> import numpy as np, keras_attn as ka
    >>> from PIL import Image
    >>> Image.new("RGB", (20, 10)).save("ape.png")
    >>> reader = ka.datasets.readers.GazeReader("zoo", "raise")
    >>> looks = np.array([[4.5, 4.5], [30.5, 4.5]]), np.array([1, 2])
    >>> reader.add("ape", "ape.png", None, lambda: looks, needs_mask=False)
    >>> data = reader.dataset("zoo")
    >>> data[0].points.tolist(), data.report.points_outside
    ([[4.5, 4.5]], 1)
    """

    kind = GazeDataset
    what = "images"

    def __init__(
        self,
        name: str,
        on_bad_example: Literal["raise", "skip"],
        note: str = "",
        form: GazeFormat | None = None,
    ) -> None:
        super().__init__(name, on_bad_example, note)
        self.form = form
        self.met: list[Any] = []
        self.points_from: Any = None

    def add(
        self,
        name: str,
        image: str | Path,
        mask: Path | None,
        read_points: Callable[[], tuple],
        *,
        needs_mask: bool = True,
        read_mask: Callable[[Path], Any] | None = None,
        read_box: Callable[[tuple[int, int]], Any] | None = None,
        **fields: Any,
    ) -> None:
        """Add an image with its mask and its gaze.

        Points outside the image, or its crop, and those of which a coordinate or the viewer is NaN
        are dropped and counted.

        Args:
            name: the id of the example.
            image: path of the image.
            mask: path of its mask, or None.
            read_points: a function without arguments that returns points `(N, 2)`, x and y,
                subjects `(N,)` and, where more is known of each point, conditions, as an `Example`
                has them. Of a `form` points are as they were written, else pixels.
            needs_mask: whether an image without a mask is refused.
            read_mask: path of the mask -> bool `(H, W)`, for a file that is no image.
            read_box: (H, W) of the image -> the box to crop to, (left, top, width, height) in its
                pixels, or None.
            fields: further ones of the example, such as label and group.

        Returns:
            Nothing.

        Raises:
            InputError: A file is missing, damaged or of another size, or gaze does not fit; where
                bad examples are skipped, the report lists it instead.
        """

        def read():
            masked = {} if read_mask is None else {"mask_coding": LoadedMask(mask, read_mask)}
            further = fields | masked
            return self._read(name, image, mask, read_points, needs_mask, read_box, further)

        self.keep(name, read)

    def _read(self, name, image, mask, read_points, needs_mask, read_box, fields):
        picture = picture_file(image)
        shape = picture.shape
        if mask is None and needs_mask:
            raise InputError(f"mask of {image}", "a PNG file of the same name", "none")
        if mask is not None:
            _check_mask(mask, image, picture, fields.get("mask_coding"))
        points, subjects, *more = read_points()
        points = self._in_pixels(name, points, shape, subjects)
        box = None if read_box is None else read_box(shape)
        if box is not None:
            points, shape = points - box[:2], (box[3], box[2])
        nan = ~np.isfinite(points).all(axis=1)
        if subjects.dtype.kind == "f":
            nan |= ~np.isfinite(subjects)
        kept = gaze.inside(points, shape) & ~nan
        self.report.points_not_a_number += int(nan.sum())
        self.report.points_outside += int((~kept & ~nan).sum())
        fields |= {"mask": mask, "box": box}
        for told in more:
            fields["conditions"] = {name: values[kept] for name, values in told.items()}
        self.report.meet(picture)
        return Example(name, image, shape, points[kept], subjects[kept], **fields)

    def _in_pixels(self, name, points, shape, subjects):
        if self.form is None:
            return points
        made = coordinates.in_pixels(points, shape, self.form, f"image {name!r}")
        self.met.append((name, points, made, shape, subjects))
        return made

    def dataset(self, root: str | Path, **options: Any) -> GazeDataset:
        """The dataset of all that was added.

        Args:
            root: what errors call the data: their folder.
            options: as of `Reader.dataset`: needs_gaze, and further fields of the dataset.

        Returns:
            A `GazeDataset`.

        Raises:
            InputError: As of `Reader.dataset`, and for points that cannot be pixels.
        """
        self.check_points(root)
        return super().dataset(root, **options)

    def check_points(self, where: str | Path) -> None:
        """Refuse points that were added and cannot be pixels of their images.

        Args:
            where: what the error calls them, if it is not known which table they are of.

        Returns:
            Nothing.

        Raises:
            InputError: There are such, as the `GazeFormat` judges.
        """
        if not self.met:
            return
        expected = (
            "fixations in pixels of their images (most_lost=1, in commands --most-lost 1, "
            "takes all as they are)"
        )
        points = coordinates.checked(self.met, self.form, self.points_from or where, expected)
        self.report.remarks += gaze_remarks.remarks(points)


def _check_mask(mask, image, picture, loaded=None):
    """Refuse a mask that is missing or has another size than the `PictureFile` of its image."""
    if not mask.is_file():
        raise InputError(mask, f"the mask of {image.name}", "no such file")
    received = loaded.shape if loaded else picture_file(mask, deep=True).shape
    if received != picture.shape:
        expected, told = f"the size of {image.name}, {picture.shape}", ""
        if picture.sideways and received == picture.stored:
            expected += ", which is stored rotated (EXIF) and is read upright"
            told = ", the size that is stored (turn the mask as its image is turned)"
        raise InputError(mask, expected, f"{received}{told}")


class LoadedMask:
    """A mask in a file that is no image, which a function of a reader's own loads.

    What else stands for a mask is a `masks.MaskCoding`. Raises `InputError` for what is no mask.
    """

    above, named = None, None

    def __init__(self, path, load):
        self.path, self.load = path, load

    def read(self):
        """The mask as booleans `(H, W)`."""
        try:
            mask = np.asarray(self.load(self.path))
        except (OSError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(self.path, "a mask that its reader can load", error) from error
        if mask.dtype != bool or mask.ndim != 2:
            expected = "a mask of booleans (height, width), True where the object is"
            raise InputError(self.path, expected, f"{mask.dtype} of shape {mask.shape}")
        return mask

    @cached_property
    def shape(self):
        """(H, W)."""
        return self._known[0]

    @cached_property
    def share(self):
        """Share of its pixels that are object."""
        return self._known[1]

    @cached_property
    def _known(self):
        mask = self.read()
        return mask.shape, float(mask.mean())
