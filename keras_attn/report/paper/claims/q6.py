"""Claims about Q6: whether attending to the right details helps against attacks."""

from keras_attn.registry import register
from keras_attn.report.paper.claims.attentions import (
    ARTIFICIAL,
    EXPLICIT,
    HUMAN,
    IMPLICIT,
    UNTRAINED,
)
from keras_attn.report.paper.kinds.gains import GainsMore
from keras_attn.report.paper.kinds.order import Order

register(
    Order(
        "human-robust",
        "Q6",
        "IV-C",
        "Human attention is fooled least",
        ("X",),
        "attention",
        HUMAN,
        ARTIFICIAL,
    ),
    Order(
        "explicit-robust",
        "Q6",
        "V",
        "Attentions that follow gaze are fooled less than implicit ones",
        ("X",),
        "attention",
        EXPLICIT,
        IMPLICIT,
    ),
    GainsMore(
        "relief-weak",
        "Q6",
        "IV-C",
        "Human attention lowers the fooling rate more for networks that classify worse (here: "
        "compared with activation)",
        ("X",),
        (HUMAN[0], UNTRAINED),
        (
            ("alexnet", ("vgg16",)),
            ("alexnet", ("resnet50",)),
            ("vgg16", ("resnet50",)),
        ),
    ),
)
