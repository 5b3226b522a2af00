"""Task 2 on a folder of one's own videos: trained, scored, and what it is refused without."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import refused
from drawn_videos import drawn, small

import keras_attn as ka
from keras_attn import configs
from keras_attn.configs.for_action import Schedule
from keras_attn.tasks import action

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def own(root):
    """Twelve drawn videos with flow, half of them to test on."""
    return drawn(root, "video_folder", videos=12)


def config(root, **changes):
    """That of a network trained on them, by the paths that the command line names."""
    place = {"root": root / "video_folder", "flow_root": root / "flow"}
    return small(name="video_folder", **place | changes)


@pytest.fixture(scope="module")
def run(own, root):
    read = action.read(config(root).data)
    assert read.fingerprint == own.fingerprint
    train, test = action.parts(config(root), read)
    return ka.train(config(root), train, validation=test, out=root / "run")


def blank(dataset, **changes):
    """The videos without what is named, as if its file were not there."""
    videos = tuple(replace(video, **changes) for video in dataset)
    return replace(dataset, examples=videos, whole=None, splits={})


def without_gaze(dataset):
    nothing = (np.zeros((0, 2)),) * dataset[0].frames, (np.zeros(0, str),) * dataset[0].frames
    return blank(dataset, points=nothing[0], subjects=nothing[1])


def test_a_network_learns_from_them_and_is_scored_as_on_the_published_ones(run, own):
    assert run.config.model.classes == own.classes and 0 < run.history["val_map"].iloc[-1] <= 1
    rows = ka.evaluate(run, own.split("test"), progress=False).rows
    assert len(rows) == 6 and rows[["s_auc", "ig", "correct"]].notna().all(axis=None)
    assert run.config.run_name == "video_folder-early-supervised-fold0-seed0"


def test_without_a_column_of_splits_the_folds_of_task_one_are_held_out(own):
    whole = replace(own, splits={})
    train, test = action.parts(small(name="video_folder", fold=1, folds=3), whole)
    assert (len(train), len(test)) == (8, 4)
    assert [e.id for e in test] == [e.id for e in whole.fold(1, of=3)[1]]


def test_without_classes_attention_alone_is_scored(run, own):
    """Its scores are those that it has with them."""
    test = own.split("test")
    videos = replace(test, classes=(), splits={}, examples=blank(test, labels=()).examples)
    alone, full = (ka.evaluate(run, data, progress=False) for data in (videos, test))
    np.testing.assert_array_equal(alone.rows["s_auc"], full.rows["s_auc"])
    assert alone.rows["correct"].isna().all() and set(alone.rows["class"]) == {""}
    told = alone.summary()["metric"].tolist()
    # The ceiling is that of the viewers who are told apart.
    more = {"entropy", "cc_others", "ceiling_s_auc", "ceiling_ig", "ig_share"}
    assert told[:2] == ["s_auc", "ig"] and set(told[2:]) <= more and "s_auc" in str(alone)
    with refused(expected=("two classes", "classes.csv")):
        action.resolved(small(name="video_folder"), videos)
    with refused(expected=("classes.csv", "gaze"), received="neither"):
        ka.evaluate(run, without_gaze(videos), progress=False)


def test_without_gaze_attention_that_needs_none_is_trained(own, root):
    train, test = (without_gaze(own.split(name)) for name in ("train", "test"))
    made = ka.train(small(attention="softmax"), train, validation=test, out=root / "no gaze")
    last = made.history.iloc[-1]
    assert np.isnan(last["val_s_auc"]) and last["val_map"] > 0
    for attention in ("supervised", "human"):
        with refused("dataset", ("gaze", f"'{attention}'", "--model.attention"), "none"):
            ka.train(small(attention=attention), train, out=root / attention)


def test_an_audit_says_what_scores_networks_of_clips(own):
    with refused(expected="ka.evaluate(model, data)"):
        ka.audit("model.keras", own)


def test_flow_that_is_not_there_is_told_with_the_command_that_makes_it(root, own):
    bare = action.read(config(root, flow_root=None).data)
    with refused(expected="tools/extract_flow.py VIDEOS --out FLOW_ROOT"):
        action.resolved(small(), bare)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("video_folder", {"subjects": (1,)}),
        ("video_folder", {"gaze": "elsewhere"}),
        ("ucf_sports", {"viewers": ("P01",)}),
        ("ucf_sports", {"first_frame": 1}),
    ],
)
def test_fields_that_a_reader_would_pass_over_are_refused(root, own, name, field):
    data = small(name=name, root=root / "video_folder", **field).data
    with refused(f"data.{next(iter(field))}", ("nothing", name)):
        action.read(data)


def test_viewers_and_numbers_of_frames_are_read_as_the_command_line_says(root, own):
    read = action.read(config(root, viewers=("P01", "P02")).data)
    assert read.report.viewers == 2
    assert configs.action("paper", name="video_folder").schedule == Schedule(
        10_000, 1e-4, (4_000, 8_000)
    )


def test_tables_are_read_as_the_configuration_says_they_are_written(root, own):
    tables = [root / "video_folder" / f"{name}.csv" for name in ("fixations", "classes")]
    before = [table.read_text() for table in tables]
    try:
        for table, text in zip(tables, before, strict=True):
            table.write_text(text.replace(",", ";"))
        again = action.read(config(root, separator=";").data)
    finally:
        for table, text in zip(tables, before, strict=True):
            table.write_text(text)
    assert again.fingerprint == own.fingerprint
