"""The gallery of a report's page: some examples, their gaze and what each network made of them.

What is returned is plain data for gallery.js, which draws heat, density and outlines itself: of
each example one picture, and of each network one small grey map. Runs no network.
"""

import base64
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from keras_attn import pictures
from keras_attn.errors import InputError, listing
from keras_attn.evaluation import gallery_file
from keras_attn.evaluation.rows import NETWORK, SINGLE_OBSERVER, TRUNK
from keras_attn.gaze import FIXATION_SIGMA
from keras_attn.report.figures.panels import spaced
from keras_attn.report.naming import dataset_title, order, trunk_title
from keras_attn.report.rows.results import of_networks
from keras_attn.resizing import at_size
from keras_attn.statistics import evenly

EXAMPLES = 40
"""Most of a task, over all its datasets."""
FRAMES = 8
"""Most of a video."""
ATTENTION, PREDICTION = 28, 56
"""Most pixels of a side of a map; 28 are those of VGG16 and ResNet50 in Task 1."""
POINT = 1000
"""Places are told in such parts of the width and of the height."""
DIGITS = 4
OF_NETWORKS = ("id", "numbers", "saliency", "attention", "predicted")
"""What is read of an example that another network has shown already."""
GAZE_SCORES = (("s_auc", "s-AUC", 3, True), ("ig", "IG", 2, True))
SCORES = {
    "salient_object": (
        ("adaptive_f", "adaptive F", 3, True),
        ("mae", "MAE", 3, False),
        *GAZE_SCORES,
    ),
    "action": GAZE_SCORES,
    "fine_grained": GAZE_SCORES,
}
"""By task that has a gallery: columns of what stands below a picture, with title, decimals, and
whether the higher is the better."""


def of(results):
    """The gallery of `results.Results` as a dict of what JSON has, None where nothing was kept.

    sets: one per dataset of a task, each with `task`, `dataset`, titles, `scores` (`SCORES`),
    `trunks` (titles), `attentions`, `networks` (pairs of places in the two), and `examples`. Of
    these, `image` is a picture's address, of a video all its frames side by side; `points` are
    x, y, x, y and so on of each frame, in thousandths; `seen` holds what each network made of it,
    by its place in `networks`. heat: `colours`, the table of 256 times RGB, and `opacity`, of the
    lowest and of the highest level. sigma: of the density, as a share of the width.

    `InputError` for a file of pictures that cannot be read, or is of other examples.
    """
    sets = []
    for task in SCORES:
        rows = results.rows[results.rows["task"] == task]
        names = sorted(rows["dataset"].unique(), key=lambda name: order(dataset=name))
        kept = [_Kept.of(rows[rows["dataset"] == name]) for name in names]
        kept = [one for one in kept if one.networks]
        sets += [one.shown(EXAMPLES // len(kept)) for one in kept]
    if not sets:
        return None
    colours, _ = pictures.heat(np.arange(256.0)[None], (0, 255))
    heat = {"colours": _bytes(colours), "opacity": [pictures.FAINTEST, pictures.STRONGEST]}
    return {"sets": sets, "heat": heat, "sigma": FIXATION_SIGMA}


@dataclass(frozen=True, eq=False)
class _Kept:
    """What was kept of a dataset.

    rows: of its networks and references. networks: by NETWORK, in the order of the tables,
    `{id: folder}`.
    """

    rows: pd.DataFrame
    networks: dict

    @classmethod
    def of(cls, rows):
        networks = {}
        runs = rows[of_networks(rows)].drop_duplicates("folder").sort_values(["seed", "fold"])
        for run in runs.to_dict("records"):
            # Of several seeds the first, and of several folds the one that held the example out.
            known = networks.setdefault(tuple(run[name] for name in NETWORK), {})
            for name in _ids(run["folder"], rows):
                known.setdefault(name, run["folder"])
        seen = [network for network, known in networks.items() if known]
        seen.sort(key=lambda network: order(**dict(zip(NETWORK, network, strict=True))))
        return cls(rows, {network: networks[network] for network in seen})

    def chosen(self, count):
        """At most so many ids, in order; those that most networks have come first."""
        times_seen = Counter(name for known in self.networks.values() for name in known)
        ids = []
        for times in sorted(set(times_seen.values()), reverse=True):
            names = sorted(name for name in times_seen if times_seen[name] == times)
            ids += [names[place] for place in evenly(len(names), count - len(ids))]
        return sorted(ids)

    def shown(self, count):
        """The data of the set, of at most so many examples."""
        first = self.rows.iloc[0]
        trunks = list(dict.fromkeys(network[: len(TRUNK)] for network in self.networks))
        attentions = list(dict.fromkeys(network[-1] for network in self.networks))
        fused = len({backbone for backbone, _ in trunks}) == 1 and all(f for _, f in trunks)
        return {
            "task": first["task"],
            "dataset": first["dataset"],
            "title": dataset_title(first["dataset"]),
            "scores": SCORES[first["task"]],
            "trunk": "fusion" if fused else "backbone",
            "trunks": [trunk[1] if fused else trunk_title(*trunk) for trunk in trunks],
            "attentions": attentions,
            "networks": [
                (trunks.index(network[: len(TRUNK)]), attentions.index(network[-1]))
                for network in self.networks
            ],
            "examples": self._examples(self.chosen(count)),
        }

    def _examples(self, ids):
        rows = self.rows[self.rows["id"].isin(ids)]
        scores = {(row["folder"], row["id"]): row for row in rows.to_dict("records")}
        observers = rows[rows["attention"] == SINGLE_OBSERVER].drop_duplicates("id").set_index("id")
        data, frames = {}, {}
        for place, known in enumerate(self.networks.values()):
            folders = {name: known[name] for name in ids if name in known}
            for folder, one in _pictures(folders, set(data)):
                name, numbers = str(one["id"]), one.get("numbers", np.zeros(1))
                if name not in data:
                    data[name], frames[name] = _example(one), numbers
                if np.array_equal(numbers, frames[name]):
                    data[name]["seen"][place] = _seen(one, scores[folder, name])
        for name in set(observers.index) & set(data):
            data[name]["observer"] = _numbers(observers.loc[name], GAZE_SCORES)
        return [data[name] for name in ids]


def _ids(folder, rows):
    """Of the examples that a folder has pictures of, none without a file of them."""
    path = Path(folder) / gallery_file.GALLERY
    if not path.is_file():
        return []
    ids = [str(one["id"]) for one in gallery_file.read(folder, ("id",))]
    others = sorted(set(ids) - set(rows["id"][rows["folder"] == folder]))
    if others:
        raise InputError(path, "pictures of examples in examples.csv", listing(others))
    return ids


def _pictures(folders, shown):
    """Pairs of a folder and what it kept of an example. folders: by id. shown: such ids."""
    for folder in dict.fromkeys(folders.values()):
        ids = {name for name, its in folders.items() if its == folder}
        for arrays, part in ((None, ids - shown), (OF_NETWORKS, ids & shown)):
            for one in gallery_file.read(folder, arrays, part) if part else ():
                yield folder, one


def _example(one):
    """What an example is, whatever network saw it."""
    data = {"id": str(one["id"]), "seen": {}}
    if "class" in one:
        data["class"] = spaced(one["class"])
    if "mask" in one:
        data["mask"] = {"size": one["mask"].shape, "runs": _runs(one["mask"])}
    if "frames" not in one:
        size = np.array(one["image"].shape[1::-1])
        return data | {"image": pictures.data_uri(one["image"]), "points": [_places(one, size)]}
    places = evenly(len(one["frames"]), FRAMES)
    size = np.array(one["frames"].shape[2:0:-1])
    data["image"] = pictures.data_uri(np.concatenate(one["frames"][places], axis=1))
    data["points"] = [_places(one, size, one["frame"] == place) for place in places]
    return data | {"frames": one["numbers"][places].tolist()}


def _places(one, size, which=slice(None)):
    """Points as x, y, x, y and so on, in parts of the width and of the height."""
    return np.round(POINT * one["points"][which] / size).astype(int).ravel().tolist()


def _runs(mask):
    """Lengths of what is alike in a mask, row by row; the first is of what is false."""
    values = np.concatenate([[False], mask.ravel()])
    bounds = np.flatnonzero(values[1:] != values[:-1])
    return np.diff([0, *bounds, mask.size]).tolist()


def _seen(one, row):
    """What a network made of an example; row: its scores."""
    data = {"scores": _numbers(row, SCORES[row["task"]])}
    if "saliency" in one:
        # It is scored from its minimum to its maximum.
        scale = one["saliency"].min(), one["saliency"].max()
        data["prediction"] = _levels(one["saliency"][None], PREDICTION, scale)
    if "attention" in one:
        maps = one["attention"]
        maps = maps[evenly(len(maps), FRAMES)] if maps.ndim == 3 else maps[None]
        data["attention"] = _levels(maps, ATTENTION, pictures.ends(maps))
    if "predicted" in one:
        data |= {"told": spaced(row["predicted"]), "right": bool(row["correct"])}
    return data


def _levels(maps, most, scale):
    """Maps `(T, h, w)` in 256 levels of a scale, each side at most so many pixels."""
    shrunk = max(1, max(maps.shape[1:]) / most)
    size = tuple(max(1, round(side / shrunk)) for side in maps.shape[1:])
    return {"size": size, "levels": _bytes(pictures.levels(_at_size(maps, size), scale))}


def _at_size(maps, size):
    return np.stack([at_size(one, size) for one in maps])


def _bytes(values):
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def _numbers(row, scores):
    """Scores by column, None where there is none."""
    return {key: round(float(row[key]), DIGITS) for key, *_ in scores if not np.isnan(row[key])}
