"""What the page of a report is made of, without a browser: numbers, words, files."""

import io
import json
import re
from contextlib import redirect_stdout

import numpy as np
import pandas as pd
import pytest
from conftest import refused
from made_runs import curve, save_references, save_run, save_study, save_videos
from PIL import Image

from keras_attn.datasets.drawing.scenes import ABOUT
from keras_attn.mechanisms import MECHANISMS, NO_ATTENTION
from keras_attn.report import looks
from keras_attn.report.figures import images
from keras_attn.report.page import answers, attacks, embedded, overview, plots, run_pages, scatter
from keras_attn.report.paper import findings
from keras_attn.report.rows import results
from keras_attn.report.tables import sheets
from keras_attn.study import workflow


def cells_of(folders):
    """Results, and the cells of all tables."""
    read = results.read(folders)
    return read, sheets.cells(read)


# --- charts -------------------------------------------------------------------------------------


def test_a_scale_puts_values_where_they_belong_and_ticks_are_round():
    scale = plots.scale([0.0, 1.0], 100, 300, room=0)
    assert [scale(value) for value in (0, 0.25, 1)] == [100, 150, 300]
    assert scale.ticks(5) == [
        (100, "0.0"),
        (140, "0.2"),
        (180, "0.4"),
        (220, "0.6"),
        (260, "0.8"),
        (300, "1.0"),
    ]
    assert [text for _, text in plots.Scale(-30, 30, 0, 1).ticks(3)] == ["−20", "0", "20"]


@pytest.mark.parametrize("values", [[0.5, np.nan, 0.5], [np.nan], [0.0]])
def test_a_scale_of_one_value_or_none_has_a_width(values):
    scale = plots.scale(values, 0, 100)
    assert scale.low < scale.high and scale.ticks()


def test_an_axis_has_more_than_one_tick():
    """Steps of a half would leave one alone."""
    assert [text for _, text in plots.Scale(0.05, 0.97, 0, 1).ticks(4)] == [
        "0.2",
        "0.4",
        "0.6",
        "0.8",
    ]


def test_networks_are_drawn_as_their_mechanisms_say_and_others_each_in_its_own_way():
    names = (*MECHANISMS, "mine", "yours", NO_ATTENTION)
    drawn = looks.looks(names)
    assert list(drawn) == [*MECHANISMS, NO_ATTENTION, "mine", "yours"]
    for name, mechanism in MECHANISMS.items():
        assert drawn[name] == (*mechanism.colours, mechanism.mark)
    assert len(set(drawn.values())) == len(names)
    assert len({looks.svg_path(mark) for mark in looks.MARKERS}) == len(looks.MARKERS)


def test_more_names_than_looks_share_some():
    drawn = looks.looks(f"own{place}" for place in range(20))
    assert set(drawn.values()) == set(looks.OTHERS)


def save_scores(root, scores, **about):
    """A folder for each network; scores: max F and s-AUC by (backbone, attention)."""
    folders = []
    for (backbone, attention), (max_f, s_auc) in scores.items():
        rows = {"id": ["a", "b"], "s_auc": s_auc}
        folder = root / f"{backbone}-{attention}"
        labels = {"backbone": backbone, "attention": attention, **about}
        folders.append(save_run(folder, rows, [curve(max_f)] * 2, **labels))
    return folders


def test_points_stand_at_their_scores_and_lead_to_their_runs(tmp_path):
    scores = {("vgg16", "softmax"): (0.2, 0.5), ("vgg16", "sigmoid"): (0.6, 0.7)}
    read, cells = cells_of(save_scores(tmp_path, scores))
    [facet] = scatter.facets(cells, run_pages.first_of_network(read))
    chart = facet.charts["s_auc"]
    assert [point.run for point in chart.points] == ["vgg16-softmax", "vgg16-sigmoid"]
    assert "softmax, VGG16: max F 0.200" in chart.points[0].label
    # Two values with the scale's room of 6 % at both ends.
    width, height = scatter.RIGHT - scatter.LEFT, scatter.BOTTOM - scatter.TOP
    x, y = scatter.LEFT + width * 0.06 / 1.12, scatter.BOTTOM - height * 0.06 / 1.12
    assert (chart.points[0].x, chart.points[0].y) == (round(x, 1), round(y, 1))
    assert scatter.attentions([facet])["softmax"].mark == "square"


def test_what_the_backbones_make_alone_is_taken_out_of_the_second_correlation(tmp_path):
    """Between backbones scores rise with agreement; within each they fall."""
    names = ("activation", "softmax", "sigmoid", "supervised")
    scores = {}
    for backbone, up in (("alexnet", 0.0), ("vgg16", 0.3), ("resnet50", 0.6)):
        for place, name in enumerate(names):
            scores[backbone, name] = (0.1 + up - 0.01 * place, 0.1 + up + 0.01 * place)
        # What is made of gaze counts in neither.
        scores[backbone, "human"] = (0.9, 0.99)
    _, cells = cells_of(save_scores(tmp_path, scores))
    [facet] = scatter.facets(cells, {})
    told = re.match(
        r"ρ (\S+) \[.*\] over 12 networks; (\S+) within", facet.charts["s_auc"].correlation
    )
    assert float(told[1]) > 0.7
    assert float(told[2].replace("−", "-")) == -1


def test_attacked_networks_are_held_against_the_gaze_of_the_networks_that_were_attacked(tmp_path):
    who = {"task": "fine_grained", "dataset": "cub_vwsw", "backbone": "vgg16", "fusion": ""}
    scores = np.eye(3)
    folder = save_videos(tmp_path / "bird", scores, scores, **who, attention="softmax")
    rows = pd.read_csv(folder / "examples.csv")
    rows = rows.assign(task="adversarial", fooling_rate=1.0, fooling_rate_all=1.0)
    rows = rows.assign(epsilon=2.0, search="given")
    (folder / "fgsm").mkdir()
    rows.to_csv(folder / "fgsm" / "examples.csv", index=False)
    np.savez(folder / "fgsm" / "arrays.npz", id=rows["id"].to_numpy(str), notes=np.array([], str))
    read, cells = cells_of([folder, folder / "fgsm"])
    facets = scatter.facets(cells, run_pages.first_of_network(read))
    assert [facet.task for facet in facets] == ["fine_grained", "adversarial"]
    [point] = facets[1].charts["s_auc"].points
    assert point.run == "bird/fgsm"
    assert "fooled 1.000" in point.label and "s-AUC 0.700" in point.label


def test_an_attack_is_seen_in_what_it_changes_on_the_same_images(tmp_path):
    folder = tmp_path / "bird" / "fgsm"
    rows = pd.DataFrame({"id": ["a", "b", "c"], "s_auc": [0.9, 0.7, np.nan]})
    rows = rows.assign(s_auc_after=[0.8, 0.4, 0.5], fooling_rate=1.0, fooling_rate_all=1.0)
    who = {"dataset": "cub_vwsw", "epsilon": 2.0, "search": "given", "attention": "softmax"}
    save_run(folder, rows, task="adversarial", **who)
    [shift] = attacks.shifts(results.read([folder]))
    [row] = shift.rows
    # The third image has no fixations: 0.8 before, 0.6 after.
    assert "0.800 before, 0.600 after, change −0.200" in row["text"] and "2 images" in row["text"]
    assert row["after"] < row["before"]
    assert attacks.shifts(results.read([save_run(tmp_path / "x", {"id": ["a"]})])) == []


def test_figures_of_several_backbones_have_a_row_for_each_and_a_column_for_each_mechanism(tmp_path):
    folders = {}
    grey = np.full((20, 20, 3), 99, np.uint8)
    networks = [("alexnet", "softmax"), ("vgg16", "softmax"), ("vgg16", "human")]
    for place, network in enumerate(networks):
        folder = tmp_path / str(place)
        folder.mkdir()
        kept = {"id": "a", "image": grey, "mask": np.zeros((20, 20)), "points": [[5, 5]]}
        kept |= {"saliency": np.eye(20), "attention": np.eye(20)}
        np.savez(folder / "gallery.npz", **{f"0/{name}": value for name, value in kept.items()})
        folders["\n".join(network)] = [folder]
    with Image.open(images.salient_object(folders, tmp_path / "several.png")) as several:
        size, picture = several.size, np.asarray(several.convert("L"))
    one = {title: folders[title] for title in ("vgg16\nsoftmax", "vgg16\nhuman")}
    with Image.open(images.salient_object(one, tmp_path / "one.png")) as single:
        assert size[0] == single.size[0] and size[1] > 1.5 * single.size[1]
    # AlexNet has no human attention, which leaves the end of its row white.
    assert (picture[size[1] // 4 : size[1] // 2 - 8, -100:] == 255).all()
    assert not (picture[-100:, -100:] == 255).all()


# --- words --------------------------------------------------------------------------------------


def told(folders):
    read, cells = cells_of(folders)
    found = findings.findings(read)
    return read, cells, found


@pytest.mark.slow
def test_drawn_data_make_a_machinery_check_and_no_verdict(tmp_path):
    rows = {"id": ["a", "b", "c"]}
    folders = [
        save_run(tmp_path / name, rows, notes=[ABOUT], attention=name)
        for name in ("sigmoid", "supervised")
    ]
    read, _, found = told(folders)
    assert overview.drawn(read) == "all"
    assert "machinery check" in overview.sentences(read, found)[0]
    # Without any claim that is measured, nothing is said of none.
    assert not any("0 of 0" in sentence for sentence in overview.sentences(read, []))
    assert findings.SUPPORTED not in dict(overview.verdicts(found))
    folders.append(save_run(tmp_path / "real", rows, dataset="pascal_s"))
    assert overview.drawn(results.read(folders)) == "some"
    assert overview.drawn(results.read(folders[-1])) == ""


@pytest.mark.slow
def test_the_best_by_gaze_is_no_attention_that_is_made_of_gaze(tmp_path):
    read, cells, found = told(save_study(tmp_path))
    by_task = dict(overview.standings(cells, read))
    [omron, pascal] = by_task["salient_object"]
    assert (omron.dataset, pascal.dataset) == ("DUT-OMRON", "PASCAL-S")
    assert omron.score.value == "0.900" and omron.score.metric == "max F"
    assert omron.gaze.who.startswith("supervised on ") and omron.gaze.value == "0.900"
    assert overview.counts(read)[0] == ("22", "runs")
    assert sum(number for _, number in overview.verdicts(found)) == len(found)


def test_where_the_papers_numbers_and_words_differ_stands_beside_the_table(tmp_path):
    found = findings.findings(save_run(tmp_path / "one", {"id": ["a", "b"]}))
    beside = {words: printed for words, _, printed in answers.beside(found, "I")}
    usual = "Of the implicit attentions sigmoid usually segments best"
    assert beside[usual].startswith("max F 1 of 6 (1 the other way round)")
    beside = {words: printed for words, _, printed in answers.beside(found, "III")}
    [same] = [printed for words, printed in beside.items() if "not make action" in words]
    assert "exactly equal in 3 of 4" in same
    shown = [words for words, *_ in answers.beside(found, "V")]
    assert not any("Human attention agrees with gaze better" in words for words in shown)


def test_the_margin_of_a_claim_of_little_difference_is_on_its_line():
    order = {"low": -0.2, "gain": 0.0, "high": 0.1, "least": 0.0, "most": np.inf}
    assert answers._bar(order)[1] == 50 and len(answers._bar(order)) == 3
    low, gain, high, margin = answers._bar({**order, "least": -np.inf, "most": 0.4})
    assert low < gain < high < margin < 100
    assert (margin - gain) / (high - gain) == pytest.approx(4, abs=0.01)


# --- runs ---------------------------------------------------------------------------------------


def test_a_run_page_has_scores_and_where_it_comes_from(tmp_path):
    folders = [
        save_run(tmp_path / f"fold{fold}", {"id": [f"{fold}a", f"{fold}b"], "mae": mae}, fold=fold)
        for fold, mae in ((0, 0.2), (1, 0.4))
    ]
    config = {"config": {"model": {"classes": [f"c{k}" for k in range(40)]}}}
    (folders[0] / "config.json").write_text(json.dumps(config))
    (folders[0] / "provenance.json").write_text(json.dumps({"commit": "abc", "work": []}))
    first, second = run_pages.run_pages(*cells_of(folders))
    assert (first["name"], first["fold"], first["seed"]) == ("fold0", 0, 0)
    # Its own scores, not those of the network over both folds.
    assert [dict((s[0], s[1]) for s in run["scores"])["MAE ↓"] for run in (first, second)] == [
        "0.200",
        "0.400",
    ]
    classes = first["config"]["model"]["classes"]
    assert len(classes) == run_pages.LONGEST and classes[-1] == "… 40 in all"
    assert first["provenance"] == {"commit": "abc", "work": []}
    assert (second["config"], second["provenance"]) == ({}, None)


def test_runs_of_several_seeds_have_the_same_scores_as_one_and_no_ceiling_among_them(tmp_path):
    scores = {"id": ["a", "b", "c"], "ig": 1.0, "ceiling_s_auc": 0.9, "ceiling_ig": 2.0}
    folders = [save_run(tmp_path / f"seed{seed}", scores, seed=seed) for seed in range(2)]
    pages = [*run_pages.run_pages(*cells_of(folders)), *run_pages.run_pages(*cells_of(folders[:1]))]
    for page in pages:
        assert [name for name, *_ in page["scores"]] == ["max F ↑", "MAE ↓", "s-AUC ↑", "IG ↑"]
    assert pages[0]["scores"] == pages[2]["scores"]


def test_the_scores_of_a_network_with_one_run_are_those_of_the_tables(tmp_path):
    folder = save_run(tmp_path / "one", {"id": ["a", "b", "c"], "mae": [0.1, 0.2, 0.6]})
    read, cells = cells_of([folder])
    row = cells[(cells["table"] == "I") & (cells["metric"] == "mae")].iloc[0]
    [page] = run_pages.run_pages(read, cells)
    assert page["scores"][1] == ["MAE ↓", "0.300", f"{row['low']:.3f}", f"{row['high']:.3f}", 3]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("provenance.json", "{"),
        ("config.json", "{"),
    ],
)
def test_a_damaged_file_of_a_run_is_named(tmp_path, name, text):
    folder = save_run(tmp_path / "one", {"id": ["a", "b"]})
    (folder / name).write_text(text)
    with refused(name, "JSON"):
        run_pages.run_pages(*cells_of([folder]))


def test_runs_are_named_by_what_their_folders_do_not_share():
    names = run_pages.names_of(["/x/study/a/one", "/x/study/b/two"])
    assert list(names.values()) == ["a/one", "b/two"]
    assert list(run_pages.names_of(["/x/one", "/x/one/fgsm"]).values()) == ["one", "one/fgsm"]
    assert list(run_pages.names_of(["/x/one"]).values()) == ["one"]


# --- files --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder with a report on names that might do harm, and the lines that were printed."""
    root = tmp_path_factory.mktemp("report")
    folders = save_study(root / "runs")
    gaze = {"single_observer": [(0.8, 0.4)] * 3, "centre": [(0.5, 0.0)] * 3}
    folders.append(save_references(root / "runs" / "references", gaze))
    harm = "</script><script>alert(1)</script>"
    folders.append(save_run(root / "runs" / "harm", {"id": ["0", "1"]}, attention=harm))
    with redirect_stdout(io.StringIO()) as stream:
        workflow.report(folders, root / "out")
    return root / "out", stream.getvalue().splitlines()


@pytest.mark.slow
def test_a_report_ends_with_the_place_of_its_page(written):
    out, lines = written
    assert lines[-1] == f"Report:  {(out / 'report.html').resolve()}"


def test_the_page_stands_alone_and_takes_no_name_for_markup(written):
    text = (written[0] / "report.html").read_text(encoding="utf-8")
    assert re.findall(r"(?:src|href)=[\"'](?!data:|#)[^\"']*", text) == []
    assert not re.search(r"url\((?!'data:|#)|@import|fetch\(|XMLHttpRequest", text)
    assert "alert(1)</script>" not in text
    data = re.search(r'id="runs-data">(.*?)</script>', text, re.DOTALL)[1]
    assert json.loads(data)[-1]["network"].endswith("<script>alert(1)</script>")
    assert len(text) < 1_000_000


def test_the_markdown_has_summary_findings_and_tables_under_one_title(written):
    text = (written[0] / "report.md").read_text(encoding="utf-8")
    titles = re.findall(r"^(#+) (.*)$", text, re.MULTILINE)
    assert [level for level, _ in titles].count("#") == 1
    parts = [title for level, title in titles if level == "##"]
    assert parts == ["Summary", "What the paper claims, and what was found", "Tables"]
    assert "### Table I. Salient object segmentation" in text
    assert "| Salient object segmentation | DUT-OMRON |" in text


def test_figures_become_small_pictures_with_words_in_a_fixed_order(tmp_path):
    frames = [Image.fromarray(np.full((20, 30, 3), grey, np.uint8)) for grey in (0, 120, 255)]
    frames[0].save(tmp_path / "action.gif", save_all=True, append_images=frames[1:], duration=90)
    Image.fromarray(np.zeros((50, 4000, 3), np.uint8)).save(tmp_path / "attention.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "unknown.png")
    names = ("action.gif", "unknown.png", "attention.png")
    still, moving = embedded.figures([tmp_path / name for name in names])
    assert (still.path.name, still.moving, moving.moving) == ("attention.png", False, True)
    assert still.source.startswith("data:image/webp;base64,")
    assert (still.width, still.height) == (embedded.WIDEST, 30)
    assert all(len(figure.alt) > 40 for figure in (still, moving))
