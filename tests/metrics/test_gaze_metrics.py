"""Gaze metrics against values of independent tools, by hand, and on bad input."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import GOLDEN, refused
from scipy.stats import rankdata

from keras_attn import gaze as g
from keras_attn.metrics import gaze, one_map

SHAPE = (60, 80)
VALUES = json.loads((GOLDEN / "values.json").read_text())["values"]


@pytest.fixture(scope="module")
def reference():
    data = dict(np.load(GOLDEN / "fixations.npz")) | dict(np.load(GOLDEN / "mit_other.npz"))
    xy = np.column_stack([data["fix_x"], data["fix_y"]])
    data["points"] = [xy[data["fix_n"] == n] for n in range(12)]
    data["maps"] = list(data["maps"])
    return data


def same(value, name, atol=1e-9):
    np.testing.assert_allclose(value, VALUES[name]["value"], rtol=0, atol=atol, err_msg=name)


# --- values of independent tools ------------------------------------------------------------------


def test_s_auc_equals_pysaliency(reference):
    maps, points = reference["maps"], reference["points"]
    same(gaze.s_auc_per_image(maps, points), "pysaliency.maps.AUC_per_image.shuffled")
    same(gaze.s_auc(maps, points), "pysaliency.maps.AUC.shuffled.image")
    fixation = gaze.s_auc(maps, points, average="fixation")
    same(fixation, "pysaliency.maps.AUC.shuffled.fixation")
    centre = gaze.s_auc([reference["center"]] * 12, points)
    same(centre, "pysaliency.center.AUC.shuffled.image")


def test_s_auc_with_given_negatives_is_the_mann_whitney_statistic(reference):
    distinct = [np.unique(p.astype(int), axis=0) for p in reference["points"]]
    others = [np.argwhere(m)[:, ::-1] for m in reference["other10"]]
    exact = gaze.s_auc_per_image(reference["maps"], distinct, negatives=others)
    same(exact, "exact.maps.sAUC_binary_other10", atol=1e-12)


def test_sampled_s_auc_has_the_distribution_of_the_mit_code(reference):
    """Two runs of the original code against the mean and spread of twenty of ours."""
    others = [np.argwhere(m)[:, ::-1] for m in reference["other10"]]
    options = {"convention": "mit", "negatives": others}
    maps, points = reference["maps"], reference["points"]
    ours = np.array([gaze.s_auc_per_image(maps, points, **options, seed=s) for s in range(20)])
    theirs = np.mean([VALUES[f"MIT.maps.AUC_shuffled_seed{s}"]["value"] for s in (1, 2)], axis=0)
    deviations = (theirs - ours.mean(axis=0)) / (ours.std(axis=0) / np.sqrt(2))
    assert np.abs(deviations).max() < 3.5
    assert abs(theirs.mean() - ours.mean()) < 0.002
    again = gaze.s_auc_per_image(maps, points, **options, seed=3)
    np.testing.assert_array_equal(again, ours[3])


def test_sampled_s_auc_draws_its_negatives_from_ten_other_images(reference):
    exact = gaze.s_auc(reference["maps"], reference["points"])
    sampled = gaze.s_auc(reference["maps"], reference["points"], convention="mit")
    other_seed = gaze.s_auc(reference["maps"], reference["points"], convention="mit", seed=1)
    assert sampled != other_seed
    assert abs(sampled - exact) < 0.03


def test_auc_judd_equals_pysaliency_and_the_mit_code(reference):
    maps, points = reference["maps"], reference["points"]
    same(gaze.auc_judd(maps, points), "pysaliency.maps.AUC_Judd.nojitter")
    mit = gaze.auc_judd_per_image(maps, points, convention="mit")
    same(mit, "MIT.maps.AUC_Judd_nojitter")
    exact = gaze.auc_judd_per_image(maps, points, convention="exact")
    same(exact, "pysaliency.maps.AUC_per_image.unfixated")
    weighted = gaze.auc_judd(maps, points, convention="exact", average="fixation")
    same(weighted, "pysaliency.maps.AUC.unfixated.fixation")


def test_both_roc_areas_equal_pysaliency_and_scikit_learn():
    data = np.load(GOLDEN / "roc.npz")
    per_positive = one_map.auc_per_positive(data["pos"], data["neg"])
    same(per_positive, "pysaliency.general_rocs_per_positive")
    same(per_positive.mean(), "pysaliency.general_roc")
    same(per_positive.mean(), "sklearn.roc_auc_score")
    judd = one_map.auc_at_positive_thresholds(data["pos"], data["neg"])
    same(judd, "pysaliency.general_roc.judd1")


def test_nss_equals_pysaliency_and_the_mit_code(reference):
    maps, points = reference["maps"], reference["points"]
    same(gaze.nss(maps, points), "pysaliency.maps.NSS.image")
    same(gaze.nss(maps, points, average="fixation"), "pysaliency.maps.NSS.fixation")
    same(gaze.nss_per_image(maps, points, convention="mit"), "MIT.maps.NSS")


def test_cc_sim_and_kl_equal_both_peers(reference):
    maps, densities = reference["maps"], reference["gt_density"]
    for metric, pysaliency, mit in (
        (gaze.cc_per_image, "CC", "CC"),
        (gaze.sim_per_image, "SIM", "similarity"),
        (gaze.kl_divergence_per_image, "MIT_KLDiv", "KLdiv"),
    ):
        same(metric(maps, densities), f"pysaliency.maps.{pysaliency}")
        same(metric(maps, densities), f"MIT.maps.{mit}")


def test_sim_of_maps_whose_minimum_is_above_zero_is_that_of_pysaliency_or_of_the_mit_code():
    """.9000 is what pysaliency 0.2.22 returns (`metrics.SIM`), .9667 what `similarity.m` does."""
    maps, densities = [[[1, 2], [3, 4]]], [np.array([[0, 0.2], [0.3, 0.5]])]
    assert gaze.sim(maps, densities) == pytest.approx(0.9, abs=1e-12)
    assert gaze.sim(maps, densities, convention="tuebingen") == pytest.approx(0.9, abs=1e-12)
    assert gaze.sim(maps, densities, convention="mit") == pytest.approx(29 / 30, abs=1e-12)


def test_sim_of_the_mit_code_does_not_feel_that_a_map_is_raised(reference):
    maps, densities = reference["maps"], reference["gt_density"]
    raised = [m + 0.5 for m in maps]
    same(gaze.sim_per_image(raised, densities, convention="mit"), "MIT.maps.similarity")
    assert gaze.sim(raised, densities) < gaze.sim(maps, densities) - 0.01


def test_the_convention_of_tuebingen_is_the_benchmarks_in_every_metric():
    """Maps with a minimum above 0, with negative values, with zeros: `tools/golden_values.py`."""
    data = np.load(GOLDEN / "tuebingen.npz")
    maps, densities = list(data["maps"]), list(data["densities"])
    points = [data["points"][data["index"] == i] for i in range(len(maps))]
    assert min(m.min() for m in maps[:4]) > 0.1 and maps[4].min() < 0 == maps[5].min()
    for metric, name in ((gaze.s_auc, "s_auc"), (gaze.auc_judd, "auc"), (gaze.nss, "nss")):
        found = getattr(gaze, f"{metric.__name__}_per_image")(maps, points, convention="tuebingen")
        np.testing.assert_allclose(found, data[name], rtol=0, atol=1e-12, err_msg=name)
        mean = metric(maps, points, convention="tuebingen")
        assert mean == pytest.approx(data[name].mean(), abs=1e-12)
    for metric, name in ((gaze.cc, "cc"), (gaze.sim, "sim"), (gaze.kl_divergence, "kl")):
        mean = metric(maps, densities, convention="tuebingen")
        assert mean == pytest.approx(data[name].mean(), abs=1e-9), name
        per_image = getattr(gaze, f"{metric.__name__}_per_image")
        found = per_image(maps, densities, convention="tuebingen")
        np.testing.assert_allclose(found, data[name], rtol=0, atol=1e-9, err_msg=name)
    options = {"baseline": list(data["baselines"])[:4], "convention": "tuebingen"}
    gains = gaze.information_gain_per_image(maps[:4], points[:4], **options)
    np.testing.assert_allclose(gains, data["ig"], rtol=0, atol=1e-12)
    mean = gaze.information_gain(maps[:4], points[:4], average="fixation", **options)
    assert mean == pytest.approx(float(data["ig_by_fixation"]), abs=1e-12)


def test_auc_judd_of_today_has_all_pixels_as_negatives():
    """A 4×4 ramp with a fixation on its peak: 15 pixels below, and the peak itself counts half."""
    ramp, peak = [np.arange(16.0).reshape(4, 4)], [[[3.5, 3.5]]]
    assert gaze.auc_judd(ramp, peak, convention="tuebingen") == 15.5 / 16
    for convention in ("judd", "mit", "exact"):
        assert gaze.auc_judd(ramp, peak, convention=convention) == 1
    flat = [np.ones((4, 4))]
    assert gaze.auc_judd(flat, peak, convention="tuebingen") == 0.5


def test_information_gain_equals_the_mit_code(reference):
    maps, points = reference["maps"], reference["points"]
    centre = gaze.information_gain_per_image(maps, points, baseline=reference["center"])
    same(centre, "MIT.maps.InfoGain_center")
    others = gaze.information_gain_per_image(maps, points, baseline=reference["baseline"])
    same(others, "MIT.maps.InfoGain_blurred_others")


def test_information_gain_of_a_density_equals_pysaliency(reference):
    maps, points = reference["maps"], reference["points"]
    pure = {"convention": "mixture", "uniform_share": 0.0}
    uniform = {**pure, "baseline": np.ones(SHAPE)}
    same(gaze.information_gain(maps, points, **uniform), "pysaliency.maps.IG_uniform_image.min0")
    by_fixation = gaze.information_gain(maps, points, average="fixation", **uniform)
    same(by_fixation, "pysaliency.maps.IG_uniform.min0")
    centre = {**pure, "baseline": reference["center"], "average": "fixation"}
    raised = gaze.information_gain([m + 0.001 for m in maps], points, **centre)
    same(raised, "pysaliency.maps.IG_center.min0.001")


def pysaliency_baseline(pool, index, shape, bandwidth, eps):
    """Its leave-one-image-out model adds eps / N to the blurred *counts*, then normalises."""
    sigma = (bandwidth * shape[0], bandwidth * shape[1])
    counts = pool.centre_bias(index, shape, sigma) * pool.count_of_others(index)
    mixed = counts * (1 - eps) + eps / counts.size
    return mixed / mixed.sum()


def test_the_centre_bias_equals_pysaliencys_baseline_model(reference):
    points = reference["points"]
    pool = g.FixationPool(tuple(points), (SHAPE,) * 12)
    baselines = [pysaliency_baseline(pool, n, SHAPE, 0.05, 1e-3) for n in range(12)]
    logs = np.empty(222)
    for n, (own, baseline) in enumerate(zip(points, baselines, strict=True)):
        logs[reference["fix_n"] == n] = np.log(baseline.ravel()[g.pixels(own, SHAPE)])
    same(logs, "pysaliency.CrossvalidatedBaselineModel.LL")
    maps = [m + 0.001 for m in reference["maps"]]
    options = {"convention": "mixture", "uniform_share": 0.0, "average": "fixation"}
    gain = gaze.information_gain(maps, points, baseline=baselines, **options)
    same(gain, "pysaliency.maps.IG_cvbaseline.min0.001")


def test_maps_of_different_sizes_with_ties_equal_pysaliency():
    """8-bit maps of eight values, sizes from 25² to 64×36, one image without fixations."""
    data = np.load(GOLDEN / "mixed_sizes.npz")
    maps = [data[f"map_{i}"] for i in range(6)]
    points = [data["points"][data["index"] == i] for i in range(6)]
    np.testing.assert_allclose(gaze.s_auc_per_image(maps, points), data["s_auc"], atol=1e-12)
    by_fixation = gaze.s_auc(maps, points, average="fixation")
    np.testing.assert_allclose(by_fixation, data["s_auc_by_fixation"], atol=1e-12)
    exact = gaze.auc_judd_per_image(maps, points, convention="exact")
    np.testing.assert_allclose(exact, data["auc_exact"], atol=1e-12)
    np.testing.assert_allclose(gaze.auc_judd(maps, points), data["auc_judd"], atol=1e-12)
    nss = gaze.nss(maps, points, average="fixation")
    np.testing.assert_allclose(nss, data["nss_by_fixation"], atol=1e-12)
    pool = g.FixationPool(tuple(points), tuple(m.shape for m in maps))
    settings = float(data["bandwidth"]), float(data["eps"])
    baselines = [pysaliency_baseline(pool, i, m.shape, *settings) for i, m in enumerate(maps)]
    options = {"convention": "mixture", "uniform_share": 0.0, "average": "fixation"}
    gain = gaze.information_gain(maps, points, baseline=baselines, **options)
    np.testing.assert_allclose(gain, data["ig_by_fixation"], atol=1e-9)


# --- by hand and by property ----------------------------------------------------------------------


def test_s_auc_by_hand():
    """Own values 3 and 1 against the other image's 1 and 0: (1 + 1) / 2 and (1/2 + 1) / 2."""
    first, second = np.array([[3.0, 1, 0, 9]]), np.zeros((1, 4))
    points = [[[0, 0], [1, 0]], [[1.5, 0.5], [2, 0]]]
    values = gaze.s_auc_per_image([first, second], points)
    np.testing.assert_allclose(values, [(1 + 0.75) / 2, 0.5])


def test_s_auc_equals_the_rank_sum_statistic(rng):
    maps = rng.integers(0, 5, (3, 8, 9))
    points = [rng.random((n, 2)) * (9, 8) for n in (4, 7, 11)]
    for i, value in enumerate(gaze.s_auc_per_image(maps, points)):
        own, rest = points[i], np.concatenate(points[:i] + points[i + 1 :])
        pick = lambda p, m=maps[i]: m[p[:, 1].astype(int), p[:, 0].astype(int)]  # noqa: E731
        ranks = rankdata(np.concatenate([pick(own), pick(rest)]))[: len(own)]
        expected = (ranks.sum() - len(own) * (len(own) + 1) / 2) / (len(own) * len(rest))
        assert value == pytest.approx(expected, abs=1e-14)


def test_s_auc_does_not_change_under_a_rising_function(rng):
    maps, points = rng.random((4, 9, 9)), [rng.random((6, 2)) * 9 for _ in range(4)]
    assert gaze.s_auc(maps, points) == gaze.s_auc(np.exp(3 * maps) - 7, points)
    assert gaze.s_auc(-maps, points) == pytest.approx(1 - gaze.s_auc(maps, points), abs=1e-15)


def test_a_perfect_and_a_worst_map_have_s_auc_one_and_zero():
    maps = [np.eye(4)[:1], np.eye(4)[1:2]]
    points = [[[0.5, 0]], [[1.5, 0]]]
    assert gaze.s_auc(maps, points) == 1
    assert gaze.s_auc([-m for m in maps], points) == 0


def test_a_constant_map_scores_what_chance_scores(rng):
    maps = np.full((3, 8, 9), 0.3)
    points = [rng.random((5, 2)) * (9, 8) for _ in range(3)]
    densities = [g.density(p, (8, 9)) for p in points]
    for convention in ("exact", "mit"):
        assert gaze.s_auc(maps, points, convention=convention) == 0.5
    for convention in ("judd", "mit", "exact"):
        assert gaze.auc_judd(maps, points, convention=convention) == 0.5
    assert gaze.nss(maps, points) == 0
    assert gaze.cc(maps, densities) == 0
    assert gaze.information_gain(maps, points, baseline=np.ones((8, 9))) == 0
    assert 0 < gaze.sim(maps, densities) < 1
    assert gaze.kl_divergence(maps, densities) > 0


def test_a_density_agrees_with_itself_perfectly(rng):
    points = [rng.random((5, 2)) * (40, 30) for _ in range(3)]
    densities = [g.density(p, (30, 40)) for p in points]
    assert gaze.cc(densities, densities) == pytest.approx(1)
    assert gaze.sim(densities, densities) == pytest.approx(1)
    assert gaze.kl_divergence(densities, densities) == pytest.approx(0, abs=1e-9)
    assert gaze.information_gain(densities, points, baseline=densities) == 0


def test_information_gain_by_hand():
    """p = 1/2 at the fixation against 1/4: one bit; two fixations on it count once."""
    saliency, baseline = np.array([[2.0, 1, 1, 0]]), np.ones((1, 4))
    once = gaze.information_gain([saliency], [[[0, 0]]], baseline=baseline)
    twice = gaze.information_gain([saliency], [[[0, 0], [0.5, 0.5]]], baseline=baseline)
    assert once == twice == pytest.approx(1, abs=1e-12)


def test_a_fixation_on_an_exact_zero_costs_fifty_two_bits():
    saliency = np.array([[1.0, 0]])
    gain = gaze.information_gain([saliency], [[[1, 0]]], baseline=np.ones((1, 2)))
    assert gain == pytest.approx(-52 + 1, abs=1e-9)
    assert gaze.zero_share([saliency], [[[1, 0]]]) == 1
    assert gaze.zero_share([saliency], [[[0, 0]]]) == 0


def test_the_share_of_zeros_counts_those_of_the_baseline_too():
    saliency, baseline = np.array([[2.0, 1, 0, 3]]), np.array([[1.0, 0, 1, 1]])
    where = [[[0, 0], [1, 0], [2, 0], [3, 0]]]
    assert gaze.zero_share([saliency], where) == 1 / 4
    assert gaze.zero_share([saliency], where, baseline=baseline) == 2 / 4
    assert gaze.zero_share([saliency], where, baseline=saliency) == 1 / 4


def test_a_uniform_share_bounds_the_loss_at_a_zero():
    saliency, where = np.array([[1.0, 0]]), [[[1, 0]]]
    options = {"baseline": np.ones((1, 2)), "convention": "mixture"}
    assert gaze.information_gain([saliency], where, uniform_share=0.01, **options) == pytest.approx(
        np.log2(0.01)
    )
    assert gaze.information_gain([saliency], where, uniform_share=0, **options) == -np.inf


def test_where_neither_expects_a_fixation_there_is_no_gain_and_infinite_loss_stays_infinite():
    saliency, options = np.array([[1.0, 0]]), {"convention": "mixture", "uniform_share": 0.0}
    where = [[[1, 0], [0, 0]]]
    assert gaze.information_gain([saliency], where, baseline=saliency, **options) == 0
    for average in ("image", "fixation"):
        options |= {"average": average, "baseline": np.ones((1, 2))}
        assert gaze.information_gain([saliency], where, **options) == -np.inf


def test_averaging_over_fixations_weights_each_image_by_those_that_were_counted(rng):
    """The MIT conventions count a pixel once: ten fixations on one pixel weigh as one."""
    maps = rng.random((3, 6, 6))
    points = [[[1.5, 1.5]] * 10, rng.random((4, 2)) * 6, rng.random((5, 2)) * 6]
    distinct = [len(np.unique(np.asarray(p).astype(int), axis=0)) for p in points]
    for metric in (gaze.s_auc, gaze.nss, gaze.auc_judd):
        per_image = getattr(gaze, f"{metric.__name__}_per_image")(maps, points, convention="mit")
        weighted = np.average(per_image, weights=distinct)
        found = metric(maps, points, convention="mit", average="fixation")
        assert found == pytest.approx(weighted, abs=1e-12)


def test_a_centre_map_gains_nothing_over_the_centre_bias(rng):
    points = [rng.random((9, 2)) * (40, 30) for _ in range(4)]
    pool = g.FixationPool(tuple(points), ((30, 40),) * 4)
    centre = [pool.centre_bias(i, (30, 40)) for i in range(4)]
    assert gaze.information_gain(centre, points) == 0


def test_scores_do_not_depend_on_the_order_of_images_or_fixations(rng):
    maps = list(rng.random((5, 20, 30)))
    points = [rng.random((n, 2)) * (30, 20) for n in (3, 8, 1, 5, 9)]
    order = [3, 0, 4, 2, 1]
    for metric in (gaze.s_auc_per_image, gaze.information_gain_per_image, gaze.nss_per_image):
        shuffled = metric([maps[i] for i in order], [points[i][::-1] for i in order])
        np.testing.assert_allclose(shuffled, metric(maps, points)[order], atol=1e-12)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float16", "float32", "bool"])
def test_maps_of_any_real_type_score_as_their_float_values(rng, dtype):
    maps = rng.integers(0, 2 if dtype == "bool" else 200, (3, 8, 9)).astype(dtype)
    points = [rng.random((5, 2)) * (9, 8) for _ in range(3)]
    densities = [g.density(p, (8, 9)) for p in points]
    as_float = maps.astype(float)
    assert gaze.s_auc(maps, points) == gaze.s_auc(as_float, points)
    assert gaze.information_gain(maps, points) == gaze.information_gain(as_float, points)
    assert gaze.cc(maps, densities) == gaze.cc(as_float, densities)


# --- what bad input gets --------------------------------------------------------------------------


@pytest.fixture
def good(rng):
    return list(rng.random((3, 8, 9))), [rng.random((5, 2)) * (9, 8) for _ in range(3)]


POINT_METRICS = (gaze.s_auc, gaze.information_gain, gaze.auc_judd, gaze.nss)


@pytest.mark.parametrize("metric", POINT_METRICS)
def test_an_image_without_fixations_is_left_out_of_the_mean(metric, good):
    maps, points = good
    per_image = getattr(gaze, f"{metric.__name__}_per_image")
    values = per_image([*maps, np.ones((8, 9))], [*points, []])
    assert np.isnan(values[3])
    assert metric([*maps, np.ones((8, 9))], [*points, []]) == metric(maps, points)


@pytest.mark.parametrize("metric", POINT_METRICS)
def test_points_outside_are_dropped_and_counted(metric, good):
    maps, points = good
    strays = [[-0.5, 1], [9, 1], [1, 8], [np.nan, 1], [1, -1e9]]
    with pytest.warns(UserWarning, match="5 of 20 "):
        value = metric(maps, [np.concatenate([points[0], strays]), *points[1:]])
    assert value == metric(maps, points)


@pytest.mark.parametrize("metric", POINT_METRICS)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_nan_in_a_map_is_an_error_that_names_the_map(metric, bad, good):
    maps, points = good
    maps[1] = maps[1].copy()
    maps[1][3, 3] = bad
    with refused("maps[1]", "finite", received="1 NaN"):
        metric(maps, points)


def test_a_single_image_has_no_negatives_and_no_centre_bias(good):
    maps, points = good
    with refused("points[0]", "two images"):
        gaze.s_auc(maps[:1], points[:1])
    with refused("points[0]", "two images"):
        gaze.s_auc(maps, [points[0], [], []])
    with refused("points[0]", "`baseline`"):
        gaze.information_gain(maps[:1], points[:1])
    assert np.isfinite(gaze.nss(maps[:1], points[:1]))


@pytest.mark.parametrize(
    ("maps", "points", "facts"),
    [
        ([], [], ("maps", "one map", "empty sequence")),
        ([np.ones((2, 2))], [], ("points", "1 maps", "0")),
        ([np.ones((2, 2))], [[1, 2]], ("points", "", "into a list")),
        ([np.ones((2, 2))], [[[1, 2, 3]]], ("points[0]", "(N, 2)")),
        ([np.ones(4)], [[[1, 1]]], ("maps", "", "into a list")),
        ([np.ones((2, 2, 3))], [[[1, 1]]], ("maps[0]", "map of shape (H, W)")),
        ([np.ones((2, 2), complex)], [[[1, 1]]], ("maps[0]", "real numbers")),
        ([np.eye(2)] * 2, [[], []], ("points", "one fixation")),
    ],
)
@pytest.mark.parametrize("metric", POINT_METRICS)
def test_input_of_the_wrong_form_is_one_clear_error(metric, maps, points, facts):
    with refused(*facts):
        metric(maps, points)


@pytest.mark.parametrize(
    ("call", "facts"),
    [
        (lambda m, p: gaze.s_auc(m, p, average="images"), ("average", "'image'")),
        (lambda m, p: gaze.s_auc(m, p, convention="MIT"), ("convention", "'exact'")),
        (lambda m, p: gaze.s_auc(m, p, negatives=p[:1]), ("negatives", "3 maps", "1")),
        (
            lambda m, p: gaze.information_gain(m, p, uniform_share=2),
            ("uniform_share", "from 0 to 1", "2"),
        ),
        (lambda m, p: gaze.information_gain(m, p, baseline=m[:2]), ("baseline", "3 maps", "2")),
        (
            lambda m, p: gaze.information_gain(m, p, baseline=np.ones((8, 8))),
            ("baseline[0]", "(8, 9)", "(8, 8)"),
        ),
        (lambda m, p: gaze.cc(m, [x[:-1] for x in m]), ("densities[0]", "(8, 9)", "(7, 9)")),
        (lambda m, p: gaze.sim(m, np.zeros((3, 8, 9))), ("densities", "at least one")),
    ],
)
def test_wrong_options_are_one_clear_error(call, facts, good):
    with refused(*facts):
        call(*good)


def test_good_input_warns_of_nothing(good):
    maps, points = good
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for metric in POINT_METRICS:
            metric(maps, points)


@pytest.mark.parametrize("name", ["s_auc", "information_gain", "auc_judd", "nss", "cc", "sim"])
def test_one_map_alone_is_no_list_of_maps(name):
    one = np.random.default_rng(0).random((30, 40))
    with refused("maps", "one for each image", received="into a list"):
        getattr(gaze, name)(one, [[(5, 5)]] if name not in ("cc", "sim") else one)


def test_the_points_of_one_image_alone_are_no_list():
    one = np.random.default_rng(0).random((30, 40))
    with refused("points", received=("shape (2, 2)", "into a list")):
        gaze.nss([one, one], np.array([[5, 5], [20, 10]]))


def test_a_channel_of_maps_is_told_to_be_left_away():
    with refused("maps[0]", "map[..., 0]"):
        gaze.nss(np.ones((2, 30, 40, 1)), [[(5, 5)], [(6, 6)]])


# --- what means something else ------------------------------------------------------------------


def square(seed=0):
    rng = np.random.default_rng(seed)
    return [rng.random((60, 60)) for _ in range(3)], [rng.uniform(0, 60, (9, 2)) for _ in range(3)]


def test_columns_of_a_data_frame_go_by_their_names():
    maps, points = square()
    frames = [pd.DataFrame({"y": p[:, 1], "x": p[:, 0], "subject": "s"}) for p in points]
    assert gaze.nss(maps, frames) == gaze.nss(maps, points)
    assert gaze.nss(maps, [pd.DataFrame(p) for p in points]) == gaze.nss(maps, points)
    with refused("points[0]", "columns x and y"):
        gaze.nss(maps, [pd.DataFrame(p, columns=["row", "col"]) for p in points])


@pytest.mark.parametrize(
    "change", [lambda p: p > 20, lambda p: p + 0j, lambda p: [["a", "b"]], lambda p: [[None, {}]]]
)
def test_points_that_are_no_numbers_are_refused(change):
    maps, points = square()
    with refused("points[0]", "numbers"):
        gaze.nss(maps, [change(p) for p in points])


def test_what_is_masked_is_no_point_and_no_map():
    maps, points = square()
    masked = [np.ma.masked_greater(p, 40) for p in points]
    kept = [p[(p <= 40).all(axis=1)] for p in points]
    with pytest.warns(UserWarning, match="dropped"):
        assert gaze.nss(maps, masked) == gaze.nss(maps, kept)
    with refused("maps[0]", "every pixel"):
        gaze.nss([np.ma.masked_greater(m, 0.5) for m in maps], points)


def test_a_density_has_no_negative_values():
    maps, _ = square()
    standard = [m - m.mean() for m in maps]
    for metric in (gaze.sim, gaze.kl_divergence):
        with refused("densities", "0 or more"):
            metric(maps, standard)
    assert gaze.cc(maps, standard) == pytest.approx(1)


@pytest.mark.parametrize("convention", ["mit", "mixture"])
def test_logarithms_of_probabilities_are_told_from_a_map(convention):
    maps, points = square()
    logs = [np.log(m / m.sum()) for m in maps]
    with refused("maps[0]", "np.exp"):
        gaze.information_gain(logs, points, convention=convention)
