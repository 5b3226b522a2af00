"""What collects the examples of a dataset while it is read, whatever they are."""

from pathlib import Path
from typing import Any

from keras_attn.datasets.readers.tables import composed
from keras_attn.errors import InputError, listing, one_of


class Reader:
    """Collects the examples of a dataset and counts what it meets.

    on_bad_example: "raise", or "skip" to leave out and list what cannot be used.
    """

    kind: Any = None
    what = ""

    def __init__(self, name, on_bad_example, note=""):
        self.name, self.note = name, note
        self.skips = one_of("on_bad_example", on_bad_example, ("raise", "skip")) == "skip"
        self.report, self.examples = self.kind.report_kind(), []

    def guard(self, name, read):
        """`read()`, or None where it raised `InputError` and bad examples are skipped."""
        try:
            return read()
        except InputError as error:
            if not self.skips:
                raise
            self.report.skipped.append(f"{name} ({error})")
            return None

    def keep(self, name, read):
        """Add the example that `read()` returns, under the `guard`."""
        example = self.guard(name, read)
        if example is not None:
            self.examples.append(example)

    def dataset(self, root, *, needs_gaze=True, **options):
        """The dataset of all that was added; `InputError` if that is nothing.

        needs_gaze: whether it is one, too, if no fixation was added. options: further fields of the
        dataset.
        """
        report = self.report
        if not self.examples:
            raise InputError(root, f"{self.what} that can be read", listing(report.skipped, 3))
        report.read = len(self.examples)
        report.count(self.examples)
        if needs_gaze and not report.points:
            raise InputError(root, f"fixations inside the {self.what}", str(report))
        return self.kind(self.name, tuple(self.examples), report, self.note, **options)


def note_of(root):
    """What about.txt in a folder says, or ""."""
    path = root / "about.txt"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def as_root(root, parts):
    """The folder of a dataset as a path; `InputError` for parts of it that are misnamed.

    parts: names of the files and folders that may lie in it. One that is missing while another of
    almost that name is there would be passed over without a word: `Groups.csv`, `class.csv`.
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


def by_stem(folder, suffixes, what, unique="one file of each name"):
    """Files of a folder with these suffixes by stem, in order.

    what, unique: what they are and what holds for them, for the `InputError` that is raised where
    the folder is missing, holds none, or holds two of one stem. Hidden files are passed over:
    macOS leaves files of its own in archives.
    """
    if not folder.is_dir():
        raise InputError(folder, f"a folder of {what}", "no such folder")
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in suffixes and not path.name.startswith("."):
            # Systems differ in the Unicode form that they give the names of files.
            other = found.setdefault(composed(path.stem), path)
            if other != path:
                raise InputError(folder, unique, f"{other.name} and {path.name}")
    if not found:
        raise InputError(folder, f"{what} ({', '.join(suffixes)})", "none")
    return found
