"""Claims about Q3: whether attention differs between right and wrong predictions."""

from keras_attn.report.claims import NoBetter, Order
from keras_attn.report.paper_claims.attentions import ARTIFICIAL, EXPLICIT, IMPLICIT

CLAIMS = (
    Order(
        "best-worst-salient",
        "Q3",
        "IV-A",
        "Attention agrees with gaze better where the segmentation is best than where it is worst",
        ("II",),
        "subset",
        ("best",),
        ("worst",),
    ),
    Order(
        "negative-action",
        "Q3",
        "IV-B",
        "Attention agrees with gaze better where the action was told wrongly",
        ("IV",),
        "subset",
        ("negative",),
        ("positive",),
    ),
    Order(
        "negative-birds",
        "Q3",
        "IV-C",
        "In most cases attention agrees with gaze better where the class was told wrongly",
        ("IX",),
        "subset",
        ("negative",),
        ("positive",),
    ),
    Order(
        "explicit-salient",
        "Q3",
        "IV-A",
        "Explicit attentions agree with gaze better than implicit ones, at best and at worst",
        ("II",),
        "attention",
        EXPLICIT,
        IMPLICIT,
    ),
    Order(
        "explicit-birds",
        "Q3",
        "IV-C",
        "Agreement with gaze grows from implicit to explicit attentions, right or wrong",
        ("IX",),
        "attention",
        EXPLICIT,
        IMPLICIT,
    ),
    Order(
        "covered-birds",
        "Q3",
        "IV-C",
        "A class is more likely told rightly where artificial attention is on what people look "
        "at (of Table IX the paper says the opposite)",
        ("IX",),
        "subset",
        ("positive",),
        ("negative",),
        {"attention": ARTIFICIAL},
    ),
    NoBetter(
        "not-the-key-action",
        "Q3",
        "IV-B",
        "Agreement of artificial with human attention is no key to telling an action rightly: it "
        "is hardly better where the action was told rightly",
        ("IV",),
        "subset",
        ("positive",),
        ("negative",),
        {"attention": ARTIFICIAL},
    ),
)
