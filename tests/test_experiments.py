"""The scripts as a user types them: help, training, evaluation, tables, attacks, errors."""

import re
import subprocess
import sys

import pandas as pd
import pytest
from conftest import ROOT, check_error_line, refused
from typed import typed

from keras_attn import storage
from keras_attn.commands import evaluate as evaluating
from keras_attn.errors import InputError
from keras_attn.evaluation.result import Scores
from keras_attn.evaluation.rows import REFERENCES
from keras_attn.report.paper.printed import paper_cells
from keras_attn.study import scored_data, workflow

pytestmark = pytest.mark.slow

SCRIPT = ROOT / "experiments" / "salient_object.py"
TINY = "--model.backbone alexnet --model.width 0.125 --model.size 67 --training.epochs 1"
TINY += " --data.images 15 --data.side 48 --machine.no-tensorboard"
TINY += " --training.pretraining none"


def run(*arguments, cwd):
    """The script in a process of its own: what else it may import or print shows there alone."""
    done = [sys.executable, str(SCRIPT), *(str(a) for a in arguments)]
    return subprocess.run(done, capture_output=True, text=True, cwd=cwd)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def compared(place):
    """Two mechanisms, trained and reported."""
    options = ["--attentions", "activation", "human", "--backbones", "alexnet", "--out", "out"]
    return run("compare", *options, "miniature", *TINY.split(), cwd=place)


def test_compare_trains_scores_and_reports(compared, place):
    assert compared.returncode == 0, compared.stderr
    assert "Table I. Salient object segmentation" in compared.stdout
    assert "they say nothing about people" in " ".join(compared.stdout.split())
    assert "Traceback" not in compared.stderr
    names = r"^(Picture|Tables|Rows|Runs|Drawn|Claims): +(.+)$"
    said = dict(re.findall(names, compared.stdout, re.MULTILINE))
    assert said["Tables"] == str((place / "out" / "tables").resolve())
    assert said["Claims"] == str((place / "out" / "findings.md").resolve())
    verdicts = set(pd.read_csv(place / "out" / "findings.csv")["verdict"])
    assert verdicts == {"machinery check", "not measured"}
    assert said["Runs"] == str((place / "out" / "salient_object").resolve())
    assert said["Drawn"] == str((place / "out" / "scenes" / "dut_omron-15-48-0").resolve())
    files = {path.name for path in (place / "out" / "tables").iterdir()}
    assert files == {
        f"{n}.{ending}" for n in ("I", "II", "IIb", "V") for ending in ("csv", "md", "tex")
    }
    assert (place / "out" / "attention.png").is_file()
    rows = pd.read_csv(place / "out" / "rows" / "salient_object.csv", keep_default_na=False)
    assert set(rows["attention"]) == {"activation", "human", *REFERENCES}
    assert len(rows) == 3 * (2 + len(REFERENCES))


def test_the_csv_of_a_table_has_the_columns_of_the_papers_and_joins_with_them(compared, place):
    ours = pd.read_csv(place / "out" / "tables" / "I.csv", keep_default_na=False)
    keys = list(ours.columns[:7])
    joined = ours.merge(paper_cells(), on=keys, suffixes=("", "_paper"))
    assert len(joined) == len(ours) == 4
    assert set(joined["value_paper"]) == {0.604, 0.102, 0.611, 0.095}


def test_evaluate_repeats_what_training_scored(compared, place, monkeypatch):
    # With it, as all other tests have it, TensorFlow is quiet anyway.
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    folder = place / "out" / "salient_object" / "dut_omron-alexnet-human-fold0-seed0"
    weights = folder / "model.weights.h5"
    done = run("evaluate", "--weights", weights, "--out", place / "again", cwd=place)
    assert done.returncode == 0 and not done.stderr, done.stderr
    first = (folder / "examples.csv").read_text()
    assert (place / "again" / "examples.csv").read_text() == first
    again = typed(
        "evaluate", "--weights", weights, "--out", place / "again", cwd=place, script=SCRIPT
    )
    assert again.returncode == 2 and "--overwrite" in again.stderr


def test_scores_are_printed_even_if_they_cannot_be_written(compared, place, monkeypatch, capsys):
    def full(*_, **__):
        raise InputError("out", "a folder that can be written to", "No space left on device")

    monkeypatch.setattr(Scores, "save", full)
    folder = place / "out" / "salient_object" / "dut_omron-alexnet-human-fold0-seed0"
    evaluate = evaluating.EvaluateCommand(
        folder, scored_data.DataChange(root=drawn(place)), place / "full"
    )
    with refused("out", received="No space left"):
        evaluate()
    printed = capsys.readouterr().out
    assert re.search(r"s_auc +0\.\d{4}", printed) and "Rows:" not in printed


def drawn(place):
    return place / "out" / "scenes" / "dut_omron-15-48-0"


def test_curves_are_named_where_there_are_any(tmp_path, capsys):
    folder = storage.RunFolder(tmp_path)
    workflow.show_places(folder)
    assert "Weights: " in (printed := capsys.readouterr().out) and "Curves" not in printed
    folder.curves.mkdir()
    workflow.show_places(folder)
    assert f"Curves:  tensorboard --logdir {folder.curves}" in capsys.readouterr().out


def test_a_finished_comparison_is_not_trained_again(compared, place):
    options = ["--attentions", "human", "--backbones", "alexnet", "--out", "out"]
    done = typed("compare", *options, "miniature", *TINY.split(), cwd=place, script=SCRIPT)
    assert done.returncode == 0, done.stderr
    assert "epoch" not in done.stdout


def test_report_makes_tables_of_any_run_folders(compared, place):
    folders = sorted((place / "out" / "salient_object").glob("dut*"))
    done = run("report", *folders, "--out", place / "report", cwd=place)
    assert done.returncode == 0, done.stderr
    assert "TensorFlow" not in done.stdout + done.stderr
    assert (place / "report" / "tables" / "V.md").is_file()


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["train", "--help"], ["train", "paper", "--help"], ["compare", "--help"]],
)
def test_help_says_what_there_is(tmp_path, arguments):
    done = typed(*arguments, cwd=tmp_path, script=SCRIPT)
    assert done.returncode == 0
    wanted = {"paper": "--model.attention", "train": "miniature", "--help": "evaluate"}
    assert wanted.get(arguments[-2] if len(arguments) > 1 else "--help", "seeds") in done.stdout


def test_help_shows_the_examples_as_they_are_typed(tmp_path):
    shown = typed("--help", cwd=tmp_path, script=SCRIPT).stdout
    assert "--data.root ~/data/DUT-OMRON \\\n        --model.backbone resnet50" in shown


@pytest.mark.parametrize(
    ("arguments", "facts"),
    [
        ("compare miniature --model.backbone alexnet", ("model.backbone", "--backbones alexnet")),
        ("compare --seeds 0 1 miniature --training.seed 1", ("training.seed", "--seeds 1")),
        ("train miniature --data.root nowhere", ("nowhere/DUT-OMRON-image", "folder")),
        ("evaluate --weights none.weights.h5", ("none.weights.h5",)),
        ("report nothing", ("nothing", "folder of a run")),
        ("train miniature --training.epochs 0", ("training.epochs", "positive", "0")),
        (
            "train miniature --training.weights no.h5 --training.pretraining file",
            ("no.h5", "weight file"),
        ),
        ("train miniature --training.weights no.h5", ("training.weights", "none", "no.h5")),
        ("train miniature --model.size 10", ("model.size", ("at least 32", "vgg16"), "10")),
        ("train miniature --data.fold 7", ("fold", "from 0 to 4", "7")),
    ],
)
def test_what_cannot_be_used_is_one_line(tmp_path, arguments, facts):
    done = typed(*arguments.split(), cwd=tmp_path, script=SCRIPT)
    assert done.returncode == 2
    check_error_line(done.stderr, *facts)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_name_that_is_none_is_refused_by_the_parser_with_those_there_are(tmp_path):
    done = typed("train", "miniature", "--model.backbone", "vgg19", cwd=tmp_path, script=SCRIPT)
    assert done.returncode == 2
    assert all(f"'{name}'" in done.stderr for name in ("vgg19", "alexnet", "vgg16", "resnet50"))
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


FINE_GRAINED = ROOT / "experiments" / "fine_grained.py"
ADVERSARIAL = ROOT / "experiments" / "adversarial.py"
BIRDS = "--model.backbone alexnet --model.width 0.125 --model.size 67 --training.epochs 1"
BIRDS += " --training.pretraining none --data.images 27 --data.side 60 --machine.no-tensorboard"
BIRD_RUN = "cub_vwsw-alexnet-human-seed0"


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    """One mechanism of Task 3, trained, reported and attacked."""
    place = tmp_path_factory.mktemp("birds")
    options = ["--attentions", "human", "--backbones", "alexnet", "--out", "out"]
    words = ["compare", *options, "miniature", *BIRDS.split()]
    done = typed(*words, cwd=place, script=FINE_GRAINED)
    run = place / "out" / "fine_grained" / BIRD_RUN
    attacked = typed(run, "--out", "out", cwd=place, script=ADVERSARIAL)
    return place, done, attacked


def test_birds_are_classified_reported_and_attacked(birds):
    place, done, attacked = birds
    assert done.returncode == 0, done.stderr
    assert attacked.returncode == 0, attacked.stderr
    assert "Table VII. Fine-grained classification" in done.stdout
    assert "Table X." in attacked.stdout and "gaze before and after" in attacked.stdout
    assert "Table VII." not in attacked.stdout
    out = place / "out"
    stems = {path.stem for path in (out / "tables").iterdir()}
    assert stems == {"VII", "VIII", "IX", "IXb", "X"}
    for name in (
        "fine_grained.png",
        "adversarial.png",
        "fooling.png",
        "confusion/confusion-cub_vwsw (drawn).png",
    ):
        assert (out / name).is_file()
    assert {path.name for path in (out / "rows").iterdir()} == {
        "fine_grained.csv",
        "adversarial.csv",
    }


def test_an_attack_is_not_done_twice_and_not_overwritten_unasked(birds):
    place, _, _ = birds
    folder = place / "out" / "fine_grained" / BIRD_RUN
    again = typed(folder, "--out", "out", cwd=place, script=ADVERSARIAL)
    assert again.returncode == 0 and "attacking" not in again.stdout and "Table X" in again.stdout
    other = typed(folder, "--epsilon", "4", cwd=place, script=ADVERSARIAL)
    assert other.returncode == 2 and "--overwrite" in other.stderr
    twice = typed(folder, folder / "model.weights.h5", cwd=place, script=ADVERSARIAL)
    check_error_line(twice.stderr, "", "runs in folders of their own")


def test_evaluating_a_classifier_repeats_what_training_scored(birds):
    place, _, _ = birds
    folder = place / "out" / "fine_grained" / BIRD_RUN
    words = ["evaluate", "--weights", folder, "--out", "again"]
    done = typed(*words, cwd=place, script=FINE_GRAINED)
    assert done.returncode == 0, done.stderr
    assert (place / "again" / "examples.csv").read_text() == (folder / "examples.csv").read_text()


def test_a_run_of_another_task_is_not_attacked(compared, place):
    folder = place / "out" / "salient_object" / "dut_omron-alexnet-human-fold0-seed0"
    done = typed(folder, cwd=place, script=ADVERSARIAL)
    assert done.returncode == 2
    check_error_line(done.stderr, "", "fine-grained", "salient_object")


ACTION = ROOT / "experiments" / "action.py"
CLIPS = "--model.width 0.03125 --model.size 32 --data.videos 14 --data.frames 17 --data.side 48"
CLIPS += " --data.flow-side 36 --training.iterations 1 --training.save-every 1"
CLIPS += " --training.stream-iterations 1 --training.streams flow --training.batch-size 2"
CLIPS += " --machine.no-tensorboard --training.pretraining none"


def compare_clips(place, *attentions):
    options = ["--fusions", "early", "--attentions", *attentions, "--out", "out"]
    return typed("compare", *options, "miniature", *CLIPS.split(), cwd=place, script=ACTION)


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """Two mechanisms of Task 2 and the stream they start from, trained and reported."""
    place = tmp_path_factory.mktemp("moving")
    return place, compare_clips(place, "supervised", "activation")


def test_videos_are_classified_and_reported(moving):
    place, done = moving
    assert done.returncode == 0, done.stderr
    assert "Table III. Action recognition" in done.stdout
    out = place / "out"
    assert {path.stem for path in (out / "tables").iterdir()} == {"III", "IV", "IVb", "VI"}
    runs_of = {path.name for path in (out / "action").iterdir()} - {"references"}
    named = ("flow", "early-supervised", "early-activation")
    assert runs_of == {f"hollywood2-{name}-seed0" for name in named}
    for name in ("action.png", "action.gif", "confusion/confusion.csv"):
        assert (out / name).stat().st_size > 100
    rows = pd.read_csv(out / "rows" / "action.csv", keep_default_na=False)
    wanted = {"none", "supervised", "activation", *REFERENCES}
    assert wanted <= set(rows["attention"])
    assert "Traceback" not in done.stderr


def test_videos_are_neither_drawn_nor_trained_again(moving):
    """Another mechanism alone takes the stream that is there."""
    place, _ = moving
    again = compare_clips(place, "activation")
    assert again.returncode == 0, again.stderr
    assert "epoch" not in again.stdout and "Table VI" in again.stdout
