"""The gallery of a report's page: some examples, their gaze and what each network made of them.

Runs no network: the pictures are those that evaluations kept.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from keras_attn import pictures
from keras_attn.errors import InputError, listing
from keras_attn.evaluation import gallery_file
from keras_attn.evaluation.rows import NETWORK, SINGLE_OBSERVER, TRUNK
from keras_attn.report.figures.panels import spaced
from keras_attn.report.naming import dataset_title, order, trunk_title
from keras_attn.report.rows.results import of_networks
from keras_attn.report.web import gallery as web
from keras_attn.statistics import evenly

EXAMPLES = 40
"""Most of a task, over all its datasets."""
FRAMES = 8
"""Most of a video."""
ATTENTION, PREDICTION = 28, 56
"""Most pixels of a side of a map; 28 are those of VGG16 and ResNet50 in Task 1."""
WORDS = (
    "Pick an example and mechanisms, and see where people looked, where each network attended and "
    "what it predicted. Every network is shown on images or videos that it was not trained on.",
)
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
    """The gallery of `results.Results` as `web.gallery` documents it, None where nothing was kept.

    `InputError` for a file of pictures that cannot be read, or is of other examples.
    """
    sets = []
    for task in SCORES:
        rows = results.rows[results.rows["task"] == task]
        names = sorted(rows["dataset"].unique(), key=lambda name: order(dataset=name))
        kept = [_Kept.of(rows[rows["dataset"] == name]) for name in names]
        kept = [one for one in kept if one.networks]
        sets += [one.shown(EXAMPLES // len(kept)) for one in kept]
    return web.of(sets, WORDS)


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
            "together": False,
            "best": 0,
            "hidden": [],
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
            data[name]["observer"] = web.rounded(observers.loc[name], GAZE_SCORES)
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
        size = one["image"].shape[1::-1]
        data |= {"image": pictures.data_uri(one["image"]), "shape": size[::-1]}
        return data | {"points": [web.places(one["points"], size)]}
    places = evenly(len(one["frames"]), FRAMES)
    size = one["frames"].shape[2:0:-1]
    film = np.concatenate(one["frames"][places], axis=1)
    data |= {"image": pictures.data_uri(film), "shape": size[::-1]}
    data["points"] = [web.places(one["points"][one["frame"] == place], size) for place in places]
    return data | {"frames": one["numbers"][places].tolist()}


def _runs(mask):
    """Lengths of what is alike in a mask, row by row; the first is of what is false."""
    values = np.concatenate([[False], mask.ravel()])
    bounds = np.flatnonzero(values[1:] != values[:-1])
    return np.diff([0, *bounds, mask.size]).tolist()


def _seen(one, row):
    """What a network made of an example; row: its scores."""
    data = {"scores": web.rounded(row, SCORES[row["task"]])}
    if "saliency" in one:
        # It is scored from its minimum to its maximum.
        scale = one["saliency"].min(), one["saliency"].max()
        data["prediction"] = web.levels(one["saliency"][None], PREDICTION, scale)
    if "attention" in one:
        maps = one["attention"]
        maps = maps[evenly(len(maps), FRAMES)] if maps.ndim == 3 else maps[None]
        data["attention"] = web.levels(maps, ATTENTION, pictures.ends(maps))
    if "predicted" in one:
        data |= {"told": spaced(row["predicted"]), "right": bool(row["correct"])}
    return data
