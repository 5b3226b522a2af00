"""Configurations: the paper's values, changes by name, text and identity."""

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from keras_attn import configs
from keras_attn.errors import InputError
from keras_attn.mechanisms import MECHANISMS, Mechanism

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

    assert configs.Backbone.__args__ == tuple(models.BACKBONES)
    for rates in configs.LEARNING_RATES.values():
        assert tuple(rates) == tuple(models.BACKBONES)
    assert configs.Attention.__args__ == tuple(MECHANISMS)


def test_fields_are_changed_by_name_without_their_part():
    config = configs.salient_object("miniature", backbone="resnet50", epochs=3, fold=2)
    assert (config.model.backbone, config.training.epochs, config.data.fold) == ("resnet50", 3, 2)
    rest = configs.changed(config, backbone="vgg16", epochs=16, fold=0)
    assert rest == configs.salient_object("miniature")


def test_field_names_are_unique_over_the_parts():
    for kind in configs.TASKS.values():
        names = [f.name for part in configs.PARTS for f in fields(getattr(kind(), part))]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"preset": "tiny"}, "preset: expected one of 'paper', 'miniature'"),
        ({"bakcbone": "vgg16"}, "configuration field: expected one of 'backbone'"),
        ({"backbone": "vgg19"}, r"model\.backbone: expected one of 'alexnet'"),
        ({"attention": "none"}, r"model\.attention: expected one of 'activation'"),
        ({"epochs": 0}, r"training\.epochs: expected a positive number. Received: 0"),
        ({"epochs": 2.5}, r"training\.epochs: expected a value of type int"),
        ({"epochs": True}, r"training\.epochs: expected a value of type int"),
        ({"learning_rate": -1e-3}, r"training\.learning_rate: expected a positive"),
        ({"seed": -1}, r"training\.seed: expected 0 or more"),
        ({"channels": (8, 8)}, r"model\.channels: expected"),
        ({"width": "1"}, r"model\.width: expected a value of type float"),
        ({"precision": "float16"}, r"machine\.precision: expected one of 'float32'"),
        (
            {"precision": "mixed_float16", "strategy": "mirrored"},
            r"machine\.precision: expected float32 or mixed_bfloat16 with machine\.strategy",
        ),
        ({"root": 7}, r"data\.root: expected"),
    ],
)
def test_what_does_not_exist_is_named(changes, message):
    with pytest.raises(InputError, match=message):
        configs.salient_object(**changes)


OWN = Mechanism("own", "module", "softmax", gate="mean", supervised=True)


@pytest.mark.parametrize(
    "config",
    [
        PAPER,
        configs.salient_object("miniature", attention=OWN),
        configs.salient_object(root=Path("/data/x"), weights=Path("w.h5"), base_rate=0.1),
    ],
)
def test_as_text_and_back_it_is_the_same(config):
    text = json.dumps(configs.to_dict(config))
    assert configs.from_dict(json.loads(text)) == config


@pytest.mark.parametrize("values", [{}, None, {"task": "tennis"}, {"task": "salient_object"}])
def test_text_of_something_else_is_refused_by_where_it_stood(values):
    with pytest.raises(InputError, match=r"run\.json: expected a configuration"):
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
        configs.changed(PAPER, attention=replace(MECHANISMS["supervised"], gate="mean")),
    ):
        assert identity(other) != identity()
    assert identity(data="e") != identity()
    weights = configs.changed(PAPER, weights=Path("a.h5"))
    moved = configs.changed(PAPER, weights=Path("b.h5"))
    assert identity(weights, files={"weights": "1"}) == identity(moved, files={"weights": "1"})
    assert identity(weights, files={"weights": "1"}) != identity(weights, files={"weights": "2"})
