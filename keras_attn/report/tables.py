"""The paper's tables, made from the evaluation files of runs.

What each table is, is in `paper_tables`; how its cells look, in `table_formats`. Runs no network.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from keras_attn import runs
from keras_attn.errors import InputError, listing, one_of
from keras_attn.report import table_formats
from keras_attn.report.paper_tables import (
    CURVES,
    KEYS,
    RANKING,
    SCORES,
    TABLES,
    TASKS,
    TRUNK,
    order,
    paper,
)
from keras_attn.report.ranking import Ranking, ranking_of
from keras_attn.report.results import of_networks, read
from keras_attn.statistics import (
    bootstrap_curve_interval,
    bootstrap_interval,
    bootstrap_ratio_interval,
    wilson_interval,
)

COLUMNS = (*KEYS, "value", "low", "high", "n")
GROUP = ("task", "dataset", "attention", *TRUNK)
"""Whose rows make up a cell, in the order to sort by: pooled over folds, averaged over seeds."""


# --- cells --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Examples:
    """A row per example ordered by id: means over the seeds, how many values each is of, curves.

    ranking: of class scores, None without such.
    """

    scores: pd.DataFrame
    counts: pd.DataFrame
    curves: dict
    ranking: Ranking | None


def examples_of(rows, arrays):
    """The `Examples` of the rows of one group; means skip NaN."""
    grouped = rows.reindex(columns=list(SCORES)).groupby(rows["id"].to_numpy(str))
    scores = grouped.mean()
    place = scores.index.get_indexer(rows["id"].to_numpy(str))
    means = {}
    for name in [name for name in CURVES if name in arrays]:
        values = arrays[name]
        means[name] = np.zeros((len(scores), values.shape[1]))
        np.add.at(means[name], place, values)
        means[name] /= np.bincount(place, minlength=len(scores))[:, None]
    found = [arrays[name] for name in RANKING if name in arrays]
    ranking = ranking_of(rows, *found) if found else None
    return Examples(scores, grouped.count(), means, ranking)


def scored(metric, examples, places, pooled=False):
    """Value, 95 % interval (low, high) and number n of examples with a value, as a dict.

    pooled: an example counts as often as it has values, and not once: a classifier may be right
    about it under one seed alone.
    """
    if metric.curve:
        curves = examples.curves[metric.curve][places]
        value = curves.mean(axis=0).max() if len(curves) else np.nan
        low, high = bootstrap_curve_interval(curves)
        return {"value": value, "low": low, "high": high, "n": len(curves)}
    if metric.ranked:
        ranking = examples.ranking.among(places)
        low, high = ranking.interval(metric.interpolation)
        value = ranking.mean_ap(metric.interpolation)
        return {"value": value, "low": low, "high": high, "n": len(places)}
    values = examples.scores[metric.score].to_numpy()[places]
    counts = examples.counts[metric.score].to_numpy()[places]
    values, counts = values[counts > 0], counts[counts > 0]
    counts = counts if pooled else np.ones_like(counts)
    value = np.average(values, weights=counts) if len(values) else np.nan
    low, high = _interval(metric, value, values, counts)
    return {"value": value, "low": low, "high": high, "n": len(values)}


def _interval(metric, value, values, counts):
    if metric.proportion:
        return wilson_interval(value, len(values))
    if len(np.unique(counts)) > 1:
        return bootstrap_ratio_interval(values * counts, counts)
    return bootstrap_interval(values)


def groups(results):
    """The GROUPs of all networks, dicts in the order of the tables."""
    rows = results.rows[of_networks(results.rows)]
    found = rows[list(GROUP)].drop_duplicates().to_dict("records")
    return sorted(found, key=lambda group: order(**group))


def cells(results):
    """All cells that the results have: a DataFrame of COLUMNS, in the order of the paper."""
    made = []
    for labels in groups(results):
        rows, arrays = results.of(**labels)
        every = examples_of(rows, arrays)
        for table in (table for table in TABLES if table.task == labels["task"]):
            for subset in table.subsets:
                examples, places = part_of(subset, rows, arrays, every)
                row = {**labels, "table": table.number, "subset": subset.key}
                for metric in table.metrics_of(labels["dataset"]):
                    pooled = metric.pooled or subset.rows is not None
                    made.append(
                        row | {"metric": metric.key} | scored(metric, examples, places, pooled)
                    )
    numbers = [table.number for table in TABLES]
    made = sorted((row for row in made if row["n"]), key=lambda row: numbers.index(row["table"]))
    return pd.DataFrame(made, columns=list(COLUMNS))


def part_of(subset, rows, arrays, every):
    """The `Examples` that a subset is taken from, and the positions of its own among them.

    rows, arrays: of a group. every: its `Examples`.
    """
    examples = every
    if subset.rows is not None:
        mask = subset.rows(rows).to_numpy()
        own = {name: values[mask] for name, values in arrays.items()}
        examples = examples_of(rows[mask], own)
    return examples, subset.take(examples.scores)


def summary(rows, arrays):
    """The scores of one evaluation over all its examples: metric, value, low, high, n.

    rows, arrays: as `evaluation.Evaluation` keeps them.
    """
    task, dataset = one_of("task", rows["task"].iloc[0], TASKS), rows["dataset"].iloc[0]
    own = [table for table in TABLES if table.task == task]
    metrics = {m.key: m for table in own for m in table.metrics_of(dataset)}
    examples = examples_of(rows, {name: arrays[name] for table in own for name in table.arrays})
    every = np.arange(len(examples.scores))
    made = [{"metric": key, **scored(m, examples, every)} for key, m in metrics.items()]
    return pd.DataFrame([row for row in made if row["n"]])


# --- writing ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Written:
    """Tables that were made; printing it shows them.

    cells: as `cells`. sheets: the `table_formats.Sheet` of each. paths: of the files.
    """

    cells: pd.DataFrame
    sheets: tuple
    paths: tuple
    text: str

    def __str__(self):
        return self.text


def write(folders, out, *, overwrite=False):
    """Write each table that the run folders have cells of as .csv, .md and .tex; `Written`.

    folders: as for `read`, or what it returned.
    All files or none. What an earlier run wrote into `out` of the same tasks is refused, or with
    `overwrite` goes.
    """
    results = read(folders)
    told = set(results.rows["task"])
    every = [name for table in TABLES if table.task in told for name in table.files]
    out = runs.check_target(out, every, overwrite=overwrite)
    found = cells(results)
    tables = [table for table in TABLES if (found["table"] == table.number).any()]
    if not tables:
        received = f"{listing(results.rows['folder'].unique())} with references alone"
        raise InputError("folders", "at least one run of a network", received)
    sheets = tuple(table_formats.sheet(table, results, found, paper()) for table in tables)
    names = [name for table in tables for name in table.files]
    with runs.writing(out, names, overwrite=overwrite) as stage:
        for table, sheet in zip(tables, sheets, strict=True):
            for name, text in zip(table.files, table_formats.texts(sheet), strict=True):
                (stage / name).write_text(text, encoding="utf-8")
    for name in set(every) - set(names):
        # A table of an earlier run beside those of this one would be taken for one of them.
        (out / name).unlink(missing_ok=True)
    text = "\n\n".join(table_formats.as_text(sheet) for sheet in sheets)
    return Written(found, sheets, tuple(out / name for name in names), text)


def write_rows(folders, out):
    """Write the pooled rows as one CSV file for each task; returns their paths.

    folders: as for `read`, or what it returned.
    """
    made = []
    for task, rows in read(folders).rows.groupby("task", sort=False):
        path = out / f"{task}.csv"
        with runs.replacing(path) as stage:
            rows.dropna(axis=1, how="all").to_csv(stage, index=False)
        made.append(path)
    return made
