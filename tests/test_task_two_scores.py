"""Task 2 scored: classes by video, attention by frame, against values by hand."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
from conftest import refused
from drawn_videos import SIDE, drawn, reduced, small
from scipy.special import softmax

import keras_attn as ka
from keras_attn import gaze, models
from keras_attn.datasets.batches import clips
from keras_attn.datasets.batches.snippets import snippets
from keras_attn.datasets.formats.hollywood2 import CLASSES
from keras_attn.evaluation.gaze_scores import Blur
from keras_attn.evaluation.network import batches, forward, predictions
from keras_attn.evaluation.references import references
from keras_attn.evaluation.rows import ABOUT_DATA, REFERENCES
from keras_attn.evaluation.scorer import CEILING
from keras_attn.evaluation.video_gaze import VideoGaze
from keras_attn.metrics import dispersion
from keras_attn.metrics.columns import COLUMNS
from keras_attn.report.tables import sheets
from keras_attn.resizing import at_size
from keras_attn.tasks import action

pytestmark = pytest.mark.slow

SIGMA = gaze.FIXATION_SIGMA
SIZE = (SIDE, SIDE)


@pytest.fixture(scope="module")
def test(hollywood):
    """Four videos, the last of two classes."""
    return hollywood.split("test")


@pytest.fixture(scope="module")
def result(chain, test):
    return ka.evaluate(chain, test, progress=False)


def network(fusion, attention, classes=12):
    """One with random weights that no configuration is known of."""
    keras.utils.set_random_seed(2)
    shape = {"input_shape": (16, *SIZE), "classes": classes, "width": 1 / 32}
    return models.two_stream(fusion, attention, name="mine", **shape)


@pytest.fixture(scope="module")
def human():
    return network("early", "human")


@pytest.fixture(scope="module")
def footage(test):
    return clips.Footage.of(test)


def view_of(test):
    return clips.central_view_of(test, size=SIDE)


def outputs_by_snippet(model, footage, video):
    """What the model returns of each snippet alone: dicts of arrays."""
    view, names = view_of(footage.dataset), [tensor.name for tensor in model.inputs]
    for snippet in snippets([video]):
        inputs = clips.clip_inputs(footage, snippet, view, SIGMA, names)
        made = model({name: value[None] for name, value in inputs.items()}, training=False)
        yield {name: np.asarray(value)[0] for name, value in made.items()}


# --- rows ---------------------------------------------------------------------------------------


def test_rows_say_whose_they_are_then_classes_then_agreement(result, test):
    rows = result.rows
    assert list(rows)[:12] == [
        *("task", "dataset", "backbone", "fusion", "attention", "fold", "seed", "id", "fixations"),
        *("class", "predicted", "correct"),
    ]
    scores = [*(column.key for column in COLUMNS), "zero_share", "constant", *CEILING, "entropy"]
    assert list(rows)[12:] == [*scores, *ABOUT_DATA]
    who = rows.iloc[0][["task", "dataset", "backbone", "fusion", "attention", "seed"]]
    assert list(who) == ["action", "hollywood2", "c3d", "early", "supervised", 0]
    assert list(rows["id"]) == [video.id for video in test]
    shapes = {"scores": (4, 12), "labels": (4, 12), "maps": (4, 196)}
    assert {name: values.shape for name, values in result.arrays.items()} == shapes
    assert "they say nothing about people" in result.notes[0]


def test_the_score_of_a_video_is_the_softmax_of_the_mean_logits_of_its_snippets(
    chain, result, footage, test
):
    for video, scores in zip(test, result.arrays["scores"], strict=True):
        outputs = list(outputs_by_snippet(chain.model, footage, video))
        assert len(outputs) == 2
        mean = np.mean([one["logits"] for one in outputs], axis=0)
        np.testing.assert_allclose(scores, softmax(mean), rtol=1e-4)


def test_a_video_of_two_classes_has_both_names_and_either_is_right(human, test, footage):
    classes = test.classes
    both = test[3].labels
    assert len(both) == 2
    scorer = action.scorer(human)
    scorer.check(test)
    outputs = scorer.joined(list(outputs_by_snippet(human, footage, test[3])))
    for told in range(12):
        outputs["logits"] = np.eye(12)[[told, told]]
        numbers, arrays = scorer.score(test, 3, outputs)
        assert numbers["class"] == f"{classes[both[0]]} + {classes[both[1]]}"
        assert numbers["predicted"] == classes[told]
        assert numbers["correct"] == (told in both)
        assert np.flatnonzero(arrays["labels"]).tolist() == sorted(both)


def test_evaluating_twice_gives_the_same_rows(chain, result, test):
    for model in (chain, chain.folder, chain.folder / "model.weights.h5"):
        again = ka.evaluate(model, test, progress=False)
        pd.testing.assert_frame_equal(again.rows, result.rows)
        for name, values in result.arrays.items():
            np.testing.assert_array_equal(again.arrays[name], values)


def test_the_last_validation_is_what_the_weights_score(chain, result):
    scores = result.summary().set_index("metric")["value"]
    last = chain.history.iloc[-1]
    for name in ("map", "s_auc", "ig"):
        assert scores[name] == pytest.approx(last[f"val_{name}"], abs=1e-6)
    assert result.rows["correct"].mean() == pytest.approx(last["val_accuracy"])


def test_saved_rows_make_the_tables_of_the_task(result, tmp_path):
    folder = result.save(tmp_path / "run")
    cells = sheets.cells(sheets.read([folder]))
    assert set(cells["table"]) == {"III", "IV", "IVb", "VI"}
    assert cells[cells["table"] == "VI"]["attention"].unique().tolist() == ["supervised"]


# --- attention, frame by frame ------------------------------------------------------------------


def maps_by_hand(video, view):
    """Of early human attention, for each frame: the mean over the snippets that cover it."""
    found = {}
    for snippet in snippets([video]):
        densities = clips.clip_density(snippet, view, SIGMA)[..., 0]
        for number, density in zip(snippet.numbers, densities, strict=True):
            smaller = reduced(density, SIDE // 2)
            peak = smaller.max()
            found.setdefault(number, []).append(smaller / peak if peak else np.ones_like(smaller))
    return {number: np.mean(maps, axis=0) for number, maps in found.items()}


def test_the_map_of_a_frame_is_the_mean_over_the_snippets_that_cover_it(human, footage, test):
    scorer = action.scorer(human)
    scorer.check(test)
    for video in test:
        outputs = scorer.joined(list(outputs_by_snippet(human, footage, video)))
        numbers, maps = scorer.maps_of(video, outputs)
        wanted = maps_by_hand(video, view_of(test))
        assert list(numbers) == sorted(wanted) == list(range(1, 18))
        np.testing.assert_allclose(maps, [wanted[n] for n in numbers], rtol=1e-3, atol=1e-5)


def test_maps_that_differ_from_snippet_to_snippet_are_averaged_where_they_overlap(human, test):
    """Frame k of snippet s is 100 s + k everywhere; the second snippet starts a frame later."""
    scorer = action.scorer(human)
    scorer.check(test)
    values = 100.0 * np.arange(2)[:, None] + np.arange(1, 17) + np.arange(2)[:, None]
    made = np.broadcast_to(values[..., None, None, None], (2, 16, 4, 4, 1))
    numbers, maps = scorer.maps_of(test[0], {"attention": made})
    assert list(numbers) == list(range(1, 18))
    assert maps[0, 0, 0] == 1 and maps[16, 0, 0] == 117
    np.testing.assert_allclose(maps[1:16, 2, 2], np.arange(2, 17) + 50)
    slots = np.broadcast_to(
        np.array([[1.0, 2.0], [3.0, 4.0]])[..., None, None, None], (2, 2, 2, 2, 1)
    )
    maps = scorer.maps_of(test[0], {"attention": slots})[1][:, 0, 0]
    # Slots of 8 frames: 1 to 8 and 9 to 16 of the first, 2 to 9 and 10 to 17 of the second.
    assert maps.tolist() == [1, *[2] * 7, 2.5, *[3] * 7, 4]


def s_auc_by_hand(saliency, points, negatives):
    values = saliency.ravel()
    mine, its = values[gaze.pixels(points, SIZE)][:, None], values[negatives][None]
    return ((mine > its) + 0.5 * (mine == its)).mean()


def test_the_agreement_of_a_video_is_the_mean_over_its_frames_by_hand(human, hollywood, test):
    """Negatives are those of the whole dataset, not of the four videos that are scored."""
    rows = ka.evaluate(human, test, progress=False).rows
    view = view_of(test)
    others = VideoGaze(hollywood, view, Blur(SIGMA))
    for index, video in enumerate(test):
        counts = others.others(test.place_in_pool(index)).counts
        negatives = np.repeat(np.arange(counts.size), counts.ravel())
        assert len(negatives) > 10_000
        scores = []
        for number, made in maps_by_hand(video, view).items():
            points = view.points(video.points[number], video.shape)
            if len(points):
                scores.append(s_auc_by_hand(at_size(made, SIZE), points, negatives))
        assert rows["s_auc"][index] == pytest.approx(np.mean(scores), abs=2e-3)


def test_frames_that_no_snippet_covers_or_without_gaze_in_the_crop_are_not_scored(human, test):
    scorer = action.scorer(human)
    blind, beside, far = 4, 5, 0
    video = changed_gaze(test[1], {blind: [], beside: [[0.5, 0.5]]})
    one = alone(video, test[0])
    scorer.check(one)
    outputs = {"attention": np.ones((2, 16, 4, 4, 1)), "logits": np.zeros((2, 12))}
    points = [len(g.points) for g, _ in scorer.compared(one, 0, outputs)]
    seen = [number for number in range(1, 18) if number not in (blind, beside)]
    view = view_of(test)
    assert points == [len(view.points(video.points[n], video.shape)) for n in seen]
    assert len(video.points[far]) and all(points)


def alone(*videos):
    """Videos of Hollywood-2's classes as a dataset of their own."""
    return ka.datasets.VideoDataset("some", videos, ka.datasets.VideoReport(), classes=CLASSES)


def changed_gaze(video, frames):
    """A video with other points in some frames."""
    points, subjects = list(video.points), list(video.subjects)
    for number, its in frames.items():
        points[number] = np.reshape(np.array(its, float), (-1, 2))
        subjects[number] = np.ones(len(its))
    return replace(video, points=tuple(points), subjects=tuple(subjects))


def test_a_video_whose_gaze_lies_beside_the_crop_has_classes_and_no_agreement(human, test):
    nowhere = changed_gaze(test[0], {number: [[0.5, 0.5]] for number in range(18)})
    made = ka.evaluate(human, alone(nowhere, test[1], test[2]), progress=False)
    assert np.isnan(made.rows["s_auc"][0]) and np.isfinite(made.rows["s_auc"][1:]).all()
    assert made.rows["fixations"][0] == 18 and made.rows["predicted"].notna().all()
    summary = made.summary().set_index("metric")
    assert summary.loc["s_auc", "n"] == 2


def test_dispersion_is_that_of_the_frames_with_gaze_in_view_where_attention_is_gaze(human, test):
    """Elsewhere human attention is 1 everywhere, which would make it more spread than it is."""
    blind = changed_gaze(test[0], {number: [] for number in range(5, 18)})
    nowhere = changed_gaze(test[1], {number: [[0.5, 0.5]] for number in range(18)})
    made = ka.evaluate(human, alone(blind, nowhere, test[2]), progress=False)
    maps = maps_by_hand(blind, view_of(test))
    frames = np.array([maps[n] for n in range(1, 5)])
    assert made.rows["entropy"][0] == pytest.approx(dispersion.entropy(frames).mean(), abs=1e-3)
    mean = np.mean([one / one.sum() for one in frames], axis=0)
    mean = dispersion.standardised([at_size(mean, (14, 14))])[0]
    assert made.arrays["maps"][0] @ mean == pytest.approx(1, abs=1e-3)
    assert np.isnan(made.rows["entropy"][1]) and np.isnan(made.arrays["maps"][1]).all()
    assert made.rows["entropy"][2] < 0.95
    assert not any("neither an entropy" in note for note in made.notes)


def test_learnt_attention_is_measured_on_all_frames_also_without_gaze(test):
    scorer = action.scorer(network("early", "softmax"))
    scorer.check(test)
    nowhere = changed_gaze(test[0], {number: [] for number in range(18)})
    values = np.zeros((2, 16, 4, 4, 1))
    values[:, :8, 0, 0] = 1.0
    values[:, 8:] = 1.0
    outputs = {"attention": values, "logits": np.zeros((2, 12))}
    maps = scorer.maps_of(nowhere, outputs)[1]
    numbers, arrays = scorer.score(alone(nowhere, test[1]), 0, outputs)
    assert len(maps) == 17 and np.isnan(numbers["s_auc"])
    assert numbers["entropy"] == pytest.approx(dispersion.entropy(maps).mean())
    assert 0.4 < numbers["entropy"] < 0.6 and arrays["maps"].shape == (16,)


# --- the way there ------------------------------------------------------------------------------


def test_outputs_of_a_video_are_those_of_its_own_snippets(human, test, footage):
    """Eight snippets go through the network at a time, whosever they are."""
    scorer = action.scorer(human)
    scorer.check(test)
    with ThreadPoolExecutor(2) as pool:
        call = forward(human)
        found = dict(predictions(scorer, call, test, pool, indices=(3, 0, 2, 3, 1)))
        parts = [part for chunk, _ in batches(scorer, test, pool) for part in chunk]
    assert [part.index for part in parts] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert [part.last for part in parts] == [False, True] * 4
    assert list(found) == [3, 0, 2, 1]
    for index, outputs in found.items():
        alone = scorer.joined(list(outputs_by_snippet(human, footage, test[index])))
        for name in ("logits", "attention"):
            np.testing.assert_allclose(outputs[name], alone[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("stream", ["frames", "flow"])
def test_a_network_of_one_stream_has_classes_and_no_agreement(stream, test):
    model = models.c3d((16, *SIZE, 3 if stream == "frames" else 2), classes=12, width=1 / 32)
    mine = keras.Model(model.inputs, {"logits": model.output}, name="mine")
    rows = ka.evaluate(mine, test, progress=False).rows
    assert set(rows["task"]) == {"action"} and "s_auc" not in rows
    assert set(rows["backbone"]) == {"mine"} and set(rows["attention"]) == {"own"}


def test_what_does_not_take_clips_or_score_classes_is_refused(test):
    other = network("early", "sigmoid", classes=5)
    with refused("model 'mine'", ("12 classes", "Answer")):
        ka.evaluate(other, test, progress=False)
    clip = keras.Input((8, *SIZE, 3), name="frames")
    told = keras.layers.Dense(12)(keras.layers.GlobalAveragePooling3D()(clip))
    short = keras.Model(clip, {"logits": told}, name="short")
    with refused("model 'short'", "16 frames", "None, 8"):
        ka.evaluate(short, test, progress=False)
    with refused("model 'image'", ("frames", "flow")):
        ka.evaluate(image_model(), test, task="action", progress=False)
    with refused("size", "none"):
        ka.evaluate(other, test, size=32, progress=False)


def image_model():
    image = keras.Input((48, 48, 3), name="picture")
    told = keras.layers.Dense(12)(keras.layers.GlobalAveragePooling2D()(image))
    return keras.Model(image, {"logits": told}, name="image")


def test_a_callback_scores_a_network_of_clips_while_it_learns(human, hollywood, test):
    made = clips.ClipBatches(
        clips.Footage.of(hollywood.split("train")), SIDE, batch_size=2, epochs=1
    )
    model = network("early", "human")
    losses = {"logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True)}
    model.compile(keras.optimizers.SGD(0.0), dict.fromkeys(model.output) | losses)
    logs = model.fit(made.of(model).take(1), callbacks=[ka.validation(test)], verbose=0).history
    rows = ka.evaluate(human, test, progress=False).rows
    assert logs["val_s_auc"] == [pytest.approx(rows["s_auc"].mean(), abs=1e-5)]
    assert logs["val_accuracy"] == [pytest.approx(rows["correct"].mean())]


# --- references ---------------------------------------------------------------------------------


def test_references_are_means_over_the_frames_of_each_video(test):
    config = small()
    found = references("action", test, action.gaze(config, test)).rows
    assert len(found) == 4 * len(REFERENCES) and set(found["fusion"]) == {""}
    means = found.groupby("attention")["s_auc"].mean()
    assert means["uniform"] == 0.5 and means["all_observers"] > means["single_observer"] > 0.5
    assert means["all_observers"] > means["gold_standard"] > 0.5
    frames = list(action.gaze(config, test)(2))
    assert len(frames) == 17  # frame 0 has no flow
    counts = frames[0].others.counts.ravel()
    others = np.repeat(np.arange(len(counts)), counts)
    by_hand = np.mean([s_auc_by_hand(g.all_observers, g.points, others) for g in frames])
    row = found[(found["id"] == test[2].id) & (found["attention"] == "all_observers")]
    assert row["s_auc"].item() == pytest.approx(by_hand, rel=1e-9)


def test_without_gaze_in_the_crop_there_is_no_reference(test):
    nowhere = changed_gaze(test[0], {number: [[0.5, 0.5]] for number in range(18)})
    blind = alone(nowhere, test[1]).part("blind", [0])
    with refused("dataset 'blind'", "gaze"):
        references("action", blind, action.gaze(small(), blind))


def test_there_is_no_ceiling_where_viewers_are_not_told_apart(tmp_path):
    sports = drawn(tmp_path, "ucf_sports", videos=10, frames=4).split("test")
    found = references("action", sports, action.gaze(small(), sports)).rows
    ceiling = found["attention"].isin(["single_observer", "gold_standard"])
    assert found.loc[ceiling, "s_auc"].isna().all()
    assert found.loc[~ceiling, "s_auc"].notna().all() and ceiling.sum() == 2 * len(sports)
