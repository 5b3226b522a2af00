"""Points, transforms, densities and the centre bias."""

import numpy as np
import pytest
from conftest import refused
from scipy.ndimage import gaussian_filter

from keras_attn import gaze
from keras_attn.gaze import densities

SHAPE = (7, 11)


def every_kind_of_point(rng, shape=SHAPE):
    """Fractional points, pixel corners, and the extremes of the image."""
    height, width = shape
    corners = np.argwhere(np.ones(shape))[:, ::-1].astype(float)
    edge = [[0, 0], [np.nextafter(width, 0), np.nextafter(height, 0)], [1e-17, 1e-300]]
    beside = np.nextafter(corners, np.inf), np.nextafter(corners[corners.min(axis=1) > 0], 0)
    return np.concatenate([rng.random((50, 2)) * (width, height), corners, edge, *beside])


def one_hot(point, shape):
    image = np.zeros(shape)
    image.flat[gaze.pixels(point[None], shape)] = 1
    return image


def test_a_point_belongs_to_the_pixel_it_lies_in():
    points = np.array([[0, 0], [0.99, 0], [1, 0], [10.999, 6.999]])
    assert gaze.pixels(points, SHAPE).tolist() == [0, 0, 1, 76]


@pytest.mark.parametrize("point", [[-0.01, 0], [11, 0], [0, 7], [np.nan, 1], [1, np.inf]])
def test_points_outside_and_nan_are_not_inside(point):
    assert not gaze.inside(np.array([point]), SHAPE)[0]


def test_flipping_moves_every_point_with_its_pixel(rng):
    for point in every_kind_of_point(rng):
        moved = gaze.flip(point[None], SHAPE)
        assert gaze.inside(moved, SHAPE).all()
        expected = one_hot(point, SHAPE)[:, ::-1]
        np.testing.assert_array_equal(one_hot(moved[0], SHAPE), expected)


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 4, -1])
def test_rotating_moves_every_point_with_its_pixel(rng, turns):
    for point in every_kind_of_point(rng):
        moved = gaze.rot90(point[None], SHAPE, turns)
        expected = np.rot90(one_hot(point, SHAPE), turns)
        np.testing.assert_array_equal(one_hot(moved[0], expected.shape), expected)


def test_flipping_twice_and_turning_four_times_change_nothing_but_rounding(rng):
    points = every_kind_of_point(rng)
    np.testing.assert_allclose(gaze.flip(gaze.flip(points, SHAPE), SHAPE), points, atol=1e-14)
    np.testing.assert_allclose(gaze.rot90(points, SHAPE, 4), points)
    turned = gaze.rot90(gaze.rot90(points, SHAPE, 1), SHAPE[::-1], 3)
    np.testing.assert_allclose(turned, points, atol=1e-14)


def test_cropping_keeps_the_points_of_the_box_in_its_own_pixels(rng):
    points = every_kind_of_point(rng)
    counts = gaze.histogram(points, SHAPE)
    left, top, width, height = 3, 2, 5, 4
    cropped = gaze.crop(points, (left, top, width, height))
    expected = counts[top : top + height, left : left + width]
    np.testing.assert_array_equal(gaze.histogram(cropped, (height, width)), expected)


def test_enlarging_by_a_whole_factor_keeps_points_in_their_enlarged_pixel(rng):
    points = every_kind_of_point(rng)
    larger = gaze.resize(points, SHAPE, (21, 33))
    blocks = gaze.histogram(larger, (21, 33)).reshape(7, 3, 11, 3).sum(axis=(1, 3))
    np.testing.assert_array_equal(blocks, gaze.histogram(points, SHAPE))


def test_resizing_never_carries_a_point_over_the_border():
    edge = np.nextafter(np.array([[11.0, 7.0]]), 0)
    for side in range(1, 200):
        assert gaze.inside(gaze.resize(edge, SHAPE, (side, side)), (side, side)).all()


def test_resizing_leaves_points_outside_where_they_are_not_counted():
    moved = gaze.resize(np.array([[5000.0, 1.0], [-1.0, 1.0]]), SHAPE, (70, 110))
    assert not gaze.inside(moved, (70, 110)).any()


def test_the_centre_bias_keeps_no_trace_of_the_images_own_fixations(rng):
    """Where nobody else looked it is exactly 0, also where the image's own fixations are."""
    corner = [rng.normal((10, 10), 1, (100, 2)) for _ in range(5)]
    away = [*corner[:4], rng.normal((90, 70), 1, (100, 2))]
    pool = gaze.FixationPool(tuple(away), ((80, 100),) * 5)
    values = pool.centre_bias(4, (80, 100)).ravel()[gaze.pixels(away[4], (80, 100))]
    np.testing.assert_array_equal(values, 0)


@pytest.mark.parametrize("sigma", [0, -1, (1, 0), (1, 2, 3)])
def test_a_blur_that_is_none_is_refused(sigma):
    with refused("sigma", "positive"):
        gaze.density([[1, 1]], SHAPE, sigma)


@pytest.mark.parametrize("count", [1, 3, 40])
def test_density_is_the_blurred_histogram(rng, count):
    """By SciPy's filter on the whole image, for few points and for many."""
    points = rng.random((count, 2)) * (40, 30)
    expected = gaussian_filter(gaze.histogram(points, (30, 40)), 0.028 * 40) / count
    np.testing.assert_allclose(gaze.density(points, (30, 40)), expected, atol=1e-16)


def test_density_has_sum_one_even_at_the_border_and_zero_without_points():
    assert gaze.density([[0, 0], [39.9, 29.9]], (30, 40)).sum() == pytest.approx(1, abs=1e-12)
    assert gaze.density([[50, 50]], (30, 40)).sum() == 0
    assert gaze.density([], (30, 40)).sum() == 0


def test_density_takes_a_sigma_for_each_axis():
    one = np.zeros((30, 40))
    one[10, 20] = 1
    expected = gaussian_filter(one, (2.0, 5.0))
    found = gaze.density([[20.5, 10.5]], (30, 40), (2.0, 5.0))
    np.testing.assert_allclose(found, expected, atol=1e-16)


@pytest.mark.parametrize("count", [2, 500])
def test_long_sides_are_blurred_alike(rng, count):
    """Beyond the length up to which matrices are kept, in both directions."""
    shape = (20, densities.MOST_KEPT + 5)
    points = rng.random((count, 2)) * shape[::-1]
    expected = gaussian_filter(gaze.histogram(points, shape), 7.0) / count
    np.testing.assert_allclose(gaze.density(points, shape, 7.0), expected, atol=1e-16)


def test_a_blur_wider_than_the_image_reflects_again_and_again():
    one = np.zeros((6, 5))
    one[1, 3] = 1
    found = gaze.density([[3.5, 1.5]], (6, 5), 9.0)
    np.testing.assert_allclose(found, gaussian_filter(one, 9.0), atol=1e-16)


def test_density_of_mirrored_points_is_the_mirrored_density(rng):
    points = every_kind_of_point(rng)
    mirrored = gaze.density(gaze.flip(points, SHAPE), SHAPE)
    np.testing.assert_allclose(mirrored, gaze.density(points, SHAPE)[:, ::-1], atol=1e-15)


def pool_of(rng, shapes, counts):
    points = [rng.random((n, 2)) * s[::-1] for n, s in zip(counts, shapes, strict=True)]
    return gaze.FixationPool(tuple(points), tuple(shapes))


def test_the_centre_bias_of_an_image_knows_nothing_of_its_own_fixations(rng):
    shapes = [(30, 40), (30, 40), (20, 20), (30, 40)]
    pool = pool_of(rng, shapes, [5, 60, 9, 0])
    for index, shape in enumerate(shapes):
        others = [
            gaze.resize(points, pool.shapes[i], shape)
            for i, points in enumerate(pool.points)
            if i != index
        ]
        expected = gaze.density(np.concatenate(others), shape, 0.05 * shape[1])
        np.testing.assert_allclose(pool.centre_bias(index, shape), expected, atol=1e-15)


def test_the_centre_bias_of_the_only_image_is_uniform(rng):
    pool = pool_of(rng, [(3, 4)], [5])
    np.testing.assert_array_equal(pool.centre_bias(0, (3, 4)), np.full((3, 4), 1 / 12))


def test_negatives_are_all_fixations_of_the_others_with_multiplicity(rng):
    pool = pool_of(rng, [(30, 40), (15, 20), (30, 40)], [5, 6, 7])
    flat = pool.other_pixels(1, (15, 20))
    halves = np.concatenate([pool.points[0] / 2, pool.points[2] / 2])
    assert sorted(flat) == sorted(gaze.pixels(halves, (15, 20)))
    assert pool.count_of_others(1) == len(flat) == 12


def test_points_of_another_shape_are_refused():
    with refused("points", "(N, 2)", received="(3,)"):
        gaze.as_points([1, 2, 3])


def test_the_density_of_counts_is_that_of_their_points(rng):
    """More points than rows and fewer, blurred differently down and across."""
    for count in (3, 400):
        points = rng.random((count, 2)) * SHAPE[::-1]
        made = gaze.density_of_counts(gaze.histogram(points, SHAPE), (1.3, 2.1))
        np.testing.assert_allclose(made, gaze.density(points, SHAPE, (1.3, 2.1)), rtol=1e-12)
        assert made.sum() == pytest.approx(1)
    nothing = gaze.density_of_counts(np.zeros(SHAPE), (1, 1))
    np.testing.assert_array_equal(nothing, np.full(SHAPE, 1 / 77))
