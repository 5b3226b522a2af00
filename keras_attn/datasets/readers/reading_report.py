"""What a dataset consists of and what reading it has met, in counts that are told beside scores."""

from dataclasses import dataclass, field, replace

from keras_attn.errors import listing


@dataclass(repr=False)
class Report:
    """Counts that every reader keeps; `skipped` lists what was left out and why.

    What is in a dataset is counted anew for each part of it; what was dropped and skipped is known
    of the reading as a whole. read: how many examples that reading gave, 0 where none was read.
    """

    viewers: int = 0
    points: int = 0
    points_outside: int = 0
    points_not_a_number: int = 0
    remarks: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    read: int = 0

    def __repr__(self):
        return f"{type(self).__name__}({str(self)!r})"

    def of(self, examples):
        """A report of the same reading that counts these examples."""
        report = replace(self)
        report.count(examples)
        return report

    def line(self, parts, size, own, dropped, counts):
        """One line: what is there, what was dropped why, and those counts that are not zero.

        parts: what is there, in words. size: how many examples. own: further counts of them.
        dropped, counts: those of the whole reading.
        """
        total = sum(dropped.values())
        reading = f"{total} points dropped"
        if total:
            reading += f" ({', '.join(f'{count} {why}' for why, count in dropped.items())})"
        told = [reading] if self.read or total else []
        whole = self.read in (0, size)
        told += [*_counted(own if whole else {}), *_counted(counts), *self.remarks]
        if self.skipped:
            told.append(f"{len(self.skipped)} skipped: {listing(self.skipped, 3)}")
        if whole:
            return "; ".join([", ".join(parts), *told])
        text = "; ".join([", ".join(parts), *_counted(own)])
        return f"{text} (of all {self.read} that were read: {'; '.join(told)})"


def _counted(counts):
    return [f"{count} {name}" for name, count in counts.items() if count]


@dataclass(repr=False)
class ReadingReport(Report):
    """What is in a dataset of images, and what reading it has met, in counts.

    Args:
        viewers: how many there are.
        points: how many fixations, or samples of gaze.
        points_outside: dropped, off the picture.
        points_not_a_number: dropped, of which a coordinate or the viewer is NaN.
        remarks: sentences on what a reader of the data has to know.
        skipped: what was left out, and why, a sentence each.
        read: how many examples that reading gave, 0 where none was read.
        images: how many there are.
        masks: how many images have one.
        masks_without_object: masks in which nothing is object.
        images_without_fixations: images that nobody has looked at.
        known_removals: images that are known to have no mask, left out.
        pictures_rotated: stored rotated by EXIF, read upright.
        pictures_transparent: with transparency, laid on white.
        pictures_of_several: of several frames or pages, of which the first is read.

    Example:

    >>> import keras_attn as ka
    >>> one = ka.datasets.Example("ape", "ape.jpg", (9, 9), [(4, 4)], [1])
    >>> ka.datasets.GazeDataset("zoo", (one,), ka.datasets.ReadingReport()).report.points
    1
    """

    images: int = 0
    masks: int = 0
    masks_without_object: int = 0
    images_without_fixations: int = 0
    known_removals: int = 0
    pictures_rotated: int = 0
    pictures_transparent: int = 0
    pictures_of_several: int = 0

    def meet(self, picture):
        """Take down how the `PictureFile` of an image had to be read."""
        self.pictures_rotated += picture.rotated
        self.pictures_transparent += picture.transparent
        self.pictures_of_several += picture.several

    def how_read(self):
        """What a reader has to know of the files of the images: counts by their words."""
        return {
            "pictures stored rotated (EXIF), read upright": self.pictures_rotated,
            "pictures with transparency, laid on white": self.pictures_transparent,
            "pictures of several frames or pages, of which the first is read": (
                self.pictures_of_several
            ),
        }

    def count(self, examples):
        """Take down what these examples are."""
        self.images = len(examples)
        self.masks = sum(example.mask is not None for example in examples)
        codings = [example.mask_coding for example in examples if example.mask_coding is not None]
        self.masks_without_object = sum(coding.share == 0 for coding in codings)
        self.points = sum(len(example.points) for example in examples)
        self.viewers = len({s for example in examples for s in example.subjects.tolist()})
        self.images_without_fixations = sum(not len(example.points) for example in examples)

    def __str__(self):
        """One line; counts that are zero and need no comment are left out."""
        gaze = (
            [f"{self.viewers} viewers", f"{self.points} fixations"] if self.points else ["no gaze"]
        )
        parts = [f"{self.images} images", *gaze, *([f"{self.masks} masks"] * bool(self.masks))]
        without = self.images_without_fixations if self.points else 0
        return self.line(
            parts,
            self.images,
            {
                "images without fixations": without,
                "masks without an object": self.masks_without_object,
            },
            {"outside": self.points_outside, "not a number": self.points_not_a_number},
            {"known removals": self.known_removals, **self.how_read()},
        )
