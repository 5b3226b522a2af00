"""Messages name the remedy as the command has it, which is not the same in all of them."""

import numpy as np
import pytest
from conftest import check_error_line, refused
from PIL import Image

from keras_attn.report.rows import results
from keras_attn.shell import cli

FOLDER = ("--data.name", "folder", "--data.root", "nowhere")
TRAIN = ("train", "salient_object:miniature")
REFUSED = {
    "place without screen": (
        (*TRAIN, *FOLDER, "--data.place", "fit"),
        ("--data.place", ("screen=(width, height)", "--data.screen W H")),
    ),
    "a separator that is the decimal point": (
        (*TRAIN, *FOLDER, "--data.separator", "."),
        ("--data.separator", "one character", "'.'"),
    ),
    "a published format": (
        ("train", "salient_object:paper", "--data.name", "dut_omron", "--data.missing", "0"),
        ("--data.missing", ("nothing", "dut_omron")),
    ),
    "in an evaluation": (
        ("evaluate", "--weights", "nowhere", "--data.place", "fit"),
        ("--data.place", ("screen=(width, height)", "--data.screen W H")),
    ),
    "in an audit": (
        ("audit", "nowhere", "--place", "fit"),
        ("--place", ("screen=(width, height)", "(--screen W H)")),
    ),
    "in a prediction": (
        ("predict", "nowhere", "nowhere", "--out", "there", "--place", "fit"),
        ("--place", ("screen=(width, height)", "(--screen W H)")),
    ),
    "a published format in an audit": (
        ("audit", "nowhere", "--data-name", "mit1003", "--screen", "5", "5"),
        ("--screen", ("nothing", "mit1003"), "5"),
    ),
}


@pytest.mark.parametrize("arguments, facts", REFUSED.values(), ids=REFUSED)
def test_values_that_do_not_fit_are_one_line_with_the_options_of_the_command(
    arguments, facts, capsys
):
    assert cli.main(list(arguments)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: --")
    check_error_line(line, *facts)


@pytest.mark.parametrize(
    "command, option",
    [("train", "--data.screen"), ("evaluate", "--data.screen"), ("audit", "--screen")],
)
def test_what_gaze_looks_like_is_said_by_the_option_of_the_command(
    command, option, tmp_path, capsys
):
    (tmp_path / "images").mkdir()
    rng = np.random.default_rng(0)
    lines = ["image,subject,x,y"]
    for name in "ab":
        Image.new("RGB", (64, 48)).save(tmp_path / "images" / f"{name}.png")
        points = rng.uniform((0, 0), (1920, 1080), (30, 2))
        lines += [f"{name},{turn % 3},{x:.1f},{y:.1f}" for turn, (x, y) in enumerate(points)]
    (tmp_path / "fixations.csv").write_text("\n".join(lines))
    data = ("--data.name", "folder", "--data.root", str(tmp_path))
    arguments = {
        "train": (*TRAIN, *data),
        "evaluate": ("evaluate", "--weights", "vgg16", *data[2:]),
        "audit": ("audit", str(tmp_path), "--out", str(tmp_path / "out")),
    }
    assert cli.main(list(arguments[command])) == 2
    (line,) = [one for one in capsys.readouterr().err.splitlines() if one.startswith("error: ")]
    assert f"({option}, {option.replace('screen', 'place')})" in line
    assert f"{option.replace('screen', 'most-lost')} 1" in line


def test_other_arguments_are_refused_by_the_parser_with_what_there_is(capsys):
    with pytest.raises(SystemExit):
        cli.main([*TRAIN, "--data.scren", "5"])
    assert "--data.screen" in capsys.readouterr().err


def test_a_report_of_a_run_that_was_scored_elsewhere_or_not_at_all_says_where_rows_are(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "model.weights.h5").touch()
    with refused("examples.csv", ("keras-attn evaluate --weights", "run")):
        results.read(run)
    (run / "evaluation").mkdir()
    (run / "evaluation" / "examples.csv").touch()
    with refused("examples.csv", "run/evaluation"):
        results.read(run)
