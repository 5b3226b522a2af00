"""Claims about Q7: whether networks should be made to look where people look."""

from keras_attn.registry import register
from keras_attn.report.paper.claims.attentions import ALIKE_BUT_FREE, SUPERVISED
from keras_attn.report.paper.kinds.margins import NoWorse
from keras_attn.report.paper.kinds.order import Order

register(
    Order(
        "aligned-salient",
        "Q7",
        "V",
        "Supervision improves segmentation over the same module without it",
        ("I",),
        "attention",
        SUPERVISED,
        ALIKE_BUT_FREE,
    ),
    Order(
        "aligned-birds",
        "Q7",
        "V",
        "Supervision improves fine-grained classification over the same module without it",
        ("VII",),
        "attention",
        SUPERVISED,
        ALIKE_BUT_FREE,
    ),
    Order(
        "aligned-action",
        "Q7",
        "IV-B",
        "Supervision brings the maps closer to gaze, in action recognition",
        ("VI",),
        "attention",
        SUPERVISED,
        ALIKE_BUT_FREE,
    ),
    NoWorse(
        "harmless-action",
        "Q7",
        "IV-B",
        "Supervision does not make action recognition worse than the same module without it",
        ("III",),
        "attention",
        SUPERVISED,
        ALIKE_BUT_FREE,
    ),
)
