"""Runs a model over a dataset and keeps what each example scores: rows, curves, a few pictures.

Knows no task: what is fed and what is scored comes from a `Scorer`.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
import tensorflow as tf
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from keras_attn.datasets import groups
from keras_attn.datasets.base import GazeDataset
from keras_attn.datasets.readers import masks
from keras_attn.errors import InputError
from keras_attn.evaluation import gallery_file
from keras_attn.evaluation.gaze_scores import EXTRAS, scored_smaller
from keras_attn.metrics.columns import COLUMNS
from keras_attn.models.common import GAZE, in_structure
from keras_attn.report.tables import ceilings
from keras_attn.report.tables.parts import MAPS
from keras_attn.runs import known_data, provenance, storage
from keras_attn.statistics import evenly, mean_of_seen

FILES = ("examples.csv", "arrays.npz", gallery_file.GALLERY)
BATCH = 8
"""Images or clips at a time; fixed, since what a convolution rounds to may depend on it."""
GALLERY = 40
"""Examples that pictures are kept of."""


class Scorer(Protocol):
    """What a task contributes to an evaluation. segments: whether masks of objects are scored."""

    segments: bool

    def check(self, dataset):
        """Raise `InputError` for a dataset that cannot be scored."""

    def parts(self, example):
        """What the model is given of an example, one after the other: an image, or some clips."""

    def inputs(self, part):
        """Arrays by name of the model's inputs, without a batch axis."""

    def joined(self, outputs):
        """The outputs of an example as one dict, from those of its parts, a list of dicts."""

    def score(self, dataset, index, outputs):
        """Numbers by name, and arrays by name, of the example; outputs: arrays by name."""

    def keep(self, dataset, index, outputs):
        """Arrays by name to make pictures from."""

    def brief(self, dataset, index, outputs):
        """The little that is scored after every epoch."""

    def overall(self, briefs):
        """Numbers by name, from what `brief` returned for every example."""

    def picture(self, kept):
        """What `keep` returned as a picture, uint8 `(H, W, 3)`, all of one size."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a model scores on a dataset; `print` shows the scores, `save` writes it all.

    rows: a DataFrame with a row per example; first who was scored on what (task, dataset,
    backbone, fusion, attention, fold, seed), then id, its group where the dataset has some, the
    number of fixations and the scores (with the entropy of attention), NaN where there is none, and
    last which data were scored and learnt from (`known_data.columns`). arrays: by name, `(n, ...)`
    in the order of the rows; of them `maps` is the attention, as `metrics.dispersion` compares it.
    gallery: arrays by name of a few examples. notes: what a reader of the numbers has to know.
    work: how it came to be, from `provenance.measured`, or None.
    """

    rows: pd.DataFrame
    arrays: dict
    gallery: dict
    notes: tuple = ()
    work: dict | None = None

    def __repr__(self):
        from keras_attn.report.tables import evaluation

        task, dataset = self.rows.iloc[0]["task"], evaluation.dataset_of(self.rows)
        return f"Evaluation({task!r}, {self.rows['id'].nunique()} examples of {dataset!r})"

    def __str__(self):
        from keras_attn.report.tables import evaluation

        return evaluation.as_text(self)

    def summary(self):
        """The scores of the study with 95 % intervals: a DataFrame, a row per score."""
        from keras_attn.report.tables import sheets

        return sheets.summary(self.rows, self.arrays)

    def save(self, folder, *, overwrite=False):
        """Write FILES into `folder`, and what is known of how they came to be; returns its path."""
        with storage.writing(folder, FILES, overwrite=overwrite) as stage:
            self.rows.to_csv(stage / "examples.csv", index=False)
            named = {"id": self.rows["id"].to_numpy(str), "notes": np.array(self.notes, str)}
            np.savez_compressed(stage / "arrays.npz", **named, **self.arrays)
            gallery_file.write(stage / gallery_file.GALLERY, self.gallery)
        folder = Path(folder).expanduser()
        if self.work is not None:
            provenance.add(folder, self.work)
        return folder


def evaluate(scorer, model, dataset, labels, *, notes=(), progress=True):
    """Score `model` on all of `dataset`: an `Evaluation`.

    labels: the first columns of its rows. notes: what a reader has to know of the model.
    """
    scorer.check(dataset)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    kept = dict.fromkeys(gallery_indices(dataset))
    with (
        provenance.measured("evaluate", data=provenance.of_data(dataset)) as work,
        ThreadPoolExecutor(2) as pool,
        Progress(*columns, disable=not progress) as bar,
    ):
        results = _scored(scorer.score, scorer, forward(model), dataset, pool, kept)
        scored = list(bar.track(results, total=len(dataset), description="evaluating"))
    rows = pd.DataFrame([numbers for numbers, _ in scored])
    counted = {"id": [example.id for example in dataset], **groups.column(dataset)}
    counted["fixations"] = [len(example.fixations) for example in dataset]
    put_first(rows, {**labels, **counted})
    arrays = {name: np.stack([arrays[name] for _, arrays in scored]) for name in scored[0][1]}
    notes = (*notes, *_notes_on(dataset, scored=bool(getattr(scorer, "attention", ()))))
    notes += masks.notes(dataset) if scorer.segments else ()
    notes += _notes_on_maps(rows, arrays, getattr(scorer, "inputs_of_model", ()))
    notes += _note_on_ceiling(scorer, dataset)
    return Evaluation(rows, arrays, as_gallery(kept), notes, work)


def put_first(table, columns):
    """Insert columns, values or one value each by name, before all others of a DataFrame."""
    for place, (name, value) in enumerate(columns.items()):
        table.insert(place, name, value)


def as_gallery(kept):
    """What was kept of some examples, dicts of arrays by index, as arrays by place and name."""
    return {
        f"{place}/{name}": value
        for place, arrays in enumerate(kept.values())
        for name, value in arrays.items()
    }


def validator(make_scorer, dataset, threads=2, pictured=3, opened=lambda model: model):
    """What scores a model on `dataset` after an epoch, for `training.callbacks.Validation`.

    make_scorer: network -> `Scorer`. opened: model -> the network that is scored in its place: a
    model, or what has one. Returns a function: model -> (scores, pictures).
    """
    made = {}

    def validate(model):
        if made.get("model") is not model:
            network = opened(model)
            call = forward(getattr(network, "model", network))
            made.update(model=model, scorer=make_scorer(network), call=call)
        made["scorer"].check(dataset)
        scorer, kept = made["scorer"], dict.fromkeys(gallery_indices(dataset, pictured))
        with ThreadPoolExecutor(threads) as pool:
            briefs = list(_scored(scorer.brief, scorer, made["call"], dataset, pool, kept))
        pictures = [scorer.picture(arrays) for arrays in kept.values()]
        return scorer.overall(briefs), np.stack(pictures) if pictures else None

    return validate


def references(task, dataset, gaze):
    """What needs no network, as an `Evaluation` whose `attention` is the name of a reference.

    One viewer's density against the fixations of the others, the others' against one viewer's (the
    ceiling), the centre bias, a uniform map and the density itself, each scored on every example
    that has fixations. gaze: index -> the `GazeScores` of its pictures with gaze, whose means are
    taken. `InputError` where none has any.
    """
    labels = {"task": task, "dataset": (dataset.whole or dataset).name}
    labels |= {"backbone": "", "fusion": ""}
    with provenance.measured("references", data=provenance.of_data(dataset)) as work:
        parts = list(_of_references(labels, dataset, gaze))
    if not parts:
        expected = "at least one example with gaze that a network sees"
        raise InputError(f"dataset {dataset.name!r}", expected, "none")
    first = next(one for index in range(len(dataset)) for one in gaze(index))
    notes = (*_notes_on(dataset, scored=True), ceilings.note(first.mixture()))
    return Evaluation(pd.concat(parts, ignore_index=True), {}, {}, notes, work)


def _notes_on(dataset, scored):
    """What a reader has to know of the data; scored: whether maps are compared with its gaze."""
    # Frames of videos are scored in the crop that a network sees, which is small.
    smaller = scored_smaller(dataset) if scored and isinstance(dataset, GazeDataset) else []
    return (*smaller, *([dataset.note] if dataset.note else []))


def _notes_on_maps(rows, arrays, inputs):
    """Of how many examples attention is not measured, and why; inputs: names of the model's.

    Without gaze, a network that takes it has no attention, of which nobody has to be told.
    """
    if MAPS not in arrays:
        return ()
    empty = np.isnan(arrays[MAPS]).all(axis=1)
    below = rows["entropy"].isna().to_numpy() & ~empty
    told = {"has no entropy, having values below 0 or one position": below.sum()}
    if GAZE not in inputs:
        told["has neither an entropy nor a likeness, being 0 everywhere"] = empty.sum()
    of = f"of {len(rows):,} example{'' if len(rows) == 1 else 's'}"
    return tuple(f"The attention for {n:,} {of} {what}." for what, n in told.items() if n)


def _note_on_ceiling(scorer, dataset):
    """What the ceiling of an evaluation is made of; nothing where no map is compared with gaze."""
    if not getattr(scorer, "attention", ()) or not any(len(one.fixations) for one in dataset):
        return ()
    return (ceilings.note(scorer.mixture(dataset)),)


def _of_references(labels, dataset, gaze):
    """For each example with gaze a DataFrame of a row per reference."""
    known = known_data.columns(dataset)
    for index, example in enumerate(dataset):
        pictures = [one.references() for one in gaze(index)]
        if not pictures:
            continue
        found = [mean_of_seen([one[name] for one in pictures]) for name in pictures[0]]
        part = pd.DataFrame(found, columns=[*(c.key for c in COLUMNS), *EXTRAS])
        about = {**labels, "attention": list(pictures[0]), "fold": dataset.number, "seed": np.nan}
        about |= {"id": example.id, **groups.cell(dataset, example)}
        about["fixations"] = len(example.fixations)
        put_first(part, about)
        yield part.assign(**known)


def gallery_indices(dataset, count=GALLERY):
    """Which examples are shown: evenly from those with fixations, so the same for every model."""
    seen = [i for i, example in enumerate(dataset) if len(example.fixations)]
    return [seen[place] for place in evenly(len(seen), count)]


def _scored(score, scorer, call, dataset, pool, kept):
    """What `score` returns of each example, in order; fills `kept` for the indices it has."""

    def examples():
        for index, outputs in predictions(scorer, call, dataset, pool):
            if index in kept:
                kept[index] = scorer.keep(dataset, index, outputs)
            yield dataset, index, outputs

    return in_order(pool, score, examples())


def in_order(pool, function, items, most=4 * BATCH):
    """`function(*item)` of each item, in order; at most `most` items wait, so memory is bounded."""
    waiting = deque()
    for item in items:
        waiting.append(pool.submit(function, *item))
        if len(waiting) == most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def forward(model):
    """The model as a function of a dict of arrays that returns a dict of arrays, traced once."""
    run = tf.function(lambda inputs: model(inputs, training=False), reduce_retracing=True)

    def call(inputs):
        tensors = {name: tf.convert_to_tensor(value) for name, value in inputs.items()}
        outputs = run(in_structure(model, tensors))
        named = outputs if isinstance(outputs, dict) else {"": outputs}
        return {name: value.numpy() for name, value in named.items()}

    return call


def predictions(scorer, call, dataset, pool, indices=None):
    """Pairs of index and outputs by name, in order; inputs are read while others are computed.

    call: what `forward` returns. indices: of the examples, default all.
    """
    found = []
    for chunk, batch in batches(scorer, dataset, pool, indices):
        outputs = call(batch)
        for place, part in enumerate(chunk):
            found.append({name: values[place] for name, values in outputs.items()})
            if part.last:
                yield part.index, scorer.joined(found)
                found = []


class Part(NamedTuple):
    """What a model is given at a time: a part of an example, maybe its last, and whose index."""

    index: int
    value: Any
    last: bool


def batches(scorer, dataset, pool, indices=None):
    """Pairs of BATCH `Part`s of examples, in order, and their inputs by name, read ahead."""
    every = []
    for index in range(len(dataset)) if indices is None else indices:
        *first, last = scorer.parts(dataset[index])
        every += [*(Part(index, one, False) for one in first), Part(index, last, True)]
    bounds = [*range(0, len(every), BATCH), len(every)]
    chunks = [every[start:stop] for start, stop in pairwise(bounds)]

    def load(chunk):
        return [pool.submit(scorer.inputs, part.value) for part in chunk]

    coming = load(chunks[0])
    for chunk, following in zip(chunks, [*chunks[1:], []], strict=True):
        made = [future.result() for future in coming]
        coming = load(following)
        # The last batch is filled up: a batch of another size would be traced anew.
        filled = made + made[-1:] * (BATCH - len(made))
        yield chunk, {name: np.stack([one[name] for one in filled]) for name in filled[0]}
