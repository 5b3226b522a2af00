"""Snippets: which 16 frames, cropped how, and the lists of them."""

import numpy as np
import pytest
from conftest import refused

from keras_attn.datasets import VideoExample
from keras_attn.datasets.batches.snippets import (
    Snippet,
    View,
    central_view,
    crops,
    snippets,
    starts,
    training_views,
)

TRAIN_VIEWS, TEST_VIEW = training_views(), central_view()


def video(frames, name="v", labels=(2,), shape=(128, 171)):
    """A video whose frame k has one point, at x = k mod 100 + 0.5."""
    points = [[[k % 100 + 0.5, 1.5]] for k in range(frames)]
    return VideoExample(name, frames, shape, points, [[1]] * frames, labels)


# --- which frames -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pairs", "count", "step", "last"),
    [
        (16, 1, 1, 1),
        (17, 2, 1, 2),
        (40, 25, 1, 25),
        (54, 25, 1, 25),  # the real clip of 55 frames: (54 − 16) // 25 = 1
        (65, 25, 1, 25),
        (66, 25, 2, 49),  # (66 − 16) // 25 = 2
        (300, 25, 11, 265),  # 284 // 25 = 11; the last snippet ends at 280 of 300
    ],
)
def test_starts_are_those_of_the_published_lists(pairs, count, step, last):
    found = starts(pairs)
    assert (len(found), found[0], found[-1]) == (count, 1, last)
    assert set(np.diff(found)) <= {step}
    assert found[-1] + 15 <= pairs


def test_fewer_snippets_take_longer_steps():
    assert starts(66, most=5) == (1, 11, 21, 31, 41)
    with refused("most", "at least 1"):
        starts(66, most=0)


def test_a_snippet_has_the_frames_and_the_gaze_of_its_numbers():
    """File k of extracted flow is frame k, from 0: the gaze of frame 0 belongs to none."""
    snippet = Snippet(video(40), 3)
    assert snippet.numbers == tuple(range(3, 19))
    assert [its[0, 0] for its in snippet.points] == [k + 0.5 for k in range(3, 19)]


def test_a_short_video_repeats_its_last_frame():
    """10 frames are 9 pairs: numbers 1 to 9, and 9 seven times more."""
    (snippet,) = snippets([video(10)])
    assert snippet.numbers == (*range(1, 10), *[9] * 7)
    assert [its[0, 0] for its in snippet.points][8:] == [9.5] * 8
    assert starts(9) == starts(15) == starts(16) == (1,)


def test_a_snippet_past_the_end_or_of_one_frame_is_refused():
    with refused("snippet of 'v'", "1 to 24", "25, of 40 frames"):
        Snippet(video(40), 25)
    with refused("snippet of 'v'", "2 frames", "1, of 1 "):
        snippets([video(1)])
    assert Snippet(video(40), 24).numbers[-1] == 39


def test_snippets_of_a_dataset_come_video_by_video():
    found = snippets([video(18, "a"), video(10, "b"), video(300, "c")])
    assert [s.video.id for s in found] == ["a"] * 2 + ["b"] + ["c"] * 25


# --- crops ------------------------------------------------------------------------------------


def test_the_five_crops_lie_inside_and_touch_all_sides_but_the_right():
    assert len(TRAIN_VIEWS) == 10 and len(set(TRAIN_VIEWS)) == 10
    frames = np.arange(128 * 171).reshape(1, 128, 171, 1)
    for view in (*TRAIN_VIEWS, TEST_VIEW):
        seen = view.frames(frames)
        assert seen.shape == (1, 112, 112, 1)
        corner = -1 if view.mirrored else 0
        assert seen[0, 0, corner, 0] == view.top * 171 + view.left
    assert (TEST_VIEW.top, TEST_VIEW.left, TEST_VIEW.mirrored) == (8, 29, False)


@pytest.mark.parametrize(
    ("frame", "size", "places", "centre"),
    [
        ((128, 171), (112, 112), ((8, 28), (0, 0), (0, 56), (16, 0), (16, 56)), (8, 29)),
        ((64, 86), (56, 56), ((4, 14), (0, 0), (0, 28), (8, 0), (8, 28)), (4, 15)),
        ((58, 60), (56, 56), ((0, 2), (0, 0), (0, 4), (0, 0), (0, 4)), (1, 2)),
        ((56, 56), (56, 56), ((0, 0),) * 5, (0, 0)),
    ],
)
def test_crops_of_other_sizes_go_by_the_same_rule(frame, size, places, centre):
    """Steps of a quarter of the margin: (86 − 56) // 4 = 7, so 14 to the middle and 28 at most."""
    assert crops(frame, size) == places
    views = training_views(frame, size)
    assert [(v.top, v.left) for v in views] == [*places, *places]
    assert [v.mirrored for v in views] == [False] * 5 + [True] * 5
    view = central_view(frame, size)
    assert (view.top, view.left, view.mirrored) == (*centre, False)
    assert view.frames(np.zeros((16, *frame, 3))).shape == (16, *size, 3)


def test_a_view_that_is_not_inside_the_frames_is_refused():
    for at in ((17, 0), (0, 60), (-1, 0)):
        with refused("view", ("top from 0 to 16", "left from 0 to 59"), str(at)):
            View(*at)
    for make in (training_views, central_view):
        with refused("frames", "(65, 56)", "(64, 86)"):
            make((64, 86), (65, 56))


def test_points_go_where_their_pixels_go(rng):
    """A point marks the pixel that it falls on, before and after."""
    points = np.column_stack([rng.uniform(0, 171, 60), rng.uniform(0, 128, 60)])
    for view in (*TRAIN_VIEWS, TEST_VIEW):
        for point in points:
            picture = np.zeros((128, 171, 1))
            picture[int(point[1]), int(point[0])] = 1
            moved = view.points(point[None], (128, 171))
            pixels = [(int(y), int(x)) for x, y in moved]
            assert pixels == list(zip(*np.nonzero(view.frames(picture)[..., 0]), strict=True))


def test_points_of_a_larger_video_are_scaled_first():
    """720×404 to 171×128, then 29 left and 8 up: the middle is (85.5 − 29, 64 − 8)."""
    middle = np.array([[360.0, 202.0], [0.0, 0.0]])
    np.testing.assert_allclose(TEST_VIEW.points(middle, (404, 720)), [[56.5, 56.0]])
    mirrored = View(8, 29, mirrored=True)
    np.testing.assert_allclose(mirrored.points(middle, (404, 720)), [[55.5, 56.0]])


def test_mirrored_flow_runs_the_other_way():
    flow = np.zeros((16, 128, 171, 2), np.uint8)
    flow[..., 0], flow[..., 1] = 128, 90
    flow[0, 8, 28] = 200, 50
    plain, mirrored = View(8, 28).flow(flow), View(8, 28, mirrored=True).flow(flow)
    assert plain.shape == mirrored.shape == (16, 112, 112, 2) and mirrored.dtype == np.uint8
    assert plain[0, 0, 0].tolist() == [200, 50] and mirrored[0, 0, -1].tolist() == [55, 50]
    assert plain[1, 5, 5].tolist() == [128, 90] and mirrored[1, 5, 5].tolist() == [127, 90]


def test_frames_and_flow_of_another_form_are_refused():
    with refused("frames", "shape (..., 128, 171, C)"):
        TEST_VIEW.frames(np.zeros((16, 240, 320, 3)))
    with refused("flow", "uint8", "float64"):
        TEST_VIEW.flow(np.zeros((16, 128, 171, 2)))
    with refused("flow", "uint8 of shape (..., 128, 171, 2)"):
        TEST_VIEW.flow(np.zeros((16, 128, 171, 3), np.uint8))


def test_a_view_sees_the_points_that_it_keeps(rng):
    """Of a video of twice its frame's height and three times its width."""
    for view in (View(2, 5, False, (20, 30), (12, 16)), View(2, 5, True, (20, 30), (12, 16))):
        points = rng.random((200, 2)) * (90, 40)
        seen = view.sees(points, (40, 90))
        assert seen.dtype == bool and 0 < seen.sum() < 200
        inside = (points >= (15, 4)) & (points < (3 * 21, 2 * 14))
        np.testing.assert_array_equal(seen, inside.all(axis=1))
        assert len(view.points(points, (40, 90))) == seen.sum()


def test_the_width_of_a_video_is_so_many_pixels_of_a_view_down_and_across():
    """A video of 40×90 squeezed into 20×30: its 90 columns are 30, and 90 of its rows 45."""
    view = View(2, 5, False, (20, 30), (12, 16))
    assert view.per_width((40, 90)).tolist() == [45, 30]
    assert TEST_VIEW.per_width((128, 171)).tolist() == [171, 171]


def test_what_a_view_sees_lies_at_its_place_in_the_video():
    shape = (360, 640)
    left, top, width, height = TEST_VIEW.place(shape)
    corners = np.array([[left, top], [left + width - 1e-6, top + height - 1e-6]])
    assert TEST_VIEW.points(corners, shape) == pytest.approx(np.array([[0, 0], [112, 112]]))
    assert not TEST_VIEW.sees(np.array([[left - 1e-6, top], [left, top + height]]), shape).any()
