"""Figures of images: what was looked at, and what each network made of it (Figs. 2, 5 and 6)."""

from dataclasses import replace

import numpy as np

from keras_attn import pictures
from keras_attn.report.figures.panels import Panel, grid, in_frame, read_galleries, spaced
from keras_attn.report.naming import backbone_title
from keras_attn.statistics import evenly

IMAGES = 6
"""Most images that a figure shows, or that that of an attack chooses from."""
ATTACKED = 2
"""How many images the figure of an attack shows; each takes a row for every network."""
OF_EACH = 4
"""How many images the others show of several backbones, each of which takes a row for every one."""


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
                own_panels = panels(name, like)
                row += own_panels if kept is not None else map(_blank, own_panels)
            rows.append(row)
    return grid(rows, path)


def _by_trunk(galleries):
    """Galleries by mechanism, by what stands above it in the titles of `network_titles`."""
    trunks = {}
    for title, kept in galleries.items():
        trunk, _, mechanism = title.rpartition("\n")
        trunks.setdefault(backbone_title(trunk), {})[mechanism] = kept
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
    yield in_frame(mechanism, shown, kept["class"] == kept["predicted"], kept["predicted"])


def adversarial(folders, path):
    """A row per network for a few images: before and after FGSM (Fig. 6).

    Columns: the image, what FGSM adds to it, the sum, and the attention before and after, in
    frames as in `fine_grained`. The images are those on which most networks were fooled. Of several
    backbones it is the paper's, VGG16, or else the first.
    """
    trunks = _by_trunk(read_galleries(folders, IMAGES))
    of = backbone_title("vgg16")
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
    return in_frame(title, picture, kept["class"] == predicted, predicted)
