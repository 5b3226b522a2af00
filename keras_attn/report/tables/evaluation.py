"""An evaluation as text: who was scored on what, the scores with 95 % intervals, and the notes."""

import math

import pandas as pd

from keras_attn.datasets import origin
from keras_attn.report.naming import NETWORK
from keras_attn.report.numbers import decimals
from keras_attn.report.rows.results import groups_of
from keras_attn.report.tables.parts import GAZE
from keras_attn.statistics import bootstrap_interval


def as_text(evaluation):
    """A few lines on an `Evaluation`."""
    rows = evaluation.rows
    several = rows["attention"].nunique() > 1
    scores = _references(rows) if several else evaluation.summary()
    lines = [_headline(rows, several), "", *_table(scores), ""]
    return "\n".join([*lines, *(f"Note: {note}" for note in evaluation.notes)]).rstrip()


def _headline(rows, several):
    first, count = rows.iloc[0], rows["id"].nunique()
    whom = "what needs no network"
    if not several:
        whom = ", ".join(str(first[name]) for name in NETWORK if not _empty(first[name]))
    parts = [f"{name} {first[name]:.0f}" for name in ("fold", "seed") if not _empty(first[name])]
    watched = rows.loc[rows["fixations"] > 0, "id"].nunique()
    where = f"{count} examples of {dataset_of(rows)}, {watched} with fixations"
    if groups := groups_of(rows):
        where += f", in {len(set(groups.values()))} groups"
        where += f", {count - len(groups)} in none" if count > len(groups) else ""
    return "; ".join([f"{first['task']}: {whom}", *parts, where])


def dataset_of(rows):
    """The name of the dataset that rows score, which says of drawn data that they are."""
    return origin.label(
        rows["dataset"].iloc[0], bool(rows.get("drawn", pd.Series([False])).iloc[0])
    )


def _empty(label):
    return label is None or label == "" or (isinstance(label, float) and math.isnan(label))


def _references(rows):
    """The agreement with gaze of each reference, in the columns of a summary."""
    made, groups = [], groups_of(rows)
    for name, own in rows.groupby("attention", sort=False):
        together = [groups.get(one) for one in own["id"]] if groups else None
        for metric in GAZE:
            values = own[metric.key]
            low, high = bootstrap_interval(values, groups=together)
            row = {"metric": f"{name} {metric.key}", "value": values.mean()}
            made.append(row | {"low": low, "high": high, "n": values.count()})
    return pd.DataFrame(made)


def _table(scores):
    """Lines of a summary; one that has no scores says so."""
    if not len(scores):
        return ["no scores"]
    shown = scores[["metric"]].assign(value=scores["value"].map(decimals))
    ends = zip(scores["low"].map(decimals), scores["high"].map(decimals), strict=True)
    shown["95 % interval"] = [f"{low} to {high}" for low, high in ends]
    shown["examples"] = scores["n"]
    return shown.to_string(index=False).splitlines()
