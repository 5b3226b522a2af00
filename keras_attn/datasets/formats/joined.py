"""Several sets of one's own as one: a folder with `sets.json`, which says where they lie."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from keras_attn import gaze_format, storage
from keras_attn.datasets import readers
from keras_attn.datasets.format import IMAGES, Format, of_kind
from keras_attn.errors import InputError, listing, one_of
from keras_attn.gaze_format import GazeFormat
from keras_attn.registries import DATASETS
from keras_attn.registry import register

if TYPE_CHECKING:
    from keras_attn.datasets.base import GazeDataset

SETS = "sets.json"
ABOUT_SET = ("root", "name", "format", "where")
"""What is said of a set beside the arguments of its reader."""


def joined(
    root: str | Path,
    *,
    mask_threshold: float | None = None,
    on_bad_example: Literal["raise", "skip"] = "raise",
    **form: Any,
) -> GazeDataset:
    """Read several sets of pictures as one dataset, as `datasets.join` joins them.

    root/sets.json says which, for example

        {"sets": [{"root": "../relations"},
                  {"root": "../winograd", "where": {"task": "free_viewing"}}]}

    Of each set `root`, from this folder on; and, as far as it is not as by default, its `name`
    (that of its folder), its `format` (folder), `where` (values by further columns of its
    fixations.csv, which are all that is read of them), and arguments of its reader, such as
    "coordinates": "normalised". Beside "sets" may stand "same_viewers": true.

    Args:
        root: the folder with sets.json.
        mask_threshold, on_bad_example, form: as for `folder`, for those sets that say nothing else.

    Returns:
        A `GazeDataset`, called like its folder.

    Raises:
        InputError: sets.json is not as laid out above; a set cannot be read, or not be joined with
            the others.

    Example:

    >>> import json, tempfile, keras_attn as ka
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for name in ("mine", "yours"):
    ...         drawn = ka.datasets.miniature("folder", images=2, root=f"{root}/{name}")
    ...     Path(root, "ours").mkdir()
    ...     sets = {"sets": [{"root": "../mine"}, {"root": "../yours"}]}
    ...     _ = Path(root, "ours", "sets.json").write_text(json.dumps(sets))
    ...     ka.datasets.joined(f"{root}/ours")
    GazeDataset('ours', 4 examples)
    """
    from keras_attn.datasets.joining import join

    root = readers.as_root(root, (SETS,))
    sets, same_viewers = _read(root / SETS)
    general = {"mask_threshold": mask_threshold, "on_bad_example": on_bad_example}
    form = gaze_format.fields_of(GazeFormat(**form))
    found = [_dataset(root, place, one, general, form) for place, one in enumerate(sets)]
    names = [name for name, _ in found]
    if len(set(names)) < len(names):
        expected = 'sets of different names: say "name" of those whose folders are called alike'
        raise InputError(root / SETS, expected, listing(names))
    return join(dict(found), name=root.resolve().name, same_viewers=same_viewers)


def write(root: Path, sets: list[dict[str, Any]]) -> None:
    """Write sets.json into a folder, which is made if need be.

    Args:
        root: the folder.
        sets: of each what `joined` reads, with whole paths.

    Raises:
        InputError: There are other sets in it already.
    """
    path, text = root / SETS, json.dumps({"sets": sets}, indent=2) + "\n"
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        expected = "the sets that it names, or another folder to write to (--out)"
        raise InputError(path, expected, listing(one["root"] for one in sets))
    root.mkdir(parents=True, exist_ok=True)
    storage.write_text(path, text)


def sets_in(root: Path) -> list[dict[str, Any]]:
    """What sets.json in a folder says of each set, which are not read; `InputError` as `joined`."""
    return _read(Path(root) / SETS)[0]


def _read(path):
    """What sets.json says: a list of dicts, and whether viewers are the same."""
    expected = '{"sets": [{"root": FOLDER}, ...]}'
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(path, expected, error.strerror or error) from error
    except ValueError as error:
        raise InputError(path, f"JSON, {expected}", error) from error
    sets = told.get("sets") if isinstance(told, dict) else None
    if not isinstance(sets, list) or not sets:
        raise InputError(path, expected, repr(told)[:80])
    for other in told.keys() - {"sets", "same_viewers"}:
        one_of(path, other, ("sets", "same_viewers"))
    for one in sets:
        if not isinstance(one, dict) or not isinstance(one.get("root"), str):
            raise InputError(path, f"{expected}, with a root for each", repr(one))
    same = told.get("same_viewers", False)
    if not isinstance(same, bool):
        raise InputError(f"{path}, same_viewers", "true or false", repr(same))
    return sets, same


def _dataset(root, place, told, general, form):
    """The name of a set and its dataset."""
    where = f"{root / SETS}, set {place + 1}"
    folder = Path(told["root"]).expanduser()
    folder = folder if folder.is_absolute() else root / folder
    name = one_of(f"{where}, format", told.get("format", "folder"), of_kind(IMAGES))
    one = DATASETS[name]
    own = {key: _plain(value) for key, value in told.items() if key not in ABOUT_SET}
    known = [*filter(one.takes, general), *(form if one.takes_form else ())]
    for key in own:
        one_of(where, key, (*ABOUT_SET, *known))
    options = {key: value for key, value in general.items() if one.takes(key)}
    data = one.read(folder, **options | (form if one.takes_form else {}) | own)
    chosen = told.get("where", {})
    if not isinstance(chosen, dict):
        raise InputError(f"{where}, where", "values by the names of columns", repr(chosen))
    return str(told.get("name") or folder.resolve().name), data.where(**chosen) if chosen else data


def _plain(value):
    """A value of JSON as readers take it."""
    return tuple(map(_plain, value)) if isinstance(value, list) else value


register(
    Format(
        name="joined",
        title="joined",
        read=joined,
        tasks=("salient_object", "fine_grained"),
        parts=(SETS,),
    )
)
