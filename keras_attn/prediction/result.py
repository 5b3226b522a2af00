"""What predictions of images and of videos have in common: how they are written, and what is told.

What users call is `api.predict`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from keras_attn import storage
from keras_attn.errors import InputError
from keras_attn.gaze_format import GazeFormat

TABLE = "predictions.csv"
RAW = "{}.npz"
"""Every map in float32, of an image or a video by its name."""
SHOWN = 20
"""Images or videos that are printed at most."""


@dataclass(frozen=True)
class Options:
    """How predictions are made and written; see `api.predict`."""

    out: Path
    gaze: Path | None = None
    raw: bool = False
    on_bad_example: str = "raise"
    overwrite: bool = False
    progress: bool = True
    form: GazeFormat = field(default_factory=GazeFormat)

    def check_target(self, source, names):
        """Refuse, before the work is done, a folder that these files would do harm in."""
        if self.out.resolve() == Path(source).resolve():
            raise InputError("out", "another folder than the input", self.out)
        storage.check_target(self.out, names, overwrite=self.overwrite)

    def bar(self):
        """A progress bar."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        return Progress(*columns, TimeRemainingColumn(), disable=not self.progress)


@dataclass(frozen=True, eq=False)
class Predictions:
    """What has been written; `print` shows the first classes that were told, and where files are.

    `predict` returns one.

    Args:
        folder: where.
        files: names of all files in it.
        rows: the DataFrame of predictions.csv, a row for each image or video, or None of networks
            that tell no class.
        skipped: what was left out, and why.
        notes: what a reader has to know.
    """

    folder: Path
    files: tuple
    rows: pd.DataFrame | None
    skipped: tuple = ()
    notes: tuple = ()

    def __repr__(self) -> str:
        return f"Predictions({len(self.files)} files in {str(self.folder)!r})"

    def __str__(self) -> str:
        lines = [f"Skipped: {skipped}" for skipped in self.skipped]
        lines += [f"Note: {note}" for note in self.notes]
        if self.rows is not None:
            rows = self.rows.iloc[:SHOWN, :5]
            lines.append(rows.to_string(index=False, float_format="{:.3f}".format))
            further = len(self.rows) - SHOWN
            lines += [f"and {further} more in {TABLE}"] * (further > 0)
        return "\n".join([*lines, f"Files:   {len(self.files)} in {self.folder.resolve()}"])


def classes_of(scorer):
    """Names of a scorer's classes; numbers from 0 for those of a model that has no names."""
    return tuple(scorer.classes or ()) or tuple(map(str, range(scorer.scores)))


def class_row(name, probabilities, scorer):
    """The two likeliest classes of an image or a video, as a row of the table."""
    classes = classes_of(scorer)
    first, second = np.argsort(-probabilities, kind="stable")[:2]
    row = {"name": name, "class": classes[first], "probability": probabilities[first]}
    return row | {"runner_up": classes[second], "runner_up_probability": probabilities[second]}


def as_table(rows, stage):
    """Rows as a DataFrame, which is written into the folder `stage`."""
    table = pd.DataFrame(rows)
    table.to_csv(stage / TABLE, index=False)
    return table
