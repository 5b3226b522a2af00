"""A dataset of one's own, registered by one file: in Python, in every command, in tables."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, refused

import keras_attn as ka
from keras_attn import configs, plugins
from keras_attn.datasets.format import Format
from keras_attn.registries import DATASETS
from keras_attn.report.naming import dataset_title
from keras_attn.runs import known_data
from keras_attn.shell import cli
from keras_attn.study import cells as study
from keras_attn.study import workflow

pytestmark = pytest.mark.slow

PLUGIN = str(ROOT / "tests" / "own_dataset.py")
NOTE = "The viewers of My Set were told what to look for."
SMALL = ("--model.width", "0.125", "--model.size", "48", "--training.epochs", "1")
SMALL += ("--training.pretraining", "none")


def forget(name="mine", module="own_dataset"):
    """Leave no dataset of one test to the next one."""
    DATASETS._things.pop(name, None)
    plugins._loaded.pop(PLUGIN, None)
    sys.modules.pop(module, None)


@pytest.fixture
def plugin(monkeypatch):
    """The plug-in, loaded as a command loads it."""
    monkeypatch.setenv(plugins.VARIABLE, "")
    plugins.use(PLUGIN)
    yield
    forget()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Twelve scenes in its layout, which nothing marks as drawn."""
    place = tmp_path_factory.mktemp("mine") / "drawn"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(plugins.VARIABLE, "")
        plugins.use(PLUGIN)
        ka.datasets.miniature("mine", images=12, shape=(48, 56), root=place)
        forget()
    return place


def command(*words):
    assert cli.main([*map(str, words), "--plugin", PLUGIN]) == 0


def test_it_is_read_by_its_name_like_any_other(plugin, root):
    data = ka.datasets.mine(root)
    assert (data.name, len(data), data.report.masks, data.report.viewers) == ("mine", 12, 12, 4)
    assert "mine" in dir(ka.datasets) and data.note.endswith(NOTE) and data.drawn
    assert data.source == {"name": "mine", "root": str(root)}
    from keras_attn.datasets import mine

    assert mine(root, on_bad_example="skip").fingerprint == data.fingerprint
    looks = np.load(root / "looks" / "000.npy")
    np.testing.assert_array_equal(data[0].points, looks[:, [1, 0]])


def test_masks_are_those_of_its_own_files(plugin, root):
    from keras_attn.datasets.readers.masks import read_mask

    example = ka.datasets.mine(root)[3]
    mask = np.load(root / "objects" / "003.npy")
    np.testing.assert_array_equal(read_mask(example), mask)
    assert example.mask_coding.share == mask.mean()


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        (np.ones((48, 56)), ("booleans", "(height, width)")),
        (np.ones((20, 20), bool), ("000.png", "(48, 56)")),
        (None, "reader"),
    ],
)
def test_a_mask_that_its_reader_cannot_have_meant_is_refused(
    plugin, root, tmp_path, mask, expected
):
    shutil.copytree(root, tmp_path / "odd")
    path = tmp_path / "odd" / "objects" / "000.npy"
    path.write_bytes(b"\x00") if mask is None else np.save(path, mask)
    with refused("000.npy", expected):
        ka.datasets.mine(tmp_path / "odd")
    kept = ka.datasets.mine(tmp_path / "odd", on_bad_example="skip")
    assert len(kept) == 11 and len(kept.report.skipped) == 1


def test_a_folder_of_its_layout_is_recognised_for_whoever_names_another(plugin, root):
    with refused("drawn", received=("--data.name mine", "datasets.mine")):
        ka.datasets.dut_omron(root)


@pytest.mark.slow
def test_it_is_trained_audited_evaluated_and_reported_by_name(
    root, tmp_path, monkeypatch, capsys, rng
):
    monkeypatch.setenv(plugins.VARIABLE, "")
    monkeypatch.chdir(tmp_path)
    try:
        data = ("--data.name", "mine", "--data.root", root)
        command("train", "salient_object:miniature", *data, *SMALL)
        run = Path("runs/salient_object/mine-vgg16-supervised-fold0-seed0")
        command("evaluate", "--weights", run, *data, "--out", "scores")
        rows = pd.read_csv("scores/examples.csv")
        assert set(rows["dataset"]) == {"mine"} and set(rows["data_kind"]) == {"mine"}
        (tmp_path / "maps").mkdir()
        for example in ka.datasets.mine(root):
            np.save(tmp_path / "maps" / f"{example.id}.npy", rng.random((6, 7)))
        command("audit", root, "--data-name", "mine", "--model", "maps", "--out", "audit")
        command("report", run, "--out", "out")
    finally:
        forget()
    assert NOTE in Path("audit/audit.html").read_text(encoding="utf-8")
    plugins.use(PLUGIN)
    told = Path("out/report.md").read_text(encoding="utf-8")
    assert "My Set (drawn)" in told and NOTE in told
    assert dataset_title("mine") == "My Set"
    forget()
    monkeypatch.setenv(plugins.VARIABLE, "")
    capsys.readouterr()
    assert cli.main(["evaluate", "--weights", str(run)]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and f"--plugin {PLUGIN}" in message and "'mine'" in message


@pytest.mark.slow
def test_the_study_has_cells_of_it(root, tmp_path):
    words = ["study", "miniature", "--datasets", "mine", "--sources.mine", str(root)]
    words += ["--backbones", "alexnet", "--attentions", "human", "--out", str(tmp_path / "out")]
    words += ["--change", "pretraining=none"]
    named = [sys.executable, "-m", "keras_attn.shell.cli", *words, "--plugin", PLUGIN]
    known = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(named, capture_output=True, text=True, env=known, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    cells = tmp_path / "out" / "salient_object"
    assert (cells / "references-mine-fold0" / "examples.csv").is_file()
    assert (cells / "mine-alexnet-human-fold0-seed0" / "examples.csv").is_file()
    assert "My Set" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")


def test_the_study_names_it_with_its_sources_and_never_unasked(plugin, root):
    axes = study.Axes(datasets=("pascal_s", "mine"), backbones=("vgg16",), attentions=("human",))
    cells = study.grid("miniature", "out", axes=axes, sources=study.Sources(mine=root))
    names = [cell.name for cell in cells]
    assert names[-1] == "salient_object/mine-vgg16-human-fold0-seed0"
    assert names[:3] == [
        f"salient_object/references-{name}-fold0" for name in ("dut_omron", "pascal_s", "mine")
    ]
    assert cells[-1].config.data.root == root
    assert not any("mine" in cell.name for cell in study.grid("paper", "out"))
    with refused("sources", "'mine'", "'yours'"):
        study.Sources(yours=root)


def test_one_that_is_not_drawn_needs_its_source_before_any_work(plugin, tmp_path):
    DATASETS._things.pop("mine")
    ka.register(Format(name="mine", title="M", read=lambda root: None, tasks=("salient_object",)))
    command = ["study", "miniature", "--datasets", "mine", "--out", str(tmp_path / "out")]
    assert cli.main(command) == 2
    assert not (tmp_path / "out").exists()
    with refused("data.root", ("--data.root", "mine"), "None"):
        workflow.whole(configs.salient_object(name="mine"))


@pytest.mark.parametrize(
    "words",
    [
        ("train", "salient_object:paper"),
        ("audit",),
        ("evaluate",),
        ("study", "paper"),
    ],
)
def test_help_lists_it(plugin, words, capsys):
    with pytest.raises(SystemExit):
        cli.main([*words, "--help"])
    told = "".join(capsys.readouterr().out.split())
    assert "mine" in told
    assert words[0] != "study" or "--sources.mine" in told


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        ({"name": "two words"}, ("dataset to register", "datasets.<name>", "'two words'")),
        ({"name": "class"}, ("dataset to register", "datasets.<name>", "'class'")),
        ({"name": "miniature"}, ("dataset to register", "datasets.<name>", "'miniature'")),
        ({"name": "readers"}, ("dataset to register", "datasets.<name>", "'readers'")),
        ({"name": "osie"}, ("dataset to register", "not taken")),
        ({"read": None}, ("dataset 'x', read", "root")),
        ({"read": lambda folder: None}, ("dataset 'x', read", "root")),
        ({"kind": "sounds"}, ("dataset 'x', kind", ("'images'", "'videos'"))),
        ({"tasks": "salient_object"}, ("dataset 'x', tasks", "tuple")),
        ({"tasks": ("sailing",)}, ("dataset 'x', tasks", "'salient_object'")),
        ({"parts": ["x"]}, ("dataset 'x', parts", "tuple", "['x']")),
    ],
)
def test_what_is_no_dataset_is_refused_when_it_is_registered(changes, facts):
    with refused(*facts):
        ka.register(Format(**{"name": "x", "title": "X", "read": lambda root: None, **changes}))
    assert "x" not in DATASETS


def test_a_name_that_nobody_has_registered_is_answered_with_those_there_are(tmp_path):
    with refused("data.name", ("'folder'", "'dut_omron'", "'pascal_s'"), "'mine'"):
        configs.salient_object(name="mine")
    with pytest.raises(AttributeError, match="has no attribute 'mine'"):
        _ = ka.datasets.mine
    with refused("--data-name", "'osie'"):
        ka.datasets.named("mine", tmp_path, ka.configs.salient_object().data, "--data-name")


@pytest.mark.parametrize("made", [None, [], "a dataset"])
def test_what_its_reader_returns_has_to_be_a_dataset_of_its_kind(tmp_path, made):
    one = Format(name="x", title="X", read=lambda root: made)
    with refused("dataset 'x', read", "GazeDataset"):
        one.read(tmp_path)
    videos = Format(name="x", title="X", read=lambda root: made, kind="videos")
    with refused("dataset 'x', read", "VideoDataset"):
        videos.read(tmp_path)


def test_a_run_on_it_without_its_plugin_asks_for_that(plugin, root, monkeypatch):
    data = ka.datasets.mine(root)
    known = known_data.record(data.fold(0)[0])
    config = configs.salient_object("miniature")
    known_data.check_findable(config, known, "runs/one")
    monkeypatch.delitem(DATASETS._things, "mine")
    with refused("runs/one", ("plug-in", "'mine' (--plugin)")):
        known_data.check_findable(config, known, "runs/one")


def test_options_that_a_reader_would_pass_over_are_refused(plugin, root):
    config = configs.salient_object("miniature", name="mine", root=root, mask_threshold=3)
    with refused("data.mask_threshold", "nothing, for mine"):
        workflow.whole(config)
    with refused("mask_threshold", "nothing, for osie"):
        ka.datasets.named("osie", root, config.data, mask_threshold=3)
    with refused("data.separator", "nothing for mine"):
        configs.changed(config, separator=";")


def test_names_of_datasets_load_no_library_that_reads_files():
    code = """
import sys
import keras_attn as ka
titles = [one.title for one in ka.datasets.DATASETS.values()]
from keras_attn.datasets import osie
assert "osie" in dir(ka.datasets) and len(titles) >= 12
print({"cv2", "pandas", "PIL", "h5py", "scipy"} & set(sys.modules))
"""
    known = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=known, check=True
    )
    assert done.stdout.strip() == "set()"
