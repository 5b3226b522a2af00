"""How the study stands: which cells are finished, and what the others will cost."""

import csv
import json
from statistics import fmean

from keras_attn import runs
from keras_attn.study.cells import RUN

MARK = "cell.json"
"""Written into a cell's folder when all its results are there."""
RESULTS = "examples.csv"


def mark(folder, identity, seconds):
    """Say of a cell that it is finished. seconds: how long it took."""
    about = {"identity": identity, "seconds": round(seconds, 2)}
    runs.write_text(folder / MARK, json.dumps(about) + "\n")


def finished(cells):
    """Names of the cells whose results are there.

    Those of another configuration, or older than a run that they started from or than their own
    weights, are not. What has changed within data or weight files is not looked at here; whoever
    carries a cell out does, by the identity of its run.
    """
    by_name, found = {cell.name: cell for cell in cells}, set()
    for cell in cells:
        if _marked(cell).get("identity") != cell.identity:
            continue
        when = (cell.folder / MARK).stat().st_mtime_ns
        inputs = [cell.folder / RESULTS]
        if cell.kind == RUN:
            inputs.append(runs.RunFolder(cell.folder).weights)
        if not all(path.is_file() for path in inputs):
            continue
        before = (by_name[name] for name in cell.needs if name in by_name)
        inputs += [runs.RunFolder(c.folder).weights for c in before if c.kind == RUN]
        if all(path.stat().st_mtime_ns <= when for path in inputs if path.is_file()):
            found.add(cell.name)
    return found


def _marked(cell):
    """What a cell's mark says, empty where there is none that can be read."""
    try:
        marked = json.loads((cell.folder / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return marked if isinstance(marked, dict) else {}


def seconds(cell):
    """What a finished cell has cost, a run that of its epochs; None where nothing tells."""
    if cell.kind != RUN:
        return _marked(cell).get("seconds")
    try:
        with runs.RunFolder(cell.folder).history.open(encoding="utf-8", newline="") as file:
            return sum(float(row["seconds"]) for row in csv.DictReader(file))
    except (OSError, KeyError, ValueError):
        return None


def costs(cells, done):
    """Seconds by name of cell: of those `done` what they took, of others the mean of those alike.

    None where no cell alike is done.
    """
    taken = {cell.name: seconds(cell) for cell in cells if cell.name in done}
    alike = {}
    for cell in cells:
        if taken.get(cell.name) is not None:
            alike.setdefault(cell.alike, []).append(taken[cell.name])
    means = {kind: fmean(values) for kind, values in alike.items()}
    return {cell.name: taken.get(cell.name, means.get(cell.alike)) for cell in cells}
