"""What a dataset is to the package: where its files lie, how they are read, what is known of it.

Loads no library but NumPy: help and reports ask for names and titles alone.
"""

from __future__ import annotations

import functools
import inspect
import keyword
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar

from keras_attn import gaze_format, registries
from keras_attn.datasets import origin
from keras_attn.errors import InputError, listing, one_of

IMAGES, VIDEOS = "images", "videos"
TASKS = {IMAGES: ("salient_object", "fine_grained"), VIDEOS: ("action",)}
"""Of the study, by what their examples are."""


@dataclass(frozen=True, kw_only=True)
class Twin:
    """The drawn twin of a dataset: simulated scenes, written in its format.

    Args:
        write: `(folder, scenes)`, which writes the files that the dataset's reader reads.
        viewers: how many are simulated.
        draw: `(rng, (H, W), viewers, *sizes) -> scenes`; default scenes with a salient object,
            `drawing.scenes.Scene`.
        sizes: names of the arguments that say how much is drawn, first how many examples, and what
            they are by default.
        read: `(folder) -> dataset`; default the dataset's own reader.
        tasks: of the study, whose networks may learn from it; default all that the dataset is of.

    Example:

    >>> import keras_attn as ka
    >>> def write(folder, scenes):
    ...     (folder / "count.txt").write_text(str(len(scenes)))
    >>> ka.datasets.Twin(write=write, viewers=3).sizes
    {'images': 60}
    """

    write: Callable[[Path, Any], None]
    viewers: int
    draw: Callable[..., Any] | None = None
    sizes: dict[str, int] = field(default_factory=lambda: {"images": 60})
    read: Callable[[Path], Any] | None = None
    tasks: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Format:
    """A dataset by its name: how it is read, and all that the rest of the package knows of it.

    `keras_attn.register` makes its name stand for it, as `datasets.<name>(root)` in Python, in the
    options of commands, in the study and in tables.

    Args:
        name: in Python, in options and in files of results.
        title: in print.
        read: `(root, *, ...) -> GazeDataset` or `VideoDataset`, of the files in a folder. Of these
            further arguments commands give those that it takes: on_bad_example, mask_threshold,
            crop, gaze, participants, shifted, flow_root, image_root, fps, groups and group,
            subjects, first_frame; and all fields of `GazeFormat` where it takes any (`**form`), as
            a table of gaze needs them.
        kind: what its examples are, "images" or "videos".
        tasks: of the study, whose networks can learn from it: "salient_object" (it has masks),
            "action", "fine_grained" (they have classes). Without any it is one to audit on.
        parts: what its folder is recognised by: files or folders in it, of which one is enough.
        beside: of which one has to lie there too.
        note: what stands under every table and in every report made from it.
        splits: whether its publishers have parted it, into examples to train and to test on.
        paper: whether it is one of the paper's, which the study takes where nothing else is said.
        first: the dataset that the paper trains a network on before this one.
        augmented: whether the paper trains on four rotations of each image, each also mirrored.
        several_labels: whether an example may be of several classes at once.
        twin: how it is drawn, where it can be.

    Raises:
        InputError: A field does not fit; the message names it.

    Example:

    >>> import keras_attn as ka
    >>> def read(root, *, on_bad_example="raise"):
    ...     return ka.datasets.folder(root, on_bad_example=on_bad_example)
    >>> mine = ka.datasets.Format(name="my_set", title="My Set", read=read)
    >>> mine.takes("on_bad_example"), mine.takes("crop")
    (True, False)
    """

    registry: ClassVar = registries.DATASETS

    name: str
    title: str
    read: Callable[..., Any]
    kind: str = IMAGES
    tasks: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    note: str = ""
    splits: bool = False
    paper: bool = False
    first: str | None = None
    augmented: bool = False
    several_labels: bool = False
    twin: Twin | None = None

    def __post_init__(self) -> None:
        where = f"dataset {self.name!r}"
        name = str(self.name)
        if not name.isidentifier() or keyword.iskeyword(name) or name in _taken():
            expected = "a name for datasets.<name> that is not taken, of letters, digits and _"
            raise InputError("dataset to register", expected, repr(self.name))
        if not callable(self.read) or "root" not in inspect.signature(self.read).parameters:
            expected = "a function with the argument root, the path of a folder"
            raise InputError(f"{where}, read", expected, repr(self.read))
        one_of(f"{where}, kind", self.kind, (IMAGES, VIDEOS))
        for name in ("tasks", "parts", "beside"):
            if not isinstance(getattr(self, name), tuple):
                expected = "a tuple of names, such as ('salient_object',)"
                raise InputError(f"{where}, {name}", expected, repr(getattr(self, name)))
        for task in self.tasks:
            one_of(f"{where}, tasks", task, TASKS[self.kind])
        object.__setattr__(self, "read", reading(self))

    @functools.cached_property
    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(self.read).parameters

    @property
    def takes_form(self) -> bool:
        """Whether it leaves open how gaze is written, which fields of a `GazeFormat` say."""
        return any(one.kind is one.VAR_KEYWORD for one in self._parameters.values())

    def takes(self, name: str) -> bool:
        """Whether its reader has an argument.

        Args:
            name: of the argument.

        Returns:
            A bool.
        """
        return name in self._parameters

    def check_takes(self, arguments: Iterable[str], name: str, value: Any) -> None:
        """Refuse a field of a configuration that its reader knows nothing of.

        Args:
            arguments: of the reader, which the field is for.
            name: of the field.
            value: that it has, for the message.

        Returns:
            None.

        Raises:
            InputError: The reader lacks one of the arguments.
        """
        if not all(map(self.takes, arguments)):
            raise InputError(f"data.{name}", f"nothing, for {self.name}", repr(value))

    def drawn_for(self, task: str) -> bool:
        """Whether networks of a task can learn from its drawn twin.

        Args:
            task: such as "salient_object".

        Returns:
            A bool.
        """
        if self.twin is None:
            return False
        return task in (self.tasks if self.twin.tasks is None else self.twin.tasks)

    def check_drawn(self, task: str) -> None:
        """Refuse a configuration that names no folder, where nothing is drawn.

        Args:
            task: that it is of.

        Returns:
            None.

        Raises:
            InputError: The drawn twin, if there is one, is none to learn the task from.
        """
        if not self.drawn_for(task):
            expected = (
                f"where the folder lies (--data.root), since {self.name} is not drawn for {task}"
            )
            raise InputError("data.root", expected, None)

    def arguments(self, settings: Any, names: Iterable[str]) -> dict[str, Any]:
        """What a configuration says, as arguments of its reader.

        Args:
            settings: a dataclass.
            names: of fields of it, that a reader may take.

        Returns:
            A dict of those that it takes, with the fields of a `GazeFormat` if it takes such.

        Raises:
            InputError: It does not take a field that somebody has set.
        """
        default = {one.name: one.default for one in fields(settings)}
        values = {name: getattr(settings, name) for name in names if name in default}
        for name, value in values.items():
            if value not in (None, default[name]):
                self.check_takes((name,), name, value)
        arguments = {name: value for name, value in values.items() if self.takes(name)}
        return arguments | (gaze_format.fields_of(settings) if self.takes_form else {})


def _taken():
    """Names within `keras_attn.datasets` that are no datasets."""
    from keras_attn import datasets

    modules = {module.name for module in pkgutil.iter_modules(datasets.__path__)}
    return modules | set(datasets.PLACES)


# --- reading ------------------------------------------------------------------------------------

FOLDERS = ("root", "gaze")
"""Arguments of readers that name folders with gaze."""


def reading(form: Format) -> Callable[..., Any]:
    """The reader of a `Format` whose datasets know how they were read, and whether they are drawn.

    Where it fails on a folder of another format, the error names that one.
    """
    read = form.read
    signature = inspect.signature(read)

    @functools.wraps(read)
    def of_format(*values: Any, **named: Any) -> Any:
        given = signature.bind(*values, **named).arguments
        if not isinstance(given["root"], (str, Path)):
            raise InputError("root", "the path of a folder", repr(given["root"]))
        try:
            data = read(*values, **named)
        except InputError as error:
            raise explained(error, form.name, given["root"]) from error
        _check_read(form, data)
        source = {"name": form.name, **_source(signature.parameters, given)}
        places = [source[name] for name in FOLDERS if source.get(name)]
        # A layout that anybody may have is called by its folder, which its reader knows.
        name = data.name if form.takes_form else form.name
        return origin.of_reader(replace(data, name=name), source, places, form.note)

    return of_format


def _check_read(form: Format, data: Any) -> None:
    from keras_attn.datasets import GazeDataset, VideoDataset

    kind = {IMAGES: GazeDataset, VIDEOS: VideoDataset}[form.kind]
    if not isinstance(data, kind):
        expected = f"a {kind.__name__}, as its kind is {form.kind!r}"
        raise InputError(f"dataset {form.name!r}, read", expected, type(data).__name__)


def _source(parameters: Mapping[str, inspect.Parameter], given: dict[str, Any]) -> dict[str, Any]:
    """The arguments that are not at their defaults, as plain values; folders as whole paths."""
    # Arguments that are passed on under their own names.
    further = [name for name, one in parameters.items() if one.kind is one.VAR_KEYWORD]
    more = {name: value for other in further for name, value in given.pop(other, {}).items()}
    source = {}
    for name, value in (given | more).items():
        default = parameters[name].default if name in parameters else None
        if name == "root" or value != default:
            is_path = isinstance(value, Path) or name in FOLDERS
            source[name] = str(Path(value).expanduser().absolute()) if is_path else value
    return source


def named(
    name: str,
    root: str | Path,
    form: Any,
    where: str = "name",
    *,
    mask_threshold: float | None = None,
    on_bad_example: str = "raise",
) -> Any:
    """The dataset of images in a folder, by the name of its format.

    Args:
        name: of a registered `Format` of images.
        root: the folder.
        form: a `GazeFormat`, or a dataclass with its fields.
        where: what messages call the name.
        mask_threshold: what is above it in a mask of more than two values is object.
        on_bad_example: "raise", or "skip" to leave out and list what cannot be read.

    Returns:
        A `GazeDataset`.

    Raises:
        InputError: No such format; the folder is not of it; or a field of `form` or a threshold is
            set for a format that leaves it not open.

    Example:

    >>> import keras_attn as ka
    >>> from keras_attn.gaze_format import GazeFormat
    >>> drawn = ka.datasets.miniature("folder", images=2, shape=(32, 40), root="scenes")
    >>> ka.datasets.named("folder", "scenes", GazeFormat())
    GazeDataset('scenes', 2 examples)
    """
    one = registries.DATASETS[one_of(where, name, of_kind(IMAGES))]
    gaze_format.check_read(name, form)
    options: dict[str, tuple[Any, Any]] = {
        "on_bad_example": (on_bad_example, "raise"),
        "mask_threshold": (mask_threshold, None),
    }
    for option, (value, default) in options.items():
        if value != default and not one.takes(option):
            raise InputError(option, f"nothing, for {name}", repr(value))
    arguments: dict[str, Any] = {
        option: value for option, (value, _) in options.items() if one.takes(option)
    }
    return one.read(root, **arguments, **(gaze_format.fields_of(form) if one.takes_form else {}))


def of_kind(kind: str) -> tuple[str, ...]:
    """Names of all datasets of images, or of videos."""
    return tuple(name for name, one in registries.DATASETS.items() if one.kind == kind)


def of_task(task: str) -> tuple[str, ...]:
    """Names of all datasets that networks of a task can learn from."""
    return tuple(name for name, one in registries.DATASETS.items() if task in one.tasks)


# --- recognising --------------------------------------------------------------------------------


def recognised(root: str | Path) -> dict[str, list[str]]:
    """`{name: parts}` of the datasets that a folder may be, by what lies in it.

    The published layouts come first, and those of which little is laid down last.
    """
    root = Path(root).expanduser()
    names = {}
    for name, one in registries.DATASETS.items():
        there = [part for part in one.parts if (root / part).exists()]
        beside = [part for part in one.beside if (root / part).exists()]
        if there and (beside or not one.beside):
            names[name] = [*there, *beside]
    return dict(sorted(names.items(), key=lambda item: bool(registries.DATASETS[item[0]].beside)))


def explained(error: InputError, name: str, root: str | Path) -> InputError:
    """The `InputError` of a reader that failed, or a better one where its folder is another's."""
    there = recognised(root)
    if not there or name in there:
        return error
    other, parts = next(iter(there.items()))
    received = (
        f"one with {listing(parts)}, as {other} has; say --data.name {other} (--data-name in an "
        f"audit), or in Python datasets.{other}"
    )
    return InputError(root, f"a folder of {name}", received)
