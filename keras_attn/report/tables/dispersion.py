"""How spread attention is, and how alike, example by example: what tables IIb, IVb and IXb average.

Runs no network and knows no table's looks.
"""

import numpy as np
import pandas as pd

from keras_attn.evaluation.rows import MAPS, NETWORK, TRUNK
from keras_attn.metrics.dispersion import with_others
from keras_attn.report.naming import order
from keras_attn.report.paper.tables import DISPERSION, TABLES
from keras_attn.report.rows.results import of_networks, read
from keras_attn.report.rows.samples import sample

ENTROPY, LIKENESS = DISPERSION
LABELS = ("table", "dataset", *TRUNK, "attention", "subset", "id")
"""The columns that say which example of which network and subset a row is about."""


def per_example(folders):
    """The two measures of each example in each subset: a DataFrame of LABELS, entropy, cc_others.

    folders: as for `results.read`, or what it returned. entropy: 0 to 1, its mean over the seeds.
    cc_others: −1 to 1, the mean CC of its map with those of the others of the subset, made by the
    same trained network; so that an example has another one in each subset. NaN where there is
    none. Without a row where no evaluation has what they are made from.
    """
    results, parts = read(folders), []
    networks = results.rows[of_networks(results.rows)][["task", "dataset", *NETWORK]]
    every = networks.drop_duplicates().to_dict("records")
    for labels in sorted(every, key=lambda own: order(**own)):
        for table in (one for one in TABLES if one.ours and one.task == labels["task"]):
            for subset in table.subsets:
                measured = sample(results, subset=subset, **labels)
                values = {m.key: pd.Series(measured.values(m), measured.ids(m)) for m in DISPERSION}
                about = labels | {"table": table.number, "subset": subset.key}
                parts.append(pd.DataFrame(values).rename_axis("id").reset_index().assign(**about))
    columns = [*LABELS, ENTROPY.key, LIKENESS.key]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def by_row(results):
    """The `cc_others` of each row of `Results` with all others of its network, fold and seed."""
    likeness = np.full(len(results.rows), np.nan)
    maps = results.arrays.get(MAPS)
    if maps is None or not maps.size:
        return likeness
    there = ~np.isnan(maps).all(axis=1)
    who = results.rows.loc[there, ["task", "dataset", *NETWORK, "fold", "seed"]]
    for places in who.groupby(list(who), dropna=False, sort=False).indices.values():
        own = np.flatnonzero(there)[places]
        likeness[own] = with_others(np.nan_to_num(maps[own]))
    return likeness
