"""What a task contributes to an evaluation."""

from typing import Protocol


class Scorer(Protocol):
    """What is fed of an example, and what is scored. segments: whether masks of objects are."""

    segments: bool

    def check(self, dataset):
        """Raise `InputError` for a dataset that cannot be scored."""

    def parts(self, example):
        """What the model is given of an example, one after the other: an image, or some clips."""

    def inputs(self, part):
        """Arrays by name of the model's inputs, without a batch axis."""

    def joined(self, outputs):
        """The outputs of an example as one dict, from those of its parts, a list of dicts."""

    def score(self, dataset, index, outputs):
        """Numbers by name, and arrays by name, of the example; outputs: arrays by name."""

    def keep(self, dataset, index, outputs):
        """Arrays by name to make pictures from."""

    def brief(self, dataset, index, outputs):
        """The little that is scored after every epoch."""

    def overall(self, briefs):
        """Numbers by name, from what `brief` returned for every example."""

    def picture(self, kept):
        """What `keep` returned as a picture, uint8 `(H, W, 3)`, all of one size."""
