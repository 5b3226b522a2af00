"""Intervals and tests against SciPy, by hand and by property."""

import numpy as np
import pytest
from scipy import stats

from keras_attn.statistics import (
    RESAMPLES,
    bootstrap_interval,
    evenly,
    holm,
    mean_of_seen,
    paired_p,
    paired_share_interval,
    rank_correlation,
    resampled_deviations,
    resampled_sums,
    resamples,
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


def test_resamples_have_as_many_examples_and_are_the_same_each_time():
    [drawn], [again] = resamples(30), resamples(30)
    assert drawn.shape == (RESAMPLES, 30) and (drawn.sum(axis=1) == 30).all()
    np.testing.assert_array_equal(drawn, again)
    assert not np.array_equal(drawn, next(resamples(30, seed=1)))


def test_resamples_in_parts_that_are_not_kept_are_those_that_are(rng, monkeypatch):
    columns = rng.uniform(size=(40, 8))
    whole = resampled_sums(columns)
    monkeypatch.setattr("keras_attn.statistics.PART", 1000)
    monkeypatch.setattr("keras_attn.statistics.KEPT", 0)
    assert len(list(resamples(40))) == RESAMPLES * 40 // 1000
    np.testing.assert_allclose(resampled_sums(columns), whole, rtol=1e-5)


def test_the_mean_of_few_values_varies_in_resamples_as_in_truth(rng):
    """Over draws of 2, 3 and 5 values of variance 4, its variance is on average 4 / n."""
    for count in (2, 3, 5):
        made = [resampled_deviations(rng.normal(0, 2, count)).var() for _ in range(2000)]
        assert np.mean(made) == pytest.approx(4 / count, rel=0.1)
    assert (resampled_deviations([0.3]) == 0).all()
    assert set(resampled_deviations([1.0, 2.0])) == {-0.5, 0.5}


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


def test_more_variance_is_as_fewer_examples():
    """p (1 − p) = .25: a variance of .0025 of 100 examples doubles, as of 50."""
    assert wilson_interval(0.5, 100, more=0.0025) == pytest.approx(wilson_interval(0.5, 50))
    assert wilson_interval(1.0, 20, more=0.0) == wilson_interval(1.0, 20)
    half = 1.96 * np.sqrt(1 / 49**2 + 0.01)
    found = paired_share_interval(np.zeros(47), more=0.01)
    assert found == pytest.approx((-half, half), abs=1e-5)


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
