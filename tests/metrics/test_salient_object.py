"""Salient object metrics against pysodmetrics, by hand, and on bad input."""

import json

import numpy as np
import pytest
from conftest import GOLDEN

from keras_attn.errors import InputError
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
    ("prediction", "mask", "message"),
    [
        (np.ones((4, 4, 3)), np.ones((4, 4)), r"predictions\[0\]: expected a map \(H, W\)"),
        (np.ones((4, 4)), np.ones((4, 5)), r"masks\[0\]: expected a mask of .* \(4, 4\)"),
        (np.full((4, 4), np.nan), np.ones((4, 4)), r"predictions\[0\]: expected finite values"),
        (np.full((4, 4), 7.0), np.ones((4, 4)), "a constant map within"),
        (np.eye(4), np.eye(4) * 300, r"masks\[0\]: expected boolean, 0 and 1, or grey"),
        (np.eye(4), -np.eye(4), r"masks\[0\]: expected boolean"),
    ],
)
def test_what_cannot_be_scored_is_one_clear_error(prediction, mask, message):
    with pytest.raises(InputError, match=message):
        so.scores([prediction], [mask])


def test_no_image_and_unequal_counts_are_refused():
    for predictions, masks in (([], []), ([np.eye(3)], [])):
        with pytest.raises(InputError, match="predictions: expected at least one, and a mask for"):
            so.scores(predictions, masks)
