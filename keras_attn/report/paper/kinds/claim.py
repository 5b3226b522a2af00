"""The protocol of claims: parts that speak for a claim or against it, each of comparisons.

A kind of claim is a subclass of `Claim` that says what its parts are; all else follows from them.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from keras_attn.errors import InputError, listing, one_of
from keras_attn.registry import Registry
from keras_attn.report.numbers import listed
from keras_attn.report.paper.tables import BY_NUMBER

CLAIMS = Registry("claim")
"""All claims by name: the paper's in the order of its questions, then those of others."""

QUESTIONS = {
    "Q1": "Are automatically learned attention maps close to human attention?",
    "Q2": "Can human attention serve as a reliable and meaningful ground truth?",
    "Q3": "Is attention for correct predictions concentrated on certain image regions?",
    "Q4": "How do attention maps of different network types and depths vary?",
    "Q5": "What can help a model become closer to human attention?",
    "Q6": "Is attending to correct visual details helpful in avoiding adversarial attacks?",
    "Q7": "What is the way forward: should networks be made to look where people look?",
}
"""Those of the paper's section V, close to its words."""


@dataclass(frozen=True)
class Comparison:
    """A number that a claim makes a statement about, such as a difference of two scores.

    labels: `printed.KEYS`, "" where it is of several. better, worse: what is compared, the
    one that ought to be better first. quantity: of `quantities`, which knows the number in print
    and in rows of ours. what: what the number is, where it is not the difference of
    their scores.
    """

    labels: dict
    better: str
    worse: str
    quantity: Any
    what: str = ""

    @property
    def printed(self) -> float:
        """The number by the paper's tables, NaN where they print none."""
        # The difference of two decimals is hardly ever exact, and a margin would cut between.
        return round(self.quantity.printed(), 6)


@dataclass(frozen=True)
class ClaimPart:
    """What speaks for a claim or against it as a whole, such as a cell of a table.

    title: what it is counted under. every: whether all its comparisons have to be as claimed, or
    one of them.
    """

    title: str
    comparisons: tuple
    every: bool = True


@dataclass(frozen=True)
class Count:
    """In how many parts the paper's numbers are as it claims, and in how many the reverse."""

    title: str
    holds: int
    reverse: int
    cells: int


@dataclass(frozen=True)
class Claim(ABC):
    """A claim about attention: the paper's, or one of others, to be held against rows of runs.

    It may name attentions, backbones, datasets and columns that the paper has not. Of those it has
    a cell wherever the paper has one of its own; a cell without rows is not measured.

    Args:
        key: its name, of letters, digits and any of "_.+-".
        question: of `QUESTIONS`, such as "Q5".
        section: where the paper says it, such as "IV-A"; "" for a claim that the paper does not
            make.
        words: what it says, in our words.
        tables: numbers of the tables that it is about, such as ("V",).

    Raises:
        InputError: A field cannot be meant; the message names it.

    Example:

    >>> from keras_attn.report.paper.claims import CLAIMS
    >>> claim = CLAIMS["closest-salient"]
    >>> claim.source, claim.of_paper
    ('§IV-A, Table V', True)
    """

    registry: ClassVar = CLAIMS

    key: str
    question: str
    section: str
    words: str
    tables: tuple

    def __post_init__(self) -> None:
        self.check()
        if not self.parts():
            raise InputError("Claim.tables", "cells that it speaks of", listing(self.tables))

    def check(self) -> None:
        """Raise `InputError` for fields that cannot be meant."""
        one_of("Claim.question", self.question, tuple(QUESTIONS))
        for name in ("key", "section", "words"):
            if not isinstance(getattr(self, name), str):
                raise InputError(f"Claim.{name}", "a text", repr(getattr(self, name)))
        if isinstance(self.tables, str) or not self.tables:
            expected = "a tuple of numbers of tables, such as ('V',)"
            raise InputError("Claim.tables", expected, repr(self.tables))
        for number in self.tables:
            one_of("Claim.tables", number, tuple(BY_NUMBER))

    @property
    def name(self) -> str:
        """What it is registered under: its key."""
        return self.key

    @property
    def of_paper(self) -> bool:
        """Whether the paper makes it."""
        return bool(self.section)

    @property
    def place(self) -> str:
        """Where the paper makes it, such as "§IV-A"; "not the paper's" of any other."""
        return f"§{self.section}" if self.of_paper else "not the paper's"

    @property
    def source(self) -> str:
        """Where it is from and what it is about, such as "§V, Tables I and VII"."""
        return f"{self.place}, {named_tables(self.tables)}"

    @abstractmethod
    def parts(self) -> list[ClaimPart]:
        """The `ClaimPart`s of the claim, in the order of the paper's tables."""

    def bounds(self, comparison: Comparison) -> tuple[float, float]:
        """Between which two numbers that of a comparison lies if the claim is right.

        0 itself is not as claimed: a tie speaks neither for a claim nor against it.

        Args:
            comparison: one of the claim's own.

        Returns:
            A pair of numbers, the lower one first.
        """
        return 0.0, np.inf

    def numbers(self) -> str:
        """The paper's own numbers in words, where a count alone says too little; else ""."""
        return ""

    @property
    def margin(self) -> Mapping[str, float] | None:
        """The difference that is taken for none; None where the claim knows no such."""
        return None

    @property
    def of_itself(self) -> bool:
        """Whether it compares how far a map agrees with the very fixations that it is made of."""
        return False

    def state(self, comparison: Comparison, low: float, high: float) -> int:
        """Whether numbers of an interval are as claimed.

        Args:
            comparison: one of the claim's own.
            low: the lower end.
            high: the upper end; that of a single number is the number itself. NaN are neither as
                claimed nor the reverse.

        Returns:
            1 as claimed, −1 the reverse, 0 neither.
        """
        least, most = self.bounds(comparison)
        if high < least or low > most:
            return -1
        return int((low > least or low == least != 0) and high <= most)


def named_tables(numbers: Sequence[str]) -> str:
    """Such as "Table V", or "Tables V and VI"."""
    return f"Table{'s' if len(numbers) > 1 else ''} {listed(numbers)}"


def state_of(part, states):
    """1, −1 or 0 for a part, from those of its comparisons that are known."""
    whole = len(states) == len(part.comparisons)
    if part.every:
        return -1 if -1 in states else int(whole and all(state == 1 for state in states))
    return 1 if 1 in states else -int(whole and all(state == -1 for state in states))


def counts_of(claim):
    """The `Count` of each title; none for a claim of which the paper prints no numbers.

    Ties are neither as claimed nor the reverse. The reverse are parts of which all comparisons
    are the other way round.
    """
    by_title = {}
    for part, printed in _in_print(claim):
        states = [
            claim.state(one, value, value)
            for one, value in zip(part.comparisons, printed, strict=True)
        ]
        holds = state_of(part, states) == 1
        by_title.setdefault(part.title, []).append((holds, all(state == -1 for state in states)))
    return [
        Count(title, *(sum(column) for column in zip(*answers, strict=True)), len(answers))
        for title, answers in by_title.items()
    ]


def alike_in_print(claim):
    """In how many of a claim's parts the paper prints all numbers alike, and of how many."""
    printed = [values for _, values in _in_print(claim)]
    return sum(not any(values) for values in printed), len(printed)


def _in_print(claim):
    """Pairs of a part and the numbers of its comparisons; without parts that print none."""
    for part in claim.parts():
        values = [comparison.printed for comparison in part.comparisons]
        if not np.isnan(values).any():
            yield part, values


def shares(values, count, digits=3):
    """How many of the values are, to so many decimals, k / `count` for a whole number k."""
    if count < 1:
        raise InputError("count", "a number of examples", count)
    return sum(round(round(value * count) / count, digits) == value for value in values)
