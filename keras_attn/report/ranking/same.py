"""Whether audits are of the same data and made in the same way: others have no common ranking."""

import itertools

import numpy as np

from keras_attn.errors import InputError, listing
from keras_attn.evaluation.rows import is_reference

SETTINGS = ("fixation_sigma", "centre_bias_sigma", "longest_side")
"""Conventions that scores depend on."""
ALIKE = 1e-4
"""How far a reference's score of an image may differ: another machine rounds otherwise."""


def check(records):
    """Raise `InputError` unless `{path: Record}` are audits on the same data, made alike."""
    for (first, one), (path, other) in itertools.pairwise(records.items()):
        for told, values in _compared(one, other):
            if values[0] != values[1]:
                expected = f"an audit on the same data as {first}, with its {told}: {values[0]}"
                raise InputError(path, expected, values[1])
        _check_references(one, other, first, path)


def _compared(one, other):
    """What both have to have alike, as pairs: what it is called, and both values."""
    for told, of in (
        ("fingerprint of gaze", lambda record: _short(record, "fingerprint")),
        ("fingerprint of the whole", lambda record: _short(record, "fingerprint_of_whole")),
        ("conditions", lambda record: listing(record.data.get("conditions") or ["none"])),
        ("images", lambda record: f"{len(record.images)}, {listing(sorted(record.images))}"),
        ("metrics", lambda record: listing(sorted(record.metrics))),
    ):
        yield told, (of(one), of(other))
    # Drawn scenes have none: they are drawn anew elsewhere, with a few other bits.
    files = [record.data.get("files") or None for record in (one, other)]
    if None not in files:
        yield "picture files, hash", tuple(str(value)[:12] for value in files)
    for name in SETTINGS:
        yield name, (one.conventions.get(name), other.conventions.get(name))
    for part, fingerprint in (one.data.get("conditions") or {}).items():
        both = fingerprint, (other.data.get("conditions") or {}).get(part)
        yield f"fingerprint of {part}", tuple(str(value)[:12] for value in both)


def _short(record, name):
    """The beginning of a fingerprint, with what the data are."""
    return f"{str(record.data.get(name))[:12]} ({record.data['label']}: {record.data['reading']})"


def _check_references(one, other, first, path):
    """That what no network takes part in scores the same."""
    for name, scores in _references(one).items():
        theirs = _references(other).get(name)
        for key in one.metrics:
            both = [] if theirs is None else (scores[key], theirs[key].reindex(one.images))
            if not both or not np.allclose(*both, rtol=0, atol=ALIKE, equal_nan=True):
                expected = f"{key} of {name} as in {first}, from the same data and conventions"
                versions = [record.made_with.get("keras_attn") for record in (one, other)]
                received = f"another one (keras_attn {versions[0]} there, {versions[1]} here)"
                raise InputError(path, expected, received)


def _references(record):
    """Scores of single images by the name of a reference."""
    rows = zip(record.names, record.scores, record.rows.to_dict("records"), strict=True)
    return {name: scores for name, scores, row in rows if is_reference(row)}
