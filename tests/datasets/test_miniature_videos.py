"""Drawn videos: in the published formats, with gaze on the actor, whose class is how it moves."""

import hashlib
import resource

import cv2
import numpy as np
import pytest
from conftest import refused

from keras_attn import datasets, gaze, metrics
from keras_attn.datasets.drawing import actors, avi, drawn_in, followed
from keras_attn.datasets.flow import files as flow_files
from keras_attn.datasets.flow.estimation import FlowEstimator
from keras_attn.datasets.formats import hollywood2 as hollywood2_writer
from keras_attn.datasets.formats import ucf_sports as ucf_sports_writer
from keras_attn.datasets.readers import frames

NAMES = ("hollywood2", "ucf_sports")


@pytest.fixture(scope="module")
def hollywood2(tmp_path_factory):
    root = tmp_path_factory.mktemp("m") / "clips"
    return datasets.miniature("hollywood2", videos=24, frames=18, root=root)


@pytest.fixture(scope="module")
def ucf_sports(tmp_path_factory):
    root = tmp_path_factory.mktemp("m") / "clips"
    return datasets.miniature("ucf_sports", videos=18, frames=18, root=root)


# --- formats ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_hollywood2_goes_through_the_real_reader(hollywood2):
    data, report = hollywood2, hollywood2.report
    assert (report.videos, report.frames, report.viewers, report.short) == (24, 24 * 18, 6, 0)
    assert report.subjects_missing == report.videos_without_fixations == report.others == 0
    assert report.events_left_out and report.points_out_of_time and not report.skipped
    assert all(e.shape == (96, 128) and e.video.suffix == ".avi" for e in data)
    assert "say nothing about people" in data.note and "all samples but blinks" in data.note
    assert "actioncliptest00001.avi" in {e.video.name for e in data}
    assert drawn_in(data) == data[0].video.parents[2]


def test_each_class_of_hollywood2_is_trained_on_and_tested_and_some_clips_have_two(hollywood2):
    assert len(hollywood2.classes) == 12
    for name in ("train", "test"):
        part = hollywood2.split(name)
        assert len(part) == 12
        assert {label for example in part for label in example.labels} == set(range(12))
    assert sorted(len(e.labels) for e in hollywood2) == [1] * 21 + [2] * 3


@pytest.mark.slow
def test_ucf_sports_goes_through_the_real_reader(ucf_sports):
    data, report = ucf_sports, ucf_sports.report
    assert (report.videos, report.frames, report.viewers, report.short) == (18, 18 * 18, 0, 0)
    assert report.frames_without_fixations == report.others == 0
    assert all(e.shape == (96, 128) and len(frames.frame_paths(e.video)) == 18 for e in data)
    assert "say nothing about people" in data.note and "viewers not told apart" in data.note
    assert drawn_in(data) == data[0].video.parents[3]
    for name in ("train", "test"):
        assert sorted(e.labels[0] for e in data.split(name)) == list(range(9))


def test_all_published_clips_of_ucf_sports_can_be_drawn_and_no_more():
    clips = ucf_sports_writer.dealt()
    splits = [split for _, split in clips]
    assert len(set(clips)) == 150 and splits.count("test") == 47
    assert splits[:54].count("train") == 36 and splits[:9] == ["train"] * 9
    with refused("videos", ("150", "ucf_sports")):
        next(ucf_sports_writer._draw(None, (96, 128), 1, 151, 18))


def test_boxes_of_the_actor_lie_beside_the_frames(ucf_sports):
    for example in ucf_sports:
        boxes = boxes_of(example)
        assert len(boxes) == 18
        assert all(15 < w < 70 and 15 < h < 70 for *_, w, h in boxes)
        assert all(x >= 0 and x + w <= 128 and y >= 0 and y + h <= 96 for x, y, w, h in boxes)


def boxes_of(example):
    """(x, y, width, height) of the actor in each frame."""
    (path,) = (example.video / "gt").iterdir()
    return [[int(part) for part in line.split("\t")[:4]] for line in path.open()]


def test_maps_are_the_fixations_under_a_blur(ucf_sports):
    root = drawn_in(ucf_sports) / ucf_sports_writer.GAZE
    alike = []
    for example in ucf_sports:
        (path,) = root.glob(f"*/{example.id}/maps/{example.id}_009.png")
        density = datasets.read_image(path, "L")
        assert density.max() == 255
        ours = gaze.density(example.points[8], example.shape)
        alike.append(np.corrcoef(ours.ravel(), density.ravel())[0, 1])
    assert np.median(alike) > 0.999  # they differ at the border of the picture


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_writes_the_same_bytes(name, tmp_path):
    def written(folder, **options):
        root = tmp_path / folder
        datasets.miniature(name, videos=2, frames=4, root=root, **options)
        files = sorted(path for path in root.rglob("*") if path.is_file())
        return {path.relative_to(root): path.read_bytes() for path in files}

    first = written("one")
    assert first == written("two")
    other = written("three", seed=1)
    pictures = [path for path in first if path.suffix in (".avi", ".jpg")]
    assert pictures and not any(first[path] == other[path] for path in pictures)


GOLDEN = {  # points, those of the first video, their mean, the first, and the grey of the pictures
    "hollywood2": (1121, 541, (62.1945841, 46.6677634), (49.74, 60.67), 118.118),
    "ucf_sports": (474, 224, (59.89732143, 50.54910714), (59.5, 40.5), 132.786),
}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_drawn_stays_what_it_was(name, tmp_path):
    """Pinned: finished runs on drawn videos would not be those of the same configuration."""
    data = datasets.miniature(name, videos=2, frames=6, root=tmp_path / "clips")
    count, own, mean, first, grey = GOLDEN[name]
    assert (data.report.points, len(data[0].fixations)) == (count, own)
    np.testing.assert_allclose(data[0].fixations.mean(axis=0), mean, atol=1e-6)
    np.testing.assert_allclose(data[0].points[0][0], first, atol=1e-9)
    pictures = np.stack(list(frames.Frames(data[0].video)))
    assert pictures.mean() == pytest.approx(grey, abs=0.01)


def test_pictures_survive_the_avi_file(tmp_path, rng):
    clip = actors.draw(rng, (50, 67), 1, ["spin"], 5)
    content = avi.encode(clip.frames, 25)
    assert hashlib.sha256(content).digest() == hashlib.sha256(avi.encode(clip.frames, 25)).digest()
    (tmp_path / "clip.avi").write_bytes(content)
    found = frames.probe(tmp_path / "clip.avi")
    assert (found.frames, found.shape, found.rate) == (5, (50, 67), 25.0)
    assert found.counted().frames == 5
    read = np.stack(list(frames.Frames(tmp_path / "clip.avi")))
    assert np.abs(read.astype(int) - clip.frames).mean() < 4


def test_drawn_videos_go_through_extraction(tmp_path):
    data = datasets.miniature("ucf_sports", videos=2, frames=4, root=tmp_path / "clips")
    for example in data:
        settings = flow_files.FlowSettings("dis")
        flow_files.extract(example.video, tmp_path / "flow" / example.id, settings)
    again = datasets.ucf_sports(tmp_path / "clips", flow_root=tmp_path / "flow")
    assert again[0].extracted().flow().shape == (3, 128, 171, 2)
    assert again.fingerprint == data.fingerprint


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_is_one_error_that_names_the_folder_and_leaves_nothing(name, tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with refused("deep", "9 drawn videos", "large"):
            datasets.miniature(name, videos=9, frames=4, root=tmp_path / "deep" / "clips")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list((tmp_path / "deep").iterdir())


def test_sizes_of_the_other_kind_and_too_small_ones_are_refused():
    with refused("images", "'ucf_sports'"):
        datasets.miniature("ucf_sports", images=9)
    with refused("frames", "images for 'folder'", "24"):
        datasets.miniature(frames=24)
    with refused("frames", "at least 2"):
        datasets.miniature("hollywood2", frames=1)


# --- gaze ---------------------------------------------------------------------------------------


def test_gaze_carries_information_about_the_actor(ucf_sports):
    maps = []
    for example in ucf_sports:
        x, y, width, height = boxes_of(example)[12]
        maps.append(np.zeros(example.shape))
        maps[-1][y : y + height, x : x + width] = 1
    points = [example.points[12] for example in ucf_sports]
    assert metrics.gaze.s_auc(maps, points) > 0.75
    assert np.mean([m.mean() for m in maps]) < 0.1


def test_viewers_begin_at_the_centre_and_follow(rng):
    clip = actors.draw(rng, (96, 128), 40, ["across"], 24)
    found = []
    for frame in (0, 20):
        its = np.s_[frame * followed.SAMPLES : (frame + 1) * followed.SAMPLES]
        points = np.concatenate([g.points[its][g.events[its] != "B"] for g in clip.gaze])
        inside = points[gaze.inside(points, (96, 128))]
        found.append(clip.masks[frame].flat[gaze.pixels(inside, (96, 128))].mean())
        if frame == 0:
            assert np.abs(points.mean(axis=0) - (64, 48)).max() < 5
            assert points.std(axis=0).max() < 12
    assert found[1] > 0.4 > found[0]


def test_a_blink_is_an_event_of_its_own_and_saccades_are_told(rng):
    clip = actors.draw(rng, (96, 128), 40, ["spin"], 24)
    events = np.concatenate([g.events for g in clip.gaze])
    shares = [np.mean(events == event) for event in "FSB"]
    assert shares[0] > 0.7 and 0.02 < shares[1] < 0.25 and 0 < shares[2] < 0.05


# --- motion -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured():
    """Two clips of each motion: what its flow says, what a frame says, and how fast things are."""
    names = list(actors.MOTIONS) * 2
    clips = [
        actors.draw(np.random.default_rng(k), (96, 128), 0, [name], 10)
        for k, name in enumerate(names)
    ]
    return np.array(names), [_motion(clip) for clip in clips], [_frame(clip) for clip in clips]


def _motion(clip):
    """Mean and spread over time of the actor's shift, rotation and growth; speeds in pixels."""
    estimate = FlowEstimator("dis")
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in clip.frames]
    rows, speeds = [], []
    for first, second, mask in zip(greys, greys[1:], clip.masks, strict=False):
        flow = estimate(first, second)
        on, far = flow[mask], cv2.dilate(mask.astype(np.uint8), np.ones((13, 13))) == 0
        arms = np.argwhere(mask)[:, ::-1] - np.argwhere(mask)[:, ::-1].mean(axis=0)
        turn = (arms[:, 0] * on[:, 1] - arms[:, 1] * on[:, 0]).sum() / (arms**2).sum()
        growth = (arms * on).sum() / (arms**2).sum()
        rows.append([*on.mean(axis=0), 14 * turn, 14 * growth])
        speeds.append([np.hypot(*on.T).mean(), np.hypot(*flow[far].T).mean()])
    means, spreads = np.mean(rows, axis=0), np.std(rows, axis=0)
    # Left and right, and the way round, are those of the mirror.
    return np.concatenate([abs(means[::2]), means[1::2], spreads]), np.mean(speeds, axis=0)


def _frame(clip):
    """Where the actor is in a frame, its size, and the mean colour."""
    places = np.argwhere(clip.masks[5])
    return np.array([*places.mean(axis=0), np.sqrt(len(places)), *clip.frames[5].mean(axis=(0, 1))])


def nearest_agrees(values, names):
    """Share of clips whose nearest neighbour is of their own class."""
    values = np.asarray(values)
    values = values / np.maximum(values.std(axis=0), 0.3)
    distances = ((values[:, None] - values[None]) ** 2).sum(axis=-1)
    np.fill_diagonal(distances, np.inf)
    return (names[distances.argmin(axis=1)] == names).mean()


@pytest.mark.slow
def test_classes_differ_in_motion_and_not_in_a_single_frame(measured):
    """Chance is 1 in 23."""
    names, motions, pictures = measured
    assert nearest_agrees([values for values, _ in motions], names) > 0.7
    assert nearest_agrees(pictures, names) < 0.3


@pytest.mark.slow
def test_compensated_flow_is_larger_on_the_actor_than_behind_it(measured):
    _, motions, _ = measured
    for _, (actor, behind) in motions:
        assert actor > 0.5 and behind < 0.2


@pytest.mark.slow
def test_the_camera_moves_up_to_two_pixels_a_frame(rng):
    for _ in range(20):
        camera = actors.draw(rng, (96, 128), 0, ["spin"], 24).camera
        fastest = np.hypot(*np.diff(camera, axis=0).T).max()
        assert 1.19 < fastest < 2.01
    clip = actors.draw(rng, (96, 128), 0, ["spin"], 24)
    at = int(np.hypot(*np.diff(clip.camera, axis=0).T).argmax())
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in clip.frames[at : at + 2]]
    flow = FlowEstimator("dis", compensated=False)(*greys)
    behind = cv2.dilate(clip.masks[at].astype(np.uint8), np.ones((13, 13))) == 0
    expected = clip.camera[at + 1] - clip.camera[at]
    assert np.median(flow[behind], axis=0) == pytest.approx(expected, abs=0.15)


def test_place_and_size_of_the_actor_do_not_depend_on_its_motion(rng):
    """Over all frames of many clips: mean and spread of the centre, and mean radius."""
    found = {}
    for name, motion in actors.MOTIONS.items():
        paths = []
        for _ in range(200):
            camera = actors._camera(rng, 24, 1.0)
            paths.append(actors._placed(rng, (96, 128), 1.0, camera, motion, ()))
        centres = np.concatenate([path.centres for path in paths])
        radius = np.exp(np.mean([np.log(path.radii).mean() for path in paths]))
        found[name] = (*centres.mean(axis=0), *centres.std(axis=0), radius)
        radii = np.concatenate([path.radii for path in paths])[:, None]
        assert ((centres >= radii) & (centres <= (128, 96) - radii)).all()
    spread = np.ptp(list(found.values()), axis=0)
    assert (spread < (7, 5, 5, 3, 0.5)).all(), spread


def test_every_class_has_a_motion_of_its_own():
    assert len(set(actors.MOTIONS.values())) == 12
    for writer, count in ((hollywood2_writer, 12), (ucf_sports_writer, 9)):
        assert len(set(writer.MOTIONS.values())) == count
        assert set(writer.MOTIONS.values()) <= actors.MOTIONS.keys()


@pytest.mark.parametrize(("shape", "count"), [((48, 64), 5), ((112, 144), 20), ((100, 80), 40)])
def test_clips_of_any_size_can_be_drawn(rng, shape, count):
    clip = actors.draw(rng, shape, 2, ["roll", "rise"], count)
    assert clip.frames.shape == (count, *shape, 3) and clip.masks.shape == (count, *shape)
    assert clip.masks.any(axis=(1, 2)).all()
    assert all(len(g.points) == len(g.times) == count * followed.SAMPLES for g in clip.gaze)
