"""Which code from outside of the package a network is made of, and whether it is still the same.

A backbone or the module of a mechanism that a plug-in brings is code: edited after a training, it
makes another network of the same weights.
"""

import sys
from pathlib import Path

from keras_attn import mechanisms, storage
from keras_attn.registries import BACKBONES


def of(config):
    """SHA-256 by the path of each file that backbone and attention of a configuration are from.

    Those of this package are not among them, nor the script that is running, which changes for
    many reasons; most often there are none.
    """
    attention = getattr(config.model, "attention", None)
    parts = [] if attention is None else [mechanisms.get(attention).module]
    backbone = getattr(config.model, "backbone", None)
    if backbone is not None and backbone not in BACKBONES.own:
        found = BACKBONES[backbone]
        parts += [found.features, found.head, found.preprocessing]
    files = dict.fromkeys(path for part in parts if (path := _file_of(part)) is not None)
    return {path: _stamp(path) for path in files}


def changed(known):
    """Paths of the files that are loaded here and are no longer what a run knows; known: `of`."""
    return [path for path, stamp in known.items() if _stamp(path) not in (None, stamp)]


def _file_of(part):
    module = getattr(part, "__module__", None) or ""
    file = getattr(sys.modules.get(module), "__file__", None)
    ours = module.partition(".")[0] in ("keras_attn", "keras", "__main__")
    return None if ours or file is None else str(Path(file).resolve())


def _stamp(path):
    return storage.fingerprint(path) if Path(path).is_file() else None
