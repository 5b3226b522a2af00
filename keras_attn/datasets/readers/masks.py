"""The masks of a dataset: what of each is object is found when they are read, from all of them.

Two values in a file are a mask (`mask_files` says which is the object); a file of one value is what
the others say of it; more than two values need a threshold, which then holds for every file.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from keras_attn.datasets.base import GazeDataset
from keras_attn.datasets.readers import mask_files
from keras_attn.datasets.readers.gaze_reader import GazeReader
from keras_attn.datasets.readers.mask_files import Survey
from keras_attn.errors import InputError, listing
from keras_attn.gaze_format import GazeFormat
from keras_attn.metrics.object_masks import Sides, check_threshold, one_alone

THREADS = 4
ALONG = 0.98
"""Share of the pixels at the edge of a mask that are object where it is turned round."""


@dataclass(frozen=True)
class MaskCoding:
    """What of a mask file is object: read with its dataset, kept with its example.

    path, shape (H, W): of the file. value: that pixels of the object have in the channel `band`.
    above: the threshold instead of it. share: of the file's pixels that are object. named: the
    threshold where its user named one, which then is part of the dataset's fingerprint. opaque:
    no mask of its dataset lies in an alpha channel.
    """

    path: Path
    shape: tuple
    share: float
    value: float | None = None
    band: int = 0
    above: float | None = None
    named: float | None = None
    opaque: bool = True

    def read(self):
        """The mask as booleans `(H, W)`."""
        if self.share in (0, 1):
            return np.full(self.shape, bool(self.share))
        with mask_files.opened(self.path) as image:
            if self.above is not None:
                return mask_files.above(image, self.above, self.path, self.opaque)
            return mask_files.channels(image)[self.band] == self.value


def read_mask(example):
    """The mask of an example as booleans `(H, W)`; `InputError` where it has none.

    A mask that was not read with its dataset is judged by itself alone.
    """
    if example.mask is None:
        raise InputError(f"example {example.id!r}", "an object mask", "none")
    coding = example.mask_coding
    if coding is None or coding.path != example.mask:
        coding = coding_of(example.mask)
    return coding.read()


def coding_of(path, threshold=None):
    """The `MaskCoding` of one file, judged by itself alone; threshold: as `MaskedReader`'s."""
    [coding] = _codings([mask_files.survey(path)], check_threshold(threshold), None)
    return coding()


class MaskedReader(GazeReader):
    """Reads images with gaze and masks, and finds out what of each mask is object.

    Args:
        name: of the dataset.
        on_bad_example: "raise", or "skip" to leave out and list images that cannot be used.
        note: what whoever reads scores has to know of the data, in sentences.
        form: as of a `GazeReader`.
        mask_threshold: the value that pixels of objects are above in masks of more than two values,
            as its user named it, or None.
        published: the one that the publishers of a dataset name, or None.

    Raises:
        InputError: `on_bad_example` is neither, or the threshold is no number.

    Example:

    >>> from pathlib import Path
    >>> import numpy as np, keras_attn as ka
    >>> from PIL import Image
    >>> Image.new("RGB", (20, 10)).save("ape.jpg")
    >>> Image.fromarray(np.uint8([[0] * 5 + [255] * 15] * 10)).save("ape.png")
    >>> reader = ka.datasets.readers.MaskedReader("zoo", "raise")
    >>> looks = np.array([[4.5, 4.5]]), np.array([1])
    >>> reader.add("ape", Path("ape.jpg"), Path("ape.png"), lambda: looks)
    >>> reader.dataset("zoo")[0].mask_coding.share
    0.75
    """

    def __init__(
        self,
        name: str,
        on_bad_example: Literal["raise", "skip"],
        note: str = "",
        form: GazeFormat | None = None,
        *,
        mask_threshold: float | None = None,
        published: float | None = None,
    ) -> None:
        super().__init__(name, on_bad_example, note, form)
        self.threshold, self.published = check_threshold(mask_threshold), published

    def dataset(self, root: str | Path, **options: Any) -> GazeDataset:
        """The dataset of all that was added, each example with the coding of its mask.

        Args:
            root: as of `GazeReader.dataset`.
            options: likewise.

        Returns:
            A `GazeDataset`.

        Raises:
            InputError: As `GazeReader.dataset` does; for a mask of which cannot be told what is
                object; and for a threshold that no mask has a pixel above.
        """
        masked = [e for e in self.examples if e.mask is not None and e.mask_coding is None]
        paths = [example.mask for example in masked]
        with ThreadPoolExecutor(THREADS) as pool:
            surveys = list(pool.map(_kept, paths))
            codings = _codings(surveys, self.threshold, self.published)
            codings = pool.map(partial(_caught, InputError), codings)
        found = dict(zip((example.id for example in masked), codings, strict=True))
        examples, self.examples = self.examples, []
        for example in examples:
            coding = found.get(example.id, example.mask_coding)
            self.keep(example.id, partial(_with, example, coding))
        kept = [example.mask_coding for example in self.examples if example.mask_coding]
        self._check_threshold(surveys, kept)
        self.report.remarks += _remarks(surveys, kept)
        return super().dataset(root, **options)

    def _check_threshold(self, surveys, codings):
        """Refuse a threshold above everything: masks that do differ within have no object then."""
        several = any(len(s.values) > 1 or s.soft for s in surveys if isinstance(s, Survey))
        if self.threshold is not None and several and not any(made.share for made in codings):
            expected = "a value that pixels of the masks are above, on the scale of their files"
            received = f"{self.threshold:g}, which none of {len(codings)} masks has a pixel above"
            raise InputError("mask_threshold", expected, received)


def _remarks(surveys, codings):
    """What is told of masks that are read as they are: a list of sentences."""
    told, shares = [], [made.share for made in codings]
    void = sum(s.void for s in surveys if isinstance(s, Survey))
    if void and any(made.above is not None and made.above < mask_files.VOID for made in codings):
        told.append(f"255 is object too in {void} masks of labels, in which it may stand for void")
    if shares and np.mean(shares) > 0.5:
        share = f"{np.mean(shares):.0%} of the pixels of the masks"
        return [*told, f"the larger value is the object: {share}"]
    framed = [made for made in codings if made.share > 0.5 and _all_along_the_edge(made)]
    if framed and len(framed) < len(codings) / 2:
        names = listing([made.path.name for made in framed], 3)
        told.append(f"object all along the edge, as in a mask turned round: {names}")
    return told


def _all_along_the_edge(coding):
    mask = coding.read()
    edges = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return coding.share < 1 and edges.mean() > ALONG


def notes(dataset):
    """What a reader of scores has to know of a dataset's masks, in sentences."""
    report = dataset.report
    if not report.masks_without_object:
        return ()
    count = f"{report.masks_without_object} of {report.masks} masks hold no object"
    return (f"{count}: every F-measure there is 0, whatever is predicted.",)


def _caught(kind, call):
    """What `call()` returns, or the error of this kind that it raised."""
    try:
        return call()
    except kind as error:
        return error


def _kept(path):
    return _caught(InputError, partial(mask_files.survey, path))


def _with(example, coding):
    if isinstance(coding, InputError):
        raise coding
    return replace(example, mask_coding=coding)


def _codings(surveys, threshold, published):
    """A function for each survey, or error in its place, that makes the `MaskCoding` or raises.

    A threshold holds for all files: where soft masks are a rule, one of two values is as soft.
    """
    usable = [survey for survey in surveys if isinstance(survey, Survey)]
    above, opaque = threshold, not any(survey.in_alpha for survey in usable)
    if above is None and any(survey.soft for survey in usable):
        above = published
    sides = Sides()
    if above is None:
        for survey in usable:
            if len(survey.values) == 2:
                sides.learn(survey.path, *survey.values)
    named = threshold if threshold != published else None
    made = MaskCoding(Path(), (), 0.0, above=above, named=named, opaque=opaque)
    return [partial(_coding, survey, sides, made) for survey in surveys]


def _coding(survey, sides, made):
    """The coding of one file; made: what all those of its dataset share."""
    if isinstance(survey, InputError):
        raise survey
    made = replace(made, path=survey.path, shape=survey.shape)
    if made.above is not None:
        with mask_files.opened(survey.path) as image:
            share = mask_files.above(image, made.above, survey.path, made.opaque).mean()
        return replace(made, share=float(share))
    if survey.error is not None:
        raise survey.error
    if len(survey.values) == 2:
        share = survey.counts[1] / sum(survey.counts)
        return replace(made, share=share, band=survey.band, value=survey.level)
    [value] = survey.values
    is_object = sides.of(value)
    if is_object is None:
        is_object = mask_files.alone(value, made.opaque)
    if is_object is None:
        raise one_alone(survey.path, value)
    return replace(made, share=float(is_object))
