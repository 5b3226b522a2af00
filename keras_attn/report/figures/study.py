"""Figures of runs, made from what their evaluations kept: examples, gaze and each one's maps."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from keras_attn import pictures
from keras_attn.evaluation import gallery_file
from keras_attn.evaluation.rows import NETWORK
from keras_attn.report.figures.action import action, animation
from keras_attn.report.figures.curves import fooling
from keras_attn.report.figures.panels import Panel, grid, read_galleries, spaced, told
from keras_attn.report.naming import BACKBONES, network_titles, order
from keras_attn.report.rows.results import of_networks
from keras_attn.statistics import evenly

IMAGES = 6
"""Most images that a figure shows, or that that of an attack chooses from."""
ATTACKED = 2
"""How many images the figure of an attack shows; each takes a row for every network."""
OF_EACH = 4
"""How many images the others show of several backbones, each of which takes a row for every one."""


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
            titles = network_titles(networks)
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
    """One row per image: image, mask, gaze, then prediction and attention of each run (Fig. 2).

    Of several backbones or fusions each has a row of its own, and a column is a mechanism.
    """
    return _row_per_image(folders, path, _scene, _segmented)


def _row_per_image(folders, path, shown, panels):
    """A grid: what `shown(kept)` yields of each image, then `panels(mechanism, kept)` of each run.

    kept: of one image in a gallery.
    """
    galleries = read_galleries(folders, IMAGES)
    trunks = _by_trunk(galleries)
    first = next(iter(galleries.values()))
    places = evenly(len(first), OF_EACH) if len(trunks) > 1 else range(len(first))
    mechanisms = list(dict.fromkeys(name for own in trunks.values() for name in own))
    rows = []
    for place in places:
        for trunk, own in trunks.items():
            row = list(shown(first[place]))
            row[0] = replace(row[0], row=trunk)
            for name in mechanisms:
                # A network that is missing leaves its place white.
                kept = own[name][place] if name in own else None
                like = next(one for one in own.values())[place] if kept is None else kept
                made = panels(name, like)
                row += made if kept is not None else (_blank(panel) for panel in made)
            rows.append(row)
    return grid(rows, path)


def _by_trunk(galleries):
    """Galleries by mechanism, by what stands above it in the titles of `network_titles`."""
    trunks = {}
    for title, kept in galleries.items():
        trunk, _, mechanism = title.rpartition("\n")
        trunks.setdefault(BACKBONES.get(trunk, trunk), {})[mechanism] = kept
    return trunks


def _blank(panel):
    return replace(panel, picture=np.full_like(panel.picture, 255), caption="")


def _scene(kept):
    yield Panel("image", kept["image"])
    yield Panel("mask", pictures.grey(kept["mask"]))
    yield Panel("gaze", pictures.with_fixations(kept["image"], kept["points"]))


def _segmented(mechanism, kept):
    yield Panel(f"{mechanism}\nprediction", pictures.grey(kept["saliency"]))
    if "attention" in kept:
        attention = pictures.overlay(kept["image"], kept["attention"])
        yield Panel(f"{mechanism}\nattention", attention)


def fine_grained(folders, path):
    """One row per image: image, gaze, then the attention of each run in a frame (Fig. 5).

    The frame is blue where the run told the class, vermilion where it told another one, whose name
    stands below. Several backbones are as in `salient_object`.
    """
    return _row_per_image(folders, path, _bird, _classified)


def _bird(kept):
    yield Panel("image", kept["image"], spaced(kept["class"]))
    yield Panel("gaze", pictures.with_fixations(kept["image"], kept["points"]))


def _classified(mechanism, kept):
    shown = kept["image"]
    if "attention" in kept:
        shown = pictures.overlay(shown, kept["attention"])
    yield told(mechanism, shown, kept["class"] == kept["predicted"], kept["predicted"])


def adversarial(folders, path):
    """A row per network for a few images: before and after FGSM (Fig. 6).

    Columns: the image, what FGSM adds to it, the sum, and the attention before and after, in
    frames as in `fine_grained`. The images are those on which most networks were fooled. Of several
    backbones it is the paper's, VGG16, or else the first.
    """
    trunks = _by_trunk(read_galleries(folders, IMAGES))
    of = BACKBONES["vgg16"]
    trunk, galleries = (of, trunks[of]) if of in trunks else next(iter(trunks.items()))
    places = range(len(next(iter(galleries.values()))))
    fooled = [sum(_is_fooled(kept[place]) for kept in galleries.values()) for place in places]
    chosen = sorted(np.argsort([-n for n in fooled], kind="stable")[:ATTACKED])
    titles = {name: f"{trunk}\n{name}".strip() for name in galleries}
    rows = [
        list(_attacked(titles[name], kept[place]))
        for place in chosen
        for name, kept in galleries.items()
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
