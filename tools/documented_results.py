"""Writes and checks the tables of results in the README and in docs/.

    python tools/documented_results.py list
    python tools/documented_results.py check
    python tools/documented_results.py check osie_vgg16 --data OSIE --weights vgg16_..._notop.h5
    python tools/documented_results.py write osie_vgg16 --data OSIE --weights vgg16_..._notop.h5
    python tools/documented_results.py write action --found runs

`check` alone takes seconds and needs no data: every table has to equal what its file in
docs/results gives, and the file has to have the columns that the package writes today. With a NAME
the table's commands are carried out first, or what they have written into the folder --found is
taken, and the numbers are compared. Those of an audit may be one of the last printed digit from the
written ones. Training differs from machine to machine, so that scores of trained networks lie
anywhere in their written intervals, or, where none is written, within 0.1 or 1 bit. `write` puts
what was found into the file and into the page.
"""

import math
import re
import shlex
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import result_tables
import tyro
from result_tables import TABLES

from keras_attn.errors import InputError, listing, one_of
from keras_attn.shell import cli, parser

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path("docs") / "results"
BEGIN, END = "<!-- results: {} -->", "<!-- end of results -->"


# --- pages --------------------------------------------------------------------------------------


def pages(root):
    """The pages that may have tables."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def marked(text):
    """The tables between markers of a page: `{name: lines}`; `InputError` for odd markers."""
    pattern = re.compile(r"^<!-- results: (\w+) -->\n(.*?)^<!-- end of results -->$", re.M | re.S)
    found = dict(pattern.findall(text))
    if text.count("<!-- results: ") != len(found) or text.count(END) != len(found):
        raise InputError("markers", f"{BEGIN.format('NAME')} and {END} in turn", "others")
    return {name: body.strip().splitlines() for name, body in found.items()}


def page_of(name, root):
    """The page with a table."""
    for page in pages(root):
        if name in marked(page.read_text(encoding="utf-8")):
            return page
    expected = f"a page with {BEGIN.format(name)}, and {END} after the table"
    raise InputError(name, expected, "none")


def put(name, lines, root):
    """Put a table between its markers; returns the page."""
    page, begin = page_of(name, root), BEGIN.format(name)
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(END)[2]
    page.write_text("\n".join([before + begin, *lines, END]) + after, encoding="utf-8")
    return page


# --- checks -------------------------------------------------------------------------------------


def differences(root=ROOT):
    """What of the pages and files does not fit together, a line each; needs no data."""
    found, there, linked = [], {}, set()
    for page in pages(root):
        text = page.read_text(encoding="utf-8")
        there |= dict.fromkeys(marked(text), page)
        # What stands behind a table that says by itself how it was measured.
        linked |= set(re.findall(r"\]\((?:docs/)?results/(\w+)\.csv\)", text))
    files = {file.stem for file in (root / RESULTS).glob("*.csv")}
    for name in sorted({*there, *TABLES, *(files - linked)}):
        found += _differences_of(name, there.get(name), root)
    return found


def _differences_of(name, page, root):
    file = root / RESULTS / f"{name}.csv"
    if name not in TABLES:
        return [f"{name}: no command is known that writes it"]
    if page is None or not file.is_file():
        return [f"{name}: in {'a page' if page else 'no page'}, and {file.name} is "
                f"{'there' if file.is_file() else 'not there'}"]  # fmt: skip
    table, found = TABLES[name], []
    rows, today = result_tables.read(file), table.columns()
    if list(rows.columns) != today:
        apart = listing(sorted({*rows.columns} ^ {*today})) or "their order"
        found.append(f"{file.name}: columns that the package does not write, or lacks: {apart}")
    made, shown = table.lines(rows), marked(page.read_text(encoding="utf-8"))[name]
    for wanted, line in zip([*made, *[""] * len(shown)], [*shown, *[""] * len(made)], strict=True):
        if wanted != line:
            found.append(f"{page.name}: {line!r}, and {file.name} gives {wanted!r}")
    return found


def outside_the_band(name, found, root=ROOT):
    """Numbers of the csv from which those that were found now differ, a line each."""
    table = TABLES[name]
    written = _by_keys(table, result_tables.read(root / RESULTS / f"{name}.csv"))
    now = _by_keys(table, found)
    told = [f"{label}: only {where}" for label, where in _lonely(written, now)]
    for label in written.keys() & now.keys():
        for column, metric in table.compared(written[label]).items():
            low, high = _band(table, written[label], column, metric)
            was, value = written[label][column], now[label][column]
            if not (low <= value <= high or (math.isnan(was) and math.isnan(value))):
                told.append(f"{label} {column}: {was:.5g} is written, {value:.5g} now")
    return sorted(told)


def _by_keys(table, rows):
    """Rows by what tells them apart, as text."""
    return {" ".join(filter(None, (row[k] for k in table.keys))): row for _, row in rows.iterrows()}


def _lonely(written, now):
    yield from ((label, "in the file") for label in written.keys() - now.keys())
    yield from ((label, "in what is made now") for label in now.keys() - written.keys())


def _band(table, row, column, metric):
    """What a number may be today; see the top of this file."""
    unit = result_tables.unit_of(metric)
    if not table.scores:
        return row[column] - unit, row[column] + unit
    if math.isnan(row["low"]):
        return row[column] - 100 * unit, row[column] + 100 * unit
    return row["low"], row["high"]


# --- commands -----------------------------------------------------------------------------------


def command_lines(table, out, **inputs):
    """The commands of a table as lists of words; globs are expanded when their turn has come."""
    values = {name: str(value) for name, value in inputs.items() if value} | {"out": str(out)}
    return [
        [sys.executable, *(word.format(**values) for word in shlex.split(line))]
        for line in table.commands
    ]


@contextmanager
def _folder_of(table, found, data, weights):
    if found is not None:
        yield found
        return
    inputs = {"data": data, "weights": weights}
    for name in table.needs:
        if inputs[name] is None:
            expected = "a path, or --found with the folder that the commands have written"
            raise InputError(f"--{name}", expected, "none")
    inputs = {name: path and path.expanduser().resolve() for name, path in inputs.items()}
    with tempfile.TemporaryDirectory() as folder:
        for words in command_lines(table, Path(folder) / "found", **inputs):
            subprocess.run(_expanded(words), check=True, cwd=ROOT)
        yield Path(folder) / "found"


def _expanded(words):
    made = []
    for word in words:
        path = Path(word)
        made += sorted(map(str, path.parent.glob(path.name))) if "*" in word else [word]
    return made


@dataclass(frozen=True)
class Inputs:
    """Which table, and where its numbers are from."""

    found: Path | None = None
    """Folder that the table's commands have written already; they are not carried out then."""
    data: Path | None = None
    """Data set of the table's commands, where they need one."""
    weights: Path | None = None
    """Weight file, where they need one."""

    def rows(self, name):
        """The rows for the csv of a table."""
        table = TABLES[one_of("NAME", name, TABLES)]
        with _folder_of(table, self.found, self.data, self.weights) as folder:
            return table.rows(folder)


@dataclass(frozen=True)
class List:
    """The tables, and the commands that their numbers are from."""

    def __call__(self):
        """Print them."""
        for name, table in TABLES.items():
            print(f"{name}: {table.about}; {page_of(name, ROOT).relative_to(ROOT)}")
            print("".join(f"    python {line}\n" for line in table.commands), end="")


@dataclass(frozen=True)
class Check(Inputs):
    """Whether tables and files agree; of one by its NAME, whether it comes out again."""

    name: tyro.conf.Positional[str | None] = None
    """Table; without it all are checked, and no command is carried out."""

    def __call__(self):
        """Print what differs; `InputError` where anything does."""
        if self.name is None:
            told = differences()
        else:
            told = outside_the_band(self.name, self.rows(self.name))
        print("\n".join(told) or "all as it is written")
        if told:
            raise InputError(self.name or "tables", "what is written", f"{len(told)} differences")


@dataclass(frozen=True)
class Write(Inputs):
    """Write the file and the table NAME."""

    name: tyro.conf.Positional[str] = ""
    """Table."""

    def __call__(self):
        """Carry out its commands, and write both."""
        page_of(one_of("NAME", self.name, TABLES), ROOT)  # before any work
        rows = self.rows(self.name)
        lines = TABLES[self.name].lines(rows)
        file = ROOT / RESULTS / f"{self.name}.csv"
        rows.to_csv(file, index=False)
        print(f"{file}\n{put(self.name, lines, ROOT)}")


if __name__ == "__main__":
    there = {"list": List, "check": Check, "write": Write}
    sys.exit(cli.run(lambda: parser.read(lambda _: there, description=__doc__)))
