"""Claims of little difference: that it lies within a margin, on one side or on both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from keras_attn.errors import InputError
from keras_attn.report.paper.kinds.claim import Comparison
from keras_attn.report.paper.kinds.order import Order

LITTLE = {"map": 0.02, "accuracy": 0.02, "max_f": 0.02, "s_auc": 0.02, "ig": 0.1}
"""By metric, differences that are taken for none; ours, since the paper names no size."""


@dataclass(frozen=True)
class _WithinMargin(Order):
    """margins: by metric, the differences that are taken for none, in its unit."""

    margins: Mapping = field(default_factory=LITTLE.copy)

    def check(self) -> None:
        """Raise `InputError` for a margin that is none or missing, and as of an order."""
        super().check()
        for name in sorted(self._metrics()):
            size = self.margins.get(name, np.nan)
            if not size > 0:
                raise InputError(f"Claim.margins, {name}", "a positive difference", size)

    def _metrics(self):
        return {one.labels["metric"] for part in self.parts() for one in part.comparisons}

    @property
    def margin(self) -> Mapping[str, float] | None:
        """The differences that are taken for none, by metric, of those that it is about."""
        return {name: self.margins[name] for name in sorted(self._metrics())}


@dataclass(frozen=True)
class Alike(_WithinMargin):
    """That in every cell each of `better` differs from each of `worse` by no more than a margin.

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
        margins: by metric, the differences that are taken for none, in its unit; above 0.

    Raises:
        InputError: A field cannot be meant; the message names it.

    Example:

    >>> from keras_attn.report.paper.claims import Alike
    >>> claim = Alike(
    ...     "mine", "Q5", "", "Supervised attention agrees with gaze as softmax does", ("V",),
    ...     axis="attention", better=("supervised",), worse=("softmax",),
    ... )
    >>> len(claim.parts()) > 0
    True
    """

    def bounds(self, comparison: Comparison) -> tuple[float, float]:
        """The margin on both sides.

        Args:
            comparison: one of the claim's own.

        Returns:
            A pair of numbers, the lower one first.
        """
        size = self.margins[comparison.labels["metric"]]
        return -size, size


@dataclass(frozen=True)
class NoBetter(_WithinMargin):
    """That in every cell each of `better` exceeds each of `worse` by no more than a margin.

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
        margins: by metric, the differences that are taken for none, in its unit; above 0.

    Raises:
        InputError: A field cannot be meant; the message names it.

    Example:

    >>> from keras_attn.report.paper.claims import NoBetter
    >>> claim = NoBetter(
    ...     "mine", "Q5", "", "Supervised attention agrees no more with gaze than softmax", ("V",),
    ...     axis="attention", better=("supervised",), worse=("softmax",),
    ... )
    >>> len(claim.parts()) > 0
    True
    """

    def bounds(self, comparison: Comparison) -> tuple[float, float]:
        """Anything below the margin.

        Args:
            comparison: one of the claim's own.

        Returns:
            A pair of numbers, the lower one first.
        """
        return -np.inf, self.margins[comparison.labels["metric"]]


@dataclass(frozen=True)
class NoWorse(_WithinMargin):
    """That in every cell each of `better` is below each of `worse` by no more than a margin.

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
        margins: by metric, the differences that are taken for none, in its unit; above 0.

    Raises:
        InputError: A field cannot be meant; the message names it.

    Example:

    >>> from keras_attn.report.paper.claims import NoWorse
    >>> claim = NoWorse(
    ...     "mine", "Q5", "", "Supervised attention agrees no less with gaze than softmax", ("V",),
    ...     axis="attention", better=("supervised",), worse=("softmax",),
    ... )
    >>> len(claim.parts()) > 0
    True
    """

    def bounds(self, comparison: Comparison) -> tuple[float, float]:
        """Anything above the margin below 0.

        Args:
            comparison: one of the claim's own.

        Returns:
            A pair of numbers, the lower one first.
        """
        return -self.margins[comparison.labels["metric"]], np.inf


@dataclass(frozen=True)
class NotTheBest(NoBetter):
    """That in every cell one of `worse` is not exceeded by more than a margin.

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
        margins: by metric, the differences that are taken for none, in its unit; above 0.

    Raises:
        InputError: A field cannot be meant; the message names it.

    Example:

    >>> from keras_attn.report.paper.claims import NotTheBest
    >>> claim = NotTheBest(
    ...     "mine", "Q5", "", "Supervised attention is not the closest to gaze", ("V",),
    ...     axis="attention", better=("supervised",), worse=("softmax",),
    ... )
    >>> len(claim.parts()) > 0
    True
    """

    every: ClassVar[bool] = False
