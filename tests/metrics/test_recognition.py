"""Average precision against peers and by hand; accuracy and fooling rate."""

import numpy as np
import pytest
from conftest import GOLDEN, refused

from keras_attn.metrics.recognition import (
    accuracy,
    average_precision,
    fooling_rate,
    mean_average_precision,
    top_average_precision,
)


def test_it_is_that_of_the_definition_and_of_scikit_learn():
    """200 scores with ties; values of scikit-learn 1.9.1, the first with its curve's envelope."""
    stored = np.load(GOLDEN / "ap.npz")
    truth, score = stored["y_true"], stored["score"]
    assert average_precision(truth, score) == pytest.approx(0.5995966748339226, abs=1e-9)
    plain = average_precision(truth, score, None)
    assert plain == pytest.approx(0.5937415823546883, abs=1e-9)


def test_by_hand():
    """Hits at ranks 1, 3 and 4: precisions 1, 2/3, 3/4, of which 2/3 becomes 3/4."""
    truth, score = [1, 0, 1, 1, 0], [5, 4, 3, 2, 1]
    assert average_precision(truth, score, None) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert average_precision(truth, score) == pytest.approx((1 + 3 / 4 + 3 / 4) / 3)


def test_a_perfect_and_a_worst_ranking():
    assert average_precision([1, 1, 0, 0], [4, 3, 2, 1]) == 1
    assert average_precision([0, 0, 0, 1], [4, 3, 2, 1]) == pytest.approx(1 / 4)


def test_a_constant_score_is_the_share_of_the_class():
    assert average_precision([1, 0, 0, 1, 0], np.zeros(5)) == pytest.approx(2 / 5)


def test_the_order_of_ties_does_not_matter(rng):
    truth, score = rng.random(60) < 0.3, rng.integers(0, 5, 60)
    order = rng.permutation(60)
    assert average_precision(truth[order], score[order]) == average_precision(truth, score)


def test_the_mean_is_over_the_classes_that_have_a_video():
    truth = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0]])
    score = np.array([[3.0, 0.0, 1.0], [2.0, 1.0, 1.0], [1.0, 2.0, 1.0]])
    assert mean_average_precision(truth, score) == 1
    assert mean_average_precision(truth, -score) == pytest.approx(
        (0.5 * 2 / 3 + 0.5 * 2 / 3 + 2 / 3) / 2
    )


def test_the_score_of_the_two_stream_code_counts_predicted_videos_alone():
    """Class 0: predicted are videos 0 and 1, a hit and a miss; class 1: video 2, a hit."""
    truth = np.array([[1, 0], [0, 1], [1, 1]])
    score = np.array([[3.0, 0.0], [2.0, 1.0], [0.0, 1.0]])
    assert top_average_precision(truth, score) == pytest.approx((0.5 + 0.5) / 2)
    assert top_average_precision(truth, score, most=1) == 1


def test_accuracy_and_fooling_rate():
    assert accuracy([0, 1, 1], [[2, 1], [0, 1], [5, 4]]) == pytest.approx(2 / 3)
    assert fooling_rate([0, 1, 1, 2], [0, 2, 1, 0]) == 0.5
    assert fooling_rate([0, 1, 1, 2], [0, 2, 1, 0], [0, 1, 0, 1]) == 0.5
    assert np.isnan(fooling_rate([0, 1], [0, 0], [1, 0]))


@pytest.mark.parametrize(
    ("call", "facts"),
    [
        (lambda: average_precision([0, 0], [1, 2]), ("y_true", "one video")),
        (lambda: average_precision([0, 1], [1, np.nan]), ("score", "finite numbers")),
        (
            lambda: average_precision([0, 1], [1, 2, 3]),
            ("y_true, score", "", "shapes (2,) and (3,)"),
        ),
        (
            lambda: average_precision([0, 1], [1, 2], "eleven"),
            ("interpolation", "'all_points'", "'eleven'"),
        ),
        (lambda: mean_average_precision([0, 1], [1, 2]), ("y_true, score", "(videos, classes)")),
        (lambda: mean_average_precision([[0]], [[1]]), ("y_true", "one class")),
        (lambda: accuracy([0], [1]), ("y_true, score", ("(n,)", "(n, classes)"))),
    ],
)
def test_what_cannot_be_scored_is_named(call, facts):
    with refused(*facts):
        call()


@pytest.mark.parametrize("labels", [["cat", "dog"], [0.0, 1.0], [-1, 0], [0, 3]])
def test_labels_that_are_no_places_of_classes_are_refused(labels):
    with refused("y_true", "from 0 to 2"):
        accuracy(labels, np.eye(3)[:2])
