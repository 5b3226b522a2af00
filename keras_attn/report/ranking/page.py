"""The files of a ranking: ranking.csv, and ranking.html, which needs no network."""

from pathlib import Path

from keras_attn import storage
from keras_attn.evaluation.rows import RANKING_PAGE, RANKING_ROWS, is_reference
from keras_attn.report import web
from keras_attn.report.numbers import decimals
from keras_attn.report.ranking import table
from keras_attn.report.versions import versions

FILES = (RANKING_ROWS, RANKING_PAGE)


def write(ranking, folder, *, overwrite=False):
    """Write FILES into `folder`, or none; returns the folder's path."""
    with storage.writing(folder, FILES, overwrite=overwrite) as stage:
        ranking.rows.to_csv(stage / RANKING_ROWS, index=False)
        (stage / RANKING_PAGE).write_text(page(ranking), encoding="utf-8")
    return Path(folder).expanduser()


def page(ranking):
    """The whole page as HTML."""
    first, *others = table.headings(ranking)
    return web.render(
        "ranking/ranking.html.j2",
        styles=["audit/audit.css"],
        data=ranking.first.data,
        answers=table.best(ranking),
        first=first,
        barred=first.chance == 0.5,
        titles=[table.title(column) for column in (first, *others)],
        sections=[
            (condition, [_row(row, first, others) for _, row in rows.iterrows()])
            for condition, rows in table.sections(ranking)
        ],
        legend=table.legend(ranking),
        audits={name: _made_with(one) for name, one in ranking.records.items()},
        versions=versions(),
    )


def _row(row, first, others):
    p = row["behind_p"]
    return {
        "place": table.place(row),
        "rank": row["rank"],
        "audit": row["audit"],
        "map": table.name(row),
        "reference": is_reference(row),
        "bar": table.bars(row, first),
        "cells": [_cell(row, column) for column in (first, *others)],
        "behind": table.behind(row),
        "behind_sort": row["behind"],
        "tip": "" if p != p else f"p against the best: {p:.2g}",
    }


def _cell(row, column):
    low, high = (decimals(row[f"{column.key}_{end}"], 3) for end in ("low", "high"))
    value = row[column.key]
    interval = f"{low} to {high}" if row[f"{column.key}_low"] == row[f"{column.key}_low"] else ""
    return {"sort": value, "value": decimals(value, 3), "interval": interval}


def _made_with(one):
    return ", ".join(f"{name} {number}" for name, number in one.made_with.items())
