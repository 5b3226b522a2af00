"""Figures of runs, made from what their evaluations kept: image, mask, gaze and each one's maps."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from keras_attn import runs
from keras_attn.errors import InputError
from keras_attn.report import pictures

PANEL = 1.35
"""Width of a picture in inches."""


def read_gallery(folder):
    """What an evaluation kept to look at: a list of dicts of arrays, one per example."""
    path = Path(folder).expanduser() / "gallery.npz"
    try:
        with np.load(path, allow_pickle=False) as stored:
            kept = {name: stored[name] for name in stored.files}
    except (OSError, ValueError) as error:
        raise InputError(path, "the pictures of an evaluation", error) from error
    examples = {}
    for name, value in kept.items():
        place, what = name.split("/")
        examples.setdefault(int(place), {})[what] = value
    return [examples[place] for place in sorted(examples)]


def salient_object(folders, path):
    """One row per image: image, mask, gaze, then prediction and attention of each run (Fig. 2).

    folders: run folders by title, all evaluated on the same dataset. Writes a PNG file.
    """
    galleries = {title: read_gallery(folder) for title, folder in folders.items()}
    names = {title: [str(one["id"]) for one in kept] for title, kept in galleries.items()}
    first = next(iter(galleries))
    for title, ids in names.items():
        if ids != names[first]:
            expected = f"pictures of the images of {first}, {', '.join(names[first])}"
            raise InputError(folders[title], expected, ", ".join(ids))
    rows = [list(_row(place, galleries)) for place in range(len(names[first]))]
    heights = [PANEL * row[0][1].shape[0] / row[0][1].shape[1] for row in rows]
    figure = Figure(figsize=(PANEL * len(rows[0]), sum(heights) + 0.55))
    axes = figure.subplots(len(rows), len(rows[0]), squeeze=False, height_ratios=heights)
    for place, row in enumerate(rows):
        for axis, (title, picture) in zip(axes[place], row, strict=True):
            axis.imshow(picture)
            axis.set_axis_off()
            if place == 0:
                axis.set_title(title, fontsize=9)
    figure.tight_layout(pad=0.3, w_pad=0.15, h_pad=0.15)
    with runs.replacing(path) as stage:
        figure.savefig(stage, dpi=110, format="png")
    return path


def _row(row, galleries):
    """Titles and pictures of one image."""
    one = next(iter(galleries.values()))[row]
    yield "image", one["image"]
    yield "mask", pictures.grey(one["mask"])
    yield "gaze", pictures.with_fixations(one["image"], one["points"])
    for title, kept in galleries.items():
        yield f"{title}\nprediction", pictures.grey(kept[row]["saliency"])
        if "attention" in kept[row]:
            yield f"{title}\nattention", pictures.overlay(one["image"], kept[row]["attention"])
