"""Maps laid on pictures, against values by hand and the interpolation of OpenCV."""

import cv2
import numpy as np
import pytest

from keras_attn.networks.maps.place import WHOLE, Place
from keras_attn.resizing import at_size


def test_a_map_of_the_whole_picture_is_resized_as_everywhere(rng):
    saliency = rng.random((5, 7))
    np.testing.assert_array_equal(WHOLE.laid(saliency, (40, 56)), at_size(saliency, (40, 56)))


@pytest.mark.parametrize("shape", [(40, 56), (37, 90), (10, 14)])
def test_bilinear_weights_are_those_of_opencv(rng, shape):
    """Of a map whose place differs from the whole by less than a rounding error."""
    saliency = rng.random((5, 7))
    almost = Place((0.0, 1.0), (1e-12, 1.0))
    expected = cv2.resize(saliency, shape[::-1], interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(almost.laid(saliency, shape), expected, atol=1e-6)


def test_reduced_maps_are_averaged_by_area(rng):
    saliency = rng.random((12, 20))
    almost = Place((0.0, 1.0), (1e-12, 1.0))
    expected = cv2.resize(saliency, (5, 3), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(almost.laid(saliency, (3, 5)), expected, atol=1e-6)


def test_a_crop_lies_in_its_part_and_its_smallest_value_beside_it(rng):
    saliency = 1 + rng.random((4, 4))
    laid = Place((0.25, 0.75), (0.5, 1.0)).laid(saliency, (8, 8))
    np.testing.assert_allclose(laid[2:6, 4:], saliency)
    assert (laid[:2] == saliency.min()).all() and (laid[:, :4] == saliency.min()).all()


def test_a_border_is_cut_off(rng):
    saliency = rng.random((8, 8))
    laid = Place((-0.5, 1.5), (-0.5, 1.5)).laid(saliency, (4, 4))
    np.testing.assert_allclose(laid, saliency[2:6, 2:6])


def test_a_flipped_map_is_turned_back(rng):
    saliency = rng.random((4, 6))
    np.testing.assert_allclose(Place(columns=(1.0, 0.0)).laid(saliency, (4, 6)), saliency[:, ::-1])
    np.testing.assert_allclose(Place(rows=(1.0, 0.0)).laid(saliency, (4, 6)), saliency[::-1])


def test_a_map_between_pixels_is_interpolated():
    laid = Place((0.0, 1.0), (0.125, 1.125)).laid(np.array([[0.0, 1.0, 2.0, 3.0]]), (1, 4))
    np.testing.assert_allclose(laid, [[0.5, 0.5, 1.5, 2.5]])  # the first pixel lies beside it


def test_what_a_place_is_called():
    assert Place((0.25, 0.75), (0.0, 1.0)).describe() == "rows from 25.0 % to 75.0 %"
    assert Place(columns=(1.0, 0.0)).describe() == "columns flipped"
    assert Place((0.25, 0.75), (0.5, 1.0)).share == 0.25
    assert Place((-1.0, 2.0), (0.0, 1.0)).share == 1
    assert Place((0.01, 0.99)).nearly_whole and not Place((0.1, 1.0)).nearly_whole
