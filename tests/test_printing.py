"""What users get back says in a few lines what it is, and a report is true of what it stands at."""

import numpy as np
import pandas as pd
import pytest
from conftest import refused
from report.made_runs import curve

import keras_attn as ka
from keras_attn import datasets
from keras_attn.evaluation.gaze_scores import Blur
from keras_attn.prediction.result import Predictions
from keras_attn.report.audit.result import AuditResult, Gallery
from keras_attn.report.rows.results import Results
from keras_attn.report.tables import sheets
from keras_attn.report.tables.evaluation import Evaluation
from keras_attn.tasks.trained import Run

POINTS = [[1, 1], [2, 1], [3, 2]]


def image(name, viewers, shape=(4, 6), **more):
    return datasets.Example(name, None, shape, POINTS[: len(viewers)], list(viewers), **more)


@pytest.fixture
def images():
    examples = [
        image("a", "st", mask="a.png", label=0),
        image("b", "stu", mask="b.png", label=1),
        image("c", "", (8, 6), label=1),
    ]
    report = datasets.ReadingReport(points_outside=2, skipped=["d (why)"], read=3)
    splits = {"train": ["b"], "test": ["a", "c"]}
    return datasets.GazeDataset(
        "mine", examples, report, "Drawn.", classes=("x", "y"), splits=splits
    )


@pytest.fixture
def videos():
    def video(name, *viewers):
        points = [np.array(POINTS[: len(whose)], float).reshape(-1, 2) for whose in viewers]
        whose = [np.array(own, int) for own in viewers]
        return datasets.VideoExample(name, len(viewers), (4, 6), points, whose, (0,))

    examples = (video("a", [1], [1, 2]), video("b", [3], [], [3]), video("c", [], []))
    report = datasets.VideoReport(events_left_out=4, subjects_missing=1, read=3)
    return datasets.VideoDataset("films", examples, report)


def test_a_dataset_prints_what_is_in_it(images):
    assert str(images).splitlines() == [
        "mine: 3 images, 3 viewers, 5 fixations, 2 masks; 2 points dropped (2 outside, "
        "0 not a number); 1 images without fixations; 1 skipped: d (why)",
        "(height, width): 2 different, most often (4, 6)",
        "2 classes: x, y",
        "splits: train 1, test 2",
        "Note: Drawn.",
    ]


def test_a_part_counts_itself_and_tells_of_the_reading_as_such(images):
    part = images.split("test")
    assert str(part).splitlines() == [
        "mine, test: 2 images, 2 viewers, 2 fixations, 1 masks; 1 images without fixations "
        "(of all 3 that were read: 2 points dropped (2 outside, 0 not a number); "
        "1 skipped: d (why))",
        "(height, width): 2 different, most often (4, 6)",
        "2 classes: x, y",
        "splits: train 0, test 2",
        "part of mine, 3 examples",
        "Note: Drawn.",
    ]
    assert (part.report.images, part.report.read, images.report.images) == (2, 3, 3)
    assert "part of mine, 3 examples; the test part of fold 1" in str(images.fold(1, of=3)[1])
    train, test = (len(half) for half in images.fold(1, of=3))
    assert [half.report.images for half in images.fold(1, of=3)] == [train, test] == [2, 1]


def test_a_part_of_a_part_still_tells_of_the_whole_reading(images):
    alone = images.split("test").part("one", [0])
    assert str(alone.report).startswith("1 images, 2 viewers, 2 fixations, 1 masks (of all 3 that")


def test_parts_of_videos_count_themselves_too(videos):
    part = videos.part("films, some", [1, 2])
    assert str(part.report) == (
        "2 videos, 5 frames, 1 viewers, 2 points of gaze; 1 videos without gaze; "
        "1 frames without gaze in the others; 2 videos of fewer than 16 pairs of frames "
        "(of all 3 that were read: 4 points dropped (0 off the picture, 0 not a number, "
        "4 of other events, 0 before or after the video); 1 times a viewer without samples)"
    )
    assert "5 points of gaze" in str(videos) and "3 viewers" in str(videos)


def test_what_is_made_in_python_is_counted_whatever_the_report_says(images):
    made = datasets.GazeDataset("own", images.examples[:2], datasets.ReadingReport(images=1))
    assert str(made.report) == "2 images, 3 viewers, 5 fixations, 2 masks"
    with refused("'own', report", "VideoReport", "Read"):
        datasets.VideoDataset("own", images.examples, datasets.ReadingReport())


@pytest.mark.slow
def test_the_legend_of_an_audit_counts_what_is_scored(tmp_path):
    data = ka.datasets.miniature(images=6, root=tmp_path / "scenes")
    part = data.part("half", [0, 2, 4])
    printed = str(ka.audit(lambda x: x.mean(-1), part, progress=False))
    fixations = sum(len(example.points) for example in part)
    assert (
        f"half (drawn): 3 images, 6 viewers, {fixations} fixations, 3 masks (of all 6 that"
        in printed
    )


@pytest.fixture
def evaluation():
    rows = pd.DataFrame({"id": [f"{i:03d}" for i in range(300)], "fixations": [0] + 299 * [3]})
    scores = {"adaptive_f": 0.5, "mae": 0.1, "s_auc": 0.75, "ig": -0.25}
    who = {"backbone": "vgg16", "fusion": "", "attention": "human", "fold": 1, "seed": np.nan}
    rows = rows.assign(task="salient_object", dataset="dut_omron", **who, **scores)
    curves = {name: np.stack(300 * [curve(0.5)]) for name in ("f_curve", "e_curve")}
    return Evaluation(rows, curves, {}, ("Drawn scenes.",))


def test_an_evaluation_prints_who_was_scored_on_what_and_the_scores(evaluation):
    lines = str(evaluation).splitlines()
    assert lines[0] == (
        "salient_object: vgg16, human; fold 1; 300 examples of dut_omron, 299 with fixations"
    )
    assert lines[2].split() == ["metric", "value", "95", "%", "interval", "examples"]
    assert ["max_f", "0.5000", "0.5000", "to", "0.5000", "300"] in [line.split() for line in lines]
    assert ["ig", "−0.2500", "−0.2500", "to", "−0.2500", "300"] in [line.split() for line in lines]
    assert lines[-1] == "Note: Drawn scenes." and len(lines) == 9


def test_references_print_the_agreement_of_each(evaluation):
    named = [evaluation.rows.assign(attention=name, fold=np.nan) for name in ("centre", "uniform")]
    printed = str(Evaluation(pd.concat(named, ignore_index=True), {}, {}))
    assert "what needs no network; 300 examples of dut_omron" in printed
    assert "uniform s_auc 0.7500 0.7500 to 0.7500" in " ".join(printed.split())


def test_an_evaluation_without_scores_says_so(evaluation):
    nothing = dict.fromkeys(("correct", "s_auc", "ig"), np.nan)
    rows = evaluation.rows.assign(task="fine_grained", dataset="cub_vwsw", **nothing)
    assert str(Evaluation(rows, {}, {})).splitlines()[-1] == "no scores"


def test_predictions_print_the_first_classes_and_count_the_others(tmp_path):
    rows = pd.DataFrame({"name": [f"image{i}" for i in range(50)], "probability": 0.5})
    made = Predictions(tmp_path, tuple(rows["name"]), rows, ("x (why)",), ("Seen whole.",))
    lines = str(made).splitlines()
    assert lines[:2] == ["Skipped: x (why)", "Note: Seen whole."]
    assert lines[-2:] == ["and 30 more in predictions.csv", f"Files:   50 in {tmp_path}"]
    assert len(lines) == 25


def test_what_users_get_back_is_shown_in_a_line(images, videos, evaluation, tmp_path):
    maps = Gallery([0], {"a": [np.zeros((90, 90))]})
    audit = AuditResult(evaluation.rows, evaluation.rows, images, Blur(), maps, 1.0)
    config = ka.configs.salient_object("miniature")
    rows = evaluation.rows.assign(folder="runs/a")
    shown = {
        "GazeDataset('mine', 3 examples)": images,
        "Example('a', (4, 6), 2 fixations of 2 viewers, mask, label 0)": images[0],
        "VideoDataset('films', 3 examples)": videos,
        "VideoExample('b', 3 frames of (4, 6), 2 points of gaze, labels (0,))": videos[1],
        "ReadingReport('2 images, 3 viewers, 5 fixations, 2 masks')": datasets.GazeDataset(
            "own", images.examples[:2], datasets.ReadingReport()
        ).report,
        "FixationPool(5 fixations on 3 images)": images.pool,
        "Evaluation('salient_object', 300 examples of 'dut_omron')": evaluation,
        "AuditResult(300 rows, GazeDataset('mine', 3 examples))": audit,
        "Gallery(indices=[0])": maps,
        "Run('salient_object', 'dut_omron-vgg16-supervised-fold0-seed0', folder='f')": Run(
            None, config, "f"
        ),
        "Predictions(2 files in 'f')": Predictions("f", ("a", "b"), evaluation.rows),
        "Written(0 tables, 1 files)": sheets.Written(rows, (), ("I.csv",), "Table I"),
        "Results(300 rows of 1 folders)": Results(rows, {}, {}),
    }
    assert {repr(one): one for one in shown.values()} == shown
