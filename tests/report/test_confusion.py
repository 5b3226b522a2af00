"""Confusions, classes and curves of classifiers, from rows made by hand."""

import numpy as np
import pandas as pd
import pytest
from conftest import refused
from made_runs import save_run

from keras_attn.report.figures import curves
from keras_attn.report.tables import confusion, sheets

ROWS = {
    "id": ["a", "b", "c", "d"],
    "class": ["wren", "wren", "tit", "tit"],
    "predicted": ["wren", "tit", "tit", "tit"],
    "correct": [1.0, 0.0, 1.0, 1.0],
}
WHO = {"task": "fine_grained", "dataset": "cub_vwsw"}


def saved(folder, rows=ROWS, **labels):
    return save_run(folder, {**rows, **WHO, **labels}, **{k: v for k, v in labels.items()})


def test_a_matrix_counts_what_was_taken_for_what():
    counts = confusion.matrix(pd.DataFrame(ROWS))
    assert counts.loc["wren"].to_dict() == {"tit": 1, "wren": 1}
    assert counts.loc["tit"].to_dict() == {"tit": 2, "wren": 0}


def test_a_class_that_was_told_but_never_shown_has_a_column():
    rows = pd.DataFrame({"class": ["wren"], "predicted": ["jay"]})
    counts = confusion.matrix(rows)
    assert list(counts.index) == list(counts.columns) == ["jay", "wren"]
    assert counts.to_numpy().sum() == 1


def test_each_class_has_its_accuracy_with_an_interval():
    classes = confusion.per_class(pd.DataFrame(ROWS)).set_index("class")
    assert classes.loc["wren", ["n", "correct", "accuracy"]].tolist() == [2, 1, 0.5]
    assert classes.loc["tit", "accuracy"] == 1 and classes.loc["tit", "low"] < 0.5


def test_seeds_are_pooled_and_attentions_are_not(tmp_path):
    folders = [
        saved(tmp_path / f"{attention}{seed}", attention=attention, seed=seed)
        for attention in ("human", "activation")
        for seed in (0, 1)
    ]
    paths = confusion.write(folders, tmp_path / "out")
    classes = pd.read_csv(paths[0])
    assert list(dict.fromkeys(classes["attention"])) == ["activation", "human"]
    assert set(classes["n"]) == {4}
    assert pd.read_csv(paths[1])["count"].sum() == 16


def test_other_tasks_have_no_confusions(tmp_path):
    folder = save_run(tmp_path / "one", {"id": ["a", "b"]})
    assert confusion.write([folder], tmp_path / "out") == []
    assert not (tmp_path / "out").exists()


def test_accuracy_over_seeds_is_a_share_with_wilsons_interval(tmp_path):
    other = {**ROWS, "correct": [0.0, 0.0, 1.0, 1.0]}
    folders = [saved(tmp_path / "0", seed=0), saved(tmp_path / "1", other, seed=1)]
    cells = sheets.cells(sheets.read(folders)).set_index("metric")
    cell = cells[cells["table"] == "VII"].loc["accuracy"]
    assert cell["value"] == pytest.approx(5 / 8) and cell["n"] == 4
    assert 0 < cell["low"] < 5 / 8 < cell["high"] < 1


def test_a_fooling_rate_counts_an_image_once_for_each_seed_that_had_it_right(tmp_path):
    """Right under both seeds, one, one and none; fooled in one, one, none: 2 of 4."""
    scores = ([1.0, 1.0, np.nan, np.nan], [0.0, np.nan, 0.0, np.nan])
    folders = []
    for seed, rates in enumerate(scores):
        rows = {"id": list("abcd"), "fooling_rate": rates, "fooling_rate_all": 1.0}
        who = {"task": "adversarial", "dataset": "cub_vwsw", "seed": seed}
        folders.append(save_run(tmp_path / str(seed), {**rows, **who}, seed=seed))
    cells = sheets.cells(sheets.read(folders)).set_index("metric")
    assert cells.loc["fooling_rate", "value"] == pytest.approx(2 / 4)
    assert (cells.loc["fooling_rate", "n"], cells.loc["fooling_rate_all", "n"]) == (3, 4)


def test_rates_are_of_the_images_told_rightly_before(tmp_path):
    rows = {
        "id": list("abcd"),
        "correct": [1, 1, 0, 1],
        "fooled_8": [1, 1, 1, 0],
        "fooled_0.5": [0, 1, 0, 0],
    }
    tmp_path.joinpath("examples.csv").write_text(pd.DataFrame(rows).to_csv(index=False))
    found = curves.rates([tmp_path])
    assert found["epsilon"].tolist() == [0.5, 8]
    np.testing.assert_allclose(found["of_correct"], [1 / 3, 2 / 3])
    np.testing.assert_allclose(found["of_all"], [1 / 4, 3 / 4])
    assert (found["n"] == 3).all()


def test_rows_that_are_no_attack_are_named(tmp_path):
    with refused("examples.csv", "attacked"):
        curves.rates([tmp_path])
    tmp_path.joinpath("examples.csv").write_text("id,correct\na,1\n")
    with refused(expected=("id", "correct", "fooled_<ε>"), received="id, correct"):
        curves.rates([tmp_path])


def test_the_papers_numbers_of_task_three_stand_beside_ours(tmp_path):
    saved(tmp_path / "one", attention="human", backbone="resnet50")
    made = sheets.write([tmp_path / "one"], tmp_path / "tables")
    assert [path.name for path in made.paths if path.suffix == ".md"] == [
        "VII.md",
        "VIII.md",
        "IX.md",
    ]
    assert "(0.556)" in (tmp_path / "tables" / "VII.md").read_text()
    assert "Wilson" in (tmp_path / "tables" / "VII.md").read_text()
    assert "CUB-VWSW" in (tmp_path / "tables" / "IX.tex").read_text()


def test_tables_of_other_tasks_in_the_folder_stay(tmp_path):
    saved(tmp_path / "one")
    sheets.write([tmp_path / "one"], tmp_path / "tables")
    other = save_run(tmp_path / "two", {"id": ["a", "b"]})
    sheets.write([other], tmp_path / "tables", overwrite=True)
    names = {path.stem for path in (tmp_path / "tables").iterdir()}
    assert {"I", "V", "VII", "VIII", "IX"} <= names


def test_rates_pool_the_seeds_of_a_network(tmp_path):
    for seed, correct in enumerate(([1, 1], [1, 0])):
        rows = pd.DataFrame({"id": ["a", "b"], "correct": correct, "fooled_1": [1, 0]})
        (tmp_path / str(seed)).mkdir()
        rows.to_csv(tmp_path / str(seed) / "examples.csv", index=False)
    found = curves.rates([tmp_path / "0", tmp_path / "1"]).iloc[0]
    assert found["of_correct"] == pytest.approx(2 / 3) and found["n"] == 2


def test_attacks_of_different_sizes_are_not_pooled(tmp_path):
    folders = []
    for seed, epsilon in enumerate((1.0, 8.0)):
        rows = {"id": ["a"], "fooling_rate": 1.0, "fooling_rate_all": 1.0, "search": "fixed"}
        who = {"task": "adversarial", "dataset": "cub_vwsw", "seed": seed, "epsilon": epsilon}
        folders.append(save_run(tmp_path / str(seed), {**rows, **who}, seed=seed))
    with refused(str(folders[1]), ("epsilon 1", "'fixed'"), "epsilon 8"):
        sheets.read(folders)


def test_explicit_attentions_are_tested_against_implicit_ones_on_the_same_images(tmp_path):
    """human is right on 9 of 10 images, activation on 3 of them: six differ, all one way."""
    ids, folders = list("abcdefghij"), []
    for attention, right in (("human", 9), ("activation", 3)):
        rows = {"id": ids, "class": "a", "predicted": "a"}
        rows["correct"] = [1.0] * right + [0.0] * (10 - right)
        folders.append(saved(tmp_path / attention, rows, attention=attention))
    sheets.write(folders, tmp_path / "tables")
    page = (tmp_path / "tables" / "VII.md").read_text()
    assert "human − activation 0.600, p = 0.0" in page and "Holm" in page
    assert "human − activation" not in (tmp_path / "tables" / "VIII.md").read_text()
