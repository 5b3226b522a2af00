"""Streams that are frozen, what they start from on drawn videos, and their kept features."""

import keras
import numpy as np
import pytest
from conftest import refused
from drawn_videos import SIDE, small

import keras_attn as ka
from keras_attn import configs, kept_arrays, tasks, weights
from keras_attn.datasets.drawing import motions
from keras_attn.tasks import action, drawn_motions, kept_clips, pretraining
from keras_attn.training.plan import Trainee

pytestmark = pytest.mark.slow

FROZEN = {"encoder": "frozen", "fusion": "late", "attention": "supervised", "iterations": 4}
FROZEN |= {"save_every": 2, "schedule": "cosine"}


@pytest.fixture(scope="module")
def parts(hollywood):
    return hollywood.split("train"), hollywood.split("test")


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return small(features=tmp_path_factory.mktemp("kept"), **FROZEN)


@pytest.fixture(scope="module")
def run(config, parts, tmp_path_factory):
    train, test = parts
    return ka.train(config, train, validation=test, out=tmp_path_factory.mktemp("late") / "run")


# --- drawn motions ------------------------------------------------------------------------------


def test_drawn_motions_are_labelled_where_figures_move(rng):
    frames, flow, labels = motions.draw(rng, 64, (2, 4, 4))
    assert frames.shape == (16, 64, 64, 3) and frames.dtype == np.uint8
    assert flow.shape == (16, 64, 64, 2) and labels.shape == (2, 4, 4, motions.KINDS)
    told = [motions.draw(rng, 64, (2, 4, 4)) for _ in range(6)]
    moving = np.stack([one[2].any(axis=-1) for one in told])
    # Of each cell the largest displacement within its slot, in pixels.
    size = np.stack([one[1] for one in told]).astype(float) - 128
    size = np.abs(size).max(axis=-1).reshape(6, 2, 8, 4, 16, 4, 16).max(axis=(2, 4, 6)) * 8 / 128
    assert 0.05 < moving.mean() < 0.6
    assert size[moving].mean() > 2 * size[~moving].mean()


def test_a_clip_is_the_same_with_and_without_flow():
    one, other = (
        motions.draw(np.random.default_rng(3), 64, (2, 4, 4), flow=flow) for flow in (True, False)
    )
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[2], other[2])
    assert other[1] is None


@pytest.fixture
def few(monkeypatch, tmp_path):
    monkeypatch.setattr(drawn_motions, "CLIPS", {"frames": 3, "flow": 3})
    monkeypatch.setattr(drawn_motions, "EPOCHS", {"frames": 1, "flow": 1})
    monkeypatch.setenv("KERAS_ATTN_CACHE", str(tmp_path))


def test_a_stream_learns_drawn_motions_once_and_to_the_same_numbers(few):
    path = drawn_motions.drawn_stream("flow", 1 / 32, SIDE)
    stamp, first = path.stat().st_mtime_ns, pretraining.fingerprint(path)
    assert drawn_motions.drawn_stream("flow", 1 / 32, SIDE) == path
    assert path.stat().st_mtime_ns == stamp
    path.unlink()
    assert pretraining.fingerprint(drawn_motions.drawn_stream("flow", 1 / 32, SIDE)) == first
    assert drawn_motions.drawn_stream("frames", 1 / 32, SIDE) != path


def test_both_streams_start_from_drawn_motions_which_the_run_depends_on(few, parts):
    config = action.resolved(small(pretraining="drawn", fusion="late"), parts[0])
    model = action.build(config)
    for stream in ("frames", "flow"):
        path = drawn_motions.drawn_stream(stream, 1 / 32, SIDE)
        learnt = drawn_motions.untrained(stream, 1 / 32, SIDE)
        weights.load(learnt, path, by="counted")
        for name in ("conv1", "conv3b", "conv5b"):
            its, own = learnt.get_layer(name), model.get_layer(f"{stream}_{name}")
            np.testing.assert_array_equal(its.get_weights()[0], own.get_weights()[0])
        assert action.files(config)[f"{stream}_drawn"] == pretraining.fingerprint(path)


# --- frozen -------------------------------------------------------------------------------------


def test_the_papers_streams_are_trained_and_those_of_the_miniature_frozen():
    training = {name: configs.action(name).training for name in ("paper", "miniature")}
    assert training["paper"].encoder == "trained" and training["paper"].schedule == "steps"
    small = training["miniature"]
    assert (small.encoder, small.schedule, small.pretraining) == ("frozen", "cosine", "drawn")
    with refused("training.encoder", "'frozen'", "'open'"):
        configs.action(encoder="open")


@pytest.mark.parametrize("fusion", ["early", "late", "flow"])
def test_frozen_convolutions_stay_and_all_else_learns(fusion, parts, tmp_path):
    config = small(**FROZEN | {"fusion": fusion, "features": tmp_path / "kept"})
    resolved = action.resolved(config, parts[0])
    keras.utils.set_random_seed(resolved.training.seed)
    before = action.network(resolved)
    model = ka.train(config, parts[0], out=tmp_path / "run").model
    for one, other in zip(before.layers, model.layers, strict=True):
        if not one.weights or one.name.endswith(("fc7", "fc8")):
            continue
        same = all(map(np.array_equal, one.get_weights(), other.get_weights()))
        conv = isinstance(one, keras.layers.Conv3D) and one.name != "fusion"
        assert same == conv, one.name


def test_what_lies_behind_returns_for_kept_features_what_the_network_does_for_clips(run, parts):
    config, train = run.config, parts[0]
    made = kept_clips.KeptClips.of_network(config, run.model, train, epochs=2, steps=2)
    assert made.count == len(made.rows) and len(made.views) == 2
    assert [view.mirrored for view in made.views] == [False, True]
    head, numbers = kept_clips.head(run.model), range(2 * made.count)
    clips = [made.clip(number) for number in numbers]
    seen = {"frames": np.stack([one[0] for one in clips]).astype("float32")}
    seen["flow"] = np.stack([one[1] for one in clips]).astype("float32")
    expected = run.model.predict(seen, verbose=0)
    found = head.predict(
        {f"{s}_features": values for s, values in made.features.items()}, verbose=0
    )
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-5)


def test_features_are_kept_by_the_weights_and_by_what_is_in_the_videos(run, parts, tmp_path):
    config = configs.changed(run.config, features=tmp_path)

    def kept(model, data=parts[0]):
        kept_clips.KeptClips.of_network(config, model, data, epochs=1, steps=1)
        return len(list(tmp_path.glob("clips-*.npy")))

    assert [kept(run.model), kept(run.model)] == [2, 2]
    other = tasks.of(config).network(config)
    other.set_weights(run.model.get_weights())
    assert kept(other) == 2
    convolution = other.get_layer("flow_conv3a")
    convolution.set_weights([2 * value for value in convolution.get_weights()])
    assert kept(other) == 3
    assert kept(run.model, parts[1]) == 5
    for path in tmp_path.glob("clips-*.npy"):
        kept_arrays.write(path, np.zeros(3))
    with refused("clips-", "features of", "(3,)"):
        kept(run.model)


def test_the_whole_network_is_validated_on_clips(run, parts):
    scores = ka.evaluate(run, parts[1], progress=False).summary().set_index("metric")["value"]
    last = run.history.iloc[-1]
    assert last["val_accuracy"] == pytest.approx(scores["accuracy"])
    assert last["val_s_auc"] == pytest.approx(scores["s_auc"])
    assert last["learning_rate"] < 1e-4


def test_a_run_on_kept_features_that_broke_off_ends_with_the_same_bits(
    run, config, parts, tmp_path, monkeypatch
):
    class Interrupted(Exception):
        pass

    plan = kept_clips.plan

    def breaking(*arguments, **options):
        made = plan(*arguments, **options)

        def built():
            trainee = made.build()

            class Breaking(keras.callbacks.Callback):
                def on_epoch_begin(self, epoch, logs=None):
                    if epoch == 1:
                        raise Interrupted

            fit = trainee.learner.fit
            object.__setattr__(
                trainee.learner,
                "fit",
                lambda *a, callbacks, **o: fit(*a, callbacks=[*callbacks, Breaking()], **o),
            )
            return Trainee(trainee.network, trainee.learner)

        return type(made)(built, made.epochs, made.steps, made.batches, made.scorer, made.opened)

    with monkeypatch.context() as patched:
        patched.setattr(kept_clips, "plan", breaking)
        with pytest.raises(Interrupted):
            ka.train(config, parts[0], out=tmp_path / "broken")
    resumed = ka.train(config, parts[0], out=tmp_path / "broken")
    assert len(resumed.history) == 2
    for one, other in zip(run.model.get_weights(), resumed.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
