"""Types of fields that hold the name of something in a registry, which plug-ins may add to.

What may stand in such a field is known when it is checked, or when help is printed, and not when
the class is made, as it is with `Literal`.
"""

from typing import ClassVar

from keras_attn.mechanisms import NAMED
from keras_attn.registries import BACKBONES, KINDS


class _Text(type):
    def __instancecheck__(cls, value):
        return isinstance(value, str)


class Name(str, metaclass=_Text):
    """A name that has to be in `registry`. Any text is an instance: values are plain strings."""

    registry: ClassVar
    alone: ClassVar = True
    """Whether the text is the name alone. In options of the audit `MODEL=` may stand before it, and
    it is checked where that is taken off."""

    @classmethod
    def allowed(cls):
        """All names that may stand here."""
        return tuple(cls.registry)


class Backbone(Name):
    """Of a `models.Backbone`."""

    registry = BACKBONES


class Attention(Name):
    """Of a `Mechanism`; from Python a field of this type also takes a `Mechanism` itself."""

    registry = NAMED


class KindOfMap(Name):
    """Of an `audits.Kind`."""

    registry, alone = KINDS, False
