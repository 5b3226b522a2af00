"""A weight file alone, wherever it lies, scores what its run scored, or says what does not fit."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import refused

import keras_attn as ka
from keras_attn import configs
from keras_attn.commands import evaluate
from keras_attn.datasets.flow.files import FlowSettings
from keras_attn.study import scored_data

pytestmark = pytest.mark.slow

FLOW = FlowSettings("dis", bound=8, height=36, width=48)
IMAGES = {"backbone": "alexnet", "width": 0.125, "size": 67, "epochs": 1, "tensorboard": False}


def scenes(root):
    return ka.datasets.miniature("dut_omron", images=10, shape=(48, 48), root=root / "scenes")


def birds(root):
    return ka.datasets.miniature("cub_vwsw", images=27, shape=(48, 60), root=root / "birds")


def videos(root, settings=FLOW):
    shape = {"shape": (48, 64), "root": root / "videos"}
    data = ka.datasets.miniature("hollywood2", videos=14, frames=18, **shape)
    return ka.datasets.with_flow(data, root / "flow", settings, jobs=1, progress=False)


def of_scenes():
    return configs.salient_object("miniature", channels=(8, 8, 8), pretraining="none", **IMAGES)


def of_birds():
    return configs.fine_grained("miniature", pretraining="none", **IMAGES)


def of_videos():
    small = {"width": 1 / 32, "size": 32, "iterations": 1, "save_every": 1, "batch_size": 2}
    small |= {"streams": "none", "fusion": "late", "pretraining": "none", "tensorboard": False}
    return configs.action("miniature", **small)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What trains the network of a task, once: its run, and the data that were held out."""
    made = {}

    def train(data, config):
        if config.task not in made:
            place = tmp_path_factory.mktemp(config.task)
            whole = data(place)
            first, held = whole.fold(0, of=5) if data is scenes else map(whole.split, SPLITS)
            made[config.task] = ka.train(config, first, validation=held, out=place / "run"), held
        return made[config.task]

    return train


SPLITS = ("train", "test")


@pytest.mark.parametrize(
    ("data", "config"),
    [(scenes, of_scenes()), (birds, of_birds()), (videos, of_videos())],
    ids=["task_one", "task_three", "task_two"],
)
def test_a_file_elsewhere_scores_to_the_last_digit_what_was_scored_after_training(
    trained, tmp_path, data, config
):
    run, held = trained(data, config)
    file = tmp_path / "elsewhere.h5"
    shutil.copyfile(run.folder / "model.weights.h5", file)
    loaded = ka.load(file)
    assert loaded.config == run.config and loaded.folder is None
    first = ka.evaluate(run, held, progress=False)
    for model in (file, loaded):
        again = ka.evaluate(model, held, progress=False)
        pd.testing.assert_frame_equal(again.rows, first.rows, check_exact=True)
        for name, array in first.arrays.items():
            np.testing.assert_array_equal(again.arrays[name], array)


def test_the_command_scores_a_file_elsewhere_on_data_elsewhere(trained, tmp_path, capsys):
    run, held = trained(videos, of_videos())
    shutil.copyfile(run.folder / "model.weights.h5", file := tmp_path / "w.h5")
    for name in ("videos", "flow"):
        shutil.copytree(run.folder.parent / name, tmp_path / name)
    places = {"root": tmp_path / "videos" / "Hollywood2", "flow_root": tmp_path / "flow"}
    change = scored_data.DataChange(gaze=tmp_path / "videos" / "gaze_hollywood2", **places)
    evaluate.EvaluateCommand(file, change, out=tmp_path / "scores")()
    assert "s_auc" in capsys.readouterr().out
    first = ka.evaluate(run, held, progress=False).save(tmp_path / "first")
    written = [(place / "examples.csv").read_text() for place in (tmp_path / "scores", first)]
    assert written[0] == written[1]


def test_an_option_that_the_data_do_not_have_is_refused(trained, tmp_path):
    run, _ = trained(scenes, of_scenes())
    with refused("--data.flow_root", ("nothing", "dut_omron")):
        scored_data.held_out(run.config, scored_data.DataChange(flow_root=tmp_path))


def test_videos_whose_flow_was_made_otherwise_are_refused_and_whose_files_differ_are_not(
    trained, tmp_path
):
    run, held = trained(videos, of_videos())
    names = {video.id for video in held}

    def scored(settings, run=run):
        data = videos(tmp_path / f"{settings.bound:g}-{settings.names}", settings).split("test")
        return ka.evaluate(run, data, progress=False).rows

    with refused("video", ("flow", "bound 8"), "bound 4"):
        scored(replace(FLOW, bound=4.0))
    assert set(scored(replace(FLOW, names="tsn"))["id"]) == names
    # Of flow that other tools have made, or that somebody has described, nothing is known.
    for told in ("by other tools", "by a better camera"):
        run.model.keras_attn_config = configs.changed(run.config, flow_made=told)
        assert set(scored(replace(FLOW, bound=4.0))["id"]) == names
    run.model.keras_attn_config = run.config


def test_other_classes_are_refused_and_other_paths_precision_and_threads_are_not(trained, tmp_path):
    run, held = trained(birds, of_birds())
    other = replace(held, classes=("a", *held.classes[1:]))
    with refused("dataset", "classes"):
        ka.evaluate(run, other, progress=False)
    settings = ka.weights.settings(run.folder / "model.weights.h5")
    settings["config"]["data"]["root"] = "/elsewhere"
    settings["config"]["machine"] |= {"precision": "mixed_bfloat16", "threads": 1}
    ka.weights.save(run.model, tmp_path / "w.weights.h5", settings)
    rows = ka.evaluate(tmp_path / "w.weights.h5", held, progress=False).rows
    assert list(rows["id"]) == [example.id for example in held]
