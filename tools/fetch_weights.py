"""Downloads a published weight file into weights/ and checks it.

    python tools/fetch_weights.py list
    python tools/fetch_weights.py vgg16_notop
    python tools/fetch_weights.py alexnet --from ~/Downloads/bvlc_alexnet.npy

Where an address is dead, get the file elsewhere and hand it over by --from: it goes through the
same checks. Files that are not in the layout of Keras are converted when they are loaded, or once
and for all by tools/convert_weights.py.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich import box
from rich.console import Console
from rich.table import Table

from keras_attn.errors import InputError, one_of
from keras_attn.shell import cli
from keras_attn.weights import fetching, registry

LIST = "list"


@dataclass(frozen=True)
class FetchWeights:
    """Fetch the file NAME, or list what is known and what is on disk."""

    name: tyro.conf.Positional[str]
    """Of the file, as `list` shows it."""
    out: Path = Path("weights")
    """Folder for weight files."""
    source: Annotated[Path | None, tyro.conf.arg(name="from")] = None
    """A file got by hand, to check and copy in place of a download."""

    def __call__(self):
        """Fetch the file and say where it is, or print the list."""
        one_of("NAME", self.name, (LIST, *registry.entries()))
        if self.name == LIST:
            if self.source is not None:
                raise InputError("--from", "the NAME of one file with it", LIST)
            Console().print(_table(self.out))
            print(f"here: in the folder {self.out}. Addresses, checksums: {registry.TABLE}")
            return
        entry = registry.entry(self.name)
        path = fetching.fetch(entry, self.out, source=self.source)
        print(f"{path}: {fetching.state(entry, self.out)}")
        if entry.checksum is None:
            known = fetching.remembered(fetching.record_of(path))
            print(f"No checksum is published. sha256:{known}")
        print(entry.note)
        if _is_foreign(entry):
            print(f"Converted when it is loaded, or now: python tools/convert_weights.py {path}")


def _table(out):
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in ("name", "classes", "MB", "checksum", "licence", "to convert"):
        table.add_column(column, no_wrap=True)
    table.add_column("here", overflow="fold")
    for entry in registry.entries().values():
        table.add_row(
            entry.name,
            "-" if entry.classes is None else str(entry.classes),
            "?" if entry.size is None else str(round(entry.size / 1e6)),
            entry.checksum.partition(":")[0] if entry.checksum else "none",
            entry.licence or "not stated",
            "yes" if _is_foreign(entry) else "no",
            fetching.state(entry, out),
        )
    return table


def _is_foreign(entry):
    return entry.layout not in (registry.KERAS, registry.ARRAY)


if __name__ == "__main__":
    sys.exit(cli.run(lambda: tyro.cli(FetchWeights, description=__doc__)))
