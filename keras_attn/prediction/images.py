"""What networks make of images that nobody has scored: maps, overlays and classes, as files.

Videos are in `video_prediction`. What users call is `api.predict`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from keras_attn import gaze_format, pictures
from keras_attn.datasets.formats.folder import pictures_not_read
from keras_attn.datasets.readers import fixation_table
from keras_attn.datasets.readers.gaze_reader import GazeReader
from keras_attn.datasets.readers.image_files import IMAGE_SUFFIXES
from keras_attn.datasets.readers.reader import by_stem
from keras_attn.errors import InputError, listing
from keras_attn.evaluation import loop
from keras_attn.evaluation.network import forward, predictions
from keras_attn.gaze_format import GazeFormat
from keras_attn.models.common import GAZE
from keras_attn.runs import storage

TABLE = "predictions.csv"
SALIENCY, OVERLAY, RAW = "{}_saliency.png", "{}_overlay.png", "{}.npz"
"""What is written for an image, by the stem of its name."""
ROUNDING = 1e-5
"""How far saliency may lie outside [0, 1] unnoticed."""
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

    folder: where. files: names of all files in it. rows: the DataFrame of predictions.csv, a row
    for each image or video, or None of networks that tell no class. skipped: what was left out, and
    why. notes: what a reader has to know.
    """

    folder: Path
    files: tuple
    rows: pd.DataFrame | None
    skipped: tuple = ()
    notes: tuple = ()

    def __repr__(self):
        return f"Predictions({len(self.files)} files in {str(self.folder)!r})"

    def __str__(self):
        lines = [f"Skipped: {skipped}" for skipped in self.skipped]
        lines += [f"Note: {note}" for note in self.notes]
        if self.rows is not None:
            rows = self.rows.iloc[:SHOWN, :5]
            lines.append(rows.to_string(index=False, float_format="{:.3f}".format))
            further = len(self.rows) - SHOWN
            lines += [f"and {further} more in {TABLE}"] * (further > 0)
        return "\n".join([*lines, f"Files:   {len(self.files)} in {self.folder.resolve()}"])


def of_images(model, scorer, source, options):
    """Predict an image file, or each image of a folder: `Predictions`.

    model: a `keras.Model`. scorer: an `ImageScorer` of it. source: path. options: `Options`.
    Images are read ahead, a batch at a time, exactly as in an evaluation. Nothing is written after
    an error. `InputError` where no image can be read, and for gaze that is missing or of no use.
    """
    paths = _images(source)
    write = _Writer(scorer, options.raw)
    every = [name for stem in paths for name in write.names(stem)] + [TABLE] * write.classifies
    options.check_target(source, every)
    examples, report = _examples(paths, scorer, options)
    files = [name for example in examples for name in write.names(example.id)]
    files += [TABLE] * write.classifies
    with (
        storage.writing(options.out, files, overwrite=options.overwrite) as stage,
        ThreadPoolExecutor(2) as pool,
        options.bar() as bar,
    ):
        found = predictions(scorer, forward(model), examples, pool)
        items = ((stage, examples[index], outputs) for index, outputs in found)
        made = loop.in_order(pool, write, items)
        rows = list(bar.track(made, total=len(examples), description="predicting"))
        table = as_table(rows, stage) if write.classifies else None
    notes = _unseen(examples) if GAZE in scorer.inputs_of_model else ()
    notes = (*notes, *_cut_off(write.beyond), *_of_files(source, report))
    return Predictions(options.out, tuple(files), table, tuple(report.skipped), notes)


def _images(source):
    """Paths of the images by stem."""
    source = Path(source).expanduser()
    if not source.is_dir():
        return {source.stem: source}
    return by_stem(source, IMAGE_SUFFIXES, "images", "one image of each name")


def _examples(paths, scorer, options):
    """The images as `Example`s, and the report of reading them; damaged ones are met here."""
    takes = GAZE in scorer.inputs_of_model
    if takes and options.gaze is None:
        expected = "fixations on the images (--gaze fixations.csv), which this network takes"
        raise InputError("gaze", expected, "none")
    if options.gaze is not None and not takes:
        raise InputError("gaze", "none for a network that takes only images", options.gaze)
    form = options.form if takes else None
    reader = GazeReader("images", options.on_bad_example, form=form)
    names = fixation_table.known(paths, paths.values())
    points = fixation_table.read(options.gaze, names, reader) if takes else {}
    for stem, path in paths.items():
        points_of = partial(points.get, stem, fixation_table.nothing())
        reader.add(stem, path, None, points_of, needs_mask=False)
    if takes:
        reader.check_points(options.gaze)
    if not reader.examples:
        where = next(iter(paths.values())).parent
        raise InputError(where, "images that can be read", listing(reader.report.skipped, 3))
    return tuple(reader.examples), reader.report


def check_form(form, gaze):
    """`InputError` for a `GazeFormat` that says how fixations are written where there are none."""
    for name, value in gaze_format.changed(form).items():
        if gaze is None:
            raise InputError(
                name, "nothing without a file of fixations (gaze, --gaze)", repr(value)
            )


def _unseen(examples):
    without = [example.id for example in examples if not len(example.points)]
    told = f"Without fixations, and so seen whole, which was not learnt: {listing(without, 5)}."
    return (told,) if without else ()


def _cut_off(beyond):
    told = "Saliency below 0 or above 1, which pictures cut off and raw=True (--raw) keeps"
    return (f"{told}: {listing(sorted(beyond), 5)}.",) if beyond else ()


def _of_files(source, report):
    """What the report of reading says of the files of the images, a note each."""
    told = [f"{count} {words}." for words, count in report.how_read().items() if count]
    return (*told, *(f"{one}." for one in pictures_not_read(source)))


class _Writer:
    """Writes what a network makes of one image; returns its row of the table, if there is one."""

    def __init__(self, scorer, raw):
        self.scorer, self.beyond = scorer, []
        self.classifies = hasattr(scorer, "classes")
        self.kinds = [SALIENCY] * scorer.segments + [OVERLAY] * bool(scorer.attention) + [RAW] * raw

    def names(self, stem):
        """Names of the files of an image."""
        return [kind.format(stem) for kind in self.kinds]

    def __call__(self, stage, example, outputs):
        """Write the files into the folder `stage`."""
        maps = self.scorer.maps(outputs, example.shape)
        probabilities = self.scorer.probabilities(outputs)
        made = {SALIENCY: self._saliency, OVERLAY: self._overlay, RAW: self._raw}
        for kind in self.kinds:
            made[kind](stage / kind.format(example.id), example, maps, probabilities)
        return told(example.id, probabilities, self.scorer) if self.classifies else None

    def _saliency(self, path, example, maps, probabilities):
        saliency = maps["saliency"]
        if saliency.min() < -ROUNDING or saliency.max() > 1 + ROUNDING:
            self.beyond.append(example.id)
        Image.fromarray(pictures.grey(saliency)[..., 0]).save(path)

    def _overlay(self, path, example, maps, probabilities):
        last = maps[self.scorer.attention[-1]]
        Image.fromarray(pictures.overlay(example.pixels(), last)).save(path)

    def _raw(self, path, example, maps, probabilities):
        scores = {} if probabilities is None else {"probabilities": probabilities}
        np.savez_compressed(path, **maps, **scores)


def classes_of(scorer):
    """Names of a scorer's classes; numbers from 0 for those of a model that has no names."""
    return tuple(scorer.classes or ()) or tuple(map(str, range(scorer.scores)))


def told(name, probabilities, scorer):
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
