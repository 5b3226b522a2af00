"""What each viewer's fixations alone say of each map of an audit, as one long table."""

import numpy as np
import pandas as pd

from keras_attn.evaluation.rows import FIXATIONS, IMAGE, OF_MAP, VIEWER
from keras_attn.metrics.columns import COLUMNS


def keys():
    """Keys of the metrics that are told by viewer, in their order."""
    return [column.key for column in COLUMNS if column.per_fixation is not None]


def table(told, images):
    """A DataFrame with a row per map, image and viewer; without rows where there are none.

    told: for each image `{RowName: its gaze_scores.ViewerScores, or None}`. images: their ids.
    Columns: OF_MAP, image, viewer (as text), fixations, and for each of `keys` the mean over the
    fixations of that viewer on that image.
    """
    names = list(dict.fromkeys(name for of_image in told for name in of_image))
    found = [(name, place, of[name]) for name in names for place, of in enumerate(told)]
    found = [one for one in found if one[2] is not None]
    if not found:
        return pd.DataFrame(columns=[*OF_MAP, IMAGE, VIEWER, FIXATIONS, *keys()])
    named, places, scores = zip(*found, strict=True)
    lengths = [len(one.names) for one in scores]
    labels = {
        label: _repeated([getattr(name, label) for name in named], lengths) for label in OF_MAP
    }
    labels[IMAGE] = _repeated([images[place] for place in places], lengths)
    # Few different texts, of which there are very many.
    labels[VIEWER] = pd.Categorical(np.concatenate([one.names.astype(str) for one in scores]))
    labels[FIXATIONS] = np.concatenate([one.fixations for one in scores])
    means = np.concatenate([one.means for one in scores])
    return pd.DataFrame(labels | dict(zip(keys(), means.T, strict=True)))


def _repeated(texts, lengths):
    codes, different = pd.factorize(np.array(texts, object))
    return pd.Categorical.from_codes(np.repeat(codes, lengths), different)
