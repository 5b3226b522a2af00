"""The audit's table for the console, and the sentences that say how to read it."""

from dataclasses import dataclass

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from keras_attn.metrics.columns import COLUMNS

REFERENCES = ("centre", "uniform", "human", "one viewer")
WITH_INTERVAL = ("s_auc", "ig")
SIGNIFICANT = 0.05
WIDTH = 240
"""Columns for the table to grow into; a terminal that is narrower folds its lines."""


@dataclass(frozen=True)
class RowName:
    """Whose maps a row is about; the reference rows have a model and nothing else."""

    model: str
    layer: str = ""
    kind: str = ""

    def __str__(self):
        return " · ".join(part for part in (self.model, self.layer, self.kind) if part)


def name_of(row):
    """The `RowName` of a row of the audit."""
    return RowName(row["model"], row["layer"], row["kind"])


def label(row):
    """Name of a row of the audit as text."""
    return str(name_of(row))


def is_reference(row):
    """Whether a row is one of those that stand in every audit."""
    return row["model"] in REFERENCES and not row["layer"]


def ranked(rows):
    """The audited rows from the best to the worst s-AUC; equal ones in the order of the table."""
    audited = [row for _, row in rows.iterrows() if not is_reference(row)]
    return sorted(audited, key=lambda row: row["s_auc"], reverse=True)


def row_notes(rows):
    """`{text: number}` of what has to be known of single rows, numbered as the table goes down."""
    texts = (row.get("note", "") for _, row in rows.iterrows())
    return {text: number for number, text in enumerate(dict.fromkeys(filter(None, texts)), 1)}


def superscript(number):
    """A number in raised digits."""
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def decimals(value, digits=4):
    """A number as it is printed; a dash where there is none."""
    if np.isnan(value):
        return "–"
    return f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "−")


def marked(row, column):
    """Whether the row's metric differs from that of `centre`, over the same images."""
    return bool(row[f"{column.key}_p"] < SIGNIFICANT) and row["model"] != "centre"


def as_text(result):
    """The table of an `AuditResult` as text, with a legend."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("map", no_wrap=True)
    for column in COLUMNS:
        arrow = "↑" if column.higher_is_better else "↓"
        table.add_column(f"{column.title} {arrow}", justify="right", no_wrap=True)
    rows = [row for _, row in result.rows.iterrows()]
    notes = row_notes(result.rows)
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        ends = following is None or is_reference(following) != is_reference(row)
        named = label(row) + superscript(notes.get(row.get("note"), ""))
        table.add_row(named, *(_cell(row, column) for column in COLUMNS), end_section=ends)
    console = Console(width=WIDTH, color_system=None, highlight=False)
    with console.capture() as captured:
        console.print(table)
    lines = [line.rstrip() for line in captured.get().rstrip().splitlines()]
    if notes:
        lines += ["", *(f"{superscript(number)} {text}" for text, number in notes.items())]
    about = [result.dataset.note] if result.dataset.note else []
    return "\n".join([*lines, "", answer(result), *about, "", *legend(result), ""])


def _cell(row, column):
    key = column.key
    text = decimals(row[key]) + ("*" if marked(row, column) else " ")
    if key in WITH_INTERVAL:
        text += f"\n{decimals(row[f'{key}_low'], 3)} to {decimals(row[f'{key}_high'], 3)} "
    return text


def legend(result):
    """What the rows, marks and units of the table mean, a line each."""
    dataset = result.dataset
    lines = [
        f"{dataset.label}: {dataset.report}; fingerprint {dataset.fingerprint[:12]}",
        f"* differs from centre over the same images, p < {SIGNIFICANT} (Wilcoxon's signed-rank "
        "test, Holm's correction over the rows)",
        "IG in bits per fixation over the centre bias, KL in nats; second lines: 95 % bootstrap "
        "intervals over images",
        *(f"{name}: {description}" for name, description in result.models.items()),
        *(f"Note: {note}" for note in result.notes),
    ]
    zeros = result.rows["zero_share"] > 0.01
    if zeros.any():
        named = ", ".join(
            f"{label(row)} {row['zero_share']:.0%}" for _, row in result.rows[zeros].iterrows()
        )
        lines.append(
            f"Note: fixations on an exact zero of the map, which count −52 bits of IG each: {named}"
        )
    return lines


def answer(result):
    """The audit in a sentence: which map agrees best with gaze, and what to hold it against."""
    rows = result.rows.set_index("model", drop=False)
    best = ranked(result.rows)[0]
    viewer = rows.loc["one viewer", "s_auc"]
    others = "" if np.isnan(viewer) else f", one viewer's density scores {decimals(viewer, 3)}"
    return (
        f"By s-AUC, {label(best)} agrees best with gaze: {decimals(best['s_auc'], 3)} "
        f"[{decimals(best['s_auc_low'], 3)}, {decimals(best['s_auc_high'], 3)}]. "
        f"Chance is 0.500{others}."
    )
