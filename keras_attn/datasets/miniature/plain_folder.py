"""Writes drawn scenes in the format of `datasets.folder`."""

import cv2
import numpy as np
import pandas as pd

ABOUT = (
    "Drawn scenes with simulated gaze. They show that the machinery works; they say nothing about "
    "people or about networks trained on photographs."
)


def write(root, drawn):
    """Write images (JPEG), masks (PNG), fixations.csv and about.txt of the scenes into `root`."""
    (root / "images").mkdir()
    (root / "masks").mkdir()
    tables = []
    for number, scene in enumerate(drawn, start=1):
        name = f"scene_{number:04d}"
        jpeg = [cv2.IMWRITE_JPEG_QUALITY, 95]
        _write_image(root / "images" / f"{name}.jpg", scene.image[..., ::-1], jpeg)
        _write_image(root / "masks" / f"{name}.png", scene.mask.astype(np.uint8) * 255, [])
        table = {"image": f"{name}.jpg", "subject": scene.subjects}
        table |= {"x": scene.points[:, 0], "y": scene.points[:, 1]}
        tables.append(pd.DataFrame({**table, "duration_ms": scene.durations_ms}))
    pd.concat(tables).to_csv(root / "fixations.csv", index=False, float_format="%.2f")
    (root / "about.txt").write_text(ABOUT + "\n", encoding="utf-8")


def _write_image(path, image, options):
    if not cv2.imwrite(str(path), image, options):
        raise OSError(f"{path} could not be written")
