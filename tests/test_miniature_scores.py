"""The miniature learns: one cell of each task, trained here, beside what is written of it."""

import sys

import pandas as pd
import pytest
from conftest import ROOT, refused

from keras_attn import configs, tasks
from keras_attn.mechanisms import MECHANISMS

sys.path.insert(0, str(ROOT / "tools"))
import miniature_scores as tool

TABLE = ROOT / "docs" / "results" / "miniature.csv"


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(TABLE, keep_default_na=False, na_values=[""])


def line(**changes):
    return {"task": "action", "network": "late", "attention": "human", "seed": 0} | changes


def test_what_is_written_is_above_what_no_network_may_be_below(table):
    assert not len(tool.too_low(table))
    assert set(table["task"]) == set(tool.SCORES)
    for task in tool.SCORES:
        there = table[table["task"] == task]
        expected = {(n.name, n.attention) for n in tool.networks(task, tuple(MECHANISMS))}
        found = {*zip(there["network"], there["attention"], strict=True)}
        assert found and found <= expected


def test_a_table_of_something_else_is_left_alone(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("seed,score\n0,1\n")
    with refused("other.csv", ("task", "network"), ("seed", "score")):
        tool.main(tool.parsed(["--out", str(other)]))
    assert other.read_text() == "seed,score\n0,1\n"


def test_the_presets_end_low_and_start_from_what_drawn_data_teach():
    for task in configs.TASKS:
        training = configs.PRESETS[task]["miniature"].training
        assert (training.schedule, training.pretraining) == ("cosine", "drawn")
        assert training.clip is not None
        paper = configs.PRESETS[task]["paper"].training
        assert paper.schedule != "cosine" and paper.clip is None and paper.pretraining == "file"


def test_a_summary_tells_the_lowest_score_of_each_network(tmp_path):
    path = tmp_path / "scores.csv"
    for seed, score in enumerate((0.5, 0.10004, 0.6)):
        tool.add(path, line(seed=seed, score=score, change=0.1 * seed, cpu_seconds=2.0))
    found = pd.read_csv(path)
    assert found["score"].tolist() == [0.5, 0.1, 0.6]
    (one,) = tool.summary(found).to_dict("records")
    assert (one["lowest"], one["highest"], one["seeds"]) == (0.1, 0.6, 3)
    assert one["change"] == pytest.approx(0.2)
    assert tool.too_low(found)["seed"].tolist() == [1]
    *_, last = tool.lines(found)
    assert last == "| action | late | human | 3 | .100 | .400 | .600 | .200 | 2 |"


def test_networks_of_task_2_come_after_the_streams_that_they_start_from():
    names = [(n.name, n.attention) for n in tool.networks("action", ("sigmoid",))]
    assert names == [
        *(("frames", "none"), ("flow", "none"), ("early", "sigmoid"), ("late", "sigmoid")),
    ]
    alone = tool.Network("action", "flow", "none").config(3)
    assert alone.stream == "flow" and alone.training.seed == 3
    late = tool.Network("action", "late", "human").config(3)
    assert late.before()["flow_from"].run_name == alone.run_name
    with_backbone = tool.Network("fine_grained", "vgg16", "human").config(1)
    assert (with_backbone.model.backbone, with_backbone.model.attention) == ("vgg16", "human")


@pytest.mark.slow
@pytest.mark.miniature
@pytest.mark.parametrize(
    "network",
    [
        tool.Network("salient_object", "vgg16", "softmax"),
        tool.Network("action", "flow", "none"),
        tool.Network("fine_grained", "vgg16", "supervised"),
    ],
    ids=lambda network: network.task,
)
def test_a_cell_of_each_task_scores_within_its_band_on_this_machine(network, table, tmp_path):
    preset = configs.PRESETS[network.task]["miniature"]
    task = tasks.of(preset)
    parts = task.parts(preset, task.read(preset.data, drawn=tmp_path / "scenes"))
    made = tool.measured(network, 0, tmp_path, parts)
    mine = table["attention"] == network.attention
    mine &= (table["task"] == network.task) & (table["network"] == network.name)
    assert made["score"] == pytest.approx(table[mine]["score"].mean(), abs=tool.BAND[network.task])
    assert made["score"] >= tool.LOWEST[network.task]
    assert made["change"] < tool.BAND[network.task]
