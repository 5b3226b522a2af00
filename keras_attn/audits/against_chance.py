"""Whether the rows of an audit score better or worse than chance; SIM and KL: than `centre`.

A metric whose `Column.chance` is known is tested against that value, which for IG is the baseline.
The others have no natural zero, and are tested against the centre bias on the same images.
A baseline that is worse than none, as a centre bias of few images can be, makes every dull map
gain: what is better than it counts as better where it is above `uniform` as well.
"""

import numpy as np

from keras_attn.evaluation.rows import CENTRE, FLOORS, SIDES, SIGNIFICANT, TEST, RowName
from keras_attn.metrics.columns import COLUMNS
from keras_attn.statistics import holm, paired_direction, paired_p


def test_of(column, place, name, scores, groups):
    """p of a row's metric and the direction of what is tested, as a dict of two cells.

    column, place: a `Column` and where its values are among those of `scores`, `{RowName: (images,
    keys)}`. p: not corrected; NaN of the row that others are held against. direction: 1 where the
    row is better, −1 where it is worse, 0 where its mean and the ranks of the test do not agree.
    Of what is above a metric's chance, p is the larger of that against it and against its floor.
    """
    values, centre = scores[name][:, place], RowName(CENTRE, condition=name.condition)
    known = column.chance is not None
    others = np.full(len(values), column.chance) if known else scores[centre][:, place]
    itself = name == centre and not np.nan_to_num(values - others).any()
    p = np.nan if itself else paired_p(values, others, groups)
    way = 1 if column.higher_is_better else -1
    direction = way * paired_direction(values, others, groups)
    floor = FLOORS.get(column.key)
    if floor and direction > 0:
        least = scores[RowName(floor, condition=name.condition)][:, place]
        p = max(p, paired_p(values, least, groups))
        direction = max(0, paired_direction(values, least, groups))
    return {f"{column.key}{end}": told for end, told in zip(TEST, (p, direction), strict=True)}


def correct(rows):
    """Correct the p of each metric for all rows of a condition, and tell their sides in words."""
    for column in COLUMNS:
        corrected_in(rows, rows.groupby("condition").groups.values(), column.key)


def corrected_in(rows, families, key):
    """Holm's correction of `<key>_p` in each family of rows; `<key>_side` becomes a word.

    That is one of SIDES, of which 0 is "": of a p that is not below SIGNIFICANT.
    """
    p, side = (f"{key}{end}" for end in TEST)
    for own in families:
        rows.loc[own, p] = holm(rows.loc[own, p])
    told = np.where(rows[p] < SIGNIFICANT, rows[side], 0)
    rows[side] = [SIDES[int(one)] for one in told]
