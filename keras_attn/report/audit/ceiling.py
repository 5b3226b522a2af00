"""What an audit says of the ceiling: what it is made of, and why there may be none."""

import numpy as np

from keras_attn.evaluation.rows import CENTRE, GOLD_STANDARD
from keras_attn.metrics import gold_standard
from keras_attn.metrics.columns import further

NO_VIEWERS = f"none, and no IG share: no image has {gold_standard.TOLD_APART}"
MADE = "of each viewer's fixations the score of the density of all others"
CHOSEN = "chosen once by the likelihood of each viewer's fixations under the others'"
NOTHING_TOLD = f"none, and no IG share: {gold_standard.TELLS_NOTHING}"
NOT_ABOVE = (
    "is not above 0 beyond chance: what others look at tells nothing that a share could be of"
)
NO_DENSITIES = (
    "CC, SIM and KL have no ceiling: they compare a map with the density of all viewers, and the "
    "viewer who was left out is one"
)


def lines(result):
    """A line on the ceiling of each condition of an `AuditResult`, and one on its dashes."""
    made = [
        f"{GOLD_STANDARD}{f', {name}' if name else ''}: {_told(_rows(result.rows, name), mixture)}"
        for name, mixture in result.ceilings.items()
    ]
    there = result.rows.loc[result.rows["model"] == GOLD_STANDARD, "images"].any()
    return [*made, NO_DENSITIES, *_further()] if there else made


def _further():
    """A line on metrics of plug-ins that have no ceiling, or none."""
    titles = [column.title for column in further() if column.ceiling is None]
    return [f"without a ceiling of its own: {', '.join(titles)}"] if titles else []


def _rows(rows, condition):
    own = rows[rows["condition"] == condition] if condition else rows
    return own.set_index("model")


def _told(rows, mixture):
    if mixture is not None and not mixture.tells:
        return NOTHING_TOLD
    row, every = rows.loc[GOLD_STANDARD], rows.loc[CENTRE, "images"]
    seen = int(row["images"])
    if not seen:  # other images of the whole, which the mixture is of, may have several
        return NO_VIEWERS
    over = "" if seen == every else f", over the {seen} of {every} images with several viewers"
    told = f"{MADE} ({mixture}; {CHOSEN}){over}"
    if np.isnan(row["ig_share"]):
        return f"{told}; no IG share, for its IG {NOT_ABOVE}"
    return f"{told}; IG share: mean IG over that of {GOLD_STANDARD}, of the same images"
