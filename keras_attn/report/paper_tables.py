"""The paper's tables as data: what the columns of each are, and the numbers printed in it.

A further table is an entry of `TABLES`. Computes nothing but which images a subset takes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from keras_attn.metrics.columns import Column

PAPER = Path(__file__).with_name("paper_tables.csv")
KEYS = ("table", "dataset", "backbone", "fusion", "subset", "attention", "metric")
"""The columns that say which cell of the paper a number belongs to."""
DATASETS = {"dut_omron": "DUT-OMRON", "pascal_s": "PASCAL-S", "cub_vwsw": "CUB-VWSW"}
BACKBONES = {"alexnet": "AlexNet", "vgg16": "VGG16", "resnet50": "ResNet50"}
"""Those of the paper in its order, with the name in print; any other is called as it is."""


@dataclass(frozen=True)
class Metric(Column):
    """A column of examples.csv that is averaged over images, or a curve of arrays.npz.

    column: that column, where it is not called like the metric. curve: name of the curves; the
    value is then the maximum of the mean-over-images curve. proportion: whether each image has it
    or not, so that the mean is a share of the images. pooled: whether an image counts as often as
    it has values under several seeds, and not once.
    """

    column: str = ""
    curve: str = ""
    proportion: bool = False
    pooled: bool = False

    @property
    def score(self):
        """The column of examples.csv."""
        return self.column or self.key


@dataclass(frozen=True)
class Subset:
    """Which images of a group count.

    take: scores of a group's images, ordered by id, -> positions of the subset in them. column:
    the score that it depends on. size: number of images -> how many are taken, where that follows.
    rows: rows of a group, one for each image and seed, -> which of them count, before their means
    are taken; None for all.
    """

    key: str
    take: Callable = lambda scores: np.arange(len(scores))
    column: str = ""
    size: Callable | None = None
    rows: Callable | None = None


@dataclass(frozen=True)
class Remark:
    """A sentence under a table that shows this dataset and backbone."""

    dataset: str
    backbone: str
    sentence: str


@dataclass(frozen=True)
class Table:
    """A table of the paper: its number there, the task, and what its columns are.

    about: sentences that say what the numbers are. ceiling: whether what one viewer's gaze says
    about the others' stands under it. paired: whether tests of the explicit attentions against the
    implicit ones, on the same images, do.
    """

    number: str
    task: str
    title: str
    metrics: tuple
    about: tuple
    subsets: tuple = (Subset("all"),)
    remarks: tuple = ()
    ceiling: bool = False
    paired: bool = False

    @property
    def files(self):
        """Names of the files it is written to."""
        return tuple(f"{self.number}.{ending}" for ending in ("csv", "md", "tex"))

    @property
    def scores(self):
        """The scores of examples.csv that it is made from."""
        chosen_by = [subset.column for subset in self.subsets if subset.column]
        return (*(metric.score for metric in self.metrics if not metric.curve), *chosen_by)

    @property
    def curves(self):
        """The curves of arrays.npz that it is made from."""
        return tuple(metric.curve for metric in self.metrics if metric.curve)

    @property
    def interval(self):
        """What the intervals in its cells are."""
        shares = all(metric.proportion for metric in self.metrics)
        return f"95 % {'Wilson' if shares else 'bootstrap'} interval over images"

    @property
    def pooled(self):
        """Whether an image counts once for each seed, and not once."""
        parted = any(subset.rows is not None for subset in self.subsets)
        return parted or any(metric.pooled for metric in self.metrics)

    @property
    def about_gaze(self):
        """Whether it compares maps with gaze."""
        return set(GAZE) <= set(self.metrics)


def extreme(images):
    """How many images are the best ones, and how many the worst (the paper: 100)."""
    return max(1, min(100, images // 5))


def _ranked(scores):
    """Positions from the highest adaptive F to the lowest; ties stay in the order of the ids."""
    values = scores["adaptive_f"].to_numpy()
    return np.argsort(-values, kind="stable")[: np.count_nonzero(~np.isnan(values))]


BEST = Subset("best", lambda s: _ranked(s)[: extreme(len(s))], "adaptive_f", extreme)
WORST = Subset("worst", lambda s: _ranked(s)[-extreme(len(s)) :], "adaptive_f", extreme)

POSITIVE = Subset("positive", column="correct", rows=lambda rows: rows["correct"] == 1)
NEGATIVE = Subset("negative", column="correct", rows=lambda rows: rows["correct"] == 0)

GAZE = (Metric("s_auc", "s-AUC"), Metric("ig", "IG"))
IG_CONVENTION = "IG in bits over the leave-one-out centre bias, MIT convention."
MAPS = "The maps are those of the last attention of each network."

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
            "fixations leave the mean. The intervals resample the images of the subset.",
            f"{MAPS} {IG_CONVENTION}",
        ),
        subsets=(BEST, WORST),
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
TASKS = tuple(dict.fromkeys(table.task for table in TABLES))
SCORES = tuple(dict.fromkeys(name for table in TABLES for name in table.scores))
CURVES = tuple(dict.fromkeys(name for table in TABLES for name in table.curves))


def paper():
    """The cells of the paper's ten tables: a DataFrame of KEYS and value."""
    return pd.read_csv(PAPER, dtype=dict.fromkeys(KEYS, str), keep_default_na=False)


def rank(name, known):
    """What to sort by: `known` names in their order, then the others by name."""
    known = list(known)
    return (known.index(name) if name in known else len(known), name)
