"""Gaze of Mathe & Sminchisescu: samples on a screen to points in frames, and pictures of points."""

import cv2
import numpy as np
import pytest
import scipy.io
import scipy.ndimage
from conftest import real, refused
from videos import SCREEN, write_points, write_samples

from keras_attn import gaze
from keras_attn.datasets.readers.mathe_gaze import (
    RawGaze,
    frame_of,
    open_gaze,
    read_samples,
    screen_to_video,
)
from keras_attn.datasets.readers.repackaged_gaze import RepackagedGaze, read_points
from keras_attn.datasets.video import VideoReport

SHAPE = (360, 640)
"""A video of half the screen's width: scale 0.5, and bands of (1024 − 720) / 2 = 152 px."""
CENTRE = "0 0 640.0 512.0"


def write_raw(root, samples, *, header=False):
    head = ["time u1 u2 x y event"] if header else []
    write_samples(root, {key: [*head, *lines] for key, lines in samples.items()}, shape=SHAPE)
    return root


def read(source, name="clip", frames=10, shape=SHAPE, rate=25.0):
    report = VideoReport()
    return *source.read(name, frames, shape, rate, report), report


# --- raw samples ------------------------------------------------------------------------------


def test_a_point_on_the_screen_lies_where_the_video_is_shown():
    """The screen's centre is the video's; its corners are those of the screen 152 px lower."""
    points = [[640, 512], [0, 152], [1280, 872], [0, 0]]
    expected = [[320, 180], [0, 0], [640, 360], [0, -76]]
    np.testing.assert_allclose(screen_to_video(points, SCREEN, SHAPE), expected)


def test_a_video_of_the_screens_proportions_has_no_bands():
    np.testing.assert_allclose(screen_to_video([[1280, 1024]], SCREEN, (512, 640)), [[640, 512]])


def test_a_time_belongs_to_the_nearest_frame():
    """25 a second: frames are 40 ms long, and the first half of the first alone is frame 0."""
    times = [0, 19_999, 20_000, 59_999, 60_000, 400_000]
    assert frame_of(times, 25.0).tolist() == [0, 0, 1, 1, 2, 10]


def test_samples_become_points_of_their_frames_and_what_drops_is_counted(tmp_path):
    lines = [
        f"0 {CENTRE} F",
        "2000 0 0 642.0 514.0 S",
        f"40000 {CENTRE} B",
        "40000 0 0 0.0 100.0 F",  # in the upper band
        "40000 0 0 -5.0 512.0 F",
        "80000 0 0 nan 512.0 F",
        "120000 0 0 0.0 152.0 F",
        f"400000 {CENTRE} F",  # frame 10 of 10
        f"-40000 {CENTRE} F",
    ]
    source = RawGaze(write_raw(tmp_path, {(1, "clip"): lines, (2, "clip"): [f"0 {CENTRE} F"]}))
    points, subjects, report = read(source)
    assert len(points) == len(subjects) == 10
    np.testing.assert_allclose(points[0], [[320, 180], [321, 181], [320, 180]])
    assert subjects[0].tolist() == [1, 1, 2]
    np.testing.assert_allclose(points[3], [[0, 0]])
    assert [len(its) for its in points] == [3, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert (report.points_outside, report.points_not_a_number) == (2, 1)
    assert (report.events_left_out, report.points_out_of_time) == (1, 2)


def test_events_to_keep_can_be_chosen(tmp_path):
    lines = [f"0 {CENTRE} F", f"0 {CENTRE} S", f"0 {CENTRE} Blink", f"0 {CENTRE} Fixation"]
    write_raw(tmp_path, {(1, "clip"): lines})
    for events, kept in ((None, 3), (("F",), 2), (("F", "S", "B"), 4)):
        source = RawGaze(tmp_path, events=events)
        points, _, report = read(source)
        assert len(points[0]) == kept and report.events_left_out == 4 - kept
    assert "events F, S, B" in source.note


def test_a_group_is_read_alone_and_named_and_its_missing_viewers_are_counted(tmp_path):
    one = [f"0 {CENTRE} F"]
    samples = {(1, "clip"): one, (2, "clip"): one, (14, "clip"): one, (1, "other"): []}
    write_raw(tmp_path, samples)
    groups = {"action": (1, 2, 3), "free": (14,), "nobody": (19,)}
    source = RawGaze(tmp_path, groups=groups, group="action")
    assert source.note == "Gaze of the group 'action' (subjects 1, 2, 3), all samples but blinks."
    _, subjects, report = read(source)
    assert subjects[0].tolist() == [1, 2] and report.subjects_missing == 1
    points, _, report = read(source, "other")  # an empty file of subject 1, none of the others
    assert sum(map(len, points)) == 0 and report.subjects_missing == 3
    points, _, report = read(source, "never shown")
    assert sum(map(len, points)) == 0 and report.subjects_missing == 3
    with refused("group", ("'action'", "'free'", "'nobody'")):
        RawGaze(tmp_path, groups=groups, group="context")
    with refused("group 'nobody'", ("subjects", "1, 2, 14")):
        RawGaze(tmp_path, groups=groups, group="nobody")
    assert RawGaze(tmp_path).subjects == (1, 2, 14)


def test_one_header_line_is_tolerated_in_each_file(tmp_path):
    write_raw(tmp_path, {(1, "clip"): [f"0 {CENTRE} F"]}, header=True)
    for name, head in (("geometry.txt", "d w h sw sh"), ("resolution.txt", "name w h fps")):
        path = tmp_path / name
        path.write_text(f"{head}\n{path.read_text()}")
    points, _, _ = read(RawGaze(tmp_path))
    np.testing.assert_allclose(points[0], [[320, 180]])


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        (["0 0 0 1 2 F", "5 0 0 1 2"], 2),
        (["0 0 0 1 2 F", "0 0 0 1 2 F x"], 2),
        (["0 0 0 1 2 F", "0 0 0 left 2 F"], 2),
        (["time x y", "0 0 0 1 2 F", "1 2"], 3),
        (["a b c d e f", "a b c d e f"], 2),
    ],
)
def test_a_line_that_is_no_sample_is_named(tmp_path, lines, wrong):
    path = tmp_path / "001_clip.avi.txt"
    path.write_text("\n".join(lines) + "\n")
    with refused(f"001_clip.avi.txt, line {wrong}", "µs"):
        read_samples(path)


BROKEN = {
    "samples of another name": (
        lambda root: (root / "samples" / "clip.txt").write_text(""),
        ("clip.txt", "<SSS>_<video>.avi.txt"),
    ),
    "no samples": (
        lambda root: (root / "samples" / "001_clip.avi.txt").unlink(),
        ("samples", "<SSS>_<video>.avi.txt", "none"),
    ),
    "no geometry": (
        lambda root: (root / "geometry.txt").unlink(),
        ("geometry.txt", "text file", "no such file"),
    ),
    "half a geometry": (
        lambda root: (root / "geometry.txt").write_text("600 475 295 1280\n"),
        ("geometry.txt, line 1", "three numbers"),
    ),
    "an empty geometry": (
        lambda root: (root / "geometry.txt").write_text(""),
        ("geometry.txt", "three numbers", "nothing"),
    ),
    "a screen without height": (
        lambda root: (root / "geometry.txt").write_text("600 475 295 1280 0\n"),
        ("geometry.txt, line 1", "three numbers"),
    ),
    "a resolution of words": (
        lambda root: (root / "resolution.txt").write_text("a 1 2 3\nb wide high 3\n"),
        ("resolution.txt, line 2", "<video>.avi"),
    ),
    "no resolution of the clip": (
        lambda root: (root / "resolution.txt").write_text("other.avi 640 360 1\n"),
        ("resolution.txt", "line for clip"),
    ),
    "gaze of another resolution": (
        lambda root: (root / "resolution.txt").write_text("clip.avi 320 240 1\n"),
        ("resolution.txt", "(360, 640)", "(240, 320)"),
    ),
    "samples that are no text": (
        lambda root: (root / "samples" / "001_clip.avi.txt").write_bytes(b"\xff\xfe\x00" * 9),
        ("001_clip.avi.txt", "text file"),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_with_raw_gaze_is_one_error(tmp_path, what):
    spoil, facts = BROKEN[what]
    spoil(write_raw(tmp_path, {(1, "clip"): [f"0 {CENTRE} F"]}))
    with refused(*facts):
        read(RawGaze(tmp_path))


def test_frames_without_a_rate_are_refused_for_samples(tmp_path):
    source = RawGaze(write_raw(tmp_path, {(1, "clip"): [f"0 {CENTRE} F"]}))
    with refused("fps of clip", "frames a second"):
        read(source, rate=None)


# --- repackaged -------------------------------------------------------------------------------


def test_both_layouts_are_read_and_shots_are_joined_to_their_clip(tmp_path):
    dhf1k, other = tmp_path / "dhf1k", tmp_path / "stra_net"
    write_points(dhf1k / "training/clip_1/fixation/clip_00001.png", [(3, 5)])
    write_points(dhf1k / "training/clip_2/fixation/clip_00003.png", [(63, 47), (0, 0)])
    write_points(dhf1k / "training/clip_2/maps/clip_00003.png", [(9, 9)])
    write_points(other / "train/clip/fixation/0001.png", [(3, 5)])
    (other / "train/clip/fixation/maps").mkdir()
    matlab = np.zeros((48, 64), np.uint8)
    matlab[47, 63] = matlab[0, 0] = 1
    scipy.io.savemat(other / "train/clip/fixation/maps/0003.mat", {"I": matlab})
    for root in (dhf1k, other):
        source = open_gaze(root, lambda name: name.split("_")[0])
        assert source.videos == ("clip",) and source.last("clip") == 3
        assert source.shape("clip") == (48, 64) and source.shape("else") is None
        points, subjects, _ = read(source, frames=4, shape=(48, 64))
        assert [its.tolist() for its in points] == [
            [[3.5, 5.5]], [], [[0.5, 0.5], [63.5, 47.5]], []
        ]  # fmt: skip
        assert [whose.tolist() for whose in subjects] == [[0], [], [0, 0], []]


def test_a_video_without_pictures_has_no_points(tmp_path):
    write_points(tmp_path / "clip/fixation/0001.png", [(3, 5)])
    points, _, _ = read(RepackagedGaze(tmp_path), "another", frames=3)
    assert [len(its) for its in points] == [0, 0, 0]


SPOILT = {
    "gaze of another resolution": (
        lambda root: write_points(root / "clip/fixation/0002.png", [(1, 1)], (24, 32)),
        ("0002.png", "(48, 64)", "(24, 32)"),
    ),
    "a density in the place of fixations": (
        lambda root: cv2.imwrite(
            str(root / "clip/fixation/0002.png"), np.arange(3072).astype(np.uint8).reshape(48, 64)
        ),
        ("0002.png", "one value", "255 values"),
    ),
    "a picture that is none": (
        lambda root: (root / "clip/fixation/0002.png").write_bytes(b"no picture"),
        ("0002.png", "image"),
    ),
    "a name without a number": (
        lambda root: write_points(root / "clip/fixation/last.png", [(1, 1)]),
        ("last.png", "frame's number"),
    ),
    "a frame 0": (
        lambda root: write_points(root / "clip/fixation/0000.png", [(1, 1)]),
        ("0000.png", "from 1", "0000.png"),
    ),
    "a frame in two folders": (
        lambda root: write_points(root / "again/clip/fixation/0001.png", [(1, 1)]),
        ("clip/fixation/0001.png", "frame 1", "clip/fixation/0001.png"),
    ),
    "another variable": (
        lambda root: (
            (root / "clip/fixation/maps").mkdir(),
            scipy.io.savemat(root / "clip/fixation/maps/0002.mat", {"J": np.eye(3)}),
        ),
        ("0002.mat", ("MATLAB", "'I'")),
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_wrong_with_repackaged_gaze_is_one_error(tmp_path, what):
    write_points(tmp_path / "clip/fixation/0001.png", [(3, 5)])
    spoil, facts = SPOILT[what]
    spoil(tmp_path)
    with refused(*facts):
        read(RepackagedGaze(tmp_path), frames=2, shape=(48, 64))


def test_a_folder_without_gaze_is_refused_and_repackaged_gaze_has_no_groups(tmp_path):
    with refused(expected=("folders <video>/fixation", "samples/")):
        open_gaze(tmp_path, str)
    with refused("away", "folder of gaze"):
        open_gaze(tmp_path / "away", str)
    with refused(expected="group, events"):
        open_gaze(tmp_path, str, group="action", events=("F",))


# --- real gaze --------------------------------------------------------------------------------


def test_real_gaze_has_the_counts_of_raw_samples():
    """132 to 222 points a frame: samples of all viewers at 500 Hz, not one point for each."""
    source = RepackagedGaze(real("data/ucf_sports_sample"))
    points, _, _ = read(source, "Diving-Side_001", 55, (404, 720))
    counts = [len(its) for its in points]
    assert (len(counts), min(counts), max(counts), sum(counts)) == (55, 132, 222, 9633)
    assert all(gaze.inside(its, (404, 720)).all() for its in points)


def test_real_gaze_is_alike_in_both_of_its_files():
    folder = real("data/ucf_sports_sample") / "Diving-Side_001" / "fixation"
    for number in (1, 28, 55):
        picture, shape = read_points(folder / f"{number:04d}.png")
        matlab, same = read_points(folder / "maps" / f"{number:04d}.mat")
        assert shape == same == (404, 720)
        np.testing.assert_array_equal(picture, matlab)


@pytest.mark.slow
def test_real_maps_are_the_points_under_a_blur_of_20_pixels():
    """Borders replicate there; scaled to a maximum of 255, the maps are met to a few levels."""
    folder = real("data/ucf_sports_sample") / "Diving-Side_001"
    points, _, _ = read(RepackagedGaze(folder.parent), folder.name, 55, (404, 720))
    for number in range(1, 56, 9):
        counts = gaze.histogram(points[number - 1], (404, 720))
        density = scipy.ndimage.gaussian_filter(counts, 20, mode="nearest")
        given = cv2.imread(str(folder / "maps" / f"{number:04d}.png"), cv2.IMREAD_GRAYSCALE)
        assert given.max() == 255
        assert np.corrcoef(density.ravel(), given.ravel())[0, 1] > 0.999
        assert np.abs(255 * density / density.max() - given).mean() < 1
        ours = gaze.density(points[number - 1], (404, 720), 20.0)
        assert np.corrcoef(ours.ravel(), given.ravel())[0, 1] > 0.999
