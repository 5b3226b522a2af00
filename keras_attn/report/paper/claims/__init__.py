"""All claims: the paper's, in our words, by the question of its section V that they answer.

A further claim is one entry, `register(Order(...))`, wherever it is written. Those of this package
are in the module of their question.
"""

from keras_attn.report.paper.claims import q1, q2, q3, q4, q5, q6, q7
from keras_attn.report.paper.kinds.claim import CLAIMS, QUESTIONS, Claim
from keras_attn.report.paper.kinds.consistency import Consistent
from keras_attn.report.paper.kinds.correlation import Correlated
from keras_attn.report.paper.kinds.gains import GainsMore
from keras_attn.report.paper.kinds.gaps import NarrowGap
from keras_attn.report.paper.kinds.margins import Alike, NoBetter, NotTheBest, NoWorse
from keras_attn.report.paper.kinds.order import Order

__all__ = [
    "CLAIMS",
    "QUESTIONS",
    "Alike",
    "Claim",
    "Consistent",
    "Correlated",
    "GainsMore",
    "NarrowGap",
    "NoBetter",
    "NoWorse",
    "NotTheBest",
    "Order",
    *(module.__name__.rpartition(".")[-1] for module in (q1, q2, q3, q4, q5, q6, q7)),
]
