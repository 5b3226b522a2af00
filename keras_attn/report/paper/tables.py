"""The tables of the study: what the columns of each are, and which examples count.

The paper's ten, and those of ours, which it prints no numbers for: IIb, IVb, IXb. A further table
is an entry of `TABLES`.
"""

from functools import cache

import numpy as np

from keras_attn.metrics.columns import further
from keras_attn.metrics.dispersion import SIDE
from keras_attn.registries import DATASETS
from keras_attn.report.tables.parts import CEILING, GAZE, Metric, Remark, Subset, Table


def extreme(images):
    """How many images are the best ones, and how many the worst (the paper: 100)."""
    return max(1, min(100, images // 5))


def _ranked(scores):
    """Positions from the highest adaptive F to the lowest; ties stay in the order of the ids."""
    values = scores["adaptive_f"].to_numpy()
    return np.argsort(-values, kind="stable")[: np.count_nonzero(~np.isnan(values))]


BEST = Subset("best", lambda s: _ranked(s)[: extreme(len(s))], "adaptive_f", extreme)
WORST = Subset("worst", lambda s: _ranked(s)[-extreme(len(s)) :], "adaptive_f", extreme)


class _OfSeveralLabels:
    """Holds the names of datasets whose videos may be of several classes at once."""

    def __contains__(self, name):
        return name in DATASETS and DATASETS[name].several_labels


MULTI_LABEL = _OfSeveralLabels()

POSITIVE = Subset("positive", column="correct", rows=lambda rows: rows["correct"] == 1)
NEGATIVE = Subset("negative", column="correct", rows=lambda rows: rows["correct"] == 0)

IG_CONVENTION = (
    "IG in bits over the leave-one-out centre bias, MIT convention, with a uniform share in the "
    "centre bias so that it is nowhere 0."
)
MAPS = "The maps are those of the last attention of each network."

DISPERSION = (
    Metric("entropy", "entropy", neutral=True, digits=4),
    Metric("cc_others", "CC to others", alike=True, neutral=True),
)


def _dispersion(number, task, where, subsets, statement, sentences, unit="image"):
    """A table of ours on how attention is spread, which the paper speaks of without a number.

    where: end of the title. subsets: beside all examples. statement: what the paper says.
    sentences: on the subsets and the maps.
    """
    about = (
        f"Ours: the paper has no such table. It says that {statement}, and prints no numbers of "
        "it. Neither more nor less is better.",
        *sentences,
        "entropy: of an attention map, its sum scaled to 1, at the network's own grid, as a share "
        "of a uniform map's: 1 is spread evenly, 0 all at one position.",
        f"CC to others: mean of Pearson's correlations of the map of each {unit}, averaged to at "
        f"most {SIDE}×{SIDE}, with those that the same trained network makes of each of the other "
        f"{unit}s of the column: 1 where all are alike, near 0 where they attend to different "
        f"places. Intervals are over pairs of different {unit}s, and there is none for two.",
        "Both depend on how fine a grid is: compare within a network, not between networks.",
        "Attention that is made of gaze is measured where there is gaze, any other everywhere.",
    )
    title = f"Dispersion of attention where {where} (ours)"
    subsets = (*subsets, Subset("all"))
    return Table(number, task, title, DISPERSION, about, subsets, unit=unit, ours=True)


TABLES = (
    Table(
        "I",
        "salient_object",
        "Salient object segmentation",
        (
            Metric("max_f", "max F", curve="f_curve"),
            Metric("mae", "MAE", higher_is_better=False),
        ),
        (
            "max F: maximum over 256 thresholds of the F-measure (Eq. 5) averaged over all images "
            "of all folds. MAE: mean absolute error of the prediction scaled to [0, 1] (Eq. 6).",
        ),
        remarks=(
            Remark(
                "pascal_s",
                "resnet50",
                "The paper prints the MAE of ResNet50 on PASCAL-S as 0.78 (softmax) and 0.77 "
                "(sigmoid), read here as 0.078 and 0.077.",
            ),
        ),
    ),
    Table(
        "II",
        "salient_object",
        "Agreement of attention with gaze where salient objects were segmented best and worst",
        GAZE,
        (
            "best, worst: the images of highest and lowest adaptive F of each column's network "
            "and attention, over all folds, a fifth of them but at most 100; those without "
            "fixations leave the mean. The intervals are of these images: no resample ranks anew.",
            f"{MAPS} {IG_CONVENTION}",
        ),
        subsets=(BEST, WORST),
    ),
    _dispersion(
        "IIb",
        "salient_object",
        "salient objects were segmented best and worst",
        (BEST, WORST),
        "maps are more alike where the prediction is right (§V, Q3)",
        (f"best, worst: as in Table II, with those images without fixations. {MAPS}",),
    ),
    Table(
        "III",
        "action",
        "Action recognition",
        (
            Metric("map", "mAP", ranked=True, datasets=MULTI_LABEL),
            Metric(
                "map_step", "standard mAP", ranked=True, interpolation=None, datasets=MULTI_LABEL
            ),
            Metric("accuracy", "accuracy", column="correct", proportion=True),
        ),
        (
            "mAP: mean over the classes of the average precision over all videos of all folds, "
            "with the largest precision at a recall or a higher one (Eq. 7, 8); standard mAP: "
            "without this interpolation. Under several seeds either is the mean of each seed's. "
            "accuracy: share of the videos whose top class is among their labels (Eq. 9).",
        ),
        unit="video",
        paired=True,
    ),
    Table(
        "IV",
        "action",
        "Agreement of attention with gaze where the action was told rightly and wrongly",
        GAZE,
        (
            "positive, negative: the videos whose top class, told by each column's network, is "
            "among their labels and is not, under each seed. Weighted by their numbers with "
            "fixations, ours make up ours of Table VI where all seeds scored the same videos; not "
            "all of the paper's do.",
            IG_CONVENTION,
        ),
        subsets=(POSITIVE, NEGATIVE),
        unit="video",
    ),
    _dispersion(
        "IVb",
        "action",
        "the action was told rightly and wrongly",
        (POSITIVE, NEGATIVE),
        "attention is more dispersed, and more alike from one video to another, where the action "
        "was told wrongly (§IV-B)",
        (
            "positive, negative: as in Table IV. A video's entropy is the mean over its frames, "
            "its map the mean of theirs, each scaled to sum 1.",
        ),
        unit="video",
    ),
    Table(
        "V",
        "salient_object",
        "Agreement of attention with gaze in salient object segmentation",
        GAZE,
        (f"Over all images with fixations. {MAPS} {IG_CONVENTION}",),
        ceiling=True,
    ),
    Table(
        "VI",
        "action",
        "Agreement of attention with gaze in action recognition",
        GAZE,
        (
            "Over all videos with fixations, of each the mean over its frames with fixations. "
            f"{IG_CONVENTION}",
        ),
        unit="video",
        ceiling=True,
    ),
    Table(
        "VII",
        "fine_grained",
        "Fine-grained classification",
        (Metric("accuracy", "accuracy", column="correct", proportion=True),),
        ("accuracy: share of the test images whose class has the highest score (Eq. 10).",),
        paired=True,
    ),
    Table(
        "VIII",
        "fine_grained",
        "Agreement of attention with gaze in fine-grained classification",
        GAZE,
        (f"Over all test images with fixations. {IG_CONVENTION}",),
        ceiling=True,
    ),
    Table(
        "IX",
        "fine_grained",
        "Agreement of attention with gaze where the class was told rightly and wrongly",
        GAZE,
        (
            "positive, negative: the test images that each column's network classified rightly and "
            "wrongly, under each seed; weighted by their numbers, the two make up Table VIII.",
            IG_CONVENTION,
        ),
        subsets=(POSITIVE, NEGATIVE),
    ),
    _dispersion(
        "IXb",
        "fine_grained",
        "the class was told rightly and wrongly",
        (POSITIVE, NEGATIVE),
        "attention is more dispersed, and more alike from one image to another, where the class "
        "was told wrongly (§IV-C)",
        ("positive, negative: as in Table IX.",),
    ),
    Table(
        "X",
        "adversarial",
        "Fooling rates in fine-grained classification under FGSM",
        (
            Metric("fooling_rate", "fooled", False, proportion=True, pooled=True),
            Metric("fooling_rate_all", "of all", False, proportion=True),
        ),
        (
            "fooled: share of the images classified rightly before whose predicted class the "
            "perturbation changes (Eq. 11), which is what the paper's table counts; of all: the "
            "share of all test images.",
        ),
    ),
)
BY_NUMBER = {table.number: table for table in TABLES}
SCORES = tuple(dict.fromkeys(name for table in TABLES for name in table.scores))
SCORES += tuple(metric.key for metric in CEILING)
CURVES = tuple(dict.fromkeys(m.curve for table in TABLES for m in table.metrics if m.curve))


def metrics(tables=TABLES):
    """The `Metric`s of some tables by key, in their order."""
    return {metric.key: metric for table in tables for metric in table.shown}


def metric_of(key):
    """The `Metric` of that key, of whichever table."""
    return _of_all_tables(tuple(further()))[key]


@cache
def _of_all_tables(_further):
    """All `metrics`, as long as plug-ins register no further ones: asked for with every cell."""
    return metrics()
