"""How a result came to be: command, commit, versions, machine, data, time and memory.

A folder of results has it as `provenance.json`, a list of the pieces of work done in it, in their
order. Decides nothing: the identity of a run stands in its `config.json`. Imports no model.
"""

import json
import os
import platform
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path

from keras_attn import plugins, storage
from keras_attn.configs import RESULT_FORMAT
from keras_attn.datasets import origin
from keras_attn.errors import InputError, listing
from keras_attn.runs import known_data

PACKAGE = Path(__file__).resolve().parents[1]
TOLD = {"what", "command", "format", "versions"}
"""What is told of any piece of work."""
SECONDS = 10
"""Git is given, which on a network drive may take its time; without an answer it goes on."""
KIBIBYTE = 1024


@contextmanager
def measured(what, **about):
    """A dict that says of a piece of work how it came to be; time and memory once it has ended.

    what: "train", "evaluate", "references", "attack" or "report". about: more of it, such as
    `data`; plain values. peak_memory_bytes is the most that the process has held until then, and
    None where the system does not tell. An error that ends the work is named as `error`.
    """
    work = {"what": what, **about, "command": list(sys.argv)}
    work |= {"began": datetime.now(UTC).isoformat(timespec="seconds")}
    work |= {"seconds": None, "peak_memory_bytes": None}
    work |= {"commit": commit(), "format": RESULT_FORMAT}
    work |= {"versions": versions(), "plugins": list(plugins.names()), "machine": machine()}
    began = time.perf_counter()
    try:
        yield work
    except BaseException as error:
        work["error"] = type(error).__name__
        raise
    finally:
        work["seconds"] = round(time.perf_counter() - began, 3)
        work["peak_memory_bytes"] = peak_memory()


@contextmanager
def recorded(folder, what, **about):
    """Write into a folder what `measured` yields, at the start and once more at the end.

    Work whose process was killed has no seconds there.
    """
    earlier = read(folder)
    with ExitStack() as at_end, measured(what, **about) as work:
        _write(folder, [*earlier, work])
        at_end.callback(lambda: _write(folder, [*earlier, work]))
        yield work


def add(folder, work):
    """Write one more piece of work into a folder's file."""
    _write(folder, [*read(folder), work])


def replace(folder, work):
    """Write a piece of work into a folder's file, in place of earlier ones of its kind."""
    kept = [one for one in read(folder) if one["what"] != work["what"]]
    _write(folder, [*kept, work])


def read(folder):
    """The pieces of work done in a folder, a list of dicts; empty where none is known."""
    path = storage.RunFolder(Path(folder)).provenance
    if not path.is_file():
        return []
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["work"]
        if lacking := TOLD - set.intersection(TOLD, *map(set, found)):
            raise ValueError(f"work that tells no {listing(sorted(lacking))}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(path, "the JSON of how results came to be", error) from error
    return found


def _write(folder, works):
    path = storage.RunFolder(Path(folder)).provenance
    storage.write_text(path, json.dumps({"work": works}, indent=2) + "\n")


@contextmanager
def with_plugins(folder):
    """Within, an `InputError` also names plug-ins that work in a folder had and this process lacks.

    It is then their names that are unknown here.
    """
    try:
        yield
    except InputError as error:
        made_with = dict.fromkeys(name for work in read(folder) for name in work.get("plugins", ()))
        if not (absent := plugins.lacking(made_with)):
            raise
        where, expected, received = error.parts
        options = " ".join(f"{plugins.OPTION} {name}" for name in absent)
        expected = f"{expected}, or the plug-in that it was made with ({options})"
        raise InputError(where, expected, received) from error


def of_data(dataset):
    """What tells which data a result is of: the fingerprint is that of the whole dataset."""
    whole = dataset.whole or dataset
    about = {"name": whole.name, "fingerprint": known_data.fingerprint(dataset)}
    about |= {"fold": dataset.number, "examples": len(dataset)}
    return about | {"drawn": dataset.drawn, "kind": origin.kind_of(dataset)}


# --- what it was done with ----------------------------------------------------------------------


def versions():
    """Of Python and of the packages that decide what comes out."""
    packages = ("keras_attn", "tensorflow", "keras", "numpy")
    return {"python": platform.python_version()} | {n: metadata.version(n) for n in packages}


def machine():
    """What it ran on; GPUs are those that TensorFlow sees, once it is there."""
    tensorflow = sys.modules.get("tensorflow")
    gpus = tensorflow.config.list_physical_devices("GPU") if tensorflow else ()
    about = {"system": platform.platform(), "cores": os.cpu_count()}
    return about | {"gpus": [gpu.name for gpu in gpus]}


def peak_memory():
    """Most bytes that this process has held at once; None on systems that do not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * KIBIBYTE


@cache
def commit():
    """The commit of this package, "+" behind it where files of it differ; None where unknown."""
    if (head := _git("rev-parse", "HEAD")) is None or _git("ls-files", "__init__.py") in ("", None):
        return _installed_from()
    return head + ("+" if _git("status", "--porcelain", "--", ".") else "")


def _git(*arguments):
    """What git says of the package's folder; None where there is no git or no checkout."""
    command = ["git", "-C", str(PACKAGE), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _installed_from():
    """The commit that pip has installed the package from, if it came straight out of git."""
    told = metadata.distribution("keras_attn").read_text("direct_url.json")
    return json.loads(told).get("vcs_info", {}).get("commit_id") if told else None
