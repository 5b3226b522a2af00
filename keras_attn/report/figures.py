"""Figures of runs, made from what their evaluations kept: examples, gaze and each one's maps."""

from pathlib import Path

import numpy as np

from keras_attn.report import gallery_file, pictures
from keras_attn.report.action_figures import action, animation
from keras_attn.report.curves import fooling
from keras_attn.report.panels import (
    Panel,
    grid,
    read_galleries,
    spaced,
    told,
)
from keras_attn.report.paper_tables import NETWORK, order, told_apart
from keras_attn.report.results import of_networks

IMAGES = 6
"""Most images that a figure shows, or that that of an attack chooses from."""
ATTACKED = 2
"""How many images the figure of an attack shows; each takes a row for every network."""


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
    found = {}
    for task, part in rows.groupby("task", sort=False):
        part = part[part["dataset"] == part["dataset"].iloc[0]]
        folders = part.drop_duplicates("folder").groupby(list(NETWORK))["folder"]
        named = _alike({who: list(several) for who, several in folders})
        networks = sorted(named, key=lambda who: order(**dict(zip(NETWORK, who, strict=True))))
        if networks and task in FIGURES:
            titles = told_apart(networks)
            found[task] = {titles[who]: named[who] for who in networks}
    return found


def _alike(folders):
    """Of lists of folders those with pictures of the same examples, such a folder first."""
    found = {f: _ids(f) for several in folders.values() for f in several}
    shown = {f: ids for f, ids in found.items() if ids}
    if not shown:
        return {}
    same = next(iter(shown.values()))
    made = {
        who: sorted(several, key=lambda f: shown.get(f) != same) for who, several in folders.items()
    }
    return {who: several for who, several in made.items() if shown.get(several[0]) == same}


def _ids(folder):
    if not (Path(folder) / gallery_file.GALLERY).is_file():
        return ()
    return tuple(str(one["id"]) for one in gallery_file.read(folder, ("id",)))


def salient_object(folders, path):
    """One row per image: image, mask, gaze, then prediction and attention of each run (Fig. 2)."""
    return _row_per_image(folders, path, _segmented)


def _row_per_image(folders, path, panels):
    """A grid of what `panels(place, galleries)` makes of each image."""
    galleries = read_galleries(folders, IMAGES)
    count = len(next(iter(galleries.values())))
    return grid([list(panels(place, galleries)) for place in range(count)], path)


def _segmented(row, galleries):
    one = next(iter(galleries.values()))[row]
    yield Panel("image", one["image"])
    yield Panel("mask", pictures.grey(one["mask"]))
    yield Panel("gaze", pictures.with_fixations(one["image"], one["points"]))
    for title, kept in galleries.items():
        yield Panel(f"{title}\nprediction", pictures.grey(kept[row]["saliency"]))
        if "attention" in kept[row]:
            attention = pictures.overlay(one["image"], kept[row]["attention"])
            yield Panel(f"{title}\nattention", attention)


def fine_grained(folders, path):
    """One row per image: image, gaze, then the attention of each run in a frame (Fig. 5).

    The frame is blue where the run told the class, vermilion where it told another one, whose name
    stands below.
    """
    return _row_per_image(folders, path, _classified)


def _classified(row, galleries):
    one = next(iter(galleries.values()))[row]
    yield Panel("image", one["image"], spaced(one["class"]))
    yield Panel("gaze", pictures.with_fixations(one["image"], one["points"]))
    for title, kept in galleries.items():
        mine = kept[row]
        shown = one["image"]
        if "attention" in mine:
            shown = pictures.overlay(shown, mine["attention"])
        yield told(title, shown, mine["class"] == mine["predicted"], mine["predicted"])


def adversarial(folders, path):
    """A row per network for a few images: before and after FGSM (Fig. 6).

    Columns: the image, what FGSM adds to it, the sum, and the attention before and after, in
    frames as in `fine_grained`. The images are those on which most networks were fooled.
    """
    galleries = read_galleries(folders, IMAGES)
    places = range(len(next(iter(galleries.values()))))
    fooled = [sum(_is_fooled(kept[place]) for kept in galleries.values()) for place in places]
    chosen = sorted(np.argsort([-n for n in fooled], kind="stable")[:ATTACKED])
    rows = [
        list(_attacked(title, kept[place])) for place in chosen for title, kept in galleries.items()
    ]
    return grid(rows, path)


def _is_fooled(kept):
    return bool(kept["predicted"] == kept["class"] != kept["predicted_after"])


def _attacked(title, kept):
    image, perturbed = kept["image"], kept["perturbed"]
    # Grey is unchanged, black and white are one ε less and more.
    added = 127.5 * (1 + (perturbed - image) / max(float(kept["epsilon"]), 1e-6))
    epsilon = f"ε = {float(kept['epsilon']):g} of 255"
    yield Panel("image", image, spaced(kept["class"]), row=title)
    yield Panel(f"added, {epsilon}", np.clip(added, 0, 255).astype(np.uint8))
    shown = perturbed.round().astype(np.uint8)
    yield _seen("perturbed", shown, kept, "_after")
    for suffix, when in (("", "before"), ("_after", "after")):
        if f"attention{suffix}" in kept:
            shown = pictures.overlay(image, kept[f"attention{suffix}"])
            yield _seen(f"attention {when}", shown, kept, suffix)


def _seen(title, picture, kept, suffix):
    predicted = kept[f"predicted{suffix}"]
    return told(title, picture, kept["class"] == predicted, predicted)


FIGURES = {
    "action": {"action.png": action, "action.gif": animation},
    "salient_object": {"attention.png": salient_object},
    "fine_grained": {"fine_grained.png": fine_grained},
    "adversarial": {"adversarial.png": adversarial, "fooling.png": fooling},
}
"""By task, what draws each figure; its name in the folder of a report."""
