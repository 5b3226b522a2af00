"""Clips for the two-stream networks: frames, flow and gaze are cropped and mirrored together."""

import shutil
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import refused

from keras_attn import datasets, gaze, losses, models
from keras_attn.datasets import read_image
from keras_attn.datasets.batches import clips
from keras_attn.datasets.batches.snippets import Snippet, central_view, starts
from keras_attn.datasets.flow import files as flow_files

FRAME, CROP = (48, 64), (32, 40)
PAIRS = 18


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Six videos of 19 frames of 96×128, extracted at 48×64: three snippets each."""
    root = tmp_path_factory.mktemp("m")
    drawn = datasets.miniature("ucf_sports", videos=6, frames=PAIRS + 1, root=root / "clips")
    settings = flow_files.FlowSettings("dis", height=FRAME[0], width=FRAME[1])
    for example in drawn:
        flow_files.extract(example.video, root / "flow" / example.id, settings)
    return datasets.ucf_sports(root / "clips", flow_root=root / "flow")


@pytest.fixture(scope="module")
def footage(data):
    return clips.Footage.of(data, keep=True)


@pytest.fixture
def spoilt(data, tmp_path):
    """The data with a flow folder of its third video that may be spoilt, and that folder."""
    folder = shutil.copytree(data[2].flow, tmp_path / "flow")
    return with_third(data, flow=folder), folder


def with_third(data, **changes):
    examples = list(data)
    examples[2] = replace(data[2], **changes)
    return replace(data, examples=tuple(examples))


def batches(footage, epochs=1, **options):
    return clips.ClipBatches(footage, CROP, **{"batch_size": 4, "epochs": epochs} | options)


def epochs(made, first=0):
    """All batches as one dict of arrays per epoch."""
    found = list(made.named(first).as_numpy_iterator())
    assert len(found) == made.steps * (made.epochs - first)
    groups = [found[start : start + made.steps] for start in range(0, len(found), made.steps)]
    return [
        {name: np.concatenate([b[name] for b in group]) for name in found[0]} for group in groups
    ]


def drawn(made, epoch=0):
    """Snippet, label and view of each clip of an epoch, in its order."""
    for number in made.order(epoch):
        place, view = divmod(number, len(made.views))
        yield *made.rows[place], made.views[view]


# --- batches ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_batch_has_frames_flow_density_and_label_of_their_shapes_and_types(footage):
    made = batches(footage)
    batch = next(made.named().as_numpy_iterator())
    shapes = {name: (value.shape, value.dtype) for name, value in batch.items()}
    assert shapes == {
        "frames": ((4, 16, 32, 40, 3), np.float32),
        "flow": ((4, 16, 32, 40, 2), np.float32),
        "density": ((4, 16, 32, 40, 1), np.float32),
        "label": ((4,), np.int64),
    }
    for name in ("frames", "flow"):
        assert (batch[name] == batch[name].round()).all()
        assert batch[name].min() >= 0 and 100 < batch[name].max() <= 255
    assert abs(np.median(batch["flow"]) - 127.5) < 2
    assert made.count == 18 and made.steps == 5


def test_frames_are_the_files_pixels_in_red_green_blue(data, footage):
    """File k is frame k of the video; the snippet that starts at 2 begins with it."""
    plain = epochs(batches(footage, augment=False))[0]
    rows = [(s.video.id, s.start) for s, _, _ in drawn(batches(footage, augment=False))]
    place = rows.index((data[1].id, 2))
    image = read_image(data[1].flow / "im_0006.jpg")
    flow = [read_image(data[1].flow / f"flow_{axis}_0006.jpg", "L") for axis in "xy"]
    np.testing.assert_array_equal(plain["frames"][place, 4], image[8:40, 12:52])
    np.testing.assert_array_equal(plain["flow"][place, 4], np.stack(flow, -1)[8:40, 12:52])
    assert plain["label"][place] == data[1].labels[0]


@pytest.mark.slow
def test_kept_and_decoded_agree(data, footage):
    assert isinstance(footage.values, np.memmap) and footage.values.dtype == np.uint8
    assert footage.values.shape == (6 * PAIRS, *FRAME, 5)
    decoded = clips.Footage.of(data)
    assert decoded.values is None
    for mine, its in zip(*(epochs(batches(f, 2)) for f in (footage, decoded)), strict=True):
        for name in mine:
            np.testing.assert_array_equal(mine[name], its[name])


def test_an_epoch_is_the_same_wherever_a_run_is_begun(footage):
    whole, resumed = epochs(batches(footage, 3)), epochs(batches(footage, 3), first=2)
    for name in whole[2]:
        np.testing.assert_array_equal(whole[2][name], resumed[0][name])
    assert not np.array_equal(whole[1]["frames"], whole[2]["frames"])


def test_an_epoch_has_every_clip_once_in_an_order_and_views_of_its_own(footage):
    made = batches(footage)
    first, second = ([*drawn(made, epoch)] for epoch in (0, 1))
    for epoch in (first, second):
        found = sorted((s.video.id, s.start) for s, _, _ in epoch)
        assert found == [(e.id, start) for e in footage.dataset for start in starts(PAIRS)]
    assert first != second and first != [*drawn(batches(footage, seed=1))]
    views = [view for epoch in range(40) for *_, view in drawn(made, epoch)]
    counts = [views.count(view) for view in made.views]
    assert len(counts) == 10 and sum(counts) == 720 and min(counts) > 40 and max(counts) < 110


def test_epochs_of_given_steps_are_whole_and_go_on_where_the_last_one_stopped(footage):
    """Two epochs of 5 batches of 4, of 18 clips: two passes, and 4 clips of a third."""
    made = batches(footage, 2, steps=5)
    whole, resumed = epochs(made), epochs(made, first=1)
    assert [len(epoch["label"]) for epoch in whole] == [20, 20]
    for name in whole[1]:
        np.testing.assert_array_equal(whole[1][name], resumed[0][name])
    pairs = [(s.video.id, label) for number in (0, 1, 2) for s, label, _ in drawn(made, number)]
    labels = np.concatenate([epoch["label"] for epoch in whole])
    assert labels.tolist() == [label for _, label in pairs][:40]


def test_views_do_not_follow_from_the_place_in_the_order(footage):
    """Each clip is seen in every one of the ten views, sooner or later."""
    made, seen = batches(footage), set()
    for epoch in range(100):
        seen |= {(s.video.id, s.start, view) for s, _, view in drawn(made, epoch)}
    assert len(seen) == 180


def test_a_clip_of_several_labels_is_there_once_for_each(data):
    several = clips.Footage.of(with_third(data, labels=(1, 4, 7)))
    made = batches(several, most=2)
    assert made.count == 2 * (5 + 3)
    ids = [(snippet.video.id, label) for snippet, label, _ in drawn(made)]
    labels = epochs(made)[0]["label"].tolist()
    assert labels == [label for _, label in ids]
    for label in (1, 4, 7):
        assert ids.count((data[2].id, label)) == 2


# --- jointly ------------------------------------------------------------------------------------


def test_the_pixel_under_a_point_keeps_its_colour_in_every_view(footage):
    made, seen = batches(footage), 0
    for row, (snippet, _) in enumerate(made.rows):
        whole = footage.snippet(snippet)
        for place, view in enumerate(made.views):
            frames, *_ = made.clip(row * len(made.views) + place)
            for before, after, points in zip(whole, frames, snippet.points, strict=True):
                at = gaze.resize(points, (96, 128), FRAME)
                at = at[gaze.inside(at - (view.left, view.top), CROP)]
                moved = view.points(points, (96, 128))
                assert len(moved) == len(at)
                mine = before[at[:, 1].astype(int), at[:, 0].astype(int), :3]
                its = after[moved[:, 1].astype(int), moved[:, 0].astype(int)]
                np.testing.assert_array_equal(its, mine)
                seen += len(at)
    assert seen > 10_000


def test_the_density_lies_where_the_pixel_under_the_fixation_went(data):
    """One fixation a frame: the peak of the density is on the pixel of the fixation's colour."""
    points = [its[:1] for its in data[2].points]
    alone = with_third(data, points=points, subjects=[np.zeros(len(p)) for p in points])
    made = batches(clips.Footage.of(alone), sigma=0.02)
    start = 6 * len(made.views)
    seen = 0
    for number in range(start, start + len(made.views)):
        frames, _, density, _ = made.clip(number)
        whole = made.footage.snippet(made.rows[6][0])
        for k, its in enumerate(made.rows[6][0].points):
            if not density[k].any():
                continue
            x, y = gaze.resize(its, (96, 128), FRAME)[0].astype(int)
            row, column = np.unravel_index(density[k, ..., 0].argmax(), CROP)
            np.testing.assert_array_equal(frames[k, row, column], whole[k, y, x, :3])
            seen += 1
    assert seen > 60


def test_mirrored_flow_runs_the_other_way_and_all_else_is_turned_round(footage):
    made = batches(footage)
    for crop in range(5):
        frames, flow, density, label = made.clip(crop)
        mirrored = made.clip(crop + 5)
        assert made.views[crop + 5] == replace(made.views[crop], mirrored=True)
        np.testing.assert_array_equal(mirrored[0], frames[:, :, ::-1])
        np.testing.assert_array_equal(mirrored[1][..., 0], 255 - flow[:, :, ::-1, 0])
        np.testing.assert_array_equal(mirrored[1][..., 1], flow[:, :, ::-1, 1])
        np.testing.assert_allclose(mirrored[2], density[:, :, ::-1], atol=1e-7)
        assert mirrored[3] == label


def test_a_density_has_sum_one_or_zero_where_no_fixation_is_in_view(data):
    blind = [its if k % 3 else np.zeros((0, 2)) for k, its in enumerate(data[2].points)]
    blind = with_third(data, points=blind, subjects=[np.zeros(len(p)) for p in blind])
    made = batches(clips.Footage.of(blind))
    sums = epochs(made)[0]["density"].sum(axis=(2, 3, 4))
    expected = [
        [float(len(view.points(points, (96, 128))) > 0) for points in snippet.points]
        for snippet, _, view in drawn(made)
    ]
    np.testing.assert_allclose(sums, expected, atol=1e-5)
    assert (sums == 0).sum() >= 15


def test_the_blur_is_a_share_of_the_videos_width(data):
    """One fixation in the middle of 96×128, σ = 0.05 · 128 = 6.4 pixels: 3.2 at half the size."""
    middle = [np.array([[64.0, 48.0]])] * (PAIRS + 1)
    example = replace(data[0], points=middle, subjects=[np.zeros(1)] * (PAIRS + 1))
    view = central_view(FRAME, FRAME)
    density = clips.clip_density(Snippet(example, 1), view, 0.05)[3, ..., 0]
    y, x = np.mgrid[: FRAME[0], : FRAME[1]] + 0.5
    for axis, centre in ((x, 32.5), (y, 24.5)):
        mean = (density * axis).sum()
        assert mean == pytest.approx(centre, abs=0.02)
        assert np.sqrt((density * (axis - mean) ** 2).sum()) == pytest.approx(3.2, rel=0.02)


# --- one at a time ------------------------------------------------------------------------------


def test_single_inputs_are_those_of_the_central_view(data, footage):
    made = batches(footage, augment=False)
    view = clips.central_view_of(data, size=CROP)
    assert view == made.views[0] and (view.top, view.left) == (8, 12)
    for place, (snippet, _) in enumerate(made.rows):
        inputs = clips.clip_inputs(footage, snippet, view, names=clips.INPUTS)
        assert list(inputs) == ["frames", "flow", "gaze"]
        for mine, its in zip(inputs.values(), made.clip(place), strict=False):
            assert mine.dtype == np.float32
            np.testing.assert_array_equal(mine, its)


def test_only_the_inputs_that_are_asked_for_are_made(data, footage):
    first, view = Snippet(data[0], 1), central_view(FRAME, CROP)
    assert list(clips.clip_inputs(footage, first, view)) == ["frames", "flow"]
    assert list(clips.clip_inputs(footage, first, view, names=["flow"])) == ["flow"]
    with refused("input", ("'frames'", "'flow'", "'gaze'")):
        clips.clip_inputs(footage, first, view, names=["image"])


def test_frames_are_found_by_their_numbers(data, footage):
    """Number k, from 1, is what the file of that number holds; whether kept or decoded."""
    numbers = (1, 7, PAIRS)
    files = [read_image(data[4].flow / f"im_{number:04d}.jpg") for number in numbers]
    for source in (footage, clips.Footage.of(data)):
        np.testing.assert_array_equal(source.frames(data[4], numbers), files)


def test_frame_0_and_those_behind_the_end_are_not_there(data, footage):
    """In what is kept, frames of other videos lie on both sides of them."""
    for source in (footage, clips.Footage.of(data)):
        for number in (0, PAIRS + 1):
            with refused(f"video '{data[2].id}'", f"1 to {PAIRS}", str(number)):
                source.frames(data[2], (3, number))


def test_a_short_video_repeats_its_last_pair(data, tmp_path):
    """10 frames are 9 pairs."""
    for number in range(1, 10):
        for name in ("im", "flow_x", "flow_y"):
            shutil.copy(data[2].flow / f"{name}_{number:04d}.jpg", tmp_path)
    cut = {name: getattr(data[2], name)[:10] for name in ("points", "subjects")}
    short = with_third(data, frames=10, flow=tmp_path, **cut)
    first, view = Snippet(short[2], 1), central_view(FRAME, CROP)
    assert first.numbers == (*range(1, 10), *[9] * 7)
    for keep in (True, False):
        footage = clips.Footage.of(short, keep=keep)
        inputs = clips.clip_inputs(footage, first, view, names=clips.INPUTS)
        for values in inputs.values():
            assert values.shape[0] == 16 and not np.array_equal(values[7], values[8])
            assert all(np.array_equal(values[k], values[8]) for k in range(9, 16))
        made = batches(footage, augment=False)
        assert made.count == 5 * 3 + 1
        for mine, its in zip(made.clip(6), inputs.values(), strict=False):
            np.testing.assert_array_equal(mine, its)


# --- for Keras ----------------------------------------------------------------------------------


def compiled(fusion, attention):
    model = models.two_stream(fusion, attention, classes=9, input_shape=(16, *CROP), width=1 / 32)
    pull = losses.AttentionCrossEntropy() if attention == "supervised" else None
    wanted = {"logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True)}
    model.compile(keras.optimizers.SGD(1e-4), wanted | {"attention_logits": pull})
    return model


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fusion", "attention", "shape"),
    [
        ("early", "supervised", (16, 16, 20)),
        ("late", "supervised", (2, 2, 2)),
        ("late", "human", None),
    ],
)
def test_fit_is_given_what_the_network_takes_and_learns_from(footage, fusion, attention, shape):
    model = compiled(fusion, attention)
    made = batches(footage)
    x, y = next(iter(made.of(model)))
    assert set(x) == {tensor.name for tensor in model.inputs}
    assert set(y) == {"logits"} | ({"attention_logits"} if shape else set())
    batch = next(made.named().as_numpy_iterator())
    assert y["logits"].dtype == tf.int64
    np.testing.assert_array_equal(y["logits"], batch["label"])
    if shape:
        assert tuple(y["attention_logits"].shape) == (4, *shape, 1)
        assert model.output["attention_logits"].shape[1:] == (*shape, 1)
    else:
        np.testing.assert_array_equal(x["gaze"], batch["density"])


@pytest.mark.slow
def test_a_network_learns_from_them(footage):
    made = batches(footage, batch_size=6)
    model = compiled("late", "supervised")
    history = model.fit(made.of(model), steps_per_epoch=made.steps, verbose=0).history
    assert np.isfinite(history["loss"]).all() and history["attention_logits_loss"][0] > 0


# --- bad input ----------------------------------------------------------------------------------


def third_is_refused(broken, where, expected, received=(), **options):
    """The third video is refused by its name."""
    with refused((f"video '{broken[2].id}'", where), expected, received):
        clips.Footage.of(broken, **options)


def test_a_video_without_extracted_flow_is_named(data):
    bare = with_third(data, flow=None)
    with refused(f"video '{data[2].id}'", ("flow_root", "--data.flow-root")):
        clips.Footage.of(bare)
    with refused(f"video '{data[2].id}'", ("flow_root", "--data.flow-root")):
        clips.central_view_of(bare.part("third", [2]))


def test_frames_and_flow_of_different_counts_are_refused(spoilt):
    broken, folder = spoilt
    (folder / "flow_x_0018.jpg").unlink()
    counts = "18 images, 17 flow_x, 18 flow_y"
    third_is_refused(broken, "flow", ("image", "flow_x", "flow_y"), counts)
    for name in ("im", "flow_y"):
        (folder / f"{name}_0018.jpg").unlink()
    third_is_refused(broken, "flow", ("18 pairs", "19 frames"), "17")


def test_flow_of_another_size_than_the_frames_is_refused(spoilt, data):
    folder = spoilt[1]
    settings = flow_files.FlowSettings("dis", height=40, width=56)
    other = folder.parent / "other"
    flow_files.extract(data[2].video, other, settings)
    third_is_refused(with_third(data, flow=other, images=folder), "other", "(48, 64)", "(40, 56)")
    with refused(f"video '{data[2].id}'", "(48, 64)", "(40, 56)"):
        clips.Footage.of(with_third(data, flow=other))


def test_frames_smaller_than_the_crop_are_refused(data, footage):
    where = f"video '{data[0].id}', frames"
    for augment in (True, False):
        with refused(where, "(56, 56)", "(48, 64)"):
            clips.ClipBatches(footage, 56, batch_size=2, epochs=1, augment=augment)
    with refused(where, "(56, 56)", "(48, 64)"):
        clips.central_view_of(data, size=56)


def test_a_file_that_is_cut_off_is_named(spoilt):
    broken, folder = spoilt
    path = folder / "flow_y_0009.jpg"
    path.write_bytes(path.read_bytes()[:-200])
    third_is_refused(broken, "flow_y_0009.jpg", "whole image", keep=True)
    decoded, view = clips.Footage.of(broken), central_view(FRAME, CROP)
    with refused((f"video '{broken[2].id}'", "flow_y_0009.jpg")):
        clips.clip_inputs(decoded, Snippet(broken[2], 1), view)
    with pytest.raises(tf.errors.OpError, match=rf"video '{broken[2].id}', .*flow_y_0009\.jpg"):
        list(batches(decoded).named())


def test_a_video_without_a_label_is_refused(data):
    nameless = clips.Footage.of(with_third(data, labels=()))
    with refused(f"video '{data[2].id}'", "label", "none"):
        batches(nameless)
