"""A plug-in for the time of some tests, of which the process knows nothing afterwards."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT

from keras_attn import plugins


@contextmanager
def plugged(path, *registries):
    """The plug-in in a file, as `--plugin` loads it. registries: those that it adds to."""
    before = [set(registry._things) for registry in registries]
    named = os.environ.get(plugins.VARIABLE)
    plugins.use(path)
    try:
        yield
    finally:
        _unregister(registries, before)
        plugins._loaded.pop(str(path))
        del sys.modules[Path(path).stem]
        os.environ.pop(plugins.VARIABLE)
        if named is not None:
            os.environ[plugins.VARIABLE] = named


@contextmanager
def forgotten(*registries):
    """Plug-ins that are loaded within, by whatever name, are forgotten after it."""
    before, modules = [set(registry._things) for registry in registries], set(sys.modules)
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv(plugins.VARIABLE, "")
            patched.setattr(plugins, "_loaded", {})
            patched.setattr(sys, "path", list(sys.path))
            yield
    finally:
        _unregister(registries, before)
        for name in set(sys.modules) - modules:
            file = getattr(sys.modules[name], "__file__", None)
            if file and not file.startswith((sys.prefix, sys.base_prefix, str(ROOT))):
                del sys.modules[name]


def _unregister(registries, before):
    for registry, names in zip(registries, before, strict=True):
        for name in set(registry._things) - names:
            # What the package has itself may have been registered meanwhile.
            if registry.home is None or name not in registry.own:
                del registry._things[name]
