"""The reader of images with gaze, one for every format."""

from functools import cached_property

import numpy as np

from keras_attn import gaze
from keras_attn.datasets.base import Example, GazeDataset
from keras_attn.datasets.readers import coordinates, gaze_remarks
from keras_attn.datasets.readers.image_files import picture_file
from keras_attn.datasets.readers.reader import Reader
from keras_attn.errors import InputError


class GazeReader(Reader):
    """Reads images with gaze; one for every format.

    form: the `GazeFormat` of points that people have written, which are turned into pixels and have
    to be plausible ones; None for points of a published format.
    """

    kind = GazeDataset
    what = "images"

    def __init__(self, name, on_bad_example, note="", form=None):
        super().__init__(name, on_bad_example, note)
        self.form, self.met, self.points_from = form, [], None

    def add(
        self,
        name,
        image,
        mask,
        read_points,
        *,
        needs_mask=True,
        read_mask=None,
        read_box=None,
        **fields,
    ):
        """Add the image with the mask and what `read_points()` returns.

        That is points, subjects and, where more is known of each point, conditions, as an `Example`
        has them. read_mask: path of the mask -> bool `(H, W)`, for a file that is no image.
        read_box: shape of the image -> the box to crop to, in its pixels. fields: further ones of
        the example, such as label and group. Points outside the image, or its crop, and those of
        which a coordinate or the viewer is NaN are dropped and counted.
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

    def dataset(self, root, **options):
        """The dataset of all that was added; `InputError` for points that cannot be its pixels."""
        self.check_points(root)
        return super().dataset(root, **options)

    def check_points(self, where):
        """Raise `InputError` for points that were added and cannot be pixels of their images."""
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
