"""Whether maps tell anything of their network: the table for the console, and the picture.

The picture is a plane: agreement with people along one axis, how much the network minds the loss of
what is highest along the other.
"""

import base64
import io

import numpy as np
from matplotlib.figure import Figure
from rich import box
from rich.table import Table

from keras_attn.evaluation.rows import (
    ENDS,
    FAITHFUL,
    IMAGES,
    OF_FAITHFULNESS,
    RANDOM,
    RANDOMISED,
    SIGNIFICANT,
    RowName,
    name_of,
)
from keras_attn.report.audit.table import MARKS, WIDTH
from keras_attn.report.console import printed
from keras_attn.report.numbers import decimals
from keras_attn.statistics import bootstrap_interval

SURVIVES = 0.5
"""Rank correlation from which a map is said to survive weights made random."""
BETTER = {"deletion": "↓", "insertion": "↑"}
LEGEND = (
    "deletion, insertion: area under the probability of the explained class while the pixels are "
    "taken away from the map's highest on (lower is better), or put back onto a blurred picture "
    "(higher), in 28 parts; second lines: 95 % bootstrap intervals over images",
    f"▲ better, ▼ worse than the same pictures in random order, p < {SIGNIFICANT} (Wilcoxon's "
    "signed-rank test, Holm's correction over the rows of a model)",
    "randomised: Spearman's rank correlation with the map of the same network whose weights are in "
    f"random order, mean over images; ! from {SURVIVES:g} on, of a map that tells little of what "
    "the network has learnt",
)


def as_text(found):
    """The table of a `Faithfulness` with its legend; "" of None."""
    if found is None:
        return ""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("order of the pixels", no_wrap=True)
    for key in FAITHFUL:
        table.add_column(f"{key} {BETTER[key]}", justify="right", no_wrap=True)
    table.add_column(RANDOMISED, justify="right", no_wrap=True)
    for row in cells(found):
        texts = [f"{c['value']}{MARKS[c['side']]}\n{c['interval']} " for c in row["cells"]]
        table.add_row(row["label"], *texts, row[RANDOMISED] + ("!" if row["survives"] else " "))
    lines = printed(table, width=WIDTH)
    return "\n".join([*lines, "", *legend(found), ""])


def cells(found):
    """The rows of the table as texts: dicts."""
    made = []
    for _, row in found.rows.iterrows():
        rho = row[RANDOMISED]
        made.append(
            {
                "label": str(name_of(row)),
                "cells": [_cell(row, key) for key in FAITHFUL],
                RANDOMISED: "" if np.isnan(rho) else decimals(rho),
                "survives": bool(rho >= SURVIVES),
                "sort": rho,
            }
        )
    return made


def _cell(row, key):
    low, high = decimals(row[f"{key}_low"], 3), decimals(row[f"{key}_high"], 3)
    interval = "" if np.isnan(row[f"{key}_low"]) else f"{low} to {high}"
    side = row[f"{key}_side"]
    return {"value": decimals(row[key], 3), "interval": interval, "side": side, "sort": row[key]}


def legend(found):
    """What the table means, a line each."""
    rows = found.rows
    count = int(rows[IMAGES].max())
    tested = rows.groupby("model")["deletion_p"].count().max()
    least = min(1.0, tested * 2.0 ** (1 - count))
    few = f"Note: {count} images are too few to tell a row from random order: p cannot be below "
    return [*LEGEND, *([f"{few}{decimals(least, 2)}"] if least >= SIGNIFICANT else [])]


def points(result):
    """What the plane shows: a dict of each row that agreement is known of as well.

    x, y: s-AUC, and how much lower deletion is than in random order on the same images, each
    (value, low, high).
    """
    agreement = {name_of(row): row for _, row in result.rows.iterrows()}
    group_of = {example.id: example.group for example in result.dataset}
    found = []
    for model, own in result.faithfulness.examples.groupby("model", sort=False):
        by_kind = {key: part for key, part in own.groupby(["layer", "kind"], sort=False)}
        random = by_kind["", RANDOM].set_index("image")["deletion"]
        for (layer, kind), part in by_kind.items():
            row = agreement.get(RowName(model, layer, kind))
            if row is None:
                continue
            gained = random - part.set_index("image")["deletion"]
            groups = [group_of[name] for name in gained.index]
            y = [gained.mean(), *bootstrap_interval(gained, groups=groups)]
            x = [row[f"s_auc{end}"] for end in ENDS]
            found.append({"label": str(name_of(row)), "x": x, "y": y})
    return found


def figure(result):
    """The plane as a matplotlib figure: agreement with people × faithfulness."""
    made = Figure(figsize=(7, 5), layout="constrained")
    axes = made.add_subplot()
    for point in points(result):
        (x, *across), (y, *along) = point["x"], point["y"]
        errors = {"xerr": _ends(x, across), "yerr": _ends(y, along)}
        axes.errorbar([x], [y], **errors, fmt="o", capsize=2, label=point["label"])
    axes.axhline(0, color="0.6", linewidth=0.8)
    axes.axvline(0.5, color="0.6", linewidth=0.8)
    axes.set_xlabel("agreement with people: s-AUC (0.5: chance)")
    axes.set_ylabel("deletion in random order less that by the map (0: no better)")
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return made


def _ends(value, ends):
    return [[abs(value - ends[0])], [abs(ends[1] - value)]]


def for_page(result):
    """What the page shows: rows, legend and the plane, as a picture within it."""
    found = result.faithfulness
    with io.BytesIO() as file:
        figure(result).savefig(file, dpi=120)
        picture = base64.b64encode(file.getvalue()).decode()
    return {
        "rows": cells(found),
        "columns": [f"{key} {BETTER[key]}" for key in FAITHFUL],
        "legend": legend(found),
        "picture": picture,
    }


def write(result, stage):
    """Write OF_FAITHFULNESS into a folder; the names of the files, none without."""
    if result.faithfulness is None:
        return ()
    rows, examples, plane = OF_FAITHFULNESS
    result.faithfulness.rows.to_csv(stage / rows, index=False)
    result.faithfulness.examples.to_csv(stage / examples, index=False)
    figure(result).savefig(stage / plane, dpi=120)
    return OF_FAITHFULNESS
