"""The tables of results in the pages: what each is made from, and how.

Each has a csv file of its NAME in docs/results and stands in a page between
`<!-- results: NAME -->` and `<!-- end of results -->`; `documented_results.py` writes and checks
both.
"""

import math
import tempfile
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pandas as pd

import keras_attn as ka
from keras_attn.errors import InputError
from keras_attn.evaluation.rows import (
    CENTRE,
    DIFFERENCE,
    GOLD_STANDARD,
    REFERENCES,
    SHARE,
    SINGLE_OBSERVER,
    is_reference,
    renamed,
)
from keras_attn.mechanisms import MECHANISMS, NO_ATTENTION
from keras_attn.metrics.columns import COLUMNS
from keras_attn.report.audit import table as audit_table
from keras_attn.report.naming import attention_title
from keras_attn.report.paper.printed import KEYS

OF_NETWORKS = (*KEYS, "value", "low", "high")
"""Columns that a csv keeps of those of the paper's tables."""
TWO_DIGITS = ("ig", "nss", "kl")
"""Metrics that are no shares of one; the others have three digits and no leading zero."""
BITS, BITS_WITHIN = "IG, bits", "IG, bits [95 %]"
MANY_ZEROS = 0.01
"""Share of fixations on exact zeros of a map beyond which its bits get the footnote ¹."""
KEYS_OF_GAZE, ENDS = tuple(column.key for column in COLUMNS), ("", "_low", "_high")
NAMES = {"fusion", "subset", "model", "layer", "kind", "condition", "note"}
FUSIONS = ("frames", "flow", "early", "late")


@dataclass(frozen=True)
class Score:
    """A column of a table.

    rivals: of which networks the best is bold: "all", those of a "group", or "" for none.
    """

    key: str
    title: str
    with_interval: bool = False
    rivals: str = ""
    higher_is_better: bool = True

    def printed(self, value):
        """A number as pages print it: .720, −0.52, 0; one digit of bits beyond 10."""
        if math.isnan(value):
            return ""
        if abs(value - round(value)) < 1e-9:
            return str(round(value)).replace("-", "−")
        if self.key in TWO_DIGITS:
            return f"{value:.{1 if abs(value) >= 10 else 2}f}".replace("-", "−")
        return f"{value:.3f}".replace("-", "−").replace("0.", ".", int(abs(value) < 1))


def unit_of(metric):
    """One of the last printed digit of a metric."""
    return 0.01 if metric in TWO_DIGITS else 0.001


@dataclass(frozen=True)
class Row:
    """A row of a table. scores: value, low and high by metric. group: of rivals; "" of none."""

    label: str
    scores: dict
    group: str = ""
    notes: dict | None = None


def markdown(corner, scores, rows, align="--:"):
    """Lines of a table."""
    titles = " | ".join(score.title for score in scores)
    made = [f"| {corner} | {titles} |", f"|---|{'|'.join([align] * len(scores))}|"]
    for row in rows:
        cells = [row.label, *(_cell(row, score, rows) for score in scores)]
        made.append("|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|")
    return made


def _cell(row, score, rows):
    value, low, high = row.scores[score.key]
    text = score.printed(value)
    if text and text == _best(row, score, rows):
        text = f"**{text}**"
    if score.with_interval and low < high:
        text += f" [{score.printed(low)}, {score.printed(high)}]"
    return text + (row.notes or {}).get(score.key, "")


def _best(row, score, rows):
    """The best number of a row's rivals as it is printed; None where it has none."""
    if not (row.group and score.rivals):
        return None
    rivals = [r for r in rows if r.group and (score.rivals == "all" or r.group == row.group)]
    values = [r.scores[score.key][0] for r in rivals]
    values = [value for value in values if not math.isnan(value)]
    best = max if score.higher_is_better else min
    return score.printed(best(values)) if len(values) > 1 else None


def read(path):
    """A csv file of results, in which names that are not there are "" and numbers NaN."""
    if not path.is_file():
        raise InputError(path, "a file that the command of the table writes", "none")
    # An attention that is called none is no missing value.
    found = pd.read_csv(path, keep_default_na=False, na_values=[""])
    for name in NAMES & {*found.columns}:
        found[name] = found[name].astype(object).where(found[name].notna(), "")
    return renamed(found)


@cache
def audited_columns(by=None):
    """The columns of an audit's rows, as the package makes them today; by: its conditions."""
    with tempfile.TemporaryDirectory() as folder:
        data = ka.datasets.miniature(images=3, root=Path(folder) / "scenes")
        if by:
            data = _with_conditions(Path(folder) / "scenes", by)
        options = {"by": by, "size": 32, "progress": False}
        found = ka.audit(lambda images: images.mean(axis=-1), data, **options)
    return list(found.rows.columns)


def _with_conditions(root, column):
    """The drawn folder, its fixations made under two conditions in turn."""
    path = root / "fixations.csv"
    table = pd.read_csv(path)
    table[column] = [f"{place % 2}" for place in range(len(table))]
    table.to_csv(path, index=False)
    return ka.datasets.folder(root)


# --- what tables are made from ------------------------------------------------------------------


def audit(found, model, layers):
    """The table of an audit's rows.csv: some layers of a model, then the references."""
    made = _audited_rows(found, model, layers, [column.key for column in audit_table.shown()])
    audited = [row for row in made if row.group]
    references = sorted((row for row in made if not row.group), key=lambda r: r.scores["s_auc"][0])
    shown = {"s_auc": ("s-AUC [95 %]", True, "all"), "ig": (BITS_WITHIN, True, "all")}
    shown[SHARE.key] = (f"{SHARE.title} [95 %]", True)
    scores = [Score(c.key, *shown.get(c.key, (c.title,))) for c in audit_table.shown()]
    return markdown("map", scores, [*audited, *references], align="---")


def audit_by_condition(found, model, layers, references):
    """The table of an audit by condition: under each some layers, then some of the references."""
    first = _value(found["condition"].iloc[0])
    scores = (
        Score("s_auc", "s-AUC [95 %]", True, "group"),
        Score(f"s_auc{DIFFERENCE}", f"s-AUC above {first} [95 %]", True),
        Score("ig", BITS_WITHIN, True, "group"),
        Score(SHARE.key, SHARE.title),
    )
    kept = found[~found["model"].isin(REFERENCES) | found["model"].isin(references)]
    made = []
    for condition, own in kept.groupby("condition", sort=False):
        for row in _audited_rows(own, model, layers, [score.key for score in scores]):
            group = condition if row.group else ""
            made.append(Row(f"{_value(condition)}: {row.label}", row.scores, group, row.notes))
    return markdown("task: map", scores, made, align="---")


def _value(condition):
    """What stands behind the sign of a condition such as task=free_viewing."""
    return condition.partition("=")[2]


def _audited_rows(found, model, layers, keys):
    """Some layers of a model and all references, in their order; keys: of the numbers."""
    made = []
    for _, row in found.iterrows():
        if is_reference(row) or row["layer"] in layers:
            numbers = {key: tuple(row[f"{key}{e}"] for e in ENDS) for key in keys}
            label = row["model"] if is_reference(row) else f"{model} {row['layer']}"
            notes = {"ig": " ¹"} if row["zero_share"] > MANY_ZEROS else None
            made.append(Row(label, numbers, "" if is_reference(row) else "audited", notes))
    return made


def networks(found, corner, scores):
    """A table with a row for each network of the rows of the paper's tables, by subset."""
    several = found["subset"].nunique() > 1
    made = []
    for subset, own in found.groupby("subset", sort=False):
        for row in _network_rows(own, scores):
            label = f"{subset}: {row.label}" if several else row.label
            made.append(Row(label, row.scores, row.group and f"{row.group} {subset}"))
    return markdown(corner, scores, made)


def _network_rows(found, scores):
    keyed = found.set_index(["fusion", "attention", "metric"])[["value", "low", "high"]]
    numbers = {key: tuple(row) for key, row in zip(keyed.index, keyed.to_numpy(), strict=True)}
    none, made = (math.nan,) * 3, []
    for fusion, attention in sorted({key[:2] for key in numbers}, key=_place):
        own = {s.key: numbers.get((fusion, attention, s.key), none) for s in scores}
        title = attention_title(attention)
        label = f"{fusion}, {title}" if fusion else title
        label = f"{fusion} alone" if attention == NO_ATTENTION else label
        rival = attention != GOLD_STANDARD
        made.append(Row(label if rival else "gold standard", own, (fusion or "networks") * rival))
    return made


def _place(network):
    """Those of the study in its order, then others, the gold standard last."""
    fusion, attention = network
    named = [*MECHANISMS, NO_ATTENTION]
    place = named.index(attention) if attention in named else len(named)
    return attention == GOLD_STANDARD, ["", *FUSIONS].index(fusion), place


# --- the tables ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """A table of a page.

    about: what its commands do and how long they take. commands: arguments of python, in which
    {out} is the folder they write to, {data} and {weights} what one has to have; a glob is
    expanded. files: the csv files of {out} that the rows are from. lines: of the table, from these
    rows. scores: those of networks, or () of an audit. by: the conditions that an audit is by.
    dataset: that of the rows, where the commands have several. subsets: of its examples.
    """

    about: str
    commands: tuple
    files: tuple
    lines: object
    scores: tuple = ()
    by: str | None = None
    dataset: str | None = None
    subsets: tuple = ("all",)

    @property
    def needs(self):
        """Which of "data" and "weights" its commands need."""
        return [name for name in ("data", "weights") if f"{{{name}}}" in " ".join(self.commands)]

    def rows(self, out):
        """The rows of the csv, from the folder that the commands have written."""
        found = pd.concat([read(Path(out) / name) for name in self.files], ignore_index=True)
        if not self.scores:
            return found
        keys = [score.key for score in self.scores]
        kept = found[found["subset"].isin(self.subsets) & found["metric"].isin(keys)]
        kept = kept if self.dataset is None else kept[kept["dataset"] == self.dataset]
        cells = ["subset", "fusion", "attention", "metric"]
        if kept.duplicated(cells).any():
            expected = "networks of one backbone on one dataset"
            several = kept[["dataset", "backbone"]].drop_duplicates().to_dict("list")
            raise InputError(out, expected, f"{several}")
        return kept[list(OF_NETWORKS)].reset_index(drop=True)

    @property
    def keys(self):
        """The columns that tell rows of its csv apart."""
        if self.scores:
            return ["subset", "fusion", "attention", "metric"]
        return ["model", "layer", "kind", *(["condition"] if self.by else [])]

    def compared(self, row):
        """The numbers of a row that have to come out again: metrics by their columns."""
        if self.scores:
            return {"value": row["metric"]}
        return {f"{key}{end}": key for key in KEYS_OF_GAZE for end in ENDS}

    def columns(self):
        """The columns that a csv has when it is written today."""
        return list(OF_NETWORKS) if self.scores else audited_columns(self.by)


def _of_networks(about, commands, files, corner, scores, **options):
    lines = partial(networks, corner=corner, scores=scores)
    return Table(about, commands, files, lines, scores, **options)


GAZED = (Score("s_auc", "s-AUC", rivals="all"), Score("ig", BITS, rivals="all"))
WITH_INTERVALS = tuple(Score(s.key, f"{s.title} [95 %]", True, "all") for s in GAZED)
ACCURACY = Score("accuracy", "accuracy [95 %]", True, "group")

PHOTOGRAPHS = (
    "experiments/reproduce.py study own --sources.masks {data}/duts_499"
    " --sources.gaze {data}/relations --sources.gaze {data}/winograd:task=free_viewing"
    " --sources.vgg16 {weights} --seeds 0 1 2 --jobs 2 --change encoder=frozen schedule=cosine"
    " clip=1 augment=false duts_499.epochs=3 relations+winograd.epochs=4"
    " relations+winograd.batch_size=2 --out {out}"
)
OF_PHOTOGRAPHS = {"dataset": "relations+winograd"}
TASK_ONE = (
    Score("max_f", "max F [95 %]", True, "all"),
    Score("mae", "MAE [95 %]", True, "all", higher_is_better=False),
)
AUDIT = "experiments/gaze_agreement.py {data} --weights {weights} --out {out}"
OF_VGG16 = {"model": "VGG16", "layers": ("block3_conv3", "block4_conv3", "block5_conv3")}

TABLES = {
    "osie_vgg16": Table(
        "audit of ImageNet VGG16 on photographs, a few minutes",
        (AUDIT,),
        ("rows.csv",),
        partial(audit, **OF_VGG16),
    ),
    "relations_vgg16": Table(
        "audit of ImageNet VGG16 on photographs that were memorised, some five minutes",
        (AUDIT,),
        ("rows.csv",),
        partial(audit, **OF_VGG16),
    ),
    "winograd_vgg16": Table(
        "audit of ImageNet VGG16 on rooms under four tasks, some ten minutes",
        (f"{AUDIT} --by task",),
        ("rows.csv",),
        partial(
            audit_by_condition,
            **OF_VGG16,
            references=(CENTRE, SINGLE_OBSERVER, GOLD_STANDARD),
        ),
        by="task",
    ),
    "photographs": _of_networks(
        "95 cells of Task 1 on photographs, about two hours on two cores",
        (PHOTOGRAPHS,),
        ("tables/I.csv", "tables/V.csv"),
        "66 photographs, VGG16, 5 folds, 3 seeds",
        (*TASK_ONE, *WITH_INTERVALS),
        **OF_PHOTOGRAPHS,
    ),
    "photographs_by_score": _of_networks(
        "the same by how well a network does",
        (PHOTOGRAPHS,),
        ("tables/II.csv",),
        "of the 66, by adaptive F",
        WITH_INTERVALS,
        **OF_PHOTOGRAPHS,
        subsets=("best", "worst"),
    ),
    "salient_object": _of_networks(
        "15 networks of Task 1 on drawn scenes, about half an hour on two cores",
        ("experiments/salient_object.py compare --out {out} --seeds 0 1 2 miniature",),
        ("tables/I.csv", "tables/V.csv"),
        "48 drawn scenes, VGG16 at width ⅛",
        (
            Score("max_f", "max F [95 %]", True, "all"),
            Score("mae", "MAE", False, "all", higher_is_better=False),
            *WITH_INTERVALS,
        ),
    ),
    "action": _of_networks(
        "33 networks of Task 2 on drawn videos, over an hour on two cores",
        ("experiments/action.py compare --out {out} --seeds 0 1 2 miniature",),
        ("tables/III.csv", "tables/VI.csv"),
        "36 drawn videos of 12 actions, C3D at width ⅛, three seeds",
        (Score("map", "mAP [95 %]", True, "group"), ACCURACY, *GAZED),
    ),
    "fine_grained": _of_networks(
        "15 networks of Task 3 on drawn birds and attacks on them, half an hour on two cores",
        (
            "experiments/fine_grained.py compare --out {out} --seeds 0 1 2 miniature",
            "experiments/adversarial.py {out}/fine_grained/cub_vwsw-* --out {out}",
        ),
        ("tables/VII.csv", "tables/VIII.csv", "tables/X.csv"),
        "144 drawn birds, VGG16 at width ¼, three seeds",
        (
            ACCURACY,
            *GAZED,
            Score("fooling_rate", "fooled at ε = 2 of 255", True, "group", higher_is_better=False),
        ),
    ),
    "birds_vgg16": _of_networks(
        "six networks of Task 3 on ImageNet VGG16 and drawn birds, about half an hour",
        (
            "experiments/fine_grained.py compare --out {out} --attentions activation softmax"
            " sigmoid supervised human softmax_of_logits paper --training.weights {weights}"
            " --model.head pooled --model.momentum 0.9 --data.images 432 --data.side 300"
            " --training.learning-rate 1e-3 --training.epochs 30 --machine.validate-every 10",
        ),
        ("tables/VII.csv", "tables/VIII.csv"),
        "144 drawn birds",
        (Score("accuracy", "accuracy [95 %]", True), Score("s_auc", "s-AUC"), Score("ig", BITS)),
    ),
}
