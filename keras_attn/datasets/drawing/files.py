"""Files of drawn scenes and clips, whatever the format around them."""

import cv2
import numpy as np

from keras_attn.datasets.origin import MARK

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
    if path.suffix == ".jpg":
        write_bytes(path, jpeg(pixels))
    else:
        write_bytes(path, cv2.imencode(path.suffix, pixels)[1].tobytes())


def jpeg(pixels):
    """The bytes of a JPEG file of BGR pixels, with the comment that they are drawn."""
    content = cv2.imencode(".jpg", pixels, QUALITY)[1].tobytes()
    # Behind the two bytes that begin a file: a comment with its length.
    return content[:2] + b"\xff\xfe" + (len(MARK) + 2).to_bytes(2, "big") + MARK + content[2:]


def write_lines(path, lines):
    """A text file of these lines."""
    write_bytes(path, "".join(f"{line}\n" for line in lines).encode())


def write_bytes(path, content):
    """A file in a folder that need not be there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
