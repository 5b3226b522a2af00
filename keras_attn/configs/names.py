"""Types of fields that hold the name of something in a registry, which plug-ins may add to.

What may stand in such a field is known when it is checked, or when help is printed, and not when
the class is made, as it is with `Literal`.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from keras_attn.mechanisms import NAMED, Mechanism
from keras_attn.registries import BACKBONES, DATASETS, KINDS


class _Text(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, str)


class Name(str, metaclass=_Text):
    """A name that has to be in `registry`. Any text is an instance: values are plain strings."""

    registry: ClassVar
    parsed: ClassVar = True
    """Whether the parser refuses other names; where it does not, what has the field does."""
    besides: ClassVar = ""
    """What else may stand here, for help."""

    @classmethod
    def allowed(cls) -> tuple[str, ...]:
        """All names that may stand here."""
        return tuple(cls.registry)

    @classmethod
    def allows(cls, value: Any) -> bool:
        """Whether a value may stand here; what this package has itself asks no plug-in."""
        return value in cls.registry


if TYPE_CHECKING:
    # What stands in such a field is a plain text, to whoever reads or writes it.
    Backbone = str
    Attention = str | Mechanism
    KindOfMap = str
    Dataset = str
    ImageDataset = str
    SalientObjectDataset = str
    ActionDataset = str
    FineGrainedDataset = str
    StudyDataset = str
else:

    class Backbone(Name):
        """Of a `models.Backbone`."""

        registry = BACKBONES

    class Attention(Name):
        """Of a `Mechanism`; from Python a field of this type also takes a `Mechanism` itself."""

        registry = NAMED

    class KindOfMap(Name):
        """Of an `audits.Kind`; in options of the audit `MODEL=` may stand before it."""

        registry = KINDS
        parsed = False

    class Dataset(Name):
        """Of a `datasets.Format`."""

        registry = DATASETS
        parsed = False

        @classmethod
        def allowed(cls) -> tuple[str, ...]:
            """All names that may stand here."""
            return tuple(name for name in cls.registry if cls.allows(name))

        @classmethod
        def allows(cls, value: Any) -> bool:
            """Whether a value may stand here; what this package has itself asks no plug-in."""
            return value in cls.registry and cls.fits(cls.registry[value])

        @classmethod
        def fits(cls, form: Any) -> bool:
            """Whether a `datasets.Format` is one of those that may stand here."""
            return True

    class ImageDataset(Dataset):
        """Of images, to audit on."""

        @classmethod
        def fits(cls, form: Any) -> bool:
            """Whether a `datasets.Format` is one of images."""
            return form.kind == "images"

    class SalientObjectDataset(Dataset):
        """That networks of Task 1 can learn from: it has masks."""

        @classmethod
        def fits(cls, form: Any) -> bool:
            """Whether a `datasets.Format` is one of Task 1."""
            return "salient_object" in form.tasks

    class ActionDataset(Dataset):
        """That networks of Task 2 can learn from: videos with classes."""

        @classmethod
        def fits(cls, form: Any) -> bool:
            """Whether a `datasets.Format` is one of Task 2."""
            return "action" in form.tasks

    class FineGrainedDataset(Dataset):
        """That networks of Task 3 can learn from: images with classes."""

        @classmethod
        def fits(cls, form: Any) -> bool:
            """Whether a `datasets.Format` is one of Task 3."""
            return "fine_grained" in form.tasks

    class StudyDataset(Dataset):
        """That the study can name: one of a task, in a layout that leaves nothing open."""

        parsed = True

        @classmethod
        def fits(cls, form: Any) -> bool:
            """Whether a `datasets.Format` can be named in the study."""
            return bool(form.tasks) and not form.takes_form
