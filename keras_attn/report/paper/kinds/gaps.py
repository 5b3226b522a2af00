"""Claims that human attention is ahead of artificial attention by less in one task than others."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from keras_attn.errors import InputError, listing
from keras_attn.report.numbers import decimals
from keras_attn.report.paper.kinds.cells import cells_of
from keras_attn.report.paper.kinds.claim import Claim, ClaimPart, Comparison
from keras_attn.report.paper.kinds.quantities import Composite, Less
from keras_attn.report.paper.printed import KEYS
from keras_attn.report.paper.tables import BY_NUMBER


@dataclass(frozen=True)
class NarrowGap(Claim):
    """That the mean gap between an attention and the best of others is narrower in the first table.

    The gap is by how much the score of `ahead` is above the highest one of `behind` on a trunk, its
    mean over trunks and datasets.

    Args:
        key: its name, of letters, digits and any of "_.+-".
        question: of `QUESTIONS`, such as "Q5".
        section: where the paper says it, such as "IV-A"; "" for a claim that the paper does not
            make.
        words: what it says, in our words.
        tables: numbers of the first, and of those that it is compared with.
        ahead: name of an attention.
        behind: names of others.

    Raises:
        InputError: A field cannot be meant; the message names it.

    Example:

    >>> from keras_attn.report.paper.claims import NarrowGap
    >>> claim = NarrowGap(
    ...     "mine", "Q4", "", "Birds are looked at as people do most", ("VIII", "V"),
    ...     ahead="human", behind=("softmax", "sigmoid"),
    ... )
    >>> len(claim.parts()) > 0
    True
    """

    ahead: str
    behind: tuple

    def check(self) -> None:
        """Raise `InputError` for a single table, and as of any claim."""
        super().check()
        if len(self.tables) < 2:
            expected = "a table, and those that it is compared with"
            raise InputError("Claim.tables", expected, listing(self.tables))

    @property
    def of_itself(self) -> bool:
        """It compares how far human maps agree with the very fixations that they are made of."""
        return True

    def parts(self) -> list[ClaimPart]:
        """A `ClaimPart` for each metric and other table."""
        first, *others = self.tables
        parts = []
        for metric, other in product(self._metrics(), others):
            labels = dict.fromkeys(KEYS, "") | {"table": f"{first} and {other}", "subset": "all"}
            labels |= {"metric": metric.key}
            gaps = Less(self._gap(other, metric.key), self._gap(first, metric.key))
            names = (f"Table {first}", f"Table {other}")
            what = f"gap in Table {other} − in Table {first}"
            parts.append(ClaimPart(metric.title, (Comparison(labels, *names, gaps, what),)))
        return parts

    def numbers(self) -> str:
        """Such as "mean gaps: s-AUC 0.175 in VI, 0.109 in V, 0.163 in VIII"."""
        gaps = []
        for metric in self._metrics():
            sizes = [
                f"{decimals(self._gap(number, metric.key).printed(), 3)} in {number}"
                for number in self.tables
            ]
            gaps.append(f"{metric.title} {', '.join(sizes)}")
        return f"mean gaps: {'; '.join(gaps)}"

    def _metrics(self):
        """Those that the first table has numbers of, in its order."""
        cells = cells_of("attention", (self.ahead,), table=self.tables[:1], subset=("all",))
        seen = {own[self.ahead].labels["metric"] for own in cells}
        return [one for one in BY_NUMBER[self.tables[0]].metrics if one.key in seen]

    def _gap(self, table, metric):
        names = (self.ahead, *self.behind)
        blocks = cells_of("attention", names, table=(table,), metric=(metric,), subset=("all",))
        return Composite(tuple(tuple(cells[name] for name in names) for cells in blocks), _gap)


def _gap(blocks):
    return np.mean([own[..., 0] - own[..., 1:].max(axis=-1) for own in blocks], axis=0)
