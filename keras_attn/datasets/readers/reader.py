"""What collects the examples of a dataset while it is read, whatever they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from keras_attn.datasets.readers.tables import composed
from keras_attn.errors import InputError, listing, one_of

Read = TypeVar("Read")


class Reader:
    """Collects the examples of a dataset and counts what it meets.

    What it collects says a subclass, such as `GazeReader`, by its `kind` of dataset.

    Args:
        name: of the dataset.
        on_bad_example: "raise", or "skip" to leave out and list what cannot be used.
        note: what whoever reads scores has to know of the data, in sentences.

    Raises:
        InputError: `on_bad_example` is neither.

    Example:

    >>> import keras_attn as ka
    >>> class Reader(ka.datasets.readers.Reader):
    ...     kind, what = ka.datasets.GazeDataset, "pictures"
    >>> reader = Reader("zoo", "raise")
    >>> reader.keep("ape", lambda: ka.datasets.Example("ape", "ape.jpg", (9, 9), [(4, 4)], [1]))
    >>> reader.dataset("zoo")
    GazeDataset('zoo', 1 examples)
    """

    kind: Any = None
    what = ""

    def __init__(self, name: str, on_bad_example: Literal["raise", "skip"], note: str = "") -> None:
        self.name, self.note = name, note
        self.skips = one_of("on_bad_example", on_bad_example, ("raise", "skip")) == "skip"
        self.report: Any = self.kind.report_kind()
        self.examples: list[Any] = []

    def guard(self, name: str, read: Callable[[], Read]) -> Read | None:
        """`read()`, or None where it raised `InputError` and bad examples are skipped.

        Args:
            name: what the report calls that which was skipped.
            read: a function without arguments.

        Returns:
            What `read` returned, or None.

        Raises:
            InputError: As `read` raised it, where bad examples are not skipped.
        """
        try:
            return read()
        except InputError as error:
            if not self.skips:
                raise
            self.report.skipped.append(f"{name} ({error})")
            return None

    def keep(self, name: str, read: Callable[[], Any]) -> None:
        """Add the example that `read()` returns, under the `guard`.

        Args:
            name: as of `guard`.
            read: a function without arguments; None of it is no example.

        Returns:
            Nothing.

        Raises:
            InputError: As `guard` does.
        """
        example = self.guard(name, read)
        if example is not None:
            self.examples.append(example)

    def dataset(self, root: str | Path, *, needs_gaze: bool = True, **options: Any) -> Any:
        """The dataset of all that was added.

        Args:
            root: what errors call the data: their folder.
            needs_gaze: whether examples without any fixation are refused.
            options: further fields of the dataset, such as `classes` and `splits`.

        Returns:
            A dataset of the reader's kind.

        Raises:
            InputError: There is no example, or no fixation in any.
        """
        report = self.report
        if not self.examples:
            raise InputError(root, f"{self.what} that can be read", listing(report.skipped, 3))
        report.read = len(self.examples)
        report.count(self.examples)
        if needs_gaze and not report.points:
            raise InputError(root, f"fixations inside the {self.what}", str(report))
        return self.kind(self.name, tuple(self.examples), report, self.note, **options)


def note_of(root: Path) -> str:
    """What a file about.txt in a folder says of the data.

    Args:
        root: the folder.

    Returns:
        Its text without blanks around it; "" where there is no such file.

    Example:

    >>> from pathlib import Path
    >>> from keras_attn.datasets.readers import note_of
    >>> Path("about.txt").write_text("Viewers searched for birds.\\n")
    28
    >>> note_of(Path("."))
    'Viewers searched for birds.'
    """
    path = root / "about.txt"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def as_root(root: str | Path, parts: Sequence[str]) -> Path:
    """The folder of a dataset as a path, its parts looked through for misnamed ones.

    Args:
        root: the folder; `~` is the user's own.
        parts: names of the files and folders that may lie in it, that of the examples first. One
            that is missing while another of almost that name is there would be passed over without
            a word: `Groups.csv`, `class.csv`.

    Returns:
        A `Path`.

    Raises:
        InputError: There is no such folder, or a part is misnamed.

    Example:

    >>> from pathlib import Path
    >>> from keras_attn.datasets.readers import as_root
    >>> Path("images").mkdir()
    >>> as_root(".", ("images", "masks")).name
    ''
    """
    root = Path(root).expanduser()
    if not root.is_dir():
        received = "a file" if root.is_file() else "no such folder"
        raise InputError(root, f"a folder with {parts[0]}/ in it", received)
    there = [path.name for path in sorted(root.iterdir())]
    for part in parts:
        alike = [name for name in there if name not in parts and _alike(name, part)]
        if part not in there and alike:
            raise InputError(root / alike[0], f"the name {part}, if it is that", alike[0])
    return root


def _alike(name, part):
    """Whether names differ in capitals alone, or in being one or several, as in `class.csv`."""
    stems = [Path(text.casefold()).stem for text in (name, part)]
    same = Path(name).suffix.casefold() == Path(part).suffix
    return same and len({stem.rstrip("es") for stem in stems}) == 1


def by_stem(
    folder: Path, suffixes: Collection[str], what: str, unique: str = "one file of each name"
) -> dict[str, Path]:
    """Files of a folder by their names without suffix.

    Hidden files are passed over: macOS leaves files of its own in archives.

    Args:
        folder: where they lie, not deeper.
        suffixes: of the files that are meant, in small letters, such as (".png",).
        what: they are, for the error.
        unique: what holds for them, for the error.

    Returns:
        A dict of paths by stem, sorted by name.

    Raises:
        InputError: There is no such folder, none of these files in it, or two of one stem.

    Example:

    >>> from pathlib import Path
    >>> from keras_attn.datasets.readers import by_stem
    >>> for name in ("b.png", "a.PNG", "notes.txt"):
    ...     Path(name).touch()
    >>> {stem: path.name for stem, path in by_stem(Path("."), (".png",), "pictures").items()}
    {'a': 'a.PNG', 'b': 'b.png'}
    """
    if not folder.is_dir():
        raise InputError(folder, f"a folder of {what}", "no such folder")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in suffixes and not path.name.startswith("."):
            # Systems differ in the Unicode form that they give the names of files.
            other = found.setdefault(composed(path.stem), path)
            if other != path:
                raise InputError(folder, unique, f"{other.name} and {path.name}")
    if not found:
        raise InputError(folder, f"{what} ({', '.join(suffixes)})", "none")
    return found
