"""How the study stands: which cells are finished, and what the others will cost."""

import csv
import json
from statistics import fmean

from keras_attn import storage
from keras_attn.errors import InputError
from keras_attn.evaluation.rows import EXAMPLES
from keras_attn.study.cells import REFERENCES

MARK = "cell.json"
"""Written into a cell's folder when all its results are there."""
RESULTS = EXAMPLES


def mark(folder, identity, seconds, data):
    """Say of a cell that it is finished.

    seconds: how long it took. data: what it was scored on, of `provenance.of_data`.
    """
    about = {"identity": identity, "seconds": round(seconds, 2), "data": data}
    storage.write_text(folder / MARK, json.dumps(about) + "\n")


def finished(cells):
    """Names of the cells whose results are there.

    Those of another configuration, or older than a run that they started from or than their own
    weights, are not; nor are those whose references are not, or are of other data. What has
    changed within data or weight files is not looked at here; whoever carries a cell out does.
    """
    by_name, found = {cell.name: cell for cell in cells}, set()
    for cell in cells:
        marked = _marked(cell.folder)
        if marked.get("identity") != cell.identity:
            continue
        seen = [by_name[name] for name in cell.needs if name in by_name]
        seen = [one for one in seen if one.kind == REFERENCES]
        if any(c.name not in found or _other(marked, _marked(c.folder)) for c in seen):
            continue
        when = (cell.folder / MARK).stat().st_mtime_ns
        inputs = [cell.folder / RESULTS] if cell.scores else []
        if cell.trains:
            inputs.append(storage.RunFolder(cell.folder).weights)
        if not all(path.is_file() for path in inputs):
            continue
        before = (by_name[name] for name in cell.needs if name in by_name)
        inputs += [storage.RunFolder(c.folder).weights for c in before if c.trains]
        if all(path.stat().st_mtime_ns <= when for path in inputs if path.is_file()):
            found.add(cell.name)
    return found


def check_data(data, before):
    """Refuse data that are others than those of finished cells in the folders `before`.

    data: of `provenance.of_data`. Cells on another dataset are passed over.
    """
    for folder in before:
        if _other({"data": data}, marked := _marked(folder)):
            raise InputError(
                data["name"],
                f"the data of fingerprint {marked['data']['fingerprint'][:12]} that {folder} was "
                f"made from; delete its {MARK} to have all cells on this dataset looked at again, "
                "and those of other data done again with --overwrite",
                f"other data, of fingerprint {data['fingerprint'][:12]}",
            )


def _other(marked, earlier):
    """Whether two marks are of one dataset, but of other data."""
    one, other = (mark.get("data") or {} for mark in (marked, earlier))
    same = one.get("name") == other.get("name")
    return same and one.get("fingerprint") != other.get("fingerprint")


def _marked(folder):
    """What the mark in a cell's folder says, empty where there is none that can be read."""
    try:
        marked = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return marked if isinstance(marked, dict) else {}


def seconds(cell):
    """What a finished cell has cost, a run that of its epochs; None where nothing tells."""
    if not cell.trains:
        return _marked(cell.folder).get("seconds")
    try:
        with storage.RunFolder(cell.folder).history.open(encoding="utf-8", newline="") as file:
            return sum(float(row["seconds"]) for row in csv.DictReader(file))
    except (OSError, KeyError, ValueError):
        return None


def costs(cells, done):
    """Seconds by name of cell: of those `done` what they took, of others the mean of those alike.

    None where no cell alike is done.
    """
    taken = {cell.name: seconds(cell) for cell in cells if cell.name in done}
    means = usual(cells, taken)
    return {cell.name: taken.get(cell.name, means.get(cell.alike)) for cell in cells}


def usual(cells, taken):
    """Mean seconds of cells alike, by what they have in common.

    taken: seconds by name of cell, as far as known; None counts as unknown.
    """
    alike = {}
    for cell in cells:
        if taken.get(cell.name) is not None:
            alike.setdefault(cell.alike, []).append(taken[cell.name])
    return {kind: fmean(values) for kind, values in alike.items()}
