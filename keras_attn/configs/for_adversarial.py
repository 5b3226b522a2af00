"""What an attack on a trained classifier is: the sizes of FGSM's perturbation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from keras_attn.errors import InputError, one_of

EPSILONS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Ours, in grey levels of 255; the paper gives none."""
EPSILON = 2.0
Search = Literal["fixed", "line"]


@dataclass(frozen=True)
class Attack:
    """FGSM with true labels (§IV-C3)."""

    epsilons: tuple[float, ...] = EPSILONS
    """Sizes of the perturbation in grey levels of 255, growing."""
    epsilon: float = EPSILON
    """The one of them that the table counts."""
    search: Search = "fixed"
    """fixed: each ε; line: also the smallest of 1,000 up to 255 that changes the prediction, as
    foolbox's first releases searched it, which the table counts then."""

    def __post_init__(self) -> None:
        one_of("search", self.search, get_args(Search))
        values = tuple(map(float, self.epsilons))
        if not values or min(values) < 0 or list(values) != sorted(set(values)):
            raise InputError("epsilons", "growing numbers of grey levels, 0 or more", values)
        if self.epsilon not in values:
            raise InputError("epsilon", f"one of epsilons, {values}", self.epsilon)
        object.__setattr__(self, "epsilons", values)
        object.__setattr__(self, "epsilon", float(self.epsilon))
