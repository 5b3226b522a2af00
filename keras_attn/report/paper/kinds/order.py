"""Claims of an order: in every cell each of some has a better score than each of others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from keras_attn.errors import InputError, listing, one_of
from keras_attn.mechanisms import NAMED
from keras_attn.report.paper.kinds.cells import cells_of
from keras_attn.report.paper.kinds.claim import Claim, ClaimPart, Comparison
from keras_attn.report.paper.kinds.quantities import ScoreDifference
from keras_attn.report.paper.tables import BY_NUMBER, metric_of

AXES = ("attention", "backbone", "fusion", "subset")
"""What a claim may compare; all else of a cell is then the same."""


@dataclass(frozen=True)
class Order(Claim):
    """That in every cell each of `better` has a better number than each of `worse`.

    Args:
        key: its name, of letters, digits and any of "_.+-".
        question: of `QUESTIONS`, such as "Q5".
        section: where the paper says it, such as "IV-A"; "" for a claim that the paper does not
            make.
        words: what it says, in our words.
        tables: numbers of the tables that it is about, such as ("V",).
        axis: what is compared, the one of `AXES` that the next two are values of.
        better: values that ought to have the better numbers.
        worse: values that ought to have the worse ones.
        where: values by label that the cells are limited to.
        by: the label that cells are counted by.

    Raises:
        InputError: A field cannot be meant; the message names it.

    Example:

    >>> from keras_attn.report.paper.claims import Order
    >>> claim = Order(
    ...     "mine", "Q5", "", "Supervised attention is closer to gaze than softmax", ("V",),
    ...     axis="attention", better=("supervised",), worse=("softmax",),
    ... )
    >>> claim.pairs
    [('supervised', 'softmax')]
    """

    axis: str
    better: tuple
    worse: tuple
    where: Mapping = field(default_factory=dict)
    by: str = "metric"

    every: ClassVar[bool] = True
    """Whether a cell needs all of its comparisons, or one."""

    def check(self) -> None:
        """Raise `InputError` for an axis that is none, and for names that are on both sides."""
        super().check()
        one_of("Claim.axis", self.axis, AXES)
        if taken := {"table", self.axis} & set(self.where):
            expected = "labels other than that of the tables and the axis"
            raise InputError("Claim.where", expected, listing(taken))
        for name in ("better", "worse"):
            if isinstance(getattr(self, name), str):
                expected = "a tuple of names, such as ('human',)"
                raise InputError(f"Claim.{name}", expected, repr(getattr(self, name)))
        if not self.better or not self.worse or set(self.better) & set(self.worse):
            received = f"{self.better} and {self.worse}"
            raise InputError("Claim.better, worse", "names that are in one of the two", received)

    @property
    def pairs(self) -> list[tuple[Any, Any]]:
        """The values of the axis that are compared, the one that ought to be better first."""
        return [(one, other) for one in self.better for other in self.worse]

    @property
    def of_itself(self) -> bool:
        """Whether it compares how far a map agrees with the very fixations that it is made of."""
        gaze = any(BY_NUMBER[number].about_gaze for number in self.tables)
        made_of_gaze = {m.name for m in NAMED.values() if m.takes_gaze}
        return gaze and self.axis == "attention" and bool(made_of_gaze & set(self.better))

    def parts(self) -> list[ClaimPart]:
        """A `ClaimPart` for each cell."""
        limits = {"table": self.tables, **self.where}
        return [
            ClaimPart(title_of(self.by, cells), tuple(self._compared(cells)), self.every)
            for cells in cells_of(self.axis, (*self.better, *self.worse), **limits)
        ]

    def _compared(self, cells):
        for one, other in self.pairs:
            labels = {**cells[one].labels, self.axis: ""}
            yield Comparison(labels, one, other, ScoreDifference(cells[one], cells[other]))


def title_of(label, cells):
    """What cells are counted under: a metric in print, or another label as it is."""
    labels = next(iter(cells.values())).labels
    return metric_of(labels["metric"]).title if label == "metric" else labels[label]
