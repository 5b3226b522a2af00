"""One audit by condition: the parts of a dataset that maps are scored against, and how they differ.

Maps are made once for each image; negatives, centre bias and ceilings are those of each part.
"""

from dataclasses import replace

import numpy as np

from keras_attn.audits.against_chance import corrected_in
from keras_attn.datasets import conditions
from keras_attn.errors import InputError, listing
from keras_attn.evaluation.rows import DIFFERENCE, ENDS, REFERENCES, STUDY, TEST
from keras_attn.statistics import bootstrap_interval, mean_of_seen, paired_direction, paired_p

MOST = 12
"""Conditions of an audit: of more no table can be read."""


def parts_of(dataset, by, where=None):
    """`{"task=search": its dataset}` for each value of the column `by` of fixations.csv.

    where: the values by column that `dataset` was chosen by; those of `by` come in that order, and
    else in theirs. Fixations without a value are of no part. `InputError` where there is no such
    column, or fewer than two values.
    """
    known = conditions.values(dataset)
    if not isinstance(by, str) or by not in known:
        there = listing(conditions.told(dataset))
        expected = f"a further column of fixations.csv; of few values there are: {there}"
        raise InputError("by", expected, repr(by))
    chosen = where[by] if where and by in where else ()
    first = conditions.fitting_texts(by, conditions.several(chosen), known) if chosen else []
    named = [value for value in dict.fromkeys([*first, *known[by]]) if value]
    if not 2 <= len(named) <= MOST:
        expected = f"a column with 2 to {MOST} values (where, or --where, chooses some of many)"
        raise InputError(f"by {by!r}", expected, f"{len(named)}: {listing(named, 4)}")
    return {f"{by}={value}": dataset.where(**{by: value}) for value in named}


def check_parts(parts):
    """Refuse a dataset, or a part of one, that has too little gaze to compare."""
    for part in parts.values():
        seen = sum(len(example.points) > 0 for example in part)
        if seen < 2:
            expected = "at least two images with fixations: s-AUC and IG compare with the others"
            raise InputError(f"dataset {part.name!r}", expected, seen)


def add_differences(rows, scores, keys, groups):
    """Add to each row of a further condition what it is above the same map's of the first.

    Columns `<key>_difference`, `_difference_low`, `_high`, `_p` and `_side` for STUDY, over the
    images with gaze under both; p is Wilcoxon's, Holm-corrected over the audited maps and
    conditions, and apart over the references. scores: `{RowName: (images, keys)}`.
    """
    first = rows["condition"].iloc[0]
    for key in STUDY:
        found = [_difference(name, scores, keys.index(key), first, groups) for name in scores]
        rows[[f"{key}{DIFFERENCE}{end}" for end in (*ENDS, *TEST)]] = np.array(found)
        references = rows["model"].isin(REFERENCES)
        corrected_in(rows, (references, ~references), f"{key}{DIFFERENCE}")


def _difference(name, scores, place, first, groups):
    if name.condition == first:
        return [*[np.nan] * 4, 0]
    values = scores[name][:, place]
    others = scores[replace(name, condition=first)][:, place]
    apart = values - others
    low, high = bootstrap_interval(apart, groups=groups)
    p, side = paired_p(values, others, groups), paired_direction(values, others, groups)
    return [mean_of_seen(apart), low, high, p, side]
