"""The commands of the tasks: train, compare and report, for any task's presets.

Like `cli`, imports neither TensorFlow nor Keras until a command runs.
"""

import contextlib
import io
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Union

import tyro

from keras_attn import configs
from keras_attn.errors import InputError
from keras_attn.runs import provenance, storage
from keras_attn.shell import cli, names

RUNS = Path("runs")


def of_task(task):
    """The commands of a task by name, for its script."""
    presets = configs.PRESETS[task]
    return {
        "train": _train(presets),
        "evaluate": _evaluate(),
        "compare": _compare(task),
        "report": Report,
    }


def of_all_tasks():
    """The commands for `keras-attn`, where the names of presets begin with that of the task."""
    named = {
        f"{task}:{preset}": config
        for task, presets in configs.PRESETS.items()
        for preset, config in presets.items()
    }
    return {"train": _train(named), "evaluate": _evaluate(), "report": Report}


def _compare(task):
    from keras_attn.commands.compare import command  # which builds on this module

    return command(task)


def _evaluate():
    from keras_attn.commands.evaluate import Evaluate  # which builds on this module

    return Evaluate


def parse(commands, **options):
    """Read one of `commands`, a dict by name, from the arguments.

    `InputError` for values that a configuration refuses, and SystemExit for other arguments.
    """
    markers = (tyro.conf.CascadeSubcommandArgs,)
    written = io.StringIO()
    try:
        with contextlib.redirect_stderr(written), names.RULES:
            return tyro.extras.subcommand_cli_from_dict(commands, config=markers, **options)
    except SystemExit as end:
        # The parser words it anew, with names of its own insides.
        refused = _refused(end)
        if refused is not None:
            raise refused from None
        sys.stderr.write(written.getvalue())
        raise


def _refused(error):
    """The `InputError` that led to an error; None where another did."""
    while error is not None and not isinstance(error, InputError):
        error = error.__context__
    return error


def preset_of(presets):
    """A configuration as an argument: the name of a preset, then any of its fields."""
    named = [
        Annotated[
            type(config), tyro.conf.subcommand(name, default=config, description=config.about)
        ]
        for name, config in presets.items()
    ]
    # Made while the program runs, so that X | Y cannot be written out.
    return Annotated[Union[tuple(named)], tyro.conf.arg(name="")]  # noqa: UP007


def _train(presets):
    preset = preset_of(presets)

    @dataclass(frozen=True)
    class Train:
        """Train one network, and score it on the data that were held out.

        An unfinished run goes on where it was left; a finished one is not trained again.
        """

        config: preset
        out: Path | None = None
        """Run folder; default runs/<task>/ and a name of the dataset, the network and the seed."""
        overwrite: bool = False
        """Delete another run that is in the folder."""

        def __call__(self):
            """Train and evaluate."""
            self.config.check_start()
            cli.import_tensorflow_quietly()
            out = self.out or RUNS / self.config.task / self.config.run_name
            train, test = read(self.config)
            config = started(self.config, train, test, out.parent, self.overwrite)
            run = trained(config, train, test, out, self.overwrite)
            show(result := evaluated(run, test))
            show_places(storage.RunFolder(run.folder))
            save(result, run.folder, overwrite=True)

    return Train


def started(config, train, test, place, overwrite, scored=None):
    """The configuration with the runs that it starts from, which are trained first if need be.

    place: the folder that they go into, under their own names. scored: folders by name of runs that
    are finished and scored already; gets those that are not.
    """
    from keras_attn.runs.trained import starting_from

    scored = {} if scored is None else scored

    def make(first, folder):
        score_once(first, train, test, folder.parent, overwrite, scored)

    return starting_from(config, place, make)


def score_once(config, train, test, place, overwrite, scored):
    """Train and score a run in a folder of its name in `place`, unless that is in `scored`."""
    name = config.run_name
    if name not in scored:
        scored[name] = trained_and_scored(config, train, test, place / name, overwrite)


def trained_and_scored(config, train, test, folder, overwrite):
    """Train a run in a folder, and score it on `test` into the same; returns the folder."""
    run = trained(config, train, test, folder, overwrite)
    evaluated(run, test).save(run.folder, overwrite=True)
    return run.folder


@dataclass(frozen=True)
class Report:
    """Make the paper's tables from the rows of evaluated runs, beside the paper's own numbers."""

    runs: tyro.conf.Positional[tuple[Path, ...]]
    """Folders with examples.csv and arrays.npz."""
    out: Path = RUNS
    """Folder for tables, findings, rows, confusions and pictures, in place of earlier ones."""

    def __call__(self):
        """Write and print the tables."""
        if not self.runs:
            raise InputError("RUNS", "at least one run folder", "none")
        report(self.runs, self.out)


def report(folders, out):
    """Tables, pictures, rows, confusions, findings and the page of evaluated run folders."""
    from keras_attn.report import verification

    with provenance.measured("report", rows=verification.stamps(folders, out)) as work:
        _report(folders, out)
    provenance.replace(out, work)


def _report(folders, out):
    from keras_attn.report import page
    from keras_attn.report.figures import study
    from keras_attn.report.paper import findings, wording
    from keras_attn.report.tables import confusion, sheets

    results = sheets.read(folders)
    made = sheets.write(results, out / "tables", overwrite=True)
    print(made)
    pictures = []
    for task, titled in study.titled(results).items():
        pictures += study.write(task, titled, out)
    for path in pictures:
        print(f"Picture: {path.resolve()}")
    print(f"Tables:  {(out / 'tables').resolve()}")
    confusions = confusion.write(results, out / "confusion")
    for path in confusions:
        print(f"Classes: {path.resolve()}")
    for path in sheets.write_rows(results, out / "rows"):
        print(f"Rows:    {path.resolve()}")
    found = findings.findings(results)
    print(f"Claims:  {wording.write(found, out)[0].resolve()}")
    told = page.write(results, out, made, found, [*pictures, *confusions])
    print(f"Report:  {told[0].resolve()}")


def whole(config, drawn=None):
    """All data of a configuration."""
    from keras_attn import tasks
    from keras_attn.datasets.drawing import drawn_in

    if config.data.root is None:
        print("No --data.root: drawing examples with simulated gaze.", flush=True)
    data = tasks.of(config).read(config.data, drawn)
    # Drawn anew, it is the same, wherever it was written to.
    data = replace(data, source=configs.source_of(config)) if config.data.root is None else data
    if config.data.root is None:
        print(f"Drawn:   {drawn_in(data).resolve()}")
    print(f"{data.label}: {data.report}", flush=True)
    return data


def read(config, drawn=None):
    """Training and test data of a configuration."""
    return parts(config, whole(config, drawn))


def parts(config, data):
    """Training and test data of a configuration, out of all that it names."""
    from keras_attn import tasks

    return tasks.of(config).parts(config, data)


def trained(config, train, test, out, overwrite):
    """The run of a configuration in the folder `out`."""
    from keras_attn import api

    return api.train(config, train, validation=test, out=out, overwrite=overwrite)


def evaluated(run, test):
    """The run's scores on the data that were held out: an `Evaluation`."""
    from keras_attn import api

    return api.evaluate(run, test)


# Scores are printed before they are written: a disk that is full by now does not take them along.


def show(result):
    """Print the scores of an `Evaluation`."""
    print(f"\n{result}\n")


def show_places(folder):
    """Say where the files of a `RunFolder` are."""
    print(f"Weights: {folder.weights.resolve()}")
    print(f"History: {folder.history.resolve()}")
    if folder.curves.is_dir():
        print(f"Curves:  tensorboard --logdir {folder.curves.resolve()}")


def save(result, out, overwrite):
    """Write the files of an `Evaluation`, and say where they are."""
    result.save(out, overwrite=overwrite)
    print(f"Rows:    {(Path(out) / 'examples.csv').resolve()}")
