"""mAP over seeds: its value by hand, and its interval against resamples that are really drawn."""

import numpy as np
import pandas as pd
import pytest

from keras_attn.metrics.recognition import mean_average_precision, top_average_precision
from keras_attn.report.rows.ranking import Ranking, ranking_of
from keras_attn.statistics import resamples


def drawn_ranking(rng, seeds=2, videos=30, classes=3):
    """A ranking in which many scores tie, and one class is rare."""
    scores = rng.integers(0, 6, (seeds, videos, classes)) / 5
    labels = np.eye(classes, dtype=bool)[rng.choice(classes, videos, p=[0.6, 0.35, 0.05])]
    labels[::7, 0] = True
    return Ranking(scores, labels)


def test_the_map_of_two_seeds_is_the_mean_of_each_ones():
    """One class, three videos of which the first is of it: ranked first, then third."""
    labels = np.array([[True], [False], [False]])
    scores = np.array([[[0.9], [0.5], [0.1]], [[0.1], [0.5], [0.9]]])
    assert Ranking(scores, labels).mean_ap("all_points") == pytest.approx((1 + 1 / 3) / 2)
    together = mean_average_precision(labels, scores.mean(axis=0))
    assert together == pytest.approx(1 / 3)


@pytest.mark.slow
@pytest.mark.parametrize("interpolation", ["all_points", None])
def test_resampled_maps_are_those_of_resamples_written_out(rng, interpolation):
    ranking = drawn_ranking(rng)
    [drawn] = resamples(30)
    values = []
    for counts in drawn.astype(int):
        again = ranking.among(np.repeat(np.arange(30), counts))
        values.append(again.mean_ap(interpolation))
    np.testing.assert_allclose(ranking.resampled(interpolation), values, rtol=1e-5)


def test_a_ranking_without_a_mistake_has_no_spread():
    labels = np.eye(2, dtype=bool)[[0, 0, 0, 1]]
    ranking = Ranking(labels[None].astype(float), labels)
    assert (ranking.resampled("all_points") == 1).all()
    assert np.isnan(ranking.among([]).mean_ap(None))


def test_each_seed_ranks_the_videos_that_it_scored():
    """Seed 1 has not scored the video that seed 0 ranks wrongly for both classes."""
    rows = pd.DataFrame({"id": ["b", "a", "c", "b", "a"], "seed": [0, 0, 0, 1, 1]})
    first = np.array([0.2, 0.1, 0.9, 0.2, 0.1])
    labels = np.array([[1, 0], [0, 1], [0, 1], [1, 0], [0, 1]])
    ranking = ranking_of(rows, np.column_stack([first, -first]), labels)
    assert ranking.labels[:, 0].tolist() == [False, True, False]
    alone = (1 / 2 + (1 + 2 / 3) / 2) / 2
    assert ranking.mean_ap("all_points") == pytest.approx((alone + 1) / 2)
    assert np.isfinite(ranking.resampled("all_points")).all()


def test_scores_of_several_folds_are_averaged_and_columns_of_no_class_left_out():
    rows = pd.DataFrame({"id": ["a", "a", "b"], "seed": [np.nan] * 3})
    scores = np.array([[0.2, np.nan], [0.6, np.nan], [0.5, np.nan]])
    ranking = ranking_of(rows, scores, np.array([[1, np.nan], [1, np.nan], [1, np.nan]]))
    np.testing.assert_allclose(ranking.scores, [[[0.4], [0.5]]])
    assert ranking.labels.tolist() == [[True], [True]]
    assert ranking.mean(top_average_precision) == 1
