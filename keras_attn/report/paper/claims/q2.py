"""Claims about Q2: whether human attention can serve as a ground truth."""

from keras_attn.registry import register
from keras_attn.report.paper.claims.attentions import ARTIFICIAL, HUMAN, IMPLICIT, SUPERVISED
from keras_attn.report.paper.kinds.correlation import Correlated
from keras_attn.report.paper.kinds.margins import NoBetter, NotTheBest
from keras_attn.report.paper.kinds.order import Order

register(
    Order(
        "human-salient",
        "Q2",
        "IV-A",
        "Human attention segments best, on every backbone and both datasets",
        ("I",),
        "attention",
        HUMAN,
        ARTIFICIAL,
    ),
    Order(
        "human-action",
        "Q2",
        "IV-B",
        "Human attention generally recognises actions better than artificial attention",
        ("III",),
        "attention",
        HUMAN,
        ARTIFICIAL,
    ),
    Order(
        "human-birds",
        "Q2",
        "IV-C",
        "Human attention classifies best on all three backbones",
        ("VII",),
        "attention",
        HUMAN,
        ARTIFICIAL,
    ),
    Order(
        "supervised-salient",
        "Q2",
        "IV-A",
        "Of the artificial attentions the supervised one segments best",
        ("I",),
        "attention",
        SUPERVISED,
        IMPLICIT,
    ),
    NoBetter(
        "supervised-action",
        "Q2",
        "IV-B",
        "In action recognition supervision adds little to what softmax and sigmoid attain "
        "without it",
        ("III",),
        "attention",
        SUPERVISED,
        ("softmax", "sigmoid"),
    ),
    Order(
        "supervised-birds",
        "Q2",
        "IV-C",
        "Of the artificial attentions the supervised one classifies best",
        ("VII",),
        "attention",
        SUPERVISED,
        IMPLICIT,
    ),
    NotTheBest(
        "no-superiority-action",
        "Q2",
        "V",
        "In action recognition human attention shows no superiority over all the others (§IV-B "
        "says that it generally does better)",
        ("III",),
        "attention",
        HUMAN,
        ARTIFICIAL,
    ),
    Correlated(
        "closer-better-salient",
        "Q2",
        "I",
        "The closer an artificial attention is to human attention, the better the segmentation",
        ("I", "V"),
        ARTIFICIAL,
    ),
    Correlated(
        "closer-better-birds",
        "Q2",
        "I",
        "The closer an artificial attention is to human attention, the better the fine-grained "
        "classification",
        ("VII", "VIII"),
        ARTIFICIAL,
    ),
    Correlated(
        "closer-better-action",
        "Q2",
        "V",
        "The closer an artificial attention is to human attention, the better the action "
        "recognition (of such tasks the paper also says that it is case by case)",
        ("III", "VI"),
        ARTIFICIAL,
    ),
)
