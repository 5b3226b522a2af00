"""Flow of videos on disk: names and numbers, restarts, whole folders, and the command line."""

import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import ROOT, check_error_line, refused

from keras_attn import storage
from keras_attn.datasets import VideoDataset, VideoExample, VideoReport
from keras_attn.datasets.flow import estimation, extraction, files
from keras_attn.datasets.flow.files import FlowSettings
from keras_attn.datasets.flow.folders import FlowFolder
from keras_attn.datasets.readers import frames

SHAPE = (48, 64)
SETTINGS = FlowSettings("farneback", height=SHAPE[0], width=SHAPE[1])


def grey_of(k):
    """The even grey of frame k, which tells the frames apart."""
    return 40 + 20 * k


def write_folder(folder, count=5, shape=SHAPE, pictures=None):
    """A folder of frames, each of an even grey, named so that text does not order them."""
    folder.mkdir(parents=True)
    for k in range(count):
        frame = np.full((*shape, 3), grey_of(k), np.uint8) if pictures is None else pictures[k]
        cv2.imwrite(str(folder / f"shot-{k + 8}.png"), frame)
    return folder


def write_avi(path, count=5, shape=SHAPE):
    path.parent.mkdir(parents=True, exist_ok=True)
    codec = cv2.VideoWriter_fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, codec, 25, shape[::-1])
    for k in range(count):
        writer.write(np.full((*shape, 3), grey_of(k), np.uint8))
    writer.release()
    return path


def tool(*arguments, cwd):
    command = [sys.executable, str(ROOT / "tools" / "extract_flow.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd)


@pytest.mark.parametrize("write", [write_folder, write_avi])
def test_image_k_is_frame_k_and_the_first_has_no_flow(write, tmp_path):
    video = write(tmp_path / "clip.avi")
    record = files.extract(video, tmp_path / "out", SETTINGS)
    assert record["pairs"] == 4 and record["announced"] == 5
    for k in range(1, 5):
        image = cv2.imread(str(tmp_path / "out" / f"im_{k:04d}.jpg"))
        assert image.shape == (*SHAPE, 3)
        assert image.mean() == pytest.approx(grey_of(k), abs=2)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    wanted = {f"{kind}_{k:04d}.jpg" for kind in ("im", "flow_x", "flow_y") for k in range(1, 5)}
    assert names == wanted | {"flow.json"}


def test_names_of_tsn_have_five_digits_and_read_alike(tmp_path):
    video = write_folder(tmp_path / "clip", 3)
    files.extract(video, tmp_path / "out", replace(SETTINGS, names="tsn"))
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names[1:3] == ["flow_x_00001.jpg", "flow_x_00002.jpg"]
    assert names[-2:] == ["img_00001.jpg", "img_00002.jpg"]
    assert FlowFolder(tmp_path / "out").frames().shape == (2, *SHAPE, 3)


def test_size_is_the_studys_or_the_videos_own(tmp_path):
    video = write_folder(tmp_path / "clip", 2, (60, 100))
    for settings, shape in (
        (FlowSettings("dis"), (128, 171)),
        (FlowSettings("dis", width=0, height=0), (60, 100)),
        (FlowSettings("dis", width=0, height=40), (40, 100)),
    ):
        out = tmp_path / str(shape)
        files.extract(video, out, settings)
        assert FlowFolder(out).flow().shape == (1, *shape, 2)


def test_a_lossless_static_clip_is_127_or_128_and_a_step_from_it_in_jpeg_files(tmp_path, rng):
    picture = cv2.GaussianBlur(rng.integers(0, 256, (*SHAPE, 3)).astype(np.uint8), (0, 0), 1.5)
    video = write_folder(tmp_path / "clip", 3, pictures=[picture] * 3)
    for method in ("tvl1", "farneback", "dis"):
        settings = replace(SETTINGS, method=method)
        for _, made in files.pairs(frames.Frames(video), settings):
            assert set(np.unique(estimation.encode(made))) <= {127, 128}
        files.extract(video, tmp_path / method, settings)
        assert set(np.unique(FlowFolder(tmp_path / method).flow())) <= {126, 127, 128, 129}


def test_a_finished_video_is_skipped_and_a_broken_one_made_anew(tmp_path, monkeypatch):
    video, out = write_folder(tmp_path / "clip"), tmp_path / "out"
    first = files.extract(video, out, SETTINGS)
    written = {path.name: path.read_bytes() for path in out.iterdir()}
    with monkeypatch.context() as patched:
        patched.setattr(files, "pairs", None)
        assert files.extract(video, out, SETTINGS) == first
    for damage in (
        lambda: (out / "flow_y_0003.jpg").unlink(),
        lambda: (out / "im_0001.jpg").write_bytes(b""),
        lambda: (out / "flow.json").write_text("{"),
    ):
        damage()
        assert files.finished(video, out, SETTINGS) is None
        assert files.extract(video, out, SETTINGS) == first
        assert {path.name: path.read_bytes() for path in out.iterdir()} == written


def test_flow_of_other_settings_or_another_video_is_refused_or_replaced(tmp_path):
    video, out = write_folder(tmp_path / "clip"), tmp_path / "out"
    files.extract(video, out, SETTINGS)
    other = replace(SETTINGS, method="dis", bound=15)
    with refused("out", received=("'farneback'", "'dis'", "20.0", "15")):
        files.extract(video, out, other)
    longer = write_folder(tmp_path / "elsewhere" / "clip", 6)
    with refused("out", received="images 5, not 6"):
        files.extract(longer, out, SETTINGS)
    assert files.extract(longer, out, other, overwrite=True)["pairs"] == 5
    assert len(FlowFolder(out)) == 5


def test_a_folder_that_is_not_of_flow_is_never_touched(tmp_path):
    video = write_folder(tmp_path / "clip")
    before = sorted(path.name for path in video.iterdir())
    for overwrite in (False, True):
        with refused("clip", "flow.json"):
            files.extract(video, video, SETTINGS, overwrite=overwrite)
    assert sorted(path.name for path in video.iterdir()) == before


def test_a_full_disk_is_one_error_and_leaves_nothing(tmp_path, monkeypatch):
    def full(path, content, *_):
        if path.name == "flow_x_0003.jpg":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, content)

    write = Path.write_bytes
    video = write_folder(tmp_path / "clip")
    monkeypatch.setattr(Path, "write_bytes", full)
    with refused("out", received="No space left on device") as caught:
        files.extract(video, tmp_path / "out" / "clip", SETTINGS)
    assert not isinstance(caught.value, frames.BadVideo)
    assert not list((tmp_path / "out").iterdir())


def test_videos_that_cannot_be_used_are_told_from_each_other(tmp_path, capfd):
    (tmp_path / "text.avi").write_text("no video")
    short = write_folder(tmp_path / "short", 1)
    cut = write_folder(tmp_path / "cut")
    png = cut / "shot-10.png"
    png.write_bytes(png.read_bytes()[:60])
    (tmp_path / "empty").mkdir()
    for path, where, expected, received in (
        (tmp_path / "text.avi", "text.avi", "video", "does not open"),
        (tmp_path / "none.avi", "none.avi", "folder of frames", "no such file"),
        (write_avi(tmp_path / "one.avi", 1), "one.avi", "two frames", "one frame"),
        (short, "short", "two frames", "one frame"),
        (cut, "shot-10.png", "whole image", "truncated"),
        (tmp_path / "empty", "empty", ".png", "none"),
    ):
        with refused(where, expected, received, error=frames.BadVideo):
            files.extract(path, tmp_path / "out" / "x", SETTINGS)
    assert not (tmp_path / "out" / "x").exists()


def test_a_part_is_read_from_its_start_to_its_stop(tmp_path):
    files.extract(write_folder(tmp_path / "clip"), tmp_path / "out", SETTINGS)
    folder = FlowFolder(tmp_path / "out")
    assert len(folder) == 4
    part = folder.frames(1, 3)
    assert part.dtype == np.uint8 and part.shape == (2, *SHAPE, 3)
    assert part.mean(axis=(1, 2, 3)) == pytest.approx([grey_of(2), grey_of(3)], abs=1)
    code = folder.flow(1, 3)
    assert code.dtype == np.uint8 and code.shape == (2, *SHAPE, 2)
    x = cv2.imread(str(tmp_path / "out" / "flow_x_0003.jpg"), cv2.IMREAD_GRAYSCALE)
    assert (code[1, ..., 0] == x).all()
    with refused("start, stop", "4 pairs"):
        folder.frames(4)


def test_images_may_lie_in_another_folder_as_the_original_tool_has_them(tmp_path):
    files.extract(write_folder(tmp_path / "clip"), tmp_path / "out", SETTINGS)
    (tmp_path / "img").mkdir()
    for path in (tmp_path / "out").glob("im_*.jpg"):
        path.rename(tmp_path / "img" / path.name)
    assert len(FlowFolder(tmp_path / "out", tmp_path / "img").frames()) == 4


def test_a_folder_with_different_counts_a_gap_or_nothing_is_refused(tmp_path):
    out = tmp_path / "out"
    files.extract(write_folder(tmp_path / "clip"), out, SETTINGS)
    (out / "flow_y_0002.jpg").unlink()
    with refused("out", received="4 images, 4 flow_x, 3 flow_y"):
        FlowFolder(out)
    for kind in ("im", "flow_x"):
        (out / f"{kind}_0002.jpg").unlink()
    with refused(str(out), "from 1 to 3", "2"):
        FlowFolder(out)
    (out / "flow_x_00001.jpg").write_bytes((out / "flow_x_0001.jpg").read_bytes())
    with refused("out", "one file"):
        FlowFolder(out)
    (tmp_path / "empty").mkdir()
    with refused("empty", received="0 images"):
        FlowFolder(tmp_path / "empty")
    with refused("nowhere", received="no such folder"):
        FlowFolder(tmp_path / "nowhere")


def test_settings_are_checked():
    for change, expected in (
        ({"method": "brox"}, ("'tvl1'", "'farneback'", "'dis'")),
        ({"names": "frame"}, ("'im'", "'tsn'")),
        ({"features": "surf"}, ("'sift'", "'orb'")),
        ({"bound": 0}, "above 0"),
        ({"width": 20}, "at least 32"),
    ):
        with refused(next(iter(change)), expected):
            replace(SETTINGS, **change)


def test_videos_are_found_at_any_depth_and_named_by_their_path(tmp_path):
    root = tmp_path / "root"
    for path in ("a.avi", "deep/b.mp4", "deep/notes.txt", ".hidden/c.avi"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    write_folder(root / "Diving-Side" / "001", 2)
    (root / "Diving-Side" / "001" / "beside_its_frames.avi").touch()
    (root / "flow").mkdir()
    (root / "flow" / "d.avi").touch()
    found = frames.find([root], passing_over=lambda folder: folder.name == "flow")
    assert found == {
        "a": root / "a.avi",
        "Diving-Side/001": root / "Diving-Side" / "001",
        "deep/b": root / "deep" / "b.mp4",
    }
    assert set(frames.find([root / "a.avi", root / "Diving-Side" / "001"])) == {"a", "001"}


def test_a_search_that_finds_nothing_or_one_name_twice_is_an_error(tmp_path):
    (tmp_path / "empty").mkdir()
    with refused("empty", received="none"):
        frames.find([tmp_path / "empty"])
    with refused("nowhere"):
        frames.find([tmp_path / "nowhere"])
    for name in ("x/a.avi", "x/a.mp4", "y/a.avi", "y/a/b.avi"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with refused("videos", "'a'"):
        frames.find([tmp_path / "x"])
    with refused("videos", "another's folder"):
        frames.find([tmp_path / "y"])


def test_errors_survive_the_way_from_another_process():
    import pickle

    error = pickle.loads(pickle.dumps(frames.BadVideo(Path("a.avi"), "a video", "none")))
    assert isinstance(error, frames.BadVideo)
    assert error.parts == ("a.avi", "a video", "none")


@pytest.mark.slow
def test_the_tool_does_many_goes_on_and_says_where_everything_is(tmp_path):
    write_avi(tmp_path / "clips" / "one.avi", 4)
    write_folder(tmp_path / "clips" / "two", 5)
    (tmp_path / "clips" / "bad.avi").write_text("no video")
    options = ["--out", "clips/flow", "--method", "dis", "--width", 64, "--height", 48]
    done = tool("clips", *options, "--jobs", 2, "--names", "tsn", cwd=tmp_path)
    out = tmp_path / "clips" / "flow"
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    check_error_line(done.stderr, "bad.avi", "video")
    assert done.stdout.splitlines()[-1] == f"Flow: {out.resolve()}"
    assert "2 videos done, 0 of them before; 7 pairs" in done.stdout
    assert {path.name for path in out.iterdir()} == {"one", "two", ".lock"}
    assert len(FlowFolder(out / "one")) == 3 and len(FlowFolder(out / "two")) == 4

    (tmp_path / "clips" / "bad.avi").unlink()
    (out / "two" / "flow_x_00002.jpg").unlink()
    left = out / f"{storage.PARTIAL}1-two"
    left.mkdir()
    again = tool("clips", *options, "--jobs", 1, "--names", "tsn", cwd=tmp_path)
    assert again.returncode == 0 and not again.stderr, again.stderr
    assert "2 videos done, 1 of them before; 4 pairs" in again.stdout
    assert (out / "two" / "flow_x_00002.jpg").is_file() and not left.exists()


def test_many_bad_videos_are_one_error_and_short_ones_are_named():
    done = extraction.Extraction({"a": {"pairs": 9, "announced": 12}})
    assert done.shorter == {"a": (10, 12)}
    done.check()
    done.bad = {n: frames.BadVideo(f"{n}.avi", "a video", "none") for n in ("b", "c")}
    with refused("2 of 3 videos", received=("b.avi", "c.avi")):
        done.check()


def test_what_is_written_does_not_depend_on_the_number_of_threads(tmp_path, rng):
    pictures = [rng.integers(0, 256, (*SHAPE, 3)).astype(np.uint8) for _ in range(3)]
    video = write_folder(tmp_path / "clip", 3, pictures=pictures)
    before, made = cv2.getNumThreads(), []
    for threads in (1, 2):
        cv2.setNumThreads(threads)
        out = tmp_path / str(threads)
        files.extract(video, out, replace(SETTINGS, method="dis"))
        assert cv2.getNumThreads() == threads
        made.append({path.name: path.read_bytes() for path in out.iterdir()})
    cv2.setNumThreads(before)
    assert made[0] == made[1]


def test_a_folder_in_use_is_refused(tmp_path):
    video = write_folder(tmp_path / "clip", 2)
    with extraction._alone(tmp_path / "out"), refused("out", received="in use"):
        extraction.extract_all({"clip": video}, tmp_path / "out", SETTINGS, progress=False)
    assert not (tmp_path / "out" / "clip").exists()


def test_what_is_finished_is_read_though_the_folder_is_in_use(tmp_path):
    """As by two cells of a study at a time."""
    video, out = write_folder(tmp_path / "clip", 2), tmp_path / "out"
    extraction.extract_all({"clip": video}, out, SETTINGS, progress=False)
    with extraction._alone(out):
        found = extraction.extract_all({"clip": video}, out, SETTINGS, progress=False)
    assert found.earlier == ["clip"]


def test_a_dataset_gets_flow_and_keeps_what_is_there(tmp_path):
    points = [np.array([[3.5, 4.5]])] * 4
    videos = tuple(
        VideoExample(name, 4, SHAPE, points, [[1]] * 4, (0,), write_folder(tmp_path / name, 4))
        for name in ("a", "b")
    )
    data = VideoDataset("two", videos, VideoReport())
    out = tmp_path / "flow"
    made = [extraction.with_flow(data, out, SETTINGS, jobs=1, progress=False) for _ in range(2)]
    stamps = [video.flow.stat().st_mtime_ns for video in made[0]]
    assert stamps == [video.flow.stat().st_mtime_ns for video in made[1]]
    for video in made[1]:
        assert (video.flow, len(video.extracted())) == (out / video.id, 3)
    assert [video.flow for video in data] == [None, None]
    gone = replace(data, examples=(replace(videos[0], video=None), videos[1]))
    with refused("video 'a'", "frames"):
        extraction.with_flow(gone, out, SETTINGS, progress=False)
    said = files.how_made(made[0][1].flow)
    assert said == (
        "method farneback, bound 20, height 48, width 64, compensated True, features sift"
    )


def test_of_flow_by_other_tools_nothing_is_known(tmp_path):
    (tmp_path / "im_0001.jpg").touch()
    assert files.how_made(tmp_path) == "by other tools"


@pytest.mark.slow
def test_extraction_loads_no_tensorflow():
    code = "import keras_attn.datasets.flow.extraction, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"tensorflow", "keras"} & set(done.stdout.split())
