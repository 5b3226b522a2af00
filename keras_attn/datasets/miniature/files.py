"""Files of drawn scenes and clips, whatever the format around them."""

import cv2
import numpy as np

QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 95]


def write_image(path, scene):
    """The scene as a JPEG file."""
    write_picture(path, scene.image)


def write_mask(path, scene):
    """The mask of its salient object as a PNG file, 0 and 255."""
    write_picture(path, scene.mask.astype(np.uint8) * 255)


def write_picture(path, pixels):
    """Pixels as the suffix of the path says: uint8 RGB `(H, W, 3)`, or grey `(H, W)`."""
    pixels = pixels[..., ::-1] if pixels.ndim == 3 else pixels
    # Not by OpenCV, which does not say whether the disk is full.
    _, content = cv2.imencode(path.suffix, pixels, QUALITY if path.suffix == ".jpg" else [])
    write_bytes(path, content.tobytes())


def write_lines(path, lines):
    """A text file of these lines."""
    write_bytes(path, "".join(f"{line}\n" for line in lines).encode())


def write_bytes(path, content):
    """A file in a folder that need not be there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
