"""The scores of an audit, read back from its files, and two of its maps image by image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from keras_attn import storage
from keras_attn.errors import InputError, listing, one_of
from keras_attn.evaluation.result import AuditScores
from keras_attn.evaluation.rows import (
    EXAMPLES,
    FIXATIONS,
    GROUP,
    IMAGE,
    OF_MAP,
    REFERENCES,
    ROWS,
    VIEWER,
    VIEWERS,
    name_of,
    renamed,
)
from keras_attn.metrics.columns import COLUMNS, Column

CONDITION = OF_MAP[-1]
NEEDED = (*OF_MAP[:-1], IMAGE)
"""Columns that the rows of every audit have."""
NAME = "map"
"""The column that is added here: what a row's map is called."""
NO_FILE = f"there is no {VIEWERS} beside {EXAMPLES}: run the audit again, which writes it now"
NOT_TOLD_APART = (
    "viewers are not told apart: the column subject of fixations.csv says whose a fixation is"
)


@dataclass(frozen=True, eq=False)
class ScoredMaps:
    """The maps of an audit.

    examples: a DataFrame with NAME, IMAGE, scores and what else examples.csv has. viewers: one
    with NAME, IMAGE, VIEWER, FIXATIONS and means, or None. why: if None, why so. where: what
    messages call it.
    """

    examples: pd.DataFrame
    viewers: pd.DataFrame | None
    why: str
    where: str


@dataclass(frozen=True, eq=False)
class Pair:
    """Two maps on the images that have a score of both.

    differences: of the first less the second, a Series by image. groups: labels of the images, or
    None. viewers: a DataFrame with IMAGE, VIEWER, FIXATIONS and `difference`, or None; why: if
    None, why so. missing: images without a score of both. chosen: whether they were asked for.
    """

    names: tuple[str, str]
    column: Column
    condition: str
    differences: pd.Series
    groups: list | None
    viewers: pd.DataFrame | None
    why: str
    missing: int
    chosen: bool


def read(source) -> ScoredMaps:
    """The maps of an `AuditResult`, of an audit's folder or of its examples.csv.

    `InputError` for whatever is not of an audit, or cannot be read.
    """
    if isinstance(source, AuditScores):
        examples, viewers, where = source.examples, source.viewers, "examples of the AuditResult"
        why = NOT_TOLD_APART
    elif isinstance(source, (str, Path)):
        path = Path(source).expanduser()
        path = path / EXAMPLES if path.is_dir() else path
        where, beside = str(path), path.with_name(VIEWERS)
        examples = _table(path)
        viewers = _table(beside, (*NEEDED, VIEWER, FIXATIONS)) if beside.is_file() else None
        why = NOT_TOLD_APART if viewers is not None else NO_FILE
    else:
        expected = f"an AuditResult, the folder of an audit or its {EXAMPLES}"
        raise InputError("source", expected, type(source).__name__)
    viewers = None if viewers is None or viewers.empty else _named(viewers, where, VIEWER)
    examples = _named(examples, where)
    if viewers is not None:
        _check_of_one_audit(examples, viewers, where)
    return ScoredMaps(examples, viewers, why, where)


def _table(path, needed=NEEDED):
    """The rows of a file with the columns of labels, which are text, and numbers."""
    what = f"the {EXAMPLES} of an audit, as keras-attn audit --out FOLDER writes it"
    if not path.is_file():
        raise InputError(path, what, "no such file" if not path.exists() else "no file")
    labels = {*OF_MAP, IMAGE, VIEWER, GROUP}
    numbers = {FIXATIONS, *(column.key for column in COLUMNS)}
    try:
        header = pd.read_csv(path, nrows=0).columns
        if missing := [name for name in needed if name not in header]:
            raise InputError(path, what, _instead(header) or f"no column {', '.join(missing)}")
        # An image may be called "007" or "NA": only numbers have missing values.
        table = pd.read_csv(
            path,
            usecols=lambda name: name in labels | numbers,
            dtype=dict.fromkeys(labels, str) | dict.fromkeys(numbers, np.float64),
            keep_default_na=False,
            na_values={name: ["", "nan", "NaN"] for name in numbers},
        )
    except InputError:
        raise
    except storage.UNREADABLE as error:
        received = " ".join(str(error).split()) or type(error).__name__
        raise InputError(path, "a readable table of scores", received) from error
    if table.empty and path.name != VIEWERS:
        raise InputError(path, what, "no rows")
    return table


def _instead(header):
    """What a file is that is not of the expected kind, by its columns; "" where that is unknown."""
    if {"task", "id"} <= {*header}:
        return f"the {EXAMPLES} of an evaluation, a row per example of one network"
    if {"images", "s_auc_low"} <= {*header}:
        return f"{ROWS}, a row per map; {EXAMPLES} lies beside it"
    return ""


def _named(table, where, *further):
    """The table with the NAME of each row's map; refuses what no audit writes."""
    columns = [name for name in OF_MAP if name in table]
    plain = table.assign(**{name: table[name].astype(str) for name in (*columns, IMAGE, *further)})
    plain = renamed(plain)
    different = plain[columns].drop_duplicates()
    names = [str(name_of(row).map) for _, row in different.iterrows()]
    plain = plain.merge(different.assign(**{NAME: names}), on=columns, how="left")
    if CONDITION not in plain:
        plain[CONDITION] = ""
    keys = [NAME, CONDITION, IMAGE, *further]
    twice = plain.duplicated(keys)
    if twice.any():
        one = plain.loc[twice, keys].iloc[0].tolist()
        raise InputError(where, f"one row for each {', '.join(keys)}", f"two of {listing(one)}")
    numbers = plain.select_dtypes("number")
    if infinite := [name for name in numbers if np.isinf(numbers[name]).any()]:
        raise InputError(where, "finite scores", f"infinite ones in column {infinite[0]}")
    return plain


def _check_of_one_audit(examples, viewers, where):
    """Refuse viewers of another audit: those of an image have to make up its score."""
    known = {*examples[NAME] + examples[CONDITION] + examples[IMAGE]}
    if not known.issuperset(viewers[NAME] + viewers[CONDITION] + viewers[IMAGE]):
        raise InputError(where, f"the rows that its {VIEWERS} is of", "other maps or images")
    if not (viewers[FIXATIONS] >= 1).all():
        raise InputError(f"{VIEWERS} of {where}", "at least one fixation of each viewer", "fewer")
    keys = [NAME, CONDITION, IMAGE]
    for column in COLUMNS:
        if column.key in viewers and column.key in examples and column.is_mean_of_fixations:
            told = viewers.assign(sum=viewers[column.key] * viewers[FIXATIONS])
            sums = told.groupby(keys, as_index=False, observed=True)[["sum", FIXATIONS]].sum()
            both = sums.merge(examples[[*keys, column.key]], on=keys)
            apart = (both["sum"] / both[FIXATIONS] - both[column.key]).abs().max()
            if apart > 1e-6:
                expected = f"the {column.key} that its {VIEWERS} makes up, of the same audit"
                raise InputError(where, expected, f"a score that is {apart:.2g} off")


def chosen(found: ScoredMaps, maps=None, metric="s_auc", condition=None) -> Pair:
    """Two maps of an audit; by default the best of its models' by the metric, and the next best.

    `InputError` for names that are not there, and maps that cannot be compared.
    """
    examples, column = found.examples, _column(found, metric)
    condition = _condition(examples, condition)
    examples = examples[examples[CONDITION] == condition]
    names = _two(examples, maps, column)
    first, second = (examples[examples[NAME] == name].set_index(IMAGE) for name in names)
    apart = first[column.key].sub(second[column.key])
    images = apart.dropna()
    groups = None
    if GROUP in first:
        groups = first.loc[images.index, GROUP].fillna("").astype(str).tolist()
        groups = groups if any(groups) else None
    viewers, why = _viewers(found, names, column, condition, images)
    missing = len(apart) - len(images)
    return Pair(
        names, column, condition, images, groups, viewers, why, missing, chosen=maps is not None
    )


def _column(found, metric):
    there = [column.key for column in COLUMNS if column.key in found.examples]
    if not isinstance(metric, str) or metric not in there:
        expected = f"a metric of these rows, {', '.join(there)} (--plugin registers another one)"
        raise InputError("metric (--metric)", expected, repr(metric))
    return Column.registry[metric]


def _condition(examples, condition):
    there = list(dict.fromkeys(examples[CONDITION]))
    if there == [""]:
        if condition is not None:
            expected = "none, for this audit is not by condition (by=, --by)"
            raise InputError("condition (--condition)", expected, repr(condition))
        return ""
    return one_of("condition (--condition)", condition, there)


def _two(examples, maps, column):
    """The names of the two maps."""
    names = list(dict.fromkeys(examples[NAME]))
    if maps is None:
        plain = examples[~(examples["model"].isin(REFERENCES) & (examples["layer"] == ""))]
        means = plain.groupby(NAME, sort=False)[column.key].mean().dropna()
        means = means.sort_values(ascending=not column.higher_is_better, kind="stable")
        if len(means) < 2:
            expected = f"two, for there is one map of a model; there are {_quoted(names)}"
            raise InputError("maps (--maps)", expected, None)
        return tuple(means.index[:2])
    if isinstance(maps, str) or not isinstance(maps, (list, tuple)) or len(maps) != 2:
        expected = "the names of two maps, such as the rows of the table have"
        raise InputError("maps (--maps)", expected, repr(maps))
    chosen = tuple(map(str, maps))
    for name in chosen:
        if name not in names:
            part = "; condition= (--condition) names what stands behind |" if " | " in name else ""
            raise InputError("maps (--maps)", f"two of {_quoted(names)}{part}", repr(name))
    if chosen[0] == chosen[1]:
        raise InputError("maps (--maps)", "two different maps", f"{chosen[0]!r} twice")
    return chosen


def _quoted(names):
    return listing([f'"{name}"' for name in names], 40)


def _viewers(found, names, column, condition, images):
    """The differences of viewers, and "", or None and why there are none."""
    if found.viewers is None:
        return None, found.why
    if column.key not in found.viewers:
        means = [one.title for one in COLUMNS if one.key in found.viewers]
        return None, f"{column.title} is not told by viewer, as {', '.join(means)} are"
    told = found.viewers[found.viewers[CONDITION] == condition]
    sides = [told[told[NAME] == name] for name in names]
    for name, side in zip(names, sides, strict=True):
        if side.empty:
            several = "" if name in REFERENCES else ": no image has two viewers"
            return None, f"{name} is not told by viewer{several}"
    keys = [IMAGE, VIEWER]
    both = sides[0].merge(sides[1][[*keys, column.key]], on=keys, suffixes=("", "_other"))
    both["difference"] = both[column.key] - both[f"{column.key}_other"]
    both = both[both[IMAGE].isin(images.index)].dropna(subset=["difference"])
    if both.empty:
        return None, f"no image has {column.title} of two viewers"
    return both[[*keys, FIXATIONS, "difference"]], ""
