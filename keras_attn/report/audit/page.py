"""The files of an audit: rows.csv, examples.csv, audit.html (alone, no network) and audit.png."""

import platform
import sys
from pathlib import Path

import jinja2
import markupsafe
import numpy as np

from keras_attn import __version__, pictures, storage
from keras_attn.evaluation.rows import (
    ALL_OBSERVERS,
    AUDIT_FILES,
    CENTRE,
    EXAMPLES,
    FIGURE,
    GOLD_STANDARD,
    IMAGE,
    NOTE,
    PAGE,
    ROWS,
    SINGLE_OBSERVER,
    STUDY,
    UNIFORM,
    is_reference,
    name_of,
)
from keras_attn.metrics.columns import Column, further
from keras_attn.report.audit import choice, differences, table
from keras_attn.report.audit.figure import figure
from keras_attn.report.numbers import decimals

MOST_MAPS = 24
"""Maps shown for each image of the gallery; a page of every layer of a deep net is no help."""


def write(result, folder, *, overwrite=False):
    """Write all AUDIT_FILES of `result` into `folder`, or none; returns the folder's path."""
    with storage.writing(folder, AUDIT_FILES, overwrite=overwrite) as stage:
        result.rows.to_csv(stage / ROWS, index=False)
        result.examples.to_csv(stage / EXAMPLES, index=False)
        (stage / PAGE).write_text(page(result), encoding="utf-8")
        figure(result).savefig(stage / FIGURE, dpi=120)
    return Path(folder).expanduser()


def page(result):
    """The whole page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("keras_attn", "report"), autoescape=True, trim_blocks=True
    )
    environment.filters["breakable"] = breakable
    notes = table.row_notes(result.rows)
    shown = choice.chosen(result, MOST_MAPS)
    return environment.get_template("audit/audit.html.j2").render(
        dataset=result.dataset,
        answer=table.answer(result),
        legend=table.legend(result),
        columns=table.shown(),
        marks=table.MARKS,
        marks_mean=table.marks_mean(),
        rows=[_row(row, notes) for _, row in result.rows.iterrows()],
        notes=notes,
        gallery=_tiles(result, shown),
        order=choice.order(result),
        left_out=choice.left_out(result, shown),
        blur=result.blur,
        seconds=result.seconds,
        versions=_versions(),
        figures=decimals,
        conditions=list(result.parts),
        centre=CENTRE,
        uniform=UNIFORM,
        all_observers=ALL_OBSERVERS,
        single_observer=SINGLE_OBSERVER,
        gold_standard=GOLD_STANDARD,
        apart=differences.compared(result),
        apart_legend=differences.legend(result),
        compared=[Column.registry[key] for key in STUDY],
        further=[column for column in further() if column.about],
    )


def breakable(name):
    """A name as HTML that a narrow column may break after `/`, and not before `·`."""
    escaped = str(markupsafe.escape(name))
    return markupsafe.Markup(escaped.replace("/", "/<wbr>").replace(" · ", "&nbsp;· "))


def _row(row, notes):
    cells = []
    for column in table.shown():
        key = column.key
        cells.append(
            {
                "sort": row[key],
                "value": decimals(row[key]),
                "low": decimals(row[f"{key}_low"], 3),
                "high": decimals(row[f"{key}_high"], 3),
                "p": row.get(f"{key}_p", np.nan),
                "side": table.side(row, column),
                "against": table.held_against(column),
            }
        )
    bar = [row["s_auc_low"], row["s_auc"], row["s_auc_high"]]
    return {
        "label": table.label(row),
        "map": str(name_of(row).map),
        "condition": name_of(row).condition,
        "note": notes.get(row.get(NOTE)),
        "reference": is_reference(row),
        "cells": cells,
        "bar": None if np.isnan(bar).any() else [100 * np.clip(b, 0, 1) for b in bar],
    }


def _tiles(result, names):
    """Per image: its name, and pictures of image, gaze and the named maps with their s-AUC.

    That is a dict by condition, of one s-AUC under "" without conditions.
    """
    scores = _s_auc(result)
    tiles = []
    for k, index in enumerate(result.gallery.indices):
        example = result.dataset[index]
        image, seen = pictures.image_and_gaze(example)
        shown = [("image", image, {}), ("gaze", seen, {})]
        for name in names:
            told = scores.get((name.map, name.condition, example.id), {})
            shown.append((str(name), pictures.overlay(image, result.gallery.maps[name][k]), told))
        pictured = [(name, pictures.data_uri(p), score) for name, p, score in shown]
        tiles.append({"id": example.id, "fixations": len(example.points), "pictures": pictured})
    return tiles


def _s_auc(result):
    """s-AUC by condition, by the map and where it is shown: `{(map, condition, image): {...}}`.

    A map that was made once is shown under no condition, with the scores under all.
    """
    made = {}
    for _, row in result.examples.iterrows():
        name = name_of(row)
        for where in {name.condition, ""}:
            found = made.setdefault((name.map, where, row[IMAGE]), {})
            found[name.condition] = row["s_auc"]
    return made


def _versions():
    packages = ("tensorflow", "keras", "numpy", "scipy")
    loaded = [sys.modules[name] for name in packages if name in sys.modules]
    versions = {module.__name__: module.__version__ for module in loaded}
    return {"keras_attn": __version__, "Python": platform.python_version(), **versions}
