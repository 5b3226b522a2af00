"""The audit's table for the console, and the sentences that say how to read it."""

import numpy as np
from rich import box
from rich.table import Table

from keras_attn.evaluation.rows import (
    CENTRE,
    FLOORS,
    GOLD_STANDARD,
    NOTE,
    REFERENCES,
    SHARE,
    SIGNIFICANT,
    SINGLE_OBSERVER,
    STUDY,
    UNIFORM,
    is_reference,
    name_of,
    ranked,
)
from keras_attn.metrics.columns import COLUMNS
from keras_attn.report.audit import ceiling
from keras_attn.report.console import printed
from keras_attn.report.numbers import decimals
from keras_attn.statistics import group_codes

WITH_INTERVAL = (*STUDY, SHARE.key)
"""Metrics whose interval the table shows."""
REWARDED = (
    "AUC-Judd, NSS and CC reward centre bias: a map that knows nothing of its image can be better "
    "than chance there, as centre is; s-AUC and IG do not"
)
MARKS = {"better": "▲", "worse": "▼", "": " "}
"""By side, what stands behind the number."""
FEW_GROUPS = 10
"""Below so many, a bootstrap of groups knows too little of how they differ."""
WIDTH = 240
"""Columns for the table to grow into; a terminal that is narrower folds its lines."""


def shown():
    """The columns of the table: the metrics, and behind IG its SHARE."""
    return [one for own in COLUMNS for one in ((own, SHARE) if own.key == "ig" else (own,))]


def label(row):
    """Name of a row of the audit as text."""
    return str(name_of(row))


def row_notes(rows):
    """`{text: number}` of what has to be known of single rows, numbered as the table goes down."""
    texts = (row.get(NOTE, "") for _, row in rows.iterrows())
    return {text: number for number, text in enumerate(dict.fromkeys(filter(None, texts)), 1)}


def superscript(number):
    """A number in raised digits."""
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def side(row, column):
    """ "better" or "worse" than what the metric is held against, "" where that is not told."""
    return row.get(f"{column.key}_side", "")


def held_against(column):
    """What a metric is tested against, as text."""
    if column.chance is None:
        return CENTRE
    floor = f" (above it {FLOORS[column.key]} too)" if column.key in FLOORS else ""
    return f"chance, {column.chance:g}{floor}"


def marks_mean():
    """What the marks behind the numbers tell, but for the test."""
    titles = {}
    for column in COLUMNS:
        titles.setdefault(column.chance, []).append(column.title)
    *others, last = titles.pop(None)
    without = f"{', '.join(others)} and {last}"
    parts = [f"{', '.join(named)} against {chance:g}" for chance, named in titles.items()]
    return (
        f"{MARKS['better']} better, {MARKS['worse']} worse than chance ({'; '.join(parts)}, which "
        "for IG is the centre bias, and an IG above it is held against uniform as well); "
        f"{without}, which have no value of chance, than centre over the same images"
    )


def as_text(result):
    """The table of an `AuditResult` as text, with a legend."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("map", no_wrap=True)
    for column in shown():
        arrow = "↑" if column.higher_is_better else "↓"
        table.add_column(f"{column.title} {arrow}", justify="right", no_wrap=True)
    rows = [row for _, row in result.rows.iterrows()]
    notes = row_notes(result.rows)
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        ends = following is None or is_reference(following) != is_reference(row)
        ends = ends or (bool(result.parts) and name_of(following).map != name_of(row).map)
        named = label(row) + superscript(notes.get(row.get(NOTE), ""))
        table.add_row(named, *(_cell(row, column) for column in shown()), end_section=ends)
    lines = printed(table, width=WIDTH)
    if notes:
        lines += ["", *(f"{superscript(number)} {text}" for text, number in notes.items())]
    about = [result.dataset.note] if result.dataset.note else []
    return "\n".join([*lines, "", answer(result), *about, "", *legend(result), ""])


def _cell(row, column):
    key = column.key
    text = decimals(row[key]) + MARKS[side(row, column)]
    if key in WITH_INTERVAL and not np.isnan(row[key]):
        text += f"\n{decimals(row[f'{key}_low'], 3)} to {decimals(row[f'{key}_high'], 3)} "
    return text


def legend(result):
    """What the rows, marks and units of the table mean, a line each."""
    dataset = result.dataset
    lines = [
        f"{dataset.label}: {dataset.report}; fingerprint {dataset.fingerprint[:12]}",
        f"{marks_mean()}; p < {SIGNIFICANT} (Wilcoxon's signed-rank test, Holm's correction over "
        f"the rows{' of a condition' if result.parts else ''})",
        REWARDED,
        *_of_few(result),
        *_of_uniform(result.rows),
        "IG in bits per fixation over the centre bias with a uniform share (1/(m + 1) of m other "
        "images or 20/(n + 20) of their n fixations, the larger), KL in nats; second lines: 95 % "
        "bootstrap intervals over images",
        *ceiling.lines(result),
        *_of_groups(dataset),
        *_of_parts(dataset, result.parts),
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


def _of_groups(dataset):
    """What groups do to intervals and tests, and what they do not to negatives; maybe nothing."""
    if not dataset.grouped:
        return []
    told = [example.group for example in dataset]
    count, units = len(set(told) - {None}), len(set(group_codes(told)))
    few = "; of so few, intervals come out too narrow" if units < FEW_GROUPS else ""
    return [
        f"{_units(count, 'group')} of images: intervals draw a group as a whole, and tests take "
        "its mean; negatives and centre bias of an image are all other images, those of its group "
        f"too{few}"
    ]


def _of_parts(dataset, parts):
    """What each condition is, a line each, and how far they compare; nothing without."""
    if not parts:
        return []
    told = [
        f"{name}: {_gaze(part.report)}; fingerprint {part.fingerprint[:12]}"
        for name, part in parts.items()
    ]
    silent = dataset.report.points - sum(part.report.points for part in parts.values())
    if silent:
        silent = f"{_units(silent, 'fixation')} {_are(silent)}"
        told.append(f"{silent} under none of these conditions, and not scored")
    own = [name for name in REFERENCES if name != UNIFORM]
    return [
        *told,
        f"{', '.join(own)} and the negatives are those of each condition: a score depends on how "
        "alike people look under it and on how many they are, so hold it against its own "
        f"{SINGLE_OBSERVER} and {GOLD_STANDARD}",
    ]


def _gaze(report):
    """How much gaze there is, from a `ReadingReport`."""
    images = report.images - report.images_without_fixations
    whose = f"{_units(report.points, 'fixation')} of {_units(report.viewers, 'viewer')}"
    return f"{whose} on {_units(images, 'image')}"


def _of_few(result):
    """That no test can tell anything over so few images or groups of them; maybe nothing."""
    made = []
    for part, rows in _by_condition(result):
        count, family = _independent(result, part), int(rows["s_auc_p"].notna().sum())
        least = min(1.0, family * 2.0 ** (1 - count))
        if least >= SIGNIFICANT:
            grouped = result.dataset.grouped
            few = f"{_units(count, 'group')} of images" if grouped else _units(count, "image")
            few += f" under {part}" if part else ""
            made.append(
                f"Note: {few} {_are(count)} too few to tell {family} rows from chance: p cannot be "
                f"below {decimals(least, 2)}"
            )
    return made


def _of_uniform(rows):
    """Where a map that tells nothing gains over the centre bias, a line each; maybe nothing."""
    above = rows[(rows["model"] == UNIFORM) & (rows["ig"] > 0)]
    return [
        f"Note: {label(row)} has {decimals(row['ig'], 2)} bits of IG and tells nothing: this "
        f"centre bias is worse than none, so hold IG and its share against those of {UNIFORM}"
        for _, row in above.iterrows()
    ]


def _units(count, name):
    """A count and what is counted, in the plural but for one."""
    return f"{count} {name}{'' if count == 1 else 's'}"


def _are(count):
    return "is" if count == 1 else "are"


def _by_condition(result):
    """Pairs of a condition, "" of an audit of all together, and its rows."""
    if not result.parts:
        return [("", result.rows)]
    return list(result.rows.groupby("condition", sort=False))


def _independent(result, part):
    """Images with gaze, or groups of them where there are some, that a test is over."""
    seen = [e for e in result.parts.get(part, result.dataset) if len(e.points)]
    return len(set(group_codes([e.group for e in seen]))) if result.dataset.grouped else len(seen)


def answer(result):
    """The audit in a sentence: which map agrees best with gaze, and what to hold it against.

    No map is called best that is not better than chance.
    """
    if not result.parts:
        return f"By s-AUC, {_best(result.rows)}. Chance is 0.500{_beside(result.rows)}."
    return f"By s-AUC, {'; '.join(answers(result))}. Chance is 0.500."


def answers(result):
    """What `answer` says of each condition, a part of a sentence; of all together none."""
    if not result.parts:
        return []
    return [f"under {part}, {_best(rows)}{_beside(rows)}" for part, rows in _by_condition(result)]


def _beside(rows):
    """What people's own gaze scores, to be said after what a map does; "" where none is told."""
    named = {
        SINGLE_OBSERVER: "a single observer's density scores",
        GOLD_STANDARD: "the gold standard is",
    }
    scores = {told: rows.loc[rows["model"] == name, "s_auc"].item() for name, told in named.items()}
    return "".join(f", {told} {decimals(s, 3)}" for told, s in scores.items() if not np.isnan(s))


def _best(rows):
    """Which of the audited rows agrees best with gaze, if one is better than chance."""
    made = ranked(rows)
    better = [row for row in made if row.get("s_auc_side") == "better"]
    highest = f"{name_of(made[0]).map}: {_with_interval(made[0])}"
    if not better:
        below = ", below chance" if made[0].get("s_auc_side") == "worse" else ""
        return (
            f"no map agrees with gaze better than chance, as far as {made[0]['images']} images "
            f"tell; the highest is {highest}{below}"
        )
    best = f"{name_of(better[0]).map} agrees best with gaze: {_with_interval(better[0])}"
    if better[0] is made[0]:
        return best
    return f"{best}; {highest} is higher, but not told from chance"


def _with_interval(row):
    low, high = decimals(row["s_auc_low"], 3), decimals(row["s_auc_high"], 3)
    return f"{decimals(row['s_auc'], 3)} [{low}, {high}]"
