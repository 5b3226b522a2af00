"""What is known of published weight files: where they are, how they are checked and laid out.

Neither downloads nor reads them.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from keras_attn.errors import one_of

TABLE = Path(__file__).with_name("registry.toml")
KERAS, ARRAY = "keras", "array"
"""Layouts that are not converted: what `weights.load` takes as it is, and what is no network."""


@dataclass(frozen=True)
class Entry:
    """A published file. None, or "" for the licence, is what is not known or not published.

    file: its name on disk, not always that at its address. size: in bytes. checksum: "md5:…" in
    hexadecimal. layout: `KERAS`, `ARRAY` or one of `rules.LAYOUTS`. classes: units of the last
    layer, None for a file without a top. The file of a backbone in `models/backbones` names those
    that are for it.
    """

    name: str
    address: str
    file: str
    layout: str
    note: str
    size: int | None = None
    checksum: str | None = None
    licence: str = ""
    classes: int | None = None


@cache
def entries():
    """All entries by name, in the order of the table."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {name: Entry(name=name, **values) for name, values in table.items()}


def entry(name):
    """The `Entry` of that name; `InputError` if there is none."""
    return entries()[one_of("NAME", name, tuple(entries()))]


def layout_of(path):
    """The layout of a file by its name on disk, or None for a name that is not in the table."""
    layouts = {known.file: known.layout for known in entries().values()}
    return layouts.get(Path(path).name)
