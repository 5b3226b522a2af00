"""Claims that the attentions which agree better with gaze are those that do better at the task."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from keras_attn.errors import InputError, listing
from keras_attn.evaluation.rows import TRUNK
from keras_attn.report.naming import dataset_title
from keras_attn.report.numbers import decimals
from keras_attn.report.paper.kinds.cells import cells_of, common
from keras_attn.report.paper.kinds.claim import Claim, ClaimPart, Comparison
from keras_attn.report.paper.kinds.quantities import Crossed
from keras_attn.report.paper.tables import BY_NUMBER, metric_of


@dataclass(frozen=True)
class Correlated(Claim):
    """That scores and agreement with gaze correlate above 0 within trunks, on every dataset.

    The mean of each trunk is taken out first, since a better backbone says nothing of attention;
    then it is Spearman's ρ over all networks of a dataset.

    Args:
        key: its name, of letters, digits and any of "_.+-".
        question: of `QUESTIONS`, such as "Q5".
        section: where the paper says it, such as "IV-A"; "" for a claim that the paper does not
            make.
        words: what it says, in our words.
        tables: that of the scores and that of the agreement.
        attentions: names of those that are compared.

    Raises:
        InputError: A field cannot be meant; the message names it.

    Example:

    >>> from keras_attn.report.paper.claims import Correlated
    >>> claim = Correlated(
    ...     "mine", "Q5", "", "Networks that look where people look score higher", ("I", "V"),
    ...     attentions=("softmax", "sigmoid", "supervised"),
    ... )
    >>> len(claim.parts()) > 0
    True
    """

    attentions: tuple

    def check(self) -> None:
        """Raise `InputError` for other than two tables, and as of any claim."""
        super().check()
        if len(self.tables) != 2:
            expected = "two tables, that of the scores and that of the agreement"
            raise InputError("Claim.tables", expected, listing(self.tables))

    def parts(self) -> list[ClaimPart]:
        """A `ClaimPart` for each dataset, metric of the task and metric of agreement."""
        parts = []
        for dataset, score, gaze in self._pairs():
            blocks = self._blocks(dataset, score, gaze)
            labels = common(cell for block in blocks for cell in block)
            labels |= {"table": " and ".join(self.tables), "attention": ""}
            first, second = metric_of(score).title, metric_of(gaze).title
            what = f"ρ of {first} and {second}"
            number = Crossed(blocks, _correlation)
            parts.append(ClaimPart(second, (Comparison(labels, first, second, number, what),)))
        return parts

    def numbers(self) -> str:
        """Such as "ρ on DUT-OMRON: max F and s-AUC 0.37, max F and IG 0.51"."""
        pairs: dict[str, list[str]] = {}
        for part in self.parts():
            [one] = part.comparisons
            pair = f"{one.better} and {one.worse} {decimals(one.printed, 2)}"
            pairs.setdefault(dataset_title(one.labels["dataset"]), []).append(pair)
        return "ρ on " + "; on ".join(f"{name}: {', '.join(own)}" for name, own in pairs.items())

    def _cells(self, table):
        """`{(dataset, metric): {trunk: cells}}` of a table."""
        by_column = {}
        for cells in cells_of("attention", self.attentions, table=(table,), subset=("all",)):
            labels = cells[self.attentions[0]].labels
            trunk = tuple(labels[name] for name in TRUNK)
            own = [cells[name] for name in self.attentions]
            by_column.setdefault((labels["dataset"], labels["metric"]), {})[trunk] = own
        return by_column

    def _pairs(self):
        score, gaze = (self._cells(number) for number in self.tables)
        metrics = [metric.key for metric in BY_NUMBER[self.tables[1]].metrics]
        return [(*own, other) for own in score for other in metrics if (own[0], other) in gaze]

    def _blocks(self, dataset, score, gaze):
        """Of each trunk the cells of the scores, then those of the agreement."""
        scores = self._cells(self.tables[0])[dataset, score]
        agreement = self._cells(self.tables[1])[dataset, gaze]
        return tuple((*scores[trunk], *agreement[trunk]) for trunk in scores)


def within(scores, gaze):
    """Spearman's ρ after the mean of each trunk is taken out, which else may be all there is to it.

    scores, gaze: arrays (..., networks) of each trunk, of as many trunks. Returns (...); NaN where
    either side has no differences.
    """
    sides = []
    for values in (scores, gaze):
        left = [own - own.mean(axis=-1, keepdims=True) for own in values]
        # What differs by the rounding of float32 alone shall share a rank.
        ranks = rankdata(np.concatenate(left, axis=-1).round(6), axis=-1)
        sides.append(ranks - ranks.mean(axis=-1, keepdims=True))
    one, other = sides
    spread = np.sqrt((one**2).sum(axis=-1) * (other**2).sum(axis=-1))
    joint = (one * other).sum(axis=-1)
    return np.divide(joint, spread, out=np.full(np.shape(joint), np.nan), where=spread > 0)


def _correlation(blocks):
    half = blocks[0].shape[-1] // 2
    return within([own[..., :half] for own in blocks], [own[..., half:] for own in blocks])
