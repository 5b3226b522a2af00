"""The steps of the study: data are read, runs trained and scored, and all of it reported.

Says on standard output what it does. Imports neither TensorFlow nor Keras until a step needs them.
"""

from dataclasses import replace
from pathlib import Path

from keras_attn import configs
from keras_attn.runs import provenance

RUNS = Path("runs")
"""Where results go unless something else is said."""


def started(config, train, test, place, overwrite, scored=None):
    """The configuration with the runs that it starts from, which are trained first if need be.

    place: the folder that they go into, under their own names. scored: folders by name of runs that
    are finished and scored already; gets those that are not.
    """
    from keras_attn.tasks.trained import starting_from

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
