"""Scores of the ranking of a group's videos, such as mAP: of each seed, then their mean.

Reads no file and knows no table.
"""

from dataclasses import dataclass, replace

import numpy as np

from keras_attn.metrics.recognition import mean_average_precision
from keras_attn.statistics import resamples


@dataclass(frozen=True, eq=False)
class Ranking:
    """Class scores of videos under each seed.

    scores: `(seeds, videos, classes)`, NaN where a video was not scored under a seed. labels: bool
    `(videos, classes)`. The videos are in the order of their ids.
    """

    scores: np.ndarray
    labels: np.ndarray

    def among(self, places):
        """The ranking of some of the videos."""
        return replace(self, scores=self.scores[:, places], labels=self.labels[places])

    def seeds(self):
        """Labels and scores of the videos of each seed, and which those are."""
        for scores in self.scores:
            there = ~np.isnan(scores[:, 0])
            if there.any():
                yield self.labels[there], scores[there], there

    def mean(self, statistic):
        """Mean over the seeds of `statistic(labels, scores)`; NaN without a video.

        Scores are never averaged over seeds: that would be the ranking of an ensemble.
        """
        found = [statistic(labels, scores) for labels, scores, _ in self.seeds()]
        return float(np.mean(found)) if found else np.nan

    def mean_ap(self, interpolation):
        """mAP as `metrics.recognition.mean_average_precision` has it, its mean over the seeds."""
        return self.mean(lambda *pair: mean_average_precision(*pair, interpolation))

    def resampled(self, interpolation, codes=None):
        """`mean_ap` of each bootstrap resample of the videos, one or more of them.

        codes: of groups of videos that are drawn as a whole, as `statistics.resamples` takes them.
        The same videos are drawn for all seeds, and for all rankings of as many videos. A class of
        which none is drawn leaves the mean of that resample.
        """
        found = []
        for drawn in resamples(len(self.labels), codes=codes):
            one = [
                _mean_ap_of(drawn[:, there], labels, scores, interpolation)
                for labels, scores, there in self.seeds()
            ]
            found.append(np.nanmean(one, axis=0))
        return np.concatenate(found)


def ranking_of(rows, scores, labels):
    """The `Ranking` of the rows of a group; means over folds where several scored a video.

    rows: a DataFrame with id and seed. scores, labels: `(rows, classes)`, NaN in the columns of
    classes that the group does not have.
    """
    known = ~np.isnan(scores).all(axis=0)
    _, video = np.unique(rows["id"].to_numpy(str), return_inverse=True)
    _, seed = np.unique(rows["seed"].to_numpy(np.float64), return_inverse=True)
    shape = (seed.max(initial=-1) + 1, video.max(initial=-1) + 1, np.count_nonzero(known))
    sums, counts = np.zeros(shape), np.zeros((*shape[:2], 1))
    np.add.at(sums, (seed, video), scores[:, known])
    np.add.at(counts, (seed, video), 1)
    truth = np.zeros(shape[1:], bool)
    truth[video] = labels[:, known] == 1
    return Ranking(np.where(counts, sums / np.maximum(counts, 1), np.nan), truth)


def _mean_ap_of(drawn, labels, scores, interpolation):
    """mAP of each resample; drawn: `(resamples, videos)`, how often each video is in it."""
    there = np.flatnonzero(labels.any(axis=0))
    classes = [_ap_of(drawn, labels[:, c], scores[:, c], interpolation) for c in there]
    found = np.array(classes).reshape(-1, len(drawn))
    counted = np.count_nonzero(~np.isnan(found), axis=0)
    return np.where(counted, np.nansum(found, axis=0) / np.maximum(counted, 1), np.nan)


def _ap_of(drawn, truth, score, interpolation):
    """Average precision of a class in each resample; NaN where no video of the class is drawn.

    Recall grows at the videos of the class alone, so the precision is needed there alone: of all
    that score at least as high, the share of those of the class.
    """
    own = np.flatnonzero(truth)
    own = own[np.argsort(-score[own], kind="stable")]
    before = (score[:, None] >= score[own]).astype(np.float32)
    hits, total = drawn[:, own] @ before[own], drawn @ before
    precision = hits / np.maximum(total, 1)
    if interpolation is not None:
        precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    found, count = (drawn[:, own] * precision).sum(axis=1), drawn[:, own].sum(axis=1)
    return np.where(count, found / np.maximum(count, 1), np.nan)
