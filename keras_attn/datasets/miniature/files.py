"""Image files of drawn scenes, whatever the format around them."""

import cv2
import numpy as np

QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 95]


def write_image(path, scene):
    """The scene as a JPEG file."""
    _write(path, scene.image[..., ::-1], QUALITY)


def write_mask(path, scene):
    """The mask of its salient object as a PNG file, 0 and 255."""
    _write(path, scene.mask.astype(np.uint8) * 255, [])


def _write(path, image, options):
    # Not by OpenCV, which does not say whether the disk is full.
    _, content = cv2.imencode(path.suffix, image, options)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.tobytes())
