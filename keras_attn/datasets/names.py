"""Names that become files, columns and lines: what they may not be made of."""

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

from keras_attn.errors import InputError

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
