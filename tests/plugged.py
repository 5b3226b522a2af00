"""A plug-in for the time of some tests, of which the process knows nothing afterwards."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

from keras_attn import plugins


@contextmanager
def plugged(path, *registries):
    """The plug-in in a file, as `--plugin` loads it. registries: those that it adds to."""
    before = [dict(registry._things) for registry in registries]
    named = os.environ.get(plugins.VARIABLE)
    plugins.use(path)
    try:
        yield
    finally:
        for registry, things in zip(registries, before, strict=True):
            for name in [name for name in registry._things if name not in things]:
                # What the package has itself may have been registered meanwhile.
                if registry.home is None or name not in registry.own:
                    del registry._things[name]
        plugins._loaded.pop(str(path))
        del sys.modules[Path(path).stem]
        os.environ.pop(plugins.VARIABLE)
        if named is not None:
            os.environ[plugins.VARIABLE] = named
