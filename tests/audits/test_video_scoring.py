"""The gaze of videos within a crop: whose it is, what it is compared with, frame by frame."""

import numpy as np
import pytest
from conftest import refused
from cropped_gaze import CROP, SHAPE, VIEW, flat, on_pixel, scored, three, video

from keras_attn import gaze
from keras_attn.evaluation import video_gaze
from keras_attn.evaluation.video_gaze import VideoGaze
from keras_attn.metrics import one_map


def negatives_of(others):
    """Flat indices of the pixels of all of them, one by one."""
    return np.repeat(np.arange(others.counts.size), others.counts.ravel())


def test_negatives_are_the_points_of_all_other_videos_in_the_crop_with_multiplicity():
    """One point of b lies beside the crop, and those of a are no negatives of a."""
    negatives = [negatives_of(three().others(index)).tolist() for index in range(3)]
    of_a = [flat(3, 4)] * 2 + [flat(30, 20)]
    of_b = [flat(0, 0)] * 3 + [flat(7, 1)]
    of_c = [flat(3, 4), flat(39, 31)]
    assert negatives == [sorted(of_b + of_c), sorted(of_a + of_c), sorted(of_a + of_b)]


def test_a_part_of_a_dataset_keeps_the_negatives_of_the_whole():
    found = three()
    part = VideoGaze(found.dataset.part("some", [2]), VIEW, found.blur)
    mine, its = part.others(0), found.others(2)
    np.testing.assert_array_equal(mine.counts, its.counts)
    assert mine.counts.sum() == 7


def crowded(rng, counts):
    """Videos of so many points each, anywhere in the crop."""
    reach = np.array(CROP[::-1])
    clouds = [(rng.random((count, 2)) * reach + (12, 8)) * 2 for count in counts]
    return scored(*(video(f"v{place}", cloud) for place, cloud in enumerate(clouds)))


def test_every_point_of_the_other_videos_counts_however_many_there_are(rng):
    """Of 40,000 points, and as those that are counted one by one to the last digits."""
    for own in (1, 12, 500):
        exact_beside(crowded(rng, (25_000, own, 15_000)), rng)


def exact_beside(found, rng):
    """Compare a frame of the middle one of three videos with all points of the others."""
    (frame,) = found.frames(1).values()
    clouds = [VIEW.points(found.dataset[index].fixations, SHAPE) for index in (0, 2)]
    negatives = gaze.pixels(np.concatenate(clouds), CROP)
    mine = gaze.pixels(frame.points, CROP)
    assert len(negatives) == 40_000
    for saliency in (rng.random(CROP), rng.integers(0, 4, CROP) / 3, np.ones(CROP)):
        values = saliency.ravel()
        expected = one_map.auc_per_positive(values[mine], values[negatives])
        one_by_one = frame.others.auc_per_positive(values, mine)
        np.testing.assert_allclose(one_by_one, expected, rtol=0, atol=1e-12)
        assert frame.of(saliency)[0] == pytest.approx(expected.mean(), rel=0, abs=1e-12)


def test_a_heap_of_points_on_one_pixel_weighs_as_many():
    """3,000 of 4,000 are on a pixel that is above the frame's own point, and 1,000 on it."""
    heap = video("h", on_pixel(5, 5, 3_000), on_pixel(9, 9, 1_000))
    (frame,) = scored(heap, video("own", on_pixel(9, 9))).frames(1).values()
    saliency = np.zeros(CROP)
    saliency[5, 5], saliency[9, 9] = 2, 1
    assert frame.of(saliency)[0] == (0.5 * 1_000) / 4_000
    saliency[5, 5] = 0.5
    assert frame.of(saliency)[0] == (3_000 + 0.5 * 1_000) / 4_000


def test_all_frames_of_a_video_have_the_same_negatives(rng):
    found = crowded(rng, (12_000, 50))
    looked = scored(found.dataset[0], video("b", on_pixel(1, 1), on_pixel(2, 2))).frames(1)
    first, second = (looked[number].others for number in (0, 1))
    assert first is second and first.counts.sum() == 12_000


def test_the_centre_bias_is_the_density_of_the_others_points_and_sums_to_one(rng):
    """Its blur is a share of the video's width, which is 64 pixels of the crop."""
    found = crowded(rng, (40, 50, 60))
    others = found.others(1)
    points = [VIEW.points(found.dataset[index].fixations, SHAPE) for index in (0, 2)]
    expected = gaze.density(np.concatenate(points), CROP, 0.1 * 64)
    bias = others.centre_bias(0.1)
    assert bias.sum() == pytest.approx(1, rel=1e-12)
    np.testing.assert_allclose(bias, expected, rtol=1e-9)


def test_where_nobody_else_looked_the_centre_bias_is_uniform():
    bias = scored(video("a", on_pixel(1, 1)), video("b", [])).others(0).centre_bias(0.1)
    np.testing.assert_allclose(bias, np.full(CROP, 1 / (32 * 40)))


def test_only_frames_with_gaze_in_the_crop_are_scored():
    found = three()
    assert list(found.frames(0)) == [1, 2] and list(found.frames(1)) == [0, 2]
    assert list(found.frames(0, numbers=[0, 2])) == [2]


def test_gaze_of_one_video_alone_cannot_be_scored():
    """That of the other one lies beside the crop."""
    found = scored(video("a", on_pixel(3, 4)), video("b", [[1, 1]]))
    assert found.frames(1) == {}
    facts = ("dataset 'drawn'", "two videos", "one, 'a'")
    with refused(*facts):
        found.frames(0)


def test_points_are_in_pixels_of_the_crop_with_their_viewers():
    points = [*on_pixel(3, 4), [2.0, 2.0], *on_pixel(30, 20)]
    found = scored(video("a", points, subjects=[np.array([5, 6, 7])]), video("b", on_pixel(1, 1)))
    (frame,) = found.frames(0).values()
    np.testing.assert_allclose(frame.points, [[3.5, 4.5], [30.5, 20.5]])
    assert frame.subjects.tolist() == [5, 7]


def test_the_s_auc_of_a_frame_counts_pairs_of_points_and_negatives(rng):
    """The share of pairs in which the point has more of the map, a tie being one half."""
    found = crowded(rng, (30, 40, 20))
    (frame,) = found.frames(1).values()
    saliency = rng.integers(0, 6, CROP).astype(float)
    mine = saliency.ravel()[gaze.pixels(frame.points, CROP)][:, None]
    its = saliency.ravel()[negatives_of(frame.others)][None]
    expected = ((mine > its) + 0.5 * (mine == its)).mean()
    assert len(mine) == 40 and its.size == 50
    assert frame.s_auc_and_ig(saliency)[0] == pytest.approx(expected, rel=1e-12)
    assert frame.of(saliency)[0] == pytest.approx(expected, rel=1e-12)


def test_there_is_no_ceiling_where_viewers_are_not_told_apart():
    alike = [np.zeros(2)]
    points = on_pixel(3, 4) + on_pixel(9, 9)
    other = video("b", on_pixel(1, 1))
    (unknown,) = scored(video("a", points, subjects=alike), other).frames(0).values()
    (known,) = scored(video("a", points, subjects=[np.array([1, 2])]), other).frames(0).values()
    assert np.isnan(unknown.single_observer()).all() and np.isfinite(known.single_observer()).all()


def test_what_is_counted_once_serves_every_video(rng, monkeypatch):
    counted = []
    histogram = gaze.histogram

    def counting(points, shape):
        counted.append(len(points))
        return histogram(points, shape)

    monkeypatch.setattr(video_gaze.gaze, "histogram", counting)
    found = crowded(rng, (3, 4, 5))
    for index in range(3):
        found.frames(index)
    assert counted == [3, 4, 5]
