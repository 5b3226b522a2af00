"""The paper's tables, made from the evaluation files of runs.

What each table is, is in `paper_tables`; how its cells look, in `table_formats`. Runs no network.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from keras_attn import runs
from keras_attn.errors import InputError, listing, one_of
from keras_attn.mechanisms import MECHANISMS
from keras_attn.metrics.salient_object import THRESHOLDS
from keras_attn.report import table_formats
from keras_attn.report.paper_tables import (
    BACKBONES,
    CURVES,
    DATASETS,
    GAZE,
    KEYS,
    SCORES,
    TABLES,
    TASKS,
    paper,
    rank,
)
from keras_attn.statistics import bootstrap_curve_interval, bootstrap_interval

COLUMNS = (*KEYS, "value", "low", "high", "n")
LABELS = ("task", "dataset", "backbone", "attention", "fold", "seed", "id")
"""The columns of examples.csv that say what was scored; no two rows are alike in all of them."""
GROUP = ("task", "dataset", "attention", "backbone")
"""Whose images make up a cell: pooled over folds, averaged over seeds."""
TEXT = ("task", "dataset", "backbone", "attention", "id")
UNREADABLE = (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile, zlib.error)
"""What NumPy raises for a file that is no archive of arrays, or a damaged one."""
OF_GAZE = {metric.key for metric in GAZE}


# --- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Results:
    """The pooled rows of run folders.

    rows: a DataFrame with a row per example and run: folder, LABELS and scores; backbone is "" for
    what needs no network ("one viewer", "centre"). curves: by name, float32 `(rows, 256)`, NaN for
    rows without. notes: `{(task, dataset): sentences}` that have to stand under every table.
    """

    rows: pd.DataFrame
    curves: dict
    notes: dict

    def of(self, **labels):
        """The rows and curves that have these labels."""
        mask = np.ones(len(self.rows), bool)
        for name, value in labels.items():
            mask &= (self.rows[name] == value).to_numpy()
        return self.rows[mask], {name: curves[mask] for name, curves in self.curves.items()}


def read(folders):
    """Read run folders, or one: `Results`.

    `InputError`, naming the file, for what is missing, unreadable or does not fit together, and
    for an example that two folders hold of the same network, attention, fold and seed.
    """
    folders = [folders] if isinstance(folders, (str, Path)) else list(folders)
    if not folders:
        raise InputError("folders", "at least one run folder", "none")
    parts = [_read(Path(folder).expanduser()) for folder in folders]
    rows = pd.concat([rows for rows, _, _ in parts], ignore_index=True)
    _check_distinct(rows)
    curves = {
        name: np.concatenate([arrays.get(name, _none(rows)) for rows, arrays, _ in parts])
        for name in CURVES
    }
    notes = {}
    for part, _, sentences in parts:
        for key in dict.fromkeys(zip(part["task"], part["dataset"], strict=True)):
            notes[key] = tuple(dict.fromkeys((*notes.get(key, ()), *sentences)))
    return Results(rows, curves, notes)


def _read(folder):
    """Rows, arrays by name and notes of a folder."""
    if not folder.is_dir():
        received = "a file" if folder.exists() else "no such folder"
        raise InputError(folder, "the folder of a run", received)
    rows = _read_rows(folder / "examples.csv")
    rows.insert(0, "folder", str(folder))
    if not _of_networks(rows).any():
        return rows, {}, ()
    return rows, *_read_arrays(folder / "arrays.npz", rows)


def _read_rows(path):
    if not path.is_file():
        raise InputError(path, "a row per example of an evaluation", "no such file")
    numbers = ["fold", "seed", *SCORES]
    types = dict.fromkeys(TEXT, str) | dict.fromkeys(numbers, np.float64)
    try:
        # An identifier may read "1", "007" or "NA": only numbers have missing values.
        rows = pd.read_csv(
            path,
            usecols=lambda name: name in types,
            dtype=types,
            keep_default_na=False,
            na_values={name: ["", "nan"] for name in numbers},
        )
    except (OSError, ValueError) as error:
        raise InputError(path, "a readable table of examples", str(error).strip()) from error
    _check_columns(path, rows)
    return rows.reindex(columns=[*LABELS, *SCORES])


def _check_columns(path, rows):
    missing = [name for name in LABELS if name not in rows]
    if missing:
        raise InputError(path, f"columns {', '.join(LABELS)}", f"no {', '.join(missing)}")
    if rows.empty:
        raise InputError(path, "a row per example", "none")
    for task in rows["task"].unique():
        one_of(f"{path}, task", task, TASKS)
    wanted = {name for table in _tables_for(rows) for name in table.scores}
    # A network without attention has no gaze scores at all.
    wanted -= OF_GAZE if not OF_GAZE & set(rows) else set()
    if not _of_networks(rows).any():
        wanted = OF_GAZE
    missing = sorted(wanted - set(rows))
    if missing:
        raise InputError(path, f"columns {', '.join(sorted(wanted))}", f"no {', '.join(missing)}")


def _tables_for(rows):
    tasks = set(rows["task"])
    return [table for table in TABLES if table.task in tasks]


def _of_networks(rows):
    """Whether each row scores a network, and is no reference."""
    return (rows["backbone"] != "").to_numpy()


def _read_arrays(path, rows):
    """Curves by name, float32, and notes; checked against the rows."""
    if not path.is_file():
        raise InputError(path, "the curves of the examples", "no such file")
    try:
        with np.load(path, allow_pickle=False) as file:
            ids = file["id"]
            notes = tuple(str(note) for note in np.atleast_1d(file["notes"]))
            # Float32 is far below the third decimal, and halves what a whole study takes.
            names = {name for table in _tables_for(rows) for name in table.curves}
            curves = {name: file[name].astype(np.float32) for name in names}
    except UNREADABLE as error:
        raise InputError(path, "readable arrays id, notes and curves", error) from error
    if ids.shape != (len(rows),):
        received = f"{ids.size} in an array of shape {ids.shape}"
        raise InputError(path, f"{len(rows)} ids, as examples.csv has rows", received)
    differ = np.flatnonzero(ids.astype(str) != rows["id"].to_numpy(str))
    if len(differ):
        first = differ[0]
        expected = f"the ids of examples.csv in its order, {rows['id'][first]!r} in place {first}"
        raise InputError(path, expected, repr(str(ids[first])))
    for name, values in curves.items():
        if values.shape != (len(rows), THRESHOLDS) or not np.isfinite(values).all():
            expected = f"{name}: finite, shape {(len(rows), THRESHOLDS)}"
            received = f"shape {values.shape}, {np.count_nonzero(~np.isfinite(values))} not finite"
            raise InputError(path, expected, received)
    return curves, notes


def _none(rows):
    return np.full((len(rows), THRESHOLDS), np.nan, np.float32)


def _check_distinct(rows):
    twice = rows[rows.duplicated(list(LABELS), keep=False)]
    if twice.empty:
        return
    numbers = twice.groupby(list(LABELS), dropna=False, sort=False).ngroup()
    again = twice[numbers == numbers.iloc[0]]
    first, second = again["folder"].iloc[:2]
    labels = [f"{name} {value}" for name, value in again[list(LABELS)].iloc[0].dropna().items()]
    received = f"{', '.join(labels)}, also in {first}"
    raise InputError(second, "examples that no other folder holds", received)


# --- cells --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Images:
    """Means over the seeds, a row per image ordered by id: scores, and curves by name."""

    scores: pd.DataFrame
    curves: dict


def images_of(rows, curves):
    """The `Images` of the rows of one group; means skip NaN."""
    scores = rows.reindex(columns=list(SCORES)).groupby(rows["id"].to_numpy(str)).mean()
    place = scores.index.get_indexer(rows["id"].to_numpy(str))
    means = {}
    for name, values in curves.items():
        means[name] = np.zeros((len(scores), values.shape[1]))
        np.add.at(means[name], place, values)
        means[name] /= np.bincount(place)[:, None]
    return Images(scores, means)


def scored(metric, images, places):
    """Value, 95 % interval (low, high) and number n of images with a value, as a dict."""
    if metric.curve:
        curves = images.curves[metric.curve][places]
        value = curves.mean(axis=0).max() if len(curves) else np.nan
        low, high = bootstrap_curve_interval(curves)
        return {"value": value, "low": low, "high": high, "n": len(curves)}
    values = images.scores[metric.key].to_numpy()[places]
    values = values[~np.isnan(values)]
    low, high = bootstrap_interval(values)
    value = values.mean() if len(values) else np.nan
    return {"value": value, "low": low, "high": high, "n": len(values)}


def groups(results):
    """`(task, dataset, attention, backbone)` of all networks, in the order of the tables."""
    rows = results.rows[_of_networks(results.rows)]
    found = set(zip(*(rows[name] for name in GROUP), strict=True))
    orders = (TASKS, DATASETS, MECHANISMS, BACKBONES)
    return sorted(found, key=lambda g: [rank(*pair) for pair in zip(g, orders, strict=True)])


def cells(results):
    """All cells that the results have: a DataFrame of COLUMNS, in the order of the paper."""
    made = []
    for group in groups(results):
        labels = dict(zip(GROUP, group, strict=True))
        images = images_of(*results.of(**labels))
        for table in (table for table in TABLES if table.task == labels["task"]):
            for metric in table.metrics:
                for subset in table.subsets:
                    row = {**labels, "table": table.number, "fusion": "", "subset": subset.key}
                    row["metric"] = metric.key
                    made.append(row | scored(metric, images, subset.take(images.scores)))
    numbers = [table.number for table in TABLES]
    made = sorted((row for row in made if row["n"]), key=lambda row: numbers.index(row["table"]))
    return pd.DataFrame(made, columns=list(COLUMNS))


def summary(rows, arrays):
    """The scores of one evaluation over all its images: metric, value, low, high, n.

    rows, arrays: as `evaluation.Evaluation` keeps them.
    """
    task = one_of("task", rows["task"].iloc[0], TASKS)
    images = images_of(rows, {name: np.asarray(arrays[name]) for name in CURVES})
    metrics = {m.key: m for table in TABLES if table.task == task for m in table.metrics}
    every = np.arange(len(images.scores))
    made = [{"metric": key, **scored(m, images, every)} for key, m in metrics.items()]
    return pd.DataFrame([row for row in made if row["n"]])


# --- writing ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Written:
    """Tables that were made; printing it shows them. cells: as `cells`. paths: of the files."""

    cells: pd.DataFrame
    paths: tuple
    text: str

    def __str__(self):
        return self.text


def write(folders, out, *, overwrite=False):
    """Write each table that the run folders have cells of as .csv, .md and .tex; `Written`.

    All files or none. What an earlier run wrote into `out` is refused, or with `overwrite` goes.
    """
    every = [name for table in TABLES for name in table.files]
    out = runs.check_target(out, every, overwrite=overwrite)
    results = read(folders)
    found = cells(results)
    tables = [table for table in TABLES if (found["table"] == table.number).any()]
    if not tables:
        received = f"{listing(results.rows['folder'].unique())} with references alone"
        raise InputError("folders", "at least one run of a network", received)
    sheets = [table_formats.sheet(table, results, found, paper()) for table in tables]
    names = [name for table in tables for name in table.files]
    with runs.writing(out, names, overwrite=overwrite) as stage:
        for table, sheet in zip(tables, sheets, strict=True):
            for name, text in zip(table.files, table_formats.texts(sheet), strict=True):
                (stage / name).write_text(text, encoding="utf-8")
    for name in set(every) - set(names):
        # A table of an earlier run beside those of this one would be taken for one of them.
        (out / name).unlink(missing_ok=True)
    text = "\n\n".join(table_formats.as_text(sheet) for sheet in sheets)
    return Written(found, tuple(out / name for name in names), text)
