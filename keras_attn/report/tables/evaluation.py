"""An evaluation as text: who was scored on what, the scores with 95 % intervals, and the notes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from keras_attn.datasets import origin
from keras_attn.evaluation.result import Scores
from keras_attn.evaluation.rows import NETWORK, STUDY
from keras_attn.metrics.columns import further
from keras_attn.report.numbers import decimals
from keras_attn.report.rows.results import groups_of
from keras_attn.report.tables import sheets
from keras_attn.statistics import bootstrap_interval


@dataclass(frozen=True, eq=False)
class Evaluation(Scores):
    """What a model scores on a dataset; `print` shows the scores, `save` writes it all.

    `evaluate` and `attack` return one.

    Args:
        rows: a DataFrame with a row per example, called `examples` as well; first who was scored on
            what (task, dataset, backbone, fusion, attention, fold, seed), then id, its group where
            the dataset has some, the number of fixations and the scores (with the entropy of
            attention), NaN where there is none, and last which data were scored and learnt from
            (`about_data.columns`).
        arrays: by name, `(n, ...)` in the order of the rows; of them `maps` is the attention, as
            `metrics.dispersion` compares it.
        gallery: arrays by name of a few examples.
        notes: what a reader of the numbers has to know.
        work: how it came to be, from `provenance.measured`, or None.
    """

    @classmethod
    def of(cls, scores: Scores, known: Mapping[str, Any] | None = None) -> Evaluation:
        """That of `Scores`.

        Args:
            scores: what the loop over examples has made.
            known: the last columns of its rows, a value each by name.

        Returns:
            An `Evaluation`.
        """
        made = cls(**vars(scores))
        made.rows[list(known or {})] = list((known or {}).values())
        return made

    def __repr__(self) -> str:
        task, dataset = self.rows.iloc[0]["task"], dataset_of(self.rows)
        return f"Evaluation({task!r}, {self.rows['id'].nunique()} examples of {dataset!r})"

    def __str__(self) -> str:
        return as_text(self)

    def summary(self) -> pd.DataFrame:
        """The scores of the study with 95 % intervals: a DataFrame, a row per score."""
        return sheets.summary(self.rows, self.arrays)


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
        for key in (*STUDY, *(column.key for column in further() if column.key in own)):
            values = own[key]
            low, high = bootstrap_interval(values, groups=together)
            row = {"metric": f"{name} {key}", "value": values.mean()}
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
