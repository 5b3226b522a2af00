"""Likeness of maps in samples: its value by hand, its intervals against pairs written out."""

import numpy as np
import pandas as pd
import pytest

from keras_attn.metrics.dispersion import cc_with_others, mean_cc, standardised
from keras_attn.report.paper.tables import NEGATIVE, POSITIVE, TABLES
from keras_attn.report.rows.contrasts import between
from keras_attn.report.rows.likeness import likeness_of
from keras_attn.report.rows.results import Results
from keras_attn.report.rows.samples import sample_of
from keras_attn.statistics import percentile_interval, resamples

TABLE = next(table for table in TABLES if table.number == "IXb")
ALIKE = next(metric for metric in TABLE.metrics if metric.alike)


def maps_of(rng, count, noise=1.0):
    """Maps that have a place in common, each with noise of its own."""
    common = np.linspace(0, 1, 12).reshape(3, 4)
    return common + noise * rng.uniform(size=(count, 3, 4))


def rows_of(count, seeds=1, folds=1, **columns):
    """A row of each example under each seed; folds take turns."""
    ids = [f"{i:03d}" for i in range(count)] * seeds
    fold = [i % folds for i in range(count)] * seeds
    seed = np.repeat(range(seeds), count)
    return pd.DataFrame({"id": ids, "fold": fold, "seed": seed, **columns})


def sample(maps, subset=None, **columns):
    count, seeds = len(maps), columns.pop("seeds", 1)
    rows = rows_of(count // seeds, seeds, columns.pop("folds", 1), **columns)
    arrays = {"maps": standardised(maps).astype(np.float32)}
    return sample_of(rows, arrays) if subset is None else sample_of(rows, arrays, subset)


# --- values -------------------------------------------------------------------------------------


def test_the_values_of_a_sample_are_the_mean_ccs_with_the_others(rng):
    maps = maps_of(rng, 20)
    found = sample(maps)
    np.testing.assert_allclose(found.values(ALIKE), cc_with_others(maps), atol=1e-6)
    assert found.scored(ALIKE)["value"] == pytest.approx(mean_cc(maps), abs=1e-6)
    assert found.scored(ALIKE)["n"] == 20


def test_others_are_those_of_the_subset_alone(rng):
    """Where it is right maps have a place in common; where it is wrong they have none."""
    maps = np.concatenate([maps_of(rng, 8, 0.1), rng.uniform(size=(6, 3, 4))])
    correct = [1.0] * 8 + [0.0] * 6
    for subset, own in ((POSITIVE, maps[:8]), (NEGATIVE, maps[8:])):
        found = sample(maps, subset, correct=correct)
        assert found.value(ALIKE) == pytest.approx(mean_cc(own), abs=1e-6)
        np.testing.assert_allclose(found.values(ALIKE), cc_with_others(own), atol=1e-6)
        assert len(found.ids(ALIKE)) == len(own)


def test_maps_of_two_networks_are_never_compared(rng):
    """Those of a second seed, or of another fold, are turned round: likeness stays as it is."""
    maps = maps_of(rng, 10)
    for parts in ({"seeds": 2}, {"folds": 2}):
        both = np.concatenate([maps, -maps]) if "seeds" in parts else maps.copy()
        if "folds" in parts:
            both[1::2] *= -1
            expected = (mean_cc(maps[::2]) + mean_cc(maps[1::2])) / 2
        else:
            expected = mean_cc(maps)
        assert sample(both, **parts).value(ALIKE) == pytest.approx(expected, abs=1e-6)


def test_an_example_counts_in_each_subset_that_a_seed_has_it_in(rng):
    """Right under one seed, wrong under the other: compared with others of the same seed."""
    maps = maps_of(rng, 12)
    correct = [*(1.0, 1, 1, 1, 0, 0), *(0.0, 1, 1, 0, 1, 1)]
    found = sample(maps, POSITIVE, seeds=2, correct=correct)
    first, second = cc_with_others(maps[[0, 1, 2, 3]]), cc_with_others(maps[[7, 8, 10, 11]])
    assert found.value(ALIKE) == pytest.approx(np.concatenate([first, second]).mean(), abs=1e-6)
    assert len(found.ids(ALIKE)) == 6


def test_examples_without_a_map_and_those_alone_have_no_value(rng):
    maps = maps_of(rng, 4)
    vectors = standardised(maps)
    vectors[2] = np.nan
    rows = rows_of(4, correct=[1.0, 1.0, 1.0, 0.0])
    found = sample_of(rows, {"maps": vectors})
    assert list(found.ids(ALIKE)) == ["000", "001", "003"]
    assert found.value(ALIKE) == pytest.approx(mean_cc(maps[[0, 1, 3]]))
    alone = sample_of(rows, {"maps": vectors}, NEGATIVE).scored(ALIKE)
    assert np.isnan(alone["value"]) and alone["n"] == 0


def test_rows_without_maps_at_all_have_none():
    found = sample_of(rows_of(4), {}).scored(ALIKE)
    assert np.isnan(found["value"]) and found["n"] == 0
    found = sample_of(rows_of(4), {"maps": np.full((4, 9), np.nan)}).scored(ALIKE)
    assert np.isnan(found["value"]) and found["n"] == 0


# --- intervals ----------------------------------------------------------------------------------


def of_pairs(vectors, counts, groups=None):
    """Mean product of the pairs that a resample has, one by one."""
    groups = range(len(vectors)) if groups is None else groups
    total = pairs = 0.0
    for i, one in enumerate(vectors):
        for j, other in enumerate(vectors):
            if i != j:
                together = counts[i] if groups[i] == groups[j] else counts[i] * counts[j]
                total, pairs = total + together * (one @ other), pairs + together
    return total / pairs if pairs else np.nan


@pytest.mark.parametrize("groups", [None, [0, 0, 1, 2, 2, 2, 3, 4, 5]])
def test_resamples_are_of_pairs_of_different_examples(rng, groups):
    vectors = standardised(maps_of(rng, 9))
    likeness = likeness_of(rows_of(9), vectors)
    codes = None if groups is None else np.array(groups)
    found = likeness.resampled(np.arange(9), codes)
    [drawn] = resamples(9, codes=codes)
    expected = [of_pairs(vectors, counts, groups) for counts in drawn[:200]]
    np.testing.assert_allclose(found[:200], expected, atol=1e-5)


def test_copies_of_an_example_do_not_make_maps_alike(rng):
    """Of unlike maps the resamples lie around 0; with pairs of copies they would lie above."""
    vectors = standardised(rng.uniform(size=(30, 20, 20)))
    found = likeness_of(rows_of(30), vectors).resampled(np.arange(30))
    assert abs(found.mean()) < 0.005 and mean_cc(vectors.reshape(30, 20, 20)) < 0.01


def test_the_interval_holds_what_is_true_as_often_as_it_says(rng):
    """Likeness of pairs varies about twice as much as the mean of as many independent values."""
    truth = mean_cc(maps_of(rng, 3000))
    inside = []
    for _ in range(120):
        found = likeness_of(rows_of(25), standardised(maps_of(rng, 25))).resampled(np.arange(25))
        low, high = percentile_interval(found)
        inside.append(low <= truth <= high)
    assert 0.86 <= np.mean(inside) <= 1


def test_an_interval_needs_three_maps(rng):
    assert np.isnan(sample(maps_of(rng, 2)).scored(ALIKE)["low"])
    found = sample(maps_of(rng, 3)).scored(ALIKE)
    assert found["low"] < found["value"] < found["high"]


def test_seeds_widen_the_interval(rng):
    maps = maps_of(rng, 20)
    one, other = sample(maps), sample(np.concatenate([maps, maps_of(rng, 20, 0.1)]), seeds=2)
    widths = [s.scored(ALIKE)["high"] - s.scored(ALIKE)["low"] for s in (one, other)]
    assert widths[1] > widths[0]
    assert other.variance_of_seeds(ALIKE) > 0


# --- differences --------------------------------------------------------------------------------


def contrast(maps, correct):
    who = {"task": "fine_grained", "dataset": "cub_vwsw", "backbone": "vgg16", "fusion": ""}
    who |= {"attention": "softmax", "group": ""}
    rows = rows_of(len(maps), correct=correct, entropy=np.linspace(0.2, 0.8, len(maps)), **who)
    found = Results(rows, {"maps": standardised(maps).astype(np.float32)}, {})
    labels = {"table": "IXb", **{k: v for k, v in who.items() if k not in ("task", "group")}}
    pair = [{**labels, "metric": ALIKE.key, "subset": name} for name in ("negative", "positive")]
    return between(found, TABLE, ALIKE, *pair)


def test_subsets_are_told_apart_by_their_likeness(rng):
    """Wrong ones look at one place, right ones each elsewhere: above 0 as the paper has it."""
    maps = np.concatenate([rng.uniform(size=(30, 3, 4)), maps_of(rng, 30, 0.3)])
    found = contrast(maps, [1.0] * 30 + [0.0] * 30)
    assert found.gain == pytest.approx(mean_cc(maps[30:]) - mean_cc(maps[:30]), abs=1e-6)
    assert 0 < found.low < found.gain < found.high and found.n == 60
    # Examples that are all compared with each other are no independent values to be tested.
    assert np.isnan(found.p)


def test_subsets_that_do_not_differ_are_not_told_apart(rng):
    found = contrast(maps_of(rng, 60), [1.0, 0.0] * 30)
    assert found.low < 0 < found.high


def test_a_subset_of_one_has_no_contrast(rng):
    assert contrast(maps_of(rng, 5), [1.0] * 4 + [0.0]) is None
