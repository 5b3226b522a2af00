"""The cells of the study: every run, attack and reference of its tables, and what each needs."""

from __future__ import annotations

import fnmatch
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from keras_attn import configs
from keras_attn.errors import InputError, one_of
from keras_attn.mechanisms import MECHANISMS
from keras_attn.runs import storage

REFERENCES, RUN, ATTACK = "references", "run", "attack"
Preset = Literal["demo", "miniature", "paper"]
Task = Literal[tuple(configs.TASKS)]
Dataset = Literal["dut_omron", "pascal_s", "hollywood2", "ucf_sports", "cub_vwsw"]

PASCAL_EPOCHS = 2
"""Of a miniature on PASCAL-S, which shows each image in eight variants: as much as 16 epochs."""
EVERY = {"datasets": get_args(Dataset), "backbones": configs.Backbone.allowed()}
SPANS = {
    "demo": {
        "datasets": ("dut_omron", "hollywood2", "cub_vwsw"),
        "backbones": ("vgg16",),
        "folds": (0,),
    },
    "miniature": EVERY | {"folds": (0,)},
    "paper": EVERY | {"folds": tuple(range(5))},
}
"""What the grid of a preset is spanned by, where nothing else is said."""
DEMO = {configs.Action.task: {"iterations": 30, "stream_iterations": 180, "save_every": 30}}
"""Fields of a miniature that the demo changes, by task: eleven networks in a few minutes leave each
fewer updates."""


@dataclass(frozen=True)
class Cell:
    """A part of the study that is done as a whole, into a folder of its own.

    name: its folder within that of the study, such as `action/hollywood2-flow-seed0`.
    kind: "run", a network that is trained and scored; "attack", FGSM on one; "references", what
    needs no network. config: of the run; of references, any of the same data. needs: names of
    cells that have to be finished before. out: the folder of the study.
    """

    name: str
    kind: str
    config: Any
    out: Path
    needs: tuple[str, ...] = ()

    @property
    def folder(self):
        """Where its files go."""
        return self.out / self.name

    @property
    def alike(self):
        """What cells have in common that cost about the same."""
        which = self.config.who[0] if self.kind != REFERENCES else ""
        return self.kind, self.config.task, self.config.data.name, which

    @property
    def identity(self):
        """Hash of the configuration and of the format of results, before data are read."""
        about = {"kind": self.kind, "data": configs.to_dict(self.config)["data"]}
        if self.kind == ATTACK:
            about["attack"] = asdict(configs.Attack())
        return configs.identity(self.config, data=about)


@dataclass(frozen=True)
class Sources:
    """Where datasets and weights lie; what has no root is drawn."""

    dut_omron: Path | None = None
    """Root of DUT-OMRON."""
    pascal_s: Path | None = None
    """Root of PASCAL-S."""
    hollywood2: Path | None = None
    """Root of Hollywood-2."""
    hollywood2_flow: Path | None = None
    """Its frames and flow, as tools/extract_flow.py writes them."""
    ucf_sports: Path | None = None
    """Root of UCF Sports."""
    ucf_sports_flow: Path | None = None
    """Its frames and flow."""
    cub_vwsw: Path | None = None
    """Root of CUB-200-2010."""
    cub_vwsw_gaze: Path | None = None
    """Where the gaze files of CUB-VWSW lie; default the root."""
    alexnet: Path = Path("alexnet")
    """Weight file of AlexNet, or the name of a published one that was fetched; of `paper` alone,
    as the next ones."""
    vgg16: Path = Path("vgg16")
    """The same of VGG16."""
    resnet50: Path = Path("resnet50")
    """The same of ResNet50."""
    c3d: Path = Path("c3d_caffe")
    """The same of C3D."""

    def of(self, dataset):
        """Fields of a configuration's data, by name."""
        places = {
            "root": dataset,
            "flow_root": f"{dataset}_flow",
            "gaze": f"{dataset}_gaze",
        }
        found = {name: getattr(self, field, None) for name, field in places.items()}
        return {name: path for name, path in found.items() if path is not None}


@dataclass(frozen=True)
class Axes:
    """What the grid is spanned by."""

    tasks: tuple[Task, ...] = tuple(configs.TASKS)
    """Tasks."""
    datasets: tuple[Dataset, ...] | None = None
    """Datasets, with those that their runs start from; default all, of `demo` the first of each
    task."""
    backbones: tuple[configs.Backbone, ...] | None = None
    """Backbones of Tasks 1 and 3; that of Task 2 is C3D. Default all, of `demo` VGG16."""
    attentions: tuple[configs.Attention, ...] = tuple(MECHANISMS)
    """Mechanisms."""
    seeds: tuple[int, ...] = (0,)
    """Seeds of the training."""
    folds: tuple[int, ...] | None = None
    """Folds of Task 1 that are held out in turn; default all five of `paper`, 0 of the others."""

    def within(self, preset):
        """The same with what it leaves open as the preset has it."""
        open_ = {name: span for name, span in SPANS[preset].items() if getattr(self, name) is None}
        return replace(self, **open_)

    @property
    def widest(self):
        """All tasks, datasets, backbones and mechanisms, of these seeds and folds."""
        every = {"tasks": tuple(configs.TASKS), "attentions": tuple(MECHANISMS)}
        return replace(self, **every, **EVERY)


def grid(preset, out, *, axes=None, sources=None, bases=None, **changes):
    """All cells of the study, each after those that it needs: a list of `Cell`.

    preset: "demo", "miniature" or "paper". out: the folder of the study. axes: an `Axes`. sources:
    a `Sources`. bases: configurations to start from in place of the preset's, by task. changes:
    fields of all configurations, such as strategy="mirrored".
    """
    axes = (axes or Axes()).within(one_of("preset", preset, tuple(SPANS)))
    bases = {task: _base(task, preset) for task in configs.TASKS} | (bases or {})
    made = _Grid(preset, Path(out), axes, sources or Sources())
    for task, add in (
        (configs.SalientObject.task, made.salient_object),
        (configs.Action.task, made.action),
        (configs.FineGrained.task, made.fine_grained),
    ):
        if task in axes.tasks:
            add(configs.changed(bases[task], **changes))
    every = list(made.cells.values())
    return _with_needs(every, {c.name for c in every if c.config.data.name in axes.datasets})


def _base(task, preset):
    """The configuration that the networks of a task differ from in their axes."""
    if preset != "demo":
        return configs.PRESETS[task][preset]
    return configs.changed(configs.PRESETS[task]["miniature"], **DEMO.get(task, {}))


class _Grid:
    """The cells so far, by name."""

    def __init__(self, preset, out, axes, sources):
        self.out, self.axes, self.sources = out, axes, sources
        self.drawn = preset != "paper"
        self.cells = {}

    def add(self, name, kind, config, needs=()):
        name = f"{config.task}/{name}"
        self.cells.setdefault(name, Cell(name, kind, config, self.out, tuple(needs)))
        return name

    def run(self, config, *needs):
        return self.add(config.run_name, RUN, config, needs)

    def on(self, config, dataset, **changes):
        """A configuration on a dataset, and the name of its references."""
        config = configs.changed(config, name=dataset, **self.sources.of(dataset), **changes)
        fold = f"-fold{changes['fold']}" if "fold" in changes else ""
        # They are first to read the data, so that what is drawn is drawn once and by one process.
        needs = [c.name for c in self._references(config)][:1]
        return config, self.add(f"{REFERENCES}-{dataset}{fold}", REFERENCES, config, needs)

    def _references(self, config):
        for cell in self.cells.values():
            if cell.kind == REFERENCES and cell.config.data.name == config.data.name:
                yield cell

    def weights(self, name):
        """The field of weights to start from, which a miniature has none of."""
        return {} if self.drawn else {"weights": getattr(self.sources, name)}

    def folder(self, name):
        return self.out / name

    def networks(self):
        for seed in self.axes.seeds:
            for backbone in self.axes.backbones:
                for attention in self.axes.attentions:
                    yield {"backbone": backbone, "attention": attention, "seed": seed}

    def salient_object(self, base):
        """DUT-OMRON, and PASCAL-S from the same network there (§IV-A2)."""
        later = base
        if self.drawn:
            epochs = min(PASCAL_EPOCHS, base.training.epochs)
            later = configs.changed(base, epochs=epochs)
        for fold in self.axes.folds:
            pair = self.pair(base, later, "pascal_s", fold=fold)
            for network in self.networks():
                self.chain(*pair, network, self.weights(network["backbone"]))

    def action(self, base):
        """Hollywood-2 after a stream of flow, and UCF Sports from the same network (§IV-B2)."""
        pair = self.pair(base, base, "ucf_sports")
        for seed in self.axes.seeds:
            for fusion in ("early", "late"):
                for attention in self.axes.attentions:
                    network = {"fusion": fusion, "attention": attention, "seed": seed}
                    self.chain(*pair, network, self.weights("c3d"))

    def pair(self, base, later, dataset, **changes):
        """Configurations on the dataset that runs on this one start from, and on this one.

        Each with the name of its references.
        """
        return *self.on(base, base.FIRST[dataset], **changes), *self.on(later, dataset, **changes)

    def chain(self, first, seen, second, seen_later, network, weights):
        """A network on the first dataset, and the same from there on the second."""
        before = self.begun(configs.changed(first, **network, **weights), seen)
        second = configs.changed(second, **network)
        self.run(second.after(self.folder(before)), seen_later, before)

    def begun(self, config, seen):
        """A run, with those of streams alone that are trained before it."""
        needs, fields = [seen], {}
        for field, alone in config.before().items():
            needs.append(self.run(alone.without_unused(), seen))
            fields[field] = self.folder(needs[-1])
        return self.run(configs.changed(config, **fields), *needs)

    def fine_grained(self, base):
        """CUB-VWSW, and FGSM on each network (§IV-C)."""
        config, seen = self.on(base, "cub_vwsw")
        for network in self.networks():
            given = network | self.weights(network["backbone"])
            trained = configs.changed(config, **given)
            name = self.run(trained, seen)
            self.add(f"{trained.run_name}/{storage.ATTACK}", ATTACK, trained, (name,))


def chosen(cells, only=None):
    """The cells whose name `only` is a part of, or fits as a glob, and all that these need.

    only: None for all. Keeps the order. `InputError` where no name fits.
    """
    if only is None:
        return list(cells)
    by_name = {cell.name: cell for cell in cells}
    wanted = {n for n in by_name if only in n or fnmatch.fnmatchcase(n, only)}
    if not wanted:
        expected = f"a part of a cell's name, such as {cells[-1].name}, or a glob"
        raise InputError("--only", expected, repr(only))
    return _with_needs(cells, wanted)


def _with_needs(cells, wanted):
    """The cells of these names, a set, and all that they need, in their order."""
    for cell in reversed(cells):  # what a cell needs stands before it
        if cell.name in wanted:
            wanted.update(cell.needs)
    return [cell for cell in cells if cell.name in wanted]


def check_sources(cells, sources):
    """Refuse a grid of the paper whose data or weights are not there, before any work is done."""
    from keras_attn.weights import fetching

    for dataset in dict.fromkeys(cell.config.data.name for cell in cells):
        root = getattr(sources, dataset)
        if root is None or not Path(root).expanduser().is_dir():
            expected = "the folder of the dataset, or other --tasks or --only"
            option = f"--sources.{dataset.replace('_', '-')}"
            raise InputError(option, expected, root)
    files = (cell.config.training.weights for cell in cells)
    for file in dict.fromkeys(file for file in files if file is not None):
        if not (path := fetching.find(file)).is_file():
            raise InputError(path, "a weight file, or the name of a published one", "no such file")
