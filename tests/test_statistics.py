"""Intervals and tests against SciPy, by hand and by property."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from keras_attn.statistics import (
    RESAMPLES,
    bootstrap_interval,
    evenly,
    group_codes,
    holm,
    independent_share,
    mean_of_seen,
    paired_p,
    paired_share_interval,
    paired_share_p,
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


def test_few_pairs_of_equal_differences_are_tested_exactly():
    """As of a map that is perfect on each of seven images: the normal limit would say 0.008."""
    for count in (4, 7, 20):
        assert paired_p([1.0] * count, [0.5] * count) == pytest.approx(2.0 ** (1 - count))
    signs = np.array(list(product([-1, 1], repeat=7)))
    for one in ([1, 1, -1, 2, 2, 2, 3], [0, 1, 1, 1, 1, 1, 1], [0, 0, 0, 4, 4, 4, -4]):
        ranks = stats.rankdata(np.abs(one))
        p = np.mean(np.abs(signs @ ranks) >= abs(np.sign(one) @ ranks) - 1e-9)
        assert paired_p(one, np.zeros(7)) == pytest.approx(p)


def test_few_pairs_without_ties_have_the_p_of_scipys_exact_test(rng):
    for count in (3, 10, 50):
        values = rng.normal(0.3, 1, count)
        expected = stats.wilcoxon(values, method="exact").pvalue
        assert paired_p(values, np.zeros(count)) == pytest.approx(expected, rel=1e-9)


def test_paired_p_of_ties_is_not_decided_by_the_few_that_differ():
    a = np.zeros(100)
    a[:6] = 1
    assert paired_p(a, np.zeros(100)) > 0.05
    assert paired_p(a, a) == 1
    assert np.isnan(paired_p([np.nan], [1.0]))


@pytest.mark.parametrize(
    ("one_alone", "other_alone", "p"),
    [
        (23, 11, 0.05761267291381955),
        (12, 3, 0.03515625),
        (6, 0, 0.03125),
        (5, 5, 1.0),
        (40, 61, 0.046044066929342785),
    ],
)
def test_the_paired_p_of_shares_is_mcnemars_exact_one(one_alone, other_alone, p):
    """Values of `mcnemar(exact=True)` of statsmodels 0.14; those told alike change nothing."""
    values = np.repeat([1.0, 0.0], [one_alone, other_alone])
    for alike in (0, 500):
        both = np.arange(alike) % 2
        one, other = np.concatenate([values, both]), np.concatenate([1 - values, both])
        assert paired_share_p(one, other) == pytest.approx(p, rel=1e-12)
        assert paired_share_p(other, one) == pytest.approx(p, rel=1e-12)
    assert paired_share_p([1.0, np.nan], [1.0, 0.0]) == 1
    assert np.isnan(paired_share_p([np.nan], [1.0]))


def of_all_flips(sums):
    """The p of a sum of these among those with any of their signs turned."""
    signs = np.array(list(product([-1, 1], repeat=len(sums))))
    return np.mean(np.abs(signs @ sums) >= abs(np.sum(sums)) - 1e-9)


@pytest.mark.parametrize("seeds", [(1, 1), (2, 2), (3, 3), (3, 5)])
def test_the_paired_p_of_shares_over_seeds_and_groups_is_that_of_all_flips(rng, seeds):
    for _ in range(5):
        one, other = (rng.integers(0, 2, (12, count)).mean(axis=1) for count in seeds)
        assert paired_share_p(one, other) == pytest.approx(of_all_flips(one - other), rel=1e-9)
        groups = ["a", "a", "a", "b", "b", "c", "c", "d", None, None, "", "e"]
        sums = np.bincount(group_codes(groups), one - other)
        assert paired_share_p(one, other, groups) == pytest.approx(of_all_flips(sums), rel=1e-9)


def test_the_paired_p_of_shares_over_seeds_is_scipys_permutation_test(rng):
    one, other = (rng.integers(0, 2, (9, 3)).mean(axis=1) for _ in range(2))
    found = stats.permutation_test(
        (one, other),
        lambda a, b, axis: (a - b).sum(axis=axis),
        permutation_type="samples",
        vectorized=True,
    )
    assert paired_share_p(one, other) == pytest.approx(found.pvalue, rel=1e-9)


def test_each_example_twice_in_a_group_is_as_once_also_for_shares(rng):
    one, other = (rng.integers(0, 2, 60).astype(float) for _ in range(2))
    twice = paired_share_p(np.repeat(one, 2), np.repeat(other, 2), np.repeat(np.arange(60), 2))
    assert twice == pytest.approx(paired_share_p(one, other), rel=1e-12)
    assert paired_share_p(one, other, range(60)) == paired_share_p(one, other)


def test_shares_of_no_common_parts_are_tested_by_the_normal_limit_of_flips(rng):
    one, other = rng.random(400), rng.random(400) + 0.02
    apart = one - other
    flips = np.abs(rng.choice([-1, 1], (20_000, 400)) @ apart) >= abs(apart.sum())
    assert paired_share_p(one, other) == pytest.approx(flips.mean(), abs=0.015)


def test_the_test_of_shares_errs_no_more_often_than_it_says(rng):
    """Of 400 tests of two networks that are right alike often, in groups that resemble."""
    groups, below = np.repeat(np.arange(30), 4), 0
    for _ in range(400):
        ease = rng.random(30)[groups]
        one, other = (
            (rng.random(120) < np.clip(ease + 0.3 * rng.normal(size=30)[groups], 0, 1)) * 1.0
            for _ in range(2)
        )
        below += paired_share_p(one, other, groups) < 0.05
    assert below <= 32


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


def test_groups_of_one_change_nothing_to_the_digit(rng):
    values, others = rng.normal(0.6, 0.1, 37), rng.normal(0.6, 0.1, 37)
    for alone in (range(37), [f"g{n}" for n in range(37)], [None] * 37, [""] * 37, [np.nan] * 37):
        assert bootstrap_interval(values, groups=alone) == bootstrap_interval(values)
        assert paired_p(values, others, alone) == paired_p(values, others)
        assert unpaired_p(values, others, (alone, alone)) == unpaired_p(values, others)
        assert independent_share(values > 0.6, alone) == 1
        differences = np.sign(values - others)
        known = paired_share_interval(differences)
        assert paired_share_interval(differences, groups=alone) == pytest.approx(known)


def test_each_value_twice_in_a_group_says_no_more_than_once(rng):
    values, others = rng.normal(0.6, 0.1, 24), rng.normal(0.6, 0.1, 24)
    twice, groups = np.repeat(values, 2), np.repeat(np.arange(24), 2)
    assert bootstrap_interval(twice, groups=groups) == pytest.approx(bootstrap_interval(values))
    assert np.diff(bootstrap_interval(twice)) < 0.8 * np.diff(bootstrap_interval(values))
    assert paired_p(twice, np.repeat(others, 2), groups) == paired_p(values, others)
    both = (groups, groups)
    assert unpaired_p(twice, np.repeat(others, 2), both) == unpaired_p(values, others)
    right = (values > 0.55).astype(float)
    share = independent_share(np.repeat(right, 2), groups)
    known = wilson_interval(right.mean(), 24)
    assert wilson_interval(right.mean(), share * 48) == pytest.approx(known)
    known = paired_share_interval(right - (others > 0.6))
    apart = np.repeat(right - (others > 0.6), 2)
    assert paired_share_interval(apart, groups=groups) == pytest.approx(known)


def test_the_interval_of_groups_covers_the_truth_where_that_of_images_does_not(rng):
    """Pictures of one scene share what is special of it; groups of one to five pictures."""
    groups = np.repeat(np.arange(40), rng.integers(1, 6, 40))
    hits = np.zeros(2)
    for _ in range(150):
        values = rng.normal(0, 1, 40)[groups] + rng.normal(0, 0.5, len(groups))
        for place, its in enumerate((groups, None)):
            low, high = bootstrap_interval(values, groups=its)
            hits[place] += low <= 0 <= high
    assert hits[0] >= 132 and hits[1] <= 120


def test_a_test_takes_one_value_of_each_group(rng):
    groups = ["a", "a", "a", "b", None, "", "c", "c"]
    values = rng.normal(size=8)
    means = [values[:3].mean(), values[3], values[4], values[5], values[6:].mean()]
    assert paired_p(values, np.zeros(8), groups) == pytest.approx(paired_p(means, np.zeros(5)))
    with_nan = np.where(np.arange(8) == 1, np.nan, values)
    means[0] = values[[0, 2]].mean()
    assert paired_p(with_nan, np.zeros(8), groups) == pytest.approx(paired_p(means, np.zeros(5)))


def test_one_group_has_no_interval_and_equal_shares_count_once_for_each():
    assert np.isnan(bootstrap_interval([1.0, 2.0, 3.0], groups=["a"] * 3)).all()
    assert independent_share([1.0] * 6, ["a", "a", "b", "b", "b", None]) == 0.5
    assert independent_share([1.0, 0.0, 1.0, 0.0], ["a", "a", "b", "b"]) == 1


def test_groups_are_numbered_as_they_appear_and_those_without_are_alone():
    assert group_codes(["b", None, "a", "b", "", np.nan]).tolist() == [0, 1, 2, 0, 3, 4]
    with pytest.raises(ValueError, match="2 groups of 3 values"):
        bootstrap_interval([1.0, 2.0, 3.0], groups=["a", "b"])


def test_resamples_draw_groups_as_a_whole():
    codes = np.array([0, 1, 0, 2])
    drawn = np.concatenate(list(resamples(4, codes=codes)))
    np.testing.assert_array_equal(drawn[:, 0], drawn[:, 2])
    np.testing.assert_array_equal(drawn[:, [0, 1, 3]].sum(axis=1), 3)
    columns = np.arange(8.0).reshape(4, 2)
    np.testing.assert_allclose(resampled_sums(columns, codes=codes), drawn @ columns)
