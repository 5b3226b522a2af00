"""The cells of the study: every run, attack and reference of its tables, and what each needs."""

from __future__ import annotations

import fnmatch
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from keras_attn import configs, mechanisms, storage
from keras_attn.configs.names import StudyDataset
from keras_attn.configs.starting import WITH_FILE
from keras_attn.errors import InputError, listing, one_of
from keras_attn.mechanisms import MECHANISMS
from keras_attn.registries import BACKBONES, DATASETS
from keras_attn.study import sets
from keras_attn.study.sources import Sources

REFERENCES, RUN, START, ATTACK = "references", "run", "start", "attack"
ATTACKED = configs.FineGrained.task
"""The task whose networks are attacked."""
Preset = Literal["demo", "miniature", "paper", "own"]
OWN = "own"
Task = Literal[tuple(configs.TASKS)]
Fusion = Literal["early", "late"]

PASCAL_EPOCHS = 1
"""Of a miniature on PASCAL-S, which shows each image in eight variants: as much as 8 epochs."""


def span(preset):
    """What the grid of a preset is spanned by, where nothing else is said: a dict by axis."""
    datasets = tuple(name for name in StudyDataset.allowed() if DATASETS[name].paper)
    every = {"datasets": datasets, "backbones": BACKBONES.first, "fusions": get_args(Fusion)}
    return {
        "demo": {
            "datasets": tuple(name for name in datasets if DATASETS[name].first is None),
            "backbones": ("vgg16",),
            "fusions": ("late",),
            "folds": (0,),
        },
        "miniature": every | {"folds": (0,)},
        "paper": every | {"folds": tuple(range(5))},
        OWN: every | {"datasets": (), "backbones": ("vgg16",), "folds": tuple(range(5))},
    }[one_of("preset", preset, get_args(Preset))]


@dataclass(frozen=True)
class StudyCell:
    """A part of the study that is done as a whole, into a folder of its own.

    name: its folder within that of the study, such as `action/hollywood2-flow-seed0`.
    kind: "run", a network that is trained and scored; "start", one that others go on from, which
    cannot be scored; "attack", FGSM on one; "references", what needs no network. config: of the
    run; of references, any of the same data. needs: names of cells that have to be finished before.
    out: the folder of the study.
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
    def trains(self):
        """Whether a network is trained in it."""
        return self.kind in (RUN, START)

    @property
    def scores(self):
        """Whether it writes rows."""
        return self.kind != START

    @property
    def alike(self):
        """What cells have in common that cost about the same."""
        which = self.config.who[0] if self.kind != REFERENCES else ""
        return self.kind, self.config.task, self.config.data_name, which

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
    first of each task; of `own` those of --sources.masks and --sources.gaze."""
    backbones: tuple[configs.Backbone, ...] | None = None
    """Backbones of Tasks 1 and 3; that of Task 2 is C3D. Default all of the paper's, of `demo` and
    `own` VGG16."""
    attentions: tuple[configs.Attention, ...] = tuple(MECHANISMS)
    """Mechanisms; default the five of the paper."""
    seeds: tuple[int, ...] = (0,)
    """Seeds of the training."""
    folds: tuple[int, ...] | None = None
    """Folds of Task 1 that are held out in turn; default all five of `paper` and `own`, 0 of the
    others."""
    fusions: tuple[Fusion, ...] | None = None
    """Where the streams of Task 2 are fused; default both, of `demo` late."""

    def __post_init__(self):
        kinds = {"backbones": configs.Backbone, "datasets": StudyDataset}
        kinds |= {"attentions": configs.Attention}
        for axis, kind in kinds.items():
            for value in getattr(self, axis) or ():
                if isinstance(value, str) and not kind.allows(value):
                    raise InputError(axis, f"some of {listing(kind.allowed())}", repr(value))
        for value in self.fusions or ():
            one_of("fusions", value, get_args(Fusion))

    def within(self, preset):
        """The same with what it leaves open as the preset has it."""
        values = span(preset).items()
        return replace(self, **{axis: v for axis, v in values if getattr(self, axis) is None})

    @property
    def widest(self):
        """All tasks, datasets, networks and mechanisms, of these seeds and folds."""
        return replace(
            self,
            tasks=tuple(configs.TASKS),
            datasets=() if self.datasets == () else StudyDataset.allowed(),
            backbones=configs.Backbone.allowed(),
            fusions=get_args(Fusion),
            attentions=configs.Attention.allowed(),
        )


def grid(preset, out, *, axes=None, sources=None, bases=None, **changes):
    """All cells of the study, each after those that it needs: a list of `StudyCell`.

    preset: "demo", "miniature", "paper" or "own", the networks of the paper on the data that
    `sources` names as masks and gaze. out: the folder of the study. axes: an `Axes`. sources: a
    `Sources`. bases: configurations to start from in place of the preset's, by task. changes:
    fields of all configurations that have them, such as strategy="mirrored", or on one dataset
    alone, such as {"pascal_s.epochs": 2}. Raises `InputError` for a field that no task of the grid
    has, a dataset that is not in it, and folders of one's own that cannot be used.
    """
    axes, sources = axes or Axes(), sources or Sources()
    if preset == OWN and axes.datasets:
        expected = f"nothing for {OWN}, whose data {sets.MASKS} and {sets.GAZE} name"
        raise InputError("--datasets", expected, listing(axes.datasets))
    axes = axes.within(preset)
    own = sets.OwnSets(sources, out) if preset == OWN else None
    tasks = axes.tasks if own is None else own.check_tasks(axes.tasks)
    bases = {task: _base(task, preset) for task in configs.TASKS} | (bases or {})
    bases = {task: base for task, base in bases.items() if task in tasks}
    data = {
        task: sets.of_paper(task, axes.datasets, sources) if own is None else own.of(task)
        for task in bases
    }
    changes = Changes.of(changes, bases, data)
    made = _Grid(preset, Path(out), axes, sources, changes)
    for task, base in bases.items():
        made.task(changes.made(base), data[task])
    every = list(made.cells.values())
    if own is not None:
        return every
    return _with_needs(every, {c.name for c in every if c.config.data.name in axes.datasets})


def _fields(config):
    """Names of all fields of a configuration."""
    return [one.name for part in configs.PARTS for one in fields(getattr(config, part))]


@dataclass(frozen=True)
class Changes:
    """Fields of the grid's configurations that are other than a preset has them.

    everywhere: by name. on_one: those of one dataset alone, by name, by that of the dataset.
    """

    everywhere: dict
    on_one: dict

    @classmethod
    def of(cls, changes, bases, datasets):
        """Parted by "<dataset>.<field>"; `InputError` for what no configuration would hear.

        bases: configurations by task. datasets: `StudySet`s by name, by task.
        """
        fields_of = dict.fromkeys(name for base in bases.values() for name in _fields(base))
        names = dict.fromkeys(name for found in datasets.values() for name in found)
        everywhere, on_one = {}, {}
        for name, value in changes.items():
            dataset, dot, field = name.rpartition(".")
            one_of("configuration field", field, tuple(fields_of))
            if dot:
                one_of(f"dataset of {name}", dataset, tuple(names))
            (on_one.setdefault(dataset, {}) if dot else everywhere)[field] = value
        return cls(everywhere, on_one)

    def made(self, config, dataset=None):
        """The configuration with those of a dataset, or by default with those of all."""
        changes = self.everywhere if dataset is None else self.on_one.get(dataset, {})
        known = _fields(config)
        return configs.changed(config, **{n: v for n, v in changes.items() if n in known})


def _base(task, preset):
    """The configuration that the networks of a task differ from in their axes."""
    alike = {"demo": "miniature", OWN: "paper"}
    return configs.PRESETS[task][alike.get(preset, preset)]


class _Grid:
    """The cells so far, by name."""

    def __init__(self, preset, out, axes, sources, changes):
        self.out, self.axes, self.sources, self.changes = out, axes, sources, changes
        self.drawn = preset not in ("paper", OWN)
        self.cells = {}

    def add(self, name, kind, config, needs=()):
        name = f"{config.task}/{name}"
        self.cells.setdefault(name, StudyCell(name, kind, config, self.out, tuple(needs)))
        return name

    def run(self, config, *needs, kind=RUN):
        return self.add(config.run_name, kind, config, needs)

    def on(self, config, dataset, **changes):
        """A configuration on a `StudySet`, and the names of its references in a list."""
        if not dataset.references and "without_gaze" in _fields(config):
            changes["without_gaze"] = "train"
        config = configs.changed(config, **dataset.fields, **changes)
        if not dataset.references:
            return config, []
        fold = f"-fold{changes['fold']}" if "fold" in changes else ""
        # They are first to read the data, so that what is drawn is drawn once and by one process.
        needs = [c.name for c in self._references(config)][:1]
        name = self.add(f"{REFERENCES}-{dataset.name}{fold}", REFERENCES, config, needs)
        return config, [name]

    def _references(self, config):
        for cell in self.cells.values():
            if cell.kind == REFERENCES and cell.config.data_name == config.data_name:
                yield cell

    def weights(self, name, config):
        """The field of weights to start from, where the configuration wants any."""
        wanted = not self.drawn and config.training.pretraining in WITH_FILE
        return {"weights": self.sources.weights(name)} if wanted else {}

    def folder(self, name):
        return self.out / name

    def task(self, base, datasets):
        """All cells of a task: on each dataset a network of every kind.

        datasets: `StudySet`s by name, each after its first.
        """
        for fold in self.axes.folds if base.task == sets.FOLDED else [None]:
            data = {}
            for one in datasets.values():
                held = fold if one.folds is None or fold in one.folds else one.folds[0]
                folds = {} if held is None else {"fold": held}
                own = self.changes.made(self.on_variants(base, one), one.name)
                data[one] = self.on(own, one, **folds)
            for network in self.networks(base.task):
                self.chain(data, network)

    def on_variants(self, base, dataset):
        """The configuration with fewer epochs, where a miniature sees variants of each image."""
        if not (self.drawn and dataset.augmented):
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
            return [{"fusion": fusion} for fusion in self.axes.fusions]
        return [{"backbone": backbone} for backbone in self.axes.backbones]

    def chain(self, data, network):
        """A network on each dataset, and FGSM on each of Task 3 (§IV-A2, §IV-B2, §IV-C).

        data: of each `StudySet` the configuration and the names of its references. Where another
        one is trained on before, the network goes on from its run there.
        """
        runs = {}
        for dataset, (config, references) in data.items():
            name, first = dataset.name, dataset.first
            own = configs.changed(config, **network)
            if first is None:
                weights = self.weights(network.get("backbone", "c3d"), own)
                own = configs.changed(own, **weights)
                gaze = dataset.references or not mechanisms.get(own.model.attention).takes_gaze
                runs[name] = self.begun(own, references, RUN if gaze else START)
            else:
                started = own.after(self.folder(runs[first]))
                runs[name] = self.run(started, *references, runs[first])
            if config.task == ATTACKED:
                self.add(f"{own.run_name}/{storage.ATTACK}", ATTACK, own, (runs[name],))

    def begun(self, config, seen, kind):
        """A run, with those of streams alone that are trained before it."""
        needs, starts = [*seen], {}
        for field, alone in config.before().items():
            needs.append(self.run(alone.without_unused(), *seen))
            starts[field] = self.folder(needs[-1])
        return self.run(configs.changed(config, **starts), *needs, kind=kind)


def trunks_first(cells):
    """The cells in the order in which they are best carried out, each after those that it needs.

    What a network of drawn data starts from is learnt by the first that wants it, and all others
    wait for that: these first ones go ahead, so that no two wait beside each other.
    """
    firsts = {}
    for cell in cells:
        if cell.trains and cell.config.training.pretraining == "drawn":
            alone = all(f"/{REFERENCES}-" in name for name in cell.needs)
            bears = getattr(cell.config.model, "backbone", None) or cell.config.stream
            firsts.setdefault((cell.config.task, bears), cell.name if alone else None)
    ahead = set(firsts.values())
    # References of all tasks are before them, which are what they need.
    return sorted(cells, key=lambda c: 0 if c.kind == REFERENCES else 2 - (c.name in ahead))


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
