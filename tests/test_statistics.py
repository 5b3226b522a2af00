"""Intervals and tests against SciPy, by hand and by property."""

import numpy as np
import pytest
from scipy import stats

from keras_attn.statistics import (
    bootstrap_curve_interval,
    bootstrap_interval,
    bootstrap_ratio_interval,
    evenly,
    holm,
    mean_of_seen,
    paired_p,
    paired_share_interval,
    rank_correlation,
    unpaired_p,
    wilson_interval,
)


def test_the_interval_of_a_mean_is_that_of_the_normal_theory(rng):
    values = rng.normal(3, 2, 400)
    low, high = bootstrap_interval(values)
    half = 1.96 * values.std(ddof=1) / 20
    assert low == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert high == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_the_interval_covers_the_truth_nineteen_times_in_twenty(rng):
    hits = 0
    for _ in range(200):
        low, high = bootstrap_interval(rng.exponential(1, 60))
        hits += low <= 1 <= high
    assert 176 <= hits <= 200


def test_the_interval_leaves_nan_out_and_is_the_same_each_time(rng):
    values = rng.normal(size=50)
    with_nan = np.concatenate([[np.nan], values, [np.nan]])
    assert bootstrap_interval(with_nan) == bootstrap_interval(values)


def test_one_value_has_no_interval_and_a_constant_one_of_width_zero():
    assert np.isnan(bootstrap_interval([1.0, np.nan])).all()
    assert np.isnan(bootstrap_interval([])).all()
    assert bootstrap_interval([0.5] * 9) == (0.5, 0.5)


def test_the_interval_of_a_curve_of_one_point_is_that_of_a_mean(rng):
    values = rng.normal(3, 2, 400)
    low, high = bootstrap_interval(values)
    found = bootstrap_curve_interval(values[:, None])
    assert found == pytest.approx((low, high), abs=0.05 * (high - low))
    narrow = bootstrap_curve_interval(values[:, None], level=0.5)
    assert low < narrow[0] < narrow[1] < high


def test_the_interval_of_a_maximum_is_that_of_the_point_that_always_wins(rng):
    values = rng.uniform(0.8, 1, 50)
    curves = np.stack([values - 0.5, values, values * 0], axis=1)
    alone = bootstrap_curve_interval(values[:, None])
    assert bootstrap_curve_interval(curves) == pytest.approx(alone, rel=1e-12)
    assert bootstrap_curve_interval(curves, np.min) == (0, 0)


def test_the_maximum_is_taken_of_mean_curves_not_of_curves():
    """Of these two, the mean curve of a resample has a maximum of 1/2 or 1, never below."""
    assert bootstrap_curve_interval(np.eye(2)) == (0.5, 1)


def test_curves_in_parts_are_resampled_as_at_once(rng, monkeypatch):
    curves = rng.uniform(size=(40, 8))
    whole = bootstrap_curve_interval(curves)
    monkeypatch.setattr("keras_attn.statistics.PART", 1000)
    assert bootstrap_curve_interval(curves) == pytest.approx(whole, rel=1e-12)


def test_constant_curves_have_no_width_and_one_has_no_interval():
    assert bootstrap_curve_interval([[0.25, 0.5]] * 8) == (0.5, 0.5)
    assert np.isnan(bootstrap_curve_interval([[0.25, 0.5], [np.nan, 1]])).all()
    assert np.isnan(bootstrap_curve_interval(np.empty((0, 3)))).all()


def test_paired_p_is_wilcoxons(rng):
    a, b = rng.normal(0.4, 1, 60), rng.normal(size=60)
    expected = stats.wilcoxon(a, b, method="approx").pvalue
    assert paired_p(a, b) == pytest.approx(expected)
    assert paired_p(b, a) == pytest.approx(expected)


def test_few_pairs_are_tested_exactly():
    """Of five that all differ one way, the smallest possible p is 2 / 2^5."""
    assert paired_p([1.0, 2, 3, 4, 5], [0.0] * 5) == 2 / 32
    assert paired_p([1.0, 2, 3, 4], [0.0] * 4) == 2 / 16


def test_paired_p_of_ties_is_not_decided_by_the_few_that_differ():
    a = np.zeros(100)
    a[:6] = 1
    assert paired_p(a, np.zeros(100)) > 0.05
    assert paired_p(a, a) == 1
    assert np.isnan(paired_p([np.nan], [1.0]))


def test_holm_by_hand():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.9, np.nan, 0.8]), [1, np.nan, 1])
    assert holm([]).shape == (0,)


def test_wilsons_interval_is_that_of_the_literature():
    """Newcombe (1998), Statistics in Medicine 17: 81 of 263, and 0 of 20."""
    np.testing.assert_allclose(wilson_interval(81 / 263, 263), (0.2553, 0.3662), atol=5e-5)
    np.testing.assert_allclose(wilson_interval(0, 20), (0, 0.1611), atol=5e-5)
    low, high = wilson_interval(1.0, 20)
    assert low == pytest.approx(1 - 0.1611, abs=5e-5) and high == 1
    assert np.isnan(wilson_interval(np.nan, 0)).all()


def test_the_interval_of_a_ratio_is_that_of_the_mean_where_all_count_alike(rng):
    values = rng.normal(size=80)
    low, high = bootstrap_ratio_interval(3 * values, np.full(80, 3))
    mean_low, mean_high = bootstrap_interval(values)
    assert (low, high) == (pytest.approx(mean_low, abs=0.03), pytest.approx(mean_high, abs=0.03))


def test_the_interval_of_a_ratio_holds_what_counts_more(rng):
    sums, counts = np.array([0.0] * 50 + [3.0] * 50), np.array([1] * 50 + [3] * 50)
    low, high = bootstrap_ratio_interval(sums, counts)
    assert low < 0.75 < high and low > 0.6


def test_the_mean_of_what_is_seen_leaves_nan_out_and_is_nan_where_nothing_is():
    values = np.array([[1.0, np.nan, 5.0], [3.0, np.nan, np.nan]])
    np.testing.assert_array_equal(mean_of_seen(values), [2.0, np.nan, 5.0])
    assert mean_of_seen([1.0, np.nan, 2.0]) == 1.5
    assert np.isnan(mean_of_seen([np.nan]))


def test_an_even_sample_has_both_ends_and_no_place_twice():
    """4 of 10 are 3 apart; of fewer than are asked for, all."""
    assert evenly(10, 4).tolist() == [0, 3, 6, 9]
    assert evenly(3, 4).tolist() == [0, 1, 2] and evenly(0, 4).tolist() == []
    for count in range(2, 60):
        places = evenly(count, 32)
        assert (places[0], places[-1]) == (0, count - 1) and (np.diff(places) > 0).all()


def test_the_unpaired_p_of_groups_without_overlap_is_that_of_the_orders():
    """3 and 3 values can be told apart in C(6, 3) = 20 ways, of which two are this far apart."""
    assert unpaired_p([1, 2, 3], [4, 5, 6]) == pytest.approx(2 / 20)
    assert unpaired_p([1, 2, np.nan, 3], [4, np.nan, 5, 6]) == pytest.approx(2 / 20)
    assert unpaired_p([1, 1], [1]) == 1
    assert np.isnan(unpaired_p([], [1, 2])) and np.isnan(unpaired_p([1], [np.nan]))


def test_the_interval_of_a_difference_of_shares_has_a_width_where_no_example_differs():
    """Of 47 pairs alike and the two that are added, z · √(1 / 49 / 49)."""
    assert paired_share_interval(np.zeros(47)) == pytest.approx((-1.96 / 49, 1.96 / 49), abs=1e-5)
    low, high = paired_share_interval([1.0, 1.0, np.nan])
    assert low < 0 and high == 1
    assert np.isnan(paired_share_interval([np.nan])).all()


def test_the_interval_of_a_difference_of_shares_covers_the_truth_nineteen_times_in_twenty(rng):
    drawn = rng.choice([-1, 0, 1], size=(1000, 40), p=[0.1, 0.7, 0.2])
    found = np.array([paired_share_interval(own) for own in drawn])
    hits = np.count_nonzero((found[:, 0] <= 0.1) & (found[:, 1] >= 0.1))
    assert 930 <= hits <= 985


def test_a_rank_correlation_is_one_for_any_rising_order_and_skips_nan():
    assert rank_correlation([1, 2, np.nan, 9], [0.1, 0.2, 5, 0.3])[0] == pytest.approx(1)
    rho, low, high = rank_correlation([3, 1, 2], [1, 2, 3])
    assert rho == pytest.approx(-0.5)  # 1 − 6 · (4 + 1 + 1) / (3 · 8)
    assert np.isnan([low, high]).all()


@pytest.mark.parametrize(("values", "others"), [([1, 2], [1, 2]), ([1, 1, 1, 1], [1, 2, 3, 4])])
def test_a_rank_correlation_of_too_few_or_of_a_constant_is_nan(values, others):
    assert np.isnan(rank_correlation(values, others)).all()


def test_the_interval_of_a_rank_correlation_holds_the_true_one_nineteen_times_of_twenty():
    """Of normal pairs whose ρ follows from their correlation r: 6 / π · asin(r / 2)."""
    r, held, tries, rng = 0.6, 0, 1000, np.random.default_rng(1)
    true = 6 / np.pi * np.arcsin(r / 2)
    for _ in range(tries):
        x, y = rng.multivariate_normal([0, 0], [[1, r], [r, 1]], size=20).T
        _, low, high = rank_correlation(x, y)
        held += low <= true <= high
    assert 0.94 < held / tries < 0.98
