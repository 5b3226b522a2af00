"""Tables III, IV and VI, from evaluations of videos made by hand."""

import numpy as np
import pandas as pd
import pytest
from conftest import refused
from made_runs import save_references, save_run, save_videos

from keras_attn.report.naming import network_titles, order
from keras_attn.report.paper.printed import paper_cells
from keras_attn.report.tables import confusion, sheets

LABELS = np.array([[1, 0], [1, 1], [0, 1], [0, 1]])
RIGHT = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]])
WRONG = RIGHT[:, ::-1]
UCF = {"dataset": "ucf_sports"}


def sports(folder, right, of=47, **who):
    """A run on UCF Sports that is right about some of its videos."""
    labels = np.eye(3)[np.arange(of) % 3]
    scores = np.where((np.arange(of) < right)[:, None], labels, np.roll(labels, 1, axis=1))
    return save_videos(folder, scores, labels, **UCF, **who)


def pages(folders, out):
    """The Markdown tables that are written, by number."""
    made = sheets.write(folders, out)
    return {path.stem: path.read_text() for path in made.paths if path.suffix == ".md"}


def column(page, heading, dataset="Hollywood-2"):
    """The cells of a dataset below a heading, by the title of their row."""
    [block] = [
        part for part in page.split("\n\n") if part.startswith(f"| {dataset} |") and heading in part
    ]
    head, _, *rows = [line.strip("| ").split(" | ") for line in block.splitlines()]
    return {row[0]: row[head.index(heading)] for row in rows}


def values(folders, table):
    """The cells of a table by fusion, attention, metric and subset."""
    found = sheets.cells(sheets.read(folders)).query("table == @table")
    keys = ["fusion", "attention", "metric", "subset"]
    return found.set_index(keys)["value"].to_dict()


# --- cells --------------------------------------------------------------------------------------


def test_the_papers_numbers_stand_beside_ours_in_the_cell_they_belong_to(tmp_path):
    folders = [
        save_videos(tmp_path / f"{fusion} {name}", RIGHT, LABELS, fusion=fusion, attention=name)
        for fusion in ("late", "early")
        for name in ("human", "softmax")
    ]
    made = pages([*folders, sports(tmp_path / "sports", 40)], tmp_path / "out")
    assert list(made) == ["III", "IV", "VI"]
    ranked = column(made["III"], "C3D late mAP ↑")
    assert ranked["Implicit (softmax)"].endswith("(0.717)")
    assert ranked["Explicit (human)"].endswith("(0.711)")
    assert column(made["III"], "C3D early mAP ↑")["Explicit (human)"].endswith("(0.736)")
    accuracy = column(made["III"], "C3D early accuracy ↑", "UCF Sports")
    assert accuracy["Implicit (softmax)"].startswith("0.851 [")
    assert accuracy["Implicit (softmax)"].endswith("(0.617)")
    assert "mAP" not in made["III"].split("| UCF Sports |")[1].splitlines()[0]
    told = column(made["IV"], "C3D late IG ↑ positive")
    assert told["Explicit (human)"] == "0.500 [0.500, 0.500] (1.480)"
    agreement = column(made["VI"], "C3D early s-AUC ↑")
    assert agreement["Implicit (softmax)"] == "0.700 [0.700, 0.700] (0.679)"
    head = made["III"].splitlines()[2]
    assert head.index("C3D early") < head.index("C3D late")


def test_map_is_that_of_each_seed_then_averaged_and_standard_map_stands_beside_it(tmp_path):
    """Seed 0 ranks without a mistake. Seed 1: class 0 has its two videos in places 3 and 4, class
    1 its three in 1, 2 and 4 of the four."""
    folders = [save_videos(tmp_path / "0", RIGHT, LABELS)]
    scores = [[0.2, 0.1], [0.1, 0.9], [0.4, 0.8], [0.3, 0.0]]
    folders.append(save_videos(tmp_path / "1", scores, LABELS, seed=1))
    found = values(folders, "III")
    steps = ((1 / 3 + 2 / 4) / 2, (1 + 1 + 3 / 4) / 3)
    every = ((2 / 4 + 2 / 4) / 2, (1 + 1 + 3 / 4) / 3)
    for metric, second in (("map_step", steps), ("map", every)):
        expected = (1 + np.mean(second)) / 2
        assert found["early", "softmax", metric, "all"] == pytest.approx(expected)


def test_folds_are_pooled_before_they_are_ranked(tmp_path):
    """Each fold alone is ranked without a mistake; together the second's negative comes first."""
    one = save_videos(tmp_path / "0", [[0.2, 0.1]], [[1, 0]], fold=0)
    other = save_videos(tmp_path / "1", [[0.9, 0.95]], [[0, 1]], fold=1)
    rows = pd.read_csv(other / "examples.csv").assign(id="clip001")
    rows.to_csv(other / "examples.csv", index=False)
    with np.load(other / "arrays.npz") as arrays:
        np.savez(other / "arrays.npz", **{**arrays, "id": np.array(["clip001"])})
    assert values([one, other], "III")["early", "softmax", "map", "all"] == (0.5 + 1) / 2


def test_accuracy_of_47_videos_has_wilsons_interval(tmp_path):
    """By the formula: (40/47 + z²/94 ± z √(40·7/47³ + z²/(4·47²))) / (1 + z²/47)."""
    folder = sports(tmp_path / "a", 40)
    [found] = sheets.cells(sheets.read(folder)).query("table == 'III'").to_dict("records")
    assert (found["metric"], found["n"]) == ("accuracy", 47)
    assert found["value"] == pytest.approx(40 / 47)
    z = 1.959964
    reach = z * np.sqrt(40 * 7 / 47**3 + z**2 / (4 * 47**2))
    limits = [(40 / 47 + z**2 / 94 + sign * reach) / (1 + z**2 / 47) for sign in (-1, 1)]
    assert (found["low"], found["high"]) == pytest.approx(limits, abs=1e-6)


def test_not_all_parts_of_the_papers_table_four_make_up_its_table_six():
    """No weights of the two parts make a number that is below both."""
    paper = paper_cells().query("dataset == 'ucf_sports' and fusion == 'late' and metric == 'ig'")
    human = paper[paper["attention"] == "human"].set_index("subset")["value"]
    assert human["all"] + 0.03 < human["negative"] < human["positive"]


def test_rightly_and_wrongly_told_videos_make_up_all(tmp_path):
    """Two seeds are right about different videos, and one video has no gaze."""
    gaze = [[0.9, 1.0], [0.7, 0.5], [np.nan, np.nan], [0.5, 0.0]]
    mixed = np.concatenate([RIGHT[:1], WRONG[1:]])
    folders = [
        save_videos(tmp_path / str(seed), scores, LABELS, gaze, seed=seed)
        for seed, scores in enumerate((RIGHT, mixed))
    ]
    found, every = values(folders, "IV"), values(folders, "VI")
    for metric in ("s_auc", "ig"):
        own = {name: found["early", "softmax", metric, name] for name in ("positive", "negative")}
        # Of 6 videos with gaze under a seed, the second seed is wrong about the last alone.
        assert every["early", "softmax", metric, "all"] == pytest.approx(
            (5 * own["positive"] + own["negative"]) / 6
        )
    assert found["early", "softmax", "s_auc", "negative"] == pytest.approx(0.5)


def test_streams_alone_have_a_block_in_table_three_and_in_no_other(tmp_path):
    folders = [
        save_videos(tmp_path / "flow", WRONG, LABELS, False, fusion="flow", attention="none"),
        save_videos(tmp_path / "frames", RIGHT, LABELS, False, fusion="frames", attention="none"),
        save_videos(tmp_path / "late", RIGHT, LABELS, fusion="late", attention="human"),
    ]
    made = pages(folders, tmp_path / "out")
    alone = column(made["III"], "No attention accuracy ↑")
    assert list(alone) == ["C3D frames", "C3D flow"]
    assert alone["C3D frames"].startswith("**1.000** [0.51")
    assert list(column(made["III"], "C3D late accuracy ↑")) == ["Explicit (human)"]
    for number in ("IV", "VI"):
        assert "C3D frames" not in made[number] and "No attention" not in made[number]


def test_datasets_of_different_classes_stand_in_one_table(tmp_path):
    folders = [save_videos(tmp_path / "a", RIGHT, LABELS), sports(tmp_path / "b", 47)]
    results = sheets.read([*folders, save_run(tmp_path / "image", {"id": ["1"]})])
    assert results.arrays["scores"].shape == (4 + 47 + 1, 3)
    found = sheets.cells(results).query("table == 'III'")
    assert found.query("dataset == 'hollywood2' and metric == 'map'")["value"].tolist() == [1]
    assert found.query("dataset == 'ucf_sports'")["metric"].tolist() == ["accuracy"]


def test_the_summary_of_one_evaluation_is_that_of_the_tables(tmp_path):
    folder = save_videos(tmp_path / "a", WRONG, LABELS)
    with np.load(folder / "arrays.npz") as arrays:
        summary = sheets.summary(pd.read_csv(folder / "examples.csv"), dict(arrays))
    found = sheets.cells(sheets.read(folder)).query("subset == 'all'")
    assert summary["metric"].tolist() == ["map", "map_step", "accuracy", "s_auc", "ig"]
    numbers = ["value", "low", "high", "n"]
    np.testing.assert_allclose(summary[numbers], found[numbers], rtol=1e-6)


def test_the_summary_of_a_stream_alone_has_no_gaze(tmp_path):
    folder = sports(tmp_path / "a", 40, gaze=False, attention="none", fusion="flow")
    with np.load(folder / "arrays.npz") as arrays:
        summary = sheets.summary(pd.read_csv(folder / "examples.csv"), dict(arrays))
    assert summary["metric"].tolist() == ["accuracy"]


# --- words --------------------------------------------------------------------------------------


def test_the_legend_counts_videos(tmp_path):
    folders = [sports(tmp_path / f"{seed}", 40, seed=seed) for seed in range(2)]
    references = save_references(
        tmp_path / "r", {"single_observer": [(0.7, 1.0), (0.9, 2.0)]}, task="action", **UCF
    )
    made = pages([*folders, references], tmp_path / "out")
    assert not any("image" in page for page in made.values())
    assert "ours [95 % interval over videos] (the paper's)" in made["III"]
    assert "UCF Sports: 47 videos, 2 seeds, accuracy averaged for each video first." in made["III"]
    assert "Wilson's for accuracy; one video of 47 is 2.1 points of accuracy." in made["III"]
    assert "95 % bootstrap interval over videos" in made["VI"]
    assert "47 videos, 47 of them with fixations, 2 seeds" in made["VI"]
    assert "IG 1.500 [1.000, 2.000] (2 videos)" in made["VI"]
    assert "each video counted once for each seed" in made["IV"]


def test_the_score_of_the_two_stream_code_is_a_sentence_under_table_three(tmp_path):
    """Class 0: videos 0 and 1 are taken for it, rightly; class 1: of its three, videos 2 and 3."""
    folders = [
        save_videos(tmp_path / "a", RIGHT, LABELS),
        save_videos(tmp_path / "b", WRONG, LABELS, fusion="late"),
    ]
    made = pages(folders, tmp_path / "out")
    assert f"C3D early softmax {(1 + 2 / 3) / 2:.3f}, C3D late softmax " in made["III"]
    assert "Hollywood-2: 4 videos, 1 seed." in made["III"]
    assert "bootstrap for mAP and standard mAP, Wilson's" in made["III"]
    assert "two-stream code" not in pages([sports(tmp_path / "c", 9)], tmp_path / "ucf")["III"]


def test_explicit_attentions_are_tested_within_their_fusion(tmp_path):
    who = [("early", "human", 40), ("early", "softmax", 30), ("late", "softmax", 20)]
    folders = [sports(tmp_path / f"{f}{a}", n, fusion=f, attention=a) for f, a, n in who]
    page = pages(folders, tmp_path / "out")["III"]
    assert "UCF Sports, C3D early, differences of accuracy over the same videos" in page
    assert "human − softmax 0.213, p = 0.0" in page
    assert "C3D late, differences" not in page


def test_networks_are_told_apart_by_what_they_do_not_have_in_common():
    early, late = (("c3d", fusion, "human") for fusion in ("early", "late"))
    assert network_titles([early]) == {early: "human"}
    assert network_titles([early, late]) == {early: "early\nhuman", late: "late\nhuman"}
    own = ("mine", "", "own")
    assert network_titles([early, own]) == {early: "c3d early\nhuman", own: "mine\nown"}


def test_known_names_come_in_the_papers_order_and_others_behind_them():
    fusions = sorted(["flow", "mine", "late", "early", "frames"], key=lambda f: order(fusion=f))
    assert fusions == ["early", "late", "frames", "flow", "mine"]
    attentions = sorted(["none", "human", "softmax"], key=lambda a: order(attention=a))
    assert attentions == ["softmax", "human", "none"]


def test_videos_of_several_classes_have_rows_of_their_own_in_the_confusions(tmp_path):
    folders = [save_videos(tmp_path / "a", RIGHT, LABELS), sports(tmp_path / "b", 47)]
    paths = confusion.write(folders, tmp_path / "out")
    classes = pd.read_csv(paths[0]).query("dataset == 'hollywood2'").set_index("class")
    assert set(classes["fusion"]) == {"early"}
    assert classes["n"].to_dict() == {"c0": 1, "c0 + c1": 1, "c1": 2}
    assert classes["accuracy"].tolist() == [1, 1, 1]
    counts = confusion.matrix(pd.read_csv(tmp_path / "a" / "examples.csv"))
    assert list(counts.index) == ["c0", "c1", "c0 + c1"] and list(counts) == ["c0", "c1"]
    assert counts.loc["c0 + c1"].tolist() == [1, 0]


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "expected", "received"),
    [
        ("scores", RIGHT[:3], ("scores", "finite", "(4, classes)"), "(3, 2)"),
        ("scores", RIGHT[:, 0], "scores", "(4,)"),
        ("scores", RIGHT[:, :0], "scores", "(4, 0)"),
        ("scores", np.where(RIGHT > 0.8, np.nan, RIGHT), "scores", "1 not finite"),
        ("scores", RIGHT[:, :1], ("labels", "(4, 1)", "scores"), "(4, 2)"),
        ("scores", np.full((4, 2), "high"), "id, notes, scores, labels", "high"),
        ("labels", LABELS * 2, ("labels", "0 or 1"), ("5 others", "2")),
        ("labels", LABELS * [1, 0], ("labels", "class", "id"), "clip002, clip003"),
    ],
)
def test_damaged_scores_and_labels_are_named(tmp_path, name, value, expected, received):
    folder = save_videos(tmp_path / "a", RIGHT, LABELS)
    with np.load(folder / "arrays.npz") as arrays:
        stored = {**arrays, name: value}
    np.savez(folder / "arrays.npz", **stored)
    with refused("arrays.npz", expected, received):
        sheets.read(folder)
    del stored[name]
    np.savez(folder / "arrays.npz", **stored)
    with refused("arrays.npz", name, name):
        sheets.read(folder)


def test_other_numbers_of_classes_of_one_dataset_are_refused(tmp_path):
    first = save_videos(tmp_path / "first", RIGHT, LABELS)
    wide = np.pad(RIGHT, ((0, 0), (0, 1)))
    other = save_videos(tmp_path / "other", wide, np.pad(LABELS, ((0, 0), (0, 1))), seed=1)
    facts = ("other/arrays.npz", ("2 classes", "hollywood2", "first"), "3")
    with refused(*facts):
        sheets.read([first, other])


def test_a_missing_fusion_is_named(tmp_path):
    folder = save_videos(tmp_path / "a", RIGHT, LABELS)
    rows = pd.read_csv(folder / "examples.csv").drop(columns="fusion")
    rows.to_csv(folder / "examples.csv", index=False)
    with refused("examples.csv", received="no fusion"):
        sheets.read(folder)
