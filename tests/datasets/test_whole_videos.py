"""Videos that were cut off or damaged, and folders of frames that lack some: said, never silent."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from conftest import real, refused
from videos import write_frames

from keras_attn.datasets.flow import extraction, files
from keras_attn.datasets.readers import frames, whole_videos

SHAPE = (48, 64)
KINDS = {".avi": "MJPG", ".mp4": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".webm": "VP80"}
WHOLE = ("60 frames", "header")
SETTINGS = files.FlowSettings("dis", height=0, width=0, compensated=False)


def write(path, count=60):
    """A video of moving noise, in which no frame is much smaller than another."""
    codec = cv2.VideoWriter_fourcc(*KINDS[path.suffix])
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, codec, 25.0, SHAPE[::-1])
    rng = np.random.default_rng(0)
    for _ in range(count):
        writer.write(rng.integers(0, 256, (*SHAPE, 3), np.uint8))
    writer.release()
    return path.read_bytes()


@pytest.mark.parametrize("suffix", list(KINDS))
def test_a_whole_video_has_the_frames_that_its_header_says(tmp_path, suffix):
    path = tmp_path / f"v{suffix}"
    write(path)
    assert len(list(frames.Frames(path))) == frames.probe(path).counted().frames == 60


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize("suffix", [".avi", ".mp4", ".mkv", ".webm"])
def test_a_video_that_is_cut_off_is_an_error(tmp_path, suffix, share):
    path = tmp_path / f"v{suffix}"
    content = write(path, 120)
    path.write_bytes(content[: int(share * len(content))])
    with refused(path.name, error=frames.BadVideo):
        list(frames.Frames(path))
    with refused(path.name, error=frames.BadVideo):
        frames.probe(path).counted()


def test_a_cut_file_that_states_its_size_is_known_without_being_read(tmp_path):
    path = tmp_path / "v.avi"
    content = write(path)
    assert not whole_videos.seems_cut(path) and not frames.probe(path).exact
    path.write_bytes(content[: len(content) // 2])
    assert whole_videos.seems_cut(path)
    with refused("v.avi", WHOLE, "that can be read", error=frames.BadVideo):
        frames.probe(path)
    # All frames are there, only the index behind them is not.
    path.write_bytes(content[:-100])
    assert frames.probe(path).frames == 60


@pytest.mark.parametrize("suffix", [".avi", ".mp4", ".mkv", ".webm"])
def test_whether_a_file_goes_on_to_its_end_is_told_by_its_parts(tmp_path, suffix):
    path = tmp_path / f"v{suffix}"
    content = write(path, 6)
    for length, cut in ((0, False), (1, True), (len(content) // 2, True)):
        path.write_bytes(content[: len(content) - length])
        assert whole_videos.seems_cut(path) is cut, length
    path.write_bytes(content + bytes(40))
    assert whole_videos.seems_cut(path) is False


@pytest.mark.parametrize("suffix", [".avi", ".mp4"])
def test_damage_in_the_middle_is_an_error(tmp_path, suffix):
    path = tmp_path / f"v{suffix}"
    content = write(path)
    middle, length = len(content) // 2, len(content) // 8
    path.write_bytes(content[:middle] + bytes(length) + content[middle + length :])
    with refused(path.name, WHOLE, error=frames.BadVideo):
        list(frames.Frames(path))


def test_a_header_may_be_off_by_two_frames_and_no_more(tmp_path):
    path = tmp_path / "v.avi"
    content = bytearray(write(path))
    for more, good in ((1, True), (2, True), (3, False)):
        told = content.replace((60).to_bytes(4, "little"), (60 + more).to_bytes(4, "little"))
        path.write_bytes(told)
        assert frames.Frames(path).announced == 60 + more
        if good:
            assert frames.probe(path).counted().frames == 60
        else:
            with refused("v.avi", "63 frames", error=frames.BadVideo):
                frames.probe(path).counted()


@pytest.mark.parametrize(
    ("announced", "count", "last", "rate", "lost"),
    [
        (None, 10, 400.0, 25.0, False),
        (100, 48, 1880.0, 25.0, True),  # 4 s are told, and 1.9 were there
        (100, 80, 3160.0, 25.0, False),  # less than a second early: that may be sound
        (100, 99, 3960.0, 25.0, False),
        (3000, 2800, 112000.0, 25.0, True),  # 8 of 120 s
        (4000, 90, 3960.0, 1000.0, False),  # a frame when something moves, over the whole time
        (100, 48, 0.0, 25.0, False),  # of MPEG streams no time is known
    ],
)
def test_files_that_state_their_duration_are_judged_by_time(
    tmp_path, announced, count, last, rate, lost
):
    path = tmp_path / "v.mkv"
    path.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(20))
    assert whole_videos.lacks(path, announced, count, last, rate) is lost


def test_no_flow_is_left_of_a_video_that_is_cut_off(tmp_path):
    content = write(tmp_path / "whole.avi", 12)
    (tmp_path / "cut.avi").write_bytes(content[: len(content) // 2])
    found = {name: tmp_path / f"{name}.avi" for name in ("whole", "cut")}
    out = tmp_path / "flow"
    done = extraction.extract_all(found, out, SETTINGS, jobs=1, progress=False)
    assert set(done.records) == {"whole"} and not (out / "cut").exists()
    with refused("cut.avi", "12 frames", error=frames.BadVideo):
        done.check()
    with refused("cut.avi", "12 frames", error=frames.BadVideo):
        list(files.in_memory(found["cut"], replace(SETTINGS, method="dis"), still=True))


def test_a_folder_of_frames_that_lacks_one_is_an_error(tmp_path):
    write_frames(tmp_path / "a", 12, "a{:03d}.jpg")
    (tmp_path / "a" / "a007.jpg").unlink()
    with refused(
        str(tmp_path / "a"), "one by one", "a008.jpg behind a006.jpg", error=frames.BadVideo
    ):
        frames.Frames(tmp_path / "a")
    write_frames(tmp_path / "b", 3, "b{}.jpg")
    (tmp_path / "b" / "b02.jpg").write_bytes((tmp_path / "b" / "b2.jpg").read_bytes())
    with refused(str(tmp_path / "b"), received=("b2.jpg", "b02.jpg"), error=frames.BadVideo):
        frames.probe(tmp_path / "b")


@pytest.mark.parametrize(
    "names",
    [
        ("f0010", "f0020", "f0030", "f0040"),
        ("t0", "t33", "t67", "t100", "t133"),
        ("a", "b", "c"),
        ("shot1_1", "shot1_2", "shot7_1", "shot7_2"),
        ("7", "8"),
        ("3_of_9", "4_of_9", "5_of_9"),
    ],
)
def test_frames_may_be_every_tenth_or_bear_the_time_or_no_number(tmp_path, names):
    write_frames(tmp_path, 1, "x{}.jpg")
    for name in names:
        (tmp_path / f"{name}.jpg").write_bytes((tmp_path / "x1.jpg").read_bytes())
    (tmp_path / "x1.jpg").unlink()
    assert [path.stem for path in frames.frame_paths(tmp_path)] == list(names)


def test_a_real_video_is_whole_and_half_of_it_is_not(tmp_path):
    source = real("data/video_002/002.AVI")
    assert frames.probe(source).counted().frames == 783
    content = source.read_bytes()
    (tmp_path / "half.avi").write_bytes(content[: len(content) // 2])
    with refused("half.avi", "783 frames", "385", error=frames.BadVideo):
        frames.probe(tmp_path / "half.avi")
