"""`compare` of the scripts of tasks: trains and scores several networks, and reports on them.

Imports neither TensorFlow nor Keras until it runs.
"""

from dataclasses import dataclass, fields
from itertools import product
from operator import attrgetter
from pathlib import Path

from keras_attn import configs
from keras_attn.configs import starting
from keras_attn.errors import InputError
from keras_attn.mechanisms import MECHANISMS
from keras_attn.registry import register
from keras_attn.shell import parser, quiet
from keras_attn.shell.command import Command
from keras_attn.study import workflow


@dataclass(frozen=True, kw_only=True)
class ComparedRuns:
    """What is common to comparisons: which runs, and where they are written to."""

    attentions: tuple[configs.Attention, ...] = tuple(MECHANISMS)
    """Mechanisms."""
    seeds: tuple[int, ...] = (0,)
    """Seeds of the training."""
    out: Path | None = None
    """Folder to write to; the runs go into <out>/<task>. Default runs."""
    overwrite: bool = False
    """Delete other runs that are in the folder."""


@dataclass(frozen=True, kw_only=True)
class Backbones(ComparedRuns):
    """A comparison of networks on several backbones."""

    backbones: tuple[configs.Backbone, ...] = ("vgg16",)
    """Backbones."""


@dataclass(frozen=True, kw_only=True)
class Fusions(ComparedRuns):
    """A comparison of two-stream networks."""

    fusions: tuple[configs.Fusion, ...] = ("early", "late")
    """Where the streams meet. frames, flow: that stream alone, whatever the mechanism."""


@dataclass(frozen=True, kw_only=True)
class Segmented(Backbones):
    """A comparison of networks of Task 1."""

    first_root: Path | None = None
    """Where DUT-OMRON lies, for a comparison on PASCAL-S: each network is trained there first, as
    in the paper. Of drawn scenes both are drawn."""


@dataclass(frozen=True, kw_only=True)
class Acting(Fusions):
    """A comparison of networks of Task 2."""

    first_root: Path | None = None
    """Where Hollywood-2 lies, for a comparison on UCF Sports: each network is trained there first,
    as in the paper. Of drawn videos both are drawn."""
    first_flow_root: Path | None = None
    """Where its frames and flow lie."""
    first_gaze: Path | None = None
    """Where its gaze lies; default the root."""


COMPARED = {
    configs.SalientObject.task: Segmented,
    configs.Action.task: Acting,
    configs.FineGrained.task: Backbones,
}
"""What a comparison of each task is."""
FIRST = "first_"
"""What options begin with that say where the data of the runs before lie."""

AXES = {
    "backbones": "model.backbone",
    "fusions": "model.fusion",
    "attentions": "model.attention",
    "seeds": "training.seed",
}
"""Options of a comparison, and those of a single run that they take the place of."""


def _refuse_overridden(what, axes, presets):
    """Refuse an option of a single run that a `ComparisonCommand` would pass over."""
    for plural, option in axes.items():
        of = attrgetter(option)
        value = of(what.config)
        if value not in map(of, presets) and getattr(what, plural) != (value,):
            expected = f"--{plural} {value} in its place, before the preset"
            raise InputError(f"--{option}", expected, repr(value))
    several = getattr(what, "backbones", ())
    if len(several) > 1 and what.config.training.weights is not None:
        expected = "one of --backbones at a time, since the file is that of one"
        raise InputError("--training.weights", expected, ", ".join(several))


def planned(what):
    """The configurations of a `ComparisonCommand`, and of the runs before by the names of these.

    `InputError` for what can be refused before data are read.
    """
    axes = {name: option for name, option in AXES.items() if hasattr(what, name)}
    _refuse_overridden(what, axes, configs.PRESETS[what.config.task].values())
    every = _compared(what, axes)
    following = [one for one in every if one.follows]
    places = _places_of_first(what, following)
    first = {one.run_name: one.on_first(**places) for one in following}
    for one in every:
        first.get(one.run_name, one).check_start()
    return every, first


def compare(what, out):
    """Every combination of a `ComparisonCommand`, one after the other, and the report on them."""
    config, place, scored = what.config, out / what.config.task, {}
    every, first = planned(what)
    quiet.import_tensorflow()
    import keras

    data = workflow.read(config, drawn=out / "scenes")
    references = {"references": (config, data)}
    for one in list(first.values())[:1]:
        before = workflow.read(one, drawn=out / "scenes")
        references[f"references-{one.data.name}"] = one, before

    def trained(one, data):
        one = workflow.started(one, *data, place, what.overwrite, scored)
        workflow.score_once(one, *data, place, what.overwrite, scored)

    for one in every:
        keras.utils.clear_session()  # what earlier networks left would fill the memory
        if earlier := first.get(one.run_name):
            trained(earlier, before)
            one = one.after(place / earlier.run_name)
        trained(one, data)
    for name, (one, (_, test)) in references.items():
        _refer(one, test, place / name)
    workflow.report([*scored.values(), *(place / name for name in references)], out)
    print(f"Runs:    {place.resolve()}")


def _compared(what, axes):
    """The configurations of a `ComparisonCommand`, each once."""
    names = [option.rpartition(".")[-1] for option in axes.values()]
    made = {}
    for chosen in product(*(getattr(what, plural) for plural in axes)):
        one = configs.changed(what.config, **dict(zip(names, chosen, strict=True)))
        made[one.run_name] = one
    return list(made.values())


def _places_of_first(what, following):
    """Where the data lie of the runs that those of a comparison start from, by field of the data.

    following: those of its configurations that start from such runs.
    """
    given = {
        f.name.removeprefix(FIRST): value
        for f in fields(what)
        if f.name.startswith(FIRST) and (value := getattr(what, f.name)) is not None
    }
    real = what.config.data.root is not None
    if given and not (following and real):
        field, value = next(iter(given.items()))
        expected = "none, since no run of this comparison starts from one on other data"
        if following:
            expected = "none without --data.root, since all data are drawn then"
        raise InputError(f"--{FIRST}{field}".replace("_", "-"), expected, value)
    if following and real and "root" not in given:
        one = following[0]
        expected = (
            f"the folder of {one.first}, on which the paper trains first (--first-root FOLDER, "
            "before the preset); or finished runs on it, by --training.start FOLDER. "
            f"{starting.otherwise(one, besides=('none',))}"
        )
        raise InputError("--first-root", expected, None)
    return given


def _refer(config, test, folder):
    """Score the references of data into a folder."""
    from keras_attn import tasks
    from keras_attn.evaluation.references import references

    gaze = tasks.of(config).gaze(config, test)
    references(config.task, test, gaze).save(folder, overwrite=True)


def options(tasks):
    """The options of the command, for the presets of one task."""
    (task,) = tasks
    preset, base = parser.preset_of(tasks), COMPARED[task]

    @dataclass(frozen=True, kw_only=True)
    class ComparisonCommand(base):
        """Train and score several networks and seeds; then tables and pictures.

        What is compared, such as --attentions, goes before the preset's own options. A run that is
        in the folder already is not trained again.
        """

        config: preset

        def __call__(self):
            """Train, evaluate and report."""
            compare(self, self.out or workflow.RUNS)

    return ComparisonCommand


register(
    Command(
        "compare_networks",
        options,
        in_shell=False,
        in_task_scripts="compare",
        gaze_options="data.",
    )
)
