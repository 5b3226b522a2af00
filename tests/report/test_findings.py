"""Verdicts on the paper's claims from rows of a known answer."""

import numpy as np
import pandas as pd
import pytest
from made_runs import curve, save_run, save_videos

from keras_attn.datasets.drawing.scenes import ABOUT
from keras_attn.mechanisms import MECHANISMS
from keras_attn.report.paper import findings, wording
from keras_attn.report.paper.claims import CLAIMS
from keras_attn.report.tables import sheets

CLAIM = dict(CLAIMS)


def answers(folders, *keys):
    """The findings of these claims."""
    return findings.findings(folders, [CLAIM[key] for key in keys])


def answer(folders, key):
    [found] = answers(folders, key)
    return found


# --- ours ---------------------------------------------------------------------------------------

# Of each attention: the peak of its F-curve, MAE, s-AUC and IG, in the order that the paper claims.
ORDERED = {
    "activation": (0.5, 0.09, 0.55, 0.1),
    "softmax": (0.6, 0.08, 0.60, 0.2),
    "sigmoid": (0.7, 0.07, 0.65, 0.3),
    "supervised": (0.8, 0.06, 0.70, 0.4),
    "human": (0.9, 0.05, 0.75, 0.5),
}
BACKBONES = {"alexnet": 0, "vgg16": 0.01, "resnet50": 0.02}


def save_salient(root, named, notes=(), datasets=("dut_omron", "pascal_s"), noise=0.001):
    """Runs of five attentions on the three backbones, 20 images; named: as ORDERED."""
    rng, folders = np.random.default_rng(0), []
    for dataset in datasets:
        for backbone, more in BACKBONES.items():
            for attention, (peak, mae, s_auc, ig) in named.items():
                jitter = noise * rng.normal(size=20)
                scores = {"id": [f"{i:02d}" for i in range(20)], "mae": mae - more + jitter}
                # The images that are segmented best agree best with gaze.
                scores |= {"adaptive_f": np.arange(20) / 20, "s_auc": s_auc + np.arange(20) / 99}
                scores |= {"ig": ig + jitter}
                curves = [curve(peak + more + own) for own in jitter]
                labels = {"dataset": dataset, "backbone": backbone, "attention": attention}
                folders.append(root / f"{len(folders)}")
                save_run(folders[-1], scores, curves, notes, **labels)
    return folders


@pytest.mark.slow
def test_what_is_so_in_every_image_of_every_cell_is_supported(tmp_path):
    keys = ("human-salient", "sigmoid-salient", "closest-salient")
    found = answers(save_salient(tmp_path, ORDERED), *keys)
    for one in found:
        assert one.verdict == findings.SUPPORTED, one.claim.key
        assert set(one.states) == {1}
    rows = found[0].compared
    assert len(rows) == 2 * 3 * 2 * 4 and (rows["n"] == 20).all()
    own = rows.query("worse == 'sigmoid' and backbone == 'vgg16' and dataset == 'pascal_s'")
    gains = own.set_index("metric")["gain"]
    assert gains["max_f"] == pytest.approx(0.2, abs=1e-3)
    assert gains["mae"] == pytest.approx(0.02, abs=1e-3)


@pytest.mark.slow
def test_what_is_the_other_way_round_is_contradicted(tmp_path):
    turned = dict(zip(ORDERED, reversed(ORDERED.values()), strict=True))
    found = answers(save_salient(tmp_path, turned), "supervised-salient", "closest-salient")
    assert [one.verdict for one in found] == [findings.CONTRADICTED] * 2
    assert wording.as_markdown(found).count("**contradicted**") == 2


@pytest.mark.slow
def test_one_rival_that_is_clearly_better_speaks_against_a_cell(tmp_path):
    """Softmax is above sigmoid, activation below it."""
    named = {**ORDERED, "softmax": ORDERED["sigmoid"], "sigmoid": ORDERED["softmax"]}
    found = answer(save_salient(tmp_path, named), "sigmoid-salient")
    assert set(found.states) == {-1} and found.verdict == findings.CONTRADICTED
    assert found.weakest["worse"] == "softmax"


@pytest.mark.slow
def test_what_does_not_differ_is_undecided(tmp_path):
    named = dict.fromkeys(ORDERED, ORDERED["sigmoid"])
    found = answer(save_salient(tmp_path, named, noise=0), "supervised-salient")
    assert found.verdict == findings.UNDECIDED and set(found.states) == {0}
    assert (found.compared["gain"] == 0).all() and (found.compared["p"].dropna() == 1).all()


def test_a_claim_of_which_cells_are_missing_is_never_supported(tmp_path):
    found = answer(save_salient(tmp_path, ORDERED, datasets=("pascal_s",)), "human-salient")
    assert found.states == [1] * 6 and found.cells == 12
    assert found.verdict == findings.UNDECIDED
    assert "6 for, 0 against, of 6 (6 not measured)" in wording.as_markdown([found])


def test_a_cell_of_which_a_rival_is_missing_does_not_speak_for_the_claim(tmp_path):
    named = {name: ORDERED[name] for name in ("human", "sigmoid")}
    found = answer(save_salient(tmp_path, named), "human-salient")
    assert found.states == [0] * 12 and found.verdict == findings.UNDECIDED


@pytest.mark.slow
def test_rows_of_drawn_data_check_the_machinery_and_support_nothing(tmp_path):
    folders = save_salient(tmp_path, ORDERED, [f"{ABOUT} Other."])
    found = answers(folders, "supervised-salient", "human-birds")
    assert [one.verdict for one in found] == [findings.MACHINERY, findings.NOT_MEASURED]
    assert set(found[0].states) == {1} and found[1].compared.empty


@pytest.mark.slow
def test_subsets_and_backbones_are_compared_within_a_network_and_between(tmp_path):
    """Of 20 images 4 are the best ones, 16 to 19, and 4 the worst: 16 places of 1 / 99 apart."""
    keys = ("best-worst-salient", "vgg-over-alexnet", "resnet-best")
    extremes, vgg, resnet = answers(save_salient(tmp_path, ORDERED), *keys)
    rows = extremes.compared.query("metric == 's_auc'")
    assert len(rows) == 30 and rows["gain"].to_numpy() == pytest.approx(16 / 99)
    assert (rows["low"] > 0).all() and (rows["n"] == 8).all()
    # Of 4 and 4 values without overlap: 2 / C(8, 4), before Holm's correction.
    assert rows["p"].min() >= 2 / 70
    assert vgg.states == [1] * 20 and vgg.verdict == findings.UNDECIDED
    gains = resnet.compared.query("metric == 'max_f' and worse == 'alexnet'")["gain"]
    assert gains.to_numpy() == pytest.approx(0.02, abs=1e-3)


def ranked(right, count=40):
    """Class scores and labels of videos of two classes, of which the first `right` are told."""
    labels = np.eye(2)[np.arange(count) % 2]
    told = np.where(np.arange(count)[:, None] < right, labels, 1 - labels)
    return told * np.linspace(0.6, 0.9, count)[:, None] + 0.05, labels


def test_map_is_compared_by_resampling_videos_of_both_networks_at_once(tmp_path):
    folders = []
    for fusion in ("early", "late"):
        for name in MECHANISMS:
            right = {"human": 40, "activation": 10}.get(name, 24)
            folder = tmp_path / f"{fusion}{name}"
            folders.append(save_videos(folder, *ranked(right), fusion=fusion, attention=name))
    human, alike = answers(folders, "human-action", "supervised-action")
    rows = human.compared
    assert set(rows["metric"]) == {"map"} and rows["p"].isna().all()
    assert len(rows) == 8 and (rows["low"] > 0).all()
    # Two networks that rank alike do not differ in any resample, as independent ones would.
    assert alike.compared[["gain", "low", "high"]].to_numpy().tolist() == [[0, 0, 0]] * 4
    assert alike.compared["p"].isna().all()
    assert alike.states == [1, 1] and alike.verdict == findings.UNDECIDED


def test_a_difference_beyond_the_margin_speaks_against_a_claim_of_none(tmp_path):
    folders = []
    for name, right in (("sigmoid", 10), ("supervised", 40)):
        folders.append(save_videos(tmp_path / name, *ranked(right), attention=name))
    assert answer(folders, "supervised-action").states == [-1]
    assert answer(folders, "harmless-action").states == [1]


def test_what_speaks_against_more_than_little_does_not_speak_against_a_claim_of_no_harm(tmp_path):
    folders = []
    for name, right in (("sigmoid", 40), ("supervised", 10)):
        folders.append(save_videos(tmp_path / name, *ranked(right), attention=name))
    # Of the rivals that it is compared with, softmax is missing.
    assert answer(folders, "supervised-action").states == [0]
    assert answer(folders, "harmless-action").states == [-1]


def save_birds(folder, correct, **who):
    """A run of Task 3, an image for each of `correct`; the wrong ones agree less with gaze."""
    labels = np.array(["c0"] * len(correct))
    rows = {"id": [f"{i:03d}" for i in range(len(correct))], "class": labels}
    rows |= {"predicted": np.where(correct, "c0", "c1"), "correct": np.array(correct, float)}
    rows |= {"s_auc": np.where(correct, 0.8, 0.6) + np.arange(len(correct)) / 1e4}
    about = {"dataset": "cub_vwsw", "backbone": "vgg16", "attention": "sigmoid", **who}
    return save_run(folder, rows, task="fine_grained", **about)


def test_right_and_wrong_examples_are_compared_as_groups(tmp_path):
    """Means of 0.6 + 29.5e-4 and 0.8 + 9.5e-4."""
    found = answer([save_birds(tmp_path / "a", [1] * 20 + [0] * 20)], "negative-birds")
    row = found.compared.query("metric == 's_auc'").iloc[0]
    assert row["gain"] == pytest.approx(-0.2 + 20e-4)
    assert row["low"] <= row["gain"] <= row["high"] < 0
    assert found.states == [-1, 0]
    assert "negative − positive, CUB-VWSW, VGG16, sigmoid, s-AUC: −0.198" in wording.as_markdown(
        [found]
    )


def test_a_subset_of_one_example_has_no_interval(tmp_path):
    found = answer([save_birds(tmp_path / "a", [1] * 200 + [0])], "negative-birds")
    row = found.compared.query("metric == 's_auc'").iloc[0]
    assert row["gain"] < -0.1 and np.isnan(row["low"]) and found.states == [0, 0]
    assert "[–, –]" in wording.as_markdown([found])


def test_an_example_that_is_right_under_one_seed_alone_is_in_both_groups(tmp_path):
    """Seed 0: right, right, wrong; seed 1: right, wrong, wrong. s-AUC .8 where right, else .6."""
    folders = [
        save_birds(tmp_path / "0", [1, 1, 0], seed=0),
        save_birds(tmp_path / "1", [1, 0, 0], seed=1),
    ]
    row = answer(folders, "negative-birds").compared.query("metric == 's_auc'").iloc[0]
    assert row["gain"] == pytest.approx((0.6 + 5e-4 / 3) - (0.8 + 1e-4 / 3))
    assert row["n"] == 3
    cells = sheets.cells(sheets.read(folders)).query("table == 'IX' and metric == 's_auc'")
    values = cells.set_index("subset")["value"]
    assert row["gain"] == pytest.approx(values["negative"] - values["positive"])


def test_fooling_rates_are_compared_where_both_networks_were_right_and_lower_is_better(tmp_path):
    """Of four images human was right about 0, 1 and 2, sigmoid about 1, 2 and 3."""
    rates = {"human": [1, 0, 0, np.nan], "sigmoid": [np.nan, 1, 0, 1]}
    folders = []
    for name, own in rates.items():
        scores = {"id": list("0123"), "fooling_rate": own, "fooling_rate_all": 0.5}
        scores |= {"epsilon": 0.1, "search": "smallest"}
        who = {"task": "adversarial", "dataset": "cub_vwsw", "attention": name}
        folders.append(save_run(tmp_path / name, scores, **who))
    [row] = answer(folders, "human-robust").compared.to_dict("records")
    assert (row["gain"], row["n"]) == (0.5, 2)


def test_two_classifiers_that_agree_on_few_images_are_not_called_alike(tmp_path):
    """Of 30 images right under both an interval is wider than the margin; of 300 it is not."""
    for count, state in ((30, 0), (300, 1)):
        root = tmp_path / str(count)
        names = ("softmax", "sigmoid")
        folders = [save_birds(root / name, [1] * count, attention=name) for name in names]
        assert answer(folders, "alike-birds").states == [state]


# --- files --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_files_have_a_row_per_comparison_and_a_line_per_claim(tmp_path):
    folders = save_salient(tmp_path / "runs", ORDERED, datasets=("pascal_s",))
    paths = wording.write(findings.findings(folders), tmp_path / "out")
    assert [path.name for path in paths] == ["findings.md", "findings.csv"]
    page = paths[0].read_text(encoding="utf-8")
    left = 0
    for claim in CLAIMS.values():
        lines = [line for line in page.splitlines() if claim.words in line]
        measured = {"I", "II", "V"} >= set(claim.tables) or claim.key == "boost-resnet"
        few = {"resnet-best", "vgg-over-alexnet"}
        told = measured or claim.key in few
        assert [line[:2] for line in lines] == ["| "] * told, claim.key
        left += not told
    # What these rows have nothing of is a number in one line.
    assert f"{left} further claims are of tasks, networks or data that these rows do not" in page
    assert "max F 1 of 6 (1 the other way round), MAE 2 of 6" in page
    assert "10 of the 10 accuracies of Table III" in wording.grain()
    rows = pd.read_csv(paths[1], keep_default_na=False)
    assert list(rows.columns) == [*findings.OF_CLAIM, *findings.COLUMNS]
    assert set(rows["claim"]) == set(CLAIM)
    assert (rows["claim"] == "human-salient").sum() == 24
    missing = rows[rows["claim"] == "human-birds"]
    assert missing["verdict"].tolist() == ["not measured"] and missing["gain"].tolist() == [""]
