"""Several datasets of pictures as one, whose examples know which of them they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace

import numpy as np

from keras_attn.datasets import base, origin
from keras_attn.datasets.readers.reading_report import ReadingReport
from keras_attn.errors import InputError, listing

BETWEEN = "/"
"""Between the name of a set and an id, a viewer or a group of it."""


def join(
    sets: Iterable[base.GazeDataset] | Mapping[str, base.GazeDataset],
    *,
    name: str | None = None,
    same_viewers: bool = False,
) -> base.GazeDataset:
    """Several datasets of pictures as one.

    Ids, groups and viewers get the name of their set before them, so that none of one set is taken
    for one of another. Groups stay whole in folds. Negatives and the centre bias of each picture
    are the fixations on all others, of whichever set, at their places relative to the pictures.

    Args:
        sets: `GazeDataset`s, each under its own name, or a dict of them by other names.
        name: of the whole; default the names of the sets with " + " between.
        same_viewers: whether a viewer of the same name in several sets is the same person.

    Returns:
        A `GazeDataset`, of whose examples `collection` is the name of their set.

    Raises:
        InputError: There are no sets, or two of one name; some are drawn, or have classes or
            splits, and others not.

    Example:

    >>> import keras_attn as ka
    >>> one = ka.datasets.Example("ape", "ape.jpg", (9, 9), [(4, 4)], [1])
    >>> zoos = {n: ka.datasets.GazeDataset(n, (one,), ka.datasets.ReadingReport()) for n in "ab"}
    >>> data = ka.datasets.join(zoos)
    >>> [example.id for example in data], [example.collection for example in data]
    (['a/ape', 'b/ape'], ['a', 'b'])
    """
    named = list(sets.items()) if isinstance(sets, Mapping) else [(one.name, one) for one in sets]
    named = [(str(key), base.as_dataset(one, f"sets, {key}")) for key, one in named]
    _check(named)
    classes = tuple(sorted({label for _, one in named for label in one.classes}))
    examples = tuple(
        _of_set(key, one, example, classes, same_viewers) for key, one in named for example in one
    )
    return base.GazeDataset(
        name or " + ".join(key for key, _ in named),
        examples,
        _reports(named),
        _notes(named),
        classes=classes,
        splits=_splits(named),
        drawn=named[0][1].drawn,
    )


def _check(named):
    names = Counter(key for key, _ in named)
    twice = [key for key, count in names.items() if count > 1]
    if not named or twice:
        received = f"{listing(twice)} more than once" if twice else "none"
        raise InputError("sets", "datasets of different names", received)
    told = {
        "drawn pictures": lambda one: one.drawn,
        "classes": lambda one: bool(one.classes),
        "splits": lambda one: bool(one.splits),
    }
    for what, has in told.items():
        those = [key for key, one in named if has(one)]
        if those and len(those) < len(named):
            others = [key for key, _ in named if key not in those]
            received = f"{what} in {listing(those)} and none in {listing(others)}"
            raise InputError("sets", f"{what} in all sets that are joined, or in none", received)


def _of_set(key, one, example, classes, same_viewers):
    label = None if example.label is None else classes.index(one.classes[example.label])
    return replace(
        example,
        id=_named(key, example.id),
        subjects=example.subjects if same_viewers else _viewers(key, example.subjects),
        label=label,
        group=None if example.group is None else _named(key, example.group),
        collection=key,
    )


def _named(key, own):
    return f"{key}{BETWEEN}{own}"


def _viewers(key, subjects):
    """Viewers as text with the name of their set; 0 and other numbers are names as well."""
    return np.array([_named(key, subject) for subject in subjects.tolist()], str)


def _splits(named):
    """Ids by the name of the split, of all sets together."""
    found = {}
    for key, one in named:
        for split, ids in one.splits.items():
            found.setdefault(split, []).extend(_named(key, own) for own in ids)
    return {split: tuple(ids) for split, ids in found.items()}


def _notes(named):
    """What has to be known of the sets, one below the other; of drawn ones the whole says it."""
    notes = [(key, one.note.replace(origin.ABOUT, "").strip()) for key, one in named]
    return "\n".join(f"{key}: {note}" for key, note in notes if note)


def _reports(named):
    """What reading all of them has met: counts added up, remarks with the name of their set."""
    made = {}
    for field in fields(ReadingReport):
        values = [(key, getattr(one.report, field.name)) for key, one in named]
        if isinstance(values[0][1], list):
            made[field.name] = [f"{key}: {told}" for key, own in values for told in own]
        else:
            made[field.name] = sum(count for _, count in values)
    if not all(one.report.read for _, one in named):
        made["read"] = 0
    return ReadingReport(**made)
