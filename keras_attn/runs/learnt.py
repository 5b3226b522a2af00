"""Which examples a run has learnt from, and whether their files are still those.

A run writes this down beside the fingerprint, which is of ids, sizes and gaze alone. Imports no
model.
"""

import base64
import hashlib
import weakref

import numpy as np

from keras_attn import storage
from keras_attn.errors import InputError

FILES = {"pictures": "image", "masks": "mask", "videos": "video"}
"""Fields of examples that name their files, by what these are."""
_KEPT = weakref.WeakKeyDictionary()


def record(dataset):
    """What a run writes down: plain values.

    ids: a hash of all ids of the whole dataset. places: of which of them, in their order, it
    learnt, a bit each in base64; None where it learnt from examples that the whole lacks. files: a
    hash of the whole's files by what they are, None where it has none.
    """
    whole, own = dataset.whole or dataset, {example.id for example in dataset}
    names = sorted(example.id for example in whole)
    places = np.packbits([name in own for name in names])
    text = base64.b64encode(places.tobytes()).decode() if own <= set(names) else None
    return {"ids": _of_ids(names), "places": text, "files": files(whole)}


def files(whole):
    """A hash of all files of a dataset by what they are, None for those that it has not.

    Each file is read once for a dataset, as long as that is kept.
    """
    if whole not in _KEPT:
        _KEPT[whole] = {what: _of_files(whole, field) for what, field in FILES.items()}
    return _KEPT[whole]


def stamp(whole):
    """A hash of all files of a dataset."""
    return hashlib.sha256(repr(files(whole)).encode()).hexdigest()


def same_pictures(whole, told):
    """Whether the pictures of a dataset, and their ids, are those that `record` told of."""
    then = told["files"]["pictures"]
    return then is not None and then == files(whole)["pictures"]


def changed(whole, told):
    """What of the files of a dataset is not as `record` told: some of FILES, a list."""
    return differing(told["files"], files(whole))


def differing(then, now):
    """What is not the same in two of what `files` returns, a list."""
    return [what for what, stamp in then.items() if stamp != now[what]]


def among(dataset, told):
    """The number of a dataset's examples that a run learnt from; None where that is unknown.

    told: what `record` has returned, of a dataset of the same pictures. It is unknown where ids
    have come or gone since: what is held out depends on all of them.
    """
    names = sorted(example.id for example in dataset.whole or dataset)
    if told["places"] is None or _of_ids(names) != told["ids"]:
        return None
    bits = np.frombuffer(base64.b64decode(told["places"]), np.uint8)
    learnt = np.unpackbits(bits, count=len(names)).astype(bool)
    own = {name for name, whether in zip(names, learnt, strict=True) if whether}
    return sum(example.id in own for example in dataset)


def _of_ids(names):
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _of_files(whole, field):
    found = sorted((example.id, getattr(example, field, None)) for example in whole)
    if all(path is None for _, path in found):
        return None
    told = repr([(name, None if path is None else _stamp(path, field)) for name, path in found])
    return hashlib.sha256(told.encode()).hexdigest()


def _stamp(path, field):
    """What tells a file from others: its content; of a video, its size or number of frames."""
    try:
        if field != "video":
            return storage.fingerprint(path)
        return sum(1 for _ in path.iterdir()) if path.is_dir() else path.stat().st_size
    except (OSError, InputError) as error:  # What is gone is told where it is needed.
        return type(error).__name__
