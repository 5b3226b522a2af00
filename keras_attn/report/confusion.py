"""What classifiers take for what: accuracy of each class, and the matrix of confusions."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from keras_attn import runs
from keras_attn.mechanisms import MECHANISMS
from keras_attn.report.paper_tables import rank
from keras_attn.report.results import read
from keras_attn.statistics import wilson_interval

RUN = ("dataset", "backbone", "attention")
"""What a matrix is of; folds and seeds are pooled."""
FILES = ("per_class.csv", "confusion.csv", "confusion.png")


def matrix(rows):
    """How often each class (rows, by name) was told as each (columns): a square DataFrame."""
    names = sorted({*rows["class"], *rows["predicted"]})
    counts = pd.crosstab(rows["class"], rows["predicted"])
    return counts.reindex(index=names, columns=names, fill_value=0)


def per_class(rows):
    """A row for each class: n, correct, and accuracy with its 95 % Wilson interval low, high."""
    made = []
    for name, own in rows.groupby("class"):
        right, count = int((own["class"] == own["predicted"]).sum()), len(own)
        low, high = wilson_interval(right / count, count)
        row = {"class": name, "n": count, "correct": right, "accuracy": right / count}
        made.append(row | {"low": low, "high": high})
    return pd.DataFrame(made)


def write(folders, out):
    """Write per_class.csv, confusion.csv (a row per pair of classes) and confusion.png.

    folders: as for `results.read`, or what it returned; other tasks are passed over. Returns the
    paths, none without a classifier.
    """
    rows = read(folders).rows
    rows = rows[(rows["task"] == "fine_grained") & (rows["backbone"] != "")]
    if rows.empty:
        return []
    parts = {key: part for key, part in rows.groupby(list(RUN), sort=False)}
    order = sorted(parts, key=lambda key: (key[:2], rank(key[2], MECHANISMS)))
    named = [dict(zip(RUN, key, strict=True)) for key in order]
    classes = [per_class(parts[key]).assign(**who) for key, who in zip(order, named, strict=True)]
    matrices = {key: matrix(parts[key]) for key in order}
    pairs = [_pairs(matrices[key]).assign(**who) for key, who in zip(order, named, strict=True)]
    with runs.writing(out, FILES, overwrite=True) as stage:
        for name, tables in zip(FILES, (classes, pairs), strict=False):
            table = pd.concat(tables, ignore_index=True)
            table[[*RUN, *(c for c in table if c not in RUN)]].to_csv(stage / name, index=False)
        _draw(matrices, stage / FILES[-1])
    return [out / name for name in FILES]


def _pairs(matrix):
    stacked = matrix.rename_axis(index="class", columns="predicted").stack().rename("count")
    return stacked[stacked > 0].reset_index()


def _draw(matrices, path):
    """The matrices beside each other, each row scaled to its class."""
    side = max(1.6, 0.16 * max(len(one) for one in matrices.values()))
    figure = Figure(figsize=(side * len(matrices) + 1, side + 0.5))
    axes = figure.subplots(1, len(matrices), squeeze=False)[0]
    several = len({key[:2] for key in matrices}) > 1
    for place, (axis, (key, one)) in enumerate(zip(axes, matrices.items(), strict=True)):
        totals = np.maximum(one.sum(axis=1).to_numpy(), 1)[:, None]
        axis.imshow(one.to_numpy() / totals, cmap="cividis", vmin=0, vmax=1)
        axis.set_title("\n".join(key[1:] if several else key[2:]), fontsize=8)
        names = [str(name).replace("_", " ") for name in one.index]
        axis.set_xticks(range(len(one)), names, rotation=90, fontsize=5)
        axis.set_yticks(range(len(one)), names if place == 0 else [], fontsize=5)
    figure.suptitle("rows: the class; columns: what it was taken for", fontsize=8)
    figure.savefig(path, dpi=130, format="png", bbox_inches="tight")
