"""The paper's tables, made from the evaluation files of runs.

What each table is, is in `paper.tables`; how it looks, in `layout` and `formats`. Runs no network.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from keras_attn import storage
from keras_attn.errors import InputError, listing, one_of
from keras_attn.evaluation.rows import TRUNK
from keras_attn.mechanisms import NO_ATTENTION
from keras_attn.report.naming import TASKS, order
from keras_attn.report.paper.printed import KEYS, paper_cells
from keras_attn.report.paper.tables import BY_NUMBER, TABLES
from keras_attn.report.rows.contrasts import between
from keras_attn.report.rows.results import of_networks, read
from keras_attn.report.rows.samples import sample, sample_of
from keras_attn.report.tables import ceilings, dispersion, formats, layout
from keras_attn.report.tables.parts import CEILING
from keras_attn.statistics import holm

NUMBERS = ("value", "low", "high", "n")
BEHIND = ("behind", "behind_low", "behind_high", "behind_p", "within_noise")
"""Of a cell: the difference to the best of its column, its interval and p, and what they say."""
NOT_COMPARED = (np.nan, np.nan, np.nan, np.nan, None)
LEVEL = 0.05
"""How often a whole column without differences may have a number that is told from the best."""
COLUMNS = (*KEYS, *NUMBERS, *ceilings.SHARES, *BEHIND)
GROUP = ("task", "dataset", "attention", *TRUNK)
"""Whose rows make up a cell, in the order to sort by: pooled over folds, averaged over seeds."""


# --- cells --------------------------------------------------------------------------------------


def groups(results):
    """The GROUPs of all networks, dicts in the order of the tables."""
    rows = results.rows[of_networks(results.rows)]
    labels = rows[list(GROUP)].drop_duplicates().to_dict("records")
    return sorted(labels, key=lambda group: order(**group))


def cells(results):
    """All cells that the results have: a DataFrame of COLUMNS, in the order of the paper.

    Computed once for the same results.
    """
    if "cells" not in results.kept:
        columns = [*KEYS, *NUMBERS, *ceilings.SHARES]
        frame = pd.DataFrame(_cells(results), columns=columns)
        results.kept["cells"] = _beside_the_best(frame, results)
    return results.kept["cells"].copy()


def _cells(results):
    cells = []
    for labels in groups(results):
        for table in (table for table in TABLES if table.task == labels["task"]):
            for subset in table.subsets:
                own = sample(results, subset=subset, **labels)
                row = {**labels, "table": table.number, "subset": subset.key}
                for metric in table.metrics_of(labels["dataset"]):
                    of_ceiling = table.ceiling and metric.key == ceilings.IG
                    share = ceilings.share_of(own) if of_ceiling else ceilings.NO_SHARE
                    cells.append(row | {"metric": metric.key} | own.scored(metric) | share)
    numbers = [table.number for table in TABLES]
    return sorted((row for row in cells if row["n"]), key=lambda row: numbers.index(row["table"]))


def _beside_the_best(cells, results):
    """The cells with the columns BEHIND, which are empty for the best ones.

    within_noise: whether the interval of the difference, of a level of 1 − LEVEL / k in a column of
    k + 1 numbers (Bonferroni), reaches 0, or p, after Holm's correction in the column, is not below
    LEVEL. None without an example that both were scored on.
    """
    bare, behind = cells["attention"] == NO_ATTENTION, {}
    # As in print: networks without attention stand below each other.
    for part, axis in ((cells[~bare], ("attention",)), (cells[bare], TRUNK)):
        for _, column in part.groupby([key for key in KEYS if key not in axis], sort=False):
            metric = BY_NUMBER[column["table"].iloc[0]].metric(column["metric"].iloc[0])
            if metric.neutral:  # none is the best
                continue
            best = column["value"].idxmax() if metric.higher_is_better else column["value"].idxmin()
            rest = column.drop(best)
            differences = _behind(metric, column.loc[best], rest, results)
            behind |= dict(zip(rest.index, differences, strict=True))
    rows = [behind.get(place, NOT_COMPARED) for place in cells.index]
    return cells.join(pd.DataFrame(rows, cells.index, BEHIND).astype({BEHIND[-1]: object}))


def _behind(metric, best, rest, results):
    """What BEHIND is of each of the other cells of a column."""
    table, level = BY_NUMBER[best["table"]], 1 - LEVEL / max(1, len(rest))
    pairs = [
        between(results, table, metric, best, other, level)
        for other in rest[list(KEYS)].to_dict("records")
    ]
    tested = holm([np.nan if one is None else one.p for one in pairs])
    for one, p in zip(pairs, tested, strict=True):
        if one is None:
            yield NOT_COMPARED
        else:
            clear = one.low > 0 and not p >= LEVEL
            yield one.gain, one.low, one.high, p, not clear


def beside(metric, best, rest, results):
    """Whether each of some cells cannot be told from a better one: True, False or None, a list.

    metric: a `parts.Metric`. best: a row of `cells`. rest: others of the same metric, dataset and
    subset, of any network. None without an example that both were scored on.
    """
    return [told[-1] for told in _behind(metric, best, rest, results)]


def summary(rows, arrays):
    """The scores of one evaluation over all its examples: metric, value, low, high, n.

    Beside them the ceiling of its examples, and `ig_share`, IG as a share of the ceiling's.
    rows, arrays: as `evaluation.Evaluation` keeps them.
    """
    task, dataset = one_of("task", rows["task"].iloc[0], TASKS), rows["dataset"].iloc[0]
    own = [table for table in TABLES if table.task == task]
    metrics = {m.key: m for table in own for m in table.metrics_of(dataset)}
    names = [name for table in own for name in table.arrays if name in arrays or not table.ours]
    whole = sample_of(rows, {name: arrays[name] for name in names})
    metrics |= {metric.key: metric for metric in CEILING}
    scores = [{"metric": key, **whole.scored(metric)} for key, metric in metrics.items()]
    share, low, high = ceilings.share_of(whole).values()
    if not np.isnan(share):
        both = whole.examples.scores[[ceilings.IG, ceilings.CEILING_IG]].dropna()
        scores.append(
            {"metric": "ig_share", "value": share, "low": low, "high": high, "n": len(both)}
        )
    return pd.DataFrame([row for row in scores if row["n"]])


# --- writing ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Written:
    """Tables that were made; printing it shows them.

    cells: as `cells`. sheets: the `layout.Sheet` of each. paths: of the files.
    """

    cells: pd.DataFrame
    sheets: tuple
    paths: tuple
    text: str

    def __repr__(self):
        return f"Written({len(self.sheets)} tables, {len(self.paths)} files)"

    def __str__(self):
        return self.text


def write(folders, out, *, overwrite=False):
    """Write each table that the run folders have cells of as .csv, .md and .tex; `Written`.

    folders: as for `read`, or what it returned.
    All files or none. What an earlier run wrote into `out` of the same tasks is refused, or with
    `overwrite` goes.
    """
    results = read(folders)
    tasks = set(results.rows["task"])
    every = [name for table in TABLES if table.task in tasks for name in table.files]
    out = storage.check_target(out, every, overwrite=overwrite)
    frame = cells(results)
    tables = [table for table in TABLES if (frame["table"] == table.number).any()]
    if not tables:
        received = f"{listing(results.rows['folder'].unique())} with references alone"
        raise InputError("folders", "at least one run of a network", received)
    sheets = tuple(layout.sheet(table, results, frame, paper_cells()) for table in tables)
    names = [name for table in tables for name in table.files]
    with storage.writing(out, names, overwrite=overwrite) as stage:
        for table, sheet in zip(tables, sheets, strict=True):
            for name, text in zip(table.files, formats.texts(sheet), strict=True):
                (stage / name).write_text(text, encoding="utf-8")
    for name in set(every) - set(names):
        # A table of an earlier run beside those of this one would be taken for one of them.
        (out / name).unlink(missing_ok=True)
    text = "\n\n".join(formats.as_text(sheet) for sheet in sheets)
    return Written(frame, sheets, tuple(out / name for name in names), text)


def write_rows(folders, out):
    """Write the pooled rows as one CSV file for each task; returns their paths.

    folders: as for `read`, or what it returned. Beside its entropy, the map of each example has
    `cc_others`, how alike it is to those of all others of its network, fold and seed.
    """
    paths, results = [], read(folders)
    pooled = results.rows.assign(**{dispersion.LIKENESS.key: dispersion.by_row(results)})
    for task, rows in pooled.groupby("task", sort=False):
        path = out / f"{task}.csv"
        with storage.replacing(path) as stage:
            rows = formats.names_and_drawn(rows).dropna(axis=1, how="all")
            rows.to_csv(stage, index=False)
        paths.append(path)
    return paths
