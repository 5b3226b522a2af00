"""Claims that one kind of network gains more by an attention than another kind of network."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from keras_attn.errors import InputError, listing
from keras_attn.report.naming import backbone_title, dataset_title
from keras_attn.report.numbers import decimals
from keras_attn.report.paper.kinds.cells import cells_of
from keras_attn.report.paper.kinds.claim import Claim, ClaimPart, Comparison
from keras_attn.report.paper.kinds.order import title_of
from keras_attn.report.paper.kinds.quantities import Gains, ScoreDifference


@dataclass(frozen=True)
class GainsMore(Claim):
    """That one backbone gains more by an attention over another one than other backbones do.

    Args:
        key: its name, of letters, digits and any of "_.+-".
        question: of `QUESTIONS`, such as "Q5".
        section: where the paper says it, such as "IV-A"; "" for a claim that the paper does not
            make.
        words: what it says, in our words.
        tables: numbers of the tables that it is about, such as ("V",).
        gaining: the attention, and the one it is compared with.
        groups: pairs of a backbone, and those that gain less; each pair is a part of its own in
            every dataset and metric.
        where: values by label that the cells are limited to.

    Raises:
        InputError: A field cannot be meant; the message names it.

    Example:

    >>> from keras_attn.report.paper.claims import GainsMore
    >>> claim = GainsMore(
    ...     "mine", "Q7", "", "VGG16 gains most by supervision", ("VII",),
    ...     gaining=("supervised", "sigmoid"), groups=(("vgg16", ("alexnet", "resnet50")),),
    ... )
    >>> len(claim.parts()) > 0
    True
    """

    gaining: tuple
    groups: tuple
    where: Mapping = field(default_factory=dict)

    def parts(self) -> list[ClaimPart]:
        """A `ClaimPart` for each cell and group."""
        return [
            ClaimPart(title, tuple(_compared(gains, most, less)))
            for title, gains in self._gains()
            for most, less in self.groups
        ]

    def numbers(self) -> str:
        """Such as "gains of AlexNet, VGG16, ResNet50: accuracy on CUB-VWSW 0.033, 0.039, 0.022"."""
        sentences = []
        for title, gains in self._gains():
            sizes = ", ".join(decimals(gain.printed(), 3) for gain in gains.values())
            dataset = dataset_title(next(iter(gains.values())).one.labels["dataset"])
            sentences.append(f"{title} on {dataset} {sizes}")
        names = ", ".join(backbone_title(name) for name in self._gains()[0][1])
        return f"gains of {names}: {'; '.join(sentences)}"

    def _gains(self):
        """Pairs of a title and the gain of each backbone, a `ScoreDifference`."""
        by_cell = {}
        names = tuple(dict.fromkeys(name for most, less in self.groups for name in (most, *less)))
        limits = {"table": self.tables, "backbone": names, **self.where}
        for cells in cells_of("attention", self.gaining, **limits):
            one, other = (cells[name] for name in self.gaining)
            labels = {**one.labels, "attention": "", "backbone": ""}
            key = tuple(labels.items())
            _, gains = by_cell.setdefault(key, (title_of("metric", cells), {}))
            gains[one.labels["backbone"]] = ScoreDifference(one, other)
        for labels, (_, gains) in by_cell.items():
            if missing := [name for name in names if name not in gains]:
                expected = f"backbones in Table {dict(labels)['table']}"
                raise InputError("Claim.groups", expected, listing(missing))
        return list(by_cell.values())


def _compared(gains, most, less):
    for other in less:
        labels = {**gains[most].one.labels, "attention": "", "backbone": ""}
        names = [backbone_title(name) for name in (most, other)]
        what = f"gain of {names[0]} − of {names[1]}"
        yield Comparison(labels, *names, Gains(gains[most], gains[other]), what)
