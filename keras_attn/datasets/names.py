"""Names that become files, columns and lines: what they may not be made of."""

import unicodedata
from collections import Counter
from pathlib import PurePosixPath, PureWindowsPath

from keras_attn.errors import InputError, listing

UNSEEN = {"Cc", "Zl", "Zp"}
"""Categories of Unicode that end a line or do what no one sees."""


def check_line(name, where):
    """Refuse text that is no single line, which a list or a table could not hold."""
    unseen = [one for one in str(name) if unicodedata.category(one) in UNSEEN]
    if unseen:
        raise InputError(where, "text without line breaks and control characters", repr(name))


def check_path(name, where):
    """Refuse what would lead out of the folder that files of this name are written to.

    Folders within it may be part of the name.
    """
    check_line(name, where)
    name = str(name)
    absolute = PureWindowsPath(name).drive or name.startswith(("/", "\\"))
    if absolute or ".." in (*PurePosixPath(name).parts, *PureWindowsPath(name).parts):
        expected = "a name that stays within a folder: without '..', no '/' and no drive before it"
        raise InputError(where, expected, repr(name))


def check_file(name, where):
    """Refuse what cannot be the name of a file."""
    check_path(name, where)
    if "/" in name or "\\" in name or name in ("", "."):
        raise InputError(where, "a name without '/' and '\\'", repr(name))


def check_dataset(name, classes, ids):
    """Refuse a dataset whose name is none of a file, with classes of several lines, or whose ids
    are not those of one example each.
    """
    where = f"dataset {name!r}"
    check_file(name, f"{where}, name")
    for one in classes:
        check_line(one, f"{where}, classes")
    twice = [one for one, count in Counter(ids).items() if count > 1]
    if twice or not ids:
        received = f"{listing(twice)} more than once" if twice else "none"
        raise InputError(where, "examples with ids of their own", received)
