"""What a network is scored on: a run's own data, changed by what a command names, or others.

Imports neither TensorFlow nor Keras.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from keras_attn import configs, gaze_format
from keras_attn.configs.names import Dataset
from keras_attn.errors import InputError
from keras_attn.runs import known_data
from keras_attn.study import workflow


@dataclass(frozen=True)
class DataChange(gaze_format.GazeFormat):
    """Other data than the run was configured with.

    How gaze is written is as for the run where nothing else is said. With --data.root it is said
    anew: what is not said is as for any folder.
    """

    name: Dataset | None = None
    """Format of the dataset; default that of the run."""
    root: Path | None = None
    """Where the dataset lies; default where it lay."""
    gaze: Path | None = None
    """Where gaze lies, of a dataset that has it apart; default where it lay."""
    flow_root: Path | None = None
    """Where frames and flow of videos lie; default where they lay."""
    image_root: Path | None = None
    """Where the extracted frames lie, if apart from the flow; default where they lay."""
    fps: float | None = None
    """Frames a second of folders of frames; default that of the run."""
    first_frame: Literal[0, 1] | None = None
    """What fixations.csv calls the first frame of a video; default as for the run."""
    fold: int | None = None
    """The fold that is scored, of a dataset that has folds; default the one held out."""
    split: Literal["train", "test"] = "test"
    """What is scored: what the run learnt from, or what was held out."""
    mask_threshold: float | None = None
    """For masks of more than two values; default that of the run."""
    on_bad_example: Literal["raise", "skip"] | None = None
    """What happens to examples that cannot be used; default as for the run."""
    whole: bool = False
    """Score all examples, which is right for a dataset that was not trained on."""


def scored_on(network, change, where):
    """The data that a network is scored on: a run's own, changed, or those that are named.

    network: a `loading.opening.Opened`. where: what messages call it.
    """
    if network.config is not None:
        return held_out(network.config, change, network.data, where)
    from keras_attn import datasets

    for name in CHANGEABLE[2:]:
        if getattr(change, name) is not None:
            expected = "nothing for a model from elsewhere, which is scored on all of --data.root"
            raise InputError(f"--data.{name}", expected, getattr(change, name))
    if change.root is None:
        expected = "a folder of images to score a model from elsewhere on"
        raise InputError("--data.root", expected, "none")
    name = change.name or "folder"
    reading = {"mask_threshold": change.mask_threshold}
    reading |= {"on_bad_example": change.on_bad_example or "raise"}
    data = datasets.named(name, change.root, change, "--data.name", **reading)
    print(f"{data.label}: {data.report}", flush=True)
    return data


DEFAULT = gaze_format.fields_of(gaze_format.GazeFormat())
CHANGEABLE = (
    *("name", "root", "gaze", "flow_root", "image_root", "fold"),
    *("mask_threshold", "on_bad_example"),
)
"""Fields of `DataChange` that are fields of a configuration too."""


def held_out(config, change, known=None, where="weights"):
    """The data that a run is scored on, changed by what the command line names.

    known: what the run knows of the data it learnt from, see `known_data.record`, or None. where:
    what messages call the run. `InputError` where its own data cannot be found again, and where
    it is not known which of them were held out.
    """
    own = {f.name for f in fields(config.data)}
    given = {name: getattr(change, name) for name in CHANGEABLE}
    given = {name: value for name, value in given.items() if value is not None}
    # Other data are written in their own way, not in that of the data that the run learnt from.
    elsewhere = "name" in given or "root" in given
    form = gaze_format.fields_of(change) if elsewhere else gaze_format.changed(change)
    given |= {name: value for name, value in form.items() if name in own or value != DEFAULT[name]}
    for name, value in given.items():
        if name not in own:
            raise InputError(f"--data.{name}", f"nothing, for {config.data.name}", value)
    own = known is not None and "name" not in given and "root" not in given
    if own:
        known_data.check_findable(config, known, where)
    elif known is not None:
        known_data.check_named(config, known, given)
    config = configs.changed(config, **given)
    whole = workflow.whole(config)
    if known is not None:
        whole = known_data.named(whole, known)
    if change.whole:
        return whole
    parts = workflow.parts(config, whole)
    if known is not None and change.fold is None and change.split == "test":
        known_data.check_held_out(parts, known, where, own)
    return parts[("train", "test").index(change.split)]
