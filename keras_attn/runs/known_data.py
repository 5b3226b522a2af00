"""What a run knows of the data that it learnt from, and what is to be said of those scored on.

Imports no model. What is known is a dict: the part `data` of a run's record.
"""

from dataclasses import replace
from pathlib import Path

from keras_attn import configs
from keras_attn.datasets import origin
from keras_attn.errors import InputError
from keras_attn.registries import DATASETS
from keras_attn.runs import foreign_code, learnt

SHOWN = 12
"""Digits of a fingerprint that are told."""


def record(dataset):
    """What a run writes down of its training data: plain values.

    `name`, `fingerprint`, `note`, `examples` and `reading` are those of the part that was trained
    on; `whole` has those of the dataset that it is a part of. kind: the reader, or that it was
    made in Python; source: arguments that read the whole again, or None. learnt: see
    `learnt.record`.
    """
    whole = dataset.whole or dataset
    made = {"name": dataset.name, "fingerprint": dataset.fingerprint, "note": dataset.note}
    made |= {"examples": len(dataset), "reading": str(dataset.report), "drawn": dataset.drawn}
    made |= {"kind": origin.kind_of(dataset), "source": dataset.source}
    counted = {"examples": len(whole), "fixations": whole.report.points}
    made["whole"] = {"name": whole.name, "fingerprint": fingerprint(dataset), **counted}
    made["learnt"] = learnt.record(dataset)
    return configs.plain(made)


def name_of(known):
    """The name of the whole dataset that a run learnt from."""
    # Runs of earlier versions tell that of the part alone.
    return (known.get("whole") or known)["name"]


def label_of(known):
    """The same in print."""
    return origin.label(name_of(known), is_drawn(known))


def is_drawn(known):
    """Whether a run learnt from drawn data."""
    # Runs of earlier versions tell it in their note alone.
    drawn = known.get("drawn")
    return origin.ABOUT in (known.get("note") or "") if drawn is None else drawn


def fingerprint(dataset):
    """The fingerprint of the whole dataset, or its own where the part has other examples.

    Scores depend on all of it: other examples' fixations are negatives and centre bias.
    """
    whole = dataset.whole
    if whole is None:
        return dataset.fingerprint
    same = _same_examples(dataset)
    return whole.fingerprint if same is not None and _alike(same, dataset) else dataset.fingerprint


def _alike(one, other):
    return one.fingerprint == other.fingerprint


def _same_examples(dataset):
    """The part of the whole with the ids of a part; None where the whole has not all of them."""
    places = {example.id: place for place, example in enumerate(dataset.whole)}
    if not all(example.id in places for example in dataset):
        return None
    return dataset.whole.part(dataset.name, [places[example.id] for example in dataset])


def recognised(dataset, known):
    """The dataset, drawn where a run knows these very data as drawn, whatever their folder says."""
    if known is None or not is_drawn(known) or dataset.drawn or not _is_own(dataset, known):
        return dataset
    whole = dataset.whole and replace(dataset.whole, drawn=True)
    return replace(dataset, drawn=True, whole=whole)


def _is_own(dataset, known):
    return fingerprint(dataset) == (known.get("whole") or known)["fingerprint"]


def notes(dataset, known):
    """Sentences on what a run has learnt from, for scores on a dataset; maybe none."""
    if known is None:
        return ()
    made = [
        f"{path}, which the network is made of, has changed since it was trained: these may be "
        "the scores of another network."
        for path in foreign_code.changed(known.get("code", {}))
    ]
    if is_drawn(known) and not dataset.drawn:
        made.append(
            f"The network learnt from {label_of(known)}, drawn pictures with simulated gaze: its "
            "scores say nothing about networks trained on photographs."
        )
    if not is_drawn(known) and dataset.drawn:
        made.append(
            f"The network learnt from {label_of(known)} and is scored on drawn data, which say "
            "nothing about people."
        )
    told = " ".join((*_others(dataset, known), *_seen(dataset, known)))
    return (*made, told) if told else tuple(made)


def _others(dataset, known):
    """A sentence where data that go by the name or the folder of the training's are others."""
    whole, told = dataset.whole or dataset, known.get("whole")
    if told is None or not _go_for_own(whole, known):
        return ()
    if fingerprint(dataset) == told["fingerprint"]:
        changed = learnt.changed(whole, known["learnt"]) if known.get("learnt") else ()
        if not changed:
            return ()
        which = " and ".join(changed)
        return (
            f"The {which} are not those of the training, although the data "
            f"{_as_own(whole, known)} and their gaze is the same: other files.",
        )
    now, then = _counts(dataset, told)
    digits = [one[:SHOWN] for one in (fingerprint(dataset), told["fingerprint"])]
    told = f"{now} in place of {then}" if now != then else f"{now} as then, but not the same"
    told += f" (fingerprint {digits[0]} in place of {digits[1]})."
    return (
        f"The data are not those of the training, although they {_as_own(whole, known)}: {told}",
    )


def _go_for_own(whole, known):
    """Whether data go by the name, or lie in the folder, of those that a run learnt from."""
    return whole.name == known["whole"]["name"] or _in_own_place(whole, known)


def _as_own(whole, known):
    """In what way they do, in words."""
    if whole.name == known["whole"]["name"]:
        return f"are called {whole.name}"
    return f"are read from the same folder, as {whole.name} in place of {known['whole']['name']}"


def _in_own_place(whole, known):
    places = [(source or {}).get("root") for source in (whole.source, known.get("source"))]
    return places[0] is not None and places[0] == places[1]


def _seen(dataset, known):
    """A sentence where a run learnt from some of the examples, or may have."""
    count, size = seen(dataset, known), len(dataset)
    if count:
        which = f"{count} of these {size}" if count < size else f"all of these {size}"
        return (f"The network learnt from {which} examples, which were not held out.",)
    if count is None and known.get("learnt") and _in_own_place(dataset.whole or dataset, known):
        return (
            "Which of the examples were held out is not known, since others have come or gone: "
            "the network may have learnt from some of these.",
        )
    return ()


def seen(dataset, known):
    """The number of examples that a run learnt from; None where that is unknown."""
    told, whole = known.get("learnt"), dataset.whole or dataset
    if not told:
        return None
    own = _is_own(dataset, known) or _in_own_place(whole, known)
    return learnt.among(dataset, told) if own or learnt.same_pictures(whole, told) else None


def _counts(dataset, told):
    """How much there is now, and how much there was, in words."""
    whole = dataset.whole or dataset
    if whole.fingerprint == told["fingerprint"] and (same := _same_examples(dataset)):
        whole, told = dataset, {"examples": len(same), "fixations": same.report.points}
    pairs = ((whole.report.points, len(whole)), (told["fixations"], told["examples"]))
    return [f"{points:,} fixations on {count:,} examples" for points, count in pairs]


def named(whole, known):
    """A dataset that was read, under the name by which the run knows these very data."""
    return replace(whole, name=name_of(known)) if _is_own(whole, known) else whole


def check_held_out(parts, known, where, own):
    """`InputError` where it is not known that the second of two parts was held out.

    parts: of the data that the run's configuration reads, to train on and to test on. own: whether
    they are those that it learnt from, and no others that the command names. Of a run of an
    earlier version nothing but its fingerprint tells that.
    """
    train, test = parts
    count = seen(test, known)
    if count == 0 or train.fingerprint == known["fingerprint"]:
        return
    told, whole = known.get("whole"), train.whole or train
    if told is None and own:
        received = f"{train.label}, {train.report.points:,} fixations on {len(train)} examples"
        expected = (
            f"to find the data that it learnt from, {known['name']!r}, {known['examples']} "
            "examples; or those to score named with --data.name and --data.root"
        )
        raise InputError(where, expected, received)
    if told is None:
        return
    if count or whole.fingerprint == told["fingerprint"]:
        received = f"a run that learnt from another part, {known['name']!r}"
        received += f", {known['examples']} of {told['examples']} examples"
        raise InputError(where, PART, received)
    if own and known.get("learnt"):
        received = f"{len(whole)} examples, of which others than then are held out"
        expected = f"the {told['examples']} examples that it learnt from a part of; {REMAINING}"
        raise InputError(where, expected, received)


def check_findable(config, known, where):
    """`InputError` where the data of a run cannot be read again from what its record says.

    known: of the run. where: what the message names.
    """
    root = config.data.root
    if root is not None and not Path(root).expanduser().is_dir():
        raise InputError(where, REMEDY, f"{label_of(known)} in {root}: no such folder")
    if "source" not in known:  # of a run of an earlier version
        return
    source = known["source"] or {}
    if source and source["name"] not in DATASETS:
        expected = f"the plug-in that has the dataset {source['name']!r} (--plugin), or {REMEDY}"
        raise InputError(where, expected, f"{label_of(known)}: no dataset of that name")
    if "where" in source or configs.read_as(config, known["source"]) is None:
        how = f"data read by {_call(source)}" if source else "data that were made in Python"
        raise InputError(where, REMEDY, f"{label_of(known)}: {how}")


def check_named(config, known, named):
    """`InputError` where what a command names, "name" or "root", leaves the other one open.

    The configuration does not say how data that were made in Python are read, and where there is
    no root scenes are drawn, which nobody wants in place of photographs.
    """
    bare = config.data.root is None
    made = "source" in known and configs.read_as(config, known["source"]) is None
    if "name" not in named and bare and made:
        where = named["root"]
        expected = f"the format of {where}, such as folder, for a run on data made in Python"
        raise InputError("--data.name", expected, "none")
    if "root" not in named and bare and not is_drawn(known):
        expected = f"the folder of {named['name']}, for a run that did not learn from drawn data"
        raise InputError("--data.root", expected, "none")


REMAINING = (
    "score all with --data.whole, or hand over what was held out in Python, "
    "keras_attn.evaluate(run, data)"
)
PART = f"a run that learnt from what its configuration trains on; {REMAINING}"
REMEDY = (
    "data that can be read again; hand them over in Python, keras_attn.evaluate(run, data), or "
    "name them with --data.name and --data.root"
)


def _call(source):
    given = {name: value for name, value in source.items() if name not in ("name", "where")}
    listed = ", ".join(f"{name}={value!r}" for name, value in given.items())
    chosen = f".where(**{source['where']!r})" if "where" in source else ""
    return f"datasets.{source['name']}({listed}){chosen}, which no option of the command says"
