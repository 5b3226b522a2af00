"""The sentences under a table of the study: what was counted, what bounds it, what to know."""

import numpy as np

from keras_attn.datasets import origin
from keras_attn.evaluation.rows import (
    CEILING_NOTE,
    CENTRE,
    NETWORK,
    RANKING,
    SINGLE_OBSERVER,
    TRUNK,
)
from keras_attn.mechanisms import NAMED
from keras_attn.metrics.recognition import top_average_precision
from keras_attn.report.naming import dataset_title, order, trunk_title
from keras_attn.report.numbers import decimals, p_value
from keras_attn.report.rows.contrasts import TESTS, paired_test
from keras_attn.report.rows.ranking import ranking_of
from keras_attn.report.rows.results import groups_of
from keras_attn.report.tables import ceilings, floors
from keras_attn.report.tables.parts import GAZE
from keras_attn.statistics import bootstrap_interval, holm

NOISE = "≈"
"""Behind a number that cannot be told from the best of its column."""
OVER_SEEDS = "Intervals are over these seeds as well."
SELF_SCORED = (
    "Explicit ({name}) scores a density on the very fixations it was made from: a bound set by "
    "blur and resolution, not a ceiling."
)


def lines(table, results, cells, top):
    """All sentences under a `parts.Table`.

    cells: those of networks that it shows. top: those of the ceiling, by dataset.
    """
    rows = results.rows[(results.rows["task"] == table.task).to_numpy()]
    datasets = list(dict.fromkeys(cells["dataset"]))
    unmeasured = _unmeasured(rows[rows["dataset"].isin(datasets).to_numpy()], cells)
    rows = rows[_shown(rows, cells)]
    shown = [rows[(rows["dataset"] == dataset).to_numpy()] for dataset in datasets]
    sentences = list(table.about)
    sentences += [_counts(table, part) for part in shown]
    sentences += [_noise(table)] if cells["within_noise"].notna().any() else []
    sentences += floors.sentences(table, results, cells)
    if table.mixed:
        sentences += [_intervals(table, part) for part in shown]
    if table.ceiling:
        parts = ((name, cells[cells["dataset"] == name]) for name in datasets)
        sentences += [
            ceilings.legend(dataset_title(name), top[name], own, table.unit) for name, own in parts
        ]
        sentences += [sentence for part in shown for sentence in _single_observer(table, part)]
    if table.paired:
        tested = [metric for metric in table.metrics if metric.per_example]
        sentences += [s for part in shown for m in tested for s in _paired(table, part, m)]
    sentences += [_top(results, part) for part in shown if _ranked(table, part)]
    if table.about_gaze:
        gaze = [n for n, m in NAMED.items() if m.takes_gaze and n in set(cells["attention"])]
        sentences += [SELF_SCORED.format(name=name) for name in gaze]
    pairs = set(zip(map(origin.name_of, cells["dataset"]), cells["backbone"], strict=True))
    sentences += [r.sentence for r in table.remarks if (r.dataset, r.backbone) in pairs]
    sentences += [sentence for part in shown for sentence in _differences(table, part)]
    sentences += unmeasured if table.ours else []
    notes = _notes(results.notes, table.task, datasets)
    notes += _notes(results.gaze_notes, table.task, datasets) if table.about_gaze else []
    # That of the ceiling is of no use where it is not shown.
    return (*sentences, *(one for one in notes if table.ceiling or CEILING_NOTE not in one))


def _shown(rows, cells):
    """Whether each row is part of a cell, or a reference; networks without attention may not be."""
    labels = ["dataset", *NETWORK]
    groups = set(cells[labels].itertuples(index=False, name=None))
    networks = rows[labels].itertuples(index=False, name=None)
    return np.array([row in groups or row[1] == "" for row in networks])


def _unmeasured(rows, cells):
    """The networks with attention whose evaluations have nothing of what a table is made from."""
    rows = _networks(rows)
    rows = rows[~_shown(rows, cells) & rows["s_auc"].notna().to_numpy()]
    missing = rows[["dataset", *NETWORK]].drop_duplicates().sort_values(["dataset", *NETWORK])
    named = [f"{dataset_title(d)} {trunk_title(b, f)} {a}" for d, b, f, a in missing.to_numpy()]
    if not named:
        return []
    return [
        f"Note: not measured in evaluations of an earlier version: {', '.join(named)}; evaluate "
        "them anew (keras-attn evaluate)."
    ]


def _networks(rows):
    return rows[(rows["backbone"] != "").to_numpy()]


def _dataset(rows):
    return rows["dataset"].iloc[0]


def _ranked(table, rows):
    return [metric for metric in table.metrics_of(_dataset(rows)) if metric.ranked]


def _counts(table, rows):
    """How many examples, folds and seeds the numbers of a dataset come from."""
    rows = _networks(rows)
    grouped = rows.groupby(list(NETWORK))
    images, seeds = grouped["id"].nunique(), grouped["seed"].nunique()
    parts = [_span(images, table.unit)]
    if groups := groups_of(rows):
        count = len(set(groups.values()))
        parts.append(f"{count:,} groups of them, each drawn as a whole and tested by its mean")
    if table.about_gaze:
        seen = rows.dropna(subset="s_auc").groupby(list(NETWORK))["id"].nunique()
        parts.append(f"{_span(seen)} of them with fixations")
    parts += [_span(grouped["fold"].nunique(), "fold"), _span(seeds, "seed")]
    if seeds.max() > 1:
        once = f"each {table.unit} counted once for each seed"
        parts.append(once if table.pooled else f"averaged for each {table.unit} first")
        if table.mixed:
            of = [metric.title for metric in table.metrics if metric.per_example]
            parts[-1] = f"{' and '.join(of)} {parts[-1]}"
    sentence = f"{dataset_title(_dataset(rows))}: {', '.join(p for p in parts if p)}"
    sizes = [f"{s.key} {_span(images.map(s.size))}" for s in table.subsets if s.size is not None]
    sentence = f"{sentence}; {' and '.join(sizes)} {table.unit}s." if sizes else f"{sentence}."
    return f"{sentence} {OVER_SEEDS}" if seeds.max() > 1 else sentence


def _intervals(table, rows):
    """Which interval each metric of a dataset has, and what an example weighs where few are."""
    title, metrics = dataset_title(_dataset(rows)), table.metrics_of(_dataset(rows))
    kinds = {}
    for metric in metrics:
        kind = "Wilson's" if metric.proportion else "bootstrap"
        kinds.setdefault(kind, []).append(metric.title)
    named = [f"{kind} for {' and '.join(titles)}" for kind, titles in kinds.items()]
    sentence = f"{title}, intervals: {', '.join(named)}"
    count = _networks(rows).groupby(list(NETWORK))["id"].nunique().min()
    if count < 100:
        weight = f"one {table.unit} of {count} is {decimals(100 / count, 1)} points"
        sentence += "".join(f"; {weight} of {m.title}" for m in metrics if m.proportion)
    return f"{sentence}."


def _noise(table):
    """When a number is marked as one that cannot be told from the best of its column."""
    if any(subset.column for subset in table.subsets):
        drawn = f" between two sets of {table.unit}s"
        tests = dict.fromkeys(TESTS, "Mann and Whitney's test")
    else:
        drawn, tests = f" over the same {table.unit}s", TESTS
    tested = {}
    for metric in table.shown:
        if metric.per_example:
            tested.setdefault(tests[metric.proportion], []).append(metric.title)
    sentence = (
        f"{NOISE}: the interval of the difference to the best of the column{drawn}, "
        "widened for all comparisons of the column (Bonferroni), reaches 0"
    )
    for test, titles in tested.items():
        sentence += f"; or, of {' and '.join(titles)}, p of {test} (Holm) is not below 0.05"
    return f"{sentence}."


def _span(counts, word=""):
    """Counts as "5 folds" or "3 to 5 folds"; "" where all are 0."""
    low, high = counts.min(), counts.max()
    number = f"{high:,}" if low == high else f"{low:,} to {high:,}"
    plural = "" if high == 1 or not word else "s"
    return f"{number} {word}{plural}".rstrip() if high else ""


def _single_observer(table, rows):
    """What one observer's gaze says about the others', beside the centre bias; maybe nothing."""
    scores = {name: _reference(table, rows, name) for name in (SINGLE_OBSERVER, CENTRE)}
    if not scores[SINGLE_OBSERVER]:
        return []
    sentence = (
        f"{dataset_title(_dataset(rows))}, what a single person knows: one viewer's density "
        f"against the fixations of the others scores {scores[SINGLE_OBSERVER]}"
    )
    return [sentence + (f"; the centre bias {scores[CENTRE]}." if scores[CENTRE] else ".")]


def _reference(table, rows, name):
    chosen = rows[((rows["backbone"] == "") & (rows["attention"] == name)).to_numpy()]
    keys = [metric.key for metric in GAZE]
    means = chosen.groupby("id")[keys].mean().dropna()
    if means.empty:
        return ""
    numbers, groups = [], _together(rows, means.index)
    for metric in GAZE:
        values = means[metric.key].to_numpy()
        low, high = bootstrap_interval(values, groups=groups)
        interval = "" if np.isnan(low) else f" [{decimals(low, 3)}, {decimals(high, 3)}]"
        numbers.append(f"{metric.title} {decimals(values.mean(), 3)}{interval}")
    return f"{' and '.join(numbers)} ({_span(means.count(), table.unit)})"


def _together(rows, ids):
    """The groups of these examples, None where the dataset has none."""
    groups = groups_of(rows)
    return [groups.get(name) for name in ids] if groups else None


def _paired(table, rows, metric):
    """Explicit against implicit attentions on the same examples, for each trunk; maybe nothing."""
    sentences = []
    for trunk, part in _trunks(rows):
        means = part.pivot_table(index="id", columns="attention", values=metric.score)
        there = [m for m in NAMED.values() if m.name in means]
        explicit = [m.name for m in there if m.supervised or m.takes_gaze]
        pairs = [(one, m.name) for one in explicit for m in there if m.name not in explicit]
        if not pairs:
            continue
        groups = _together(rows, means.index)
        test = paired_test(metric)
        tested = holm([test(means[one], means[other], groups) for one, other in pairs])
        differences = [
            f"{one} − {other} {decimals((means[one] - means[other]).mean(), 3)}, p {p_value(p)}"
            for (one, other), p in zip(pairs, tested, strict=True)
        ]
        sentences.append(
            f"{dataset_title(_dataset(rows))}, {trunk}, differences of {metric.title} over the "
            f"same {table.unit}s ({TESTS[metric.proportion]}, Holm's correction): "
            f"{'; '.join(differences)}."
        )
    return sentences


def _trunks(rows):
    """Pairs of the title and the rows of the networks that differ in their attention alone."""
    parts = dict(list(_networks(rows).groupby(list(TRUNK))))
    for trunk in sorted(parts, key=lambda trunk: order(**dict(zip(TRUNK, trunk, strict=True)))):
        yield trunk_title(*trunk), parts[trunk]


def _top(results, rows):
    """What the code of the two-stream networks would call the mAP of a dataset's networks."""
    scores = []
    for trunk, part in _trunks(rows):
        for attention in sorted(part["attention"].unique(), key=lambda one: order(attention=one)):
            own = part[(part["attention"] == attention).to_numpy()]
            arrays = [results.arrays[name][own.index] for name in RANKING]
            score = ranking_of(own, *arrays).mean(top_average_precision)
            scores.append(f"{trunk} {attention} {decimals(score, 3)}")
    return (
        f"{dataset_title(_dataset(rows))}, the two-stream code's own score, of the first ten "
        "videos predicted as each class, which is no average precision and not comparable: "
        f"{', '.join(scores)}."
    )


def _differences(table, rows):
    """Where the attentions of a trunk cannot be compared example by example."""
    sentences = []
    for trunk, part in _trunks(rows):
        where = f"{dataset_title(_dataset(rows))}, {trunk}"
        ids = {name: set(own["id"]) for name, own in part.groupby("attention", sort=False)}
        if len(set(map(frozenset, ids.values()))) > 1:
            counts = ", ".join(f"{name} {len(own):,}" for name, own in ids.items())
            common = len(set.intersection(*ids.values()))
            sentences.append(
                f"Note: {where}: the attentions were not scored on the same {table.unit}s "
                f"({counts}; {common:,} in common)."
            )
        several = part.groupby(["attention", "id"])["fold"].nunique().gt(1)
        if several.any():
            count = several[several].index.get_level_values("id").nunique()
            counted = f"{count:,} {table.unit}{' was' if count == 1 else 's were'}"
            sentences.append(f"Note: {where}: {counted} scored in several folds, here averaged.")
    return sentences


def _notes(notes, task, datasets):
    """The notes of the runs; those that only some of the datasets have, with their names."""
    by_sentence = {}
    for dataset in datasets:
        for sentence in notes.get((task, dataset), ()):
            by_sentence.setdefault(sentence, []).append(dataset_title(dataset))
    sentences = []
    for sentence, named in by_sentence.items():
        clear = len(named) == len(datasets) or all(
            origin.name_of(name) in sentence for name in named
        )
        sentences.append(f"Note: {sentence}" if clear else f"Note: {', '.join(named)}: {sentence}")
    return sentences
