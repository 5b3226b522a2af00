"""What the page tells of each run folder: scores, configuration and where it is from."""

import json
import os
from pathlib import Path

import numpy as np

from keras_attn import storage
from keras_attn.errors import InputError
from keras_attn.evaluation.rows import NETWORK
from keras_attn.report.naming import TASKS, dataset_title, trunk_title
from keras_attn.report.numbers import decimals
from keras_attn.report.paper.tables import TABLES
from keras_attn.report.rows.results import of_networks
from keras_attn.report.tables import sheets

LONGEST = 12
"""Entries of a list in a configuration, such as classes, that are shown."""
PROVENANCE = "provenance.json"
OF = ("task", "dataset", *NETWORK)
"""What folds and seeds of one network have in common."""


def run_pages(results, cells):
    """A dict for each run folder of a network, ready for JSON, in the order of the rows.

    cells: as of `tables.cells`; where a network has one run alone, they are its scores as well.
    `InputError` for a file of a run that cannot be read; one that is absent is left out.
    """
    rows = results.rows[of_networks(results.rows)]
    alone = rows.drop_duplicates("folder").groupby(list(OF))["folder"].transform("size") == 1
    alone = set(rows.loc[alone[alone].index, "folder"])
    names = names_of(rows["folder"].unique())
    places = rows.groupby("folder", sort=False).indices
    pages = []
    for folder, place in places.items():
        own = rows.iloc[place]
        shown = cells if folder in alone else None
        pages.append(_run(names[folder], folder, own, results, shown))
    return pages


def names_of(folders):
    """Short names by folder: what follows the folder that they have in common."""
    places = {folder: Path(folder).resolve() for folder in folders}
    root = Path(os.path.commonpath(places.values()))
    if root in places.values():
        root = root.parent  # a run, and what was done with it within its folder
    return {folder: place.relative_to(root).as_posix() for folder, place in places.items()}


def first_of_network(results):
    """The name of the first run of each network, by (task, dataset, *NETWORK)."""
    rows = results.rows[of_networks(results.rows)]
    names = names_of(rows["folder"].unique())
    first = rows.drop_duplicates(list(OF))
    return {
        tuple(row[name] for name in OF): names[row["folder"]] for row in first.to_dict("records")
    }


def _run(name, folder, rows, results, cells):
    row = rows.iloc[0]
    path = Path(folder)
    # What was done with a run lies within its folder, and has no configuration of its own.
    kept = storage.RunFolder(
        path.parent if path.name in (storage.EVALUATION, storage.ATTACK) else path
    )
    record = kept.record() or {}
    return {
        "name": name,
        "task": TASKS.get(row["task"], row["task"]),
        "dataset": dataset_title(row["dataset"]),
        "network": f"{trunk_title(row['backbone'], row['fusion'])} · {row['attention']}",
        "fold": _whole(row["fold"]),
        "seed": _whole(row["seed"]),
        "examples": len(rows),
        "scores": _scores(rows, results, cells),
        "config": _shortened(record.get("config", {})),
        "data": record.get("data", {}),
        "versions": record.get("versions", {}),
        "provenance": _provenance(path / PROVENANCE),
    }


def _whole(value):
    return None if np.isnan(value) else int(value)


def _scores(rows, results, cells):
    """Lists of title, value, low, high and n, as printed."""
    row = rows.iloc[0]
    own = [table for table in TABLES if table.task == row["task"]]
    metrics = {m.key: m for table in own for m in table.metrics_of(row["dataset"])}
    if cells is None:
        arrays = {name: values[rows.index] for name, values in results.arrays.items()}
        scores = sheets.summary(rows, arrays)
    else:
        mask = np.logical_and.reduce([cells[name] == row[name] for name in OF[1:]])
        numbers = [table.number for table in own]
        scores = cells[mask & cells["table"].isin(numbers) & (cells["subset"] == "all")]
    printed = []
    # A summary has the ceilings and the share of them as well, which are no scores of the network.
    for score in scores[scores["metric"].isin(list(metrics))].to_dict("records"):
        metric = metrics[score["metric"]]
        numbers = [decimals(score[name], metric.digits) for name in ("value", "low", "high")]
        printed.append([f"{metric.title}{metric.arrow}", *numbers, int(score["n"])])
    return printed


def _shortened(value):
    """A configuration in which long lists end early."""
    if isinstance(value, dict):
        return {name: _shortened(own) for name, own in value.items()}
    if isinstance(value, list) and len(value) > LONGEST:
        return [*value[: LONGEST - 1], f"… {len(value):,} in all"]
    return value


def _provenance(path):
    """What a run has written of where it comes from; None where it has not."""
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(path, "the JSON of where a run comes from", error) from error
