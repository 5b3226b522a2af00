"""The gold standard: which mixture is chosen, what it is worth, and shares of it."""

from dataclasses import replace

import numpy as np
import pytest

from keras_attn import gaze
from keras_attn.metrics import gold_standard
from keras_attn.metrics.gold_standard import LEAST, Viewing

SHAPE = (60, 80)
UNIFORM = 1 / (SHAPE[0] * SHAPE[1])


def viewing(points, viewers, centre=None, width=80.0):
    """Points `(n, 2)` of these viewers; centre: the density of the centre bias, uniform if None."""
    pixels = gaze.pixels(np.asarray(points, float), SHAPE)
    centre = np.full(SHAPE, UNIFORM) if centre is None else centre
    return Viewing(pixels, np.asarray(viewers), SHAPE, centre.ravel()[pixels], width)


def drawn(rng, density, viewers, each):
    """A `Viewing` of so many viewers, whose fixations are all drawn from one density."""
    pixels = rng.choice(density.size, viewers * each, p=density.ravel())
    points = np.column_stack([pixels % SHAPE[1], pixels // SHAPE[1]]) + 0.5
    return viewing(points, np.repeat(np.arange(viewers), each), width=80.0)


def blobs(rng, count=3, sigma=3.0):
    return gaze.density(rng.random((count, 2)) * SHAPE[::-1], SHAPE, sigma)


@pytest.mark.parametrize("width", [80.0, np.array([40.0, 90.0])])
@pytest.mark.parametrize("blur", [0.006, 0.03, 0.25])
def test_the_choice_sees_the_very_density_that_is_scored(rng, blur, width):
    """Points at borders and in one place among them: reflection and reach are the map's."""
    points = rng.random((40, 2)) * SHAPE[::-1]
    points[:4] = [[0, 0], [79.9, 59.9], [0, 30], [0, 30]]
    viewers = np.repeat(np.arange(4), 10)
    found = viewing(points, viewers, width=width).density_of_others(blur)
    for viewer in range(4):
        own, sigma = viewers == viewer, blur * np.broadcast_to(width, 2)
        others = gaze.density(points[~own], SHAPE, tuple(sigma))
        expected = others.ravel()[gaze.pixels(points[own], SHAPE)]
        np.testing.assert_allclose(found[own], expected, rtol=1e-12, atol=1e-18)


@pytest.mark.slow
def test_the_gold_standard_of_a_known_density_comes_near_its_worth_and_not_above(rng):
    """The more viewers, the nearer: what is lacking is what so few points tell of the density."""
    true = [0.8 * blobs(rng) + 0.2 * UNIFORM for _ in range(10)]
    lacking = []
    for viewers in (3, 10, 40):
        views = [drawn(rng, density, viewers, each=30) for density in true]
        values = [t.ravel()[one.pixels] for t, one in zip(true, views, strict=True)]
        bits = np.log2(np.concatenate(values) / UNIFORM).mean()
        lacking.append(bits - gold_standard.fit(views).bits)
    assert lacking[0] > lacking[1] > lacking[2] > 0
    assert lacking[2] < 0.1


def test_the_fewer_others_there_are_the_more_falls_to_the_centre_bias(rng):
    centre = gaze.density([[40, 30]], SHAPE, 10.0)
    shares = []
    for viewers in (2, 15):
        views = []
        for _ in range(12):
            one = drawn(rng, 0.5 * blobs(rng, sigma=1.5) + 0.5 * centre, viewers, each=6)
            views.append(replace(one, centre=centre.ravel()[one.pixels]))
        found = gold_standard.fit(views)
        assert found.others + found.centre + found.uniform == pytest.approx(1)
        shares.append(found.centre)
    assert shares[0] > shares[1] + 0.1 and shares[1] > 0.1


def test_viewers_who_look_at_the_same_places_tell_nearly_all_of_each_other(rng):
    """Five places, each fixated by all: log2(4800 / 5) = 9.9 bits, less what the blur costs."""
    views = []
    for _ in range(4):
        places = rng.integers(10, 50, (5, 2)) + 0.5
        views.append(viewing(np.tile(places, (6, 1)), np.repeat(np.arange(6), 5)))
    found = gold_standard.fit(views)
    assert found.blur == pytest.approx(gold_standard.BLURS[0], rel=0.05)
    assert found.others > 0.99 and found.bits > 9


def test_viewers_who_look_anywhere_tell_nothing_and_do_not_mislead(rng):
    views = [drawn(rng, np.full(SHAPE, UNIFORM), viewers=8, each=10) for _ in range(20)]
    found = gold_standard.fit(views)
    assert -1e-9 <= found.bits < 0.02
    # The centre bias is uniform here, so that the two are one.
    assert found.centre + found.uniform > 0.8


def test_what_others_tell_by_chance_is_told_from_what_they_know(rng):
    """Of random gaze a share of the others gains a little on the gaze that it was chosen by."""
    assert gold_standard.fit([drawn(rng, blobs(rng), 5, 8) for _ in range(4)]).tells
    alike = np.ones((60, 80)) / 4800
    wrong = 0
    for _ in range(20):
        views = [drawn(rng, alike, 3, 5) for _ in range(6)]
        wrong += gold_standard.fit(views).tells
    assert wrong <= 1


def test_no_fixation_is_impossible(rng):
    """One far from all others costs bits and no more: the uniform share is never 0."""
    views = [viewing([[5, 5], [5, 5]] * 20, [0, 1] * 20) for _ in range(5)]
    found = gold_standard.fit(views)
    assert found.uniform >= LEAST * 0.99
    others = gaze.density([[5, 5]], SHAPE, found.blur * 80)
    density = found.density(others, np.full(SHAPE, UNIFORM))
    assert density.min() > 0 and density.sum() == pytest.approx(1)


def test_one_viewer_alone_has_no_gold_standard(rng):
    alone = viewing(rng.random((9, 2)) * 50, np.zeros(9))
    assert gold_standard.fit([alone]) is None and gold_standard.fit([]) is None
    nobody = viewing(np.zeros((0, 2)), np.zeros(0))
    pair = viewing(rng.random((8, 2)) * 50, [0, 1] * 4)
    assert gold_standard.fit([alone, nobody, pair]).images == 1


def test_the_same_fixations_lead_to_the_same_mixture(rng):
    views = [drawn(rng, blobs(rng), viewers=4, each=6) for _ in range(5)]
    assert gold_standard.fit(views) == gold_standard.fit(views)


def test_much_gaze_is_thinned_and_the_choice_hardly_moves(rng, monkeypatch):
    views = [drawn(rng, blobs(rng), viewers=6, each=60) for _ in range(6)]
    every = gold_standard.fit(views)
    monkeypatch.setattr(gold_standard, "POINTS", 180)
    some = gold_standard.fit(views)
    assert (every.fixations, some.fixations) == (6 * 360, 6 * 180)
    assert some.bits == pytest.approx(every.bits, abs=0.2)


def test_the_choice_is_made_from_a_part_of_many_images():
    assert gold_standard.chosen_images([10, 20, 5]) == [0, 1, 2]
    assert gold_standard.chosen_images([]) == []
    many = gold_standard.chosen_images([300] * 10_000)
    assert len(many) * 300**2 <= gold_standard.PAIRS and many[0] == 0 and many[-1] == 9999
    assert len(gold_standard.chosen_images([1_000_000])) == 1


# --- shares -------------------------------------------------------------------------------------


def test_a_share_is_the_ratio_of_the_means_over_images_that_have_both():
    value, low, high = gold_standard.share([1.0, 2.0, 9.0, np.nan], [2.0, 4.0, np.nan, 5.0])
    assert value == 0.5 and low == pytest.approx(0.5) and high == pytest.approx(0.5)


def test_the_ceiling_is_all_of_itself_however_it_varies(rng):
    ceilings = rng.normal(2, 0.5, 30)
    assert gold_standard.share(ceilings, ceilings) == pytest.approx((1, 1, 1))


def test_an_interval_of_a_share_draws_both_of_an_image_together(rng):
    """Where each image's gain is half of its ceiling, the share is nearly sure."""
    ceilings = rng.normal(4, 1, 50)
    gains = 0.5 * ceilings + rng.normal(0, 0.01, 50)
    value, low, high = gold_standard.share(gains, ceilings)
    assert low < value < high and high - low < 0.01
    _, apart_low, apart_high = gold_standard.share(rng.permutation(gains), ceilings)
    assert apart_high - apart_low > 5 * (high - low)


def test_groups_are_drawn_as_a_whole(rng):
    gains, ceilings = rng.normal(1, 0.3, 8), rng.normal(2, 0.1, 8)
    again = [np.repeat(values, 20) for values in (gains, ceilings)]
    alone = gold_standard.share(gains, ceilings)
    together = gold_standard.share(*again, groups=np.repeat(list("abcdefgh"), 20).tolist())
    assert together == pytest.approx(alone, rel=1e-4)
    one_group = gold_standard.share(gains, ceilings, groups=["a"] * 8)
    assert one_group[0] == alone[0] and np.isnan(one_group[1:]).all()


@pytest.mark.parametrize(
    "ceilings",
    [[-0.1, -0.2, 0.1], [0.0, 0.0, 0.0], [3.0, -2.9, 0.1], [np.nan, np.nan, np.nan]],
    ids=["below 0", "0", "not above 0 for sure", "none"],
)
def test_there_is_no_share_of_a_ceiling_that_is_not_above_0(ceilings):
    assert np.isnan(gold_standard.share([0.1, 0.2, 0.3], ceilings)).all()
