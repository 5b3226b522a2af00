"""The baseline of information gain: a density that is nowhere zero, or no number without a word."""

import warnings

import numpy as np
import pytest
from conftest import refused

from keras_attn import gaze as g
from keras_attn.metrics import gaze

SHAPE = (60, 80)


def looked(rng, images, fixations):
    return [1 + rng.random((fixations, 2)) * (78, 58) for _ in range(images)]


@pytest.mark.parametrize("convention", ["mit", "mixture", "tuebingen"])
@pytest.mark.parametrize("fixations", [1, 2, 10])
@pytest.mark.parametrize("images", [2, 3, 5])
def test_a_uniform_map_earns_at_most_what_the_uniform_share_allows(
    images, fixations, convention, rng
):
    """Gaze without any centre bias, the worst case: nobody looked where somebody else did."""
    for _ in range(20):
        points = looked(rng, images, fixations)
        options = {"convention": convention}
        gains = gaze.information_gain_per_image(np.ones((images, *SHAPE)), points, **options)
        share = g.uniform_share(images - 1, (images - 1) * fixations)
        assert gains.max() <= np.log2(1 / share) + 1e-9
        assert gains.max() < 1.1


def test_three_images_of_one_fixation_each_make_almost_no_baseline():
    points = [[[5, 5]], [[40, 30]], [[75, 55]]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gain = gaze.information_gain(np.ones((3, *SHAPE)), points)
    assert gain == pytest.approx(np.log2(22 / 20))
    assert gaze.zero_share(np.ones((3, *SHAPE)), points) == 0


def test_where_people_look_at_the_centre_a_uniform_map_loses_by_three_images_already(rng):
    for _ in range(20):
        points = [rng.normal((40, 30), (8, 6), (12, 2)).clip(0, 59) for _ in range(3)]
        assert gaze.information_gain(np.ones((3, *SHAPE)), points) < -0.5


def test_the_share_of_a_baseline_is_that_of_one_more_image_or_of_twenty_more_fixations():
    assert g.uniform_share(2, 2) == 20 / 22
    assert g.uniform_share(2, 400) == 1 / 3
    assert g.uniform_share(139, 19_700) == 1 / 140
    assert g.uniform_share(0, 0) == 1
    points = (np.zeros((30, 2)), np.zeros((0, 2)), np.zeros((50, 2)), np.zeros((70, 2)))
    pool = g.FixationPool(points, (SHAPE,) * 4)
    shares = [pool.uniform_share(index) for index in range(4)]
    assert shares == [1 / 3, 1 / 4, 1 / 3, 1 / 3]


def test_the_share_is_mixed_in_after_the_scaling_that_would_undo_it(rng):
    """By hand: the centre bias min-max scaled and summing to 1, then the share."""
    points, maps = looked(rng, 4, 30), rng.random((4, *SHAPE))
    pool = g.FixationPool(tuple(points), (SHAPE,) * 4)
    for index, gain in enumerate(gaze.information_gain_per_image(maps, points)):
        bias, saliency = pool.centre_bias(index, SHAPE), maps[index] - maps[index].min()
        bias = (bias - bias.min()) / (bias - bias.min()).sum()
        mixed = (1 - 1 / 4) * bias + 1 / 4 / bias.size
        flat = np.unique(g.pixels(points[index], SHAPE))
        bits = np.log2((saliency / saliency.sum() / mixed).ravel()[flat])
        assert gain == pytest.approx(bits.mean(), abs=1e-9)


def test_the_centre_bias_itself_gains_nothing_in_any_convention(rng):
    points = looked(rng, 3, 4)
    pool = g.FixationPool(tuple(points), (SHAPE,) * 3)
    centre = [pool.centre_bias(index, SHAPE) for index in range(3)]
    for convention in ("mit", "mixture", "tuebingen"):
        assert gaze.information_gain(centre, points, convention=convention) == 0


def test_of_many_images_the_share_moves_the_gain_by_less_than_a_hundredth_of_a_bit(rng):
    points = [rng.normal((40, 30), (12, 9), (40, 2)).clip(0, 59) for _ in range(150)]
    maps = rng.random((150, *SHAPE))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = gaze.information_gain(maps, points, uniform_share=0)
    assert abs(gaze.information_gain(maps, points) - raw) < 0.01


# --- baselines of one's own -----------------------------------------------------------------------


def corner():
    """A centre that is 0 in a corner, with two fixations there of three, on a uniform map."""
    y, x = np.mgrid[:60, :80]
    baseline = np.maximum(1 - np.hypot((x - 40) / 40, (y - 30) / 30), 0)
    return [np.ones(SHAPE)], [[[0, 0], [79, 59], [40, 30]]], baseline


def test_a_zero_of_a_given_baseline_is_told_where_the_number_is_that_of_the_mit_code():
    maps, points, baseline = corner()
    with pytest.warns(UserWarning, match=r"baseline: 2 of 3 .*uniform_share=0\.01"):
        gain = gaze.information_gain(maps, points, baseline=baseline)
    assert gain > 20
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mended = gaze.information_gain(maps, points, baseline=baseline, uniform_share=0.01)
    assert mended < np.log2(1 / 0.01)


@pytest.mark.parametrize(
    "options", [{"convention": "mixture", "uniform_share": 0.0}, {"convention": "tuebingen"}]
)
def test_an_infinite_gain_is_refused(options):
    maps, points, baseline = corner()
    facts = ("baseline[0]", ("above 0", "uniform_share=0.01"), "0 at 2 of 3")
    with refused(*facts):
        gaze.information_gain(maps, points, baseline=baseline, **options)
    options |= {"uniform_share": 0.01}
    assert gaze.information_gain(maps, points, baseline=baseline, **options) < np.log2(100)


def test_a_baseline_without_a_zero_under_a_fixation_warns_of_nothing(rng):
    points, maps = looked(rng, 3, 9), rng.random((3, *SHAPE))
    baseline = rng.random(SHAPE)
    baseline[0, 0] = -1  # its minimum, where nobody looked
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gaze.information_gain(maps, points, baseline=baseline)


def test_logarithms_are_no_baseline_and_no_density_has_negative_values(rng):
    points, maps = looked(rng, 3, 9), rng.random((3, *SHAPE))
    logs = np.log(maps[0] / maps[0].sum())
    with refused("baseline[0]", "np.exp"):
        gaze.information_gain(maps, points, baseline=logs)
    with refused("maps[0]", "0 or more"):
        gaze.information_gain(maps - 0.5, points, convention="tuebingen")
    for share in (-0.1, 1.1, np.nan, True, "0.1", [0.1]):
        with refused("uniform_share", "from 0 to 1"):
            gaze.information_gain(maps, points, uniform_share=share)


@pytest.mark.parametrize(
    "name", ["s_auc", "information_gain", "auc_judd", "nss", "cc", "sim", "kl_divergence"]
)
def test_every_metric_knows_the_convention_of_tuebingen_and_refuses_an_unknown_one(name, rng):
    points, maps = looked(rng, 3, 9), rng.random((3, *SHAPE)) + 0.2
    other = maps[::-1] if name in ("cc", "sim", "kl_divergence") else points
    assert np.isfinite(getattr(gaze, name)(maps, other, convention="tuebingen"))
    with refused("convention", "'tuebingen'"):
        getattr(gaze, name)(maps, other, convention="Tübingen")


@pytest.mark.parametrize("baseline", [5, "centre", {0: 1}, iter([1]), None])
def test_what_is_no_baseline_or_density_is_one_clear_error(baseline, rng):
    maps = [rng.random((4, 5))] * 2
    with refused("densities", ("(H, W)", "one for each")):
        gaze.sim(maps, baseline)
    if baseline is not None:
        with refused("baseline", ("(H, W)", "one for each")):
            gaze.information_gain(maps, [[[1, 1]]] * 2, baseline=baseline)


def test_one_baseline_or_density_for_all_may_be_a_list_of_rows_or_whole_numbers(rng):
    maps, points = [rng.random((4, 5))] * 2, [[[1, 1]], [[2, 3]]]
    one = rng.integers(1, 9, (4, 5))
    for metric, name, rest in (
        (gaze.sim, "densities", ()),
        (gaze.information_gain, "baseline", (points,)),
    ):
        expected = metric(maps, *rest, **{name: [one.astype(float)] * 2})
        for same in (one, one.tolist(), [one, one], (one.tolist(), one)):
            assert metric(maps, *rest, **{name: same}) == pytest.approx(expected, abs=1e-12)
