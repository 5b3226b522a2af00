"""Writes drawn scenes in the format of `datasets.folder`."""

import pandas as pd

from keras_attn.datasets.miniature import scenes
from keras_attn.datasets.miniature.files import write_image, write_mask


def write(root, drawn):
    """Write images (JPEG), masks (PNG), fixations.csv and about.txt of the scenes into `root`."""
    tables = []
    for number, scene in enumerate(drawn, start=1):
        name = f"scene_{number:04d}"
        write_image(root / "images" / f"{name}.jpg", scene)
        write_mask(root / "masks" / f"{name}.png", scene)
        table = {"image": f"{name}.jpg", "subject": scene.subjects}
        table |= {"x": scene.points[:, 0], "y": scene.points[:, 1]}
        tables.append(pd.DataFrame({**table, "duration_ms": scene.durations_ms}))
    pd.concat(tables).to_csv(root / "fixations.csv", index=False, float_format="%.2f")
    (root / "about.txt").write_text(scenes.ABOUT + "\n", encoding="utf-8")
