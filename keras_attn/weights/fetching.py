"""Downloads published weight files and checks them. Knows nothing of what is in them."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import pooch
import requests
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from keras_attn import storage
from keras_attn.errors import InputError, listing
from keras_attn.weights import registry

CHUNK = 2**20
TIMEOUT = 30
"""Seconds without an answer, or without a byte, after which an address counts as dead."""


def fetch(entry, out, *, source=None, progress=True):
    """The path in `out` of the file of a `registry.Entry`, checked; downloaded where it is missing.

    source: a file got by hand, which is copied in place of a download and checked like one.
    The file appears under its name only when it is whole and its size and checksum hold; a download
    that breaks off leaves nothing and is begun anew. Where no checksum is published, the SHA-256
    of the first file that came is kept beside it (`remembered`) and has to hold from then on.
    Raises `InputError` for a download that fails, for what does not hold, of a file that is there
    already too, and where `out` cannot be written to.
    """
    path = Path(out).expanduser() / entry.file
    if path.exists():
        check(entry, path)
        return path
    with storage.replacing(path) as stage:
        if source is None:
            _download(entry, stage, progress)
            where = entry.address
        else:
            where = _copy(source, stage)
        check(entry, stage, where=where, record=record_of(path))
        if entry.checksum is None:
            # Before the file gets its name, so that none is ever there without its record.
            storage.write_text(record_of(path), f"{storage.fingerprint(stage)}  {entry.file}\n")
    return path


def find(file: str | Path) -> Path:
    """The path of a weight file, which may be called by the NAME of a published one.

    A published one is looked for in the folder `weights` and in that of `storage.cache`, and
    checked; it is never downloaded here.

    Args:
        file: The path of a file, or a name of the table that `tools/fetch_weights.py` lists.

    Returns:
        A `Path`. What is no name of the table is returned as it is, there or not.

    Raises:
        InputError: A published file is not there, and the message says how to fetch it; or it has
            not the size or the checksum that it should have.

    Example:

    >>> import keras_attn as ka
    >>> ka.weights.find("runs/human/model.weights.h5").name
    'model.weights.h5'
    """
    path = Path(file).expanduser()
    if path.is_file() or str(file) not in registry.entries():
        return path
    entry = registry.entry(str(file))
    folders = (Path("weights"), storage.cache("weights"))
    for folder in folders:
        if (folder / entry.file).is_file():
            check(entry, folder / entry.file)
            return folder / entry.file
    expected = (
        f"the file {entry.file} in one of {listing(folders)} "
        f"(fetch it by: python tools/fetch_weights.py {entry.name})"
    )
    raise InputError(file, expected, "no such file")


def record_of(path):
    """Where the SHA-256 of a file without published checksum is kept, for `sha256sum -c` too."""
    return path.with_name(f"{path.name}.sha256")


def remembered(record):
    """The SHA-256 in such a record, in hexadecimal; None where there is no record."""
    if not record.is_file():
        return None
    words = record.read_text(encoding="utf-8", errors="replace").split()
    return words[0] if words else ""


def check(entry, path, *, where=None, record=None):
    """Raise `InputError` if a file has not the size or the checksum of its entry.

    where: named in the message; default the file. record: with the SHA-256 that counts where no
    checksum is published; default that beside the file.
    """
    where = path if where is None else where
    if not path.is_file():
        raise InputError(where, f"the file {entry.file}", "no file")
    size = path.stat().st_size
    if entry.size is not None and size != entry.size:
        raise InputError(where, f"{entry.size} bytes of {_wanted(entry)}", f"{size} bytes")
    if entry.checksum is not None:
        kind, _, wanted = entry.checksum.partition(":")
        received = pooch.file_hash(str(path), alg=kind)
        if received != wanted:
            raise InputError(where, _wanted(entry), f"{kind}:{received}, {size} bytes")
        return
    record = record_of(path) if record is None else record
    wanted = remembered(record)
    if wanted is not None and wanted != (received := storage.fingerprint(path)):
        expected = f"what came first, sha256:{wanted} in {record} (delete that to trust this one)"
        raise InputError(where, expected, f"sha256:{received}, {size} bytes")


def state(entry, out):
    """In words: whether the file of an entry is in the folder `out`, and whether it holds."""
    path = Path(out).expanduser() / entry.file
    if not path.exists():
        return "not there"
    try:
        check(entry, path)
    except InputError as error:
        return f"wrong: {error.parts[2]}"
    if entry.checksum is not None:
        return "there, checksum holds"
    known = remembered(record_of(path))
    return "there, as it first came" if known else "there, unchecked: no checksum is known"


def _by_hand(entry):
    """What to do where an address is dead."""
    return (
        f"or {_wanted(entry)}, found elsewhere: "
        f"python tools/fetch_weights.py {entry.name} --from FILE"
    )


def _wanted(entry):
    known = entry.checksum or "no published checksum"
    return f"the file {entry.file} ({known})"


def _copy(source, stage):
    source = Path(source).expanduser()
    if not source.is_file():
        raise InputError(source, "a file", "a folder" if source.is_dir() else "no such file")
    shutil.copyfile(source, stage)
    return source


def _download(entry, stage, progress):
    # Packed on the way, a file would have another length than the one that the server states.
    headers = {"Accept-Encoding": "identity"}
    with _bar(entry.file, progress) as bar:
        get = pooch.HTTPDownloader(
            progressbar=bar, chunk_size=CHUNK, timeout=TIMEOUT, headers=headers
        )
        try:
            get(entry.address, str(stage), None)
        except requests.RequestException as error:
            # These are OSErrors, and would be taken for those of a disk.
            expected = f"an address that can be downloaded from, {_by_hand(entry)}"
            raise InputError(entry.address, expected, error) from error


@contextmanager
def _bar(name, shown):
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    console = Console(stderr=True)
    with Progress(*columns, TransferSpeedColumn(), console=console, disable=not shown) as progress:
        yield _Bar(progress, progress.add_task(name, total=None))


class _Bar:
    """A bar of rich with the methods that pooch calls."""

    def __init__(self, progress, task):
        self.progress, self.task, self.total = progress, task, 0

    def update(self, count):
        # A server need not state the length.
        self.progress.update(self.task, total=self.total or None, advance=count)

    def reset(self):
        self.progress.reset(self.task)

    def close(self):
        """Nothing: the display ends with the context it was made in."""
