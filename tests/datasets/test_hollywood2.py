"""Hollywood-2: lists of several labels, clips and shots, and videos that are not what they seem."""

import shutil

import numpy as np
import pytest
from conftest import refused
from videos import (
    SHAPE,
    sample,
    write_extracted,
    write_frames,
    write_points,
    write_samples,
    write_video,
)

import keras_attn as ka
from keras_attn.datasets import hollywood2
from keras_attn.datasets.flow.folders import FlowFolder
from keras_attn.datasets.formats.hollywood2 import CLASSES, clip_of
from keras_attn.datasets.readers.frames import frame_paths, probe

CLIPS = {
    "actioncliptrain00001": ("Kiss", "HugPerson"),
    "actioncliptrain00002": ("Run",),
    "actioncliptest00001": ("AnswerPhone",),
}
ONE, TWO, TEST = CLIPS


def write_lists(root, clips=CLIPS):
    (root / "ClipSets").mkdir(parents=True, exist_ok=True)
    for name in CLASSES:
        for split in ("train", "test"):
            lines = [
                f"{clip}  {1 if name in labels else -1}\n"
                for clip, labels in clips.items()
                if split in clip
            ]
            (root / "ClipSets" / f"{name}_{split}.txt").write_text("".join(lines))


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Two clips to train on, the second a folder of frames, and one to test on; raw gaze."""
    root = tmp_path_factory.mktemp("hollywood2") / "Hollywood2"
    write_lists(root)
    write_video(root / "AVIClips" / f"{ONE}.avi", 20)
    write_frames(root / "AVIClips" / TWO, 18)
    write_video(root / "AVIClips" / f"{TEST}.avi", 10)
    lines = [sample(0, 10, 20), sample(40_000, 11, 21), sample(80_000, 70, 21)]
    samples = {(s, clip): lines for s in (1, 2) for clip in (ONE, TWO)}
    write_samples(root, {**samples, (1, TEST): lines[:1]})
    return root


@pytest.fixture
def root(published, tmp_path):
    """A copy that may be spoilt."""
    return shutil.copytree(published, tmp_path / "Hollywood2")


def test_clips_have_all_their_labels_and_the_splits_of_the_lists(published):
    data = hollywood2(published, fps=25.0)
    assert [(e.id, e.frames, e.labels) for e in data] == [
        (TEST, 10, (0,)),
        (ONE, 20, (CLASSES.index("HugPerson"), CLASSES.index("Kiss"))),
        (TWO, 18, (CLASSES.index("Run"),)),
    ]
    assert data.classes == CLASSES and all(e.shape == SHAPE for e in data)
    train, test = data.split("train"), data.split("test")
    assert ([e.id for e in train], [e.id for e in test]) == ([ONE, TWO], [TEST])
    assert isinstance(test, ka.datasets.VideoDataset) and test.pool is data.pool
    assert data.name == "hollywood2" and test.name == "hollywood2, test"


def test_raw_gaze_lies_on_the_frames_of_its_times_and_is_counted(published):
    data = hollywood2(published, fps=25.0)
    one = data[1]
    np.testing.assert_allclose(one.points[0], [[10, 20], [10, 20]])
    np.testing.assert_allclose(one.points[1], [[11, 21], [11, 21]])
    assert one.subjects[0].tolist() == [1, 2] and len(one.points[2]) == 0
    report = data.report
    assert (report.videos, report.frames, report.viewers, report.points) == (3, 48, 2, 9)
    assert (report.points_outside, report.subjects_missing, report.short) == (4, 1, 1)
    assert report.frames_without_fixations == 48 - 5
    assert str(report).startswith("3 videos, 48 frames, 2 viewers, 9 points of gaze; 4 points dr")
    assert data.note == "Gaze of all groups (subjects 1, 2), all samples but blinks."


def test_folders_of_frames_take_the_rate_that_is_given(published):
    """At 12.5 frames a second, 80 ms are one frame: 40 ms round up to it."""
    data = hollywood2(published, fps=12.5)
    assert [len(its) for its in data[2].points[:3]] == [2, 2, 0]
    with refused(f"fps of {TWO}", "frames a second"):
        hollywood2(published)


def test_a_group_of_viewers_is_named_in_the_note(published):
    data = hollywood2(published, fps=25.0, groups={"action": (2,)}, group="action")
    assert data.report.viewers == 1 and "group 'action' (subjects 2)" in data.note
    assert data.report.videos_without_fixations == 1  # the test clip was shown to 1 alone
    assert data.fingerprint != hollywood2(published, fps=25.0).fingerprint


def test_repackaged_shots_are_joined_to_their_clip_by_the_numbers_of_its_frames(root, tmp_path):
    gaze = tmp_path / "gaze"
    write_points(gaze / f"training/{ONE}_1/fixation/{ONE}_00001.png", [(3, 4)])
    write_points(gaze / f"training/{ONE}_2/fixation/{ONE}_00020.png", [(63, 47)])
    write_points(gaze / "training/actioncliptrain00777_1/fixation/x_00001.png", [(3, 4)])
    data = hollywood2(root, gaze=gaze)
    points = data[1].points
    assert points[0].tolist() == [[3.5, 4.5]] and points[19].tolist() == [[63.5, 47.5]]
    assert data.report.viewers == 0 and "viewers not told apart" in str(data.report)
    assert data.report.videos_without_fixations == 2
    assert data.report.others == 1 and "1 other videos have gaze" in str(data.report)
    assert [clip_of(f"{ONE}{end}") for end in ("", "_1", "_12", "_", "x")] == [ONE] * 3 + [None] * 2


def test_extracted_flow_alone_tells_the_frames(root, tmp_path):
    """Its pictures are the second frames: 19 pairs are 20 frames."""
    shutil.rmtree(root / "AVIClips")
    for clip, pairs in ((ONE, 19), (TWO, 17), (TEST, 9)):
        write_extracted(tmp_path / "flow" / clip, pairs)
    data = hollywood2(root, flow_root=tmp_path / "flow", fps=25.0)
    assert [(e.frames, e.pairs, e.video) for e in data] == [
        (10, 9, None),
        (20, 19, None),
        (18, 17, None),
    ]
    assert data[1].shape == SHAPE and data[1].flow == tmp_path / "flow" / ONE


def test_extracted_images_may_lie_apart_from_the_flow(root, tmp_path):
    """The original tool has a root for either."""
    for clip, pairs in ((ONE, 19), (TWO, 17), (TEST, 9)):
        write_extracted(tmp_path / "flow" / clip, pairs)
        (tmp_path / "img" / clip).mkdir(parents=True)
        for path in (tmp_path / "flow" / clip).glob("im_*"):
            path.rename(tmp_path / "img" / clip / path.name)
    roots = {"flow_root": tmp_path / "flow", "image_root": tmp_path / "img"}
    data = hollywood2(root, fps=25.0, **roots)
    assert data[1].images == tmp_path / "img" / ONE
    assert data[1].extracted().frames().shape == (19, 8, 8, 3)
    with refused("actioncliptest00001", received="0 images, 9 flow_x, 9 flow_y"):
        hollywood2(root, fps=25.0, flow_root=tmp_path / "flow")
    with refused(f"'{ONE}'", ("flow_root", "--data.flow-root")):
        hollywood2(root, fps=25.0)[1].extracted()


def test_the_header_of_a_video_is_not_believed_where_flow_contradicts_it(
    root, tmp_path, monkeypatch
):
    """Old files announce a frame or two more than they have."""
    import cv2

    opened = cv2.VideoCapture

    class Boasting:
        def __init__(self, *path):
            self.video = opened(*path)

        def get(self, what):
            return self.video.get(what) + 2 * (what == cv2.CAP_PROP_FRAME_COUNT)

        def __getattr__(self, name):
            return getattr(self.video, name)

    monkeypatch.setattr(cv2, "VideoCapture", Boasting)
    for clip, pairs in ((ONE, 19), (TWO, 17), (TEST, 9)):
        write_extracted(tmp_path / "flow" / clip, pairs)
    assert hollywood2(root, fps=25.0)[1].frames == 22
    assert hollywood2(root, flow_root=tmp_path / "flow", fps=25.0)[1].frames == 20


def test_the_pool_of_a_video_is_the_gaze_of_the_others(published):
    data = hollywood2(published, fps=25.0)
    assert [len(e.fixations) for e in data] == [1, 4, 4]
    assert data.pool.count_of_others(1) == 5
    assert data.split("test").place_in_pool(0) == 0


def flow_of(root, pairs, **changes):
    folder = root.parent / "flow"
    for clip, count in {ONE: pairs, TWO: 17, TEST: 9}.items():
        write_extracted(folder / clip, count)
    for kind, number in changes.items():
        (folder / ONE / f"{kind}_{number:04d}.jpg").unlink()


def append(path, line):
    path.write_text(path.read_text() + line + "\n")


def lists_with(root, clip, labels):
    write_lists(root, {**CLIPS, clip: labels})


SPOILT = {
    "a video that does not open": (
        lambda root: (root / "AVIClips" / f"{ONE}.avi").write_bytes(b"no video" * 99),
        (f"{ONE}.avi", "video", "does not open"),
    ),
    "a list that names a missing clip": (
        lambda root: lists_with(root, "actioncliptrain00099", ("Eat",)),
        ("AnswerPhone_train.txt, line 3", ("clip of", "AVIClips"), "actioncliptrain00099"),
    ),
    "a clip without an action": (
        lambda root: lists_with(root, ONE, ()),
        ("AnswerPhone_train.txt, line 1", ONE),
    ),
    "an empty folder of frames": (
        lambda root: [path.unlink() for path in (root / "AVIClips" / TWO).iterdir()],
        (TWO, ".jpg", "none"),
    ),
    "frames of two sizes": (
        lambda root: write_frames(root / "AVIClips" / TWO, 1, "9_{:05d}.jpg", (24, 32)),
        ("00018.jpg", ("9_00001.jpg", "(24, 32)"), "(48, 64)"),
    ),
    "flow of another count than the frames": (
        lambda root: flow_of(root, 18),
        (f"flow/{ONE}", ("19 pairs", f"{ONE}.avi", "20 frames"), "18"),
    ),
    "a picture of flow less": (
        lambda root: flow_of(root, 19, flow_y=7),
        (ONE, ("flow_x", "flow_y"), "19 flow_x, 18 flow_y"),
    ),
    "a picture of every kind less": (
        lambda root: flow_of(root, 19, im=1, flow_x=1, flow_y=1),
        (ONE, "from 1 to 18", "none for 1"),
    ),
    "no folder of flow": (
        lambda root: (flow_of(root, 19), shutil.rmtree(root.parent / "flow" / ONE)),
        ("flow", ONE, "no such folder"),
    ),
    "gaze of another resolution": (
        lambda root: append(root / "resolution.txt", f"{ONE}.avi 32 24 1.0"),
        ("resolution.txt", f"{ONE}, (48, 64)"),
    ),
    "a line that is no sample": (
        lambda root: append(root / "samples" / f"002_{ONE}.avi.txt", "1 2 3"),
        (f"002_{ONE}.avi.txt, line 4", "time in µs"),
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_wrong_with_a_clip_is_one_error_or_skipped_and_listed(root, what):
    spoil, facts = SPOILT[what]
    spoil(root)
    flow = root.parent / "flow"
    options = {"fps": 25.0, "flow_root": flow if flow.exists() else None}
    with refused(*facts):
        hollywood2(root, **options)
    data = hollywood2(root, on_bad_example="skip", **options)
    assert len(data.report.skipped) == 1 and len(data) >= 2


BROKEN = {
    "no list of a class": (
        lambda root: (root / "ClipSets" / "Eat_test.txt").unlink(),
        ("Eat_test.txt", "<clip> <1 or -1>", "no such file"),
    ),
    "a line of three words": (
        lambda root: append(root / "ClipSets" / "Eat_train.txt", "a b 1"),
        ("Eat_train.txt, line 3", "<clip> <1 or -1>", "'a b 1'"),
    ),
    "a sign of 0": (
        lambda root: append(root / "ClipSets" / "Eat_train.txt", "a 0"),
        ("Eat_train.txt, line 3", "<clip> <1 or -1>", "'a 0'"),
    ),
    "gaze of nothing": (
        lambda root: shutil.rmtree(root / "samples"),
        ("Hollywood2", "folders <video>/fixation"),
    ),
    "gaze that misses every frame": (
        lambda root: [p.write_text("") for p in (root / "samples").iterdir()],
        ("Hollywood2", "inside the videos", ("3 videos", "6 times")),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_makes_the_whole_unreadable_is_one_error(root, what):
    spoil, facts = BROKEN[what]
    spoil(root)
    with refused(*facts):
        hollywood2(root, fps=25.0)


def test_gaze_past_the_end_of_a_video_is_an_error(root, tmp_path):
    write_points(tmp_path / f"gaze/{ONE}_1/fixation/{ONE}_00021.png", [(3, 4)])
    with refused(f"{ONE}.avi", "21 frames", "20"):
        hollywood2(root, gaze=tmp_path / "gaze")


def test_a_video_is_not_taken_for_a_dataset_of_images(published):
    with refused("data", "GazeDataset"):
        ka.datasets.as_dataset(hollywood2(published, fps=25.0))


# --- one video --------------------------------------------------------------------------------


def video_example(**changes):
    fields = {
        "id": "v",
        "frames": 2,
        "shape": (4, 5),
        "points": [[[1, 2]], []],
        "subjects": [[3], []],
        "labels": [1],
    }
    return ka.datasets.VideoExample(**fields | changes)


def test_an_example_fits_itself_or_is_refused():
    example = video_example()
    assert example.points[1].shape == (0, 2) and example.labels == (1,) and example.pairs == 1
    for changes, facts in (
        ({"points": [[[1, 2]]]}, ("'v', points", "2 frames")),
        ({"subjects": [[3]]}, ("'v', subjects", "2 frames")),
        ({"points": [[[5, 2]], []]}, ("'v', frame 0", "(4, 5)")),
        ({"subjects": [[], []]}, ("'v', frame 0", "1 points")),
    ):
        with refused(*facts):
            video_example(**changes)


def test_a_fingerprint_tells_frames_points_subjects_and_labels():
    def fingerprint(**changes):
        example = video_example(**changes)
        return ka.datasets.VideoDataset("d", (example,), ka.datasets.VideoReport()).fingerprint

    changes = (
        {"frames": 3, "points": [[[1, 2]], [], []], "subjects": [[3], [], []]},
        {"points": [[], [[1, 2]]], "subjects": [[], [3]]},
        {"points": [[[1, 3]], []]},
        {"subjects": [[4], []]},
        {"labels": [2]},
        {"shape": (4, 6)},
    )
    prints = [fingerprint(), *(fingerprint(**change) for change in changes)]
    assert len(set(prints)) == len(prints) and fingerprint() == prints[0]


def test_frames_are_ordered_by_their_numbers_and_a_cut_video_is_told(tmp_path):
    write_frames(tmp_path / "f", 11, "f{}.jpg")
    assert [path.stem for path in frame_paths(tmp_path / "f")][-3:] == ["f9", "f10", "f11"]
    write_video(tmp_path / "v.avi", 12)
    assert (probe(tmp_path / "v.avi").frames, probe(tmp_path / "v.avi").rate) == (12, 25.0)
    (tmp_path / "cut.avi").write_bytes((tmp_path / "v.avi").read_bytes()[:400])
    with refused("cut.avi", "video"):
        probe(tmp_path / "cut.avi")
    with refused("none.avi", "video", "no such file"):
        probe(tmp_path / "none.avi")


def test_names_of_tsn_are_counted_too(tmp_path):
    for kind in ("img", "flow_x", "flow_y"):
        write_frames(tmp_path, 3, kind + "_{:05d}.jpg", (8, 8))
    assert len(FlowFolder(tmp_path)) == 3
    with refused("away", "images and flow"):
        FlowFolder(tmp_path / "away")
