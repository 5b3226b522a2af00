"""Entropy and likeness of attention maps: by hand, by property, against NumPy, on bad input."""

import numpy as np
import pytest
from conftest import refused

from keras_attn import gaze
from keras_attn.errors import NotFinite
from keras_attn.metrics import dispersion

PEAK = np.zeros((7, 9))
PEAK[2, 3] = 5.0


def brute(maps):
    """Mean CC of each map with the others, pair by pair."""
    table = np.corrcoef([np.ravel(one) for one in maps])
    return (table.sum(axis=1) - 1) / (len(maps) - 1)


# --- entropy ------------------------------------------------------------------------------------


def test_entropies_by_hand():
    """Of k equal ones among N positions log k / log N; a half and two quarters: 1.5 log 2."""
    two = PEAK.copy()
    two[6, 8] = 5.0
    uneven = np.array([[2.0, 1.0], [1.0, 0.0]])
    found = dispersion.entropy([np.full((7, 9), 0.3), PEAK, two, uneven])
    expected = [1, 0, np.log(2) / np.log(63), 1.5 * np.log(2) / np.log(4)]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 3.0, 1e12, 1e308])
def test_the_scale_of_a_map_changes_no_entropy(rng, scale):
    one = rng.uniform(0.1, 1, (14, 14))
    np.testing.assert_allclose(dispersion.entropy([one * scale]), dispersion.entropy([one]))


def test_where_the_values_lie_changes_no_entropy(rng):
    one = rng.uniform(size=(14, 14))
    other = rng.permutation(one.ravel()).reshape(7, 28)
    np.testing.assert_allclose(dispersion.entropy([one]), dispersion.entropy([other]))


def test_an_enlarged_map_has_another_entropy_which_is_why_the_own_grid_counts():
    """Each of k positions becomes four: (log k + log 4) / (log N + log 4)."""
    two = np.array([[1.0, 1, 0, 0]])
    enlarged = np.kron(two, np.ones((2, 2)))
    assert dispersion.entropy([two])[0] == pytest.approx(0.5)
    assert dispersion.entropy([enlarged])[0] == pytest.approx(np.log(8) / np.log(16))


def test_gaze_densities_are_less_spread_than_chance_and_more_than_a_point(rng):
    """Densities of one fixation, of five and of hundreds all over, in this order."""
    counts = [1, 5, 400]
    densities = [gaze.density(rng.uniform(2, 58, (n, 2)), (60, 60), 2.0) for n in counts]
    one, five, many = dispersion.entropy(densities)
    assert 0.3 < one < five < many < 1


def test_integers_and_booleans_are_maps():
    assert dispersion.entropy([PEAK > 0, np.ones((3, 3), np.uint8)]).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("bad", "facts"),
    [
        (np.zeros((4, 4)), ("maps[1]", "value above 0")),
        (np.array([[1.0, -0.5]]), ("maps[1]", "0 or more")),
        (np.ones((1, 1)), ("maps[1]", "two positions")),
        (np.ones((4, 4, 1)), ("maps[1]", "map[..., 0]")),
        (np.ones(4), ("maps[1]", "(H, W)")),
    ],
)
def test_what_has_no_entropy_is_refused(bad, facts):
    with refused(*facts):
        dispersion.entropy([PEAK, bad])


def test_maps_that_are_not_finite_are_refused():
    with refused("maps[0]", "finite", "1 NaN", error=NotFinite):
        dispersion.entropy([np.where(PEAK > 0, np.nan, 1.0)])


def test_one_map_alone_is_not_taken_for_several():
    with refused("maps", received="into a list"):
        dispersion.entropy(np.ones((4, 4)))
    with refused("maps", "at least one map"):
        dispersion.entropy([])


# --- likeness -----------------------------------------------------------------------------------


def test_likeness_is_that_of_all_pairs_one_by_one(rng):
    maps = rng.uniform(size=(30, 9, 11)) + np.linspace(0, 1, 11)
    found = dispersion.cc_with_others(maps)
    np.testing.assert_allclose(found, brute(maps), atol=1e-12)
    assert dispersion.mean_cc(maps) == pytest.approx(brute(maps).mean())


def test_maps_alike_but_for_their_scale_have_a_likeness_of_1_and_opposite_ones_of_minus_1():
    ramp = np.arange(12.0).reshape(3, 4)
    np.testing.assert_allclose(dispersion.cc_with_others([ramp, 3 * ramp + 1]), 1)
    np.testing.assert_allclose(dispersion.cc_with_others([ramp, -ramp]), -1)
    # Two pairs of 1 and −1, and one of −1: by hand.
    found = dispersion.cc_with_others([ramp, ramp, -ramp])
    np.testing.assert_allclose(found, [0, 0, -1], atol=1e-12)


def test_a_constant_map_is_like_no_other_even_where_it_is_rounded(rng):
    constant = np.full((9, 11), 0.1, np.float32)
    rounded = constant.copy()
    rounded[0, 0] = np.nextafter(rounded[0, 0], np.float32(1))
    some = rng.uniform(size=(9, 11)).astype(np.float32)
    found = dispersion.cc_with_others([constant, rounded, some])
    np.testing.assert_allclose(found, 0, atol=1e-12)


def test_small_differences_of_a_map_are_no_rounding(rng):
    """Attention that differs by a thousandth from position to position has a place."""
    some = rng.uniform(size=(14, 14)).astype(np.float32)
    faint = (1 + 1e-3 * some).astype(np.float32)
    assert dispersion.cc_with_others([some, faint])[0] == pytest.approx(1, abs=1e-4)


def test_the_same_rearrangement_of_all_maps_changes_no_likeness(rng):
    maps = rng.uniform(size=(8, 6, 6))
    order = rng.permutation(36)
    other = maps.reshape(8, 36)[:, order].reshape(8, 4, 9)
    np.testing.assert_allclose(dispersion.cc_with_others(maps), dispersion.cc_with_others(other))


def test_maps_of_several_shapes_and_one_map_are_refused():
    with refused("maps[1]", ("maps[0]", "(7, 9)")):
        dispersion.cc_with_others([PEAK, PEAK.T])
    with refused("maps", "two maps", received="1"):
        dispersion.cc_with_others([PEAK])


# --- what rows keep -----------------------------------------------------------------------------


def test_an_image_keeps_the_entropy_of_its_own_grid_and_a_map_of_at_most_14_rows(rng):
    large = rng.uniform(size=(1, 28, 28)).astype(np.float32)
    spread, vector = dispersion.of_example(large)
    assert spread == pytest.approx(dispersion.entropy(large)[0])
    averaged = large[0].reshape(14, 2, 14, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(vector, dispersion.standardised([averaged])[0], atol=1e-6)
    _, small = dispersion.of_example(large[:, :7, :13])
    np.testing.assert_allclose(small, dispersion.standardised(large[:, :7, :13])[0], atol=1e-6)


def test_each_frame_of_a_video_counts_alike_whatever_its_energy():
    """A frame of energy 100 at one position, and one of 1 at another: half and half."""
    frames = np.zeros((2, 4, 4))
    frames[0, 0, 0], frames[1, 3, 3] = 100.0, 1.0
    spread, vector = dispersion.of_example(frames)
    assert spread == 0
    np.testing.assert_allclose(vector, dispersion.standardised([frames[0] / 100 + frames[1]])[0])


def test_the_entropy_of_a_video_is_the_mean_of_its_frames_not_that_of_the_mean_map():
    """All of it at one position, then everywhere: (0 + 1) / 2."""
    frames = np.stack([np.eye(4) * [1, 0, 0, 0], np.ones((4, 4))])
    assert dispersion.of_example(frames)[0] == pytest.approx(0.5)


def test_constant_attention_is_kept_as_entropy_1_and_a_map_like_no_other():
    spread, vector = dispersion.of_example(np.full((1, 28, 28), 0.1, np.float32))
    assert spread == pytest.approx(1) and not vector.any() and vector.shape == (196,)


@pytest.mark.parametrize("frames", [np.zeros((2, 28, 28)), np.zeros((0, 28, 28))])
def test_attention_of_zeros_and_none_at_all_have_neither(frames):
    spread, vector = dispersion.of_example(frames)
    assert np.isnan(spread) and np.isnan(vector).all() and vector.shape == (196,)


def test_a_frame_of_zeros_is_left_out(rng):
    one = rng.uniform(size=(1, 7, 7))
    spread, vector = dispersion.of_example(np.concatenate([one, np.zeros((1, 7, 7))]))
    alone, expected = dispersion.of_example(one)
    assert spread == alone
    np.testing.assert_allclose(vector, expected, atol=1e-7)


def test_attention_below_0_has_a_likeness_and_no_entropy(rng):
    one = rng.normal(size=(1, 7, 7))
    spread, vector = dispersion.of_example(one)
    assert np.isnan(spread)
    np.testing.assert_allclose(vector, dispersion.standardised(one)[0], atol=1e-6)
