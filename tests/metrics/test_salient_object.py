"""Salient object metrics against pysodmetrics, by hand, and on bad input."""

import json

import numpy as np
import pytest
from conftest import GOLDEN, refused

from keras_attn.metrics import salient_object as so

VALUES = json.loads((GOLDEN / "values.json").read_text())["values"]


@pytest.fixture(scope="module")
def pairs():
    data = np.load(GOLDEN / "sod.npz")
    return list(data["pred"]), list(data["gt"])


@pytest.fixture(scope="module")
def images(pairs):
    return [so.ImageScores(p, m) for p, m in zip(*pairs, strict=True)]


def same(value, name):
    np.testing.assert_allclose(value, VALUES[name]["value"], rtol=0, atol=1e-12, err_msg=name)


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("mae", "pysod.mae"),
        ("adaptive_f", "pysod.adpF"),
        ("s_measure", "pysod.Sm"),
        ("adaptive_e", "pysod.adpE"),
        ("weighted_f", "pysod.wF"),
    ],
)
def test_the_scores_of_each_image_equal_pysodmetrics(images, field, name):
    same([getattr(image, field) for image in images], name)


def test_the_curves_equal_pysodmetrics(images):
    """Theirs run from the highest threshold to the lowest."""
    same(np.mean([image.f_curve for image in images], axis=0)[::-1], "pysod.Fcurve")
    same(np.mean([image.e_curve for image in images], axis=0)[::-1], "pysod.Ecurve")


def test_the_scores_of_the_set_equal_pysodmetrics(pairs):
    result = so.scores(*pairs)
    expected = {
        "max_f": "pysod.maxF",
        "mean_f": "pysod.meanF",
        "adaptive_f": "pysod.adpF.mean",
        "mae": "pysod.mae.mean",
        "s_measure": "pysod.Sm.mean",
        "e_measure": "pysod.meanE",
        "max_e": "pysod.maxE",
        "adaptive_e": "pysod.adpE.mean",
        "weighted_f": "pysod.wF.mean",
    }
    for key, name in expected.items():
        same(result[key], name)
    assert set(result) == {*expected, "mae_raw"}
    assert all(type(value) is float for value in result.values())


def test_max_f_is_the_maximum_of_the_mean_curve_and_not_the_mean_of_maxima(pairs, images):
    assert so.scores(*pairs)["max_f"] < np.mean([image.f_curve.max() for image in images])
    same(np.mean([image.f_curve.max() for image in images]), "pysod.imgmaxF")


@pytest.mark.parametrize("convert", [lambda m: m > 127, lambda m: (m > 127) * 1, lambda m: m / 255])
def test_boolean_and_zero_one_masks_work(pairs, convert):
    predictions, masks = pairs
    assert so.scores(predictions, [convert(m) for m in masks]) == so.scores(predictions, masks)


def test_float_predictions_score_as_the_same_grey_levels(pairs):
    predictions, masks = pairs
    as_float = so.scores([p / 255 for p in predictions], masks)
    for key, value in so.scores(predictions, masks).items():
        assert as_float[key] == pytest.approx(value, abs=1e-12)


def test_maps_of_different_sizes_go_together(pairs):
    predictions, masks = pairs
    cut = so.scores([predictions[0], predictions[1][:30]], [masks[0], masks[1][:30]])
    assert 0 < cut["max_f"] <= 1


def test_a_perfect_map_scores_one_everywhere_and_its_opposite_nothing(pairs):
    _, masks = pairs
    best, worst = so.scores(masks, masks), so.scores([255 - m for m in masks], masks)
    for key in ("max_f", "adaptive_f", "s_measure", "weighted_f"):
        assert best[key] == pytest.approx(1, abs=1e-9)
    assert best["mae"] == 0 and worst["mae"] == 1
    assert worst["adaptive_f"] == 0
    assert worst["weighted_f"] < 1e-3  # not 0 where the object touches the border of the image
    assert worst["s_measure"] < 0.05


@pytest.mark.parametrize("shape", [(10, 10), (2, 3), (30, 40)])
def test_the_e_measure_of_a_perfect_map_is_above_one_by_a_pixel(rng, shape):
    """N / (N − 1), as in pysodmetrics; at threshold 0, where all is found, a quarter of it."""
    mask, size = np.zeros(shape, bool), np.prod(shape)
    mask[:, : shape[1] // 2] = True
    found = so.scores([mask], [mask])
    assert found["max_e"] == pytest.approx(size / (size - 1), rel=1e-12)
    assert found["adaptive_e"] == pytest.approx(size / (size - 1), rel=1e-12)
    assert found["e_measure"] == pytest.approx(255.25 / 256 * size / (size - 1), rel=1e-12)
    if shape == (10, 10):
        assert round(found["max_e"], 4) == 1.0101
    drawn = so.ImageScores(rng.random(shape), mask)
    assert drawn.e_curve.max() <= size / (size - 1)


def test_the_e_measure_of_a_single_pixel_is_a_number_of_its_range():
    assert so.ImageScores(np.ones((1, 1)), np.ones((1, 1), bool)).adaptive_e == pytest.approx(1)
    assert so.ImageScores(np.zeros((1, 1)), np.ones((1, 1), bool)).e_curve.max() == pytest.approx(1)


def test_f_and_mae_by_hand():
    """Three of four found pixels right, six to be found: P = 3/4, R = 1/2, F = 1.3PR/(.3P+R)."""
    mask, prediction = np.zeros((2, 5), bool), np.zeros((2, 5))
    mask.flat[:6] = True
    prediction.flat[[0, 1, 2, 9]] = 0.8
    result = so.scores([prediction], [mask])
    expected = 1.3 * 0.75 * 0.5 / (0.3 * 0.75 + 0.5)
    assert result["adaptive_f"] == pytest.approx(expected)
    assert result["max_f"] == pytest.approx(max(expected, 1.3 * 0.6 / (0.3 * 0.6 + 1)))
    assert result["mae"] == pytest.approx(4 / 10)
    assert result["mae_raw"] == pytest.approx((3 * 0.2 + 3 * 1 + 0.8) / 10)


@pytest.mark.parametrize(
    ("prediction", "mask", "expected"),
    [
        # adaptive F, maximum of F, MAE, S, maximum of E, weighted F: what pysodmetrics returns
        (0, 0, (0, 0, 0, 1, 1.00020838, 0)),
        (100, 0, (0, 0, 0.39215686, 0.60784314, 1.00020838, 0)),
        (255, 255, (1, 1, 0, 1, 1.00020838, 1)),
    ],
)
def test_empty_and_full_masks_and_constant_maps_score_as_in_pysodmetrics(
    prediction, mask, expected
):
    shape = (60, 80)
    image = so.ImageScores(np.full(shape, prediction, np.uint8), np.full(shape, mask, np.uint8))
    found = (image.adaptive_f, image.f_curve.max(), image.mae, image.s_measure)
    found += (image.e_curve.max(), image.weighted_f)
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_an_object_of_one_pixel_at_the_border_is_scored(rng):
    mask = np.zeros((9, 7), bool)
    mask[8, 6] = True
    image = so.ImageScores(rng.random((9, 7)), mask)
    assert np.isfinite([image.s_measure, image.weighted_f, image.mae]).all()


@pytest.mark.parametrize(
    ("prediction", "mask", "facts"),
    [
        (np.ones((4, 4, 3)), np.ones((4, 4)), ("predictions[0]", "map (H, W)")),
        (np.ones((4, 4)), np.ones((4, 5)), ("masks[0]", "(4, 4)", "(4, 5)")),
        (np.full((4, 4), np.nan), np.ones((4, 4)), ("predictions[0]", "finite values")),
        (np.full((4, 4), 7.0), np.ones((4, 4)), ("predictions[0]", ("constant", "[0, 1]"), "7.0")),
        (np.eye(4), np.eye(4)[..., None], ("masks[0]", "(H, W)")),
        (np.eye(4), np.full((4, 4), np.nan), ("masks[0]", "finite values")),
        (
            np.eye(4),
            np.diag(range(4)),
            ("masks[0]", ("two values", "mask_threshold="), "4 values: 0, 1, 2, 3"),
        ),
        (
            np.eye(4),
            np.ones((4, 4), int),
            ("masks[0]", ("highest", "mask_threshold="), "1 everywhere"),
        ),
        (np.eye(4), np.full((4, 4), 7), ("masks[0]", "two values", "7 everywhere")),
        (
            np.eye(4, dtype=np.uint8),
            np.eye(4),
            ("predictions", ("uint8", "[0, 1]", "bool"), "values to 1"),
        ),
        (
            np.eye(4, dtype=np.uint16) * 255,
            np.eye(4),
            ("predictions", ("uint16", "uint8 if 255"), "values to 255"),
        ),
        (np.eye(4, dtype=np.uint64) * 255, np.eye(4), ("predictions", "", "uint64, values to 255")),
        (np.eye(4, dtype=int) * 255, np.eye(4), ("predictions", "unsigned integers", "int64")),
        (np.eye(4, dtype=np.int8), np.eye(4), ("predictions", "booleans, floats")),
    ],
)
def test_what_cannot_be_scored_is_one_clear_error(prediction, mask, facts):
    with refused(*facts):
        so.scores([prediction], [mask])


def test_no_image_and_unequal_counts_are_refused():
    for predictions, masks in (([], []), ([np.eye(3)], [])):
        with refused("predictions", "a mask for each"):
            so.scores(predictions, masks)


# --- what the values mean -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "convert",
    [
        lambda m: m,
        lambda m: m * np.uint8(100),
        lambda m: m + np.uint8(1),
        lambda m: m.astype(np.int64),
        lambda m: m.astype(np.int8) - np.int8(1),
        lambda m: m * np.uint16(65535),
        lambda m: m * np.float32(0.25),
        lambda m: m * 300.0 - 5,
    ],
)
def test_two_values_are_a_mask_whatever_they_are(pairs, convert):
    truth = [m > 127 for m in pairs[1]]
    found = so.scores(pairs[0], [convert(m) for m in truth])
    assert found == so.scores(pairs[0], truth)


def test_a_mask_of_one_value_is_what_that_value_is_in_the_others(pairs):
    """Labels 1 and 2: one of 1 alone is a mask without an object."""
    predictions, truth = pairs[0][:3], [m > 127 for m in pairs[1][:3]]
    truth[1], truth[2] = truth[1] & False, truth[2] | True
    labels = [m + np.uint8(1) for m in truth]
    assert so.scores(predictions, labels) == so.scores(predictions, truth)
    for label in (1, 2):
        with refused(received=f"{label} everywhere"):
            so.scores(predictions[label : label + 1], labels[label : label + 1])


def test_a_value_that_is_object_here_and_background_there_is_refused(pairs):
    masks = [(pairs[1][0] > 127) * 1, (pairs[1][1] > 127) + 1]
    facts = ("masks[1]", ("agree", "mask_threshold="), ("1 as the background", "masks[0]"))
    with refused(*facts):
        so.scores(pairs[0][:2], masks)


def test_what_is_above_the_threshold_is_object_in_masks_of_more_values(pairs):
    predictions, masks = pairs
    graded = [np.where(m > 127, 200, 60) + np.eye(*m.shape) * 9 for m in masks]
    expected = so.scores(predictions, masks)
    for kind in (np.uint8, np.uint16, np.int32, float):
        found = so.scores(predictions, [m.astype(kind) for m in graded], mask_threshold=100)
        assert found == expected
    booleans = [m > 127 for m in masks]
    assert so.scores(predictions, booleans, mask_threshold=100) == expected


@pytest.mark.parametrize(
    ("threshold", "facts"),
    [
        (0.5, ("mask_threshold", ("127", "255"), "0.5")),
        (255, ("mask_threshold", ("masks[0]", "from 0 to below 255"), "255")),
        (-1, ("mask_threshold", ("None", "scale"))),
    ],
)
def test_a_threshold_off_the_scale_is_refused(pairs, threshold, facts):
    with refused(*facts):
        so.scores(*pairs, mask_threshold=threshold)


@pytest.mark.parametrize(
    "convert",
    [
        lambda p: (p * 65535.0 / 255).round().astype(np.uint16),
        lambda p: p.astype(np.uint32) * np.uint32((2**32 - 1) // 255),
        lambda p: p / 255,
        lambda p: (p / 255).astype(np.float32),
    ],
)
def test_the_range_of_a_type_is_the_scale_of_a_map(pairs, convert):
    predictions, masks = pairs
    found = so.scores([convert(p) for p in predictions], masks)
    assert found["mae_raw"] == pytest.approx(so.scores(predictions, masks)["mae_raw"], abs=1e-6)


def test_a_perfect_map_of_every_type_has_no_error(pairs):
    masks = [m > 127 for m in pairs[1]]
    for one in (True, 1.0, np.uint8(255), np.uint16(65535), np.float16(1)):
        found = so.scores([m * one for m in masks], masks)
        assert (found["max_f"], found["mae"], found["mae_raw"]) == (1, 0, 0)


def test_a_dark_map_of_bytes_is_dark_where_the_others_have_its_range(pairs):
    dark = [pairs[0][0], np.eye(*pairs[0][1].shape, dtype=np.uint8)]
    bright = so.scores([p / 255 for p in dark], pairs[1][:2])
    assert so.scores(dark, pairs[1][:2]) == pytest.approx(bright)


def test_floats_outside_the_unit_interval_have_no_raw_error(pairs):
    """Logits have every other score; how far they are from 0 and 1 says nothing."""
    predictions, masks = pairs
    found = so.scores([p / 10 - 5 for p in predictions], masks)
    assert np.isnan(found.pop("mae_raw"))
    expected = so.scores(predictions, masks)
    assert found == pytest.approx({k: expected[k] for k in found}, abs=2e-3)
    rounded = so.scores([p / 255 * (1 + 1e-7) for p in predictions], masks)
    assert rounded["mae_raw"] == pytest.approx(expected["mae_raw"], abs=1e-6)


def test_one_prediction_alone_is_no_list_of_predictions():
    one = np.random.default_rng(0).random((30, 40))
    with refused("predictions", received="into a list"):
        so.scores(one, one > 0.5)
