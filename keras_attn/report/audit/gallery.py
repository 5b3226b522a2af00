"""The gallery of an audit's page: its images, people's gaze, and the maps that were audited.

At most IMAGES images and MAPS maps, so the page takes less than 5 MB whatever is audited.
"""

from keras_attn import pictures
from keras_attn.evaluation.rows import IMAGE, SINGLE_OBSERVER, STUDY, RowName, name_of, ranked
from keras_attn.metrics.columns import COLUMNS, further
from keras_attn.report.audit import choice
from keras_attn.report.web import gallery as web
from keras_attn.statistics import evenly

IMAGES, MAPS = 24, 24
"""Most of a page; pages of every layer of a deep network are no help."""
SHOWN = 5
"""Maps that are shown before a reader chooses."""
SIDE = 64
"""Most pixels of a side of a map; the finest of most networks are of 7 to 56."""
PRINTED = (*STUDY, "nss", "cc")
"""Metrics that stand below a map, beside those of plug-ins; the file of rows has them all."""
DECIMALS = {"ig": 2}


def of(result):
    """The gallery of an `AuditResult`, as `web.gallery` documents it."""
    names = choice.chosen(result, MAPS)
    own = [name for name in names if _is_audited(name)]
    first = choice.chosen(result, SHOWN + len(names) - len(own))
    networks = [(_group(name), _within(name)) for name in names]
    groups, titles = (list(dict.fromkeys(column)) for column in zip(*networks, strict=True))
    dataset = result.dataset
    one = {
        "dataset": dataset.name,
        "title": dataset.label,
        "scores": _scores(result),
        "trunk": "model",
        "trunks": sorted(groups, key=lambda group: not group),
        "attentions": titles,
        "together": True,
        "best": names.index(name_of(ranked(result.rows)[0]).map),
    }
    one["networks"] = [(one["trunks"].index(g), titles.index(t)) for g, t in networks]
    one["hidden"] = [
        web.title_of(one, place)
        for place, name in enumerate(names)
        if name not in first or name not in own
    ]
    one["examples"] = _examples(result, names, one["scores"])
    return web.of([one], _words(result, names), result.blur.fixations)


def _is_audited(name):
    return bool(name.layer or name.kind)


def _group(name):
    return name.model if _is_audited(name) else ""


def _within(name):
    """The name of a map among those of its group."""
    if not _is_audited(name):
        return str(name)
    return " · ".join(part for part in (name.layer, name.kind) if part)


def _words(result, names):
    kept, shown = len(result.gallery.indices), len(_places(result))
    few = f" {shown} of {kept} images are shown." if shown < kept else ""
    lines = [
        f"{choice.order(result)}{few} Pick one, and the maps to lay over it; below each stand its "
        "scores on this image."
    ]
    if result.parts:
        lines[0] += " The gaze that is drawn is that under all conditions."
    left_out = choice.left_out(result, names)
    return [*lines, f"{left_out} The scores of all are above."] if left_out else lines


def _scores(result):
    """What stands below a map: column, title, decimals, whether the higher is the better."""
    columns = {column.key: column for column in COLUMNS}
    if result.parts:
        return [
            (f"{key} | {part}", f"{columns[key].title}, {part}", DECIMALS.get(key, 3), True)
            for key in STUDY
            for part in result.parts
        ]
    keys = (*PRINTED, *(column.key for column in further()))
    return [
        (key, columns[key].title, DECIMALS.get(key, 3), columns[key].higher_is_better)
        for key in keys
    ]


def _places(result):
    """Of the images that maps were kept of, those that are shown."""
    return evenly(len(result.gallery.indices), IMAGES)


def _examples(result, names, scores):
    rows = _rows(result)
    made = []
    for place in _places(result):
        example = result.dataset[result.gallery.indices[place]]
        height, width = example.shape[:2]
        shrunk = max(1, max(height, width) / pictures.LARGEST)
        picture = pictures.thumbnail(example.pixels(), max(1, round(width / shrunk)))
        one = {
            "id": example.id,
            "image": pictures.data_uri(picture),
            "shape": picture.shape[:2],
            "points": [web.places(example.points, (width, height))],
            "seen": {},
        }
        observer = _scores_of(RowName(SINGLE_OBSERVER), example.id, rows, scores, result.parts)
        if observer:
            one["observer"] = observer
        for number, name in enumerate(names):
            saliency = result.gallery.maps[name][place][None]
            one["seen"][number] = {
                "scores": _scores_of(name, example.id, rows, scores, result.parts),
                "attention": web.levels(saliency, SIDE, pictures.ends(saliency)),
            }
        made.append(one)
    return made


def _rows(result):
    """The rows of the images that are shown, by name and image."""
    ids = {result.dataset[result.gallery.indices[place]].id for place in _places(result)}
    shown = result.examples[result.examples[IMAGE].isin(ids)]
    return {(name_of(row), row[IMAGE]): row for row in shown.to_dict("records")}


def _scores_of(name, image, rows, scores, parts):
    """A map's scores on an image; of an audit by condition those under each, or under its own."""
    if not parts:
        return web.rounded(rows[name, image], scores) if (name, image) in rows else {}
    found = {}
    for part in parts:
        row = rows.get((RowName(name.model, name.layer, name.kind, part), image))
        if row is not None and name.condition in ("", part):
            found |= {f"{key} | {part}": row[key] for key in STUDY}
    return web.rounded(found, [one for one in scores if one[0] in found])
