"""The mixture that the ceiling of a dataset is made of, chosen once for all of its images."""

import numpy as np

from keras_attn import gaze
from keras_attn.evaluation.rows import CEILING_NOTE
from keras_attn.metrics import gold_standard


def note(mixture):
    """What the ceiling of an evaluation is made of: a `gold_standard.Mixture`, or None."""
    if mixture is None:
        why = f"no example has {gold_standard.TOLD_APART}"
        return f"{CEILING_NOTE}: none, and no share of it, for {why}."
    if not mixture.tells:
        return f"{CEILING_NOTE}: none, and no share of it, for {gold_standard.TELLS_NOTHING}."
    return (
        f"{CEILING_NOTE} is the score of each viewer's fixations under the density of all others "
        f"({mixture}), which was chosen once for the dataset by its likelihood."
    )


def mixture_of(scorers):
    """The `gold_standard.Mixture` of pictures; None where none has several viewers.

    scorers: the `GazeScores` of those that it is chosen from.
    """
    return gold_standard.fit([_viewing(one) for one in scorers])


def _viewing(scorer):
    pixels = gaze.pixels(gaze.resize(scorer.points, scorer.own, scorer.shape), scorer.shape)
    centre = scorer.centre_bias.ravel()[pixels]
    viewers = np.unique(scorer.subjects, return_inverse=True)[1]
    return gold_standard.Viewing(pixels, viewers, scorer.shape, centre, scorer.others.width)


def chosen(dataset):
    """Indices of the images of several viewers that a mixture is chosen from."""
    watched = [i for i, one in enumerate(dataset) if gold_standard.several(one.subjects)]
    places = gold_standard.chosen_images([len(dataset[i].points) for i in watched])
    return [watched[place] for place in places]
