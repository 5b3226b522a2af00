"""Tables of results in the pages are what their files give, and a command writes both."""

import re
import shutil
import sys

import documented
import pandas as pd
import program_parsers as parsers
import pytest
from conftest import ROOT, check_error_line, refused

sys.path.insert(0, str(ROOT / "tools"))
import documented_results as results
from result_tables import TABLES, Score, read

NUMBERED = re.compile(r"(?<!\d)\d*\.\d")


@pytest.fixture
def copy(tmp_path):
    """A repository with nothing but pages and results."""
    (tmp_path / "docs").mkdir()
    for page in results.pages(ROOT):
        shutil.copy(page, tmp_path / page.relative_to(ROOT))
    shutil.copytree(ROOT / results.RESULTS, tmp_path / results.RESULTS)
    return tmp_path


def changed(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.slow
def test_every_table_is_what_its_file_gives_and_has_the_columns_of_today():
    assert results.differences() == []


def test_every_table_of_numbers_says_what_it_is_written_or_measured_by():
    seen = 0
    for where, before, rows in documented.tables():
        if sum(len(NUMBERED.findall(row)) > 1 for row in rows) * 2 > len(rows):
            assert re.match(r"<!-- (results: \w+|measured by: .*) -->", before), f"{where}: {rows}"
            seen += 1
    assert seen >= len(TABLES) + 5


@pytest.mark.parametrize("name", TABLES)
def test_the_commands_of_a_table_are_taken_by_their_programs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words in results.command_lines(TABLES[name], "OUT", data="DATA", weights="FILE"):
        _, program, *rest = words
        done = parsers.call(program, *rest)
        assert done.value is not None, done.refused
        assert str(done.value.out) == "OUT"


# --- what check finds ---------------------------------------------------------------------------


def test_a_number_that_was_changed_by_hand_is_found(copy):
    page = copy / "README.md"
    cell = re.search(r"\| Explicit \(human\) \| (\S+) ", page.read_text("utf-8"))[1]
    changed(page, cell, "**.999**")
    (told,) = results.differences(copy)
    assert "README.md" in told and ".999" in told and "photographs.csv gives" in told


def test_a_row_that_a_page_lacks_is_found(copy):
    page = copy / "README.md"
    changed(page, re.search(r"\| uniform .*\n", page.read_text("utf-8"))[0], "")
    assert any("| uniform |" in line for line in results.differences(copy))


def test_a_file_that_lacks_a_column_of_today_is_found(copy):
    file = copy / results.RESULTS / "osie_vgg16.csv"
    pd.read_csv(file).drop(columns="fingerprint").to_csv(file, index=False)
    (told,) = results.differences(copy)
    assert told.endswith("lacks: fingerprint")


def test_a_table_without_a_file_and_a_file_without_a_table_are_found(copy):
    (copy / results.RESULTS / "action.csv").rename(copy / results.RESULTS / "other.csv")
    first, second = results.differences(copy)
    assert first.startswith("action: in a page, and action.csv is not there")
    assert second == "other: no command is known that writes it"


def test_a_file_behind_a_table_without_markers_is_one_that_a_page_links_to(copy):
    told = "softmax_photographs: no command is known that writes it"
    assert told not in results.differences(copy)
    changed(copy / "docs" / "paper.md", "(results/softmax_photographs.csv)", "(nothing)")
    assert told in results.differences(copy)


def test_markers_that_do_not_close_are_an_error(copy):
    changed(copy / "README.md", results.END, "")
    with refused("markers", "end of results"):
        results.differences(copy)


# --- what comes out again -----------------------------------------------------------------------


def test_an_audit_may_differ_by_one_of_the_last_printed_digit():
    rows = read(ROOT / results.RESULTS / "osie_vgg16.csv")
    near = rows.assign(s_auc=rows["s_auc"] + 0.0009, ig_low=rows["ig_low"] - 0.009)
    assert results.outside_the_band("osie_vgg16", near) == []
    far = rows.assign(s_auc=rows["s_auc"] + 0.0011)
    told = results.outside_the_band("osie_vgg16", far)
    assert len(told) == len(rows) and all(" s_auc: " in line for line in told)


def test_an_audit_by_condition_is_compared_and_printed_by_condition():
    table, rows = TABLES["winograd_vgg16"], read(ROOT / results.RESULTS / "winograd_vgg16.csv")
    assert results.outside_the_band("winograd_vgg16", rows) == []
    far = rows["condition"].eq("task=search") & rows["layer"].eq("block4_conv3")
    told = results.outside_the_band("winograd_vgg16", rows.assign(nss=rows["nss"] + far))
    assert len(told) == 1 and "block4_conv3" in told[0] and "task=search nss: " in told[0]
    lines = [[c.strip() for c in line.split("|")[1:-1]] for line in table.lines(rows)[2:]]
    tasks = [line[0].partition(": ")[0] for line in lines[::6]]
    assert tasks == ["counting", "description", "free_viewing", "search"]
    # The best layer of each task, and no reference, is bold.
    bold = [line[0] for line in lines if line[1].startswith("**")]
    assert len(bold) == 4 and all("VGG16" in label for label in bold)
    assert lines[0][2] == "" and lines[6][2] != ""


def test_trained_networks_lie_within_what_is_written():
    rows = read(ROOT / results.RESULTS / "salient_object.csv")
    inside = rows.assign(value=rows["high"].fillna(rows["value"] + 0.09))
    assert results.outside_the_band("salient_object", inside) == []
    outside = rows.assign(value=rows["high"].fillna(rows["value"]) + 0.2)
    assert len(results.outside_the_band("salient_object", outside)) == len(rows)


def test_rows_that_are_new_or_gone_are_told():
    rows = read(ROOT / results.RESULTS / "osie_vgg16.csv")
    other = rows.assign(model=rows["model"].replace("centre", "another ceiling"))
    told = results.outside_the_band("osie_vgg16", other)
    assert told == ["another ceiling: only in what is made now", "centre: only in the file"]


# --- writing ------------------------------------------------------------------------------------


def test_writing_what_is_written_changes_nothing(copy, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(results, "ROOT", copy)
    found = tmp_path / "found"
    found.mkdir()
    shutil.copy(ROOT / results.RESULTS / "osie_vgg16.csv", found / "rows.csv")
    results.Write(name="osie_vgg16", found=found)()
    assert (copy / "README.md").read_bytes() == (ROOT / "README.md").read_bytes()
    file = results.RESULTS / "osie_vgg16.csv"
    pd.testing.assert_frame_equal(read(copy / file), read(ROOT / file), rtol=1e-12)
    assert "README.md" in capsys.readouterr().out


def test_no_file_tells_where_models_and_data_lay():
    for file in (ROOT / results.RESULTS).glob("*.csv"):
        assert "/" not in file.read_text(encoding="utf-8")


def test_new_numbers_are_put_into_the_file_and_into_the_page(copy, monkeypatch, tmp_path):
    monkeypatch.setattr(results, "ROOT", copy)
    (tmp_path / "found" / "tables").mkdir(parents=True)
    rows = read(ROOT / results.RESULTS / "salient_object.csv")
    mae = rows[rows["metric"] == "mae"].set_index("attention")["value"]
    least = mae.min() - 0.0051
    rows.loc[(rows["attention"] == "softmax") & (rows["metric"] == "mae"), "value"] = least
    extra = rows[:1].assign(subset="best")  # the tables have rows of subsets, too
    for number, own in pd.concat([rows, extra]).groupby("table"):
        own.assign(n=48, drawn=True).to_csv(tmp_path / "found" / "tables" / f"{number}.csv")
    results.Write(name="salient_object", found=tmp_path / "found")()
    assert results.differences(copy) == []
    text = "\n".join(results.marked((copy / "README.md").read_text("utf-8"))["salient_object"])
    best = f"| **{least:.3f}** |".replace("0.", ".")
    cells = {
        name: re.search(rf"\| Implicit \({name}\) .*", text)[0] for name in ("softmax", "sigmoid")
    }
    assert best in cells["softmax"] and "**" not in cells["sigmoid"]


@pytest.mark.parametrize(
    ("words", "facts"),
    [
        (["check", "osie"], ("NAME", "'osie_vgg16'", "'osie'")),
        (["check", "osie_vgg16", "--data", "x"], ("--weights", ("path", "--found"))),
        (["write", "action", "--found", "nothing"], ("III.csv", "command")),
        (["write"], ("NAME", "'osie_vgg16'")),
    ],
)
def test_what_is_missing_is_one_error_and_nothing_is_written(words, facts, monkeypatch, capsys):
    before = (ROOT / "README.md").read_bytes()
    monkeypatch.setattr(sys, "argv", ["documented_results.py", *words])
    there = {"list": results.List, "check": results.Check, "write": results.Write}
    assert results.cli.run(lambda: results.parser.read(lambda _: there)) == 2
    check_error_line(capsys.readouterr().err, *facts)
    assert (ROOT / "README.md").read_bytes() == before


# --- numbers as they are printed ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("s_auc", 0.7195, ".720"),
        ("cc", -0.0311, "−.031"),
        ("cc", 1.0, "1"),
        ("kl", -1.7e-11, "0"),
        ("ig", -0.522, "−0.52"),
        ("ig", -27.58, "−27.6"),
        ("nss", 10.02, "10.0"),
        ("ig", float("nan"), ""),
    ],
)
def test_numbers_are_printed_as_in_a_paper(key, value, text):
    assert Score(key, key).printed(value) == text
