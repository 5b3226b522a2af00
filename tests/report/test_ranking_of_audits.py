"""`compare`: audits on the same data make one ranking, and others are refused."""

import json

import numpy as np
import pandas as pd
import pytest
from conftest import refused
from made_audits import by_task

import keras_attn as ka
from keras_attn.report.ranking import table
from keras_attn.statistics import holm, paired_p


def red(images):
    """Where an image is red."""
    return images[..., 0] - images.mean(axis=-1)


def dark(images):
    """Where it is dark."""
    return 255 - images.mean(axis=-1)


def bright(images):
    """Where it is bright."""
    return images.mean(axis=-1)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return ka.datasets.miniature(images=12, root=tmp_path_factory.mktemp("ranked") / "scenes")


@pytest.fixture(scope="module")
def audits(data):
    made = ({"red": red}, {"dark": dark, "bright": bright})
    return [ka.audit(models, data, gallery=2, progress=False) for models in made]


@pytest.fixture(scope="module")
def ranking(audits):
    return ka.compare(audits)


def test_maps_stand_from_the_best_on_with_the_references_between(audits, ranking):
    rows = ranking.rows
    assert (np.diff(rows["s_auc"]) <= 0).all()
    assert rows["rank"].dropna().tolist() == [1, 2, 3]
    assert rows.loc[rows["rank"].isna(), "model"].is_unique  # of two audits each stands once
    assert set(rows.loc[rows["rank"].notna(), "audit"]) == {"audit 1", "audit 2"}
    both = pd.concat([one.rows for one in audits]).drop_duplicates("model").set_index("model")
    for _, row in rows.iterrows():
        assert row["ig"] == both.loc[row["model"], "ig"]
        assert row["s_auc_low"] == both.loc[row["model"], "s_auc_low"]


def test_what_is_behind_is_tested_over_the_same_images(audits, ranking):
    examples = pd.concat([one.examples for one in audits]).drop_duplicates(["model", "image"])
    scores = {name: part.set_index("image")["s_auc"] for name, part in examples.groupby("model")}
    best, *others = ranking.rows.loc[ranking.rows["rank"].notna(), "model"]
    p_values = holm([paired_p(scores[best], scores[name]) for name in others])
    rows = ranking.rows.set_index("model")
    for name, p in zip(others, p_values, strict=True):
        assert rows.loc[name, "behind_p"] == pytest.approx(p)
        assert rows.loc[name, "behind"] == pytest.approx((scores[best] - scores[name]).mean())
        assert rows.loc[name, "behind_low"] < rows.loc[name, "behind"]
        assert rows.loc[name, "tied"] == (p >= 0.05)
    assert rows.loc[best, "tied"] and rows.loc[best, "behind"] == 0


def test_less_is_better_of_kl(audits):
    rows = ka.compare(audits, metric="kl").rows
    known = rows["kl"].dropna()
    assert (np.diff(known) >= 0).all() and np.isnan(rows["kl"].iloc[len(known) :]).all()
    ranked = rows[rows["rank"].notna()]
    assert (ranked["behind"] >= 0).all()


def test_the_same_audit_twice_is_tied_with_itself(audits):
    rows = ka.compare([audits[0], audits[0]]).rows
    assert (
        rows.loc[rows["rank"] == 2, "tied"].item()
        and rows.loc[rows["rank"] == 2, "behind_p"].item() == 1
    )


def test_files_rank_as_results_do_and_are_named_by_their_folders(audits, ranking, tmp_path):
    folders = [one.save(tmp_path / name) for one, name in zip(audits, ("a", "b"), strict=True)]
    found = ka.compare([folders[0], folders[1] / "audit.json"], out=tmp_path / "out")
    assert set(found.rows["audit"]) == {"", "a", "b"}
    same = [name for name in found.rows if name != "audit"]
    pd.testing.assert_frame_equal(found.rows[same], ranking.rows[same])
    text = (tmp_path / "out" / "ranking.html").read_text(encoding="utf-8")
    assert text.count("<tr") == len(found.rows) + 1 and "say nothing about people" in text
    assert len(pd.read_csv(tmp_path / "out" / "ranking.csv")) == len(found.rows)
    with refused(expected="overwrite"):
        ka.compare(folders, out=tmp_path / "out")
    with refused(received="twice"):
        ka.compare([folders[0], folders[0] / "audit.json"])


def test_folders_of_one_name_are_told_apart_by_their_paths(audits, tmp_path):
    folders = [
        one.save(tmp_path / place / "audit") for one, place in zip(audits, "ab", strict=True)
    ]
    found = ka.compare(folders).rows["audit"]
    assert set(found) == {"", *(str((folder / "audit.json").resolve()) for folder in folders)}


def test_no_map_is_said_to_agree_best_that_is_not_told_from_chance(ranking):
    best = ranking.rows[ranking.rows["rank"] == 1].iloc[0]
    told = str(ranking)
    assert (
        "≈ cannot be told from the best" in told and ranking.records["audit 1"].data["note"] in told
    )

    (sentence,) = table.best(ranking)
    assert ("agrees best" in sentence) == (best["s_auc_side"] == "better")


def test_the_table_tells_how_to_read_it_and_what_the_data_are(ranking):
    told = str(ranking)
    assert "≈ cannot be told from the best" in told and "chosen on these images" in told
    assert ranking.records["audit 1"].data["note"] in told


def test_conditions_are_ranked_each_for_itself(tmp_path):
    models = {"red": red, "dark": dark}
    made = [by_task({name: one}, tmp_path / name) for name, one in models.items()]
    rows = ka.compare(made).rows
    for _, part in rows.groupby("condition"):
        assert sorted(part["rank"].dropna()) == [1, 2]
    assert len(set(rows["condition"])) == 2


def other_gaze(tmp_path):
    data = ka.datasets.miniature(images=12, root=tmp_path / "scenes", seed=1)
    return ka.audit({"red": red}, data, gallery=1, progress=False)


def other_blur(tmp_path):
    data = ka.datasets.miniature(images=12, root=tmp_path / "scenes")
    return ka.audit({"red": red}, data, gallery=1, progress=False, fixation_sigma=0.05)


def fewer_images(tmp_path):
    data = ka.datasets.miniature(images=12, root=tmp_path / "scenes")
    return ka.audit({"red": red}, data.part("half", range(6)), gallery=1, progress=False)


def other_conditions(tmp_path):
    return by_task({"red": red}, tmp_path)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (other_gaze, "fingerprint of gaze"),
        (other_blur, "fixation_sigma"),
        (fewer_images, "fingerprint of gaze"),
        (other_conditions, "fingerprint of gaze"),
    ],
)
def test_audits_on_other_data_have_no_ranking_in_common(audits, make, told, tmp_path):
    with refused(expected=told):
        ka.compare([audits[0], make(tmp_path)])


def test_references_that_differ_are_told(audits, tmp_path):
    folders = [one.save(tmp_path / name) for one, name in zip(audits, "ab", strict=True)]
    path = folders[1] / "audit.json"
    values = json.loads(path.read_text())
    place = [row["model"] for row in values["rows"]].index("centre")
    values["rows"][place]["nss"] += 1
    values["scores"][place]["nss"] = [1 + one for one in values["scores"][place]["nss"]]
    path.write_text(json.dumps(values))
    with refused(expected="nss of centre as in"):
        ka.compare(folders)


@pytest.mark.parametrize("few", [[], ["a"]])
def test_one_audit_is_no_ranking(audits, few):
    with refused(expected="two or more"):
        ka.compare(audits[: len(few)])


def test_what_is_no_audit_is_refused(audits):
    with refused(expected="files audit.json"):
        ka.compare([audits[0], 3])
    with refused("metric"):
        ka.compare(audits, metric="max_f")


def test_the_command_prints_the_ranking_and_writes_its_page(audits, tmp_path, capsys):
    from keras_attn.shell import cli

    folders = [str(one.save(tmp_path / name)) for one, name in zip(audits, "ab", strict=True)]
    assert cli.main(["compare", *folders, "--metric", "ig", "--out", str(tmp_path / "out")]) == 0
    assert "IG ↑ [95 %]" in capsys.readouterr().out
    assert (tmp_path / "out" / "ranking.html").is_file()
    assert cli.main(["compare", folders[0], "--out", str(tmp_path / "two")]) == 2
    assert "two or more" in capsys.readouterr().err
