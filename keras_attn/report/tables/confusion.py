"""What classifiers take for what: accuracy of each class, and the matrix of confusions."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from keras_attn import storage
from keras_attn.evaluation.rows import GROUP, JOINED, NETWORK
from keras_attn.report.figures.panels import spaced
from keras_attn.report.naming import network_titles, order
from keras_attn.report.rows.results import read
from keras_attn.statistics import independent_share, wilson_interval

RUN = ("dataset", *NETWORK)
"""What a matrix is of; folds and seeds are pooled."""
CLASSIFYING = ("action", "fine_grained")
"""Tasks that tell a class of each example; an attack does so of the same images once more."""
BESIDE = 5
"""Most matrices in a row of the picture: as many as the paper has mechanisms."""
FILES, PICTURE = ("per_class.csv", "confusion.csv"), "confusion-{}.png"
SMALL, LETTER = 5, 0.045
"""Points of the names of classes, and the width of a letter of them in inches."""
GAP, ABOVE = 0.15, 0.45
"""Inches between matrices beside each other, and above each for its title."""


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
    table = []
    for name, own in rows.groupby("class"):
        right, count = int((own["correct"] == 1).sum()), len(own)
        groups = own[GROUP].tolist() if GROUP in own else None
        weight = independent_share(own["correct"], groups)
        low, high = wilson_interval(right / count, weight * count)
        row = {"class": name, "n": count, "correct": right, "accuracy": right / count}
        table.append(row | {"low": low, "high": high})
    return pd.DataFrame(table)


def write(folders, out):
    """Write per_class.csv, confusion.csv (a row per pair of classes) and pictures of the matrices.

    folders: as for `results.read`, or what it returned; other tasks are passed over. Each dataset
    has a picture, confusion-<dataset>.png. Returns the paths, none without a classifier.
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
    drawn = {PICTURE.format(key[0]): {} for key in matrices}
    for key, one in matrices.items():
        drawn[PICTURE.format(key[0])][key] = one
    names = [*FILES, *drawn]
    with storage.writing(out, names, overwrite=True) as stage:
        for name, tables in zip(FILES, (classes, pairs), strict=True):
            table = pd.concat(tables, ignore_index=True)
            table[[*RUN, *(c for c in table if c not in RUN)]].to_csv(stage / name, index=False)
        for name, own in drawn.items():
            _draw(own, stage / name)
    return [out / name for name in names]


def _pairs(matrix):
    stacked = matrix.rename_axis(index="class", columns="predicted").stack().rename("count")
    return stacked[stacked > 0].reset_index()


def _draw(matrices, path):
    """The matrices of a dataset in rows of at most `BESIDE`, each row scaled to its class.

    All have the same classes, whose names stand once for each row and column of matrices.
    """
    predicted = sorted({name for one in matrices.values() for name in one})
    shown = [
        *predicted,
        *sorted({n for one in matrices.values() for n in one.index} - set(predicted)),
    ]
    columns = min(BESIDE, len(matrices))
    rows = -(-len(matrices) // columns)
    size = [max(1.6, 0.12 * len(names)) for names in (predicted, shown)]
    left, below = (
        0.3 + LETTER * max(len(spaced(n)) for n in names) for names in (shown, predicted)
    )
    width, height = left + (size[0] + GAP) * columns, below + (size[1] + ABOVE) * rows
    figure = Figure(figsize=(width, height))
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    # The layouts of Matplotlib measure all text several times, which takes seconds here.
    figure.subplots_adjust(
        left=left / width,
        right=1 - GAP / width,
        bottom=below / height,
        top=1 - ABOVE / height,
        wspace=GAP / size[0],
        hspace=ABOVE / size[1],
    )
    titles = network_titles(matrices)
    for place in range(len(matrices), len(axes)):
        axes[place].set_axis_off()
        axes[place - columns].tick_params(labelbottom=True)
    for axis, (key, one) in zip(axes, matrices.items(), strict=False):
        counts = one.reindex(index=shown, columns=predicted, fill_value=0).to_numpy()
        totals = np.maximum(counts.sum(axis=1), 1)[:, None]
        axis.imshow(counts / totals, cmap="cividis", vmin=0, vmax=1, aspect="auto")
        axis.set_title(titles[key], fontsize=8)
        axis.set_xticks(range(len(predicted)), map(spaced, predicted), rotation=90, fontsize=SMALL)
        axis.set_yticks(range(len(shown)), map(spaced, shown), fontsize=SMALL)
    figure.savefig(path, dpi=130, format="png")
