"""Where a dataset comes from: whether it is drawn, and how it can be read again."""

import json
from dataclasses import replace
from pathlib import Path

MARKER = "drawn.json"
"""In the folder of every drawn dataset: what it was drawn from."""
ABOUT = (
    "Drawn scenes with simulated gaze. They show that the machinery works; they say nothing about "
    "people or about networks trained on photographs."
)
MARK = b"keras_attn: drawn scene"
"""Within the first HEAD bytes of drawn pictures and videos: it goes along where they are copied."""
HEAD = 512
DRAWN = " (drawn)"
"""Behind the name of a drawn dataset, wherever it is shown."""
MADE = "made in Python"
"""The kind of a dataset that no reader has read."""
FILES = ("image", "video", "flow")
"""Fields of examples that name their files, the first that is there."""


def label(name, drawn):
    """The name of a dataset in print: one that is drawn says so."""
    return f"{name}{DRAWN}" if drawn and not name.endswith(DRAWN) else name


def name_of(label):
    """The name that `label` was made from."""
    return label.removesuffix(DRAWN)


def noted(note, drawn):
    """The note of a dataset, which says of one that is drawn what that means."""
    return " ".join(filter(None, (ABOUT, note))) if drawn and ABOUT not in note else note


def settings(folder):
    """What the scenes in a folder were drawn from, a dict; None where it holds no drawn scenes."""
    try:
        found = json.loads((Path(folder) / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # nothing there, or a file of somebody else's
        return None
    return found if isinstance(found, dict) and {"format", "version"} <= found.keys() else None


def drawn_folder(path):
    """The folder of drawn scenes that a path is, or lies in; None for any other."""
    path = Path(path).expanduser().absolute()
    return next((folder for folder in (path, *path.parents) if settings(folder)), None)


def any_drawn(examples):
    """Whether any of the examples' files is drawn, or lies in a folder of drawn scenes."""
    paths = (next((getattr(e, n) for n in FILES if getattr(e, n, None)), None) for e in examples)
    paths = {Path(path) for path in paths if path is not None}
    return any(map(drawn_folder, {path.parent for path in paths})) or any(map(_is_marked, paths))


def _is_marked(path):
    """Whether a picture, a video or the first frame in a folder is marked as drawn."""
    try:
        if path.is_dir():
            path = next(iter(sorted(file for file in path.iterdir() if file.is_file())), path)
        with path.open("rb") as file:
            return MARK in file.read(HEAD)
    except OSError:  # What is missing is told where it is read.
        return False


def of_reader(data, source, places, note):
    """A dataset that a reader has read, with its `source`, its note, and whether it is drawn.

    places: folders that it was read from. note: of its format.

    The note counts too: of a folder of drawn scenes without its marker it is what is left.
    """
    drawn = data.drawn or any(map(drawn_folder, places)) or ABOUT in data.note
    if note not in data.note:
        own = data.note.removeprefix(ABOUT).strip()
        data = replace(data, note="\n".join(filter(None, (note, own))), drawn=drawn)
    return replace(data, drawn=drawn, source=source)


def kind_of(dataset):
    """The reader that has read a dataset, such as "folder", or `MADE`."""
    return MADE if dataset.source is None else dataset.source["name"]
