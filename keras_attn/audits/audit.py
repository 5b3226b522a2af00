"""The audit's loop: sources of maps against the gaze of a dataset.

Images go through in batches; what is kept of each map is its scores. The few maps of the gallery
are made a second time at the end, when the scores have shown which images to look at.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from keras_attn import pictures, tasks
from keras_attn.audits import against_chance
from keras_attn.audits.by_condition import add_differences, check_parts
from keras_attn.datasets import groups
from keras_attn.errors import InputError
from keras_attn.evaluation.gaze_scores import (
    EXTRAS,
    GazeScores,
    mixture_of,
    scored_shape,
    scored_smaller,
)
from keras_attn.metrics import gold_standard
from keras_attn.metrics.checked import checked_map
from keras_attn.metrics.columns import COLUMNS
from keras_attn.networks.maps.place import WHOLE
from keras_attn.report.audit.result import AuditResult, Gallery
from keras_attn.report.audit.table import LABELS, REFERENCES, SHARE, RowName, name_of, ranked
from keras_attn.resizing import at_size
from keras_attn.runs import known_data
from keras_attn.statistics import bootstrap_interval, evenly, mean_of_seen

KEYS = (*(column.key for column in COLUMNS), *EXTRAS)
NO_GAZE = np.full(len(KEYS), np.nan)
"""Scores on an image that nobody looked at under a condition."""


def run(sources, dataset, *, blur, batch_size=8, gallery=12, progress=True, parts=None):
    """Score every source on every image that has fixations: an `AuditResult`.

    sources: `{model name: source}`, see `sources`. gallery: how many images to keep maps of. parts:
    what `by_condition.parts_of` returns, if each condition is to have rows of its own.
    """
    for name, value in (("batch_size", batch_size), ("gallery", gallery)):
        if not isinstance(value, int):
            raise InputError(name, "a whole number", repr(value))
        if value < 1:
            raise InputError(name, "at least 1", value)
    compared = parts or {"": dataset}
    check_parts(compared)
    watched = [any(len(part[i].points) for part in compared.values()) for i in range(len(dataset))]
    seen = np.flatnonzero(watched).tolist()
    for source in sources.values():
        if hasattr(source, "check"):
            source.check([dataset[i] for i in seen])
    started = time.perf_counter()
    scores = _scores(sources, dataset, compared, seen, blur, batch_size, progress)
    models = {name: source.describe() for name, source in sources.items()}
    together = groups.of(dataset[i] for i in seen) if dataset.grouped else None
    rows = pd.DataFrame([_summary(name, scores, together) for name in scores])
    rows.insert(3, "source", rows["model"].map(models).fillna(""))
    rows["note"] = [_note_on(sources, name) for name in scores]
    against_chance.correct(rows)
    examples = _long(scores, dataset, seen)
    if parts is None:
        del rows["condition"], examples["condition"]
    else:
        add_differences(rows, scores, KEYS, together)
    told = {name: tasks.data_of(getattr(source, "model", None)) for name, source in sources.items()}
    models_of = dict.fromkeys(name.model for name in scores)
    known = {model: known_data.columns(dataset, told.get(model)) for model in models_of}
    about = [known[name.model] for name in scores]
    rows = pd.concat([rows, pd.DataFrame(about)], axis=1)
    rows.insert(len(rows.columns) - len(about[0]), "dataset", (dataset.whole or dataset).name)
    indices = _to_look_at(scores[name_of(ranked(rows)[0])], seen, gallery)
    return AuditResult(
        rows=rows,
        examples=examples,
        dataset=dataset,
        blur=blur,
        gallery=Gallery(indices, _gallery_maps(sources, dataset, parts, indices, blur)),
        seconds=time.perf_counter() - started,
        models=models,
        notes=[*scored_smaller(dataset), *_notes(sources, rows), *_notes_on_data(dataset, told)],
        parts=parts or {},
        ceilings={name: mixture_of(part, blur) for name, part in compared.items()},
    )


def _scores(sources, dataset, parts, seen, blur, batch_size, progress):
    """`{RowName: scores (images, KEYS)}`, rows in the order they appear, references last.

    parts: by condition the datasets that are scored against, of the same images.
    """
    scores = {}
    references = {RowName(name, condition=part): [] for name in REFERENCES for part in parts}
    bounds = [*range(0, len(seen), batch_size), len(seen)]
    batches = [seen[start:stop] for start, stop in pairwise(bounds)]
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with ThreadPoolExecutor(2) as threads, Progress(*columns, disable=not progress) as bar:
        task = bar.add_task("images", total=len(seen))
        coming = _load(threads, dataset, batches[0])
        for batch, following in zip(batches, [*batches[1:], []], strict=True):
            images = [image.result() for image in coming]
            coming = _load(threads, dataset, following)
            maps = _maps(sources, images, [dataset[i] for i in batch])
            for place, i in enumerate(batch):
                scorers = {name: _scorer(part, i, blur) for name, part in parts.items()}
                for name, (values, lies) in maps.items():
                    saliency = _laid(name, dataset[i], values[place], lies)
                    for part, scorer in scorers.items():
                        found = scorer.of(saliency) if scorer else NO_GAZE
                        scores.setdefault(replace(name, condition=part), []).append(found)
                for part, scorer in scorers.items():
                    found = scorer.references() if scorer else dict.fromkeys(REFERENCES, NO_GAZE)
                    for name, values in found.items():
                        references[RowName(name, condition=part)].append(values)
                bar.advance(task)
    for name, values in scores.items():
        if len(values) != len(seen):
            expected = f"a map of each of {len(seen)} images"
            raise InputError(f"{name}", expected, f"{len(values)} maps")
    return {name: np.array(values) for name, values in (scores | references).items()}


def _scorer(dataset, index, blur):
    """The `GazeScores` of an image; None where nobody looked at it."""
    return GazeScores.of_image(dataset, index, blur) if len(dataset[index].points) else None


def _load(threads, dataset, indices):
    return [threads.submit(dataset[i].pixels) for i in indices]


def _maps(sources, images, examples):
    """By row, the maps as the network makes them, and the `Place` where they lie."""
    maps = {}
    for model, source in sources.items():
        places = getattr(source, "places", {})
        for (layer, kind), values in source(images, examples).items():
            name = RowName(model, layer, kind)
            place = places.get((layer, kind), places.get(layer, WHOLE))
            if len(values) != len(examples):
                expected = f"a map of each of {len(examples)} images"
                raise InputError(f"{name}", expected, f"{len(values)} maps")
            maps[name] = values, place
    return maps


def _laid(name, example, saliency, place):
    """A map at the size that its image is scored at."""
    saliency = checked_map(saliency, f"{name}, image {example.id!r}")
    return place.laid(saliency, scored_shape(example.shape))


def _summary(name, scores, together):
    """A row; together: the group of each image, or None."""
    values = scores[name]
    row = {label: getattr(name, label) for label in LABELS}
    row["images"] = int((~np.isnan(values[:, 0])).sum())
    mean = mean_of_seen(values)
    for i, column in enumerate(COLUMNS):
        low, high = bootstrap_interval(values[:, i], groups=together)
        key = column.key
        row |= {key: mean[i], f"{key}_low": low, f"{key}_high": high}
        row |= against_chance.test_of(column, i, name, scores, together)
        row |= _share(name, scores, together) if key == "ig" else {}
    row["zero_share"] = mean[KEYS.index("zero_share")]
    row["constant"] = int(np.nansum(values[:, KEYS.index("constant")]))
    return row


def _share(name, scores, together):
    """The row's share of explainable information, with its interval."""
    ceiling = RowName("ceiling", condition=name.condition)
    place = KEYS.index("ig")
    found = gold_standard.share(scores[name][:, place], scores[ceiling][:, place], together)
    return dict(zip([f"{SHARE.key}{end}" for end in ("", "_low", "_high")], found, strict=True))


def _long(scores, dataset, seen):
    parts, columns = [], known_data.columns(dataset)
    about = {"dataset": (dataset.whole or dataset).name}
    about |= {name: columns[name] for name in known_data.SCORED}
    for name, values in scores.items():
        part = pd.DataFrame(values, columns=KEYS).assign(**about)
        cells = [{"image": dataset[i].id, **groups.cell(dataset, dataset[i])} for i in seen]
        part = pd.concat([pd.DataFrame(cells), part], axis=1)
        for at, label in enumerate(LABELS):
            part.insert(at, label, getattr(name, label))
        # The reference of one viewer may be missing where others looked alone.
        watched = ~np.isnan(scores[RowName("centre", condition=name.condition)][:, 0])
        parts.append(part[watched])
    return pd.concat(parts, ignore_index=True)


def _to_look_at(scores, seen, count):
    """Images spread evenly from the best to the worst s-AUC of a map, of the given scores."""
    order = np.argsort(-scores[:, 0], kind="stable")
    return [seen[order[place]] for place in evenly(len(seen), count)]


def _gallery_maps(sources, dataset, parts, indices, blur):
    """What is shown of each image; of an audit by condition the gaze of each, and no centre."""
    maps = {}
    for index in indices:
        example = dataset[index]
        scorer = GazeScores.of_image(dataset, index, blur)
        made = _maps(sources, [example.pixels()], [example])
        shown = {} if parts else {RowName("human"): scorer.human}
        for name, part in (parts or {}).items():
            own = _scorer(part, index, blur)
            shown[RowName("human", condition=name)] = own.human if own else np.zeros(scorer.shape)
        shown |= {n: _laid(n, example, values[0], place) for n, (values, place) in made.items()}
        shown |= {} if parts else {RowName("centre"): scorer.centre_bias}
        # At the size of the pictures: those of many layers at that of a photograph fill memory.
        size = pictures.size_at(example.shape, min(pictures.LARGEST, example.shape[1]))
        for name, saliency in shown.items():
            maps.setdefault(name, []).append(at_size(saliency, size).astype(np.float32))
    return maps


def _notes_on_data(dataset, told):
    """What has to be known of the data that models learnt from; told: what is known, by model."""
    found = {name: known_data.notes(dataset, known) for name, known in told.items()}
    return [f"{name}: {note}" for name, notes in found.items() for note in notes]


def _note_on(sources, name):
    """What a reader of a row has to know, or ""."""
    source = sources.get(name.model)
    return source.note_on(name.layer) if hasattr(source, "note_on") else ""


def _notes(sources, rows):
    notes = []
    for source in sources.values():
        notes += source.notes() if hasattr(source, "notes") else []
    told = rows.sort_values("images", ascending=False, kind="stable")
    for _, row in told.drop_duplicates(["model", "layer", "kind"]).sort_index().iterrows():
        if row["constant"] and row["model"] not in REFERENCES:
            name = name_of(row).map
            notes.append(f"{name}: {row['constant']} of {row['images']} maps are constant.")
    return notes
