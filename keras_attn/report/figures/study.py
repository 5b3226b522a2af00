"""Which figures a study has, and what of its runs can be drawn beside each other."""

from pathlib import Path

from keras_attn.evaluation import gallery_file
from keras_attn.evaluation.rows import NETWORK
from keras_attn.report.figures.action import action, animation
from keras_attn.report.figures.curves import fooling
from keras_attn.report.figures.images import adversarial, fine_grained, salient_object
from keras_attn.report.naming import network_titles, order
from keras_attn.report.rows.results import of_networks


def write(task, folders, out):
    """Draw all figures of a task's runs into the folder `out`; returns their paths.

    folders: lists of run folders by title, such as the seeds of a network, all evaluated on the
    same dataset. Pictures are of the first of each.
    """
    return [draw(folders, Path(out) / name) for name, draw in FIGURES[task].items()]


def titled(results):
    """What can be drawn of `results.Results`: by task, lists of run folders by title.

    A title is the attention, below its backbone or fusion where there are several; the order is
    that of the tables. Left out is what cannot stand in one figure: other datasets than the first
    of a task, and networks without pictures of the same examples as the first one's.
    """
    rows = results.rows[of_networks(results.rows)]
    drawable = {}
    for task, part in rows.groupby("task", sort=False):
        part = part[part["dataset"] == part["dataset"].iloc[0]]
        folders = part.drop_duplicates("folder").groupby(list(NETWORK))["folder"]
        named = _alike({who: list(several) for who, several in folders})
        networks = sorted(named, key=lambda who: order(**dict(zip(NETWORK, who, strict=True))))
        if networks and task in FIGURES:
            titles = network_titles(networks)
            drawable[task] = {titles[who]: named[who] for who in networks}
    return drawable


def _alike(folders):
    """Of lists of folders those with pictures of the same examples, such a folder first."""
    kept = {f: _ids(f) for several in folders.values() for f in several}
    shown = {f: ids for f, ids in kept.items() if ids}
    if not shown:
        return {}
    same = next(iter(shown.values()))
    ordered = {
        who: sorted(several, key=lambda f: shown.get(f) != same) for who, several in folders.items()
    }
    return {who: several for who, several in ordered.items() if shown.get(several[0]) == same}


def _ids(folder):
    if not (Path(folder) / gallery_file.GALLERY).is_file():
        return ()
    return tuple(str(one["id"]) for one in gallery_file.read(folder, ("id",)))


FIGURES = {
    "action": {"action.png": action, "action.gif": animation},
    "salient_object": {"attention.png": salient_object},
    "fine_grained": {"fine_grained.png": fine_grained},
    "adversarial": {"adversarial.png": adversarial, "fooling.png": fooling},
}
"""By task, what draws each figure; its name in the folder of a report."""
