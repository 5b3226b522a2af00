"""Picture files: their size, their pixels, and what reading them has decided. The one place for it.

A picture is read upright, as its EXIF orientation says and every viewer shows it, and is its first
frame or page. What is transparent lies on one colour, since the colours below it were never seen.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from keras_attn.errors import InputError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
"""Of the files in a folder that are taken for pictures."""
OTHER_SUFFIXES = (
    *(".heic", ".heif", ".avif", ".jfif", ".jp2", ".jxl", ".gif", ".ppm", ".pgm", ".tga", ".psd"),
    *(".dng", ".nef", ".cr2", ".cr3", ".arw", ".raf", ".svg"),
)
"""Of files that are pictures too, and are not read from folders."""
TURNS = range(2, 9)
"""EXIF orientations other than upright; from SIDEWAYS on, height and width change places."""
SIDEWAYS = 5
WHITE, BLACK = 255, 0
"""What transparent parts are laid on: pages are white; what a mask does not show is no object."""
BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
"""Of HEIF files, in their bytes 8 to 12."""


@dataclass(frozen=True)
class PictureFile:
    """What a picture file is, by its header.

    shape: (H, W) of the upright picture. stored: (H, W) of the rows as they lie in the file.
    rotated: whether EXIF says that these are not upright, or are mirrored. transparent: whether it
    has a channel or a colour of transparency. several: whether frames or pages follow the first
    (the second picture that phones put into a JPEG file does not count).
    """

    shape: tuple
    stored: tuple
    rotated: bool
    transparent: bool
    several: bool

    @property
    def sideways(self):
        """Whether height and width change places when it is read."""
        return self.rotated and self.shape == self.stored[::-1]


def read_image(path: str | Path, mode: str = "RGB", ground: int = WHITE) -> np.ndarray:
    """An image file, upright, as numbers. Colour profiles are not applied.

    Args:
        path: The file, of any format that Pillow reads; of several pages the first.
        mode: "RGB", or "L" for grey.
        ground: The level of grey, 0 to 255, that transparent parts are laid on.

    Returns:
        A uint8 array `(H, W, 3)`; of grey `(H, W)`.

    Raises:
        InputError: The file is no image, or cut off.

    Example:

    >>> import keras_attn as ka
    >>> from PIL import Image
    >>> Image.new("RGBA", (4, 3), (0, 0, 0, 0)).save("clear.png")
    >>> image = ka.datasets.read_image("clear.png")
    >>> image.shape, image[0, 0].tolist()
    ((3, 4, 3), [255, 255, 255])
    """
    with OpenedImage(path) as image:
        upright = turned_upright(image)
        if upright.has_transparency_data:
            upright = _laid_on(upright.convert("RGBA"), ground)
        return np.asarray(upright if upright.mode == mode else upright.convert(mode))


def image_shape(path: str | Path) -> tuple[int, int]:
    """The size of an upright image file.

    Args:
        path: the file, of any format that Pillow reads.

    Returns:
        (H, W) in pixels.

    Raises:
        InputError: The file is no image, or cut off.

    Example:

    >>> from PIL import Image
    >>> from keras_attn.datasets.readers import image_shape
    >>> Image.new("RGB", (20, 10)).save("wide.png")
    >>> image_shape("wide.png")
    (10, 20)
    """
    return picture_file(path).shape


def picture_file(path, *, deep=False):
    """A `PictureFile`; one that is cut off or damaged is `InputError`.

    deep: whether more than 8 bits a channel will do.

    Of a PNG file the sums of all its parts are checked, of a JPEG file its end; only what fails
    there, and formats without either, are decoded.
    """
    with OpenedImage(path, deep=deep) as image:
        orientation, size = _orientation(image), (image.height, image.width)
        transparent = image.has_transparency_data
        several = image.format not in ("JPEG", "MPO") and getattr(image, "n_frames", 1) > 1
        whole = _seems_whole(path, image)
    if not whole:
        with OpenedImage(path, deep=deep) as image:
            image.load()
    rotated = orientation in TURNS
    other = size[::-1] if rotated and orientation >= SIDEWAYS else size
    # Pillow gives the size of a TIFF file upright, of other formats as it is stored.
    upright, stored = (size, other) if image.format == "TIFF" else (other, size)
    return PictureFile(upright, stored, rotated, transparent, several)


def check_upright(path):
    """Refuse a map file that is stored rotated: it would be unclear what was compared with what."""
    with OpenedImage(path, deep=True) as image:
        if _orientation(image) in TURNS:
            expected = "a map stored upright, as its picture is read, without EXIF orientation"
            raise InputError(path, expected, f"orientation {_orientation(image)}")


def not_read(folder: str | Path) -> list[str]:
    """Which files of a folder are pictures by their suffix, but of no kind that is read here.

    Args:
        folder: where they lie, not deeper.

    Returns:
        Their names, sorted; [] where there is no such folder.

    Example:

    >>> from pathlib import Path
    >>> from keras_attn.datasets.readers import not_read
    >>> Path("phone.HEIC").touch()
    >>> not_read("."), not_read("nowhere")
    (['phone.HEIC'], [])
    """
    folder = Path(folder).expanduser()
    seen = sorted(folder.iterdir()) if folder.is_dir() else ()
    return [path.name for path in seen if path.suffix.lower() in OTHER_SUFFIXES]


def turned_upright(image):
    """An open `PIL.Image`, decoded, as its EXIF orientation says it is looked at."""
    turned = _orientation(image) in TURNS
    image.load()
    return ImageOps.exif_transpose(image) if turned else image


def _orientation(image):
    """The EXIF orientation; 1, upright, where there is none or the block is damaged.

    Viewers show a picture as it is stored then, and so do we.
    """
    try:
        return _exif(image).get(ExifTags.Base.Orientation, 1)
    except (SyntaxError, ValueError, TypeError, KeyError, struct.error):
        return 1


def _exif(image):
    """The EXIF block. Of a PNG file Pillow decodes all for it; here only where it may come late."""
    if image.format != "PNG" or (image.filename and _tells_late(image.filename)):
        return image.getexif()
    return Image.Image.getexif(image)


def _tells_late(path):
    """Whether a PNG file has text or EXIF behind its pixels."""
    behind = False
    with Path(path).open("rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            behind |= kind == b"IDAT"
            if behind and kind in (b"eXIf", b"tEXt", b"zTXt", b"iTXt"):
                return True
            file.seek(length + 4, 1)
    return False


def _laid_on(image, ground):
    """An RGBA picture on one colour; opaque pixels keep theirs."""
    below = Image.new("RGBA", image.size, (ground, ground, ground, 255))
    return Image.alpha_composite(below, image).convert("RGB")


class OpenedImage:
    """`Image.open`, with every way in which it and the decoder fail turned into one error.

    deep: whether more than 8 bits a channel will do.
    """

    def __init__(self, path, *, deep=False):
        self.path, self.deep = Path(path), deep

    def __enter__(self):
        try:
            self.image = Image.open(self.path)
        except Exception as error:
            self.__exit__(type(error), error, None)
            raise
        if not self.deep and self.image.mode.startswith(("I", "F")):
            mode = self.image.mode
            self.image.close()
            expected = "an image of 8 bits a channel; save it as one"
            raise InputError(self.path, expected, f"mode {mode!r}")
        return self.image

    def __exit__(self, kind, error, _):
        if hasattr(self, "image"):
            self.image.close()
        if error is None or isinstance(error, InputError):
            return
        if isinstance(error, FileNotFoundError):
            raise InputError(self.path, "an image", "no such file") from error
        if isinstance(error, UnidentifiedImageError):
            raise InputError(self.path, "an image", _other_kind(self.path)) from error
        # Damaged headers, those of TIFF above all, make Pillow fail in any of these ways.
        failures = (OSError, SyntaxError, ValueError, TypeError, ArithmeticError, LookupError)
        if isinstance(error, (*failures, EOFError, struct.error, Image.DecompressionBombError)):
            raise InputError(self.path, "a whole image", f"{error}") from error


def _other_kind(path):
    with path.open("rb") as file:
        start = file.read(12)
    if not start:
        return "an empty file"
    if start[8:] in BRANDS:
        return "a HEIC file, which is not read here (save it as JPEG or PNG)"
    return "a file of another kind"


def _seems_whole(path, image):
    if image.format == "PNG":
        try:
            with Image.open(path) as untouched:
                untouched.verify()
        except (OSError, SyntaxError, IndexError):
            return False
        return True
    if image.format not in ("JPEG", "MPO"):
        return False
    # Bytes behind the end are harmless, a missing end is not.
    with Path(path).open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 16))
        return file.read().rstrip(b"\0").endswith(b"\xff\xd9")
