"""Task 2 trained: what its networks start from, how they are updated, what is refused."""

import shutil
from dataclasses import fields, replace

import keras
import numpy as np
import pandas as pd
import pytest
from conftest import refused
from drawn_videos import drawn, reduced, small
from legacy_files import legacy

import keras_attn as ka
from keras_attn import configs, models, tasks, weights
from keras_attn.datasets.batches import clips
from keras_attn.models.c3d import SPORTS1M_BGR_MEAN
from keras_attn.study import workflow
from keras_attn.tasks import action
from keras_attn.training.optim import CaffeSGD

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def parts(hollywood):
    return hollywood.split("train"), hollywood.split("test")


@pytest.fixture(scope="module")
def sports(tmp_path_factory):
    """Clips of 16 frames: 15 pairs are fewer than a snippet has."""
    return drawn(tmp_path_factory.mktemp("s"), "ucf_sports", videos=12, frames=16)


@pytest.fixture(scope="module")
def place(chain):
    """The folder that holds the runs."""
    return chain.folder.parent


@pytest.fixture(scope="module")
def late(parts, place):
    """Late human attention, trained without a break."""
    config = small(fusion="late", attention="human")
    return ka.train(config, parts[0], validation=parts[1], out=place / "late")


def built(config, train):
    """The compiled network of a configuration before its first update."""
    keras.utils.set_random_seed(config.training.seed)
    return action.build(action.resolved(config, train))


def layers(model, prefix=""):
    """Weights of the layers by name, of those whose names begin so, without that beginning."""
    named = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    return {n.removeprefix(prefix): w for n, w in named.items() if n.startswith(prefix)}


def assert_same(mine, its):
    assert list(mine) == list(its) and mine
    for name in mine:
        for one, two in zip(mine[name], its[name], strict=True):
            np.testing.assert_array_equal(one, two)


# --- what a network starts from -----------------------------------------------------------------


def test_a_run_knows_its_classes_its_schedule_and_how_its_flow_was_made(chain, hollywood):
    config = chain.config
    assert config.model.classes == hollywood.classes and len(hollywood.classes) == 12
    assert config.schedule == (2, 1e-3, (1, 2)) and config.training.rate_steps == (1, 2)
    assert config.data.flow_made.startswith("method dis, bound 8, height 36, width 48")
    assert ka.load(chain.folder).config == config
    assert {"val_accuracy", "val_map", "val_s_auc", "val_ig"} <= set(chain.history)
    assert {"logits_loss", "attention_logits_loss"} <= set(chain.history)


def test_what_is_said_of_flow_stands_in_place_of_what_its_folders_say(parts):
    told = action.resolved(small(flow_made="by a better camera"), parts[0])
    assert told.data.flow_made == "by a better camera"


def test_streams_are_runs_of_their_own_that_the_network_starts_from(chain, parts, place):
    """Every weight of both, the class scores too."""
    assert chain.config.training.flow_from == place / "hollywood2-flow-seed0"
    model = built(chain.config, parts[0])
    for stream in ("frames", "flow"):
        alone = ka.load(place / f"hollywood2-{stream}-seed0")
        assert alone.config.who == (stream, "none") and set(alone.model.output) == {"logits"}
        mine = layers(model, f"{stream}_")
        assert "fc8" in mine
        assert_same(mine, layers(alone.model))
    assert (place / "hollywood2-flow-seed0" / "examples.csv").is_file()


def test_streams_that_are_there_serve_every_network(chain, parts, place):
    """Whatever fusion or attention it has: they are neither trained again nor refused."""
    before = (place / "hollywood2-flow-seed0" / "model.weights.h5").stat().st_mtime_ns
    other = small(streams="both", fusion="late", attention="human", momentum=0.5)
    started = workflow.started(other, *parts, place, False)
    assert started.training.frames_from == place / "hollywood2-frames-seed0"
    after = (place / "hollywood2-flow-seed0" / "model.weights.h5").stat().st_mtime_ns
    assert after == before


def test_on_ucf_sports_a_network_starts_from_hollywood_2_but_for_its_classes(chain, sports, place):
    """From the run itself, its file, or the folder that holds it under its usual name."""
    trained = layers(chain.model)
    scores = ("frames_fc8", "flow_fc8")
    for start in (chain.folder, chain.folder / "model.weights.h5", place):
        config = small(name="ucf_sports", start=start)
        assert config.before() == {}
        model = built(config, sports)
        mine = layers(model)
        assert model.get_layer("flow_fc8").units == 9
        assert mine["flow_fc8"][0].shape == (128, 9)
        kept = [{n: w for n, w in of.items() if n not in scores} for of in (mine, trained)]
        assert_same(*kept)
    same = built(small(start=chain.folder, seed=5), chain_data(chain, sports))
    assert_same(layers(same), trained)


def chain_data(chain, other):
    """A dataset of the chain's classes."""
    videos = [replace(video, labels=(video.labels[0],)) for video in other]
    return replace(other, classes=chain.config.model.classes, examples=tuple(videos))


def test_identity_has_the_files_that_a_run_starts_from(chain):
    found = action.files(chain.config)
    assert set(found) == {"frames_from", "flow_from"} and len(set(found.values())) == 2
    (only,) = action.files(small(start=chain.folder)).values()
    assert only not in found.values()


def test_published_weights_start_both_streams_flow_with_their_mean(tmp_path, parts):
    """As for RGB, at the size they are made for; all but the classes."""
    keras.utils.set_random_seed(3)
    published = models.c3d(classes=7, width=1 / 32)
    path = legacy(published, tmp_path / "c3d.h5")
    config = small(size=112, pretraining="file", weights=path)
    model = built(config, parts[0])
    trained = layers(published)
    for stream, kernel in (("frames", trained["conv1"][0]), ("flow", None)):
        mine = layers(model, f"{stream}_")
        assert mine["fc8"][0].shape[-1] == 12
        assert_same(
            *({n: of[n] for n in ("conv2", "conv5b", "fc6", "fc7")} for of in (mine, trained))
        )
        if kernel is not None:
            np.testing.assert_array_equal(mine["conv1"][0], kernel)
        else:
            mean = trained["conv1"][0].mean(axis=-2)
            for channel in range(2):
                np.testing.assert_allclose(mine["conv1"][0][..., channel, :], mean, rtol=1e-6)
    assert set(action.files(config)) == {"weights"}
    subtracted = model.get_layer("frames_preprocessing").mean
    assert subtracted == SPORTS1M_BGR_MEAN
    said = built(configs.changed(config, mean="code"), parts[0])
    assert said.get_layer("frames_preprocessing").mean == (128.0,) * 3


def test_frames_have_the_means_that_what_they_start_from_has_learnt_with(
    tmp_path, chain, parts, sports
):
    """A stream alone too; of flow, in whose code 128 is no motion, it is always that."""
    path = legacy(models.c3d(classes=7, width=1 / 32), tmp_path / "c3d.h5")
    of_file = small(size=112, pretraining="file", weights=path)
    wanted = {"early": "sports1m", "late": "sports1m", "frames": "sports1m", "flow": "code"}
    for fusion, mean in wanted.items():
        config = action.resolved(configs.changed(of_file, fusion=fusion), parts[0])
        assert config.model.mean == mean
    assert chain.config.model.mean == "code"
    later = action.resolved(small(name="ucf_sports", start=chain.folder), sports)
    assert later.model.mean == "code"
    given = small(name="ucf_sports", start=chain.folder, mean="sports1m")
    with refused("model.weights.h5", "mean 'sports1m'", "'code'"):
        built(given, sports)
    frames = chain.config.training.frames_from
    with refused("model.weights.h5", "mean 'sports1m'", "'code'"):
        built(small(frames_from=frames, mean="sports1m"), parts[0])


# --- how it is updated --------------------------------------------------------------------------


class Stopping(ka.datasets.VideoDataset):
    """A dataset at which whoever scores it presses Ctrl-C."""

    def place_in_pool(self, index):
        raise KeyboardInterrupt


def test_a_run_that_broke_off_ends_with_the_same_bits(late, parts, place):
    """With dropout and BatchNormalization: stopped by the validation of the second epoch."""
    folder, test = place / "broken", parts[1]
    broken = Stopping(**{f.name: getattr(test, f.name) for f in fields(test)})
    config = small(fusion="late", attention="human")
    with pytest.raises(KeyboardInterrupt):
        ka.train(config, parts[0], validation=broken, out=folder)
    assert len(pd.read_csv(folder / "history.csv")) == 1
    assert not (folder / "model.weights.h5").exists()
    resumed = ka.train(config, parts[0], validation=test, out=folder)
    assert_same(layers(resumed.model), layers(late.model))
    assert resumed.history["loss"].tolist() == late.history["loss"].tolist()
    assert resumed.history["val_map"].iloc[-1] == late.history["val_map"].iloc[-1]


def test_two_half_batches_make_one_update(parts, place):
    """A stream alone has no statistics of batches; without dropout only rounding differs."""
    options = {"fusion": "flow", "dropout": (0.0, 0.0), "learning_rate": 0.1}
    trained = {}
    for count in (1, 2):
        config = small(**options, accumulate=count)
        trained[count] = ka.train(config, parts[0], out=place / f"gathered{count}").model
    first = layers(built(small(**options), parts[0]))
    mine, its = (layers(trained[count]) for count in (1, 2))
    for name in mine:
        for one, two, before in zip(mine[name], its[name], first[name], strict=True):
            step = np.abs(one - before).max()
            np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-4 * step + 1e-8)
    assert np.abs(mine["fc8"][0] - first["fc8"][0]).max() > 1e-4
    assert int(trained[2].optimizer.iterations) == int(trained[1].optimizer.iterations) == 2


def test_the_network_is_compiled_with_caffes_sgd_and_the_schedule(parts):
    config = small(iterations=10, learning_rate=1e-2, rate_steps=(4, 8), accumulate=2)
    optimizer = built(config, parts[0]).optimizer
    assert isinstance(optimizer, CaffeSGD) and optimizer.accumulate == 2
    assert (optimizer.momentum, optimizer.kernel_decay, optimizer.bias_rate) == (0.9, 5e-4, 2.0)
    rate = optimizer.get_config()["learning_rate"]["config"]
    assert rate["boundaries"] == [3, 7]
    np.testing.assert_allclose(rate["values"], [1e-2, 1e-3, 1e-4])


def test_the_rate_of_every_epoch_is_in_the_history(late):
    """Of two updates, the second is made at a tenth of the rate, and what follows at a tenth."""
    assert late.config.training.rate_steps == (1, 2)
    np.testing.assert_allclose(late.history["learning_rate"], [1e-4, 1e-5], rtol=1e-6)


def softmax_loss(density, logits):
    """−Σ h log softmax(Y) of each map `(..., h, w)`, 0 where h is; their mean, in float64."""
    h, y = (value.astype(np.float64).reshape(*value.shape[:2], -1) for value in (density, logits))
    shares = h / np.maximum(h.sum(-1, keepdims=True), 1e-30)
    shifted = y - y.max(-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return -(shares * logs).sum(-1).mean()


@pytest.mark.parametrize(("fusion", "slots", "side"), [("early", 16, 16), ("late", 2, 2)])
def test_supervised_attention_learns_y_from_the_gaze_of_each_slot(parts, fusion, slots, side):
    """Late, the densities of a slot's 8 frames are added. Values of the loss by hand."""
    config = small(fusion=fusion, attention_weight=3.0, dropout=(0.0, 0.0))
    model = built(config, parts[0])
    footage = clips.Footage.of(parts[0])
    made = clips.ClipBatches(footage, 32, batch_size=3, epochs=1)
    batch = next(made.named().as_numpy_iterator())
    x, y = next(iter(made.of(model)))
    assert set(x) == {"frames", "flow"} and set(y) == {"logits", "attention_logits"}
    summed = batch["density"].reshape(-1, 16 // slots, 32, 32).sum(axis=1)
    assert summed.sum() == pytest.approx(3 * 16, rel=1e-3)
    wanted = [reduced(one, side) for one in summed]
    found = y["attention_logits"].numpy().reshape(-1, side, side)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-7)
    outputs = {n: v.numpy() for n, v in model(x, training=False).items()}
    target = y["attention_logits"].numpy()[..., 0]
    pulled = softmax_loss(target, outputs["attention_logits"][..., 0])
    scores = outputs["logits"].astype(np.float64)
    told = np.log(np.exp(scores).sum(1)) - scores[np.arange(3), batch["label"]]
    found = model.evaluate(x, y, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(told.mean() + 3 * pulled, rel=1e-4)


def test_only_learned_attention_that_is_supervised_has_a_loss(parts):
    for attention in ("sigmoid", "human", "activation"):
        model = built(small(attention=attention), parts[0])
        assert [n for n, loss in model.loss.items() if loss is not None] == ["logits"]


# --- bad input ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    root = tmp_path_factory.mktemp("p") / "scenes"
    return ka.datasets.miniature("dut_omron", images=4, shape=(48, 48), root=root)


def test_images_are_refused_by_task_2_and_videos_by_the_others(late, scenes, hollywood, tmp_path):
    with refused("train", "VideoDataset", "GazeDataset"):
        ka.train(small(), scenes, out=tmp_path / "run")
    with refused("data", "VideoDataset", "GazeDataset"):
        ka.train(small(), hollywood, validation=scenes, out=tmp_path / "run")
    with refused("data", "VideoDataset"):
        ka.evaluate(late, scenes, progress=False)
    for config in (configs.salient_object(), configs.fine_grained()):
        with refused("train", "GazeDataset", "VideoDataset"):
            ka.train(config, hollywood, out=tmp_path / "run")
    image = keras.Input((48, 48, 3))
    other = keras.Model(image, {"saliency": keras.layers.Conv2D(1, 1)(image)})
    with refused("data", "GazeDataset", "VideoDataset"):
        ka.evaluate(other, hollywood, progress=False)
    with refused("data", "GazeDataset", "VideoDataset"):
        ka.audit(other, hollywood, progress=False)


def test_other_classes_are_refused(late, sports, hollywood, tmp_path):
    facts = ("dataset 'ucf_sports'", "AnswerPhone", "Diving")
    with refused(*facts):
        ka.evaluate(late, sports, progress=False)
    with refused(*facts):
        ka.train(small(), hollywood.split("train"), validation=sports, out=tmp_path / "run")
    nameless = replace(
        hollywood, examples=(replace(hollywood[0], labels=()), *hollywood.examples[1:])
    )
    with refused(f"video '{hollywood[0].id}'", "from 0 to 11", "none"):
        ka.train(small(), nameless, out=tmp_path / "run")


def test_videos_without_flow_are_refused_and_it_is_said_how_they_get_it(late, hollywood, tmp_path):
    bare = replace(hollywood, examples=tuple(replace(video, flow=None) for video in hollywood))
    facts = (f"video '{hollywood[0].id}'", ("flow_root", "--data.flow-root", "tools/extract_flow"))
    with refused(*facts):
        ka.train(small(), bare, out=tmp_path / "run")
    with refused(*facts):
        ka.evaluate(late, bare, progress=False)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        (
            {"size": 40},
            ("frames", "(40, 40)", "(36, 48)"),
        ),
        ({"size": 12}, ("model.size", "16", "12")),
        ({"save_every": 3}, ("training.save_every", ("2 updates", "hollywood2"), "3")),
        (
            {"pretraining": "file"},
            ("training.weights", ("C3D", "--training.weights FILE", "'none'"), "None"),
        ),
        ({"start": "nowhere"}, ("nowhere", "finished run", "neither")),
        ({"flow_from": "nowhere"}, ("nowhere", "finished run", "neither")),
        ({"flow_from": "."}, (".", "finished run", "model.weights.h5")),
    ],
)
def test_what_cannot_be_trained_is_named(parts, tmp_path, changes, facts):
    with refused(*facts):
        ka.train(small(**changes), parts[0], out=tmp_path / "run")
    assert not list(tmp_path.glob("run/*.h5"))


def test_the_preset_of_the_paper_wants_its_weights(parts, tmp_path):
    with refused("training.weights", ("C3D", "--training.weights FILE"), "None"):
        ka.train(configs.action("paper"), parts[0], out=tmp_path / "run")


def test_a_start_that_is_not_in_the_folder_is_named(sports, place, tmp_path):
    config = small(name="ucf_sports", fusion="late", start=place)
    facts = ("/hollywood2-late-supervised-seed0", "finished run", "neither")
    with refused(*facts):
        ka.train(config, sports, out=tmp_path / "run")


@pytest.mark.parametrize(
    ("changes", "expected", "received"),
    [
        ({"width": 1 / 16}, "width 0.0625", "0.03125"),
        ({"size": 36}, "size 36", "32"),
        ({"fusion": "early"}, "fusion 'early'", "'late'"),
        ({"fusion": "late"}, "attention 'supervised'", "'human'"),
    ],
)
def test_a_run_of_another_network_is_no_start(late, parts, changes, expected, received):
    config = small(start=late.folder, **{"fusion": "late", "attention": "human"} | changes)
    if changes == {"fusion": "late"}:
        config = configs.changed(config, attention="supervised")
    with refused("model.weights.h5", expected, received):
        built(config, parts[0])


def test_a_stream_does_not_start_from_the_other_one(chain, parts, place):
    config = small(flow_from=place / "hollywood2-frames-seed0")
    with refused("model.weights.h5", "fusion 'flow'", "'frames'"):
        built(config, parts[0])


@pytest.mark.parametrize("name", ["hollywood2", "ucf_sports"])
def test_drawn_videos_are_read_again_once_their_flow_is_there(tmp_path, name):
    drawn = configs.action(name=name, videos=12, frames=4, side=48, flow_side=36).data
    first, again = (action.read(drawn, tmp_path) for _ in range(2))
    assert again.fingerprint == first.fingerprint and len(again) == 12


def test_a_video_that_is_too_short_is_padded_and_counted(sports, chain):
    assert sports.report.short == len(sports) == 12
    assert "12 videos of fewer than 16 pairs of frames" in str(sports.report)
    config = action.resolved(small(name="ucf_sports", start=chain.folder), sports)
    model = tasks.tag(action.build(config), config)
    rows = ka.evaluate(model, sports.split("test"), progress=False).rows
    assert len(rows) == 3 and np.isfinite(rows["s_auc"]).all()


def test_files_of_a_folder_are_those_of_one_run(chain, parts, place):
    """Weights of another run put into a folder are not taken for its own."""
    folder = shutil.copytree(chain.folder, place / "mixed")
    shutil.copy(place / "hollywood2-flow-seed0" / "model.weights.h5", folder)
    with refused("model.weights.h5", ("weights", "config.json"), "another run"):
        ka.train(chain.config, parts[0], out=folder)
    assert weights.settings(folder / "model.weights.h5")["config"]["model"]["fusion"] == "flow"
