"""The gallery of a page: some examples, people's gaze, and maps that are chosen and laid over.

A gallery is plain data, which `of` puts together of sets, one for each dataset:

    dataset, title, scores     what stands below a picture, as `(column, title, decimals, whether
                               the higher is the better)`
    trunk, trunks              what the networks are grouped by, and the groups' titles; that of
                               maps to hold others against, which are never the best, is ""
    attentions, networks       names within a group; `(trunk, attention)` as places in the two
    together                   whether networks of all groups are shown at once
    best                       the place of the network that examples are ordered by at first
    hidden                     titles that are not shown until a reader chooses them
    examples                   the pictures

Of an example, `image` is the address of its picture, of a video that of all its frames side by
side, and `shape` the height and width of one; `points` are x, y, x, y and so on of each frame, in
thousandths; `observer` has scores; `seen` is what each network made of it, by its place in
`networks`: `scores`, and as `attention` and `prediction` what `levels` returns.

`page.gallery` makes one of run folders, `audit.gallery` of an audit; gallery.html.j2 shows both.
"""

import markupsafe
import numpy as np

from keras_attn import pictures
from keras_attn.gaze import FIXATION_SIGMA
from keras_attn.report.numbers import decimals
from keras_attn.resizing import at_size

POINT = 1000
"""Places are told in such parts of the width and of the height."""
DIGITS = 4
STOPS = 17
"""Of the table of colours, where no script draws."""


def of(sets, words, sigma=FIXATION_SIGMA):
    """The gallery of some sets, None where there are none; words: paragraphs above it.

    heat: `colours`, the table of 256 times RGB, and `opacity`, of the lowest and of the highest
    level. sigma: of the density of gaze, as a share of the width.
    """
    if not sets:
        return None
    colours, _ = pictures.heat(np.arange(256.0)[None], (0, 255))
    heat = {
        "colours": colours[0].tolist(),
        "opacity": [pictures.FAINTEST, pictures.STRONGEST],
    }
    return {"sets": sets, "words": words, "heat": heat, "sigma": sigma}


def places(points, size):
    """Points `(n, 2)` in pixels of a picture of (width, height) `size` as x, y, x, y and so on."""
    return np.round(POINT * np.asarray(points) / np.array(size)).astype(int).ravel().tolist()


def levels(maps, most, scale):
    """Maps `(T, h, w)` in 256 levels of a scale, each side at most so many pixels.

    size: height and width of one. source: the address of a picture that holds them exactly, side
    by side.
    """
    shrunk = max(1, max(maps.shape[1:]) / most)
    size = tuple(max(1, round(side / shrunk)) for side in maps.shape[1:])
    small = pictures.levels(np.stack([at_size(one, size) for one in maps]), scale)
    return {"size": size, "source": pictures.exact_uri(np.concatenate(small, axis=1))}


def rounded(row, scores):
    """Scores of a row by column, as far as it has them."""
    return {key: round(float(row[key]), DIGITS) for key, *_ in scores if not np.isnan(row[key])}


def title_of(one, place):
    """What a network of a set is called; in a set that shows one group at a time without it."""
    trunk, attention = one["networks"][place]
    group = one["trunks"][trunk] if one["together"] else ""
    return " · ".join(name for name in (group, one["attentions"][attention]) if name)


def for_page(gallery):
    """What gallery.html.j2 shows of a gallery; None of None.

    numbers: all that the script needs beside the pictures, which stand in the page's list.
    """
    if gallery is None:
        return None
    heat = gallery["heat"]
    stops = np.array(heat["colours"])[np.linspace(0, 255, STOPS).round().astype(int)] / 255
    tables = [" ".join(f"{value:.3f}" for value in channel) for channel in stops.T]
    return {
        "words": gallery["words"],
        "heat": heat | {"stops": list(zip("RGB", tables, strict=True))},
        "sets": [_listed(one) for one in gallery["sets"]],
        "numbers": {
            "sets": [_without_pictures(one) for one in gallery["sets"]],
            "heat": heat,
            "sigma": gallery["sigma"],
        },
    }


def _listed(one):
    """A set as the list shows it."""
    names = [
        title_of(one | {"together": len(one["trunks"]) > 1}, place)
        for place in range(len(one["networks"]))
    ]
    examples = [_example(example, one["scores"]) for example in one["examples"]]
    return {"title": one["title"], "names": names, "examples": examples}


def _example(example, scores):
    middle = len(example["points"]) // 2
    points = np.reshape(example["points"][middle], (-1, 2))
    frame = " in the frame that is shown" if "frames" in example else ""
    seen = {place: own | {"words": _words(own, scores)} for place, own in example["seen"].items()}
    return example | {
        "middle": middle,
        "path": "".join(f"M{x} {y}h0" for x, y in points),
        "seen_at": f"{len(points)} fixation{'' if len(points) == 1 else 's'}{frame}",
        "seen": seen,
    }


def _words(seen, scores):
    """The scores of what a network made of an example, and the class that it told."""
    told = [
        f"{title} {decimals(seen['scores'][key], digits)}"
        for key, title, digits, _ in scores
        if key in seen["scores"]
    ]
    if "told" in seen:
        told.append(f"{'rightly' if seen['right'] else 'wrongly'} told {seen['told']}")
    return ", ".join(told)


def _without_pictures(one):
    examples = []
    for example in one["examples"]:
        kept = {name: value for name, value in example.items() if name not in ("image", "shape")}
        kept["seen"] = {
            place: {name: _without_source(value) for name, value in own.items()}
            for place, own in example["seen"].items()
        }
        examples.append(kept)
    return one | {"examples": examples}


def _without_source(value):
    sourced = isinstance(value, dict) and "source" in value
    return {"size": value["size"]} if sourced else value


def breakable(name):
    """A name as HTML that a narrow column may break after `/` and `=`, and not before `·`."""
    escaped = str(markupsafe.escape(name))
    for sign in "/=":
        escaped = escaped.replace(sign, f"{sign}<wbr>")
    return markupsafe.Markup(escaped.replace(" · ", "&nbsp;· "))
