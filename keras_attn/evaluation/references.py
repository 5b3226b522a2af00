"""What needs no network, scored on every example: the rows that networks are held against."""

import numpy as np
import pandas as pd

from keras_attn.datasets import groups
from keras_attn.errors import InputError
from keras_attn.evaluation import about_data, ceiling, rows
from keras_attn.evaluation.gaze_scores import notes_on
from keras_attn.evaluation.result import Scores
from keras_attn.runs import provenance
from keras_attn.statistics import mean_of_seen


def references(task, dataset, gaze):
    """What needs no network, as `Scores` whose `attention` is the name of a reference.

    The centre bias, a uniform map, the density itself, one observer's against the fixations of the
    others, and the others' against one observer's, each scored on every example that has fixations.
    gaze: index -> the `GazeScores` of its pictures with gaze, whose means are taken.
    `InputError` where none has any.
    """
    labels = {"task": task, "dataset": (dataset.whole or dataset).name}
    labels |= dict.fromkeys(rows.TRUNK, "")
    with provenance.measured("references", data=provenance.of_data(dataset)) as work:
        parts = list(_of_examples(labels, dataset, gaze))
    if not parts:
        expected = "at least one example with gaze that a network sees"
        raise InputError(f"dataset {dataset.name!r}", expected, "none")
    first = next(one for index in range(len(dataset)) for one in gaze(index))
    notes = (*notes_on(dataset, scored=True), ceiling.note(first.mixture()))
    return Scores(pd.concat(parts, ignore_index=True), {}, {}, notes, work)


def _of_examples(labels, dataset, gaze):
    """For each example with gaze a DataFrame of a row per reference."""
    known = about_data.columns(dataset)
    for index, example in enumerate(dataset):
        pictures = [one.references() for one in gaze(index)]
        if not pictures:
            continue
        found = [mean_of_seen([one[name] for one in pictures]) for name in pictures[0]]
        part = pd.DataFrame(found, columns=rows.gaze_keys())
        about = {**labels, "attention": list(pictures[0]), "fold": dataset.number, "seed": np.nan}
        about |= {rows.ID: example.id, **groups.cell(dataset, example)}
        about[rows.FIXATIONS] = len(example.fixations)
        rows.put_first(part, about)
        yield part.assign(**known)
