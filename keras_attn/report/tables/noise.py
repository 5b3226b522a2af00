"""Which numbers of a column cannot be told from its best one. Knows no table's looks."""

import numpy as np
import pandas as pd

from keras_attn.evaluation.rows import TRUNK
from keras_attn.mechanisms import NO_ATTENTION
from keras_attn.report.paper.printed import KEYS
from keras_attn.report.paper.tables import BY_NUMBER
from keras_attn.report.rows.contrasts import between
from keras_attn.statistics import holm

BEHIND = ("behind", "behind_low", "behind_high", "behind_p", "within_noise")
"""Of a cell: the difference to the best of its column, its interval and p, and what they say."""
NOT_COMPARED = (np.nan, np.nan, np.nan, np.nan, None)
LEVEL = 0.05
"""How often a whole column without differences may have a number that is told from the best."""


def beside_the_best(cells, results):
    """The cells with the columns BEHIND, which are empty for the best ones.

    cells: a DataFrame of KEYS and value. results: the `Results` that they are of.
    within_noise: whether the interval of the difference, of a level of 1 − LEVEL / k in a column of
    k + 1 numbers (Bonferroni), reaches 0, or p, after Holm's correction in the column, is not below
    LEVEL. None without an example that both were scored on.
    """
    bare, found = cells["attention"] == NO_ATTENTION, {}
    # As in print: networks without attention stand below each other.
    for part, axis in ((cells[~bare], ("attention",)), (cells[bare], TRUNK)):
        for _, column in part.groupby([key for key in KEYS if key not in axis], sort=False):
            metric = BY_NUMBER[column["table"].iloc[0]].metric(column["metric"].iloc[0])
            if metric.neutral:  # none is the best
                continue
            best = column["value"].idxmax() if metric.higher_is_better else column["value"].idxmin()
            rest = column.drop(best)
            made = _behind(metric, column.loc[best], rest, results)
            found |= dict(zip(rest.index, made, strict=True))
    rows = [found.get(place, NOT_COMPARED) for place in cells.index]
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
