"""The maps of several audits in one order, and which of them cannot be told from the best."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from keras_attn.errors import InputError, one_of
from keras_attn.evaluation.rows import ENDS, OF_MAP, SHARE, SIGNIFICANT, is_reference
from keras_attn.report.audit import record
from keras_attn.report.ranking import page, same, table
from keras_attn.statistics import bootstrap_interval, holm, mean_of_seen, paired_p

BEHIND = "behind"
"""Columns of what the best scores more than a map, over the same images."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """Maps of several audits on the same data, the best first; `print` shows them, `save` writes.

    `compare` returns one.

    Args:
        rows: a DataFrame with a row per map, and per condition of audits by condition, in order:
            rank from 1 on (NaN of references, which are held against the best too), audit, model,
            layer, kind, condition, images; each metric with `_low` and `_high`, its 95 % interval;
            ig_share likewise; of the metric that is ranked by its `_side` of chance, as the audit
            has it; behind, how far the metric that is ranked by lies behind the best
            map, over the same images, `behind_low`, `behind_high` (95 % bootstrap) and `behind_p`
            (Wilcoxon's signed-rank test, Holm-corrected over the maps of a condition); tied,
            whether it is the best or cannot be told from it.
        metric: what is ranked by.
        records: the audits by name, as they were read.
    """

    rows: pd.DataFrame
    metric: str
    records: dict[str, record.Record]

    @property
    def first(self) -> record.Record:
        """The first audit: what all have in common is told of it."""
        return next(iter(self.records.values()))

    def __repr__(self) -> str:
        return f"Ranking({len(self.rows)} rows of {len(self.records)} audits)"

    def __str__(self) -> str:
        return table.as_text(self)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write ranking.csv and ranking.html.

        Args:
            folder: where to.
            overwrite: replace an earlier ranking in it.

        Returns:
            The path of the folder.

        Raises:
            InputError: There is an earlier one, or the folder cannot be written to.
        """
        return page.write(self, folder, overwrite=overwrite)


def of(records, metric):
    """The `Ranking` of `{path or name: Record}`; `InputError` where they have none in common."""
    if len(records) < 2:
        raise InputError("audits", "two or more", len(records))
    same.check(records)
    first = next(iter(records.values()))
    one_of("metric", metric, first.metrics)
    named = _named(records)
    lines = []
    for number, (name, one) in enumerate(named.items()):
        made = _lines(name, one, first.images, metric)
        # References are the same in all audits: they stand once.
        lines += [line for line in made if not (number and is_reference(line))]
    higher = first.conventions["metrics"][metric]["better"] == "higher"
    ordered = []
    for condition in dict.fromkeys(line["condition"] for line in lines):
        own = [line for line in lines if line["condition"] == condition]
        ordered += _ordered(own, metric, 1 if higher else -1, first.groups)
    rows = pd.DataFrame(ordered).drop(columns="scores")
    rows = rows if rows["condition"].any() else rows.drop(columns="condition")
    return Ranking(rows, metric, named)


def _named(records):
    """The records by short names, or by their paths where those are not single."""
    taken = Counter(one.name for one in records.values())
    return {one.name if taken[one.name] == 1 else str(path): one for path, one in records.items()}


def _lines(audit, one, images, metric):
    """A dict for each row of an audit; scores: a DataFrame of the images, in this order."""
    numbers = [f"{key}{end}" for key in (*one.metrics, SHARE.key) for end in ENDS]
    for (_, row), scores in zip(one.rows.iterrows(), one.scores, strict=True):
        whose = "" if is_reference(row) else audit
        line = {"rank": np.nan, "audit": whose, "scores": scores.loc[images]}
        line |= {name: row.get(name, "") for name in (*OF_MAP, f"{metric}_side")}
        yield line | {name: row[name] for name in ("images", *numbers)}


def _ordered(lines, metric, sign, groups):
    """Lines of a condition from the best on, with their ranks and how far they are behind.

    sign: 1 where more of the metric is better, else -1.
    """
    lines = sorted(lines, key=lambda line: np.nan_to_num(-sign * line[metric], nan=np.inf))
    ranked = [line for line in lines if not is_reference(line)]
    best, *others = ranked
    highest = best["scores"][metric].to_numpy()
    for place, line in enumerate(ranked, 1):
        line["rank"] = place
    for line in lines:
        behind = sign * (highest - line["scores"][metric].to_numpy())
        ends = (mean_of_seen(behind), *bootstrap_interval(behind, groups=groups))
        line |= {f"{BEHIND}{end}": value for end, value in zip(ENDS, ends, strict=True)}
        line |= {f"{BEHIND}_p": np.nan, "tied": line is best}
    tests = [paired_p(highest, one["scores"][metric].to_numpy(), groups) for one in others]
    for line, p in zip(others, holm(tests), strict=True):
        line |= {f"{BEHIND}_p": p, "tied": bool(p >= SIGNIFICANT)}
    return lines
