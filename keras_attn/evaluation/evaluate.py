"""Runs a model over a dataset and keeps what each example scores: rows, curves, a few pictures."""

import numpy as np
import pandas as pd

from keras_attn.datasets import groups
from keras_attn.datasets.readers import masks
from keras_attn.evaluation import ceiling, gallery_file, loop, rows
from keras_attn.evaluation.gaze_scores import notes_on
from keras_attn.evaluation.network import forward, kept_predictions
from keras_attn.evaluation.protocol import Scorer
from keras_attn.evaluation.result import Scores
from keras_attn.models.common import GAZE
from keras_attn.runs import provenance


def evaluate(scorer: Scorer, model, dataset, labels, *, notes=(), progress=True):
    """Score `model` on all of `dataset`: `Scores`.

    scorer: a `protocol.Scorer`. labels: the first columns of the rows, WHO. notes: what a reader
    has to know of the model.
    """
    scorer.check(dataset)
    kept = dict.fromkeys(gallery_file.chosen(dataset))
    examples = kept_predictions(scorer, forward(model), dataset, kept)
    shown = {"title": "evaluating", "progress": progress}
    with provenance.measured("evaluate", data=provenance.of_data(dataset)) as work:
        scored = loop.run(scorer.score, examples, total=len(dataset), **shown)
    table = pd.DataFrame([numbers for numbers, _ in scored])
    counted = {rows.ID: [example.id for example in dataset], **groups.column(dataset)}
    counted[rows.FIXATIONS] = [len(example.fixations) for example in dataset]
    rows.put_first(table, {**labels, **counted})
    arrays = {name: np.stack([arrays[name] for _, arrays in scored]) for name in scored[0][1]}
    notes = (*notes, *notes_on(dataset, scored=bool(getattr(scorer, "attention", ()))))
    notes += masks.notes(dataset) if scorer.segments else ()
    notes += _notes_on_maps(table, arrays, getattr(scorer, "inputs_of_model", ()))
    notes += _note_on_ceiling(scorer, dataset)
    return Scores(table, arrays, gallery_file.of_examples(kept.values()), notes, work)


def _notes_on_maps(table, arrays, inputs):
    """Of how many examples attention is not measured, and why; inputs: names of the model's.

    Without gaze, a network that takes it has no attention, of which nobody has to be told.
    """
    if rows.MAPS not in arrays:
        return ()
    empty = np.isnan(arrays[rows.MAPS]).all(axis=1)
    below = table[rows.ENTROPY].isna().to_numpy() & ~empty
    told = {"has no entropy, having values below 0 or one position": below.sum()}
    if GAZE not in inputs:
        told["has neither an entropy nor a likeness, being 0 everywhere"] = empty.sum()
    of = f"of {len(table):,} example{'' if len(table) == 1 else 's'}"
    return tuple(f"The attention for {n:,} {of} {what}." for what, n in told.items() if n)


def _note_on_ceiling(scorer, dataset):
    """What the ceiling of an evaluation is made of; nothing where no map is compared with gaze."""
    if not getattr(scorer, "attention", ()) or not any(len(one.fixations) for one in dataset):
        return ()
    return (ceiling.note(scorer.mixture(dataset)),)
