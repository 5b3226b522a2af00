"""UCF Sports: three ways to name a clip, frames or files, 13 directories in 9 or 10 classes."""

import shutil
from collections import Counter

import numpy as np
import pytest
from conftest import real, refused
from videos import (
    SHAPE,
    sample,
    write_extracted,
    write_frames,
    write_points,
    write_samples,
    write_video,
)

from keras_attn.datasets import ucf_sports
from keras_attn.datasets.flow import files
from keras_attn.datasets.formats.ucf_sports import DIRECTORIES, SPLITS, clip_of
from keras_attn.datasets.readers import frames

CLIPS = ("Diving-Side-001", "Golf-Swing-Back-001", "Swing-Bench-007", "Walk-Front-008")
NINE = (
    "Diving", "Golf-Swing", "Kicking", "Lifting", "Riding-Horse", "Run", "SkateBoarding", "Swing",
    "Walk",
)  # fmt: skip


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """As it is unpacked: folders of frames with a file beside them, or of a file alone."""
    root = tmp_path_factory.mktemp("ucf") / "ucf_sports_actions"
    action = root / "ucf action"
    write_frames(action / "Diving-Side" / "001", 20)
    write_video(action / "Diving-Side" / "001" / "2538-5_70133.avi", 20, rate=10.0)
    (action / "Diving-Side" / "001" / "gt").mkdir()
    (action / "Diving-Side" / "001" / "gt" / "2538-5_70133.txt").write_text("1\t2\t3\t4\tDiving\n")
    write_video(action / "Golf-Swing-Back" / "001" / "3283-8_700830.avi", 18, rate=10.0)
    write_frames(action / "Swing-Bench" / "007", 17)
    write_frames(action / "Walk-Front" / "008", 12)
    names = (f"{clip[:-4]}_{clip[-3:]}" for clip in CLIPS)
    write_samples(root, {(1, name): [sample(100_000, 10, 20)] for name in names})
    return root


@pytest.fixture
def root(published, tmp_path):
    """A copy that may be spoilt."""
    return shutil.copytree(published, tmp_path / "ucf")


def test_the_split_has_103_clips_to_train_on_and_47_to_test_on():
    lists = {n: (SPLITS / f"ucf_sports_{n}.txt").read_text().split() for n in ("train", "test")}
    assert {name: len(set(clips)) for name, clips in lists.items()} == {"train": 103, "test": 47}
    every = [clip for clips in lists.values() for clip in clips]
    assert len(set(every)) == 150 and all(clip_of(clip) == clip for clip in every)
    counts = Counter(clip[:-4] for clip in every)
    assert list(counts.keys() - DIRECTORIES.keys()) == []
    assert [counts[name] for name in DIRECTORIES] == [
        14,
        5,
        8,
        5,
        10,
        10,
        6,
        12,
        13,
        12,
        20,
        13,
        22,
    ]


def test_13_directories_are_9_classes_or_10(published):
    nine, ten = ucf_sports(published), ucf_sports(published, classes=10)
    assert nine.classes == NINE
    assert ten.classes == (*NINE[:7], "Swing-Bench", "Swing-SideAngle", "Walk")
    assert [(e.id, e.labels) for e in nine] == list(
        zip(CLIPS, [(0,), (1,), (7,), (8,)], strict=True)
    )
    assert [e.labels for e in ten] == [(0,), (1,), (7,), (9,)]
    assert nine.fingerprint != ten.fingerprint
    with refused("classes", "9, 10", "13"):
        ucf_sports(published, classes=13)


def test_frames_or_files_are_read_with_their_gaze(published):
    """0.1 s is frame 1 at the 10 frames a second of the clips."""
    data = ucf_sports(published)
    assert [e.frames for e in data] == [20, 18, 17, 12]
    assert [e.video.name for e in data] == ["001", "3283-8_700830.avi", "007", "008"]
    for example in data:
        assert example.shape == SHAPE and [len(p) for p in example.points[:3]] == [0, 1, 0]
        np.testing.assert_allclose(example.points[1], [[10, 20]])
    assert "146 of 150 listed clips are not there: Diving-Side-002" in str(data.report)
    assert data.report.short == 1  # 12 frames


def test_splits_are_those_of_the_lists(published):
    data = ucf_sports(published)
    assert [e.id for e in data.split("test")] == ["Diving-Side-001", "Golf-Swing-Back-001"]
    assert [e.id for e in data.split("train")] == ["Swing-Bench-007", "Walk-Front-008"]
    assert len(data.splits["train"]) == 103


@pytest.mark.parametrize(
    "layout",
    ["Diving-Side/001", "Diving-Side-001", "Diving-Side_001", "train/Diving-Side-001/images",
     "a/b/testing/Diving-Side_001/images"],
)  # fmt: skip
def test_every_way_to_name_a_clip_is_understood(tmp_path, layout):
    write_frames(tmp_path / "ucf" / layout, 18, "Diving-Side-001_{:03d}.png")
    write_points(tmp_path / "gaze/x/Diving-Side-001/fixation/Diving-Side-001_018.png", [(3, 4)])
    data = ucf_sports(tmp_path / "ucf", gaze=tmp_path / "gaze")
    assert [e.id for e in data] == ["Diving-Side-001"]
    assert data[0].points[17].tolist() == [[3.5, 4.5]]


def test_a_repackaged_clip_holds_its_frames_and_its_gaze(tmp_path):
    clip = tmp_path / "UCF sports" / "test" / "Diving-Side_001"
    write_frames(clip / "images", 20, "{:04d}.png")
    write_points(clip / "fixation" / "0002.png", [(3, 4), (5, 6)])
    (tmp_path / "UCF sports" / "test" / "Lifting_001" / "fixation").mkdir(parents=True)
    data = ucf_sports(tmp_path / "UCF sports")
    assert [e.id for e in data] == ["Diving-Side-001"]
    assert data[0].points[1].tolist() == [[3.5, 4.5], [5.5, 6.5]]
    assert "viewers not told apart" in data.note


@pytest.mark.parametrize("name", ["Diving-Side-001", "Diving-Side_001", "Diving-Side/001"])
def test_extracted_folders_may_bear_each_of_the_names(root, tmp_path, name):
    for clip in ("Swing-Bench-007", "Walk-Front-008", "Golf-Swing-Back-001"):
        shutil.rmtree(root / "ucf action" / clip[:-4])
    write_extracted(tmp_path / "flow" / name, 19)
    data = ucf_sports(root, flow_root=tmp_path / "flow")
    assert data[0].flow == tmp_path / "flow" / name and data[0].pairs == 19


@pytest.mark.parametrize("searched", [".", "ucf action"])
def test_flow_is_found_in_the_folders_that_extraction_makes(published, tmp_path, searched):
    """A file alone in its folder is extracted to a folder below that of its clip."""
    settings = files.FlowSettings("farneback", height=SHAPE[0], width=SHAPE[1])
    for name, path in frames.find([published / searched]).items():
        files.extract(path, tmp_path / name, settings)
    data = ucf_sports(published, flow_root=tmp_path)
    ends = ("Diving-Side/001", "Golf-Swing-Back/001/3283-8_700830")
    assert all(e.flow.as_posix().endswith(end) for e, end in zip(data, ends, strict=False))
    assert [len(e.extracted()) for e in data] == [e.pairs for e in data] == [19, 17, 16, 11]


@pytest.mark.parametrize("name", ["Diving-Side/001/2538-5_70133", "Diving-Side-001/images"])
def test_the_one_folder_in_a_clips_folder_may_hold_its_flow(root, tmp_path, name):
    """So it is where frames and files were not found in the same form as now."""
    for clip in ("Swing-Bench-007", "Walk-Front-008", "Golf-Swing-Back-001"):
        shutil.rmtree(root / "ucf action" / clip[:-4])
    write_extracted(tmp_path / "flow" / name, 19)
    assert ucf_sports(root, flow_root=tmp_path / "flow")[0].flow == tmp_path / "flow" / name


SPOILT = {
    "a clip of no list": (
        lambda root: write_frames(root / "ucf action" / "Diving-Side" / "015", 3),
        ("Diving-Side/015", "150 clips"),
    ),
    "a file that does not open": (
        lambda root: (
            root / "ucf action" / "Golf-Swing-Back" / "001" / "3283-8_700830.avi"
        ).write_bytes(b"no video"),
        ("3283-8_700830.avi", "video"),
    ),
    "a frame that is cut off": (
        lambda root: cut(root / "ucf action" / "Swing-Bench" / "007" / "2538-5_00001.jpg"),
        ("2538-5_00001.jpg", "whole image"),
    ),
    "a first frame of another size than the last": (
        lambda root: write_frames(root / "ucf action/Swing-Bench/007", 1, shape=(24, 32)),
        ("2538-5_00017.jpg", "2538-5_00001.jpg, (24, 32)"),
    ),
    "gaze of another resolution": (
        lambda root: (root / "resolution.txt").write_text(
            (root / "resolution.txt")
            .read_text()
            .replace("Walk-Front_008.avi 64", "Walk-Front_008.avi 65")
        ),
        ("resolution.txt", "Walk-Front-008, (48, 64)"),
    ),
}


def cut(path):
    path.write_bytes(path.read_bytes()[:-60])


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_wrong_with_a_clip_is_one_error_or_skipped_and_listed(root, what):
    spoil, facts = SPOILT[what]
    spoil(root)
    with refused(*facts):
        ucf_sports(root)
    data = ucf_sports(root, on_bad_example="skip")
    assert len(data.report.skipped) == 1 and len(data) >= 3


def test_a_clip_that_is_there_twice_or_has_two_files_is_an_error(root, tmp_path):
    folder = root / "ucf action" / "Golf-Swing-Back" / "001"
    shutil.copy(folder / "3283-8_700830.avi", folder / "again.avi")
    with refused("001", ".avi", ("3283-8_700830.avi", "again.avi")):
        ucf_sports(root)
    (folder / "again.avi").rename(root / "Golf-Swing-Back_001.avi")
    with refused("001", "Golf-Swing-Back-001", "Golf-Swing-Back_001.avi"):
        ucf_sports(root)
    with refused("gt", "Diving-Side/001", "none"):
        ucf_sports(root / "ucf action" / "Diving-Side" / "001" / "gt", gaze=root)
    with refused("away", "UCF Sports"):
        ucf_sports(tmp_path / "away", gaze=root)


def test_real_gaze_lies_on_the_frames_of_its_clip(tmp_path):
    """55 frames of 404×720; the frames themselves are blank here."""
    gaze = real("data/ucf_sports_sample")
    write_frames(tmp_path / "Diving-Side" / "001", 55, shape=(404, 720))
    data = ucf_sports(tmp_path, gaze=gaze)
    assert (data[0].frames, data[0].shape, data.report.points) == (55, (404, 720), 9633)
    assert data.report.frames_without_fixations == 0 and data.report.videos_without_fixations == 0
    write_frames(tmp_path / "Diving-Side" / "001", 55, shape=(202, 360))
    with refused("0001.png", "(202, 360)", "(404, 720)"):
        ucf_sports(tmp_path, gaze=gaze)
