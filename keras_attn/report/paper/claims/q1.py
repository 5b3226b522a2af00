"""Claims about Q1: whether the maps that networks learn are close to human attention."""

from keras_attn.registry import register
from keras_attn.report.paper.claims.attentions import ARTIFICIAL, HUMAN
from keras_attn.report.paper.kinds.gaps import NarrowGap
from keras_attn.report.paper.kinds.order import Order

register(
    Order(
        "gap-salient",
        "Q1",
        "IV-A",
        "Human attention agrees with gaze better than any network's, in segmentation",
        ("V",),
        "attention",
        HUMAN,
        ARTIFICIAL,
    ),
    Order(
        "gap-action",
        "Q1",
        "V",
        "Human attention agrees with gaze better than any network's, in action recognition",
        ("VI",),
        "attention",
        HUMAN,
        ARTIFICIAL,
    ),
    Order(
        "gap-birds",
        "Q1",
        "IV-C",
        "Human attention agrees with gaze better than any network's, in fine-grained "
        "classification",
        ("VIII",),
        "attention",
        HUMAN,
        ARTIFICIAL,
    ),
    NarrowGap(
        "gap-narrow",
        "Q1",
        "V",
        "The gap between human and artificial attention is narrower in action recognition than in "
        "the other two tasks",
        ("VI", "V", "VIII"),
        HUMAN[0],
        ARTIFICIAL,
    ),
)
