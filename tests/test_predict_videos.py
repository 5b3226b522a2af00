"""What networks make of videos, as files: the numbers of an evaluation, and all frames."""

import cv2
import numpy as np
import pandas as pd
import pytest
from conftest import refused
from drawn_videos import FRAME, SETTINGS, SIDE, small
from PIL import Image
from predicted import kept, network, predict

import keras_attn as ka
from keras_attn.datasets.batches.snippets import SNIPPET, filling_starts, starts
from keras_attn.datasets.flow import files

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clips(hollywood):
    """A network of the drawn videos that was told how their flow was made."""
    made = files.how_made(hollywood[0].flow)
    changes = {"attention": "softmax", "classes": tuple(hollywood.classes), "flow_made": made}
    return network(small(fusion="early", **changes))


def test_words_on_how_flow_was_made_tell_its_settings(hollywood):
    assert files.as_made(files.how_made(hollywood[0].flow)) == SETTINGS
    plain = files.FlowSettings(compensated=False, features="orb", bound=12.5)
    words = "method tvl1, bound 12.5, height 128, width 171, compensated False, features orb"
    assert files.as_made(words) == plain
    for other in (None, "by other tools", "method raft, bound 1", "method tvl1, iterations 7"):
        assert files.as_made(other) is None


def test_flow_in_memory_is_what_is_read_of_its_files(hollywood):
    video = hollywood[3]
    stacked = np.stack(list(files.in_memory(video.video, SETTINGS)))
    folder = video.extracted()
    np.testing.assert_array_equal(stacked[..., :3], folder.frames())
    np.testing.assert_array_equal(stacked[..., 3:], folder.flow())


def test_a_folder_of_videos_scores_what_an_evaluation_scores(clips, hollywood, tmp_path):
    data = hollywood.part("two", [2, 5])
    for video in data:
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / video.video.name).symlink_to(video.video)
    found = predict(clips, tmp_path / "in", tmp_path / "out", raw=True)
    assert found.notes == ()
    wanted = ka.evaluate(clips, data, progress=False)
    rows = pd.read_csv(tmp_path / "out" / "predictions.csv").set_index("name")
    shares = rows.loc[wanted.rows["id"], [f"p_{name}" for name in data.classes]]
    np.testing.assert_allclose(shares.to_numpy(), wanted.arrays["scores"], atol=1e-12)
    assert list(rows.loc[wanted.rows["id"], "class"]) == list(wanted.rows["predicted"])
    numbers = kept(wanted, "numbers")
    for name, maps in kept(wanted, "attention").items():
        made = np.load(tmp_path / "out" / f"{name}.npz")
        np.testing.assert_array_equal(made["numbers"], np.arange(1, 18))
        some = np.isin(made["numbers"], numbers[name])
        assert some.sum() == 16
        np.testing.assert_array_equal(made["attention"][some], maps)
    left, top, width, height = made["place"]
    assert (left + width / 2, top + height / 2) == pytest.approx((32, 24), abs=1)
    shares = height / data[0].shape[0], width / data[0].shape[1]
    assert shares == pytest.approx((SIDE / FRAME[0], SIDE / FRAME[1]))


def test_an_export_of_clips_tells_the_same_of_a_folder_of_frames(clips, hollywood, tmp_path):
    frames = tmp_path / "jump"
    frames.mkdir()
    for number, image in enumerate(files.Frames(hollywood[0].video)):
        Image.fromarray(image).save(frames / f"{number}.png")
    own = predict(clips, hollywood[0].video, tmp_path / "own").rows.iloc[0, 5:]
    ka.export(clips, tmp_path / "export")
    found = predict(tmp_path / "export", frames, tmp_path / "out")
    assert found.files == ("jump_overlay.gif", "predictions.csv")
    told = found.rows.iloc[0, 5:]
    np.testing.assert_allclose(told.to_numpy(float), own.to_numpy(float), atol=1e-6)


@pytest.mark.parametrize("pairs", [1, 15, 16, 17, 40, 440, 441, 466, 467, 1000, 5000])
def test_all_frames_are_in_snippets_and_few_of_them_in_more_than_needed(pairs):
    there, more = starts(pairs), filling_starts(pairs)
    seen = [number for start in (*there, *more) for number in range(start, start + SNIPPET)]
    assert set(range(1, pairs + 1)) <= set(seen)
    assert len(more) * SNIPPET <= pairs + SNIPPET * len(there)
    if pairs < 441:
        # Steps of no more than 16 leave nothing out but the end.
        assert len(more) <= (pairs - there[-1]) // SNIPPET


def test_the_overlay_of_a_long_video_shows_every_frame(clips, tmp_path, rng):
    path, count = tmp_path / "long.avi", 461
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 20, (48, 36))
    for place in range(count):
        frame = np.full((36, 48, 3), 60, np.uint8)
        cv2.circle(frame, (place % 48, 18), 6, (90, 200, 240), -1)
        writer.write(frame)
    writer.release()
    found = predict(clips, path, tmp_path / "out", raw=True)
    assert found.rows["frames"][0] == count
    with np.load(tmp_path / "out" / "long.npz") as made:
        np.testing.assert_array_equal(made["numbers"], np.arange(1, count))
        np.testing.assert_allclose(made["attention"].sum(axis=(1, 2)), 1, atol=1e-4)
    with Image.open(tmp_path / "out" / "long_overlay.gif") as moving:
        lasting = 0
        for place in range(moving.n_frames):
            moving.seek(place)
            lasting += moving.info["duration"]
    assert lasting == 50 * (count - 1)


def test_one_stream_alone_tells_classes_and_draws_nothing(hollywood, tmp_path):
    config = small(fusion="frames", classes=tuple(hollywood.classes), flow_made="by other tools")
    found = predict(network(config), hollywood[0].video, tmp_path / "out")
    # Flow that nobody sees need not be told of.
    assert found.files == ("predictions.csv",) and found.notes == ()


def test_flow_made_in_an_unknown_way_is_told(hollywood, tmp_path):
    config = small(fusion="flow", classes=tuple(hollywood.classes), flow_made="by other tools")
    (tmp_path / "in").mkdir()
    for number, image in zip(range(3), files.Frames(hollywood[0].video), strict=False):
        Image.fromarray(image).save(tmp_path / "in" / f"{number}.png")
    found = predict(network(config), tmp_path / "in", tmp_path / "out")
    assert "flow made by other tools" in found.notes[0]


def test_networks_of_clips_refuse_gaze_and_extracted_flow(clips, hollywood, tmp_path):
    gazed = network(small(attention="human", fusion="late", classes=tuple(hollywood.classes)))
    with refused("model", ("clips", "gaze"), "inputs"):
        predict(gazed, hollywood[0].video, tmp_path / "out")
    with refused("gaze", ("none", "clips"), "gaze.csv"):
        predict(clips, hollywood[0].video, tmp_path / "out", gaze=tmp_path / "gaze.csv")
    with refused(str(hollywood[0].flow), "video", "extracted flow"):
        predict(clips, hollywood[0].flow, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_damaged_video_is_an_error_or_left_out_and_listed(clips, hollywood, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.avi").write_text("no video")
    (tmp_path / "in" / "good.avi").symlink_to(hollywood[0].video)
    with refused("bad.avi", "video"):
        predict(clips, tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    found = predict(clips, tmp_path / "in", tmp_path / "out", on_bad_example="skip")
    assert list(found.rows["name"]) == ["good"] and found.skipped[0].startswith("bad (")


def test_a_video_that_is_cut_off_is_an_error_or_left_out_and_listed(clips, hollywood, tmp_path):
    content = hollywood[0].video.read_bytes()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "whole.avi").write_bytes(content)
    (tmp_path / "in" / "cut.avi").write_bytes(content[: len(content) // 2])
    with refused("cut.avi", "18 frames"):
        predict(clips, tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    found = predict(clips, tmp_path / "in", tmp_path / "out", on_bad_example="skip")
    assert list(found.rows["name"]) == ["whole"] and "cut" in found.skipped[0]
