"""`compare` on a dataset that the paper goes on with: what is trained first, what is refused."""

import dataclasses
from pathlib import Path

import pytest
from conftest import refused

from keras_attn import configs, tasks
from keras_attn.commands import compare_networks
from keras_attn.registries import DATASETS
from keras_attn.study import workflow


@pytest.fixture
def trained(monkeypatch):
    """Runs that a comparison trains, as (name, data, configuration); nothing is computed."""
    made = []

    def train(config, train, test, folder, overwrite):
        config.check_start()
        made.append((folder.name, test, config))
        return folder

    def read(config, drawn=None):
        return f"train on {config.data.root}", f"test on {config.data.name}"

    monkeypatch.setattr(workflow, "trained_and_scored", train)
    monkeypatch.setattr(workflow, "read", read)
    monkeypatch.setattr(workflow, "report", lambda folders, out: made.append(folders))
    monkeypatch.setattr(
        compare_networks, "_refer", lambda config, test, folder: made.append(folder.name)
    )
    return made


def compared(task, preset="miniature", options=None, **changes):
    config = configs.changed(configs.PRESETS[task][preset], **changes)
    options = {"attentions": ("human",), "out": Path("out")} | (options or {})
    compare_networks.options((task,))(config=config, **options)()


@pytest.mark.slow
def test_on_pascal_s_each_network_starts_from_the_same_one_on_dut_omron(trained):
    compared(
        "salient_object", name="pascal_s", fold=2, options={"attentions": ("human", "sigmoid")}
    )
    named = [
        f"{data}-vgg16-{attention}-fold2-seed0"
        for attention in ("human", "sigmoid")
        for data in ("dut_omron", "pascal_s")
    ]
    runs = trained[:4]
    assert [name for name, *_ in runs] == named
    assert [test for _, test, _ in runs] == ["test on dut_omron", "test on pascal_s"] * 2
    for before, after in (runs[:2], runs[2:]):
        assert before[2].training.start is None and before[2].data.fold == 2
        assert after[2].training.start == Path("out/salient_object") / before[0]
    assert trained[4:6] == ["references", "references-dut_omron"]
    assert {path.name for path in trained[6]} == {*named, "references", "references-dut_omron"}


@pytest.mark.slow
def test_the_chain_of_a_comparison_is_that_of_the_study(trained):
    from keras_attn.study import cells

    axes = cells.Axes(("salient_object", "action"), None, ("vgg16",), ("human",))
    grid = cells.grid("miniature", "out", axes=axes)
    by_name = {cell.folder.name: cell.config.training.start for cell in grid}
    compared("salient_object", name="pascal_s")
    compared("action", name="ucf_sports")
    runs = [one for one in trained if isinstance(one, tuple)]
    assert len(runs) == 2 + 2 + 4
    for name, _, config in runs:
        assert config.training.start == by_name[name], name


@pytest.mark.slow
def test_on_ucf_sports_the_streams_are_trained_on_hollywood_2_alone(trained):
    compared("action", name="ucf_sports", options={"fusions": ("early", "late")})
    streams = [name for name, *_ in trained[:6] if "human" not in name]
    assert streams == ["hollywood2-frames-seed0", "hollywood2-flow-seed0"]
    names = [
        f"{data}-{fusion}-human-seed0"
        for fusion in ("early", "late")
        for data in ("hollywood2", "ucf_sports")
    ]
    assert [name for name, *_ in trained[:6] if "human" in name] == names


def test_real_data_of_the_first_dataset_are_named_and_its_weights_are_of_the_first_run(trained):
    options = {"first_root": Path("H"), "first_flow_root": Path("F"), "fusions": ("early",)}
    places = {"root": Path("U"), "flow_root": Path("G"), "gaze": Path("E")}
    compared("action", "paper", options, name="ucf_sports", weights=Path("c3d"), **places)
    data = {name: config.data for name, _, config in trained[:3]}
    first, later = data["hollywood2-early-human-seed0"], data["ucf_sports-early-human-seed0"]
    assert (first.root, first.flow_root, first.gaze) == (Path("H"), Path("F"), None)
    assert (later.root, later.flow_root, later.gaze) == tuple(places.values())
    weights = {name: config.training.weights for name, _, config in trained[:3]}
    assert weights.pop("ucf_sports-early-human-seed0") is None
    assert set(weights.values()) == {Path("c3d")}


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes", [{"start": Path("runs")}, {"pretraining": "direct", "weights": Path("vgg16")}]
)
def test_nothing_is_trained_first_where_a_start_is_named_or_none_is_wanted(trained, changes):
    compared("salient_object", name="pascal_s", **changes)
    assert [one[0] for one in trained if isinstance(one, tuple)] == [
        "pascal_s-vgg16-human-fold0-seed0"
    ]


@pytest.mark.parametrize(
    ("task", "changes", "options", "facts"),
    [
        (
            "salient_object",
            {"name": "pascal_s", "root": Path("P"), "weights": Path("w")},
            {},
            ("--first-root", ("dut_omron", "--training.start FOLDER", "direct")),
        ),
        (
            "salient_object",
            {"name": "pascal_s", "weights": Path("w")},
            {"first_root": Path("D")},
            ("--first-root", ("none", "--data.root"), "D"),
        ),
        (
            "salient_object",
            {"root": Path("D"), "weights": Path("w")},
            {"first_root": Path("D")},
            ("--first-root", "none", "D"),
        ),
        (
            "action",
            {"name": "ucf_sports", "root": Path("U"), "pretraining": "direct", "weights": "c"},
            {"first_flow_root": Path("F")},
            ("--first-flow-root", "none", "F"),
        ),
        (
            "salient_object",
            {"name": "pascal_s"},
            {},
            ("training.weights", ("vgg16", "--training.weights FILE")),
        ),
        (
            "action",
            {"name": "ucf_sports"},
            {},
            ("training.weights", ("C3D", "--training.weights FILE")),
        ),
        ("fine_grained", {}, {}, ("training.weights", ("vgg16", "--training.weights FILE"))),
    ],
)
def test_a_comparison_that_would_not_keep_the_papers_word_is_refused_before_any_work(
    trained, task, changes, options, facts
):
    with refused(*facts):
        compared(task, "paper", options, **changes)
    assert not trained


def test_only_comparisons_of_tasks_with_two_datasets_ask_for_the_first():
    for task in configs.TASKS:
        asked = {f.name for f in dataclasses.fields(compare_networks.COMPARED[task])}
        assert ("first_root" in asked) == any(
            one.first for one in DATASETS.values() if task in one.tasks
        )
        assert tasks.named(task)
