"""Claims of little difference: that it lies within a margin, on one side or on both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from keras_attn.errors import InputError
from keras_attn.report.paper.kinds.order import Order

LITTLE = {"map": 0.02, "accuracy": 0.02, "max_f": 0.02, "s_auc": 0.02, "ig": 0.1}
"""By metric, differences that are taken for none; ours, since the paper names no size."""


@dataclass(frozen=True)
class _WithinMargin(Order):
    """margins: by metric, the differences that are taken for none, in its unit."""

    margins: Mapping = field(default_factory=LITTLE.copy)

    def check(self):
        """Raise `InputError` for a margin that is none or missing, and as of an order."""
        super().check()
        for name in sorted(self._metrics()):
            size = self.margins.get(name, np.nan)
            if not size > 0:
                raise InputError(f"Claim.margins, {name}", "a positive difference", size)

    def _metrics(self):
        return {one.labels["metric"] for part in self.parts() for one in part.comparisons}

    @property
    def margin(self):
        """The differences that are taken for none, by metric, of those that it is about."""
        return {name: self.margins[name] for name in sorted(self._metrics())}


@dataclass(frozen=True)
class Alike(_WithinMargin):
    """That in every cell each of `better` differs from each of `worse` by no more than a margin."""

    def bounds(self, comparison):
        """The margin on both sides."""
        size = self.margins[comparison.labels["metric"]]
        return -size, size


@dataclass(frozen=True)
class NoBetter(_WithinMargin):
    """That in every cell each of `better` exceeds each of `worse` by no more than a margin."""

    def bounds(self, comparison):
        """Anything below the margin."""
        return -np.inf, self.margins[comparison.labels["metric"]]


@dataclass(frozen=True)
class NoWorse(_WithinMargin):
    """That in every cell each of `better` is below each of `worse` by no more than a margin."""

    def bounds(self, comparison):
        """Anything above the margin below 0."""
        return -self.margins[comparison.labels["metric"]], np.inf


@dataclass(frozen=True)
class NotTheBest(NoBetter):
    """That in every cell one of `worse` is not exceeded by more than a margin."""

    every: ClassVar[bool] = False
