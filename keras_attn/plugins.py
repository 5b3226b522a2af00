"""Plug-ins: modules that register what this package does not have, in every process of a run.

A plug-in is any module that calls `keras_attn.register` when it is imported. It is named by
`--plugin`, by the variable KERAS_ATTN_PLUGINS, or, installed, by the entry point group
`keras_attn.plugins`. Loading one runs its code, like any import.
"""

import importlib
import importlib.metadata
import importlib.util
import os
import re
import sys
import threading
import traceback
from collections.abc import Iterable
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from keras_attn.errors import InputError

OPTION = "--plugin"
VARIABLE = "KERAS_ATTN_PLUGINS"
"""Plug-ins of this process and of all that it starts, between `os.pathsep`."""
GROUP = "keras_attn.plugins"
MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
EXPECTED = "a module that can be imported, such as my_plugin, or the path of a .py file"

_lock = threading.RLock()
_loaded: dict[str, Any] = {}
"""Modules by the full name of the plug-in; None of one that is being imported."""


def use(name: str | Path, where: str = OPTION) -> None:
    """Load a plug-in, and have every process that is started from here load it as well.

    One that is loaded already is not loaded again.

    Args:
        name: A module that can be imported from here, or the path of a `.py` file.
        where: Who names it, for messages.

    Raises:
        InputError: It cannot be loaded: there is no such module or file, it raises an error when it
            is imported, or another module has its name.

    Example:

    >>> from pathlib import Path
    >>> import keras_attn as ka
    >>> text = "import keras_attn as ka; ka.register(ka.Mechanism('quads', 'energy', 'none', p=4))"
    >>> _ = Path("my_plugin.py").write_text(text)
    >>> ka.plugins.use("my_plugin.py")
    >>> ka.mechanisms.get("quads").p
    4
    """
    name = _full(name, where)
    _load(name, where)
    named = _named()
    if not any(_loaded[name] is _loaded.get(other) for other in named):
        os.environ[VARIABLE] = os.pathsep.join([*named, name])


def load() -> None:
    """Load the plug-ins that the environment names and those that are installed, each once.

    Registries call it when they are first read. While a module of this package is being imported it
    does nothing: a plug-in may need that one.

    Raises:
        InputError: One cannot be loaded, as for `use`; the message says who names it.

    Example:

    >>> import keras_attn as ka
    >>> ka.plugins.load()
    """
    wanted = [(name, VARIABLE) for name in _named()]
    wanted += [(point.module, _entry(point)) for point in _installed()]
    wanted = [(name, where) for name, where in wanted if name not in _loaded]
    if wanted and not _being_imported():
        for name, where in wanted:
            _load(name, where)


def _being_imported():
    """Whether a module of this package is only half there."""
    ours = [module for name, module in sys.modules.copy().items() if name.startswith(__package__)]
    specs = (getattr(module, "__spec__", None) for module in ours)
    return any(getattr(spec, "_initializing", False) for spec in specs)


def _entry(point):
    """What messages call an entry point."""
    where = f"entry point {point.name!r} of {GROUP}"
    return where if point.dist is None else f"{where} in {point.dist.name}"


def names() -> tuple[str, ...]:
    """All plug-ins of this process, which are loaded if they are not yet.

    Returns:
        A tuple of texts: modules by name, files by their full path.

    Raises:
        InputError: One cannot be loaded, as for `use`.

    Example:

    >>> import keras_attn as ka
    >>> ka.plugins.names()
    ()
    """
    load()
    return tuple(dict.fromkeys([*_named(), *(point.module for point in _installed())]))


def lacking(names: Iterable[str]) -> list[str]:
    """Those of some plug-ins that are not loaded in this process.

    Args:
        names: Texts, as `names()` gives them. A file counts by its name, wherever it lies.

    Returns:
        A list of those texts.

    Example:

    >>> import keras_attn as ka
    >>> ka.plugins.lacking(["their_plugin"])
    ['their_plugin']
    """
    here = {_short(name) for name in _loaded}
    return [name for name in names if _short(name) not in here]


def _short(name):
    """What the module of a plug-in is called, wherever its file lies."""
    return Path(name).stem if name.endswith(".py") else name


def _named():
    """Full names of those that the environment names."""
    told = os.environ.get(VARIABLE, "")
    found = [_full(name, VARIABLE) for name in told.split(os.pathsep) if name]
    if found:  # so that a process in another folder finds them as well
        os.environ[VARIABLE] = os.pathsep.join(found)
    return found


def _full(name, where):
    """The name of a plug-in that is the same in every folder; `InputError` for what is none."""
    name = os.fspath(name)
    if name.endswith(".py"):
        try:
            path = str(Path(name).expanduser().absolute())
        except RuntimeError as error:  # the home of nobody
            raise InputError(where, EXPECTED, f"{name} ({error})") from error
        if os.pathsep in path:
            raise InputError(where, f"a path without {os.pathsep!r}", path)
        return path
    if not MODULE.fullmatch(name):
        raise InputError(where, EXPECTED, repr(name))
    return name


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
        _loaded[name] = None
        try:
            imported = _from_file if name.endswith(".py") else _by_name
            _loaded[name] = imported(name, where)
        except BaseException:
            del _loaded[name]
            raise


def _by_name(name, where):
    """The module of a name, also of one in the working folder."""
    # The shell's command has not the folder that it is called in among Python's.
    _look_in(Path.cwd())
    module = _run(lambda: importlib.import_module(name), name, where)
    place = Path(*name.split("."))
    for here in (place.with_suffix(".py"), place / "__init__.py"):
        if here.is_file() and not _is_of(module, here):
            expected = f"a name that no other module has for the file {here}"
            raise InputError(where, expected, f"that of {_home(module)}")
    return module


def _from_file(name, where):
    """The module of a `.py` file, which is called as it is; files beside it can be imported."""
    path = Path(name)
    if not path.is_file():
        raise InputError(where, EXPECTED, f"{name} (no such file)")
    other = sys.modules.get(path.stem)
    if other is not None and _is_of(other, path):
        return other
    taken = _elsewhere(path) if other is None else _home(other)
    if taken is not None:
        expected = "a file of another name than the modules of Python and of installed packages"
        raise InputError(where, expected, f"{name}, beside {taken}")
    _look_in(path.parent)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        _run(lambda: spec.loader.exec_module(module), name, where)
    except BaseException:
        del sys.modules[path.stem]
        raise
    return module


def _run(imported, name, where):
    try:
        return imported()
    except (Exception, SystemExit) as error:  # a script may end with `sys.exit`
        expected = f"the plug-in {name} to be imported"
        raise InputError(where, expected, _told(error)) from error


def _told(error):
    """An error in one line, with the place in the plug-in that raised it."""
    told = f"{type(error).__name__}: {' '.join(str(error).split()).rstrip('.')}"
    frames = traceback.extract_tb(error.__traceback__)
    ours = (str(Path(__file__).parent), str(Path(importlib.__file__).parent), "<frozen")
    frames = [frame for frame in frames if not frame.filename.startswith(ours)]
    return f"{told} ({frames[-1].filename}, line {frames[-1].lineno})" if frames else told


def _look_in(folder):
    """Have modules of a folder be found, after those of all others."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def _is_of(module, path):
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).exists() and path.samefile(file)


def _home(module):
    return getattr(module, "__file__", None) or f"the module {module.__name__!r} of Python"


def _elsewhere(path):
    """Where another module of the name of a file is that has not been imported yet; else None."""
    # The first is the folder of the script that runs, whose neighbours nobody imports.
    if path.stem in sys.builtin_module_names:
        return "a module of Python"
    folders = [folder for folder in sys.path[1:] if folder and Path(folder) != Path.cwd()]
    spec = PathFinder.find_spec(path.stem, folders)
    if spec is None or spec.origin is None or not Path(spec.origin).exists():
        return None
    return None if path.samefile(spec.origin) else spec.origin
