"""The audit's loop: sources of maps against the gaze of a dataset.

Images go through in batches; what is kept of each map is its scores. The few maps of the gallery
are made a second time at the end, when the scores have shown which images to look at.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd

from keras_attn import pictures, tasks
from keras_attn.audits import against_chance, by_viewer, faithfulness
from keras_attn.audits.by_condition import add_differences, check_parts
from keras_attn.datasets import groups
from keras_attn.errors import InputError
from keras_attn.evaluation import about_data, loop
from keras_attn.evaluation.gaze_scores import (
    GazeScores,
    mixture_of,
    scored_shape,
    scored_smaller,
)
from keras_attn.evaluation.kept_references import KeptReferences
from keras_attn.evaluation.result import AuditScores, Gallery
from keras_attn.evaluation.rows import (
    ALL_OBSERVERS,
    CENTRE,
    ENDS,
    EXTRAS,
    GOLD_STANDARD,
    IMAGE,
    IMAGES,
    NOTE,
    OF_MAP,
    REFERENCES,
    SCORED,
    SHARE,
    SOURCE,
    RowName,
    gaze_keys,
    name_of,
    ranked,
)
from keras_attn.metrics import gold_standard
from keras_attn.metrics.checked import checked_map
from keras_attn.metrics.columns import COLUMNS
from keras_attn.networks.maps.place import WHOLE
from keras_attn.resizing import at_size
from keras_attn.runs import known_data
from keras_attn.statistics import bootstrap_interval, evenly, mean_of_seen


def run(
    sources,
    dataset,
    *,
    blur,
    batch_size=8,
    gallery=12,
    progress=True,
    parts=None,
    faithful=False,
):
    """Score every source on every image that has fixations: `AuditScores`.

    sources: `{model name: source}`, see `sources`. gallery: how many images to keep maps of. parts:
    what `by_condition.parts_of` returns, if each condition is to have rows of its own. faithful:
    whether to measure `faithfulness`, or on how many images, spread evenly over those of the data.
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
    followed = faithfulness.chosen(faithful, sources, seen)
    started = time.perf_counter()
    scores, told_by_viewer = _scores(sources, dataset, compared, seen, blur, batch_size, progress)
    models = {name: source.describe() for name, source in sources.items()}
    together = groups.of(dataset[i] for i in seen) if dataset.grouped else None
    rows = pd.DataFrame([_summary(name, scores, together) for name in scores])
    rows.insert(3, SOURCE, rows["model"].map(models).fillna(""))
    rows[NOTE] = [_note_on(sources, name) for name in scores]
    against_chance.correct(rows)
    examples = _long(scores, dataset, seen)
    viewers = by_viewer.table(told_by_viewer, [dataset[i].id for i in seen])
    if parts is None:
        del rows["condition"], examples["condition"], viewers["condition"]
    else:
        add_differences(rows, scores, gaze_keys(), together)
    told = {name: tasks.data_of(getattr(source, "model", None)) for name, source in sources.items()}
    models_of = dict.fromkeys(name.model for name in scores)
    known = {model: about_data.columns(dataset, told.get(model)) for model in models_of}
    about = [known[name.model] for name in scores]
    rows = pd.concat([rows, pd.DataFrame(about)], axis=1)
    rows.insert(len(rows.columns) - len(about[0]), "dataset", (dataset.whole or dataset).name)
    indices = _to_look_at(scores[name_of(ranked(rows)[0])], seen, gallery)
    told_of_network = None
    if followed:
        told_of_network = faithfulness.run(sources, dataset, followed, blur, progress=progress)
    return AuditScores(
        rows=rows,
        examples=examples,
        viewers=viewers,
        dataset=dataset,
        blur=blur,
        gallery=Gallery(indices, _gallery_maps(sources, dataset, parts, indices, blur)),
        seconds=time.perf_counter() - started,
        models=models,
        notes=[*scored_smaller(dataset), *_notes(sources, rows), *_notes_on_data(dataset, told)],
        parts=parts or {},
        faithfulness=told_of_network,
        ceilings={name: mixture_of(part, blur) for name, part in compared.items()},
    )


def _scores(sources, dataset, parts, seen, blur, batch_size, progress):
    """`{RowName: scores (images, gaze_keys)}`, rows in the order they appear, references last.

    With them, of each image and by `RowName`, its `ViewerScores` or None. parts: by condition the
    datasets that are scored against, of the same images.
    """

    def examples(pool):
        pixels = loop.read_ahead(seen, lambda i: dataset[i].pixels(), pool, batch_size)
        for batch, images in pixels:
            maps = _maps(sources, images, [dataset[i] for i in batch])
            for place, i in enumerate(batch):
                yield i, {name: (values[place], lies) for name, (values, lies) in maps.items()}

    def score(index, maps):
        return _scores_of_image(dataset, parts, kept, index, maps, blur)

    kept = {name: KeptReferences(part, blur) for name, part in parts.items()}
    shown = {"title": "images", "progress": progress, "most": 2 * batch_size}
    found = loop.run(score, examples, total=len(seen), **shown)
    for references in kept.values():
        references.keep()
    names = dict.fromkeys(name for one in found for name in one)
    scores = {name: [one[name][0] for one in found if name in one] for name in names}
    for name, values in scores.items():
        if len(values) != len(seen):
            expected = f"a map of each of {len(seen)} images"
            raise InputError(f"{name}", expected, f"{len(values)} maps")
    viewers = [{name: told for name, (_, told) in one.items()} for one in found]
    return {name: np.array(values) for name, values in scores.items()}, viewers


def _scores_of_image(dataset, parts, kept, index, maps, blur):
    """What `GazeScores.by_viewer` has of all maps of an image, and of what needs none, by name.

    kept: the `KeptReferences` of each of the parts.
    """
    scorers = {name: _scorer(part, index, blur) for name, part in parts.items()}
    nothing = np.full(len(gaze_keys()), np.nan), None  # nobody looked at it under a condition
    made, references = {}, {}
    for name, (values, lies) in maps.items():
        saliency = _laid(name, dataset[index], values, lies)
        for part, scorer in scorers.items():
            made[replace(name, condition=part)] = scorer.by_viewer(saliency) if scorer else nothing
    for part, scorer in scorers.items():
        none = dict.fromkeys(REFERENCES, nothing)
        references[part] = kept[part].of(index, scorer) if scorer else none
    of_references = ((RowName(n, condition=p), references[p][n]) for n in REFERENCES for p in parts)
    return made | dict(of_references)


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
    row = {label: getattr(name, label) for label in OF_MAP}
    row[IMAGES] = int((~np.isnan(values[:, 0])).sum())
    mean = mean_of_seen(values)
    for i, column in enumerate(COLUMNS):
        ends = (mean[i], *bootstrap_interval(values[:, i], groups=together))
        row |= _with_ends(column.key, ends)
        row |= against_chance.test_of(column, i, name, scores, together)
        row |= _share(name, scores, together) if column.key == "ig" else {}
    zero_share, constant = (values[:, gaze_keys().index(key)] for key in EXTRAS)
    extras = mean_of_seen(zero_share), int(np.nansum(constant))
    return row | dict(zip(EXTRAS, extras, strict=True))


def _with_ends(key, ends):
    """A mean and its interval by column."""
    return {f"{key}{end}": value for end, value in zip(ENDS, ends, strict=True)}


def _share(name, scores, together):
    """The row's share of explainable information, with its interval."""
    standard = RowName(GOLD_STANDARD, condition=name.condition)
    place = gaze_keys().index("ig")
    found = gold_standard.share(scores[name][:, place], scores[standard][:, place], together)
    return _with_ends(SHARE.key, found)


def _long(scores, dataset, seen):
    parts, columns = [], about_data.columns(dataset)
    about = {"dataset": (dataset.whole or dataset).name}
    about |= {name: columns[name] for name in SCORED}
    for name, values in scores.items():
        part = pd.DataFrame(values, columns=gaze_keys()).assign(**about)
        cells = [{IMAGE: dataset[i].id, **groups.cell(dataset, dataset[i])} for i in seen]
        part = pd.concat([pd.DataFrame(cells), part], axis=1)
        for at, label in enumerate(OF_MAP):
            part.insert(at, label, getattr(name, label))
        # The reference of a single observer may be missing where others looked alone.
        watched = ~np.isnan(scores[RowName(CENTRE, condition=name.condition)][:, 0])
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
        shown = {} if parts else {RowName(ALL_OBSERVERS): scorer.all_observers}
        for name, part in (parts or {}).items():
            own = _scorer(part, index, blur)
            density = own.all_observers if own else np.zeros(scorer.shape)
            shown[RowName(ALL_OBSERVERS, condition=name)] = density
        shown |= {n: _laid(n, example, values[0], place) for n, (values, place) in made.items()}
        shown |= {} if parts else {RowName(CENTRE): scorer.centre_bias}
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
