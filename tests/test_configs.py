"""Configurations: the paper's values, changes by name, text and identity."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated

import pytest
from conftest import refused

from keras_attn import configs, mechanisms
from keras_attn.configs import constraints
from keras_attn.configs.constraints import Limits, Share
from keras_attn.mechanisms import MECHANISMS, VARIANTS, Mechanism

PAPER = configs.salient_object("paper")


def test_the_preset_of_the_paper_has_its_values():
    """§IV-A2: batches of 10, five folds, weight 0.01, Adam's rates by backbone."""
    assert (PAPER.training.batch_size, PAPER.data.folds) == (10, 5)
    assert PAPER.training.attention_weight == 0.01
    rates = configs.LEARNING_RATES["salient_object"]
    assert rates == {"alexnet": 1e-5, "vgg16": 1e-4, "resnet50": 5e-5}
    assert PAPER.model.width == 1 and PAPER.model.size is None


def test_names_are_those_of_the_models_and_mechanisms():
    from keras_attn import models

    assert configs.Backbone.allowed() == tuple(models.BACKBONES)
    for rates in configs.LEARNING_RATES.values():
        assert tuple(rates) == tuple(models.BACKBONES)
    assert configs.Attention.allowed() == (*MECHANISMS, *VARIANTS)


def test_fields_are_changed_by_name_without_their_part():
    config = configs.salient_object("miniature", backbone="resnet50", epochs=3, fold=2)
    assert (config.model.backbone, config.training.epochs, config.data.fold) == ("resnet50", 3, 2)
    rest = configs.changed(config, backbone="vgg16", epochs=8, fold=0)
    assert rest == configs.salient_object("miniature")


def test_field_names_are_unique_over_the_parts():
    for kind in configs.TASKS.values():
        names = [f.name for part in configs.PARTS for f in fields(getattr(kind(), part))]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        ({"preset": "tiny"}, ("preset", ("'paper'", "'miniature'"))),
        ({"bakcbone": "vgg16"}, ("configuration field", "'backbone'", "'bakcbone'")),
        ({"backbone": "vgg19"}, ("model.backbone", "'alexnet'")),
        ({"attention": "none"}, ("model.attention", "'activation'")),
        ({"epochs": 0}, ("training.epochs", "positive", "0")),
        ({"epochs": 2.5}, ("training.epochs", "int")),
        ({"epochs": True}, ("training.epochs", "int")),
        ({"learning_rate": -1e-3}, ("training.learning_rate", "positive")),
        ({"seed": -1}, ("training.seed", "0 or more")),
        ({"channels": (8, 8)}, ("model.channels", "tuple[int, int, int]", "(8, 8)")),
        ({"width": "1"}, ("model.width", "float")),
        ({"precision": "float16"}, ("machine.precision", "'float32'")),
        (
            {"precision": "mixed_float16", "strategy": "mirrored"},
            ("machine.precision", ("float32", "mixed_bfloat16", "machine.strategy")),
        ),
        ({"root": 7}, ("data.root", "Path", "7")),
        ({"momentum": 1}, ("model.momentum", "below 1", "1")),
        ({"base_rate": 0.0}, ("model.base_rate", "positive", "0.0")),
        ({"channels": (8, 0, 8)}, ("model.channels", "positive", "0")),
        ({"learning_rate": float("inf")}, ("training.learning_rate", "positive")),
        ({"attention_weight": float("nan")}, ("training.attention_weight", "0 or more")),
    ],
)
def test_what_does_not_exist_is_named(changes, facts):
    with refused(*facts):
        configs.salient_object(**changes)


def test_zero_stands_where_a_field_says_that_it_may():
    config = configs.salient_object(seed=0, fold=0, attention_weight=0)
    assert (config.training.attention_weight, config.data.fold) == (0, 0)
    assert configs.fine_grained(dropout=0).model.dropout == 0
    assert configs.action(first_frame=0, dropout=(0, 0.5)).model.dropout == (0, 0.5)


@pytest.mark.parametrize(
    ("value", "hint", "expected"),
    [
        (0.5, Annotated[float, Limits(below=0.5)], "a share below 0.5"),
        (-1, Annotated[int, Limits(zero=True)] | None, "0 or more"),
        ((1, -1), tuple[Annotated[int, Limits(zero=True)], ...], "0 or more"),
        ((1,), tuple[Share, Share], "a value of type tuple[float, float]"),
        ("1", Share | None, "a value of type float | None"),
        (1.5, int | tuple[str, ...], "a value of type int | tuple[str, ...]"),
    ],
)
def test_limits_stand_with_the_type_of_a_field_however_deep(value, hint, expected):
    with refused("field", expected, repr(value) if "type" in expected else ""):
        constraints.check("field", value, hint)


OWN = Mechanism("own", "module", "softmax", gate="mean", supervised=True)


@pytest.mark.parametrize(
    "config",
    [
        PAPER,
        configs.salient_object("miniature", attention=OWN),
        configs.changed(PAPER, root=Path("/data/x"), weights=Path("w.h5"), base_rate=0.1),
    ],
)
def test_as_text_and_back_it_is_the_same(config):
    text = json.dumps(configs.to_dict(config))
    assert configs.from_dict(json.loads(text)) == config


@pytest.mark.parametrize("values", [{}, None, {"task": "tennis"}, {"task": "salient_object"}])
def test_text_of_something_else_is_refused_by_where_it_stood(values):
    with refused("run.json", "configuration"):
        configs.from_dict(values, "run.json")


def test_the_softmax_of_an_earlier_format_stays_what_it_was():
    values = configs.to_dict(configs.salient_object(attention="softmax"))
    assert configs.from_dict(values).model.attention == "softmax"
    del values["format"]  # Runs of the first format do not tell it.
    assert configs.from_dict(values).model.attention == "softmax_of_logits"
    values["model"]["attention"] = "sigmoid"
    assert configs.from_dict(values).model.attention == "sigmoid"


@pytest.mark.parametrize("format", [0, 3, "2", None])
def test_a_configuration_of_an_unknown_format_is_refused(format):
    values = configs.to_dict(configs.salient_object()) | {"format": format}
    with refused("run.json", ("configuration", "format 2")):
        configs.from_dict(values, "run.json")


def test_identity_follows_what_decides_the_result_and_nothing_else():
    def identity(config=PAPER, data="d", files=None):
        return configs.identity(config, data=data, files=files)

    for same in (
        configs.changed(PAPER, precision="mixed_float16", threads=9, tensorboard=False),
        configs.changed(PAPER, root=Path("/elsewhere"), fold=3, images=7, name="pascal_s"),
    ):
        assert identity(same) == identity()
    for other in (
        configs.changed(PAPER, attention="human"),
        configs.changed(PAPER, epochs=11),
        configs.changed(PAPER, augment=True),
        configs.changed(
            PAPER, attention=replace(MECHANISMS["supervised"], name="own", gate="mean")
        ),
    ):
        assert identity(other) != identity()
    assert identity(data="e") != identity()
    weights = configs.changed(PAPER, weights=Path("a.h5"))
    moved = configs.changed(PAPER, weights=Path("b.h5"))
    assert identity(weights, files={"weights": "1"}) == identity(moved, files={"weights": "1"})
    assert identity(weights, files={"weights": "1"}) != identity(weights, files={"weights": "2"})


# --- Task 2 -------------------------------------------------------------------------------------

ACTION = configs.action("paper")


@pytest.mark.parametrize(
    ("name", "fusion", "schedule"),
    [
        ("hollywood2", "early", (10_000, 1e-4, (4_000, 8_000))),
        ("hollywood2", "late", (10_000, 1e-4, (4_000, 8_000))),
        ("ucf_sports", "early", (30_000, 1e-6, (10_000, 20_000))),
        ("ucf_sports", "late", (30_000, 1e-5, (10_000, 20_000))),
        ("hollywood2", "flow", (10_000, 5e-3, (4_000, 6_000))),
        ("ucf_sports", "frames", (10_000, 5e-3, (4_000, 6_000))),
    ],
)
def test_the_schedules_of_task_2_are_the_papers(name, fusion, schedule):
    """§IV-B2, by dataset and fusion; one stream alone has one of its own."""
    config = configs.changed(ACTION, name=name, fusion=fusion)
    assert config.schedule == schedule and config.training.batch_size == 32


def test_a_schedule_of_another_length_falls_at_the_same_shares():
    assert configs.changed(ACTION, iterations=500).schedule == (500, 1e-4, (200, 400))
    assert configs.changed(ACTION, iterations=1).schedule.rate_steps == (1,)
    given = configs.changed(ACTION, iterations=500, rate_steps=(7,), learning_rate=0.5)
    assert given.schedule == (500, 0.5, (7,))
    assert configs.changed(ACTION, rate_steps=()).schedule == (10_000, 1e-4, ())


def test_streams_are_trained_alone_by_a_schedule_of_their_own():
    rates = {"learning_rate": 1e-2, "stream_learning_rate": 2e-3}
    config = configs.action("paper", iterations=40, stream_iterations=50, **rates)
    alone = config.alone("flow")
    assert (alone.stream, alone.run_name) == ("flow", "hollywood2-flow-seed0")
    assert alone.schedule == (50, 2e-3, (20, 30))
    assert config.stream is None and ACTION.alone("frames").schedule == (
        *(10_000, 5e-3, (4_000, 6_000)),
    )


def test_a_run_of_task_2_is_called_by_its_data_its_fusion_and_what_attends():
    late = configs.changed(ACTION, fusion="late", attention="human", seed=3, name="ucf_sports")
    assert (late.run_name, late.who) == ("ucf_sports-late-human-seed3", ("late", "human"))
    flow = configs.changed(late, fusion="flow")
    assert (flow.run_name, flow.who) == ("ucf_sports-flow-seed3", ("flow", "none"))


def test_identity_in_task_2_follows_the_network_and_not_where_videos_lie():
    def identity(data="d", files=None, **changes):
        return configs.identity(configs.changed(ACTION, **changes), data=data, files=files)

    for same in (
        {"flow_root": Path("/flow"), "image_root": Path("/images"), "root": Path("/videos")},
        {"videos": 7, "frames": 40, "side": 60, "flow_side": 48, "flow_bound": 20.0},
        {"subjects": (1, 2), "group": "free viewing", "fps": 24.0, "keep_clips": True},
    ):
        assert identity(**same) == identity()
    for other in ({"fusion": "late"}, {"flow_made": "another way"}, {"accumulate": 2}):
        assert identity(**other) != identity()
    assert identity(data="e") != identity()
    moved = [identity(flow_from=Path(name), files={"flow_from": "1"}) for name in ("a", "b")]
    assert moved[0] == moved[1] != identity(flow_from=Path("a"), files={"flow_from": "2"})


def test_a_stream_alone_is_the_same_run_whatever_it_is_trained_for():
    """Attention, its loss and other streams are of the network that starts from it."""
    one, two = (
        configs.changed(ACTION, **changes).alone("flow").without_unused()
        for changes in (
            {"fusion": "late", "attention": "human", "momentum": 0.5, "streams": "both"},
            {"attention_weight": 2.0, "frames_from": Path("frames"), "iterations": 400},
        )
    )
    assert one == two
    assert configs.changed(ACTION, attention="human").without_unused().model.attention == "human"


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        ({"dropout": (0.5, 1.0)}, ("model.dropout", "below 1", "1.0")),
        ({"dropout": (0.5,)}, ("model.dropout", "tuple[float, float]", "(0.5,)")),
        ({"fusion": "middle"}, ("model.fusion", ("'early'", "'late'", "'frames'", "'flow'"))),
        (
            {"accumulate": 5},
            ("training.accumulate", "training.batch_size, 32"),
        ),
        (
            {"weights": Path("w"), "pretraining": "none"},
            (
                "training.weights",
                ("training.pretraining 'none'", "--training.pretraining file"),
                "w",
            ),
        ),
        (
            {"start": Path("r"), "fusion": "flow"},
            ("training.start", ("one stream", "training.weights"), "r"),
        ),
        (
            {"start": Path("r"), "weights": Path("w")},
            ("training.weights", ("none", "training.start"), "w"),
        ),
        (
            {"start": Path("r"), "flow_from": Path("f")},
            ("training.flow_from", ("none", "training.start"), "f"),
        ),
        ({"rate_steps": (8, 4)}, ("training.rate_steps", "increasing", "(8, 4)")),
        ({"stream_rate_steps": (4, 4)}, ("training.stream_rate_steps", "increasing", "(4, 4)")),
        ({"subjects": (0,)}, ("data.subjects", "positive number")),
    ],
)
def test_what_task_2_cannot_do_is_named(changes, facts):
    with refused(*facts):
        configs.changed(ACTION, **changes)


def test_a_configuration_of_task_2_as_text_and_back_is_the_same():
    config = configs.changed(
        ACTION, start=Path("runs"), rate_steps=(4, 8), classes=("a", "b"), subjects=(1, 3)
    )
    assert configs.from_dict(json.loads(json.dumps(configs.to_dict(config)))) == config


def test_early_supervised_runs_of_earlier_versions_keep_the_gate_they_learnt_with():
    """Others, and mechanisms of one's own, stay."""
    for config in (ACTION, configs.changed(ACTION, fusion="late")):
        values = configs.to_dict(config)
        assert configs.from_dict(values) == config
        del values["format"], values["model"]["mean"]
        earlier = configs.from_dict(values)
        assert earlier.model.subtracted == "code"
        name = {"early": "supervised_softmax_of_logits", "late": "supervised"}[config.model.fusion]
        assert earlier.who == (config.model.fusion, name)
        gate = {"early": ("softmax", "positions"), "late": ("sigmoid", "map")}[config.model.fusion]
        of = mechanisms.get(earlier.model.attention)
        assert (of.normalise, of.gate, of.supervised) == (*gate, True)
    own = configs.to_dict(configs.changed(ACTION, attention=OWN))
    del own["format"], own["model"]["mean"]
    assert configs.from_dict(own).model.attention == OWN


def test_a_run_on_a_folder_is_called_by_its_name(tmp_path):
    (tmp_path / "mydata").mkdir()
    for root in (tmp_path / "mydata", str(tmp_path / "mydata" / ".." / "mydata")):
        one = configs.salient_object(name="folder", root=root)
        assert (one.data_name, one.run_name) == ("mydata", "mydata-vgg16-supervised-fold0-seed0")
    birds = configs.fine_grained(name="folder", root=tmp_path / "mydata")
    assert birds.run_name == "mydata-vgg16-supervised-seed0"
    assert configs.salient_object(root=tmp_path).data_name == "dut_omron"
    assert configs.salient_object(name="folder", root="/").data_name == "folder"
    assert configs.salient_object().called("mine") == "mine-vgg16-supervised-fold0-seed0"


def test_runs_on_a_folder_of_videos_are_called_by_it(tmp_path):
    config = configs.action("paper", name="video_folder", root=tmp_path / "clips", flow_root="f")
    assert config.run_name.startswith("clips-") and config.data_name == "clips"
    assert {first.run_name.split("-")[0] for first in config.before().values()} == {"clips"}
