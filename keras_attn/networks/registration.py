"""Makes Keras find this package's classes in saved models as soon as the package is imported.

Modules register their classes with Keras when they load, which they do when first used. Until
then a stand-in holds the place of each class. Imports neither TensorFlow nor Keras.
"""

import importlib
import re
import sys
from contextlib import suppress
from pathlib import Path

PACKAGE = "keras_attn"
BACKBONES = Path(__file__).parents[1] / "models" / "backbones"
_REGISTERED = re.compile(rf'^@.*register_keras_serializable\("{PACKAGE}"\)\nclass (\w+)', re.M)


def _of_backbones():
    """Those in the files of backbones, by module: read and not imported, since that loads Keras."""
    files = {path.stem: path.read_text(encoding="utf-8") for path in BACKBONES.glob("[a-z]*.py")}
    classes = {stem: tuple(_REGISTERED.findall(text)) for stem, text in sorted(files.items())}
    return {f"models.backbones.{stem}": names for stem, names in classes.items() if names}


CLASSES = {
    "layers.energy": ("ActivationAttention",),
    "layers.glimpse": ("Glimpse",),
    "layers.human": ("FrameSum", "GazeAttention"),
    "layers.learned": ("AttentionModule", "EarlyAttention"),
    "layers.softmax": ("SpatialSoftmax",),
    "losses": ("AttentionCrossEntropy", "AttentionKL"),
    **_of_backbones(),
    "models.c3d": ("ClipPooling",),
    "models.common": ("CaffePreprocessing", "ResizeLike"),
    "models.two_stream": ("MeanOfStreams",),
    "training.optim": ("CaffeSGD",),
}
"""The names of all classes that are registered with Keras, by their modules."""


def announce():
    """Put stand-ins where Keras looks for classes: now if Keras is there, else once it is."""
    # The finder comes first, so that Keras cannot slip in between from another thread.
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
    keras = sys.modules.get("keras")
    # A Keras that another thread has begun to import was perhaps found before the finder was there.
    if keras is not None and _put_stand_ins(_once_imported(keras)):
        _FINDER.remove()


def _once_imported(keras):
    """Keras when whoever imports it has finished; the half of it that is there if that fails."""
    try:
        return importlib.import_module("keras")
    except Exception:  # whatever keeps Keras from being imported is told to who imports it
        return keras


def _put_stand_ins(keras):
    """Fill in the classes that are not registered yet; whether Keras has a place for them."""
    found = getattr(getattr(keras, "saving", None), "get_custom_objects", None)
    if found is None:
        return False
    objects = found()
    for module, names in CLASSES.items():
        for name in names:
            objects.setdefault(f"{PACKAGE}>{name}", _stand_in(module, name))
    return True


def _stand_in(module, name):
    """What makes an object of a class of this package as that class does, which it imports."""

    def real():
        # This also registers the real class in the place of the stand-in.
        return getattr(importlib.import_module(f"{PACKAGE}.{module}"), name)

    def new(cls, *args, **kwargs):
        return real()(*args, **kwargs)

    def from_config(cls, config):
        return real().from_config(config)

    return type(name, (), {"__new__": new, "from_config": classmethod(from_config)})


class _AfterKeras:
    """A finder that finds nothing by itself, but has the stand-ins put once Keras is imported."""

    def find_spec(self, name, path=None, target=None):
        """What the finders after this one find for Keras; None for all else."""
        finders = list(sys.meta_path)  # from which another thread may remove this one meanwhile
        if name != "keras" or self not in finders:
            return None
        # Only those after it: two such finders that asked each other would never end.
        for finder in finders[finders.index(self) + 1 :]:
            spec = finder.find_spec(name, path, target) if hasattr(finder, "find_spec") else None
            if spec is not None:
                self._follow(spec.loader)
                return spec
        return None

    def remove(self):
        """Take it out of Python's finders, if it is still there."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def _follow(self, loader):
        """Have a loader put the stand-ins after it has run Keras, and be as before from then on."""
        if not hasattr(loader, "exec_module"):
            return
        run = loader.exec_module

        def run_and_put(module):
            run(module)
            # The loader of a zip file loads other modules as well.
            if module.__name__ == "keras" and _put_stand_ins(module):
                vars(loader).pop("exec_module", None)
                self.remove()

        # A loader that takes no attributes is left alone: Keras has to be imported above all.
        with suppress(AttributeError):
            loader.exec_module = run_and_put


_FINDER = _AfterKeras()
