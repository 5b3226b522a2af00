"""The files of an audit: rows.csv, examples.csv, audit.html (alone, no network) and audit.png."""

import platform
import sys
from pathlib import Path
from textwrap import fill

import jinja2
import numpy as np
from matplotlib.figure import Figure

from keras_attn import __version__, runs
from keras_attn.metrics.columns import COLUMNS
from keras_attn.report import audit_table, pictures
from keras_attn.statistics import evenly

FILES = ("rows.csv", "examples.csv", "audit.html", "audit.png")
MOST_MAPS = 24
"""Map rows shown for each image of the gallery; a page of every layer of a deep net is no help."""
FIGURE_IMAGES, FIGURE_MAPS = 4, 8
TITLE_WIDTH = 26
"""Characters of a line above a column of the figure."""


def write(result, folder, *, overwrite=False):
    """Write all FILES of `result` into `folder`, or none of them; returns the folder's path."""
    with runs.writing(folder, FILES, overwrite=overwrite) as stage:
        result.rows.to_csv(stage / "rows.csv", index=False)
        result.examples.to_csv(stage / "examples.csv", index=False)
        (stage / "audit.html").write_text(page(result), encoding="utf-8")
        figure(result).savefig(stage / "audit.png", dpi=120)
    return Path(folder).expanduser()


def page(result):
    """The whole page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("keras_attn", "report"), autoescape=True, trim_blocks=True
    )
    rows = [row for _, row in result.rows.iterrows()]
    return environment.get_template("audit.html.j2").render(
        dataset=result.dataset,
        answer=audit_table.answer(result),
        legend=audit_table.legend(result),
        columns=COLUMNS,
        rows=[_row(row) for row in rows],
        gallery=_tiles(result),
        left_out=max(0, len(result.gallery.maps) - MOST_MAPS),
        blur=result.blur,
        seconds=result.seconds,
        versions=_versions(),
        figures=audit_table.decimals,
    )


def _row(row):
    cells = []
    for column in COLUMNS:
        key = column.key
        cells.append(
            {
                "sort": row[key],
                "value": audit_table.decimals(row[key]),
                "low": audit_table.decimals(row[f"{key}_low"], 3),
                "high": audit_table.decimals(row[f"{key}_high"], 3),
                "p": row[f"{key}_p"],
                "marked": audit_table.marked(row, column),
            }
        )
    bar = [row["s_auc_low"], row["s_auc"], row["s_auc_high"]]
    return {
        "label": audit_table.label(row),
        "reference": audit_table.is_reference(row),
        "cells": cells,
        "bar": None if np.isnan(bar).any() else [100 * np.clip(b, 0, 1) for b in bar],
    }


def _tiles(result):
    """Per image: its name, and pictures of image, gaze and maps with the s-AUC of each."""
    scores = result.examples.set_index(["model", "layer", "kind", "image"])["s_auc"]
    tiles = []
    for k, index in enumerate(result.gallery.indices):
        example = result.dataset[index]
        image, seen = pictures.image_and_gaze(example)
        shown = [("image", image, None), ("gaze", seen, None)]
        for name, maps in list(result.gallery.maps.items())[:MOST_MAPS]:
            score = scores[name.model, name.layer, name.kind, example.id]
            shown.append((str(name), pictures.overlay(image, maps[k]), score))
        pictured = [(name, pictures.data_uri(p), score) for name, p, score in shown]
        tiles.append({"id": example.id, "fixations": len(example.points), "pictures": pictured})
    return tiles


def figure(result):
    """A few images of the gallery beside gaze and maps, as a Matplotlib figure."""
    names = list(result.gallery.maps)[:FIGURE_MAPS]
    places = evenly(len(result.gallery.indices), FIGURE_IMAGES)
    examples = [result.dataset[result.gallery.indices[place]] for place in places]
    aspect = examples[0].shape[0] / examples[0].shape[1]
    figure = Figure(figsize=(1.9 * (len(names) + 2), (1.9 * aspect + 0.1) * len(places) + 0.5))
    axes = figure.subplots(len(places), len(names) + 2, squeeze=False)
    for row, (place, example) in enumerate(zip(places, examples, strict=True)):
        image, seen = pictures.image_and_gaze(example, pictures.LARGEST)
        shown = [("image", image), ("gaze", seen)]
        shown += [(str(n), pictures.overlay(image, result.gallery.maps[n][place])) for n in names]
        for axis, (name, picture) in zip(axes[row], shown, strict=True):
            axis.imshow(picture)
            axis.set_axis_off()
            if row == 0:
                lines = (fill(part, TITLE_WIDTH) for part in name.split(" · "))
                axis.set_title("\n".join(lines), fontsize=8)
    figure.tight_layout(pad=0.4)
    return figure


def _versions():
    packages = ("tensorflow", "keras", "numpy", "scipy")
    loaded = [sys.modules[name] for name in packages if name in sys.modules]
    versions = {module.__name__: module.__version__ for module in loaded}
    return {"keras_attn": __version__, "Python": platform.python_version(), **versions}
