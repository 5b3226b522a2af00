"""A report is what its rows give, or it is said where not."""

import json

import pandas as pd
import pytest
from conftest import refused
from made_runs import save_run, save_study

from keras_attn.report import verification
from keras_attn.report.tables import sheets
from keras_attn.runs import provenance
from keras_attn.study import workflow


@pytest.fixture
def reported(tmp_path):
    """A study's folder with tables, and what says which rows they were made from."""
    folders = save_study(tmp_path / "runs")
    with provenance.measured("report", rows=verification.stamps(folders, tmp_path)) as work:
        sheets.write(folders, tmp_path / "tables")
    provenance.replace(tmp_path, work)
    return tmp_path


@pytest.mark.slow
def test_what_nobody_has_touched_is_verified(reported):
    found, cells = verification.differences(reported)
    written = sum(len(pd.read_csv(path)) for path in (reported / "tables").glob("*.csv"))
    assert found == [] and cells == written > 0


@pytest.mark.slow
def test_a_study_is_verified_wherever_it_was_moved_to(reported, tmp_path_factory):
    moved = reported.rename(tmp_path_factory.mktemp("elsewhere") / "study")
    assert verification.differences(moved)[0] == []


@pytest.mark.slow
def test_a_number_that_was_changed_by_hand_is_named(reported):
    path = reported / "tables" / "I.csv"
    table = pd.read_csv(path, keep_default_na=False)
    table.loc[0, "value"] = 0.999
    table.drop(index=1).to_csv(path, index=False)
    first, second = verification.differences(reported)[0]
    where = " ".join(v for v in table.loc[0, list(sheets.KEYS)] if v)
    assert first.startswith(f"{path}: value of {where} is 0.999, the rows give 0.")
    assert f"{path}: no cell I " in second


@pytest.mark.slow
def test_rows_that_have_changed_are_named_and_so_are_their_cells(reported):
    folder = next(iter(json.loads((reported / "provenance.json").read_text())["work"][0]["rows"]))
    path = reported / folder / "examples.csv"
    rows = pd.read_csv(path)
    rows["mae"] += 0.1
    rows.to_csv(path, index=False)
    first, *others = verification.differences(reported)[0]
    assert first.endswith("examples.csv: changed since the report")
    assert any("I.csv: value of I " in sentence and " mae " in sentence for sentence in others)


def test_what_is_no_report_is_refused(tmp_path):
    with refused(expected=("study", "report"), received="provenance.json"):
        verification.differences(tmp_path)


# --- where rows come from -----------------------------------------------------------------------


def told(folder, **changes):
    """Say of a folder of rows how they came to be."""
    data = {"name": "dut_omron", "fingerprint": "a" * 64}
    with provenance.measured("evaluate", data=data) as work:
        pass
    provenance.add(folder, work | changes)


def test_rows_on_data_that_have_changed_are_not_pooled(tmp_path):
    folders = save_study(tmp_path)
    told(folders[0])
    told(folders[1])
    assert len(sheets.read(folders).rows)
    told(folders[1], data={"name": "dut_omron", "fingerprint": "b" * 64})
    with refused(str(folders[1]), ("dut_omron", "a" * 12), "b" * 12):
        sheets.read(folders)


def test_rows_of_another_version_are_refused_with_its_number(tmp_path):
    folders = save_study(tmp_path)
    told(folders[0], format=0, versions={"keras_attn": "0.0.9"})
    with refused("run0", ("format", "keras-attn evaluate"), "format 0, of version 0"):
        workflow.report(folders, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_ceilings_cells_are_given_by_the_rows_too(tmp_path):
    ceilings = {"ceiling_s_auc": 0.9, "ceiling_ig": [2.0, 6.0]}
    folders = [save_run(tmp_path / "run", {"id": ["1", "2"], **ceilings})]
    with provenance.measured("report", rows=verification.stamps(folders, tmp_path)) as work:
        sheets.write(folders, tmp_path / "tables")
    provenance.replace(tmp_path, work)
    found, cells = verification.differences(tmp_path)
    written = sum(len(pd.read_csv(path)) for path in (tmp_path / "tables").glob("*.csv"))
    assert found == [] and cells == written
    path = tmp_path / "tables" / "V.csv"
    path.write_text(path.read_text().replace("4.0,2.0,6.0", "5.0,2.0,6.0"))
    [sentence] = verification.differences(tmp_path)[0]
    assert "gold_standard ig is 5.0, the rows give 4.0" in sentence
