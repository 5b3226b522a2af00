"""Whether the tables of a report are what its rows give. Changes nothing.

A report says of itself, in `provenance.json`, which folders it was made from, and what their rows
were then.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from keras_attn import storage
from keras_attn.datasets import origin
from keras_attn.errors import InputError
from keras_attn.evaluation.rows import ARRAYS, EXAMPLES, renamed
from keras_attn.report.paper.printed import KEYS
from keras_attn.report.paper.tables import TABLES
from keras_attn.report.tables import layout, sheets
from keras_attn.runs import provenance

REPORT, TABLES_IN = "report", "tables"
ROWS = (EXAMPLES, ARRAYS)
CLOSE = 1e-6
"""Numbers that differ by less are the same, and were only added up in another order."""


def stamps(folders, out):
    """SHA-256 of the files of rows of each run folder, by the folder as seen from `out`."""
    stamps_of = {}
    for folder in map(Path, folders):
        there = [path for name in ROWS if (path := folder.expanduser() / name).is_file()]
        named = os.path.relpath(folder.expanduser().resolve(), Path(out).expanduser().resolve())
        stamps_of[named] = {path.name: storage.fingerprint(path) for path in there}
    return stamps_of


def differences(out):
    """Sentences, each of what is not as the report in the folder `out` was made; maybe none.

    Also the number of cells that were compared. `InputError` for a folder without a report, and
    for rows that cannot be read any more.
    """
    out = Path(out).expanduser()
    files_of = {out / name: files for name, files in _rows_of(out).items()}
    sentences = [s for folder, files in files_of.items() for s in _changed(folder, files)]
    gone = [folder for folder in files_of if not folder.is_dir()]
    if gone:
        return sentences, 0
    results = sheets.read(list(files_of))
    cells = _cells(results)
    if not results.rows["data_kind"].any():
        # Of results of earlier versions: their tables call drawn data by the name alone.
        cells["dataset"] = cells["dataset"].map(origin.name_of)
    for table in TABLES:
        path = out / TABLES_IN / table.files[0]
        own = cells[cells["table"] == table.number]
        if path.is_file() or not own.empty:
            sentences += _compared(path, own)
    return sentences, len(cells)


def _cells(results):
    """All cells of all tables, those of the ceilings among them."""
    cells = sheets.cells(results)
    shown = cells[["table", "dataset"]].drop_duplicates().itertuples(index=False, name=None)
    of = {table.number: table for table in TABLES}
    tops = [layout.ceilings_of(of[number], results, name) for number, name in shown]
    return pd.concat([cells, *(one for one in tops if len(one))], ignore_index=True)


def _rows_of(out):
    """Of the last report in a folder: the folders and the files that it was made from."""
    works = provenance.read(out) if out.is_dir() else []
    reports = [work for work in works if work["what"] == REPORT]
    if not reports:
        expected = "a folder that a study, a comparison or a report was written to"
        raise InputError(
            out, expected, f"no report in its {storage.RunFolder(out).provenance.name}"
        )
    return reports[-1]["rows"]


def _changed(folder, files):
    for name, stamp in files.items():
        path = folder / name
        if not path.is_file():
            yield f"{path}: gone since the report"
        elif storage.fingerprint(path) != stamp:
            yield f"{path}: changed since the report"


def _compared(path, cells):
    """What of a table's CSV file is not what the rows give."""
    if not path.is_file():
        return [f"{path}: gone since the report, which has {len(cells)} cells for it"]
    keys = list(KEYS)
    try:
        written = pd.read_csv(path, keep_default_na=False, na_values={"value": [""], "n": [""]})
        if "drawn" in written:  # but in tables of earlier versions
            pairs = zip(written["dataset"], written.pop("drawn"), strict=True)
            written["dataset"] = [origin.label(name, drawn) for name, drawn in pairs]
        written = renamed(written).set_index(keys)
    except (OSError, ValueError, KeyError) as error:
        return [f"{path}: no table of cells ({error})"]
    anew = cells.set_index(keys)
    unknown = [key for key in written.index if key not in anew.index]
    sentences = [f"{path}: a cell that no row gives, {_named(key)}" for key in unknown]
    for key, row in anew.iterrows():
        if key not in written.index:
            sentences.append(f"{path}: no cell {_named(key)}")
            continue
        sentences += [
            f"{path}: {name} of {_named(key)} is {was}, the rows give {now}"
            for name, now in row.items()
            if name in written and not _same(was := written.loc[key, name], now)
        ]
    return sentences


def _named(key):
    return " ".join(str(part) for part in key if part)


def _same(was, now):
    was, now = ("nan" if one is None or one == "" else one for one in (was, now))
    try:
        numbers = [float(one) for one in (was, now)]
    except (TypeError, ValueError):
        return str(was) == str(now)
    return bool(np.isclose(*numbers, CLOSE, CLOSE, equal_nan=True))
