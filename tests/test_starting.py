"""What runs start from: as in the paper, or as was said; never from something else unheard."""

from dataclasses import replace
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from conftest import refused
from legacy_files import legacy

import keras_attn as ka
from keras_attn import configs, models, storage, tasks, weights
from keras_attn.errors import InputError
from keras_attn.runs import provenance
from keras_attn.tasks import starting, trained
from keras_attn.weights import registry

pytestmark = pytest.mark.slow

PAPER = {task: presets["paper"] for task, presets in configs.PRESETS.items()}
LATER = {"salient_object": "pascal_s", "action": "ucf_sports"}
"""Of the tasks with two datasets, the one that the paper goes on with."""
FIRST = {"salient_object": "dut_omron", "action": "hollywood2"}


def of(task, **changes):
    return configs.changed(PAPER[task], **changes)


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("task", configs.TASKS)
def test_the_papers_preset_without_weights_is_refused_with_all_that_may_be_done(task):
    with pytest.raises(InputError) as refused:
        of(task).check_start()
    where, expected, received = refused.value.parts
    assert (where, received) == ("training.weights", "None")
    name = {"action": "c3d_caffe"}.get(task, "vgg16")
    told = ("--training.weights FILE", f"tools/fetch_weights.py {name}", "pretraining='none'")
    for words in (*told, "--training.pretraining none"):
        assert words in expected
    assert name in registry.entries()


@pytest.mark.parametrize("task", LATER)
def test_the_papers_second_dataset_without_a_run_on_the_first_is_refused(task):
    for given in ({}, {"weights": Path("w")}):
        with pytest.raises(InputError) as refused:
            of(task, name=LATER[task], **given).check_start()
        where, expected, received = refused.value.parts
        assert (where, received) == ("training.start", "None")
        for words in (FIRST[task], "--training.start FOLDER", "pretraining='direct'", "study"):
            assert words in expected


@pytest.mark.parametrize("fusion", ["early", "late"])
@pytest.mark.parametrize("streams", ["flow", "both", "none"])
def test_no_stream_is_trained_on_ucf_sports_before_it_is_refused(fusion, streams):
    config = of("action", name="ucf_sports", fusion=fusion, streams=streams, weights=Path("w"))
    with refused("training.start", "ucf_sports"):
        trained.starting_from(config, Path("runs"), lambda *_: pytest.fail("a stream is trained"))


@pytest.mark.parametrize("backbone", ["alexnet", "vgg16", "resnet50"])
@pytest.mark.parametrize("task", ["salient_object", "fine_grained"])
def test_each_backbone_asks_for_its_own_weights(task, backbone):
    with refused(
        "training.weights", (f"weight file of {backbone}", f"fetch_weights.py {backbone}")
    ):
        of(task, backbone=backbone).check_start()


@pytest.mark.parametrize(
    ("task", "changes"),
    [
        *((task, {"weights": Path("w")}) for task in configs.TASKS),
        *((task, {"pretraining": "none"}) for task in configs.TASKS),
        *((task, {"name": name, "start": Path("runs")}) for task, name in LATER.items()),
        *((task, {"name": name, "pretraining": "none"}) for task, name in LATER.items()),
        *(
            (task, {"name": name, "pretraining": "direct", "weights": Path("w")})
            for task, name in LATER.items()
        ),
        ("action", {"frames_from": Path("a"), "flow_from": Path("b")}),
        ("action", {"name": "ucf_sports", "fusion": "flow", "weights": Path("w")}),
        ("fine_grained", {"pretraining": "drawn"}),
        ("fine_grained", {"pretraining": "trunk", "weights": Path("w")}),
    ],
)
def test_what_is_said_in_so_many_words_is_done(task, changes):
    of(task, **changes).check_start()


@pytest.mark.parametrize(
    ("task", "changes", "facts"),
    [
        (
            "salient_object",
            {"pretraining": "none", "weights": "w"},
            ("training.weights", ("none", "'none'", "--training.pretraining file"), "w"),
        ),
        (
            "salient_object",
            {"start": "r", "weights": "w"},
            ("training.weights", ("none", "training.start"), "w"),
        ),
        (
            "salient_object",
            {"start": "r", "pretraining": "direct"},
            ("training.start", ("none", "'direct'", "--training.pretraining file"), "r"),
        ),
        (
            "action",
            {"start": "r", "pretraining": "direct"},
            ("training.start", ("none", "'direct'", "--training.pretraining file"), "r"),
        ),
        (
            "fine_grained",
            {"pretraining": "drawn", "weights": "w"},
            ("training.weights", ("none", "'drawn'", "--training.pretraining file"), "w"),
        ),
        (
            "fine_grained",
            {"pretraining": "direct"},
            ("training.pretraining", ("'file'", "'trunk'", "'drawn'", "'none'"), "'direct'"),
        ),
    ],
)
def test_a_field_that_another_one_passes_over_is_refused(task, changes, facts):
    with refused(*facts):
        of(task, **changes)


@pytest.mark.parametrize("task", configs.TASKS)
def test_miniatures_start_from_what_they_say(task):
    configs.PRESETS[task]["miniature"].check_start()


# --- files ---------------------------------------------------------------------------------------


@pytest.fixture
def scenes(tmp_path):
    return ka.datasets.miniature("pascal_s", images=4, shape=(40, 40), root=tmp_path / "scenes")


def stored(path, config, drawn=True):
    """The weight file of a run of this configuration, of which no more than its settings counts."""
    image = keras.Input((4, 4, 3))
    model = keras.Model(image, keras.layers.Conv2D(1, 1)(image))
    path.mkdir(parents=True)
    data = {"name": "photographs", "note": "", "drawn": drawn}
    file = storage.RunFolder(path).weights
    weights.save(model, file, {"config": configs.to_dict(config), "data": data})
    return file


def test_a_start_is_a_run_its_file_or_the_folder_that_holds_it(tmp_path):
    for task in LATER:
        later = of(task, name=LATER[task], start=tmp_path / task)
        file = stored(tmp_path / task / later.on_first().run_name, later.on_first())
        for start in (tmp_path / task, file.parent, file):
            assert starting.start_file(configs.changed(later, start=start)) == file
        assert starting.files(later) == {"start": storage.fingerprint(file)}
        other = configs.changed(later, seed=4)
        with refused("seed4", "finished run", "neither"):
            starting.files(other)


def test_a_start_on_the_same_data_may_have_learnt_what_is_scored(tmp_path, scenes):
    config = of("salient_object", name="pascal_s", fold=1)
    file = stored(tmp_path / "run", configs.changed(config, fold=0))
    with refused("model.weights.h5", ("dut_omron", "pascal_s"), "pascal_s"):
        starting.check(configs.changed(config, start=file), scenes)


def test_photographs_are_not_learnt_from_a_run_on_drawn_scenes(tmp_path, scenes):
    config = of("salient_object", name="pascal_s")
    for drawn in (True, False):
        file = stored(tmp_path / str(drawn), config.on_first(), drawn=drawn)
        begun = configs.changed(config, start=file)
        starting.check(begun, scenes)
        real = replace(scenes, drawn=False)
        if not drawn:
            starting.check(begun, real)
            continue
        with refused("model.weights.h5", ("drawn", "pascal_s"), "photographs (drawn)"):
            starting.check(begun, real)


def test_weights_of_an_alexnet_of_another_order_are_refused(tmp_path, scenes):
    """They have the same layers and shapes, and would be taken for those of the network here."""
    path = tmp_path / "alexnet_weights.h5"
    with h5py.File(path, "w") as file:
        file["conv_1/conv_1_W"] = np.zeros((1, 1, 1, 1))
    for task in ("salient_object", "fine_grained"):
        config = of(task, backbone="alexnet", weights=path)
        with refused("alexnet_weights.h5", ("before the pooling", "'alexnet'"), "'alexnet_theano'"):
            starting.check(config, scenes)


def test_a_run_refused_for_its_start_leaves_nothing(tmp_path, scenes):
    with refused("training.start", "dut_omron"):
        ka.train(of("salient_object", name="pascal_s"), scenes, out=tmp_path / "out" / "run")
    assert not (tmp_path / "out").exists()


def test_a_classifier_is_not_begun_from_a_trunk_alone_unless_it_is_said(tmp_path):
    """Its fully connected layers would start from random numbers."""
    birds = ka.datasets.miniature("cub_vwsw", images=18, shape=(40, 48), root=tmp_path / "birds")
    train = birds.split("train")
    task = tasks.named("fine_grained")
    for backbone, size, missing in (("vgg16", 32, "fc1, fc2"), ("alexnet", 67, "fc6, fc7")):
        published = models.backbone(backbone).build((size, size, 3), classes=7, width=0.125)
        names = models.backbone(backbone).classifier
        whole = legacy(published, tmp_path / f"{backbone}.h5")
        trunk = legacy(published, tmp_path / f"{backbone}_notop.h5", leave_out=names)
        config = of("fine_grained", backbone=backbone, size=size, width=0.125)
        task.resolved(configs.changed(config, weights=whole), train)
        bare = configs.changed(config, weights=trunk)
        with refused(trunk.name, ("'trunk'", "'pooled'"), f"without {missing}"):
            task.resolved(bare, train)
        for said in ({"pretraining": "trunk"}, {"head": "pooled"}):
            task.build(task.resolved(configs.changed(bare, **said), train))


def test_of_resnet50_nothing_but_the_classes_lies_behind_the_trunk(tmp_path):
    assert models.backbone("resnet50").classifier[:-1] == ()


# --- what provenance tells -----------------------------------------------------------------------


def test_provenance_tells_from_which_files_and_runs(tmp_path):
    published = legacy(models.vgg16((32, 32, 3), width=0.125), tmp_path / "vgg.h5")
    config = of("salient_object", weights=published)
    found = starting.files(config)
    told = {"field": "weights", "file": str(published), "sha256": found["weights"]}
    assert starting.told(config, found) == [told]
    later = of("salient_object", name="pascal_s")
    file = stored(tmp_path / "run", later.on_first(), drawn=True)
    later = configs.changed(later, start=file)
    (one,) = starting.told(later, starting.files(later))
    assert (one["field"], one["file"], one["sha256"]) == (
        "start",
        str(file),
        storage.fingerprint(file),
    )
    assert one["run"] == "dut_omron-vgg16-supervised-fold0-seed0"
    assert one["data"] == "photographs (drawn)"


@pytest.mark.parametrize(
    ("task", "changes", "what"),
    [
        ("salient_object", {"pretraining": "none"}, "random numbers"),
        ("action", {"pretraining": "none"}, "random numbers"),
        ("fine_grained", {"pretraining": "none"}, "random numbers"),
        ("fine_grained", {"pretraining": "drawn"}, "what drawn shapes or motions teach"),
    ],
)
def test_provenance_tells_of_random_numbers_too(task, changes, what):
    assert starting.told(of(task, **changes), {}) == [{"field": "pretraining", "what": what}]


def test_a_run_folder_says_what_the_run_started_from(tmp_path, scenes):
    options = {"backbone": "alexnet", "width": 0.125, "size": 67, "channels": (8, 8, 8)}
    options |= {"epochs": 1, "tensorboard": False, "pretraining": "none"}
    config = configs.salient_object("miniature", **options)
    run = ka.train(config, scenes, out=tmp_path / "run")
    (work,) = provenance.read(run.folder)
    assert work["started_from"] == [{"field": "pretraining", "what": "random numbers"}]
