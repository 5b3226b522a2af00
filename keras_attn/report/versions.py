"""Which versions made what a page or file tells."""

import platform
import sys

from keras_attn import __version__

PACKAGES = ("tensorflow", "keras", "numpy", "scipy")


def versions():
    """Versions by name: this package's, Python's, and those of the packages that are loaded."""
    loaded = [sys.modules[name] for name in PACKAGES if name in sys.modules]
    found = {module.__name__: module.__version__ for module in loaded}
    return {"keras_attn": __version__, "Python": platform.python_version(), **found}
