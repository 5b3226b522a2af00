"""Writes drawn birds in the format of CUB-200-2010 with the gaze files of CUB-VWSW."""

from collections import Counter

import numpy as np
import pandas as pd
import scipy.io

from keras_attn.datasets.formats.cub_vwsw import FILES, SHIFT, SHIFTED
from keras_attn.datasets.miniature import birds
from keras_attn.datasets.miniature.files import write_image

TRAINING = 2 / 3
"""Share of each class that the training list names; the published one has 15 of about 31."""
SHIFTED_IN = 3
"""One of so many pictures on which the published oddity of one participant is repeated."""


def draw(rng, shape, viewers, count):
    """`count` birds, of each class as many as of any other or one fewer."""
    return [birds.draw(rng, shape, viewers, i % len(birds.CLASSES)) for i in range(count)]


def write(root, drawn):
    """Write images, bounding boxes (`.mat`), lists, image numbers and both gaze files."""
    seen, totals = Counter(), Counter(bird.label for bird in drawn)
    lists, numbered, tables = {"train": [], "test": []}, [], {part: [] for part in FILES}
    for number, bird in enumerate(drawn):
        class_id, name, *_ = birds.CLASSES[bird.label]
        seen[bird.label] += 1
        path = f"{class_id:03d}.{name}/{name}_{seen[bird.label]:04d}"
        write_image(root / "images" / f"{path}.jpg", bird)
        _write_box(root / "annotations-mat" / f"{path}.mat", bird)
        trains = seen[bird.label] <= round(TRAINING * totals[bird.label])
        lists["train" if trains else "test"].append(f"{path}.jpg")
        numbered.append(f"{number} {path}.jpg")
        part = "SW" if name.endswith(("Sparrow", "Warbler")) else "VW"
        tables[part].append(_rows(bird, part, class_id, number))
    for name, lines in (("attributes/images-dirs", numbered), *_named(lists)):
        path = root / f"{name}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    for part, rows in tables.items():
        if rows:
            path = root / f"CUB-{part}" / FILES[part]
            path.parent.mkdir()
            pd.concat(rows).to_csv(path, header=False, index=False, float_format="%.6f")


def _named(lists):
    return ((f"lists/{name}", lines) for name, lines in lists.items())


def _write_box(path, bird):
    path.parent.mkdir(parents=True, exist_ok=True)
    box = dict(zip(("left", "top", "right", "bottom"), bird.box, strict=True))
    scipy.io.savemat(path, {"bbox": box})


def _rows(bird, part, class_id, number):
    """Rows of a gaze file: class, participant from 0, image, duration in s, x, y, pupil."""
    participants = bird.subjects - 1
    x = bird.points[:, 0].copy()
    if part == SHIFTED[0] and number % SHIFTED_IN == 0:
        x[participants == SHIFTED[1]] += SHIFT
    columns = (class_id, participants, number, bird.durations_ms / 1000, x, bird.points[:, 1], 3.2)
    return pd.DataFrame(dict(enumerate(columns)), index=np.arange(len(x)))
