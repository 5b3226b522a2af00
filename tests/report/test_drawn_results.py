"""Drawn or real, and one data set or another: what results say of their data, and pool of them."""

import numpy as np
import pandas as pd
import pytest
from conftest import refused
from made_runs import save_references, save_run

from keras_attn.datasets.origin import ABOUT
from keras_attn.report import verification
from keras_attn.report.naming import dataset_title
from keras_attn.report.page import overview
from keras_attn.report.paper import findings
from keras_attn.report.rows import results
from keras_attn.report.tables import sheets
from keras_attn.runs import provenance

ROWS = {"id": ["a", "b", "c"]}
REAL = {"drawn": False, "data_kind": "dut_omron", "fingerprint": "a" * 64}
REAL |= {"trained_on": "dut_omron", "trained_drawn": False, "trained_fingerprint": "a" * 64}
DRAWN = REAL | {"drawn": True, "fingerprint": "d" * 64}
DRAWN |= {"trained_drawn": True, "trained_fingerprint": "d" * 64}


def saved(folder, about, **labels):
    """A run folder whose rows say of their data what `about` does; no note says anything."""
    return save_run(folder, ROWS, **about, **labels)


def pair(root, about, prefix="", **labels):
    names = ("sigmoid", "supervised")
    return [saved(root / f"{prefix}{n}", about, attention=n, **labels) for n in names]


@pytest.mark.slow
def test_without_any_sentence_rows_of_drawn_data_support_nothing(tmp_path):
    read = results.read(pair(tmp_path, DRAWN))
    assert not any(read.notes.values()) and overview.drawn(read) == "all"
    found = findings.findings(read)
    assert {f.verdict for f in found} == {findings.MACHINERY, findings.NOT_MEASURED}
    assert "machinery check" in overview.sentences(read, found)[0]


def test_a_sentence_makes_no_rows_drawn_that_say_they_are_not(tmp_path):
    folder = save_run(tmp_path / "a", ROWS, notes=[ABOUT], **REAL)
    assert overview.drawn(results.read(folder)) == ""


def test_of_results_of_earlier_versions_the_sentence_counts(tmp_path):
    runs = [save_run(tmp_path / "a", ROWS, notes=[f"{ABOUT} More."])]
    runs.append(save_references(tmp_path / "r", {"single_observer": [(0.8, 1.0)] * 3}))
    np.savez(runs[1] / "arrays.npz", id=["0"], notes=[ABOUT])
    read = results.read(runs)
    assert set(read.rows["dataset"]) == {"dut_omron (drawn)"}
    assert set(results.read(save_run(tmp_path / "b", ROWS)).rows["dataset"]) == {"dut_omron"}


def test_every_table_says_what_is_drawn(tmp_path):
    written = sheets.write(pair(tmp_path, DRAWN), tmp_path / "out")
    assert written.paths
    for path in written.paths:
        text = path.read_text()
        if path.suffix == ".csv":
            own = pd.read_csv(path)
            assert set(own["dataset"]) == {"dut_omron"} and own["drawn"].all()
        else:
            assert text.count("DUT-OMRON") == text.count("DUT-OMRON (drawn)") > 0
    assert "DUT-OMRON (drawn)" in str(written)
    (path,) = sheets.write_rows(pair(tmp_path / "more", DRAWN), tmp_path / "rows")
    assert pd.read_csv(path)["drawn"].all()


def test_drawn_data_are_called_by_the_title_of_the_real_ones_and_what_they_are():
    assert dataset_title("dut_omron") == "DUT-OMRON"
    assert dataset_title("dut_omron (drawn)") == "DUT-OMRON (drawn)"
    assert dataset_title("mine (drawn)") == "mine (drawn)"


@pytest.mark.slow
def test_real_and_drawn_data_of_one_name_stand_apart_in_one_report(tmp_path):
    real, drawn = pair(tmp_path, REAL, "real-"), pair(tmp_path, DRAWN, "drawn-")
    both, alone = results.read([*real, *drawn]), results.read(real)
    assert overview.drawn(both) == "some"
    cells = sheets.cells(both)
    assert set(cells["dataset"]) == {"dut_omron", "dut_omron (drawn)"}
    own = cells[cells["dataset"] == "dut_omron"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, sheets.cells(alone))
    # What the real ones say, the drawn ones do not take away, nor add to.
    told = [[(f.verdict, len(f.compared)) for f in findings.findings(r)] for r in (both, alone)]
    assert told[0] == told[1]


@pytest.mark.slow
def test_a_network_of_drawn_data_on_real_ones_supports_nothing(tmp_path):
    about = REAL | {"trained_drawn": True, "trained_fingerprint": "d" * 64}
    read = results.read(pair(tmp_path, about))
    assert set(read.rows["dataset"]) == {"dut_omron"} and overview.drawn(read) == "all"
    assert findings.SUPPORTED not in {f.verdict for f in findings.findings(read)}


def test_rows_of_different_data_are_not_pooled_whatever_provenance_is_lost(tmp_path):
    one, other = saved(tmp_path / "1", REAL), saved(tmp_path / "2", REAL, seed=1)
    assert len(results.read([one, other]).rows) == 6
    halved = saved(tmp_path / "3", REAL | {"fingerprint": "b" * 64}, seed=2)
    with refused(str(halved), ("dut_omron", "a" * 12, str(one)), "b" * 12):
        results.read([one, other, halved])
    foreign = saved(tmp_path / "4", REAL | {"trained_fingerprint": "c" * 64}, seed=3)
    with refused(str(foreign), ("dut_omron vgg16", "a" * 12, str(one)), "c" * 12):
        results.read([one, foreign])
    assert len(results.read([one, saved(tmp_path / "5", {}, seed=4)]).rows) == 6


def test_rows_on_other_masks_under_the_same_gaze_are_not_pooled(tmp_path):
    one, other = (
        saved(tmp_path / name, REAL | {"files": stamp * 64}, attention=attention)
        for name, stamp, attention in (("1", "e", "sigmoid"), ("2", "f", "softmax"))
    )
    with refused(str(other), ("dut_omron", "masks", "e" * 12, str(one)), "f" * 12):
        results.read([one, other])
    assert len(results.read([one, saved(tmp_path / "3", REAL, seed=1)]).rows) == 6


def test_rows_of_an_earlier_version_are_held_against_later_ones_by_their_provenance(tmp_path):
    later, earlier = saved(tmp_path / "1", REAL), save_run(tmp_path / "2", ROWS, seed=1)
    for digit, fits in (("a", True), ("b", False)):
        data = {"name": "dut_omron", "fingerprint": digit * 64}
        with provenance.measured("evaluate", data=data) as work:
            pass
        provenance.add(earlier, work)
        if fits:
            assert len(results.read([later, earlier]).rows) == 6
        else:
            with refused(expected=("dut_omron", "fingerprint"), received="fingerprint"):
                results.read([later, earlier])


def test_what_is_neither_drawn_nor_real_is_refused(tmp_path):
    folder = saved(tmp_path / "a", REAL | {"drawn": "maybe"})
    with refused("examples.csv, column drawn", "True or False"):
        results.read(folder)


@pytest.mark.slow
def test_a_report_on_drawn_data_is_verified_and_a_table_that_keeps_it_quiet_is_found(tmp_path):
    folders, out = pair(tmp_path, DRAWN), tmp_path / "out"
    sheets.write(folders, out / "tables")
    with provenance.measured("report", rows=verification.stamps(folders, out)) as work:
        pass
    provenance.replace(out, work)
    assert verification.differences(out)[0] == []
    path = out / "tables" / "I.csv"
    pd.read_csv(path).assign(drawn=False).to_csv(path, index=False)
    assert any("no cell" in told for told in verification.differences(out)[0])
