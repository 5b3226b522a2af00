"""What an evaluation and an audit hand on: plain data, which `report` knows how to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keras_attn import storage
from keras_attn.evaluation import gallery_file
from keras_attn.evaluation.rows import ARRAYS, EXAMPLES, FILES, GALLERY, ID, NOTES
from keras_attn.runs import provenance


@dataclass(frozen=True, eq=False)
class Scores:
    """What a model, or a reference, scores on the examples of a dataset; `save` writes it all.

    rows: a DataFrame with a row per example, of the columns that `evaluation.rows` lists. arrays:
    by name, `(n, ...)` in the order of the rows. gallery: arrays by name of a few examples. notes:
    what a reader of the numbers has to know. work: how it came to be, from `provenance.measured`,
    or None.
    """

    rows: pd.DataFrame
    arrays: dict
    gallery: dict
    notes: tuple = ()
    work: dict | None = None

    def __repr__(self) -> str:
        return f"Scores({len(self.rows)} rows)"

    @property
    def examples(self) -> pd.DataFrame:
        """The rows, called as in an `AuditResult`: a row per example."""
        return self.rows

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write examples.csv, arrays.npz and gallery.npz, and how they came to be.

        Args:
            folder: where to; that of a run will do.
            overwrite: replace an earlier evaluation in it.

        Returns:
            The path of the folder.

        Raises:
            InputError: There is an earlier one, or the folder cannot be written to.
        """
        with storage.writing(folder, FILES, overwrite=overwrite) as stage:
            self.rows.to_csv(stage / EXAMPLES, index=False)
            named: dict[str, Any] = {
                ID: self.rows[ID].to_numpy(str),
                NOTES: np.array(self.notes, str),
            }
            np.savez_compressed(stage / ARRAYS, **named, **self.arrays)
            gallery_file.write(stage / GALLERY, self.gallery)
        folder = Path(folder).expanduser()
        if self.work is not None:
            provenance.add(folder, self.work)
        return folder


@dataclass(frozen=True, eq=False)
class Gallery:
    """Maps to look at: `maps[row][k]` is that of image `indices[k]`, float32 `(h, w)`, reduced."""

    indices: list
    maps: dict = field(repr=False)


@dataclass(frozen=True, eq=False)
class AuditScores:
    """What an audit found, as `AuditResult` documents it: a row per map, and one per map and image.

    rows, examples: DataFrames of the columns that `evaluation.rows` lists. faithfulness: an
    `audits.faithfulness.Faithfulness`, or None. viewers: a DataFrame, of `audits.by_viewer`.
    """

    rows: pd.DataFrame
    examples: pd.DataFrame
    dataset: object
    blur: object
    gallery: Gallery
    seconds: float
    models: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    parts: dict = field(default_factory=dict)
    ceilings: dict = field(default_factory=dict)
    faithfulness: Any = None
    viewers: pd.DataFrame = field(default_factory=pd.DataFrame)
