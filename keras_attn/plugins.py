"""Plug-ins: modules that register what this package does not have, in every process of a run.

A plug-in is any module that calls `keras_attn.register` when it is imported. It is named by
`--plugin`, by the variable KERAS_ATTN_PLUGINS, or, installed, by the entry point group
`keras_attn.plugins`. Loading one runs its code, like any import.
"""

import importlib
import importlib.metadata
import importlib.util
import os
import sys
import threading
from pathlib import Path

from keras_attn.errors import InputError

VARIABLE = "KERAS_ATTN_PLUGINS"
"""Plug-ins of this process and of all that it starts, between `os.pathsep`."""
GROUP = "keras_attn.plugins"

_lock = threading.RLock()
_loaded: set[str] = set()


def use(name: str | Path) -> None:
    """Load a plug-in, and have every process that is started from here load it as well.

    name: a module that can be imported from here, or the path of a `.py` file. `InputError` where
    it cannot be loaded.
    """
    path = Path(name).expanduser()
    name = str(path.resolve()) if path.suffix == ".py" else str(name)
    _load(name, "--plugin")
    named = _named()
    if name not in named:
        os.environ[VARIABLE] = os.pathsep.join([*named, name])


def load() -> None:
    """Load the plug-ins that the environment names and those that are installed, each once."""
    for name in _named():
        _load(name, VARIABLE)
    for point in _installed():
        _load(point.value, f"entry point {point.name!r} of {GROUP}")


def _named():
    return [name for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name]


_points = None


def _installed():
    """The entry points, which are looked for once: that reads files of every installed package."""
    global _points
    if _points is None:
        _points = tuple(importlib.metadata.entry_points(group=GROUP))
    return _points


def _load(name, where):
    """Import a module; what it registers may ask for the plug-ins in turn, hence the mark first."""
    with _lock:
        if name in _loaded:
            return
        _loaded.add(name)
        try:
            _import(name, where)
        except BaseException as error:
            _loaded.discard(name)
            if isinstance(error, InputError) or not isinstance(error, Exception):
                raise
            told = f"{type(error).__name__}: {error}"
            raise InputError(where, f"plug-in {name} to be imported", told) from error


def _import(name, where):
    if not name.endswith(".py"):
        # The shell's command has not the folder that it is called in among Python's.
        here = str(Path.cwd())
        if here not in sys.path:
            sys.path.append(here)
        importlib.import_module(name.partition(":")[0])
        return
    path = Path(name)
    if not path.is_file():
        raise InputError(where, "a module, or the path of a .py file", name)
    if path.stem in sys.modules:
        raise InputError(where, "a file of another name than a module that is loaded", name)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise
