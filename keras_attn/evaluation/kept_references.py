"""What the references of an audit score, kept: they depend on the data alone, and cost the most.

A file for each dataset, by the fingerprint of its gaze, by the blurs and by the code that scores.
It is made anew where it is gone or damaged. Beside metrics of plug-ins, whose code is not known,
nothing is kept.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np
import scipy

from keras_attn import gaze, metrics, storage
from keras_attn.errors import InputError
from keras_attn.evaluation import gaze_scores, rows
from keras_attn.metrics import gold_standard
from keras_attn.metrics.columns import further

PARTS = ("scores", "lengths", "means", "mixture")
"""Arrays of a file: scores `(n, references, keys)` of the examples with gaze; of those references
that are told by viewer how many viewers each example has, `(n,)`, and what they score, one below
the other `(references, viewers, metrics)`; and the mixture of the ceiling, as JSON."""


class KeptReferences:
    """Those of one dataset, or of one condition of it.

    dataset: a `GazeDataset`. blur: a `Blur`.
    """

    def __init__(self, dataset, blur):
        self.dataset, self.blur = dataset, blur
        self.path = None if further() else _path(dataset, blur)
        self.seen = [i for i, one in enumerate(dataset) if len(one.points)]
        self.found = self._read()
        self.new = not self.found

    def of(self, index, scorer):
        """What `GazeScores.references_by_viewer` returns for an example."""
        if index not in self.found:
            self.found[index] = scorer.references_by_viewer()
        return self.found[index]

    def keep(self):
        """Write the file, where there was none and all examples with gaze are there now."""
        if not self.new or self.path is None or set(self.found) != set(self.seen):
            return
        made = _arrays([self.found[i] for i in self.seen], self._mixture())
        # An audit does not fail for want of what only the next one would have been quicker by.
        with suppress(InputError), storage.replacing(self.path) as stage, stage.open("wb") as file:
            np.savez(file, **made, digest=_digest(made))

    def _mixture(self):
        mixture = gaze_scores.mixture_of(self.dataset, self.blur)
        return np.array(json.dumps(mixture and asdict(mixture)))

    def _read(self):
        """By index what is kept; {} where there is no whole file."""
        if self.path is None or not self.path.is_file():
            return {}
        try:
            with np.load(self.path, allow_pickle=False) as file:
                made = {name: file[name] for name in PARTS}
                whole = str(file["digest"]) == _digest(made)
        except storage.UNREADABLE:
            return {}
        if not whole:
            return {}
        mixture = json.loads(str(made["mixture"]))
        chosen = gold_standard.Mixture(**mixture) if mixture else None
        gaze_scores.remember_mixture(self.dataset, self.blur, chosen)
        return self._told(made)

    def _told(self, made):
        ends = np.cumsum(made["lengths"])
        told = {}
        for place, (index, scores) in enumerate(zip(self.seen, made["scores"], strict=True)):
            part = slice(ends[place] - made["lengths"][place], ends[place])
            viewers = dict.fromkeys(rows.REFERENCES)
            if made["lengths"][place]:
                subjects = self.dataset[index].subjects
                names, counts = np.unique(subjects, return_counts=True)
                for name, means in zip(gaze_scores.TOLD_BY_VIEWER, made["means"], strict=True):
                    viewers[name] = gaze_scores.ViewerScores(names, counts, means[part])
            told[index] = {
                name: (row, viewers[name])
                for name, row in zip(rows.REFERENCES, scores, strict=True)
            }
        return told


def _arrays(told, mixture):
    """The PARTS of a file, of what each example has by the name of a reference."""
    scores = [[one[name][0] for name in rows.REFERENCES] for one in told]
    viewers = [[one[name][1] for one in told] for name in gaze_scores.TOLD_BY_VIEWER]
    lengths = [0 if one is None else len(one.names) for one in viewers[0]]
    means = [[one.means for one in row if one is not None] for row in viewers]
    means = [np.concatenate(row) if row else np.zeros((0, 0)) for row in means]
    values = np.array(scores), np.array(lengths, np.int64), np.array(means), mixture
    return dict(zip(PARTS, values, strict=True))


def _digest(made):
    """SHA-256 of the arrays: a file that a full disk or a killed process has cut is none."""
    found = hashlib.sha256()
    for name in PARTS:
        found.update(str(made[name].dtype).encode() + str(made[name].shape).encode())
        found.update(np.ascontiguousarray(made[name]).tobytes())
    return found.hexdigest()


def _path(dataset, blur):
    about = {"gaze": dataset.fingerprint, "blur": asdict(blur), "largest": rows.LARGEST}
    about |= {"code": _code(), "numpy": np.__version__, "scipy": scipy.__version__}
    name = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]
    return storage.cache("references") / f"{name}.npz"


@cache
def _code():
    """A hash of the files that scores are computed by: those of another version are not theirs."""
    here = Path(__file__).parent
    files = [*Path(metrics.__file__).parent.glob("*.py"), *Path(gaze.__file__).parent.glob("*.py")]
    files += [here / f"{name}.py" for name in ("gaze_scores", "picture_gaze", "ceiling", "rows")]
    found = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.name):
        found.update(path.read_bytes())
    return found.hexdigest()
