"""One audit by condition: the numbers of each condition alone, and how they differ."""

import numpy as np
import pandas as pd
import pytest
from conftest import check_error_line, refused

import keras_attn as ka
from keras_attn.datasets.drawing import drawn_in
from keras_attn.evaluation import rows
from keras_attn.evaluation.rows import REFERENCES, SIDES
from keras_attn.metrics.columns import COLUMNS
from keras_attn.shell import cli
from keras_attn.statistics import bootstrap_interval, paired_p

pytestmark = pytest.mark.slow

ABOUT_DATA = ("dataset", *rows.SCORED, *rows.TRAINED)
CALLS = []


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Drawn scenes in pairs; every other viewer searches, on one image none; some do not say."""
    data = ka.datasets.miniature(images=6, root=tmp_path_factory.mktemp("m") / "scenes")
    root = drawn_in(data)
    table = pd.read_csv(root / "fixations.csv", dtype=str)
    viewers = {name: place for place, name in enumerate(sorted(table["subject"].unique()))}
    places = table["subject"].map(viewers)
    table["task"] = np.where(places % 2, "search", "free")
    table.loc[table["image"].str.startswith(data[2].id), "task"] = "free"
    table.loc[table.index % 17 == 0, "task"] = ""
    table["stamp"] = np.arange(len(table))
    table.to_csv(root / "fixations.csv", index=False)
    pairs = "".join(f"{e.id},pair{n // 2}\n" for n, e in enumerate(data))
    (root / "groups.csv").write_text(f"image,group\n{pairs}", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def data(root):
    return ka.datasets.folder(root)


def brightness(batch):
    CALLS.append(len(batch))
    return batch.mean(axis=-1)


@pytest.fixture(scope="module")
def result(data):
    CALLS.clear()
    return ka.audit(brightness, data, by="task", gallery=3, progress=False)


def test_the_rows_of_a_condition_are_those_of_an_audit_of_it_alone(result, data):
    assert CALLS[0] == 6  # maps are made once for all conditions
    assert result.rows["condition"].unique().tolist() == ["task=free", "task=search"]
    for task in ("free", "search"):
        alone = ka.audit(brightness, data, where={"task": task}, progress=False)
        own = result.rows[result.rows["condition"] == f"task={task}"].reset_index(drop=True)
        scores = [name for name in alone.rows if name not in ABOUT_DATA]
        pd.testing.assert_frame_equal(own[scores], alone.rows[scores])
        examples = result.examples.query("condition == @own.condition[0]").reset_index(drop=True)
        theirs = alone.examples.drop(columns=["dataset", *rows.SCORED])
        pd.testing.assert_frame_equal(examples[theirs.columns], theirs)
        assert "condition" not in alone.rows and alone.dataset.name.endswith(f", task={task}")


def test_every_condition_has_its_references_and_its_images(result):
    search = result.rows[result.rows["condition"] == "task=search"]
    assert search["model"].tolist() == ["brightness", *REFERENCES]
    assert (search["images"] == 5).all()
    assert (search.loc[search["model"] == "centre", "ig"] == 0).all()


def test_differences_are_those_of_pairs_of_the_same_images_in_their_groups(result):
    free, search = (
        result.examples.query("model == 'brightness' and condition == @name").set_index("image")
        for name in ("task=free", "task=search")
    )
    pairs = search.merge(free[["s_auc"]], left_index=True, right_index=True, suffixes=("", "_free"))
    apart = pairs["s_auc"] - pairs["s_auc_free"]
    row = result.rows.query("model == 'brightness' and condition == 'task=search'").iloc[0]
    assert len(pairs) == 5 and row["s_auc_difference"] == pytest.approx(apart.mean())
    interval = bootstrap_interval(apart, groups=pairs["group"].tolist())
    found = row[["s_auc_difference_low", "s_auc_difference_high"]].astype(float)
    assert tuple(found) == pytest.approx(interval)
    p = paired_p(pairs["s_auc"], pairs["s_auc_free"], pairs["group"].tolist())
    assert row["s_auc_difference_p"] == pytest.approx(p)
    assert row["s_auc_difference_side"] == ("" if p >= 0.05 else SIDES[np.sign(apart.mean())])
    first = result.rows[result.rows["condition"] == "task=free"]
    assert first["s_auc_difference"].isna().all()


def test_intervals_of_an_audit_are_over_groups(result, data):
    examples = result.examples.query("model == 'brightness' and condition == 'task=free'")
    row = result.rows.query("model == 'brightness' and condition == 'task=free'").iloc[0]
    for column in COLUMNS:
        low, high = bootstrap_interval(examples[column.key], groups=examples["group"].tolist())
        assert (row[f"{column.key}_low"], row[f"{column.key}_high"]) == pytest.approx((low, high))
    assert "3 groups of images" in str(result) and "too narrow" in str(result)


def test_the_first_condition_is_the_first_that_where_names(data):
    where = {"task": ["search", "free"]}
    result = ka.audit(brightness, data, where=where, by="task", gallery=1, progress=False)
    assert list(result.parts) == ["task=search", "task=free"]
    assert "less the same map under task=search" in str(result)


def test_the_table_and_the_page_tell_each_condition(result, tmp_path):
    text = str(result)
    for name in ("task=free", "task=search"):
        assert f"brightness · map | {name}" in text and f"under {name}, " in text
        assert f"{name}: {result.parts[name].report.points} fixations of" in text
    told = sum(part.report.points for part in result.parts.values())
    silent = result.dataset.report.points - told
    assert silent > 0 and f"{silent} fixations are under none of these conditions" in text
    folder = result.save(tmp_path / "out")
    page = (folder / "audit.html").read_text(encoding="utf-8")
    assert "How the conditions differ" in page and "all_observers | task=search" in page
    assert pd.read_csv(folder / "rows.csv")["condition"].nunique() == 2
    alone = ka.audit(brightness, result.dataset.where(task="free"), gallery=1, progress=False)
    assert (
        "How the conditions differ"
        not in alone.save(tmp_path / "b").joinpath("audit.html").read_text()
    )


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"by": "tsk"}, ("by", ("fixations.csv", "task"), "'tsk'")),
        ({"by": ["task"]}, ("by", "column", "'task'")),
        ({"where": "task=search"}, ("where", "dict", "'task=search'")),
        ({"by": "stamp"}, ("by 'stamp'", ("2 to 12 values", "where", "--where"))),
        ({"by": "task", "where": {"task": "free"}}, ("by 'task'", "2 to 12 values", "1: free")),
        ({"where": {"task": "fre"}}, ("where task", ("free", "search"), "'fre'")),
        ({"where": {"stamp": ["1", "2"]}}, ("dataset", "two images")),
    ],
)
def test_conditions_that_cannot_be_compared_are_one_error(data, options, facts):
    with refused(*facts):
        ka.audit(brightness, data, progress=False, **options)


def test_the_command_takes_where_and_by(root, tmp_path, capsys):
    maps = tmp_path / "maps"
    maps.mkdir()
    for example in ka.datasets.folder(root):
        np.save(maps / f"{example.id}.npy", np.random.default_rng(0).random((8, 10)))
    command = ["audit", str(root), "--model", str(maps), "--out", str(tmp_path / "out")]
    chosen = ["--where", "task=search", "--where", "task=free", "--by", "task", "--gallery", "2"]
    assert cli.main([*command, *chosen]) == 0
    rows = pd.read_csv(tmp_path / "out" / "rows.csv")
    assert rows["condition"].unique().tolist() == ["task=search", "task=free"]
    assert cli.main([*command, "--where", "search", "--overwrite"]) == 2
    check_error_line(capsys.readouterr().err, "--where", "COLUMN=VALUE", "search")
