"""Groups of examples that belong together, such as pictures of one scene: in one fold, one value.

An example without a group is a group of its own.
"""

import hashlib

import numpy as np

from keras_attn.errors import InputError, listing


def named(group):
    """The name of a group as text; None for what is missing."""
    return None if group is None or group != group or group == "" else str(group)


def of(examples):
    """The group of each example, None where it has none; a list."""
    return [getattr(example, "group", None) for example in examples]


def count(examples):
    """How many groups there are; an example without one is one of its own."""
    return len(set(map(_key, examples)))


def _key(example):
    group = getattr(example, "group", None)
    return group is not None, group or example.id


def lines(dataset):
    """A line on the groups for a printed dataset; none without."""
    named = set(filter(None, of(dataset)))
    if named:
        yield f"{len(named)} groups of what belongs together, such as pictures of one scene"


def cell(dataset, example):
    """What the row of an example tells of where it belongs.

    `{"group": name}`, "" where it has none, of a dataset with groups; `{"collection": name}` of one
    that joins several sets.
    """
    told = {"group": getattr(example, "group", None) or ""} if dataset.grouped else {}
    collection = getattr(example, "collection", None)
    return told if collection is None else told | {"collection": collection}


def column(dataset):
    """The same of all examples, lists by name."""
    cells = [cell(dataset, example) for example in dataset]
    return {name: [one[name] for one in cells] for name in cells[0]}


def test_part(examples, number, count, seed):
    """Indices of the examples in fold `number` of `count`; whole groups, the same everywhere.

    Groups are ordered by their sizes, the largest first, and equal ones by a hash of seed and name;
    each goes into the fold that has the fewest examples so far. So folds of examples without groups
    are of a size, but for one. `InputError` where there are fewer groups than folds.
    """
    members = {}
    for index, example in enumerate(examples):
        members.setdefault(_key(example), []).append(index)
    for name, value in (("fold", number), ("of", count)):
        if not isinstance(value, (int, np.integer)):
            raise InputError(name, "a whole number", repr(value))
    if not 2 <= count <= len(members) or not 0 <= number < count:
        expected = f"a fold from 0 to {count - 1}, of 2 to {len(members)} folds"
        if len(members) < len(examples):
            expected += f", since there are {len(members)} groups"
        raise InputError("fold", expected, f"{number} of {count}")
    order = sorted(members, key=lambda key: (-len(members[key]), _shuffled(seed, key[1])))
    folds = [[] for _ in range(count)]
    for key in order:
        min(folds, key=len).extend(members[key])
    return set(folds[number])


def check_splits(examples, splits):
    """Refuse splits that share a group. splits: ids of examples by name."""
    where = {}
    for example, group in zip(examples, of(examples), strict=True):
        for name, ids in splits.items():
            if group is not None and example.id in ids:
                where.setdefault(group, set()).add(name)
    shared = [group for group, names in where.items() if len(names) > 1]
    if shared:
        expected = (
            "each group in one split alone, for what was trained on would be tested on: mend "
            "classes.csv or groups.csv"
        )
        raise InputError("split", expected, f"{len(shared)} in several: {listing(shared, 5)}")


def _shuffled(seed, name):
    return hashlib.sha256(f"{seed}/{name}".encode()).digest()
