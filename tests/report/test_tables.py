"""The paper's tables from evaluation files that were made by hand: cells and errors."""

import numpy as np
import pandas as pd
import pytest
from conftest import real, refused
from made_runs import curve, save_references, save_run, save_study

from keras_attn.mechanisms import MECHANISMS
from keras_attn.report.paper.printed import PRINTED, paper_cells
from keras_attn.report.paper.tables import extreme
from keras_attn.report.tables import sheets

COLUMNS = "table,dataset,backbone,fusion,subset,attention,metric,value,low,high,n"
COLUMNS += ",share,share_low,share_high,behind,behind_low,behind_high,behind_p,within_noise"


def cell(folders, table, metric, subset="all", **labels):
    """The one cell of that kind that the folders have."""
    found = sheets.cells(sheets.read(folders))
    labels |= {"table": table, "metric": metric, "subset": subset}
    for name, value in labels.items():
        found = found[found[name] == value]
    assert len(found) == 1
    return found.iloc[0]


# --- the paper's numbers ------------------------------------------------------------------------


def test_the_papers_tables_are_copied_whole():
    paper = paper_cells()
    assert len(paper) == 500 and not paper.duplicated(list(sheets.KEYS)).any()
    assert paper["value"].between(-10, 10).all()
    values = paper.set_index(list(sheets.KEYS))["value"]
    printed = {
        ("I", "dut_omron", "resnet50", "", "all", "human", "max_f"): 0.828,
        ("I", "pascal_s", "alexnet", "", "all", "activation", "mae"): 0.158,
        ("II", "dut_omron", "resnet50", "", "worst", "softmax", "ig"): -4.338,
        ("II", "pascal_s", "vgg16", "", "best", "supervised", "s_auc"): 0.760,
        ("V", "dut_omron", "alexnet", "", "all", "activation", "ig"): -0.096,
        ("V", "pascal_s", "resnet50", "", "all", "human", "ig"): 3.058,
    }
    assert {key: values[key] for key in printed} == printed


def test_two_misprints_of_the_paper_are_read_as_meant(tmp_path):
    paper = paper_cells().query("dataset == 'pascal_s' and backbone == 'resnet50'")
    mae = paper.query("table == 'I' and metric == 'mae'").set_index("attention")["value"]
    assert (mae["softmax"], mae["sigmoid"]) == (0.078, 0.077)
    run = {"id": ["1"]}
    shown = save_run(tmp_path / "a", run, dataset="pascal_s", backbone="resnet50")
    other = save_run(tmp_path / "b", run, dataset="pascal_s", backbone="vgg16")
    sentence = "prints the MAE of ResNet50 on PASCAL-S as 0.78"
    assert sentence in str(sheets.write([shown], tmp_path / "with"))
    assert sentence not in str(sheets.write([other], tmp_path / "without"))


def test_the_copy_is_the_shared_table():
    assert PRINTED.read_bytes() == real("paper/tables.csv").read_bytes()


# --- cells --------------------------------------------------------------------------------------


def test_max_f_is_the_maximum_of_the_pooled_curve_not_the_mean_of_maxima(tmp_path):
    """Folds of 2 and 1 images peak at different thresholds: (0.9 + 0.7 + 0.2) / 3 = 0.6."""
    first = save_run(tmp_path / "0", {"id": ["1", "2"]}, [curve(0.9, 0.1), curve(0.7, 0.1)])
    second = save_run(tmp_path / "1", {"id": ["3"]}, [curve(0.2, 0.8)], fold=1)
    found = cell([first, second], "I", "max_f")
    assert found["value"] == pytest.approx(0.6)
    assert found["value"] != pytest.approx((0.8 + 0.8) / 2)
    assert found["n"] == 3
    assert found["low"] <= found["value"] <= found["high"]


def test_mae_is_that_of_the_scaled_map(tmp_path):
    scores = {"id": ["1", "2"], "mae": [0.1, 0.4], "mae_raw": [0.7, 0.7]}
    found = cell([save_run(tmp_path / "a", scores)], "I", "mae")
    assert found["value"] == pytest.approx(0.25)
    assert (found["low"], found["high"]) == pytest.approx((0.1, 0.4))


def test_the_best_and_the_worst_are_a_fifth_by_adaptive_f_over_all_folds(tmp_path):
    """Of 10 images 2 each: 9 and 8, 0 and 1, whatever their fold."""
    values = np.arange(10) / 10
    folders = []
    for fold in range(2):
        own = values[fold::2]
        scores = {"id": [f"{v}" for v in own], "adaptive_f": own, "s_auc": own, "ig": -own}
        folders.append(save_run(tmp_path / f"{fold}", scores, fold=fold))
    assert cell(folders, "II", "s_auc", "best")["value"] == pytest.approx(0.85)
    assert cell(folders, "II", "s_auc", "worst")["value"] == pytest.approx(0.05)
    assert cell(folders, "II", "ig", "worst")["value"] == pytest.approx(-0.05)


@pytest.mark.parametrize(("images", "taken"), [(1, 1), (4, 1), (10, 2), (499, 99), (5164, 100)])
def test_how_many_are_extreme(images, taken):
    assert extreme(images) == taken


def test_ties_are_taken_in_the_order_of_the_ids(tmp_path):
    scores = {"id": list("edcba"), "adaptive_f": 0.5, "s_auc": [5.0, 4, 3, 2, 1]}
    folder = save_run(tmp_path / "a", scores)
    assert cell([folder], "II", "s_auc", "best")["value"] == 1
    assert cell([folder], "II", "s_auc", "worst")["value"] == 5


def test_images_without_fixations_are_counted_out(tmp_path):
    """They still take part in the ranking: the best two are 9 and 8, and 9 has no gaze."""
    values = np.arange(10) / 10
    seen = np.where(values == 0.9, np.nan, values)
    scores = {"id": list("0123456789"), "adaptive_f": values, "s_auc": seen, "ig": seen}
    folder = save_run(tmp_path / "a", scores)
    every, best = cell([folder], "V", "s_auc"), cell([folder], "II", "ig", "best")
    assert (every["value"], every["n"]) == (pytest.approx(0.4), 9)
    assert (best["value"], best["n"]) == (pytest.approx(0.8), 1)
    assert np.isnan(best["low"]) and np.isnan(best["high"])
    assert cell([folder], "I", "mae")["n"] == 10


def test_seeds_are_averaged_for_each_image_first(tmp_path):
    """Curves of image 1 average to 0.5 at two thresholds; of image 2 there is one seed alone."""
    scores = [{"id": ["1", "2"], "mae": [0.1, 0.5]}, {"id": ["1"], "mae": [0.3]}]
    curves = [[curve(1, 0), curve(0.5, 0.7)], [curve(0, 1)]]
    folders = [
        save_run(tmp_path / f"{seed}", scores[seed], curves[seed], seed=seed) for seed in range(2)
    ]
    mae, max_f = cell(folders, "I", "mae"), cell(folders, "I", "max_f")
    assert (mae["value"], mae["n"]) == (pytest.approx((0.2 + 0.5) / 2), 2)
    assert (max_f["value"], max_f["n"]) == (pytest.approx((0.5 + 0.7) / 2), 2)
    assert "1 to 2" not in str(sheets.write(folders, tmp_path / "out"))
    assert "2 images, 1 fold, 2 seeds, averaged for each image first" in (
        (tmp_path / "out" / "I.md").read_text(encoding="utf-8")
    )


@pytest.mark.slow
def test_cells_come_in_the_order_of_the_paper(tmp_path):
    found = sheets.cells(sheets.read(save_study(tmp_path)))
    assert ",".join(found.columns) == COLUMNS
    assert list(dict.fromkeys(found["table"])) == ["I", "II", "V"]
    first = found[found["table"] == "I"]
    assert list(dict.fromkeys(first["dataset"])) == ["dut_omron", "pascal_s"]
    assert list(dict.fromkeys(first["attention"])) == [*MECHANISMS, "own_100%|&"]
    assert first["backbone"].tolist()[:4] == ["alexnet", "alexnet", "vgg16", "vgg16"]
    # 11 pairs of backbone and attention, two datasets, columns of I, II and V.
    assert len(found) == 11 * 2 * (2 + 4 + 2)


def test_a_network_without_attention_has_table_one_alone(tmp_path):
    folder = save_run(tmp_path / "a", {"id": ["1", "2"]}, attention="own")
    rows = pd.read_csv(folder / "examples.csv").drop(columns=["s_auc", "ig"])
    rows.to_csv(folder / "examples.csv", index=False)
    assert set(sheets.cells(sheets.read(folder))["table"]) == {"I"}


def test_the_summary_of_one_evaluation_is_that_of_the_tables(tmp_path):
    scores = {"id": ["1", "2", "3"], "mae": [0.1, 0.2, 0.4], "s_auc": [0.5, np.nan, 0.7]}
    curves = np.array([curve(0.1, 0.9), curve(0.3, 0.2), curve(0.8, 0.4)])
    folder = save_run(tmp_path / "a", scores, curves)
    rows = pd.read_csv(folder / "examples.csv")
    summary = sheets.summary(rows, {"f_curve": curves, "e_curve": curves})
    found = sheets.cells(sheets.read(folder)).query("subset == 'all'")
    assert summary["metric"].tolist() == ["max_f", "mae", "s_auc", "ig"]
    numbers = ["value", "low", "high", "n"]
    np.testing.assert_allclose(summary[numbers], found[numbers], rtol=1e-6)


# --- errors -------------------------------------------------------------------------------------


def test_what_is_missing_is_named(tmp_path):
    with refused("nowhere", "folder", "no such folder"):
        sheets.read([tmp_path / "nowhere"])
    folder = save_run(tmp_path / "a", {"id": ["1"]})
    (folder / "arrays.npz").unlink()
    with refused("arrays.npz", received="no such file"):
        sheets.read([folder])
    (folder / "examples.csv").unlink()
    with refused("examples.csv", received="no such file"):
        sheets.read([folder])
    with refused("folders", "run folder"):
        sheets.read([])


@pytest.mark.parametrize("column", ["id", "fold", "mae", "adaptive_f", "ig"])
def test_a_missing_column_is_named(tmp_path, column):
    folder = save_run(tmp_path / "a", {"id": ["1"]})
    rows = pd.read_csv(folder / "examples.csv").drop(columns=column)
    rows.to_csv(folder / "examples.csv", index=False)
    with refused("examples.csv", column, f"no {column}"):
        sheets.read([folder])


def test_arrays_that_are_not_those_of_the_rows_are_refused(tmp_path):
    folder = save_run(tmp_path / "a", {"id": ["1", "2"]})
    good = [curve(0.5)] * 2
    for ids, curves, expected, received in (
        (["1"], good, ("2 ids", "examples.csv"), "1 "),
        (["1", "3"], good, "'2' in place 1", "'3'"),
        (["2", "1"], good, "'1' in place 0", "'2'"),
        (["1", "2"], good[:1], ("f_curve", "finite", "(2, 256)"), "(1, 256)"),
        (["1", "2"], [curve(0.5), curve(np.nan)], "f_curve", "1 not finite"),
    ):
        np.savez(folder / "arrays.npz", id=np.array(ids), f_curve=curves, notes=np.array([], str))
        with refused("arrays.npz", expected, received):
            sheets.read([folder])


def test_unreadable_files_are_named(tmp_path):
    folder = save_run(tmp_path / "a", {"id": ["1"]})
    whole = (folder / "arrays.npz").read_bytes()
    for damaged in (b"", b"PK no archive", whole[: len(whole) // 2], whole[:60] + whole[90:]):
        (folder / "arrays.npz").write_bytes(damaged)
        with refused("arrays.npz"):
            sheets.read([folder])
    np.savez(folder / "arrays.npz", id=np.array(["1"], object), f_curve=[curve(1)], notes=["x"])
    with refused("arrays.npz", received="pickle"):
        sheets.read([folder])
    text = (folder / "examples.csv").read_text()
    for damaged in ("", text.replace("0.1", "a lot"), text + ",,,,,,,,,,,,,,,,,,\n", "\x00"):
        (folder / "examples.csv").write_text(damaged)
        with refused("examples.csv"):
            sheets.read([folder])


def test_the_same_example_twice_names_both_folders(tmp_path):
    folders = [save_run(tmp_path / name, {"id": ["1", "2"]}) for name in ("first", "again")]
    with refused("again", received=("id 1,", "first")):
        sheets.read(folders)
    save_run(tmp_path / "unnumbered", {"id": ["7"]}, fold="", seed="")
    save_run(tmp_path / "likewise", {"id": ["7"]}, fold="", seed="")
    with refused("likewise", received=("id 7,", "unnumbered")):
        sheets.read([tmp_path / "unnumbered", tmp_path / "likewise"])


def test_another_task_is_refused(tmp_path):
    folder = save_run(tmp_path / "a", {"id": ["1"]}, task="chess")
    with refused("examples.csv, task", received="'chess'"):
        sheets.read([folder])


def test_references_alone_make_no_table(tmp_path):
    references = save_references(tmp_path / "r", {"centre": [(0.5, 0.0)]})
    with refused("folders", "run of a network"):
        sheets.write([references], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_ids_stay_as_they_are_written(tmp_path):
    folder = save_run(tmp_path / "a", {"id": ["1", "01", "NA", "1.0"]}, dataset="pascal_s")
    results = sheets.read([folder])
    assert results.rows["id"].tolist() == ["1", "01", "NA", "1.0"]
    assert cell([folder], "I", "mae")["n"] == 4
