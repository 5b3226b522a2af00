"""Folders that results are written to: no file is ever half there. Imports no model."""

import glob
import hashlib
import json
import os
import shutil
import tempfile
import time
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import filelock

from keras_attn.errors import InputError, listing

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

PARTIAL = ".partial-"
"""What the names of temporary files and folders begin with."""
UNREADABLE = (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile, zlib.error)
"""What NumPy raises for a file that is no archive of arrays, or a damaged one."""
DAY = 24 * 60 * 60
"""Seconds after which what is half written is nobody's work any more."""


def check_target(folder, names, *, overwrite=False):
    """Fail before the work is done if `folder` cannot take the files `names`."""
    folder = Path(folder).expanduser()
    earlier = [name for name in names if (folder / name).exists()]
    if earlier and not overwrite:
        expected = "a folder without earlier results, or overwrite=True (--overwrite)"
        raise InputError(folder, expected, f"{listing(earlier)} in it")
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    with _one_error(folder):
        tempfile.TemporaryFile(dir=there).close()
    return folder


@contextmanager
def writing(folder, names, *, overwrite=False):
    """A folder to write the files `names` into; at the end, all of them appear in `folder`.

    The temporary folder lies inside `folder`, so that moving is renaming, which needs no space.
    After an error while they are written nothing has changed, and nothing is left behind. The first
    of the names is what readers look for: earlier results lose it first and new ones get it last,
    so that beside it lie no others' files, whenever the process is killed.
    """
    folder = check_target(folder, names, overwrite=overwrite)
    new = not folder.exists()
    with _one_error(folder):
        folder.mkdir(parents=True, exist_ok=True)
        results = folder / "results"
        sweep(results, older=DAY)
        stage = Path(tempfile.mkdtemp(prefix=_beginning(results), dir=folder))
        try:
            yield stage
            _move(stage, folder, names)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
            if new and not any(folder.iterdir()):
                folder.rmdir()


def _move(stage, folder, names):
    first, *others = names
    with _alone_in(folder):
        if others:
            (folder / first).unlink(missing_ok=True)
        for name in (*others, first):
            (stage / name).replace(folder / name)


@contextmanager
def _alone_in(folder):
    """Of several processes that move results into a folder, one after the other does."""
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        # Some network file systems have no locks of folders.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _one_error(folder):
    try:
        yield
    except OSError as error:
        received = error.strerror or str(error)
        raise InputError(folder, "a folder that can be written to", received) from error


@contextmanager
def replacing(path):
    """A temporary path near `path`, of the same name, that takes its place at the end.

    Its folder is made where it is missing. After an error `path` is what it was, and no part of it
    is left behind.
    """
    path = Path(path)
    with _near(path) as place:
        stage = place / path.name
        yield stage
        stage.replace(path)


@contextmanager
def replacing_folder(path):
    """A temporary folder near `path` that takes its place, and that of all in it, at the end.

    The folder around it is made where it is missing. After an error `path` is what it was; what was
    there is deleted when the new one has its place.
    """
    path = Path(path)
    with _near(path) as place:
        stage, earlier = place / path.name, place / "earlier"
        stage.mkdir()
        yield stage
        if path.is_dir():
            path.rename(earlier)
        try:
            stage.rename(path)
        except OSError:
            if earlier.exists():
                earlier.rename(path)
            raise


@contextmanager
def _near(path):
    """A temporary folder beside a path, of this call alone.

    Its name is drawn: of processes in two containers, which share a disk, both may have one number.
    """
    with _one_error(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path, older=DAY)
        place = Path(tempfile.mkdtemp(prefix=_beginning(path), dir=path.parent))
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)


def sweep(path, older=0):
    """Delete what processes that were killed have left of a file or folder half written.

    older: seconds that nothing has been done to it, for what others may be writing just now.
    """
    for left in path.parent.glob(f"{glob.escape(_beginning(path))}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime >= older:
                shutil.rmtree(left)


def _beginning(path):
    # A name may be as long as the system takes, and more is put before it.
    return f"{PARTIAL}{path.name[:80]}-"


def write_text(path, text):
    """Write a whole text file, or leave what was there."""
    with replacing(path) as stage:
        stage.write_text(text, encoding="utf-8")


def cache(name):
    """The folder of this user in which what can be made anew is kept, such as "features".

    $KERAS_ATTN_CACHE/<name>; default that of the system's caches, ~/.cache/keras_attn/<name>.
    All of it may be deleted while nothing runs.
    """
    caches = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "keras_attn"
    return Path(os.environ.get("KERAS_ATTN_CACHE", caches)).expanduser() / name


def fingerprint(path):
    """SHA-256 of a file's bytes, in hexadecimal; `InputError` if there is none."""
    path = Path(path).expanduser()
    if not path.is_file():
        raise InputError(path, "a file", "a folder" if path.is_dir() else "no such file")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


EVALUATION, ATTACK = "evaluation", "fgsm"
"""Folders within a run's: scores on other data, and those under attack."""


@dataclass(frozen=True)
class RunFolder:
    """Where a training run keeps its files."""

    path: Path

    @property
    def config(self):
        """What was run: configuration, identity, data and versions, as JSON."""
        return self.path / "config.json"

    @property
    def history(self):
        """A row per epoch."""
        return self.path / "history.csv"

    @property
    def state(self):
        """What an unfinished run goes on from; gone when it is finished."""
        return self.path / "state.npz"

    @property
    def weights(self):
        """The weights of the last epoch; a run is finished when they are there."""
        return self.path / "model.weights.h5"

    @property
    def provenance(self):
        """How all of it came to be, as `keras_attn.runs.provenance` writes it."""
        return self.path / "provenance.json"

    @property
    def curves(self):
        """For TensorBoard."""
        return self.path / "tensorboard"

    @property
    def finished(self):
        """Whether the run has come to its end."""
        return self.weights.is_file()

    @property
    def begun(self):
        """Names of the files that hold a run's work, as far as they are there."""
        made = (self.weights, self.state, self.history)
        return [path.name for path in made if path.is_file()]

    def record(self):
        """What `config.json` holds, or None where there is none."""
        if not self.config.is_file():
            return None
        try:
            return json.loads(self.config.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError(self.config, "the JSON of a run", error) from error

    @property
    def identity(self):
        """What tells the run in it from others, or None where there is none."""
        return (self.record() or {}).get("identity")

    @contextmanager
    def working(self, record, *, results=(), overwrite=False):
        """Hold the folder for one process, for the run that `record` describes.

        record: a dict with `identity` and `config`, written to `config.json`. A run of the same
        identity goes on; one of another is an `InputError` that says where they differ, or with
        `overwrite` is deleted first, with the `results` made from it, files or folders.
        `overwrite` never deletes the same run. Work without a record is another run's; a record
        without work, which an error before the first epoch leaves, is nobody's.
        """
        check_target(self.path, ())
        with _one_error(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout as error:
            expected = "a run folder that no other process is working in"
            raise InputError(self.path, expected, "one that is in use") from error
        try:
            self._sweep()
            self._claim(record, results, overwrite)
            yield self
        finally:
            lock.release()

    def _sweep(self):
        """Delete what a process that was killed has left half written of the run's own files."""
        # Nobody else writes these while the lock is held; results are written without it.
        for path in (self.config, self.history, self.state, self.weights, self.provenance):
            sweep(path)

    def _claim(self, record, results, overwrite):
        earlier = self.record()
        if earlier is not None and earlier.get("identity") == record["identity"]:
            return
        if self.begun and not overwrite:
            expected = "an empty folder, the same run to go on with, or overwrite (--overwrite)"
            received = f"{listing(self.begun)} without {self.config.name}, which tells whose"
            if earlier is not None:
                received = f"another run: {listing(_differences(earlier, record), 6)}"
            raise InputError(self.path, expected, received)
        if earlier is not None or overwrite:
            self._delete(results if overwrite else ())
        write_text(self.config, json.dumps(record, indent=2) + "\n")

    def _delete(self, results):
        own = (self.weights, self.state, self.history, self.provenance, self.config)
        for path in own:
            path.unlink(missing_ok=True)
        for path in (self.path / name for name in results):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        shutil.rmtree(self.curves, ignore_errors=True)


def _differences(earlier, record):
    """Which fields of two records differ, and how."""
    then, now = (dict(_leaves(r.get("config", {}))) for r in (earlier, record))
    changed = [n for n in {**then, **now} if then.get(n) != now.get(n)]
    named = [f"{n} {then.get(n)!r}, not {now.get(n)!r}" for n in changed]
    if all(name.startswith("data.") for name in changed):
        # What was handed over in Python may lie nowhere, and be no fold.
        named.append("the same configuration on other data or files")
    return named


def _leaves(values, prefix=""):
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
