"""Claims of consistency: over all cells together one attention has the best mean rank."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from keras_attn.report.numbers import decimals
from keras_attn.report.paper.kinds.cells import cells_of, common
from keras_attn.report.paper.kinds.claim import Claim, ClaimPart, Comparison
from keras_attn.report.paper.kinds.quantities import Composite


@dataclass(frozen=True)
class Consistent(Claim):
    """That the mean rank of one attention over all cells is better than that of each other.

    Args:
        key: its name, of letters, digits and any of "_.+-".
        question: of `QUESTIONS`, such as "Q5".
        section: where the paper says it, such as "IV-A"; "" for a claim that the paper does not
            make.
        words: what it says, in our words.
        tables: numbers of the tables that it is about, such as ("V",).
        steady: name of the attention; the first rank is the best, ties share one.
        others: names of those that it is compared with.

    Raises:
        InputError: A field cannot be meant; the message names it.

    Example:

    >>> from keras_attn.report.paper.claims import Consistent
    >>> claim = Consistent(
    ...     "mine", "Q5", "", "Supervised attention is the closest most consistently", ("VI",),
    ...     steady="supervised", others=("softmax", "sigmoid"),
    ... )
    >>> len(claim.parts())
    2
    """

    steady: str
    others: tuple

    def parts(self) -> list[ClaimPart]:
        """A `ClaimPart` for each other attention."""
        blocks, names = self._blocks(), (self.steady, *self.others)
        labels = common(cell for block in blocks for cell in block) | {"attention": ""}
        parts = []
        for place, other in enumerate(names[1:], 1):
            what = f"mean rank of {other} − of {self.steady}"
            lead = Composite(blocks, _lead(place))
            parts.append(
                ClaimPart(
                    "rivals with a worse mean rank",
                    (Comparison(labels, self.steady, other, lead, what),),
                )
            )
        return parts

    def numbers(self) -> str:
        """Such as "mean ranks over 8 cells: supervised 2.1 (worst 3), softmax 2.5 (worst 4)"."""
        ranks = np.array([_ranks(np.array([c.printed for c in own])) for own in self._blocks()])
        ranked = [
            f"{name} {decimals(own.mean(), 1)} (worst {own.max():g})"
            for name, own in zip((self.steady, *self.others), ranks.T, strict=True)
        ]
        return f"mean ranks over {len(ranks)} cells: {', '.join(ranked)}"

    def _blocks(self):
        names = (self.steady, *self.others)
        blocks = cells_of("attention", names, table=self.tables)
        return tuple(tuple(cells[name] for name in names) for cells in blocks)


def _ranks(values):
    """Ranks along the last axis, 1 for the highest."""
    # What differs by the rounding of float32 alone shall share a rank.
    return rankdata(-np.round(values, 6), axis=-1)


def _lead(place):
    """A function: by how much the first attention's mean rank is better than that at a place."""

    def lead(blocks):
        ranks = [_ranks(values) for values in blocks]
        return np.mean([own[..., place] - own[..., 0] for own in ranks], axis=0)

    return lead
