"""What classifiers take for what: accuracy of each class, and the matrix of confusions."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from keras_attn import runs
from keras_attn.report.panels import spaced
from keras_attn.report.paper_tables import NETWORK, order, told_apart
from keras_attn.report.results import JOINED, read
from keras_attn.statistics import wilson_interval

RUN = ("dataset", *NETWORK)
"""What a matrix is of; folds and seeds are pooled."""
CLASSIFYING = ("action", "fine_grained")
"""Tasks that tell a class of each example; an attack does so of the same images once more."""
BESIDE = 5
"""Most matrices in a row of the picture: as many as the paper has mechanisms."""
FILES = ("per_class.csv", "confusion.csv", "confusion.png")


def matrix(rows):
    """How often each class (rows, by name) was told as each (columns): a DataFrame.

    It is square but for examples of several classes, such as "Run + Kiss", whose rows are the last.
    """
    shown = set(rows["class"])
    names = sorted({*rows["predicted"], *(name for name in shown if JOINED not in name)})
    counts = pd.crosstab(rows["class"], rows["predicted"])
    index = [*names, *sorted(shown - set(names))]
    return counts.reindex(index=index, columns=names, fill_value=0)


def per_class(rows):
    """A row for each class: n, correct, and accuracy with its 95 % Wilson interval low, high.

    An example of several classes is correct where one of them was told.
    """
    made = []
    for name, own in rows.groupby("class"):
        right, count = int((own["correct"] == 1).sum()), len(own)
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
    rows = rows[rows["task"].isin(CLASSIFYING) & (rows["backbone"] != "")]
    if rows.empty:
        return []
    parts = {key: part for key, part in rows.groupby(list(RUN), sort=False)}
    named = {key: dict(zip(RUN, key, strict=True)) for key in parts}
    named = dict(sorted(named.items(), key=lambda pair: order(**pair[1])))
    classes = [per_class(parts[key]).assign(**who) for key, who in named.items()]
    matrices = {key: matrix(parts[key]) for key in named}
    pairs = [_pairs(matrices[key]).assign(**who) for key, who in named.items()]
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
    """The matrices in rows of at most `BESIDE`, each row of a matrix scaled to its class."""
    height = max(1.6, 0.16 * max(len(one) for one in matrices.values()))
    width = max(1.6, 0.16 * max(one.shape[1] for one in matrices.values()))
    columns = min(BESIDE, len(matrices))
    rows = -(-len(matrices) // columns)
    # Between rows is room for the names of classes and the titles.
    figure = Figure(figsize=((width + 0.9) * columns, (height + 1.3) * rows))
    figure.set_layout_engine("constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    titles = told_apart(matrices)
    for axis in axes[len(matrices) :]:
        axis.set_axis_off()
    for axis, (key, one) in zip(axes, matrices.items(), strict=False):
        totals = np.maximum(one.sum(axis=1).to_numpy(), 1)[:, None]
        axis.imshow(one.to_numpy() / totals, cmap="cividis", vmin=0, vmax=1)
        axis.set_title(titles[key], fontsize=8)
        told, shown = ([spaced(name) for name in names] for names in (one, one.index))
        axis.set_xticks(range(len(told)), told, rotation=90, fontsize=5)
        axis.set_yticks(range(len(shown)), shown, fontsize=5)
    figure.suptitle("rows: the class; columns: what it was taken for", fontsize=8)
    figure.savefig(path, dpi=130, format="png", bbox_inches="tight")
