"""Fixations of pictures out of one table, which has a row for each."""

import numpy as np

from keras_attn.datasets.readers import tables
from keras_attn.errors import InputError, listing

COLUMNS = ("image", "subject", "x", "y")
NUMBERS = ("x", "y")
UNREAD = ("duration_ms",)
MORE = "[, duration_ms]"
MOST_VALUES = 1000
"""Different values up to which a further column can select fixations; time stamps have more."""


def read(path, names, reader):
    """Fixations by picture out of a CSV file with COLUMNS; see `by_picture`."""
    options = {"numbers": NUMBERS, "unread": UNREAD, "more": MORE}
    table = tables.read(path, COLUMNS, form=reader.form, **options)
    return by_picture(table, names, reader)


def by_picture(table, names, reader):
    """Of each picture `(points, subjects, conditions)`: `(N, 2)`, `(N,)` and by name `(N,)`.

    table: a `tables.TextTable`. names: {what a picture may be called: what it is called}. Rows of
    pictures that are not there are an error, or skipped by the `GazeReader`. conditions: what the
    further columns say of each point, as text.
    """
    reader.points_from = table.name
    for column, what in (("image", "the name of an image"), ("subject", "a viewer")):
        table.refuse(column, table[column] == "", what)
    places, ids = _assigned(table, names, reader)
    # Of two bytes, sorting takes a tenth of the time.
    small = len(ids) < np.iinfo(np.int16).max
    order = np.argsort(places.astype(np.int16) if small else places, kind="stable")
    order = order[np.searchsorted(places[order], 0) :]
    ends = np.cumsum(np.bincount(places[order], minlength=len(ids)))
    points = np.column_stack([table["x"].to_numpy()[order], table["y"].to_numpy()[order]])
    texts = {name: _as_text(table[name], order) for name in ("subject", *_conditions(table))}
    subjects = texts.pop("subject")
    found = {}
    for name, start, end in zip(ids, [0, *ends[:-1]], ends, strict=True):
        if start < end:
            own = {column: values[start:end] for column, values in texts.items()}
            found[name] = points[start:end], subjects[start:end], own
    return found


def nothing():
    """What `by_picture` has of a picture that nobody has fixated."""
    return np.zeros((0, 2)), np.zeros(0, str), {}


def _conditions(table):
    """Further columns, of so few values that they can tell fixations apart."""
    # A column without a name numbers the rows: pandas writes it.
    further = [name for name in table.rows if name and name not in (*COLUMNS, *UNREAD)]
    return [name for name in further if len(table[name].cat.categories) <= MOST_VALUES]


def _as_text(values, order):
    names = values.cat.categories.to_numpy(str)
    return names[values.cat.codes.to_numpy()[order]]


def known(names, paths):
    """What pictures may be called: their names, with the suffix of their file or without."""
    files = {tables.composed(path.name): name for name, path in zip(names, paths, strict=True)}
    return {**files, **{name: name for name in names}}


def _assigned(table, names, reader):
    """For each row the place of its picture among the ids that are returned; −1 for none."""
    ids = list(dict.fromkeys(names.values()))
    place = {name: i for i, name in enumerate(ids)}
    called = list(table["image"].cat.categories)
    of_name = np.array([place[names[n]] if n in names else -1 for n in called], np.intp)
    places = of_name[table["image"].cat.codes.to_numpy()]
    counts = np.bincount(table["image"].cat.codes, minlength=len(called))
    strangers = [n for n, at in zip(called, of_name, strict=True) if at < 0]
    lost = int(counts[of_name < 0].sum())

    def check():
        if lost:
            expected = (
                f"fixations of the {len(ids)} images that there are, such as {listing(ids, 2)}, or "
                "on_bad_example='skip' (--on-bad-example skip) to leave others out"
            )
            received = f"{lost} of {len(strangers)} others: {listing(strangers, 5)}"
            raise InputError(table.name, expected, received)

    reader.guard(getattr(table.name, "name", table.name), check)
    return places, ids
