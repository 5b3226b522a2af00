"""What networks make of images that nobody has scored: maps, overlays and classes, as files.

Videos are in `videos`. What users call is `api.predict`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from keras_attn import gaze_format, pictures, storage
from keras_attn.datasets.formats.folder import pictures_not_read
from keras_attn.datasets.readers import fixation_table
from keras_attn.datasets.readers.gaze_reader import GazeReader
from keras_attn.datasets.readers.image_files import IMAGE_SUFFIXES
from keras_attn.datasets.readers.reader import by_stem
from keras_attn.errors import InputError, listing
from keras_attn.evaluation import loop
from keras_attn.evaluation.network import forward, predictions
from keras_attn.models.common import GAZE
from keras_attn.prediction.result import RAW, TABLE, Predictions, as_table, class_row

SALIENCY, OVERLAY = "{}_saliency.png", "{}_overlay.png"
"""What is written for an image beside RAW, by the stem of its name."""
ROUNDING = 1e-5
"""How far saliency may lie outside [0, 1] unnoticed."""


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
        outputs_of = predictions(scorer, forward(model), examples, pool)
        items = ((stage, examples[index], outputs) for index, outputs in outputs_of)
        written = loop.in_order(pool, write, items)
        rows = list(bar.track(written, total=len(examples), description="predicting"))
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
    note = f"Without fixations, and so seen whole, which was not learnt: {listing(without, 5)}."
    return (note,) if without else ()


def _cut_off(beyond):
    note = "Saliency below 0 or above 1, which pictures cut off and raw=True (--raw) keeps"
    return (f"{note}: {listing(sorted(beyond), 5)}.",) if beyond else ()


def _of_files(source, report):
    """What the report of reading says of the files of the images, a note each."""
    notes = [f"{count} {words}." for words, count in report.how_read().items() if count]
    return (*notes, *(f"{one}." for one in pictures_not_read(source)))


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
        writers = {SALIENCY: self._saliency, OVERLAY: self._overlay, RAW: self._raw}
        for kind in self.kinds:
            writers[kind](stage / kind.format(example.id), example, maps, probabilities)
        return class_row(example.id, probabilities, self.scorer) if self.classifies else None

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
