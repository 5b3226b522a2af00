"""Flow between frames: known motions, the camera's taken out, and the 8-bit code."""

import cv2
import numpy as np
import pytest
from conftest import refused

from keras_attn.datasets.flow import estimation

SHAPE, SIDE, BAND = (128, 171), 56, 8
CORNER = np.array((52, 36))
"""Where the square begins in the first frame, x and y."""
MOTIONS = (((3.0, -2.0), (-2.0, 3.0)), ((-2.5, 3.1), (2.0, 2.0)))
"""Pan of the camera and motion of the square in pixels a frame, x and y."""


def texture(rng, height, width):
    """Noise of three sizes, from 0 to 255."""
    sizes = ((4, 1), (8, 1), (24, 2))
    values = sum(
        amplitude * cv2.resize(rng.normal(size=(height // s, width // s)), (width, height))
        for s, amplitude in sizes
    )
    return np.float32(255 * (values - values.min()) / np.ptp(values))


def moved(picture, shift):
    matrix = np.float32([[1, 0, shift[0]], [0, 1, shift[1]]])
    return cv2.warpAffine(picture, matrix, SHAPE[::-1], flags=cv2.INTER_CUBIC)


def clip(count, pan, motion, seed=0):
    """Grey frames: a textured background that a camera pans over, before it a textured square."""
    rng = np.random.default_rng(seed)
    scene, square = texture(rng, 192, 240), texture(rng, 80, 80)
    frames = []
    for k in range(count):
        frame = moved(scene, np.multiply(k, pan) - 30)
        place = CORNER + np.multiply(k, motion)
        x, y = place.round().astype(int)
        inside = np.s_[y : y + SIDE, x : x + SIDE]
        frame[inside] = moved(square, place - 10)[inside]
        frames.append(np.clip(frame, 0, 255).round().astype(np.uint8))
    return frames


def regions(k, motion):
    """What is background in frames k and k + 1 and what is square, but for bands of 8 pixels."""
    # The compensated flow of the square spans what both motions cover.
    reach = BAND + int(np.ceil(np.abs(motion).max())) + 4
    x, y = (CORNER + np.multiply(k, motion)).round().astype(int)
    background = np.zeros(SHAPE, bool)
    background[BAND:-BAND, BAND:-BAND] = True
    background[y - reach : y + SIDE + reach, x - reach : x + SIDE + reach] = False
    square = np.zeros(SHAPE, bool)
    square[y + BAND : y + SIDE - BAND, x + BAND : x + SIDE - BAND] = True
    return background, square


def errors(method, pairs, pan, motion, **options):
    """Mean distance in pixels from the true compensated flow, of background and square."""
    frames, estimate = clip(pairs + 1, pan, motion), estimation.FlowEstimator(method, **options)
    found = []
    for k in range(pairs):
        values = estimate(frames[k], frames[k + 1])
        background, square = regions(k, motion)
        true = np.subtract(motion, pan)
        found.append(
            (
                np.hypot(*values[background].T).mean(),
                np.hypot(*(values[square] - true).T).mean(),
            )
        )
    return np.mean(found, axis=0)


@pytest.mark.slow
@pytest.mark.parametrize(("pan", "motion"), MOTIONS)
@pytest.mark.parametrize(("method", "pairs"), [("dis", 4), ("farneback", 4), ("tvl1", 2)])
def test_compensated_flow_is_that_of_the_square_alone(method, pairs, pan, motion):
    background, square = errors(method, pairs, pan, motion)
    assert background < 0.25
    assert square < 0.5


def test_orb_finds_the_cameras_motion_too():
    background, square = errors("dis", 3, *MOTIONS[0], features="orb")
    assert background < 0.25
    assert square < 0.5


def test_without_compensation_the_background_moves_as_the_camera_pans():
    pan, motion = MOTIONS[0]
    first, second = clip(2, pan, motion)
    values = estimation.FlowEstimator("farneback", compensated=False)(first, second)
    background, square = regions(0, motion)
    assert values[background].mean(axis=0) == pytest.approx(pan, abs=0.1)
    assert values[square].mean(axis=0) == pytest.approx(motion, abs=0.1)


def test_the_cameras_motion_is_the_pan():
    pan, motion = MOTIONS[1]
    first, second = clip(2, pan, motion)
    estimate = estimation.FlowEstimator("dis", compensated=False)
    found = estimate.camera_motion(first, second, estimate(first, second))
    assert found[:2, 2] / found[2, 2] == pytest.approx(pan, abs=0.3)
    assert found[:2, :2] == pytest.approx(np.eye(2), abs=0.01)


def test_a_homography_warps_the_second_frame_onto_the_first_and_repeats_its_border(rng):
    first = rng.integers(0, 256, (40, 50)).astype(np.uint8)
    second = np.zeros_like(first)
    second[:, 3:] = first[:, :-3]
    motion = np.array([[1.0, 0, 3], [0, 1, 0], [0, 0, 1]])
    back = estimation.without_motion(second, motion)
    assert (back[:, :-3] == first[:, :-3]).all()
    assert (back[:, -3:] == second[:, -1:]).all()


def test_without_texture_the_camera_stands_still():
    blank = np.full((48, 64), 90, np.uint8)
    still = np.zeros((48, 64, 2), np.float32)
    assert (estimation.FlowEstimator("dis").camera_motion(blank, blank, still) == np.eye(3)).all()
    assert (estimation.encode(estimation.FlowEstimator("dis")(blank, blank)) == 128).all()


def test_fifty_matches_are_too_few_and_twenty_five_inliers_are(monkeypatch, rng):
    def motion_from(good, wild):
        there = rng.uniform(0, 100, (good + wild, 2)).astype(np.float32)
        here = there + np.float32((2, 1))
        here[good:] = rng.uniform(0, 1000, (wild, 2))
        monkeypatch.setattr(estimation, "_followed", lambda *_: (there, here))
        estimate = estimation.FlowEstimator("dis")
        nothing = np.zeros((0, 2), np.float32)
        monkeypatch.setattr(estimate, "_matched", lambda *_: (nothing, nothing))
        return estimate.camera_motion(None, None, None)

    assert (motion_from(50, 0) == np.eye(3)).all()
    assert motion_from(51, 0)[:2, 2] == pytest.approx((2, 1), abs=1e-3)
    assert (motion_from(25, 60) == np.eye(3)).all()
    assert motion_from(26, 60)[:2, 2] == pytest.approx((2, 1), abs=0.1)


@pytest.mark.parametrize("method", ["dis", "farneback", "tvl1"])
def test_a_static_clip_codes_to_no_motion_everywhere(method):
    frame = clip(1, (0, 0), (0, 0))[0]
    code = estimation.encode(estimation.FlowEstimator(method)(frame, frame.copy()))
    assert set(np.unique(code)) <= {127, 128}


def test_flow_is_the_same_whatever_came_before():
    one, two, three = clip(3, *MOTIONS[0])
    chained, alone = estimation.FlowEstimator("dis"), estimation.FlowEstimator("dis")
    chained(one, two)
    assert (chained(two, three) == alone(two, three)).all()


def test_code_has_the_published_values():
    given = [-30, -20, -10, -0.2, 0, 0.2, 10, 20, 30]
    assert estimation.encode(given).tolist() == [0, 0, 64, 126, 128, 129, 191, 255, 255]
    assert estimation.encode([0.0, 15, -15], bound=15).tolist() == [128, 255, 0]


def test_code_and_decode_are_inverse_within_half_a_step():
    values = np.linspace(-20, 20, 4001)
    assert np.abs(estimation.decode(estimation.encode(values)) - values).max() <= 20 / 255 + 1e-6
    codes = np.arange(256)
    assert (estimation.encode(estimation.decode(codes)) == codes).all()
    assert (estimation.encode(estimation.decode(codes, 7.5), 7.5) == codes).all()


def test_what_no_flow_can_be_made_of_is_refused():
    good = np.zeros((40, 40), np.uint8)
    with refused("method", ("'tvl1'", "'farneback'", "'dis'")):
        estimation.FlowEstimator("brox")
    with refused("features", ("'sift'", "'orb'")):
        estimation.FlowEstimator("dis", features="surf")
    estimate = estimation.FlowEstimator("dis")
    for bad in (good.astype(float), good[..., None], good[:20], None):
        with refused("first frame", "uint8"):
            estimate(bad, good)
    with refused("second frame", "shape (40, 40)"):
        estimate(good, np.zeros((40, 44), np.uint8))
    with refused("flow", "finite", "1 "):
        estimation.encode([np.nan, 1])
