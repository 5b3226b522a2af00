"""The paper's tables as data: what the columns of each are, and the numbers printed in it.

A further table is an entry of `TABLES`. Computes nothing but which examples a subset takes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from keras_attn import origin
from keras_attn.mechanisms import MECHANISMS
from keras_attn.metrics.columns import Column

PAPER = Path(__file__).with_name("paper_tables.csv")
RANKING = ("scores", "labels")
"""The arrays of arrays.npz that rank videos: `(n, classes)`, scores and 1 for classes it is of."""
KEYS = ("table", "dataset", "backbone", "fusion", "subset", "attention", "metric")
"""The columns that say which cell of the paper a number belongs to."""
TRUNK = ("backbone", "fusion")
"""What networks of different attentions have in common where they are compared."""
NETWORK = (*TRUNK, "attention")
"""What names a network, but for the data and the seed that it was trained with."""
DATASETS = {
    "dut_omron": "DUT-OMRON",
    "pascal_s": "PASCAL-S",
    "hollywood2": "Hollywood-2",
    "ucf_sports": "UCF Sports",
    "cub_vwsw": "CUB-VWSW",
}
BACKBONES = {"alexnet": "AlexNet", "vgg16": "VGG16", "resnet50": "ResNet50", "c3d": "C3D"}
"""Those of the paper in its order, with the name in print; any other is called as it is."""
FUSIONS = ("early", "late", "frames", "flow")
"""How two streams become one, or which of them is alone; "" where a network has one stream."""
NO_ATTENTION = "none"
ATTENTIONS = (*MECHANISMS, NO_ATTENTION)
"""The mechanisms in the paper's order, and a network that has none."""


@dataclass(frozen=True)
class Metric(Column):
    """A column of examples.csv that is averaged over examples, or what arrays.npz makes of them.

    column: that column, where it is not called like the metric. curve: name of the curves; the
    value is then the maximum of the mean-over-examples curve. ranked: whether it is the mAP of the
    class scores, with this interpolation of `metrics.recognition`. proportion: whether each example
    has it or not, so that the mean is a share of them. pooled: whether an example counts as often
    as it has values under several seeds, and not once. datasets: of which it is shown; empty for
    all.
    """

    column: str = ""
    curve: str = ""
    ranked: bool = False
    interpolation: str | None = "all_points"
    proportion: bool = False
    pooled: bool = False
    datasets: tuple = ()

    @property
    def score(self):
        """The column of examples.csv."""
        return self.column or self.key

    @property
    def per_example(self):
        """Whether it is a column of examples.csv, and not of all examples at once."""
        return not (self.curve or self.ranked)


@dataclass(frozen=True)
class Subset:
    """Which examples of a group count.

    take: scores of a group's examples, ordered by id, -> positions of the subset in them. column:
    the score that it depends on. size: number of examples -> how many are taken, where that
    follows. rows: rows of a group, one for each example and seed, -> which of them count, before
    their means are taken; None for all.
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

    about: sentences that say what the numbers are. unit: what an example is called. ceiling:
    whether it has a row of the gold standard and shares of its IG, and what one viewer's gaze says
    about the others' stands under it. paired: whether tests of the explicit attentions against the
    implicit ones, on the same examples, do.
    """

    number: str
    task: str
    title: str
    metrics: tuple
    about: tuple
    subsets: tuple = (Subset("all"),)
    remarks: tuple = ()
    unit: str = "image"
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
        return (*(metric.score for metric in self.metrics if metric.per_example), *chosen_by)

    @property
    def arrays(self):
        """The arrays of arrays.npz that it is made from: curves, and what ranks videos."""
        ranking = RANKING if any(metric.ranked for metric in self.metrics) else ()
        return (*(metric.curve for metric in self.metrics if metric.curve), *ranking)

    def metrics_of(self, dataset):
        """The metrics that are shown of a dataset."""
        name = origin.name_of(dataset)
        return [m for m in self.metrics if not m.datasets or name in m.datasets]

    @property
    def mixed(self):
        """Whether its metrics have intervals of different kinds."""
        return len({metric.proportion for metric in self.metrics}) > 1

    @property
    def interval(self):
        """What the intervals in its cells are."""
        kind = "Wilson " if self.metrics[0].proportion else "bootstrap "
        return f"95 % {'' if self.mixed else kind}interval over {self.unit}s"

    @property
    def pooled(self):
        """Whether an example counts once for each seed, and not once for all."""
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

MULTI_LABEL = ("hollywood2",)
"""Datasets whose videos may be of several classes at once."""

POSITIVE = Subset("positive", column="correct", rows=lambda rows: rows["correct"] == 1)
NEGATIVE = Subset("negative", column="correct", rows=lambda rows: rows["correct"] == 0)

GAZE = (Metric("s_auc", "s-AUC"), Metric("ig", "IG"))
CEILING = tuple(Metric(f"ceiling_{one.key}", f"ceiling {one.title}") for one in GAZE)
"""What the gold standard scores on the same examples."""
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
            "fixations leave the mean. The intervals are of these images: no resample ranks anew.",
            f"{MAPS} {IG_CONVENTION}",
        ),
        subsets=(BEST, WORST),
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
ORDERS = {
    "task": TASKS,
    "dataset": DATASETS,
    "backbone": BACKBONES,
    "fusion": FUSIONS,
    "attention": ATTENTIONS,
}
"""By column, its known values in the order of the tables."""
SCORES = tuple(dict.fromkeys(name for table in TABLES for name in table.scores))
SCORES += tuple(metric.key for metric in CEILING)
CURVES = tuple(dict.fromkeys(m.curve for table in TABLES for m in table.metrics if m.curve))


def paper():
    """The cells of the paper's ten tables: a DataFrame of KEYS and value."""
    return pd.read_csv(PAPER, dtype=dict.fromkeys(KEYS, str), keep_default_na=False)


def order(**labels):
    """What to sort by: each label's known values in their order, then the others by name."""
    return [_rank(value, list(ORDERS[name])) for name, value in labels.items()]


def dataset_title(name):
    """The name of a dataset in print; one that is not the paper's is called as it is.

    One that is drawn says so: it has the name and the form of a real one, and nothing else of it.
    """
    own = origin.name_of(name)
    return origin.label(DATASETS.get(own, own), own != name)


def _rank(name, known):
    own = origin.name_of(name)
    return (known.index(own) if own in known else len(known), name)


def trunk_title(backbone, fusion):
    """A `TRUNK` in print, such as "C3D early"."""
    return f"{BACKBONES.get(backbone, backbone)} {fusion}".rstrip()


def told_apart(networks):
    """Titles by network, each a tuple of names that ends with the attention.

    A title is the attention; above it stands what else the networks do not have in common.
    """
    networks = list(networks)
    differ = [len(set(names)) > 1 for names in zip(*networks, strict=True)][:-1]
    titles = {}
    for network in networks:
        above = " ".join(name for name, told in zip(network, differ, strict=False) if told and name)
        titles[network] = f"{above}\n{network[-1]}" if any(differ) else network[-1]
    return titles
