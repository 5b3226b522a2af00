"""Backbones from outside of the package, of one file: trained, scored, audited, exported, shown."""

import re
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from conftest import refused
from keras.src.applications import convnext
from plugged import plugged

import keras_attn as ka
from keras_attn import configs, models, weights
from keras_attn.models import Backbone
from keras_attn.models.common import pooled_head
from keras_attn.models.halves import encoder
from keras_attn.registries import BACKBONES
from keras_attn.shell import cli
from keras_attn.tasks.kept import _identity
from keras_attn.tasks.pretraining import _own

pytestmark = pytest.mark.slow

FILE = Path(__file__).with_name("own_backbone.py")
WIDTHS = {"mobilenet_v2": 0.35, "convnext_tiny": 1.0}
PEERS = {
    "mobilenet_v2": keras.applications.MobileNetV2,
    "convnext_tiny": keras.applications.ConvNeXtTiny,
}
NARROW = {"projection_dims": [8, 16, 24, 32]}
"""A ConvNeXt-Tiny with channels that are quickly computed."""
SHALLOW = NARROW | {"depths": [1, 1, 1, 1]}
"""With one block in each stage besides, which are all alike."""
SMALL = {"size": 32, "epochs": 1, "batch_size": 4, "learning_rate": None, "tensorboard": False}


@pytest.fixture(scope="module", autouse=True)
def plugin():
    with plugged(FILE, BACKBONES):
        yield


@pytest.fixture(scope="module", autouse=True)
def _small():
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(convnext.MODEL_CONFIGS, "tiny", convnext.MODEL_CONFIGS["tiny"] | SHALLOW)
        yield


@pytest.fixture
def whole_depth(monkeypatch):
    """ConvNeXt-Tiny has all its blocks."""
    whole = convnext.MODEL_CONFIGS["small"] | {"depths": [3, 3, 9, 3]}
    monkeypatch.setitem(convnext.MODEL_CONFIGS, "tiny", whole | NARROW)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    root = tmp_path_factory.mktemp("s") / "scenes"
    return ka.datasets.miniature(images=8, shape=(40, 48), root=root)


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    root = tmp_path_factory.mktemp("b") / "birds"
    return ka.datasets.miniature("cub_vwsw", images=18, shape=(40, 48), root=root)


def trained(backbone, scenes, out, width=None):
    config = configs.salient_object(
        backbone=backbone, width=width or WIDTHS[backbone], channels=(8, 8, 8), **SMALL
    )
    config = configs.changed(config, pretraining="none")
    return ka.train(config, scenes.fold(0, of=2)[0], out=out)


@pytest.fixture(scope="module", params=list(WIDTHS))
def run(request, scenes, tmp_path_factory):
    return trained(request.param, scenes, tmp_path_factory.mktemp("r") / request.param)


@pytest.fixture(scope="module")
def of_the_paper(scenes, tmp_path_factory):
    """The folder of a run on VGG16, scored."""
    vgg16 = trained("vgg16", scenes, tmp_path_factory.mktemp("p") / "vgg16", width=0.0625)
    ka.evaluate(vgg16, scenes.fold(0, of=2)[1], progress=False).save(vgg16.folder)
    return vgg16.folder


@pytest.fixture(scope="module")
def scored(run, scenes):
    return ka.evaluate(run, scenes.fold(0, of=2)[1], progress=False)


def same(one, other):
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(mine, its) for mine, its in pairs)


# --- names ---------------------------------------------------------------------------------------


def test_it_stands_after_those_of_the_paper_and_is_listed_with_them(capsys):
    assert tuple(models.BACKBONES) == ("alexnet", "vgg16", "resnet50", *WIDTHS)
    with refused("model.backbone", WIDTHS, "vgg19"):
        configs.salient_object(backbone="vgg19")
    with pytest.raises(SystemExit):
        cli.main(["train", "salient_object:miniature", "--help"])
    assert "{" + ",".join(models.BACKBONES) + "}" in re.sub(r"[│\s]", "", capsys.readouterr().out)


def test_the_study_runs_it_where_it_is_asked_for_and_only_then(capsys, tmp_path):
    line = ["study", "miniature", "--dry-run", "--out", str(tmp_path), "--plugin", str(FILE)]
    assert cli.main(line) == 0
    assert "mobilenet_v2" not in capsys.readouterr().out
    assert cli.main([*line, "--backbones", "vgg16", "mobilenet_v2"]) == 0
    assert "fine_grained/cub_vwsw-mobilenet_v2-human-seed0" in capsys.readouterr().out


@contextmanager
def unplugged():
    kept = {name: BACKBONES._things.pop(name) for name in WIDTHS}
    try:
        yield
    finally:
        BACKBONES._things.update(kept)


def test_a_configuration_whose_plugin_is_missing_says_what_is_and_how_to_load_it():
    values = configs.to_dict(configs.fine_grained(backbone="convnext_tiny"))
    with unplugged(), refused("run.json", "--plugin", "convnext_tiny"):
        configs.from_dict(values, "run.json")
    assert configs.from_dict(values).model.backbone == "convnext_tiny"


# --- what a backbone has to be -------------------------------------------------------------------


def features(x):
    return keras.layers.Conv2D(4, 3, name="only")(x)


ADAPTED = keras.layers.Normalization()
ADAPTED.adapt(np.ones((2, 4, 4, 3)))
OWN = Backbone(name="own", features=features, stages=("only",))


@contextmanager
def registered(backbone):
    ka.register(backbone)
    try:
        yield
    finally:
        del BACKBONES._things[backbone.name]


def test_images_reach_it_as_they_are_unless_it_says_otherwise():
    assert [layer.name for layer in OWN.build((8, 8, 3)).layers] == ["image", "only"]
    halved = replace(OWN, preprocessing=keras.layers.Rescaling(0.5, name="half"))
    one, other = halved.build((8, 8, 3)), halved.build((8, 8, 3))
    assert one.get_layer("half") is not other.get_layer("half")
    by_function = replace(OWN, preprocessing=keras.applications.mobilenet_v2.preprocess_input)
    network = keras.Model(*by_function.images((8, 8, 3)))
    np.testing.assert_allclose(network(np.full((1, 8, 8, 3), 255.0, "float32")), 1)


def test_a_width_that_it_does_not_come_in_is_refused():
    with refused("width", ("1 for own", "--model.width"), "0.5"):
        OWN.build((8, 8, 3), width=0.5)
    assert OWN.build((8, 8, 3), dilated=True).output_shape == (None, 6, 6, 4)


def test_features_and_scores_have_to_be_those_of_the_layers_that_it_names():
    with refused("features of backbone 'own'", ("'other'", "Identity"), "only"):
        replace(OWN, stages=("other",)).build((8, 8, 3))

    def inner(x):
        return keras.Sequential([keras.layers.Conv2D(4, 3)], name="only")(x)

    with refused("features of backbone 'own'", "Identity(name='only')", "whole network only"):
        replace(OWN, features=inner).build((8, 8, 3))
    with refused("class scores of backbone 'own'", "'fc'", "predictions"):
        replace(OWN, classifier=("fc",)).build((8, 8, 3), classes=2)


@pytest.mark.parametrize(
    ("fields", "where", "expected"),
    [
        ({"name": "Odd-Net"}, "name", "my_net"),
        ({"name": "c3d"}, "name", "other than c3d"),
        ({"stages": "only"}, "stages", "tuple"),
        ({"stages": ()}, "stages", "name of a layer"),
        ({"classifier": ()}, "classifier", "name of a layer"),
        ({"features": None}, "features", "function"),
        ({"features": keras.layers.Conv2D(4, 3, name="only")}, "features", "anew for every"),
        ({"preprocessing": ADAPTED}, "preprocessing", "without weights"),
        ({"head": lambda x, classes: x}, "head", "activation=None"),
        ({"learning_rates": {"salient_object": 0}}, "learning_rates", "positive"),
    ],
)
def test_what_cannot_be_a_backbone_is_refused(fields, where, expected):
    with refused(f"{where} of backbone", expected):
        replace(OWN, **fields)


def test_a_name_of_this_package_is_taken():
    with refused("backbone to register", "not taken", "vgg16"):
        ka.register(replace(OWN, name="vgg16"))


def test_a_head_takes_of_width_and_dropout_what_it_wants():
    def head(x, classes, *, dropout, activation):
        return pooled_head(keras.layers.Dropout(dropout)(x), classes, activation=activation)

    scores = replace(OWN, head=head).classified(keras.Input((2, 2, 4)), 3, dropout=0.5, width=1)
    assert scores.shape == (None, 3)


def test_without_a_learning_rate_of_its_own_a_run_has_to_name_one(scenes, tmp_path):
    with registered(OWN):
        config = configs.salient_object(backbone="own", width=1, **SMALL)
        told = ("'own'", "salient_object", "--training.learning-rate")
        with refused("training.learning_rate", told):
            ka.train(config, scenes, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


# --- weight files --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(WIDTHS))
@pytest.mark.parametrize("suffix", [".weights.h5", ".h5"])
def test_weights_of_the_same_network_of_keras_applications_load(
    name, suffix, tmp_path, rng, whole_depth
):
    """Also where Keras has numbered its layers otherwise, and with all of it before the input."""
    width = {"alpha": 0.35} if name == "mobilenet_v2" else {}
    peer = PEERS[name](weights=None, include_top=False, input_shape=(32, 32, 3), **width)
    file = tmp_path / f"published{suffix}"
    peer.save_weights(file) if suffix == ".weights.h5" else peer.save(file)
    network = models.backbone(name).build((32, 32, 3), width=WIDTHS[name])
    weights.load(network, file, by="counted")
    images = rng.uniform(0, 255, (1, 32, 32, 3)).astype("float32")
    given = images.copy()
    if name == "mobilenet_v2":
        given = keras.applications.mobilenet_v2.preprocess_input(given)
    expected = np.asarray(peer(given))
    np.testing.assert_allclose(network(images), expected, rtol=1e-4, atol=1e-5 * expected.max())


# --- the tasks -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_run_of_task_1_is_scored_and_loaded_by_the_rate_of_the_backbone(run, scored):
    rates = models.backbone(run.config.model.backbone).learning_rates
    assert run.config.training.learning_rate == rates["salient_object"]
    assert set(scored.rows["backbone"]) == {run.config.model.backbone}
    assert np.isfinite(scored.rows["mae"]).all()
    assert same(ka.load(run.folder).model, run.model)
    with unplugged(), refused("model.weights.h5", "--plugin", run.config.model.backbone):
        ka.load(run.folder)


@pytest.mark.slow
def test_an_exported_network_scores_as_it_does(run, scored, scenes, tmp_path):
    ka.export(run, tmp_path / "exported")
    again = ka.evaluate(tmp_path / "exported", scenes.fold(0, of=2)[1], progress=False)
    np.testing.assert_allclose(again.rows["mae"], scored.rows["mae"], rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(WIDTHS))
def test_task_3_learns_on_it_and_goes_on_where_it_was_left(name, birds, tmp_path, monkeypatch):
    options = {"width": WIDTHS[name], "pretraining": "none", **SMALL}
    config = configs.fine_grained(backbone=name, **options)
    train, test = birds.split("train"), birds.split("test")

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(weights, "save", interrupted, raising=False)
        ka.train(config, train, out=tmp_path / "run")
    assert (tmp_path / "run" / "state.npz").is_file()
    run = ka.train(config, train, out=tmp_path / "run")
    assert len(run.history) == 1 and not (tmp_path / "run" / "state.npz").exists()
    assert ka.evaluate(run, test, progress=False).rows["correct"].isin([0, 1]).all()
    assert same(ka.load(run.folder).model, run.model)


def test_what_is_kept_of_it_is_not_taken_for_that_of_a_changed_one(birds):
    """Its weights are the same; what it makes of an image is not."""
    one = replace(OWN, features=lambda x: keras.layers.Conv2D(4, 3, name="only")(x))
    other = replace(OWN, preprocessing=keras.layers.Rescaling(1 / 255, 0.5))
    told = []
    for backbone in (one, other, one, OWN):
        with registered(backbone):
            keras.utils.set_random_seed(0)
            network = models.fine_grained("own", "softmax", classes=2, input_shape=(8, 8, 3))
            config = configs.fine_grained(backbone="own", width=1, size=8)
            frozen = encoder(network, "own")
            told.append((_identity(config, frozen), _own("own", 1.0, 8)))
    assert told[0] == told[2] == told[3] and told[1][0] != told[0][0] and told[1][1] != told[0][1]


# --- audit and report ----------------------------------------------------------------------------


@pytest.mark.slow
def test_it_is_audited_by_its_name_at_the_ends_of_its_stages(scenes, tmp_path):
    kinds, options = ("activation",), {"size": 64, "progress": False}
    audit = ka.audit("convnext_tiny", scenes, kinds=kinds, **options)
    assert set(audit.rows["layer"]) - {""} == {"features"}
    line = [str(scenes.source["root"]), "--model", "mobilenet_v2", "--plugin", str(FILE)]
    line += ["--data-name", scenes.source["name"], "--kinds", "activation", "--size", "64"]
    assert cli.main(["audit", *line, "--out", str(tmp_path / "audit")]) == 0
    rows = (tmp_path / "audit" / "rows.csv").read_text(encoding="utf-8")
    assert all(stage in rows for stage in models.backbone("mobilenet_v2").stages)


@pytest.mark.slow
def test_a_table_shows_it_under_its_own_name_after_the_papers(run, scored, of_the_paper, tmp_path):
    scored.save(run.folder, overwrite=True)
    folders = [str(run.folder), str(of_the_paper)]
    with unplugged():  # rows are read, and no network is made
        assert cli.main(["report", *folders, "--out", str(tmp_path / "report")]) == 0
    tables = "".join(
        path.read_text(encoding="utf-8") for path in (tmp_path / "report" / "tables").glob("*.md")
    )
    name = run.config.model.backbone
    assert re.search(rf"VGG16[^\n]*{name}", tables)
