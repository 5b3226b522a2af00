"""How the tables look as CSV, Markdown, LaTeX and on the console, and what stands under them."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from conftest import refused
from made_runs import save_references, save_run, save_study

from keras_attn.evaluation.rows import WITHOUT_GAZE
from keras_attn.mechanisms import MECHANISMS
from keras_attn.report.naming import attention_name, attention_title
from keras_attn.report.page.sheets import _short
from keras_attn.report.paper.printed import PRINTED, paper_cells
from keras_attn.report.tables import sheets

COLUMNS = "table,dataset,backbone,fusion,subset,attention,metric,value,low,high,n"
COLUMNS += ",share,share_low,share_high,behind,behind_low,behind_high,behind_p,within_noise,drawn"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return save_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def written(study, tmp_path_factory):
    return sheets.write(study, tmp_path_factory.mktemp("tables") / "out")


def text_of(written, name):
    """What is in a file of the tables."""
    [path] = [path for path in written.paths if path.name == name]
    return path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_what_learnt_without_gaze_is_called_so():
    told = attention_title(f"supervised{WITHOUT_GAZE}")
    assert told == "Explicit (supervised), without gaze"
    assert attention_title(f"mine{WITHOUT_GAZE}") == "mine, without gaze"
    assert attention_name(f"supervised{WITHOUT_GAZE}") == "supervised, without gaze"
    assert _short(told) == "supervised, without gaze"
    assert [_short(attention_title(name)) for name in MECHANISMS] == list(MECHANISMS)


def test_the_csv_has_the_papers_columns_and_joins_with_it(written):
    assert {path.name for path in written.paths} == {
        f"{number}.{ending}" for number in ("I", "II", "V") for ending in ("csv", "md", "tex")
    }
    assert all(path.is_file() for path in written.paths)
    for number, cells in (("I", 2), ("II", 4), ("V", 2)):
        text = text_of(written, f"{number}.csv")
        assert text.splitlines()[0] == COLUMNS
        keys = [key for key in sheets.KEYS if key != "fusion"]
        joined = pd.read_csv(io.StringIO(text)).merge(pd.read_csv(PRINTED), on=keys)
        assert len(joined) == 5 * 2 * 2 * cells
    assert len(written.cells.merge(paper_cells(), on=list(sheets.KEYS))) == 5 * 2 * 2 * (2 + 4 + 2)


def markdown_rows(text, attention):
    """Cells of the rows of an attention, one list for each dataset."""
    lines = [line for line in text.splitlines() if line.startswith(f"| {attention} |")]
    return [line.strip("| ").split(" | ")[1:] for line in lines]


def test_markdown_has_ours_its_interval_and_the_papers_beside_it(written):
    text = text_of(written, "I.md")
    assert markdown_rows(text, "Implicit (softmax)")[0] == [
        "0.600 [0.600, 0.600] (0.604)",
        "0.060 [0.060, 0.060] (0.098)",
        "0.600 [0.600, 0.600] (0.775)",
        "0.060 [0.060, 0.060] (0.061)",
    ]
    agreement = text_of(written, "V.md")
    activation = markdown_rows(agreement, "Implicit (activation)")[0]
    assert activation[1] == "−0.350 [−0.350, −0.350] (−0.096)"
    assert text.splitlines()[2] == (
        "| DUT-OMRON | AlexNet max F ↑ | AlexNet MAE ↓ | VGG16 max F ↑ | VGG16 MAE ↓ |"
    )


def test_best_and_second_best_are_marked_each_the_right_way_round(written):
    text = str(written)
    table = text_of(written, "I.md")
    marked = {name: markdown_rows(table, name)[0][:2] for name in titles()}
    starts = {name: [cell.split(" ")[0] for cell in cells] for name, cells in marked.items()}
    assert starts["Explicit (human)"] == ["**0.900**", "**0.020**"]
    assert starts["Explicit (supervised)"] == ["**0.900**", "*0.030*"]
    assert starts["Implicit (sigmoid)"] == ["*0.800*", "0.040"]
    assert starts["Implicit (softmax)"] == ["0.600", "0.060"]
    human = next(line for line in text.splitlines() if line.startswith(" Explicit (human)"))
    assert human.split()[2:6] == ["0.900**", "(0.611)", "0.020**", "(0.095)"]
    assert "the best is marked ** and" in text
    latex = text_of(written, "I.tex")
    assert r"Explicit (supervised) & \textbf{0.900} (0.607) & \underline{0.030} (0.097)" in latex


def titles():
    return [attention_title(name) for name in MECHANISMS]


def test_attentions_are_worded_as_in_the_paper():
    assert titles() == [
        "Implicit (activation)",
        "Implicit (softmax)",
        "Implicit (sigmoid)",
        "Explicit (supervised)",
        "Explicit (human)",
    ]


def test_an_attention_of_ones_own_has_a_row_without_the_papers_number(written):
    text = str(written)
    table = text_of(written, "I.md")
    line = next(line for line in table.splitlines() if line.startswith("| own_100%"))
    assert line == (r"| own_100%\|& | – | – | 0.500 [0.500, 0.500] | 0.070 [0.070, 0.070] |")
    assert any(line.startswith(" own_100%|&") for line in text.splitlines())


def latex_columns(row):
    """How many columns of a tabular a row fills."""
    fields = re.split(r"(?<!\\)&", row)
    spans = [re.search(r"\\multicolumn\{(\d+)\}", field) for field in fields]
    return sum(int(span[1]) if span else 1 for span in spans)


def test_latex_is_balanced_and_every_row_fills_its_columns(written):
    for number, columns in (("I", 5), ("II", 9), ("V", 5)):
        text = text_of(written, f"{number}.tex")
        bare = re.sub(r"\\[{}]", "", text)
        depth = np.cumsum([(c == "{") - (c == "}") for c in bare])
        assert depth.min() >= 0 and depth[-1] == 0
        begun, ended = (re.findall(rf"\\{word}{{(.+?)}}", text) for word in ("begin", "end"))
        assert sorted(begun) == sorted(ended) and len(begun) == 6
        rows = [line for line in text.splitlines() if line.endswith(r"\\")]
        assert {latex_columns(row) for row in rows} == {columns}
        # Of each block: two rows of headings, and two for each attention.
        assert len(rows) == 2 * (2 + 2 * 6)
        assert r"own\_100\%\textbar{}\& &" in text
        assert not re.search(r"(?<!\\)[%_#]", text.split("\n", 1)[1].replace(r"\label", ""))
        assert not set(text) & set("−↑↓")


def test_the_legend_says_what_was_counted_and_how_to_read_it(written):
    one, two, five = (text_of(written, f"{number}.md") for number in ("I", "II", "V"))
    assert "ours [95 % bootstrap interval over images] (the paper's)" in one
    assert "DUT-OMRON: 10 images, 1 fold, 1 seed." in one
    assert "10 of them with fixations, 1 fold, 1 seed; best 2 and worst 2 images." in two
    for text in (two, five):
        assert "leave-one-out centre bias, MIT convention" in text
        assert "Explicit (human) scores a density" in text
    for text in (one, two, five):
        assert "- Note: Drawn scenes.\n" in text
        assert "- Note: DUT-OMRON: Filtered.\n" in text


@pytest.mark.slow
def test_one_viewer_stands_under_table_five_where_references_are_there(study, tmp_path):
    references = save_references(
        tmp_path / "r", {"single_observer": [(0.7, 1.0), (0.9, 2.0)], "centre": [(0.5, 0.0)] * 2}
    )
    text = str(sheets.write([*study, references], tmp_path / "out")).replace("\n  ", " ")
    assert text.count("what a single person knows") == 1
    assert (
        "DUT-OMRON, what a single person knows: one viewer's density against the fixations of the "
        "others scores s-AUC 0.800 [0.700, 0.900] and IG 1.500 [1.000, 2.000] (2 images); the "
        "centre bias s-AUC 0.500 [0.500, 0.500] and IG 0.000 [0.000, 0.000] (2 images)."
    ) in text
    found = sheets.cells(sheets.read([*study, references]))
    assert not found["attention"].isin(["single_observer", "centre"]).any()


def with_ceiling(folder, ceilings, ig=(1.0, 2.0), **labels):
    """A run whose images have these ceilings of IG, and 0.9 of s-AUC where there is one."""
    known = [np.nan if np.isnan(one) else 0.9 for one in ceilings]
    scores = {"id": ["1", "2"], "ig": ig, "ceiling_ig": ceilings, "ceiling_s_auc": known}
    return save_run(folder, scores, **labels)


def test_table_five_has_a_row_of_the_ceiling_and_shares_of_it(tmp_path):
    """Two networks on the same images, whose ceilings are 2 and 6 bits: shares 3 / 8 and 1 / 8."""
    first = with_ceiling(tmp_path / "a", (2.0, 6.0))
    second = with_ceiling(tmp_path / "b", (2.0, 6.0), ig=(0.25, 0.75), attention="human")
    made = sheets.write([first, second], tmp_path / "out")
    text, five = str(made).replace("\n  ", " "), text_of(made, "V.md")
    assert "| Gold standard (ceiling) | 0.900 [0.900, 0.900] | 4.000 [2.000, 6.000] |" in five
    assert "38 % [33, 50]" in five and "12 % [12, 12]" in five
    assert "38 % [33, 50]" in text and r"{\scriptsize 38 \% [33, 50]}" in text_of(made, "V.tex")
    assert "share of explainable information" in text
    saved = pd.read_csv(made.paths[0].parent / "V.csv", keep_default_na=False)
    ceiling = saved[saved["attention"] == "gold_standard"].set_index("metric")
    assert float(ceiling.loc["ig", "value"]) == 4 and ceiling.loc["ig", "n"] == 2
    shares = made.cells.query("table == 'V' and metric == 'ig'").set_index("attention")["share"]
    assert shares.to_dict() == {"sigmoid": 0.375, "human": 0.125}
    assert "gold_standard" not in set(made.cells["attention"])


@pytest.mark.parametrize(
    ("ceilings", "sentence"),
    [
        ((np.nan, np.nan), "no ceiling, and no share of it"),
        ((-0.5, 0.1), "not above 0 beyond chance, so that there are no shares of it"),
    ],
)
def test_where_there_is_no_ceiling_the_table_says_why(tmp_path, ceilings, sentence):
    made = sheets.write([with_ceiling(tmp_path / "a", ceilings)], tmp_path / "out")
    assert sentence in str(made).replace("\n  ", " ")
    assert made.cells["share"].isna().all() and "% [" not in text_of(made, "V.md").split("Each")[0]


def test_attentions_scored_on_other_images_are_told(tmp_path):
    first = save_run(tmp_path / "a", {"id": ["1", "2"]})
    second = save_run(tmp_path / "b", {"id": ["2"]}, attention="human")
    text = str(sheets.write([first, second], tmp_path / "out")).replace("\n  ", " ")
    assert "were not scored on the same images (sigmoid 2, human 1; 1 in common)" in text
    assert "DUT-OMRON: 1 to 2 images, 1 fold, 1 seed." in text


def test_an_image_in_several_folds_is_told(tmp_path):
    folders = [save_run(tmp_path / f"{k}", {"id": ["1", "2"][k:]}, fold=k) for k in range(2)]
    text = str(sheets.write(folders, tmp_path / "out"))
    assert "1 image was scored in several folds" in text


def test_the_console_is_readable_at_120_columns_for_one_backbone(study, tmp_path):
    one = [folder for folder in study if "alexnet" in (folder / "examples.csv").read_text()]
    text = str(sheets.write(one, tmp_path / "out"))
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.slow
def test_earlier_tables_are_refused_or_replaced_whole(study, tmp_path):
    out = tmp_path / "out"
    sheets.write(study, out)
    with refused(expected="overwrite"):
        sheets.write(study, out)
    folder = save_run(tmp_path / "a", {"id": ["1", "2"], "s_auc": np.nan, "ig": np.nan})
    sheets.write([folder], out, overwrite=True)
    assert {path.name for path in out.iterdir()} == {"I.csv", "I.md", "I.tex"}
