"""Conditions that fixations were made under, such as a viewer's task, and datasets of some alone.

A condition is a column of values, text as the file has it, one for each fixation of each image.
"""

from collections import Counter
from dataclasses import replace
from functools import partial
from numbers import Number

import numpy as np

from keras_attn.errors import InputError, listing

MOST = 20
"""Values up to which a column is told as a condition: time stamps have many. Any may select."""


def checked(conditions, count, where):
    """Columns of text `(count,)` by name; `InputError` for a column of another length."""
    if not isinstance(conditions, dict):
        expected = "a dict: name of a column -> a value for each point"
        raise InputError(where, expected, type(conditions).__name__)
    made = {}
    for name, values in conditions.items():
        column = np.asarray(values)
        if column.shape != (count,):
            expected = f"one for each of {count} points"
            raise InputError(f"{where} {name!r}", expected, f"shape {column.shape}")
        if column.dtype.kind != "U":
            column = np.array([_text(value) for value in column.tolist()], str)
        made[str(name)] = column
    return made


def _text(value):
    """A value as a file has it: nothing for what is missing."""
    return "" if value is None or value != value else str(value)


def values(dataset):
    """`{column: {value: fixations}}` of all columns, the values in order; "" is of empty cells."""
    found = {}
    for example in dataset:
        for name, column in _of(example).items():
            found.setdefault(name, Counter()).update(column.tolist())
    return {name: dict(sorted(counts.items(), key=_in_order)) for name, counts in found.items()}


def _of(example):
    conditions = getattr(example, "conditions", None)  # which videos have not
    return conditions if conditions and len(example.points) else {}


def _in_order(item):
    """Numbers by their size, before text by the alphabet."""
    number = _number(item[0])
    return (True, 0.0, item[0]) if number is None else (False, number, item[0])


def _number(text):
    try:
        number = float(text)
    except ValueError:
        return None
    return None if number != number else number


def told(dataset):
    """`{column: values}` of those with at most MOST values, empty cells left out."""
    named = {name: tuple(filter(None, counts)) for name, counts in values(dataset).items()}
    return {name: those for name, those in named.items() if 1 <= len(those) <= MOST}


def lines(dataset):
    """Lines on the columns and their values for a printed dataset."""
    for name, counts in values(dataset).items():
        named = [f"{value} {count}" for value, count in counts.items() if value]
        empty = [f"{counts['']} without"] if "" in counts else []
        if len(named) <= MOST:
            yield f"{name}, fixations: {', '.join([*named, *empty])}"
        else:
            yield f"{name}: {len(named)} different values"


def where(dataset, chosen):
    """The dataset of only the fixations that have these values, with negatives of their kind.

    chosen: `{column: value or several}`. `InputError` for what no fixation has.
    """
    if not chosen:
        expected = 'a condition, such as where(task="search")'
        raise InputError("where", expected, f"none; there are {_offered(values(dataset))}")
    wanted = {name: several(value) for name, value in chosen.items()}
    whole = dataset.whole or dataset
    known = values(whole)
    fitting = {name: fitting_texts(name, those, known) for name, those in wanted.items()}
    _check_told_apart(whole, wanted)
    title = ", ".join(f"{name}={' or '.join(map(str, v))}" for name, v in wanted.items())
    made = {"source": _source(dataset, fitting)}
    if dataset.whole is not None:
        made["whole"] = _filtered(dataset.whole, fitting, title, source=made["source"])
    found = _filtered(dataset, fitting, title, **made)
    if not found.report.points:
        raise InputError("where", f"fixations of {dataset.name}", f"none with {title}")
    return found


def _source(dataset, fitting):
    """The dataset's source with what was chosen, which alone leads to these fixations again."""
    if dataset.source is None:
        return None
    chosen = {**dataset.source.get("where", {}), **fitting}
    return dataset.source | {"where": chosen}


def several(value):
    """A value, or several of them, as a tuple."""
    if isinstance(value, (str, Number, np.generic)) or value is None:
        return (value,)
    if not hasattr(value, "__iter__"):
        raise InputError("where", "a value, or several", repr(value))
    found = tuple(value)
    if not found:
        raise InputError("where", "a value, or several", "an empty list")
    return found


def fitting_texts(name, those, known):
    """The texts of a column that the wanted values mean, in their order.

    known: what `values` returns.
    """
    if name not in known:
        expected = f"a further column of fixations.csv; there are {_offered(known)}"
        raise InputError(f"where {name}", expected, repr(name))
    found = []
    for value in those:
        texts = [text for text in known[name] if _means(value, text)]
        if not texts:
            raise InputError(f"where {name}", f"one of {_shown(known[name])}", repr(value))
        found += texts
    return list(dict.fromkeys(found))


def _means(value, text):
    """Whether a wanted value is that of a cell: text as it is, numbers by what they amount to."""
    if isinstance(value, (bool, np.bool_)):
        return text.lower() == str(value).lower()
    if isinstance(value, (Number, np.number)):
        return _number(text) == value
    return text == _text(value)


def _check_told_apart(whole, wanted):
    """Refuse a dataset of which some images do not tell the condition of their fixations."""
    for name in wanted:
        silent = [e.id for e in whole if len(e.fixations) and name not in _of(e)]
        if silent:
            expected = f"the column {name} for the fixations of every image"
            raise InputError(f"dataset {whole.name!r}", expected, f"none of {listing(silent, 5)}")


def _filtered(dataset, fitting, title, **changes):
    examples = tuple(map(partial(_kept, fitting=fitting), dataset))
    return replace(dataset, name=f"{dataset.name}, {title}", examples=examples, **changes)


def _kept(example, fitting):
    """An example with those of its fixations that have fitting values in all columns."""
    if not len(example.points):
        return example
    kept = np.ones(len(example.points), bool)
    for name, texts in fitting.items():
        kept &= np.isin(example.conditions[name], texts)
    own = {name: column[kept] for name, column in example.conditions.items()}
    points, subjects = example.points[kept], example.subjects[kept]
    return replace(example, points=points, subjects=subjects, conditions=own)


def _offered(known):
    named = [f"{name} ({_shown(counts)})" for name, counts in known.items()]
    return "; ".join(named) or "none"


def _shown(counts):
    return listing([value or "'' (empty)" for value in counts], MOST)
