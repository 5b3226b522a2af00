"""The cells of the study: every run, attack and reference of its tables, and what each needs."""

from __future__ import annotations

import fnmatch
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from keras_attn import configs, storage
from keras_attn.configs.names import StudyDataset
from keras_attn.errors import InputError, listing, one_of
from keras_attn.mechanisms import MECHANISMS
from keras_attn.registries import BACKBONES, DATASETS
from keras_attn.study.sources import Sources

REFERENCES, RUN, ATTACK = "references", "run", "attack"
FOLDED = configs.SalientObject.task
"""The task of which folds are held out in turn."""
ATTACKED = configs.FineGrained.task
"""The task whose networks are attacked."""
Preset = Literal["demo", "miniature", "paper"]
Task = Literal[tuple(configs.TASKS)]

PASCAL_EPOCHS = 1
"""Of a miniature on PASCAL-S, which shows each image in eight variants: as much as 8 epochs."""


def span(preset):
    """What the grid of a preset is spanned by, where nothing else is said: a dict by axis."""
    datasets = tuple(name for name in StudyDataset.allowed() if DATASETS[name].paper)
    every = {"datasets": datasets, "backbones": BACKBONES.first}
    return {
        "demo": {
            "datasets": tuple(name for name in datasets if DATASETS[name].first is None),
            "backbones": ("vgg16",),
            "folds": (0,),
        },
        "miniature": every | {"folds": (0,)},
        "paper": every | {"folds": tuple(range(5))},
    }[one_of("preset", preset, get_args(Preset))]


@dataclass(frozen=True)
class StudyCell:
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
class Axes:
    """What the grid is spanned by."""

    tasks: tuple[Task, ...] = tuple(configs.TASKS)
    """Tasks."""
    datasets: tuple[StudyDataset, ...] | None = None
    """Datasets, with those that their runs start from; default all of the paper's, of `demo` the
    first of each task."""
    backbones: tuple[configs.Backbone, ...] | None = None
    """Backbones of Tasks 1 and 3; that of Task 2 is C3D. Default all of the paper's, of `demo`
    VGG16."""
    attentions: tuple[configs.Attention, ...] = tuple(MECHANISMS)
    """Mechanisms; default the five of the paper."""
    seeds: tuple[int, ...] = (0,)
    """Seeds of the training."""
    folds: tuple[int, ...] | None = None
    """Folds of Task 1 that are held out in turn; default all five of `paper`, 0 of the others."""

    def __post_init__(self):
        kinds = {"backbones": configs.Backbone, "datasets": StudyDataset}
        kinds |= {"attentions": configs.Attention}
        for axis, kind in kinds.items():
            for value in getattr(self, axis) or ():
                if isinstance(value, str) and not kind.allows(value):
                    raise InputError(axis, f"some of {listing(kind.allowed())}", repr(value))

    def within(self, preset):
        """The same with what it leaves open as the preset has it."""
        spans = span(preset)
        open_ = {name: span for name, span in spans.items() if getattr(self, name) is None}
        return replace(self, **open_)

    @property
    def widest(self):
        """All tasks, datasets, backbones and mechanisms, of these seeds and folds."""
        return replace(
            self,
            tasks=tuple(configs.TASKS),
            datasets=StudyDataset.allowed(),
            backbones=configs.Backbone.allowed(),
            attentions=configs.Attention.allowed(),
        )


def grid(preset, out, *, axes=None, sources=None, bases=None, **changes):
    """All cells of the study, each after those that it needs: a list of `StudyCell`.

    preset: "demo", "miniature" or "paper". out: the folder of the study. axes: an `Axes`. sources:
    a `Sources`. bases: configurations to start from in place of the preset's, by task. changes:
    fields of all configurations, such as strategy="mirrored".
    """
    axes = (axes or Axes()).within(preset)
    bases = {task: _base(task, preset) for task in configs.TASKS} | (bases or {})
    made = _Grid(preset, Path(out), axes, sources or Sources())
    for task, base in bases.items():
        if task in axes.tasks:
            made.task(configs.changed(base, **changes))
    every = list(made.cells.values())
    return _with_needs(every, {c.name for c in every if c.config.data.name in axes.datasets})


def _base(task, preset):
    """The configuration that the networks of a task differ from in their axes."""
    return configs.PRESETS[task]["miniature" if preset == "demo" else preset]


class _Grid:
    """The cells so far, by name."""

    def __init__(self, preset, out, axes, sources):
        self.out, self.axes, self.sources = out, axes, sources
        self.drawn = preset != "paper"
        self.cells = {}

    def add(self, name, kind, config, needs=()):
        name = f"{config.task}/{name}"
        self.cells.setdefault(name, StudyCell(name, kind, config, self.out, tuple(needs)))
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
        return {} if self.drawn else {"weights": self.sources.weights(name)}

    def folder(self, name):
        return self.out / name

    def task(self, base):
        """All cells of a task: on each dataset a network of every kind."""
        names = self.datasets(base.task)
        folds = [{"fold": fold} for fold in self.axes.folds] if base.task == FOLDED else [{}]
        for fold in folds:
            data = {name: self.on(self.on_variants(base, name), name, **fold) for name in names}
            for network in self.networks(base.task):
                self.chain(data, network)

    def datasets(self, task):
        """Those of a task that are asked for, each after what the paper trains on before it."""
        names = []

        def take(name):
            first = DATASETS[name].first
            if first is not None and first not in names:
                take(first)
            names.append(name)

        for name in StudyDataset.allowed():
            if task in DATASETS[name].tasks and name in self.axes.datasets and name not in names:
                take(name)
        return names

    def on_variants(self, base, dataset):
        """The configuration with fewer epochs, where a miniature sees variants of each image."""
        if not (self.drawn and DATASETS[dataset].augmented):
            return base
        return configs.changed(base, epochs=min(PASCAL_EPOCHS, base.training.epochs))

    def networks(self, task):
        """Fields that tell the networks of a task apart: a dict for each."""
        for seed in self.axes.seeds:
            for trunk in self.trunks(task):
                for attention in self.axes.attentions:
                    yield {**trunk, "attention": attention, "seed": seed}

    def trunks(self, task):
        """What bears the attention: the fusions of Task 2, the backbones of the others."""
        if task == configs.Action.task:
            return [{"fusion": fusion} for fusion in ("early", "late")]
        return [{"backbone": backbone} for backbone in self.axes.backbones]

    def chain(self, data, network):
        """A network on each dataset, and FGSM on each of Task 3 (§IV-A2, §IV-B2, §IV-C).

        data: of each dataset the configuration and the name of its references. Where the paper
        trains on another one before, the network goes on from its run there.
        """
        runs = {}
        for dataset, (config, references) in data.items():
            first = DATASETS[dataset].first
            own = configs.changed(config, **network)
            if first is None:
                weights = self.weights(network.get("backbone", "c3d"))
                own = configs.changed(own, **weights)
                runs[dataset] = self.begun(own, references)
            else:
                started = own.after(self.folder(runs[first]))
                runs[dataset] = self.run(started, references, runs[first])
            if config.task == ATTACKED:
                name = f"{own.run_name}/{storage.ATTACK}"
                self.add(name, ATTACK, own, (runs[dataset],))

    def begun(self, config, seen):
        """A run, with those of streams alone that are trained before it."""
        needs, fields = [seen], {}
        for field, alone in config.before().items():
            needs.append(self.run(alone.without_unused(), seen))
            fields[field] = self.folder(needs[-1])
        return self.run(configs.changed(config, **fields), *needs)


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
