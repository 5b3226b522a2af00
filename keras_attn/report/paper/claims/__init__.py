"""What a claim of the paper is: one file for each kind, all of one small protocol (`claim`).

A claim knows in which of the paper's printed cells it holds, and how it is measured in rows of
ours. The paper's claims themselves are in `paper_claims`.
"""

from keras_attn.report.paper.claims.claim import (
    BY_NUMBER,
    METRICS,
    QUESTIONS,
    Claim,
    Comparison,
    Count,
    Part,
    alike_in_print,
    counts_of,
    shares,
    state_of,
)
from keras_attn.report.paper.claims.consistency import Consistent
from keras_attn.report.paper.claims.correlation import Correlated
from keras_attn.report.paper.claims.gains import GainsMore
from keras_attn.report.paper.claims.gaps import NarrowGap
from keras_attn.report.paper.claims.margins import Alike, NoBetter, NotTheBest, NoWorse
from keras_attn.report.paper.claims.order import Order

__all__ = [
    "BY_NUMBER",
    "METRICS",
    "QUESTIONS",
    "Alike",
    "Claim",
    "Comparison",
    "Consistent",
    "Correlated",
    "Count",
    "GainsMore",
    "NarrowGap",
    "NoBetter",
    "NoWorse",
    "NotTheBest",
    "Order",
    "Part",
    "alike_in_print",
    "counts_of",
    "shares",
    "state_of",
]
