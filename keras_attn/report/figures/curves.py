"""Fooling rates over the size of the perturbation, as a table and as a curve."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from keras_attn import storage
from keras_attn.errors import InputError, listing
from keras_attn.evaluation.rows import EXAMPLES, FOOLED_AT
from keras_attn.report import looks
from keras_attn.report.naming import backbone_title
from keras_attn.report.rows.results import groups_of
from keras_attn.statistics import independent_share, wilson_interval


def rates(folders):
    """Fooling rates of attacked runs, such as the seeds of one network: a row for each ε.

    epsilon: in grey levels of 255. of_correct: share of the images classified rightly before, with
    its 95 % Wilson interval low, high, over the n distinct ones; of_all: share of all images.
    An image counts once for each seed.
    """
    parts = [_rows(Path(folder) / EXAMPLES) for folder in folders]
    rows = pd.concat(parts, join="inner")  # what every run was attacked with
    columns = [name for name in rows if name.startswith(FOOLED_AT)]
    right = (rows["correct"] == 1).to_numpy()
    images, table = rows.loc[right, "id"].nunique(), []
    groups = groups_of(rows)
    for name in columns:
        fooled = rows[name].to_numpy()
        share = fooled[right].mean() if right.any() else np.nan
        each = rows[right].groupby("id")[name].mean()
        together = [groups.get(one) for one in each.index] if groups else None
        low, high = wilson_interval(share, independent_share(each, together) * images)
        epsilon = float(name.removeprefix(FOOLED_AT))
        row = {"epsilon": epsilon, "of_correct": share, "low": low, "high": high}
        table.append(row | {"n": images, "of_all": fooled.mean()})
    return pd.DataFrame(table).sort_values("epsilon", ignore_index=True)


def _rows(path):
    if not path.is_file():
        raise InputError(path, "a row per attacked image", "no such file")
    rows = pd.read_csv(path, dtype={"id": str}, keep_default_na=False, na_values={"fold": [""]})
    if not {"id", "correct"} <= set(rows) or not any(name.startswith(FOOLED_AT) for name in rows):
        raise InputError(path, f"columns id, correct and {FOOLED_AT}<ε>", listing(rows.columns))
    return rows


def fooling(folders, path):
    """The fooling rate over ε of each network, as a PNG file and, beside it, as CSV.

    folders: lists of attacked runs by title, such as the seeds of a network. Bands are 95 % Wilson
    intervals; without a perturbation no prediction changes, where the curves begin. Several
    backbones have an axis each.
    """
    tables = {title: rates(several) for title, several in folders.items()}
    trunks = {}
    for title, table in tables.items():
        trunk, _, mechanism = title.rpartition("\n")
        trunks.setdefault(trunk, {})[mechanism] = table
    drawn_as = looks.looks(name for own in trunks.values() for name in own)
    figure = Figure(figsize=(1.2 + 4 * len(trunks), 3.6))
    axes = figure.subplots(1, len(trunks), squeeze=False, sharey=True)[0]
    for axis, (trunk, own) in zip(axes, trunks.items(), strict=True):
        for name, table in own.items():
            _curve(axis, table, name, drawn_as[name])
        axis.set_title(backbone_title(trunk), fontsize=10)
        axis.set_xlabel("ε, grey levels of 255")
        axis.set_ylim(0, 1)
        axis.set_xlim(left=0)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("fooled, of the images told rightly before")
    axes[0].legend(frameon=False, fontsize=8)
    figure.tight_layout()
    with storage.replacing(path) as stage:
        figure.savefig(stage, dpi=130, format="png")
    named = [table.assign(run=title.replace("\n", " ")) for title, table in tables.items()]
    with storage.replacing(Path(path).with_suffix(".csv")) as stage:
        pd.concat(named, ignore_index=True).to_csv(stage, index=False)
    return path


def _curve(axis, table, name, look):
    """Draw the rates of a network."""
    begun = pd.concat([pd.DataFrame([dict.fromkeys(table, 0.0)]), table], ignore_index=True)
    axis.plot(
        begun["epsilon"],
        begun["of_correct"],
        color=look.light,
        marker=looks.MARKERS[look.mark],
        markersize=looks.marker_size(look.mark, 4),
        linewidth=1.4,
        label=name,
    )
    axis.fill_between(begun["epsilon"], begun["low"], begun["high"], color=look.light, alpha=0.12)
