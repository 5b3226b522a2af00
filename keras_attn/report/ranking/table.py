"""The table of a ranking for the console, and the sentences that say how to read it."""

import numpy as np
from rich import box
from rich.table import Table

from keras_attn.evaluation.rows import GOLD_STANDARD, SHARE, SIGNIFICANT, is_reference, name_of
from keras_attn.metrics.columns import Heading
from keras_attn.report.audit.table import WIDTH
from keras_attn.report.console import printed
from keras_attn.report.numbers import decimals, with_interval

TIED = "≈"
"""Behind what cannot be told from the best."""
UNTOLD = "is highest by {}, but not told to be better than chance"


def headings(ranking):
    """The columns with numbers: what is ranked by, then the other metrics, IG's share behind IG."""
    told = ranking.first.conventions["metrics"]
    made = {
        key: Heading(key, one["title"], one["better"] == "higher", one["chance"])
        for key, one in told.items()
    }
    first = made.pop(ranking.metric)
    others = [(one, SHARE) if one.key == "ig" else (one,) for one in made.values()]
    shares = [SHARE] if first.key == "ig" else []
    every = [first, *shares, *(column for pair in others for column in pair)]
    return [column for column in every if ranking.rows[column.key].notna().any()]


def title(column):
    """A heading with the way that is better."""
    return f"{column.title} {'↑' if column.higher_is_better else '↓'}"


def sections(ranking):
    """Pairs of a condition, "" of audits of all gaze together, and its rows."""
    if "condition" not in ranking.rows:
        return [("", ranking.rows)]
    return list(ranking.rows.groupby("condition", sort=False))


def name(row):
    """What a row is called within its audit."""
    return str(name_of(row).map)


def place(row):
    """Its rank, with the mark of what cannot be told from the best; "" of references."""
    if is_reference(row):
        return ""
    return f"{int(row['rank'])}{TIED * bool(row['tied'] and row['rank'] > 1)}"


def behind(row):
    """How far it is behind the best, with the interval; "" of the best."""
    if row["rank"] == 1:
        return ""
    return with_interval(*(row[f"behind{end}"] for end in ("", "_low", "_high")))


def as_text(ranking):
    """The table as text, with what it is of and how to read it."""
    columns = headings(ranking)
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("rank", "audit", "map"):
        shown.add_column(heading, no_wrap=True)
    first, *others = columns
    for heading in (f"{title(first)} [95 %]", f"{first.title} behind [95 %]", *map(title, others)):
        shown.add_column(heading, justify="right", no_wrap=True)
    for condition, rows in sections(ranking):
        if condition:
            shown.add_row("", "", condition)
        for _, row in rows.iterrows():
            score = with_interval(*(row[f"{first.key}{end}"] for end in ("", "_low", "_high")))
            cells = [decimals(row[column.key], 3) for column in others]
            shown.add_row(place(row), row["audit"], name(row), score, behind(row), *cells)
        shown.add_section()
    lines = printed(shown, width=WIDTH)
    return "\n".join([*lines, "", *about(ranking), *legend(ranking), ""])


def about(ranking):
    """Which data the audits are on, and what has to be known of these."""
    data = ranking.first.data
    return [
        f"{data['label']}: {data['reading']}; fingerprint {data['fingerprint'][:12]}",
        *([data["note"]] if data.get("note") else []),
    ]


def legend(ranking):
    """How to read the ranking, a line each."""
    first = headings(ranking)[0]
    return [
        f"ranked by {first.title}; behind: what the best map scores more over the same images, "
        "with its 95 % bootstrap interval",
        f"{TIED} cannot be told from the best, p ≥ {SIGNIFICANT} (Wilcoxon's signed-rank test over "
        "images, Holm's correction over the maps below it); that says nothing of two others",
        "the best of many maps is a little too good: which one it is was chosen on these images",
        f"rows without a rank are references; {GOLD_STANDARD} is the ceiling",
        *_notes(ranking),
    ]


def _notes(ranking):
    """What single audits tell of their models and scores."""
    for audit, one in ranking.records.items():
        for model, described in one.models.items():
            yield f"{audit}: {model}: {described}"
        yield from (f"Note of {audit}: {note}" for note in one.notes)


def best(ranking):
    """The ranking in a sentence for each condition."""
    made, first = [], headings(ranking)[0]
    for condition, rows in sections(ranking):
        ranked = rows[rows["rank"].notna()]
        top = ranked.iloc[0]
        ends = (top[f"{first.key}{end}"] for end in ("", "_low", "_high"))
        tied = int(ranked["tied"].sum()) - 1
        others = f"; {tied} of {len(ranked) - 1} others cannot be told from it" if tied else ""
        under = f"under {condition}, " if condition else ""
        told = top[f"{first.key}_side"] == "better"
        says = f"agrees best with gaze by {first.title}" if told else UNTOLD.format(first.title)
        made.append(f"{under}{name(top)} of {top['audit']} {says}: {with_interval(*ends)}{others}")
    return made


def bars(row, column):
    """Low end, mean and high end in per cent of a bar from 0 to 1; None where there are none."""
    ends = [row[f"{column.key}{end}"] for end in ("_low", "", "_high")]
    return None if np.isnan(ends).any() else [float(100 * np.clip(one, 0, 1)) for one in ends]
