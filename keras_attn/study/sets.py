"""The datasets of a grid: those of the paper, or one's own, and what is trained on before each."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from keras_attn import configs
from keras_attn.configs.names import StudyDataset
from keras_attn.datasets.format import VIDEOS, recognised
from keras_attn.datasets.formats import folder, joined
from keras_attn.errors import InputError, listing
from keras_attn.registries import DATASETS

FOLDED = configs.SalientObject.task
"""The task of which folds are held out in turn."""
CLASSIFIED = configs.FineGrained.task
MASKS, GAZE = "--sources.masks", "--sources.gaze"
JOINED = "data"
"""Folder in that of the study that says which sets are read as one."""


@dataclass(frozen=True, eq=False)
class StudySet:
    """A dataset of the grid.

    name: in names of cells. fields: of a configuration's data, where it lies and how it is read.
    first: name of the set that each network is trained on before this one, or None. folds: which
    are held out in turn; None for those of the grid. references: whether it has gaze to score them
    against.
    """

    name: str
    fields: dict = field(default_factory=dict)
    first: str | None = None
    folds: tuple | None = None
    augmented: bool = False
    references: bool = True


def of_paper(task, datasets, sources):
    """The `StudySet`s of a task by name: those of these names, each after its first."""
    found = {}

    def take(name):
        one = DATASETS[name]
        if one.first is not None and one.first not in found:
            take(one.first)
        fields = {"name": name, **sources.of(name)}
        found[name] = StudySet(name, fields, one.first, augmented=one.augmented)

    for name in StudyDataset.allowed():
        if task in DATASETS[name].tasks and name in datasets and name not in found:
            take(name)
    return found


@dataclass(frozen=True)
class Place:
    """A set of one's own as it is named: its folder, and conditions that its fixations are of."""

    root: Path
    where: tuple = ()

    @classmethod
    def of(cls, text, option):
        """Read as FOLDER or FOLDER:COLUMN=VALUE,COLUMN=VALUE; `InputError` for anything else."""
        path, colon, told = str(text).rpartition(":")
        if not colon or "=" not in told:
            path, told = str(text), ""
        where = []
        for pair in filter(None, told.split(",")):
            column, equals, value = (part.strip() for part in pair.partition("="))
            if not (column and equals and value):
                expected = "FOLDER or FOLDER:COLUMN=VALUE, such as photographs:task=search"
                raise InputError(option, expected, repr(str(text)))
            where.append((column, value))
        root = Path(path).expanduser().absolute()
        if not root.is_dir():
            raise InputError(option, "the folder of a dataset", path or "nothing")
        return cls(root, tuple(where))

    @cached_property
    def format(self):
        """The name of its `datasets.Format`; `InputError` where it looks like none."""
        names = recognised(self.root)
        if not names:
            expected = f"a folder with images/ and {folder.FIXATIONS}, {folder.MASKS}/ or so in it"
            there = sorted(path.name for path in self.root.iterdir())
            raise InputError(self.root, expected, listing(there, 5) or "an empty folder")
        return "folder" if "folder" in names else next(iter(names))

    @property
    def parts(self):
        """The sets that it joins, or itself alone."""
        if self.format != "joined":
            return [self]
        roots = (Path(one["root"]).expanduser() for one in joined.sets_in(self.root))
        return [Place((self.root / root).resolve()) for root in roots]

    def has(self, part):
        """Whether all that it is made of has a file or folder of that name.

        What is in another layout than that of a folder of one's own only its reader knows.
        """
        return all(one.format != "folder" or (one.root / part).exists() for one in self.parts)

    @property
    def about(self):
        """What sets.json says of it."""
        form = {} if self.format == "folder" else {"format": self.format}
        where = {"where": dict(self.where)} if self.where else {}
        return {"root": str(self.root)} | form | where


@dataclass(frozen=True)
class OwnSet:
    """The sets of one's own of one role, read as one where they are several."""

    places: tuple
    option: str
    out: Path

    @property
    def alone(self):
        """Whether it is one folder, read as it is."""
        return len(self.places) == 1 and not self.places[0].where

    @property
    def name(self):
        """That of its folder; of several, their names with + between."""
        return "+".join(place.root.resolve().name for place in self.places)

    @property
    def folder(self):
        """The folder that is read."""
        return self.places[0].root if self.alone else self.out / JOINED / self.name

    @property
    def fields(self):
        """Of a configuration's data."""
        return {"name": self.places[0].format if self.alone else "joined", "root": self.folder}

    def write(self):
        """Write down which sets are read as one, if they are several."""
        if not self.alone:
            joined.write(self.folder, [place.about for place in self.places])

    def check(self):
        """Refuse videos, which no network of this study is trained on, and names that mislead."""
        for place in self.places:
            if DATASETS[place.format].kind == VIDEOS:
                expected = (
                    "pictures; networks of videos of your own are compared by: python "
                    "experiments/action.py compare paper --data.name video_folder --data.root "
                    "FOLDER --data.flow-root FLOW"
                )
                raise InputError(self.option, expected, f"videos in {place.root}")
        names = [place.root.resolve().name for place in self.places]
        if len(set(names)) < len(names):
            expected = "folders of different names, which rows bear"
            raise InputError(self.option, expected, listing(names))
        if self.fields["name"] == "folder" and self.name in DATASETS:
            expected = (
                "a folder of another name than a dataset's, which its rows would be taken for"
            )
            raise InputError(self.option, expected, self.name)


class OwnSets:
    """What a study of one's own data is made of: a set with masks, and one with gaze.

    sources: a `sources.Sources`. out: the folder of the study. `InputError` for folders that it
    cannot be made of.
    """

    def __init__(self, sources, out):
        self.masks = _role(sources.masks, MASKS, out)
        self.gaze = _role(sources.gaze, GAZE, out)
        if self.gaze is None:
            expected = f"a folder with images/ and {folder.FIXATIONS}, which the study is about"
            raise InputError(GAZE, expected, "none")
        without = [place.root for place in self.gaze.places if not place.has(folder.FIXATIONS)]
        if without:
            expected = f"{folder.FIXATIONS} in it; pictures with masks and without gaze are {MASKS}"
            raise InputError(GAZE, expected, listing(without))
        if self.masks is not None:
            self._check_masks()

    def _check_masks(self):
        without = [
            place.root
            for place in self.masks.places
            if not place.has(folder.MASKS) or FOLDED not in DATASETS[place.format].tasks
        ]
        if without:
            raise InputError(MASKS, f"{folder.MASKS}/ in it", listing(without))
        if self.masks.name == self.gaze.name:
            expected = f"folders of another name than those of {GAZE}, since runs are called so"
            raise InputError(MASKS, expected, self.masks.name)
        if FOLDED not in self.tasks:
            expected = f"none, for {GAZE} has no {folder.MASKS}/ to go on with"
            raise InputError(MASKS, expected, self.masks.name)

    @property
    def tasks(self):
        """The tasks whose networks can learn from the set with gaze."""
        parts = {FOLDED: folder.MASKS, CLASSIFIED: folder.CLASSES}
        every = self.gaze.places
        return tuple(
            task
            for task, part in parts.items()
            if all(task in DATASETS[one.format].tasks and one.has(part) for one in every)
        )

    def check_tasks(self, tasks):
        """Those of some tasks that there are data of; `InputError` where that is none."""
        found = tuple(task for task in tasks if task in self.tasks)
        if not found:
            expected = f"{folder.MASKS}/ beside the gaze for Task 1, or {folder.CLASSES} for Task 3"
            raise InputError(GAZE, expected, f"neither for {listing(tasks)} in {self.gaze.name}")
        return found

    def of(self, task):
        """The `StudySet`s of a task by name, each after its first."""
        found, first = {}, None
        if task == FOLDED and self.masks is not None:
            one, first = self.masks, self.masks.name
            gaze = all(place.has(folder.FIXATIONS) for place in one.places)
            # What it learns is what folds start from: one fold tells how well it did.
            found[first] = StudySet(first, one.fields, None, folds=(0,), references=gaze)
        found[self.gaze.name] = StudySet(self.gaze.name, self.gaze.fields, first)
        return found

    def write(self):
        """Write down which sets are read as one."""
        for one in (self.masks, self.gaze):
            if one is not None:
                one.write()


def _role(places, option, out):
    if not places:
        return None
    one = OwnSet(tuple(Place.of(text, option) for text in places), option, Path(out))
    one.check()
    return one
