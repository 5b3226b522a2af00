"""What evaluations keep of some examples to look at: small as a file, arrays again when read.

A file holds photographs as JPEG, predictions as JPEG from their minimum to their maximum, and
attention in 256 levels of the scale that it is shown in. All else is held as it is.
"""

from pathlib import Path

import numpy as np

from keras_attn import pictures, storage
from keras_attn.errors import InputError
from keras_attn.evaluation.rows import GALLERY
from keras_attn.statistics import evenly

MOST = 40
"""Examples that pictures are kept of."""
PHOTOGRAPHS = ("image", "frames")
"""Names of what is RGB: `(H, W, 3)`, or of several frames `(T, H, W, 3)`."""
PREDICTION, ATTENTION = "saliency", "attention"
EXACT = "perturbed"
"""An example that holds it is of an attack: what was added is less than what JPEG leaves out."""
JPEG, LEVELS, SCALE = ".jpg", ".levels", ".scale"
"""Endings of names: bytes of a picture or, padded, of each of several; levels; ends of a scale."""


def chosen(dataset, most=MOST):
    """Which examples are shown: evenly from those with fixations, so the same for every model."""
    seen = [i for i, example in enumerate(dataset) if len(example.fixations)]
    return [seen[place] for place in evenly(len(seen), most)]


def of_examples(kept):
    """What was kept of some examples, dicts of arrays, as arrays by `<place>/<name>`."""
    return {
        f"{place}/{name}": value
        for place, arrays in enumerate(kept)
        for name, value in arrays.items()
    }


def write(path, gallery):
    """Write what was kept into a file. gallery: arrays by `<place>/<name>`, place 0 the first."""
    exact = {name.partition("/")[0] for name in gallery if name.endswith(f"/{EXACT}")}
    packed = {}
    for name, value in gallery.items():
        place, _, what = name.partition("/")
        packed |= {name: value} if place in exact else _packed(name, what, value)
    np.savez_compressed(path, **packed)


def _packed(name, what, value):
    """An array as members of a file, by name."""
    if what in PHOTOGRAPHS:
        return {name + JPEG: _encoded(value)}
    if what == PREDICTION:
        scale = value.min(), value.max()
        encoded = pictures.jpeg(pictures.levels(value, scale))
        return {name + JPEG: encoded, name + SCALE: np.array(scale)}
    if what == ATTENTION:
        scale = pictures.ends(value)
        return {name + LEVELS: pictures.levels(value, scale), name + SCALE: np.array(scale)}
    return {name: value}


def _encoded(photographs):
    """Bytes of a photograph, or of several `(T, longest)`: what follows a JPEG is not read."""
    if photographs.ndim == 3:
        return pictures.jpeg(photographs)
    each = [pictures.jpeg(one) for one in photographs]
    longest = max(map(len, each))
    return np.stack([np.pad(one, (0, longest - len(one))) for one in each])


def read(folder, arrays=None, ids=None):
    """What an evaluation kept to look at: a list of dicts of arrays, one per example.

    arrays: names of those that are read, default all. ids: those of the examples, default all.
    `InputError`, naming the file, where there is none or it cannot be read.
    """
    path = Path(folder).expanduser() / GALLERY
    try:
        with np.load(path, allow_pickle=False) as stored:
            members = _members(stored.files)
            if ids is not None:
                members = {k: v for k, v in members.items() if str(stored[f"{k}/id"]) in ids}
            return [_example(stored, place, names, arrays) for place, names in members.items()]
    except storage.UNREADABLE as error:
        raise InputError(path, "the pictures of an evaluation", error) from error


def _members(files):
    """Names in a file by the place of their example, in order."""
    found = {}
    for file in files:
        place, name = file.split("/")
        found.setdefault(int(place), []).append(name)
    return dict(sorted(found.items()))


def _example(stored, place, names, arrays):
    made = {}
    for name in names:
        what, _, _ = name.partition(".")
        if (arrays is None or what in arrays) and not name.endswith(SCALE):
            made[what] = _unpacked(stored, f"{place}/{name}", what)
    return made


def _unpacked(stored, name, what):
    """The array that a member of a file holds."""
    value = stored[name]
    if name.endswith(JPEG):
        many = value.ndim > 1
        value = np.stack([pictures.decoded(one) for one in (value if many else value[None])])
        value = value if many else value[0]
        value = value[..., 0] if what == PREDICTION else value
    scale = f"{name.rpartition('.')[0]}{SCALE}"
    if scale not in stored:
        return value
    low, high = stored[scale]
    return np.float32(low + value / 255 * (high - low))
