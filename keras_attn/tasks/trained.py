"""Trained networks: made in a run folder, and loaded from one or from its weight file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_attn import configs, datasets, storage
from keras_attn.datasets import groups
from keras_attn.errors import InputError, listing
from keras_attn.evaluation import rows
from keras_attn.runs import foreign_code, known_data, learnt, provenance

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Run:
    """A trained model with what it was made from; `train` and `load` return one.

    Args:
        model: A `keras.Model`, with the weights of the last epoch.
        config: Its configuration, with nothing left open.
        folder: Where its files are, or None for weights that lie elsewhere.
        data: What it knows of the data it learnt from, see `known_data.record`, or None.

    Example:

    >>> import keras_attn as ka
    >>> run = ka.load("runs/human")  # doctest: +SKIP
    >>> run.model.name, run.config.model.attention  # doctest: +SKIP
    ('salient_object', 'human')
    """

    model: Any
    config: Any
    folder: Path | None = None
    data: dict | None = None

    def __repr__(self) -> str:
        where = "" if self.folder is None else f", folder={str(self.folder)!r}"
        name = self.config.run_name
        if self.data is not None:
            name = self.config.called(known_data.name_of(self.data))
        return f"Run({self.config.task!r}, {name!r}{where})"

    @property
    def history(self) -> pd.DataFrame:
        """A DataFrame with a row per epoch: losses, scores of the validation data, seconds.

        `InputError` for a run that was loaded from a weight file alone.
        """
        import pandas as pd

        if self.folder is None:
            raise InputError(
                "history", "the run of a folder, load(folder)", "that of weights alone"
            )
        return pd.read_csv(storage.RunFolder(self.folder).history)


def train(
    config: Any,
    train: datasets.GazeDataset | datasets.VideoDataset,
    *,
    validation: datasets.GazeDataset | datasets.VideoDataset | None = None,
    out: str | Path,
    overwrite: bool = False,
) -> Run:
    """Train the network of a configuration; what is there already is not done again.

    Runs that this one starts from, such as a stream of Task 2 alone, are trained first, in folders
    of their own names beside `out`. Writes config.json, history.csv, provenance.json,
    model.weights.h5 and, for TensorBoard, tensorboard/.

    Args:
        config: From `configs`, such as `configs.salient_object("miniature", attention="human")`.
        train: The `GazeDataset` to learn from, for Task 2 a `VideoDataset` with extracted flow.
        validation: One to score after every epoch, or None; it takes no part in training.
        out: The run folder. An unfinished run in it goes on at its last finished epoch, a finished
            one is loaded, another one is refused.
        overwrite: Delete another run in `out` instead.

    Returns:
        A `Run`.

    Raises:
        InputError: The configuration, the data or the folder cannot be used; nothing is trained.
        TrainingStopped: The run diverges; nothing of the epoch in which it did is saved. It is in
            `keras_attn.errors`.

    Example:

    >>> import keras_attn as ka
    >>> options = {"attention": "human", "width": 1 / 16, "size": 64, "epochs": 1}
    >>> options |= {"pretraining": "none"}
    >>> config = ka.configs.salient_object("miniature", **options)
    >>> data = ka.datasets.miniature("dut_omron", images=4)  # doctest: +SKIP
    >>> run = ka.train(config, data, out="runs/human")  # doctest: +SKIP, +ELLIPSIS
    vgg16 human  epoch 1/1  loss ...
    >>> list(run.history["epoch"])  # doctest: +SKIP
    [1]
    """
    from keras_attn import tasks, weights
    from keras_attn.evaluation.scorer import check_learnable
    from keras_attn.evaluation.validator import validator
    from keras_attn.tasks import starting
    from keras_attn.training import fit

    task, folder = tasks.of(config), storage.RunFolder(Path(out).expanduser())
    train = datasets.as_dataset(train, "train", task.DATA)
    check_learnable(config, train, validation)
    rows.gaze_keys()  # metrics that cannot be columns are refused before the work
    options = {"validation": validation, "overwrite": overwrite}
    make, name = partial(_trained, train, options), (train.whole or train).name
    config = starting_from(config, folder.path.parent, make, name)
    config = task.resolved(config, train)
    # What was handed over counts, whatever the configuration named.
    config = configs.read_as(config, train.source) or config
    config = _with_fold(config, train)
    files = task.files(config)
    record = _record(config, train, files)
    _check_files(folder, record)
    results = (*rows.FILES, storage.EVALUATION, storage.ATTACK)
    with folder.working(record, results=results, overwrite=overwrite):
        if folder.finished:
            return load(folder.path)
        plan = task.plan(config, train, validation)
        validate = None
        if validation is not None:
            threads = config.machine.threads
            validate = validator(plan.scorer, validation, threads, opened=plan.opened)
        about = {"seed": config.training.seed, "data": provenance.of_data(train)}
        about["started_from"] = starting.told(config, files)
        with provenance.recorded(folder.path, "train", **about):
            model = fit.fit(
                plan,
                folder=folder,
                machine=config.machine,
                seed=config.training.seed,
                save=lambda model, path: weights.save(model, path, record),
                validate=validate,
                label=config.title,
            )
    return Run(tasks.tag(model, config, record["data"]), config, folder.path, record["data"])


def starting_from(config, place, make, data=None):
    """The configuration with the folders of the runs that it starts from, in `place`.

    `InputError` before any of them is made where it would start from what it was not asked to.
    make: (configuration, folder) -> nothing, sees to it that the run is there. data: name of the
    data, which the folders bear; by default that which the configuration gives them.
    """
    config.check_start()
    fields = {}
    for name, first in config.before().items():
        fields[name] = place / first.called(data or first.data_name)
        make(first, fields[name])
    return configs.changed(config, **fields)


def _trained(data, options, config, folder):
    train(config, data, out=folder, **options)


def _record(config, train, files):
    """What a run folder and its weight file say of themselves; files: fingerprints by field."""
    code = foreign_code.of(config)
    own = {"code": sorted(code.values())} if code else {}
    identity = configs.identity(config, data=train.fingerprint, files=files | own)
    settings = {"identity": identity, "config": configs.to_dict(config)}
    settings["data"] = known_data.record(train) | ({"code": code} if code else {})
    return settings | {"versions": provenance.versions()}


def _check_files(folder, record):
    """Refuse to go on with a run whose pictures or masks have changed, of which gaze tells nothing.

    Drawn ones may be drawn anew, by another version of OpenCV with a few other bits.
    """
    earlier, data = folder.record() or {}, record["data"]
    told = (earlier.get("data") or {}).get("learnt")
    if not told or earlier.get("identity") != record["identity"] or data["drawn"]:
        return
    changed = learnt.differing(told["files"], data["learnt"]["files"])
    if changed and folder.begun:
        expected = f"the {' and '.join(changed)} that the run in it learns from, or another folder"
        raise InputError(folder.path, expected, "others with the same gaze")


MOST_FOLDS = 20
"""That training data are looked for in."""


def _with_fold(config, train):
    """The configuration with the fold that the training data leave out, where they leave one."""
    whole, data = train.whole, config.data
    if whole is None or not hasattr(data, "folds"):
        return config
    size, held, most = len(whole), len(whole) - len(train), groups.count(whole)
    for of in dict.fromkeys((data.folds, *range(2, MOST_FOLDS + 1))):
        if of > most:
            continue
        # With groups folds are of any sizes.
        if not whole.grouped and held not in (size // of, -(-size // of)):
            continue
        for fold in range(of):
            found = whole.fold(fold, of=of, seed=data.fold_seed)[0]
            if len(found) == len(train) and found.fingerprint == train.fingerprint:
                return configs.changed(config, fold=fold, folds=of)
    return config


def _check_identity(file, settings):
    """Refuse weights of another run that were put into a run folder: they would pass for its."""
    folder = storage.RunFolder(file.parent)
    its_own = folder.identity if file.name == folder.weights.name else None
    if its_own is not None and settings.get("identity") != its_own:
        expected = f"the weights of the run that {folder.config.name} beside it describes"
        raise InputError(file, expected, "those of another run")


def load(path: str | Path) -> Run:
    """The model of a run, with the weights of its last epoch.

    Args:
        path: A run folder, or a `.weights.h5` file that a run has written.

    Returns:
        A `Run`; of a weight file alone it has no `folder` and no `history`.

    Raises:
        InputError: The run is not finished; the file is none that a run has written, or that of
            another run than its folder's, or not of this version's format; a plug-in that it needs
            is missing.

    Example:

    >>> import keras_attn as ka
    >>> ka.load("runs/human").config.model.attention  # doctest: +SKIP
    'human'
    >>> ka.load("nowhere.weights.h5")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    keras_attn.errors.InputError: nowhere.weights.h5: expected a .weights.h5 file that a run ...
    """
    from keras_attn import tasks, weights
    from keras_attn.training import devices

    path = Path(path).expanduser()
    folder = path if path.is_dir() else None
    file = storage.RunFolder(path).weights if folder else path
    if folder and not file.is_file():
        there = listing(sorted(inner.name for inner in folder.iterdir()), 4)
        raise InputError(path, f"a finished run, with {file.name}", f"a folder with {there}")
    settings = weights.settings(file)
    _check_identity(file, settings)
    with provenance.with_plugins(file.parent):
        config, data = configs.from_dict(settings.get("config"), file), settings.get("data")
        with devices.precision(config.machine.precision):
            model = tasks.of(config).network(config)
    weights.load(model, file, by="counted")
    return Run(tasks.tag(model, config, data), config, folder, data)
