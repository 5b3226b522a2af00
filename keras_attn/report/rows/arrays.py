"""The arrays of the examples of run folders: read from arrays.npz, checked, and pooled."""

from pathlib import Path

import numpy as np

from keras_attn import storage
from keras_attn.errors import InputError, listing
from keras_attn.evaluation.rows import ARRAYS, ID, MAPS, NOTES, RANKING
from keras_attn.metrics.salient_object import THRESHOLDS
from keras_attn.report.paper.tables import CURVES, TABLES

ROUNDING = 1e-3
"""How far a length or a mean may be off, of numbers that were kept in less than float32."""


def tables_for(rows):
    """The `parts.Table`s of the tasks that rows are of."""
    tasks = set(rows["task"])
    return [table for table in TABLES if table.task in tasks]


def read_arrays(path, rows):
    """Arrays by name, float32, and notes; checked against the rows."""
    # In their order, so that of several that are missing always the same one is named.
    tables = tables_for(rows)
    needed = dict.fromkeys(name for one in tables if not one.ours for name in one.arrays)
    names = list(dict.fromkeys([*needed, *(name for one in tables for name in one.arrays)]))
    if not path.is_file():
        raise InputError(path, "the arrays of the examples", "no such file")
    try:
        with np.load(path, allow_pickle=False) as file:
            ids = file[ID]
            notes = tuple(str(note) for note in np.atleast_1d(file[NOTES]))
            # Float32 is far below the third decimal, and halves what a whole study takes.
            there = [name for name in names if name in needed or name in file]
            arrays = {name: file[name].astype(np.float32) for name in there}
    except storage.UNREADABLE as error:
        expected = f"readable arrays {', '.join([ID, NOTES, *needed])}"
        raise InputError(path, expected, error) from error
    if ids.shape != (len(rows),):
        received = f"{ids.size} in an array of shape {ids.shape}"
        raise InputError(path, f"{len(rows)} ids, as examples.csv has rows", received)
    differ = np.flatnonzero(ids.astype(str) != rows[ID].to_numpy(str))
    if len(differ):
        first = differ[0]
        expected = f"the ids of examples.csv in its order, {rows['id'][first]!r} in place {first}"
        raise InputError(path, expected, repr(str(ids[first])))
    for name, values in arrays.items():
        _check_array(path, name, values, len(rows))
    if set(RANKING) <= set(arrays):
        _check_ranking(path, rows, *(arrays[name] for name in RANKING))
    return arrays, notes


def _check_array(path, name, values, rows):
    columns = THRESHOLDS if name in CURVES else "positions" if name == MAPS else "classes"
    fits = values.ndim == 2 and len(values) == rows
    fits = fits and (values.shape[1] == THRESHOLDS if name in CURVES else values.shape[1] > 0)
    finite = np.isfinite(values)
    if fits and name == MAPS:
        finite |= np.isnan(values).all(axis=1, keepdims=True)  # of an example without a map
    if not fits or not finite.all():
        received = f"shape {values.shape}, {np.count_nonzero(~finite)} not finite"
        raise InputError(path, f"{name}: finite, shape ({rows}, {columns})", received)
    if name == MAPS:
        _check_maps(path, values)


def _check_maps(path, values):
    """Refuse maps of which the products are no correlations."""
    lengths = np.linalg.norm(values, axis=1)
    other = (np.abs(lengths - 1) > ROUNDING) & (lengths != 0) & ~np.isnan(lengths)
    other |= np.abs(values.mean(axis=1)) > ROUNDING
    if other.any():
        expected = f"{MAPS}: of mean 0 and length 1, or 0, as an evaluation writes them"
        first = np.flatnonzero(other)[0]
        raise InputError(path, expected, f"length {lengths[first]:.3g} in place {first}")


def _check_ranking(path, rows, scores, labels):
    if labels.shape != scores.shape:
        raise InputError(path, f"labels: shape {scores.shape}, as scores", f"shape {labels.shape}")
    other = labels[~np.isin(labels, (0, 1))]
    if len(other):
        raise InputError(path, "labels: 0 or 1", f"{len(other)} others, the first {other[0]:g}")
    without = rows[ID][~labels.any(axis=1)]
    if len(without):
        raise InputError(path, "labels: a class for each id", f"none for {listing(without)}")


def check_one_number_of_classes(parts):
    """Refuse runs on one dataset whose class scores cannot be of the same classes."""
    told = {}
    for rows, arrays, _ in parts:
        for dataset in rows["dataset"].unique() if "scores" in arrays else ():
            folder, classes = rows["folder"].iloc[0], arrays["scores"].shape[1]
            first, known = told.setdefault(dataset, (folder, classes))
            if classes != known:
                expected = f"scores of {known} classes of {dataset}, as in {first}"
                raise InputError(Path(folder) / ARRAYS, expected, classes)


def pooled(parts):
    """Arrays by name of all folders, one below the other."""
    widths = dict.fromkeys(CURVES, THRESHOLDS)
    for name in (*RANKING, MAPS):
        found = [arrays[name].shape[1] for _, arrays, _ in parts if name in arrays]
        widths[name] = max(found, default=0)
    return {
        name: np.concatenate(
            [_widened(arrays.get(name), len(rows), width) for rows, arrays, _ in parts]
        )
        for name, width in widths.items()
    }


def _widened(values, rows, width):
    """`(rows, width)`, NaN in the columns that the values, or None, do not have."""
    made = np.full((rows, width), np.nan, np.float32)
    if values is not None:
        made[:, : values.shape[1]] = values
    return made
