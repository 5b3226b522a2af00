"""The files of an audit: tables, audit.json, audit.html (alone, no network) and audit.png."""

from pathlib import Path

import numpy as np

from keras_attn import storage
from keras_attn.evaluation.rows import (
    ALL_OBSERVERS,
    AUDIT_FILES,
    CENTRE,
    EXAMPLES,
    FIGURE,
    GOLD_STANDARD,
    NOTE,
    OF_FAITHFULNESS,
    PAGE,
    RECORD,
    ROWS,
    SHARE,
    SIGNIFICANT,
    SINGLE_OBSERVER,
    STUDY,
    UNIFORM,
    VIEWERS,
    is_reference,
    name_of,
)
from keras_attn.metrics.columns import Column, further
from keras_attn.registries import KINDS
from keras_attn.report import web
from keras_attn.report.audit import differences, faithfulness, gallery, record, table
from keras_attn.report.audit.figure import figure
from keras_attn.report.numbers import decimals
from keras_attn.report.versions import versions

ZIPPED = {"method": "gzip", "compresslevel": 6, "mtime": 1}
"""Without the time of writing, so that the same rows are the same bytes."""


def write(result, folder, *, overwrite=False):
    """Write all AUDIT_FILES of `result` into `folder`, or none; returns the folder's path.

    With what faithfulness came to, where it was measured; that of an earlier audit goes.
    """
    told = OF_FAITHFULNESS * (result.faithfulness is not None)
    with storage.writing(folder, AUDIT_FILES + told, overwrite=overwrite) as stage:
        faithfulness.write(result, stage)
        result.rows.to_csv(stage / ROWS, index=False)
        result.examples.to_csv(stage / EXAMPLES, index=False)
        record.write(result, stage / RECORD)
        result.viewers.to_csv(stage / VIEWERS, index=False, compression=ZIPPED)
        (stage / PAGE).write_text(page(result), encoding="utf-8")
        figure(result).savefig(stage / FIGURE, dpi=120)
    folder = Path(folder).expanduser()
    for name in {*OF_FAITHFULNESS} - {*told}:
        (folder / name).unlink(missing_ok=True)
    return folder


def page(result):
    """The whole page as HTML."""
    rows = result.rows
    notes = table.row_notes(rows)
    # What no row has a number of takes no room, and neither does a reference without any.
    columns = [column for column in table.shown() if rows[column.key].notna().any()]
    keys = [column.key for column in columns]
    told = [row for _, row in rows.iterrows() if not is_reference(row) or row[keys].notna().any()]
    warnings, legend = _parted(table.legend(result)[1:], result)
    return web.render(
        "audit/audit.html.j2",
        styles=["audit/audit.css"],
        dataset=result.dataset,
        described=result.models,
        answer=table.answer(result),
        answers=table.answers(result),
        warnings=warnings,
        legend=legend,
        columns=columns,
        marks=table.MARKS,
        marks_mean=table.marks_mean(),
        significant=SIGNIFICANT,
        rows=[_row(row, notes, columns) for row in told],
        notes=notes,
        gallery=web.gallery.for_page(gallery.of(result)),
        blur=result.blur,
        seconds=result.seconds,
        versions=versions(),
        conditions=list(result.parts),
        centre=CENTRE,
        uniform=UNIFORM,
        all_observers=ALL_OBSERVERS,
        single_observer=SINGLE_OBSERVER,
        gold_standard=GOLD_STANDARD,
        models={row["model"] for row in told},
        kinds=set(rows["kind"]),
        kinds_told=_kinds_told(rows["kind"]),
        shares=SHARE in columns,
        faithful=result.faithfulness and faithfulness.for_page(result),
        apart=differences.compared(result),
        apart_legend=differences.legend(result),
        compared=[Column.registry[key] for key in STUDY],
        further=[column for column in further() if column.about],
    )


def _kinds_told(names):
    """What the maps of kinds are, by name in the order of the rows, of those that say it."""
    known = {name: KINDS[name] for name in dict.fromkeys(names) if name in KINDS}
    return {name: kind.about for name, kind in known.items() if kind.about}


def _row(row, notes, columns):
    bar = [row["s_auc_low"], row["s_auc"], row["s_auc_high"]]
    return {
        "label": table.label(row),
        "map": str(name_of(row).map),
        "condition": name_of(row).condition,
        "note": notes.get(row.get(NOTE)),
        "reference": is_reference(row),
        "cells": [_cell(row, column) for column in columns],
        "bar": None if np.isnan(bar).any() else [100 * np.clip(b, 0, 1) for b in bar],
    }


def _cell(row, column):
    """sort: the number in full. tip: the p of its test, "" where there is none."""
    key = column.key
    low, high = (decimals(row[f"{key}_{end}"], 3) for end in ("low", "high"))
    p = row.get(f"{key}_p", np.nan)
    return {
        "sort": row[key],
        "value": decimals(row[key]),
        "interval": "" if np.isnan(row[key]) else f"{low} to {high}",
        "side": table.side(row, column),
        "tip": "" if np.isnan(p) else f"p against {table.held_against(column)}: {p:.2g}",
    }


def _parted(lines, result):
    """Lines of the legend: what a reader has to know of these scores, and how to read them.

    Of the second those of the models are left out, which stand above.
    """
    models = {f"{name}: {description}" for name, description in result.models.items()}
    known = [line for line in lines if line not in models]
    seen = result.rows.set_index("model")["images"]
    without = () if seen[GOLD_STANDARD].any() else (GOLD_STANDARD,)
    warnings = [line for line in known if line.startswith(("Note: ", *without))]
    return warnings, [line for line in known if line not in warnings]
