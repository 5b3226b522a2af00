"""Where the datasets and the weights of the study lie: a field for each that is registered."""

import inspect
from pathlib import Path
from typing import Annotated

import tyro

from keras_attn import configs
from keras_attn.configs.names import StudyDataset
from keras_attn.errors import InputError, one_of
from keras_attn.registries import BACKBONES, DATASETS

PLACES = {
    "root": ("", "Root of {title}."),
    "flow_root": ("_flow", "Frames and flow of {title}, as tools/extract_flow.py writes them."),
    "gaze": ("_gaze", "Where the gaze files of {title} lie; default the root."),
}
"""Fields of a configuration's data that say where it lies: how their sources end, and the help."""
PUBLISHED = {"c3d": "c3d_caffe"}
"""Names of published weight files, where they are not that of the network."""
OWN = {
    "masks": "A set with masks that the networks of `own` are trained on first, gaze or not",
    "gaze": "A set with gaze that the study `own` is about",
}
MORE = (
    "{what}: FOLDER, or FOLDER:COLUMN=VALUE for the fixations of one condition. Named more than "
    "once, the sets are read as one."
)
FILE = "Weight file of {title}, or the name of a published one that was fetched; of `paper`, `own`."


class Sources:
    """Where datasets and weights lie; what has no root is drawn.

        Sources(hollywood2="Hollywood2", hollywood2_flow="flow/hollywood2", vgg16="vgg16.h5")

    A dataset is named by its root; `<dataset>_flow` are its frames and flow, `<dataset>_gaze` its
    gaze where that lies apart; a network is named by its weight file. `masks` and `gaze` are one's
    own data, a folder or several of each, see `sets.Place`. Raises `InputError` for a name that is
    not registered.
    """

    def __init__(self, **places):
        known = fields()
        for name in places:
            one_of("sources", name, tuple(known))
        default = {name: default for name, (_, default, _) in known.items()}
        self._places = {**default, **places}
        for name in OWN:
            one = self._places[name]
            self._places[name] = (one,) if isinstance(one, (str, Path)) else tuple(one)

    def __getattr__(self, name):
        if name.startswith("_") or name not in self._places:
            raise AttributeError(name)
        return self._places[name]

    def __repr__(self):
        places = ((name, value) for name, value in self._places.items() if value not in (None, ()))
        told = (f"{name}={value!r}" for name, value in places)
        return f"Sources({', '.join(told)})"

    def __eq__(self, other):
        return isinstance(other, Sources) and self._places == other._places

    __hash__ = None

    def of(self, dataset):
        """Fields of a configuration's data, by name."""
        found = {name: self._places.get(source) for name, source in _places(dataset).items()}
        return {name: path for name, path in found.items() if path is not None}

    def weights(self, network):
        """The weight file of a backbone, or of C3D."""
        return self._places.get(network, Path(network))


def fields():
    """`{name: (type, default, help)}` of all that may be named."""
    known = {}
    for dataset in StudyDataset.allowed():
        title = DATASETS[dataset].title
        for name, source in _places(dataset).items():
            known[source] = (Path | None, None, PLACES[name][1].format(title=title))
    for name, what in OWN.items():
        kind = tyro.conf.UseAppendAction[tuple[str, ...]]
        known[name] = (kind, (), MORE.format(what=what))
    for network in (*BACKBONES, "c3d"):
        file = Path(PUBLISHED.get(network, network))
        known[network] = (Path, file, FILE.format(title=network))
    return known


def _places(dataset):
    """Sources of a dataset by the field of the configuration that they are for."""
    one = DATASETS[dataset]
    data = configs.TASKS[one.tasks[0]]().data
    names = [name for name in PLACES if one.takes(name) and hasattr(data, name)]
    return {name: f"{dataset}{PLACES[name][0]}" for name in names}


def _said(told, default):
    if default == ():
        return tyro.conf.arg(help=told, metavar="FOLDER")
    return tyro.conf.arg(help=told, help_behavior_hint=f"(default: {default})")


def as_options():
    """What the parser makes an option of for each: a function of all of them, by their names."""

    def sources(**places):
        """Where datasets and weights lie."""
        return Sources(**places)

    keyword = inspect.Parameter.KEYWORD_ONLY
    known = {
        name: (Annotated[kind, _said(told, default)], default)
        for name, (kind, default, told) in fields().items()
    }
    sources.__annotations__ = {name: kind for name, (kind, _) in known.items()}
    sources.__signature__ = inspect.Signature(
        inspect.Parameter(name, keyword, annotation=kind, default=default)
        for name, (kind, default) in known.items()
    )
    return sources


def check_sources(preset, cells, sources):
    """Refuse a grid whose data or weights are not there, before any work is done.

    Of the paper's preset all have to be; of the others data that cannot be drawn. What one's own
    are, `sets.OwnSets` has looked at.
    """
    from keras_attn.weights import fetching

    drawn_or_published = () if preset == "own" else cells
    for dataset, task in dict.fromkeys(
        (c.config.data.name, c.config.task) for c in drawn_or_published
    ):
        root = sources.of(dataset).get("root")
        if root is None and preset != "paper" and DATASETS[dataset].drawn_for(task):
            continue
        if root is None or not Path(root).expanduser().is_dir():
            expected = "the folder of the dataset, or other --tasks, --datasets or --only"
            option = f"--sources.{dataset.replace('_', '-')}"
            raise InputError(option, expected, root)
    files = (cell.config.training.weights for cell in cells)
    for file in dict.fromkeys(file for file in files if file is not None):
        if not (path := fetching.find(file)).is_file():
            raise InputError(path, "a weight file, or the name of a published one", "no such file")
