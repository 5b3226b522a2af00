"""The command that lets trained networks predict images and videos.

Imports neither TensorFlow nor Keras until it runs.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from keras_attn import gaze_format
from keras_attn.gaze_format import GazeFormat
from keras_attn.registry import register
from keras_attn.shell import model_options, quiet
from keras_attn.shell.command import Command


@dataclass(frozen=True, kw_only=True)
class PredictCommand(model_options.FromElsewhere):
    """Let a trained network look at images or videos: maps, overlays and classes, as files."""

    weights: tyro.conf.Positional[str]
    """A run folder or its .weights.h5, a SavedModel, a .keras or whole .h5 file, or the name of a
    backbone."""
    input: tyro.conf.Positional[Path]
    """An image or a folder of images; for action recognition a video, a folder of frames, or a
    folder of those."""
    out: Path
    """Folder to write to."""
    gaze: Path | None = None
    """Fixations on the images, a CSV file (image,subject,x,y), for networks that take gaze."""
    raw: bool = False
    """Write the maps as numbers too, <name>.npz."""
    on_bad_example: Literal["raise", "skip"] = "raise"
    """What happens to images and videos that cannot be used."""
    overwrite: bool = False
    """Replace files of earlier predictions in that folder."""
    form: Annotated[GazeFormat, tyro.conf.OmitArgPrefixes] = field(default_factory=GazeFormat)
    """What the file of fixations leaves unsaid."""

    def __call__(self):
        """Predict, and say what was written where."""
        quiet.import_tensorflow()
        from keras_attn import api

        given = {name: getattr(self, name) for name in ("gaze", "raw", "overwrite")}
        found = api.predict(
            self.weights,
            self.input,
            out=self.out,
            on_bad_example=self.on_bad_example,
            **given,
            **self.options(),
            **gaze_format.fields_of(self.form),
        )
        print(found)


register(Command("predict", PredictCommand, gaze_options=""))
