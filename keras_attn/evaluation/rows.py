"""What evaluations and audits write: names of the files and of all their columns, in their order.

Said here alone: what writes them and what reads them imports it. Loads nothing heavy.
"""

from dataclasses import dataclass, replace

from keras_attn.errors import InputError
from keras_attn.metrics.columns import BEGINNINGS, COLUMNS, Heading, further
from keras_attn.metrics.salient_object import CURVES as MASK_CURVES
from keras_attn.metrics.salient_object import SCORES as MASK_SCORES

# --- an evaluation: examples.csv, a row per example; arrays.npz, in the order of the rows --------

EXAMPLES, ARRAYS, GALLERY = "examples.csv", "arrays.npz", "gallery.npz"
FILES = (EXAMPLES, ARRAYS, GALLERY)
"""Files of an evaluation."""
TRUNK = ("backbone", "fusion")
"""What networks of different attentions have in common where they are compared."""
NETWORK = (*TRUNK, "attention")
"""What names a network, but for the data and the seed that it was trained with."""
WHO = ("task", "dataset", *NETWORK, "fold", "seed")
"""First columns: who was scored on what."""
ID = "id"
LABELS = (*WHO, ID)
"""The columns that say what was scored; no two rows are alike in all of them."""
WITHOUT_GAZE = "_without_gaze"
"""The end of an attention's name that has learnt from data without gaze what gaze would teach."""
GROUP = "group"
"""Which examples belong together, of datasets with groups; as `datasets.groups` writes it."""
COLLECTION = "collection"
"""Which set an example comes from, of datasets that `datasets.join` has joined."""
FIXATIONS = "fixations"
"""How many fixations an example has."""
CLASSES = ("class", "predicted")
"""Of classifiers: the name of an example's class, and of the one that the network told."""
JOINED = " + "
"""Between the names of the classes of an example that is of several."""
CORRECT = "correct"
"""Of classifiers: 1 where the network told the class of the example, or one of its classes."""
STUDY = ("s_auc", "ig")
"""The two gaze scores of the study's tables; conditions of an audit are compared by them."""
EXTRAS = ("zero_share", "constant")
"""Beside the gaze metrics: share of fixated pixels on an exact zero of map or baseline (which has
none by its uniform share), and whether the map is constant."""
OF_CEILING, FOOLED_AT, PREDICTED_AT = BEGINNINGS
"""Beginnings of columns: of the ceiling; and, of attacks, of what came of each ε, as `{ε:g}`."""
AFTER = "_after"
"""Of attacks: the end of the columns that are of the attention after."""
CEILING = tuple(f"{OF_CEILING}{key}" for key in STUDY)
"""What the gold standard scores on the same example, whatever the network."""
CEILING_NOTE = "The ceiling"
"""How the note on it begins, which stands under the tables that show it alone."""
LARGEST = 1024
"""Pixels of the longest side that gaze is scored at: larger images are scored at this size."""
ENTROPY = "entropy"
"""How spread the attention is, 0 to 1."""
ATTACK = ("epsilon", "search")
"""Of attacks: the size of the perturbation that the scores count, and how it was chosen."""
FOOLED = ("fooling_rate", "fooling_rate_all")
"""Of attacks: whether an image was fooled, of those that were told rightly before and of all."""
SMALLEST = "smallest_epsilon"
"""Of attacks with a line search: the smallest ε that changes the prediction."""
SCORED = ("drawn", "data_kind", "fingerprint", "files")
"""Columns that tell of the data that are scored. files: a hash of them, where not drawn."""
TRAINED = ("trained_on", "trained_drawn", "trained_fingerprint")
"""Columns that tell of the data their network learnt from; empty where that is unknown."""
ABOUT_DATA = (*SCORED, *TRAINED)
"""Last columns: which data were scored and learnt from."""

NOTES = "notes"
"""The array of sentences that a reader of the numbers has to know; `id` stands beside it."""
CURVES = MASK_CURVES
RANKING = ("scores", "labels")
"""The arrays that rank videos: `(n, classes)`, scores and 1 for classes it is of."""
LOGITS = "logits"
"""The array of what an image classifier returns: `(n, classes)`."""
MAPS = "maps"
"""The array of the examples' attention: `(n, d)`, as `metrics.dispersion` keeps it.

Each of mean 0 and length 1; zeros for a constant map, NaN where there is none.
"""

# --- an audit: rows.csv, a row per map; examples.csv, a row per map and image -------------------

ROWS, RECORD, PAGE, FIGURE = "rows.csv", "audit.json", "audit.html", "audit.png"
VIEWERS = "viewers.csv.gz"
"""A row per map, image and viewer; none where viewers are not told apart."""
AUDIT_FILES = (ROWS, EXAMPLES, VIEWERS, RECORD, PAGE, FIGURE)
"""Files of an audit."""
RANKING_ROWS, RANKING_PAGE = "ranking.csv", "ranking.html"
"""Files of several audits held against each other."""
OF_FAITHFULNESS = ("faithfulness.csv", "faithfulness_examples.csv", "faithfulness.png")
"""Further ones, of an audit that was asked for it."""
OF_MAP = ("model", "layer", "kind", "condition")
"""First columns, which name a row; the last is there in an audit by condition."""
SOURCE, IMAGES, IMAGE, NOTE = "source", "images", "image", "note"
"""Files and weights of a model; how many images a row is of; whose scores; what to know of it."""
VIEWER = "viewer"
"""Whose fixations alone a score is of."""
CENTRE, UNIFORM = "centre", "uniform"
"""The centre bias, which is the density of other images' fixations; and a constant map."""
ALL_OBSERVERS = "all_observers"
"""The density of the very fixations that are scored; the mechanism of gaze is called `human`."""
SINGLE_OBSERVER = "single_observer"
"""One observer's density on the fixations of the others."""
GOLD_STANDARD = "gold_standard"
"""The ceiling: the density of the others, mixed by `metrics.gold_standard`, on one observer's."""
REFERENCES = (CENTRE, UNIFORM, ALL_OBSERVERS, SINGLE_OBSERVER, GOLD_STANDARD)
"""Names of what needs no network: a model in audits, an attention in evaluations."""
EARLIER_NAMES = {"human": ALL_OBSERVERS, "one viewer": SINGLE_OBSERVER, "ceiling": GOLD_STANDARD}
"""What files of earlier versions call references."""
ENDS = ("", "_low", "_high")
"""Of a mean, and of the two ends of its interval."""
TEST = ("_p", "_side")
"""Of p, and of the side that a row is on of what it is held against."""
DIFFERENCE = "_difference"
"""Of what a row is above the same map's under the first condition, followed by ENDS and TEST."""
SHARE = Heading("ig_share", "IG share")
"""Of explainable information: IG as a share of that of the ceiling."""
FAITHFUL, RANDOM, RANDOMISED = ("deletion", "insertion"), "random", "randomised"
"""What tells whether maps say anything of their network, by `audits.faithfulness`: areas under two
curves; pixels in random order, beside which they stand; and Spearman's ρ with the maps of the same
network with random weights."""
SIGNIFICANT = 0.05
SIDES = {1: "better", -1: "worse", 0: ""}
"""Of a score beside what it is held against, where the difference is significant."""
FLOORS = {"ig": UNIFORM}
"""The row that one has to be above, beside chance, to be better by a metric."""


def gaze_keys():
    """Keys of all scores of a map against gaze, in their order: of the metrics, and EXTRAS.

    `InputError` for a metric of a plug-in that has the name of another column.
    """
    for column in further():
        if column.key in TAKEN:
            expected = "a key that no other column of examples.csv and rows.csv has"
            raise InputError(f"metric {column.title!r}", expected, repr(column.key))
    return (*(column.key for column in COLUMNS), *EXTRAS)


TAKEN = {
    *(*LABELS, GROUP, COLLECTION, FIXATIONS, *CLASSES, CORRECT, *MASK_SCORES, *EXTRAS, ENTROPY),
    *(*ATTACK, *FOOLED, SMALLEST, *ABOUT_DATA, "folder", "cc_others"),
    *("max_f", "map", "map_step", "accuracy"),  # what tables make of the arrays
    *(*OF_MAP, SOURCE, IMAGES, IMAGE, NOTE, VIEWER),
}
"""Names of columns that are no gaze metric; beside them are those that begin or end as those of
`metrics.columns` may not."""


def unregistered(names):
    """Those columns of examples.csv that are of no registered metric, and nothing else listed here.

    names: of all columns of a file.
    """
    known = {*TAKEN, *(column.key for column in COLUMNS)}
    return [name for name in names if name not in known and not _is_of_another(name, known)]


def _is_of_another(name, known):
    """Whether a column is about another: the ceiling's, an attack's, an earlier attention's."""
    before, _, last = name.rpartition("_")
    of_level = before in known and (last.isdigit() or last == "after")
    return of_level or name.startswith(BEGINNINGS)


@dataclass(frozen=True)
class RowName:
    """Whose maps a row of an audit is about; the references have a model alone, maybe a condition.

    condition: such as "task=search", of an audit by condition.
    """

    model: str
    layer: str = ""
    kind: str = ""
    condition: str = ""

    def __str__(self):
        name = " · ".join(part for part in (self.model, self.layer, self.kind) if part)
        return f"{name} | {self.condition}" if self.condition else name

    @property
    def map(self):
        """The name of its map, whatever it is compared with."""
        return replace(self, condition="")


def name_of(row):
    """The `RowName` of a row of the audit."""
    return RowName(row["model"], row["layer"], row["kind"], row.get("condition", ""))


def is_reference(row):
    """Whether a row is one of those that stand in every audit."""
    return row["model"] in REFERENCES and not row["layer"]


def renamed(rows):
    """Rows of a file, maybe of an earlier version, with the references called as they are now.

    rows: a DataFrame of an audit, an evaluation or a table of a report, in which names that are
    not there are "" or missing. What has no backbone, or no layer and kind, is no network.
    """
    column, others = ("model", OF_MAP[1:3]) if "model" in rows else ("attention", TRUNK)
    labels = rows.reindex(columns=list(others))
    old = (labels.isna() | (labels == "")).all(axis=1) & rows[column].isin(list(EARLIER_NAMES))
    return rows.assign(**{column: rows[column].mask(old, rows[column].map(EARLIER_NAMES))})


def ranked(rows):
    """The audited rows from the best to the worst s-AUC; equal ones in the order of the table."""
    audited = [row for _, row in rows.iterrows() if not is_reference(row)]
    return sorted(audited, key=lambda row: row["s_auc"], reverse=True)


def put_first(table, columns):
    """Insert columns, values or one value each by name, before all others of a DataFrame."""
    for place, (name, value) in enumerate(columns.items()):
        table.insert(place, name, value)
