"""What evaluations have written into run folders, read back and pooled. Runs no network."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from keras_attn import storage
from keras_attn.configs import RESULT_FORMAT
from keras_attn.datasets.origin import ABOUT, label
from keras_attn.errors import InputError, one_of
from keras_attn.evaluation.rows import (
    ABOUT_DATA,
    ARRAYS,
    ATTACK,
    CLASSES,
    EXAMPLES,
    GROUP,
    ID,
    LABELS,
    NETWORK,
    NOTES,
    STUDY,
    renamed,
    unregistered,
)
from keras_attn.metrics.columns import further
from keras_attn.report.naming import TASKS
from keras_attn.report.paper.tables import SCORES
from keras_attn.report.rows.arrays import (
    check_one_number_of_classes,
    pooled,
    read_arrays,
    tables_for,
)
from keras_attn.runs import provenance

TEXT = ("task", "dataset", *NETWORK, *ABOUT_DATA, ID, GROUP, ATTACK[1], *CLASSES)
SCORING = ("evaluate", "references", "attack")
"""Pieces of work that write rows, as `provenance` names them."""


def score_keys():
    """The columns of scores that are read: those of the tables, and of registered metrics."""
    return (*SCORES, *(column.key for column in further()))


@dataclass(frozen=True, eq=False)
class Results:
    """The pooled rows of run folders.

    rows: a DataFrame with a row per example and run: folder, LABELS, GROUP, ABOUT_DATA, CLASSES,
    ATTACK and scores; the names of drawn datasets say that they are (`origin.label`); backbone is
    "" for what needs no network, one of REFERENCES. arrays: by name, float32, NaN for rows
    without: CURVES `(rows, 256)`, RANKING `(rows, classes)` and MAPS `(rows, d)`, where the columns
    exceed the classes of a dataset, or the positions of a network's maps, as well. notes:
    `{(task, dataset): sentences}` that have to stand under every table. gaze_notes: those that
    have to under tables that hold maps to gaze, of metrics of plug-ins. kept: what was computed
    from them, by name, for whoever needs it next; nothing changes the rows.
    """

    rows: pd.DataFrame
    arrays: dict
    notes: dict
    gaze_notes: dict = field(default_factory=dict)
    kept: dict = field(default_factory=dict)

    def __repr__(self):
        folders = self.rows["folder"].nunique()
        return f"Results({len(self.rows)} rows of {folders} folders)"

    def of(self, **labels):
        """The rows that have these labels, and their arrays."""
        mask = np.ones(len(self.rows), bool)
        for name, value in labels.items():
            mask &= self._codes(name) == self._code(name, value)
        return self.rows[mask], {name: values[mask] for name, values in self.arrays.items()}

    def is_drawn(self, task, dataset):
        """Whether a dataset is drawn, or what a network that was scored on it has learnt from."""
        if "drawn" not in self.kept:
            drawn = self.rows["drawn"] | self.rows["trained_drawn"]
            pairs = self.rows.loc[drawn, ["task", "dataset"]].drop_duplicates()
            self.kept["drawn"] = set(pairs.itertuples(index=False, name=None))
        return (task, dataset) in self.kept["drawn"]

    def groups(self, dataset):
        """Groups by id, of all rows on a dataset."""
        key = ("groups", dataset)
        if key not in self.kept:
            self.kept[key] = groups_of(self.rows[(self.rows["dataset"] == dataset).to_numpy()])
        return self.kept[key]

    def _codes(self, name):
        """A column as numbers, which are compared with one a hundred times faster than texts."""
        if name not in self.kept:
            self.kept[name] = pd.factorize(self.rows[name])
        return self.kept[name][0]

    def _code(self, name, value):
        found = np.flatnonzero(self.kept[name][1] == value)
        return found[0] if len(found) else len(self.rows)


def read(folders):
    """Read run folders, or one: `Results`; what has been read already is returned as it is.

    `InputError`, naming the file, for what is missing, unreadable or does not fit together, and
    for an example that two folders hold of the same network, fold and seed.
    """
    if isinstance(folders, Results):
        return folders
    folders = [folders] if isinstance(folders, (str, Path)) else list(folders)
    if not folders:
        raise InputError("folders", "at least one run folder", "none")
    _check_origins(folders)
    parts = [_read(Path(folder).expanduser()) for folder in folders]
    rows = pd.concat([rows for rows, _, _ in parts], ignore_index=True)
    _check_one_origin(rows)
    _check_distinct(rows)
    _check_one_attack(rows)
    _check_one_group(rows)
    check_one_number_of_classes(parts)
    notes = {}
    for part, _, sentences in parts:
        for key in dict.fromkeys(zip(part["task"], part["dataset"], strict=True)):
            notes[key] = tuple(dict.fromkeys((*notes.get(key, ()), *sentences)))
    return Results(rows, pooled(parts), notes, _gaze_notes(parts))


def _read(folder):
    """Rows, arrays by name and notes of a folder."""
    if not folder.is_dir():
        received = "a file" if folder.exists() else "no such folder"
        raise InputError(folder, "the folder of a run", received)
    rows = _read_rows(folder / EXAMPLES)
    rows.insert(0, "folder", str(folder))
    arrays, notes = {}, ()
    if of_networks(rows).any():
        arrays, notes = read_arrays(folder / ARRAYS, rows)
    return _told(folder, rows, notes), arrays, notes


def _gaze_notes(parts):
    """`{(task, dataset): sentences}` on metrics of plug-ins, theirs and those that are not here.

    parts: of each folder its rows first. Those without attention, or gaze, have none to miss.
    """
    found, having, numbers = {}, {}, {}
    for rows, *_ in parts:
        header = pd.read_csv(Path(rows["folder"].iloc[0]) / EXAMPLES, nrows=0)
        scored = rows[of_networks(rows) & rows[STUDY[0]].notna().to_numpy()]
        for key, own in scored.groupby(["task", "dataset"], sort=False):
            for name in unregistered(header):
                sentence = (
                    f"Left out: the column {name} of some results, which no metric is registered "
                    "for; --plugin names the module that has it."
                )
                found.setdefault(key, {})[sentence] = None
            for column in further():
                there = column.key in header
                having.setdefault((key, column.title), []).append(there)
                if there:
                    there = own[column.key].notna().to_numpy()
                    numbers.setdefault((key, column.title), []).append(there)
    for (key, title), told in having.items():
        if not all(told):
            which = f"only {sum(told)} of {len(told)} run folders have it, and the numbers are of "
            which = f"{which}these alone" if any(told) else "no run folder has it"
            sentence = f"{title}: {which}; keras-attn evaluate with --plugin writes it."
            found.setdefault(key, {})[sentence] = None
    for (key, title), told in numbers.items():
        missing, rows = sum(np.sum(~there) for there in told), sum(map(len, told))
        if missing:
            sentence = (
                f"{title}: {missing} of {rows} rows have no number, and means are of the others, "
                "which may be other examples for one network than for another."
            )
            found.setdefault(key, {})[sentence] = None
    return {key: tuple(sentences) for key, sentences in found.items()}


def _told(folder, rows, notes):
    """The rows with ABOUT_DATA filled in, and the names of drawn datasets saying so."""
    if (rows["drawn"] == "").any():
        # Results of earlier versions: that they are of drawn data, nothing tells but a sentence.
        drawn = any(ABOUT in note for note in notes or _notes_of(folder))
        rows["drawn"] = rows["drawn"].where(rows["drawn"] != "", str(drawn))
        for work in [w for w in provenance.read(folder) if w["what"] in SCORING][-1:]:
            old = (rows["fingerprint"] == "") & (rows["dataset"] == work["data"]["name"])
            rows.loc[old, "fingerprint"] = work["data"]["fingerprint"]
    for name in ("drawn", "trained_drawn"):
        strange = sorted(set(rows[name]) - {"True", "False", ""})
        if strange:
            where = f"{folder / 'examples.csv'}, column {name}"
            raise InputError(where, "True or False", repr(strange[0]))
        rows[name] = rows[name] == "True"
    pairs = zip(rows["dataset"], rows["drawn"], strict=True)
    rows["dataset"] = [label(name, drawn) for name, drawn in pairs]
    return rows


def _notes_of(folder):
    """The notes of an archive of which nothing else is read; none without one."""
    path = folder / ARRAYS
    if not path.is_file():
        return ()
    try:
        with np.load(path, allow_pickle=False) as file:
            return tuple(str(note) for note in np.atleast_1d(file[NOTES]))
    except storage.UNREADABLE as error:
        raise InputError(path, "readable notes", error) from error


def _read_rows(path):
    """The rows of a file, of the columns that are read."""
    if not path.is_file():
        expected, inner = "a row per example of an evaluation", path.parent / storage.EVALUATION
        if (inner / path.name).is_file():
            expected += f"; there is one in {inner}"
        elif storage.RunFolder(path.parent).finished:
            expected += f", as keras-attn evaluate --weights {path.parent} writes it"
        raise InputError(path, expected, "no such file")
    numbers = ["fold", "seed", ATTACK[0], *score_keys()]
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
    for name in ABOUT_DATA:
        if name not in rows:  # of an earlier version, or written by hand
            rows[name] = ""
    columns = [*LABELS, GROUP, *ABOUT_DATA, *CLASSES, *ATTACK, *score_keys()]
    return renamed(rows.reindex(columns=columns))


def _check_columns(path, rows):
    missing = [name for name in LABELS if name not in rows]
    if missing:
        raise InputError(path, f"columns {', '.join(LABELS)}", f"no {', '.join(missing)}")
    if rows.empty:
        raise InputError(path, "a row per example", "none")
    for task in rows["task"].unique():
        one_of(f"{path}, task", task, TASKS)
    wanted = {name for table in tables_for(rows) if not table.ours for name in table.scores}
    # A network without attention has no gaze scores at all.
    wanted -= set() if set(STUDY) & set(rows) else set(STUDY)
    if not of_networks(rows).any():
        wanted = set(STUDY)
    missing = sorted(wanted - set(rows))
    if missing:
        raise InputError(path, f"columns {', '.join(sorted(wanted))}", f"no {', '.join(missing)}")


def of_networks(rows):
    """Whether each row scores a network, and is no reference."""
    return (rows["backbone"] != "").to_numpy()


def _check_one_attack(rows):
    """Refuse attacks of different sizes or kinds, which would be pooled into one number."""
    told = rows.dropna(subset=["epsilon"]).drop_duplicates(list(ATTACK))
    if len(told) < 2:
        return
    first, second = (told.iloc[place] for place in (0, 1))
    expected = f"attacks with epsilon {first['epsilon']:g} and search {first['search']!r}"
    raise InputError(
        second["folder"],
        f"{expected}, as in {first['folder']}",
        f"epsilon {second['epsilon']:g} and search {second['search']!r}",
    )


def groups_of(rows):
    """Names of the groups by the ids of the examples, of rows on one dataset; {} without."""
    told = rows[["id", GROUP]].replace("", np.nan).dropna() if GROUP in rows else None
    return {} if told is None else dict(zip(told["id"], told[GROUP], strict=True))


def _check_one_group(rows):
    """Refuse an example that is of several groups: intervals would depend on the order of runs."""
    told = rows[["dataset", "id", GROUP, "folder"]].replace("", np.nan).dropna()
    told = told.drop_duplicates(["dataset", "id", GROUP])
    again = told[told.duplicated(["dataset", "id"], keep=False)].sort_values("id", kind="stable")
    if len(again):
        first, second = (again.iloc[place] for place in (0, 1))
        expected = f"{first['id']} in group {first[GROUP]!r}, as in {first['folder']}"
        raise InputError(second["folder"], expected, f"in group {second[GROUP]!r}")


def _scored(folder):
    """The last scoring that the provenance of a folder tells of, in a list; [] without any."""
    return [w for w in provenance.read(Path(folder).expanduser()) if w["what"] in SCORING][-1:]


def other_format(folder):
    """The format and version of results of another format, in words; "" for those of this one."""
    for work in _scored(folder):
        if work["format"] != RESULT_FORMAT:
            return f"format {work['format']}, of version {work['versions']['keras_attn']}"
    return ""


def _check_origins(folders):
    """Refuse results of another version, and those whose provenance tells of different data."""
    first = {}
    for folder in folders:
        if other := other_format(folder):
            expected = (
                f"results of format {RESULT_FORMAT}, as this version of keras_attn has them; a run "
                "gets such by: keras-attn evaluate --weights FOLDER (networks of earlier versions "
                "are what they were trained as), then report FOLDER/evaluation"
            )
            raise InputError(folder, expected, other)
        # Without any they are written by hand, or by whoever kept the rows alone.
        for work in _scored(folder):
            data = work["data"]
            name, stamp = (data["name"], data.get("drawn")), data["fingerprint"]
            known, where = first.setdefault(name, (stamp, folder))
            if stamp != known:
                what = f"results on {data['name']}"
                raise InputError(folder, *_other_data(what, known, where, stamp))


def _check_one_origin(rows):
    """Refuse what would be pooled, or stand in one table, and is of different data.

    That is rows on data of one name that are not the same, and rows of one network by name that
    has learnt from different data.
    """
    for labels, column, what in (
        (["dataset"], "fingerprint", "results on {}"),
        (["dataset"], "files", "results on {} with the pictures and masks"),
        (["task", "dataset", *NETWORK], "trained_fingerprint", "networks {} that learnt from data"),
    ):
        told = rows[rows[column] != ""].drop_duplicates([*labels, column])
        twice = told[told.duplicated(labels, keep=False)]
        if twice.empty:
            continue
        first = twice.iloc[0]
        same = (twice[labels] == first[labels]).all(axis=1)
        second = twice[same].iloc[1]
        named = what.format(" ".join(value for value in first[labels] if value))
        told = _other_data(named, first[column], first["folder"], second[column])
        raise InputError(second["folder"], *told)


def _other_data(what, known, where, received):
    """What was expected, and what was received, of data that are not the same in two folders."""
    expected = f"{what} of fingerprint {known[:12]}, as {where} has"
    return expected, f"fingerprint {received[:12]}"


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
