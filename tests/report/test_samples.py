"""Scores of samples and their resamples: by hand, by property, against resamples written out."""

import numpy as np
import pandas as pd
import pytest

from keras_attn.report.rows.samples import sample_of
from keras_attn.report.tables.parts import Metric, Subset
from keras_attn.statistics import bootstrap_interval, resamples, wilson_interval

MAX_F = Metric("max_f", "max F", curve="f_curve")
MAE = Metric("mae", "MAE", higher_is_better=False)
ACCURACY = Metric("accuracy", "accuracy", column="correct", proportion=True)


def sample(mae, curves=None, seeds=None, **options):
    """The sample of images "000", "001", ...; mae: of each; seeds: of each, then ids repeat."""
    mae = np.asarray(mae, float)
    seeds = np.zeros(len(mae)) if seeds is None else np.asarray(seeds)
    own = np.concatenate([np.arange(np.sum(seeds == seed)) for seed in np.unique(seeds)])
    rows = pd.DataFrame({"id": [f"{i:03d}" for i in own], "seed": seeds, "mae": mae})
    rows["correct"] = 1.0 * (mae > 0.5)
    return sample_of(rows, {} if curves is None else {"f_curve": np.asarray(curves)}, **options)


# --- one seed -----------------------------------------------------------------------------------


def test_max_f_of_resamples_is_that_of_resamples_written_out(rng):
    curves = rng.uniform(size=(30, 8)).astype(np.float32)
    found = sample(np.zeros(30), curves)
    [drawn] = resamples(30)
    expected = [
        curves[np.repeat(np.arange(30), own.astype(int))].mean(axis=0).max() for own in drawn
    ]
    np.testing.assert_allclose(found.resampled(MAX_F), expected, rtol=1e-5)


def test_the_maximum_is_taken_of_mean_curves_not_of_curves():
    """Of these two, the mean curve of a resample has a maximum of 1/2 or 1, never below."""
    found = sample([0, 0], np.eye(2)).scored(MAX_F)
    assert found == {"value": 0.5, "low": 0.5, "high": 1, "n": 2}


def test_the_interval_of_a_mean_is_that_of_its_values(rng):
    values = rng.uniform(size=40)
    found = sample(values).scored(MAE)
    assert (found["low"], found["high"]) == pytest.approx(bootstrap_interval(values), rel=1e-6)


def test_a_mean_near_a_large_one_keeps_its_digits():
    found = sample(1e6 + np.array([0.0, 1.0] * 20)).resampled(MAE)
    assert found.std() == pytest.approx(np.sqrt(0.25 / 40), rel=0.1)


def test_an_example_without_a_score_is_left_out_of_each_resample():
    """The one that is left has no spread: 0.25 wherever it is drawn, NaN where it is not."""
    found = sample([np.nan, 0.25, np.nan])
    drawn = found.resampled(MAE)
    assert set(drawn[~np.isnan(drawn)]) == {0.25}
    assert np.isnan(drawn).mean() == pytest.approx((2 / 3) ** 3, abs=0.05)
    scored = found.scored(MAE)
    assert (scored["value"], scored["n"]) == (0.25, 1) and np.isnan(scored["low"])


def test_differences_to_itself_vanish_in_every_resample(rng):
    values = rng.uniform(size=50)
    one, other = sample(values), sample(values + 0.25)
    difference = other.resampled(MAE) - one.resampled(MAE)
    np.testing.assert_allclose(difference, 0.25, atol=1e-6)


def test_a_subset_is_resampled_with_the_examples_that_it_is_a_part_of(rng):
    """The variance of its mean is that of a mean of so many, 1 / 12 / 20."""
    values = rng.uniform(size=400)
    few = Subset("few", take=lambda scores: np.arange(20))
    found = sample(values, subset=few)
    assert found.value(MAE) == pytest.approx(values[:20].mean())
    expected = values[:20].std() / np.sqrt(20)
    assert np.nanstd(found.resampled(MAE)) == pytest.approx(expected, rel=0.1)


def test_a_sample_on_fewer_ids_is_the_sample_of_those(rng):
    values, curves = rng.uniform(size=12), rng.uniform(size=(12, 4))
    whole, part = sample(values, curves), sample(values[:5], curves[:5])
    cut = whole.on(part.all_ids)
    for metric in (MAE, MAX_F):
        assert cut.value(metric) == pytest.approx(part.value(metric))
        np.testing.assert_array_equal(cut.resampled(metric), part.resampled(metric))


# --- several seeds ------------------------------------------------------------------------------


def test_the_interval_of_two_seeds_holds_both_where_examples_do_not_differ():
    """Seeds of 0.2 and 0.4 on ten images alike: one of them is drawn each time."""
    found = sample([0.2] * 10 + [0.4] * 10, seeds=[0] * 10 + [1] * 10)
    scored = found.scored(MAE)
    assert scored["value"] == pytest.approx(0.3) and scored["n"] == 10
    assert (scored["low"], scored["high"]) == pytest.approx((0.2, 0.4))
    assert found.variance_of_seeds(MAE) == pytest.approx(0.1**2)


def test_seeds_widen_the_interval_by_the_variance_of_their_mean(rng):
    """Three seeds that shift all images: variances of images and of seeds add up."""
    values, shifts = rng.uniform(size=200), np.array([0.0, 0.1, 0.35])
    seeds = np.repeat(range(3), 200)
    found = sample(np.concatenate([values + shift for shift in shifts]), seeds=seeds)
    expected = values.var() / 200 + shifts.var(ddof=1) / 3
    assert found.resampled(MAE).var() == pytest.approx(expected, rel=0.1)
    curves = np.tile(values[:, None], (3, 1)) + np.repeat(shifts, 200)[:, None]
    one_point = sample(np.zeros(600), curves, seeds=seeds)
    assert one_point.resampled(MAX_F).var() == pytest.approx(expected, rel=0.1)


def test_seeds_that_agree_leave_the_interval_as_it_is(rng):
    values = rng.uniform(size=30)
    alike = sample(np.tile(values, 2), seeds=[0] * 30 + [1] * 30).scored(MAE)
    assert alike == pytest.approx(sample(values).scored(MAE))


def test_shares_of_seeds_that_differ_are_as_of_fewer_examples():
    """40 and 60 of 100: p (1 − p) / n is .0025 and the variance of the seeds' mean .01, five times
    as much together, as of 20 examples."""
    mae = [0.0] * 60 + [1.0] * 40 + [0.0] * 40 + [1.0] * 60
    found = sample(mae, seeds=[0] * 100 + [1] * 100).scored(ACCURACY)
    assert (found["low"], found["high"]) == pytest.approx(wilson_interval(0.5, 20))
    assert found["n"] == 100
