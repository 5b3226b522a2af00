"""The command that carries out the whole study as a grid of cells, and reports what is finished.

Imports neither TensorFlow nor Keras; only the processes of the cells do.
"""

import contextlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from keras_attn import configs, storage
from keras_attn.errors import InputError, TrainingStopped
from keras_attn.registry import register
from keras_attn.shell.command import Command
from keras_attn.study import cells as study
from keras_attn.study import cluster, local, progress, schedule, standing, workflow
from keras_attn.study.sets import OwnSets
from keras_attn.study.sources import Sources, as_options, check_sources


@dataclass(frozen=True)
class StudyCommand:
    """Reproduce the study: every task, mechanism and network; then all tables and figures.

    What is finished is not done again, and what was interrupted goes on when called again.
    """

    preset: tyro.conf.Positional[study.Preset]
    """miniature: drawn data and small networks; demo: a part of it that takes minutes; paper: the
    real ones; own: data of your own (--sources.gaze, --sources.masks) and the paper's networks."""
    axes: tyro.conf.OmitArgPrefixes[study.Axes] = field(default_factory=study.Axes)
    """What the grid is spanned by."""
    sources: Annotated[Sources, tyro.conf.arg(constructor_factory=as_options)] = field(
        default_factory=Sources
    )
    """Where datasets and weights lie."""
    only: str | None = None
    """Part of the names of cells, or a glob; what they need is done as well."""
    jobs: int = 1
    """Cells at a time, each in a process of its own; on a cluster as many as it has room for."""
    strategy: configs.Strategy | None = None
    """mirrored: all GPUs of a machine share each batch; default that of the preset."""
    precision: configs.Precision | None = None
    """Keras' dtype policy; default that of the preset."""
    change: tuple[str, ...] = ()
    """Further fields of the configurations, FIELD=VALUE, such as epochs=8: of those that have them.
    DATASET.FIELD=VALUE is of one dataset alone. The names of cells do not tell them, so that others
    want another --out."""
    engine: Literal["local", "ray"] = "local"
    """Where cells run: on this machine, or on a Ray cluster (docs/study.md)."""
    address: str = cluster.HERE
    """That of the cluster: local (one of this machine alone), auto (one that this machine is part
    of) or HOST:PORT."""
    cpus: int = 1
    """Cores that each cell has on the cluster."""
    gpus: float = 0
    """GPUs that each cell has on the cluster, or the part of one."""
    dry_run: bool = False
    """List the cells in order with what they cost, and do nothing."""
    out: Path | None = None
    """Folder to write to; default runs/<preset>."""
    overwrite: bool = False
    """Delete other runs that are in the folders of cells."""

    def __call__(self):
        """List the cells, or carry them out and report."""
        self._check()
        out = self.out or workflow.RUNS / self.preset
        cells = study.chosen(self._grid(out, self.axes), self.only)
        # Whatever an earlier call has finished in the folder belongs into the report as well.
        every = self._grid(out, self.axes.within(self.preset).widest)
        if self.dry_run:
            print(listed(cells, every))
            return
        check_sources(self.preset, cells, self.sources)
        storage.check_target(out, ())
        if self.preset == study.OWN:
            OwnSets(self.sources, out).write()
        carry_out_study(cells, every, self._engine(out), out)

    def _check(self):
        """Refuse options of one engine that are given to the other, which would go unheard."""
        expected = f"no such option with --engine {self.engine}"
        for option in {"ray": ("jobs",), "local": ("address", "cpus", "gpus")}[self.engine]:
            if (value := getattr(self, option)) != getattr(StudyCommand, option):
                raise InputError(f"--{option}", expected, value)

    def _engine(self, out):
        if self.engine == "local":
            return local.Local(self.jobs, self.overwrite)
        options = {"cpus": self.cpus, "gpus": self.gpus, "overwrite": self.overwrite}
        return cluster.Cluster(out, self.address, **options)

    def _grid(self, out, axes):
        machine = {"strategy": self.strategy, "precision": self.precision}
        changes = dict(map(_change, self.change))
        changes |= {name: value for name, value in machine.items() if value is not None}
        return study.grid(self.preset, out, axes=axes, sources=self.sources, **changes)


def _change(text):
    """A field and its value: JSON, or else the text as it is."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise InputError("--change", "FIELD=VALUE, such as epochs=8", repr(text))
    with contextlib.suppress(ValueError):
        value = json.loads(value)
    dataset, dot, field = name.rpartition(".")
    value = tuple(value) if isinstance(value, list) else value
    return dataset + dot + field.replace("-", "_"), value


def carry_out_study(cells, every, engine, out):
    """Run the cells that are not finished, and report on all that are.

    cells: those to run. every: those to report on, whoever has run them. Raises `TrainingStopped`
    where cells have failed, after the others and the report.
    """
    finished = standing.finished(cells)
    print(f"{len(cells)} cells, {len(finished)} of them finished already.", flush=True)
    outcomes = _run(cells, finished, engine)
    finished = standing.finished(every)
    ready = [cell for cell in every if cell.name in finished and cell.scores]
    if any(cell.kind != study.REFERENCES for cell in ready):
        workflow.report([cell.folder for cell in ready], out)
    counts = Counter(outcome.status for outcome in outcomes.values())
    counts = {status: counts[status] for status in (schedule.FAILED, schedule.SKIPPED)}
    done = len(cells) - sum(counts.values())
    print(f"Cells:   {done} finished, {', '.join(f'{n} {s}' for s, n in counts.items())}")
    print(f"Study:   {Path(out).resolve()}")
    if done < len(cells):
        names = [n for n, outcome in outcomes.items() if outcome.status == schedule.FAILED]
        logs = "\n".join(f"  {outcomes[name].log}" for name in names)
        raise TrainingStopped(
            f"{len(cells) - done} of {len(cells)} cells are not finished. Called again, the study "
            f"tries them once more. Logs of those that failed:\n{logs}"
        )


def _run(cells, finished, engine):
    """Carry the cells out, and tell of each."""
    with progress.StudyProgress(cells, finished, engine.slots) as shown:
        # An engine that takes all cells at once does not say which of them it has begun.
        begun = {} if engine.early else {"begun": shown.begun}
        queue = study.trunks_first(cells)
        return schedule.carry_out(queue, finished, engine, shown.told, **begun)


def listed(cells, every):
    """A line for each cell, in order: whether it is finished, what it costs, its name."""
    finished = standing.finished(every)
    costs = standing.costs(every, finished)
    lines = []
    for cell in cells:
        state = "finished" if cell.name in finished else "to do"
        cost = costs[cell.name]
        told = "unknown" if cost is None else f"{cost:.0f} s"
        lines.append(f"{state:<8}  {told:>9}  {cell.name}")
    todo = [costs[cell.name] for cell in cells if cell.name not in finished]
    known = [cost for cost in todo if cost is not None]
    summary = f"{len(cells)} cells, {len(todo)} to do: {sum(known):.0f} s of training and scoring"
    if len(known) < len(todo):
        summary += f", and {len(todo) - len(known)} of unknown cost"
    return "\n".join([*lines, summary + "."])


register(Command("study", StudyCommand))
