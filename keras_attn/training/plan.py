"""What a task hands over to be trained: how to build the network, its batches and its scorer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Trainee:
    """A network, and what of it is trained.

    network: the whole, which is saved and returned. learner: the compiled model that is fitted;
    the network itself, or a part that shares its layers.
    """

    network: Any
    learner: Any

    @classmethod
    def of(cls, network):
        """A network that is trained as a whole."""
        return cls(network, network)


@dataclass(frozen=True)
class Plan:
    """A training as `fit` carries it out.

    build: () -> `Trainee`, with its initial weights; called after seeding, under the precision and
    within the scope of the strategy. epochs: how many; after each the state is saved. steps:
    batches in each epoch. batches: (learner, first epoch) -> `tf.data.Dataset` of (x, y) from there
    on; the order of an epoch must not depend on where it was begun.
    scorer: network -> `evaluation.Scorer` of it, for the validation. opened: learner -> the network
    that is scored; by default itself.
    """

    build: Callable
    epochs: int
    steps: int
    batches: Callable
    scorer: Callable
    opened: Callable = lambda learner: learner

    @classmethod
    def of(cls, made, build, scorer):
        """That of a network which is trained as a whole on `made`, a `pipeline.Epochs`.

        build: () -> the compiled network. scorer: as above.
        """
        return cls(lambda: Trainee.of(build()), made.epochs, made.steps, made.of, scorer)
