"""The report of data that are not the paper's: it has what these rows say, and nothing else."""

import numpy as np
import pytest
from made_runs import curve, save_run

from keras_attn.report.page import answers, overview
from keras_attn.report.paper import findings, wording
from keras_attn.report.paper.elsewhere import ClaimElsewhere
from keras_attn.report.rows import results
from keras_attn.report.tables import floors, formats, sheets
from keras_attn.study import workflow

pytestmark = pytest.mark.slow

IMAGES = [f"{i:02d}" for i in range(20)]
PEAKS = {"softmax": 0.4, "sigmoid": 0.6, "supervised": 0.6, "human": 0.5}


def save(root, peaks=PEAKS, dataset="my_photos", of_all=0.3, noise=0.01, **scores):
    """Runs of attentions whose F-curves have these peaks. of_all: the F-measure at threshold 0."""
    folders = []
    for number, (attention, peak) in enumerate(peaks.items()):
        jitter = noise * np.random.default_rng(number).normal(size=len(IMAGES))
        curves = [curve(of_all, max(0, peak + own)) for own in jitter]
        rows = {"id": IMAGES, "s_auc": peak + jitter, "ig": peak - 0.5 + jitter, **scores}
        rows |= {"adaptive_f": peak + jitter}
        folders.append(
            save_run(root / attention, rows, curves, attention=attention, dataset=dataset)
        )
    return folders


def made(folders):
    read = results.read(folders)
    cells = sheets.cells(read)
    return read, cells, findings.findings(read)


def standing(folders):
    read, cells, _ = made(folders)
    [(_, [one])] = overview.standings(cells, read)
    return one


def test_claims_are_asked_of_each_network_that_was_run_on_other_data(tmp_path):
    _, _, found = made(save(tmp_path))
    by_key = {one.claim.key: one for one in found}
    # Without activation, with which the claim compares as well, it cannot be asked.
    assert by_key["gap-salient"].verdict == findings.NOT_MEASURED
    _, _, found = made(save(tmp_path / "all", PEAKS | {"activation": 0.3, "human": 0.9}))
    by_key = {one.claim.key: one for one in found}
    for key in ("gap-salient", "human-salient"):
        assert isinstance(by_key[key].claim, ClaimElsewhere)
        assert set(by_key[key].compared["dataset"]) == {"my_photos"}
    # s-AUC and IG, of one network.
    assert by_key["gap-salient"].states == [1, 1]
    assert by_key["gap-salient"].verdict == findings.SUPPORTED
    # What the paper's own table says of it stays beside it.
    assert by_key["gap-salient"].paper


def test_data_of_the_paper_are_held_against_its_claims_alone(tmp_path):
    folders = save(tmp_path / "own") + save(tmp_path / "paper", dataset="dut_omron")
    _, _, found = made(folders)
    measured = [one for one in found if one.states]
    assert measured and not any(isinstance(one.claim, ClaimElsewhere) for one in measured)


def test_claims_without_rows_are_one_line_with_their_number(tmp_path):
    _, _, found = made(save(tmp_path, {"sigmoid": 0.6}))
    left = [one for one in found if one.verdict == findings.NOT_MEASURED]
    page = wording.as_markdown(found)
    assert f"{len(left)} further claims" in page and page.count("not measured;") == 1
    assert not any(one.claim.words in page for one in left)
    assert len(answers.left(found)) == len(left)
    assert sum(len(own) for _, own in answers.measured(found)) == len(found) - len(left)


def test_nothing_is_said_of_the_papers_numbers_where_it_has_none(tmp_path):
    folders = save(tmp_path / "runs")
    written = sheets.write(folders, tmp_path / "own")
    for sheet in written.sheets:
        assert not sheet.in_print
        assert "the paper's)" not in formats.as_markdown(sheet) + formats.as_text(sheet)
    workflow._report(folders, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8").replace("\u2019", "'")
    assert "(the paper's)" not in page and "the paper's as charts" not in page
    assert "Where the paper's numbers and its words differ" not in page
    assert 'id="unmeasured"' in page and 'class="tile not-measured"' not in page
    of_paper = sheets.write(save(tmp_path / "x", dataset="dut_omron"), tmp_path / "paper")
    assert any("the paper's)" in formats.as_markdown(sheet) for sheet in of_paper.sheets)


def test_of_a_tie_none_is_named_as_the_best(tmp_path):
    score = standing(save(tmp_path / "tie")).score
    assert score.who.split()[0] in ("sigmoid", "supervised")
    assert [name.split()[0] for name in score.tied] in (["sigmoid"], ["supervised"])
    clear = standing(save(tmp_path / "clear", PEAKS | {"sigmoid": 0.8})).score
    assert clear.who == "sigmoid on VGG16" and clear.tied == ()


def test_many_that_are_not_told_apart_are_counted(tmp_path):
    best = overview.Best("a", "max F", "0.5", "–", "–", tuple("bcdef"))
    assert best.together == "6 networks"
    assert overview.Best("a", "max F", "0.5", "–", "–", ("b",)).together == "a and b"


def test_a_network_that_calls_every_pixel_object_is_at_the_floor(tmp_path):
    read, cells, _ = made(save(tmp_path, {"softmax": 0.1, "sigmoid": 0.6}))
    [told] = floors.sentences(sheets.BY_NUMBER["I"], read, cells[cells["table"] == "I"])
    assert "my_photos, floor: a map that calls every pixel object has max F 0.300" in told
    assert "no better than that is Implicit (softmax);" in told
    best = standing(save(tmp_path / "all", {"softmax": 0.1})).score
    assert best.floor == "no better than a map that calls every pixel object, 0.300"


def test_an_empty_maps_mae_is_the_share_of_object(tmp_path):
    # Of a share p of object F at threshold 0 is 1.3 p / (0.3 p + 1).
    share = 0.25
    of_all = 1.3 * share / (0.3 * share + 1)
    read, cells, _ = made(save(tmp_path, {"sigmoid": 0.6}, of_all=of_all, mae=0.4))
    own = cells[(cells["metric"] == "mae")].iloc[0]
    floor = floors.floor_of(read, sheets.BY_NUMBER["I"], own.to_dict())
    assert floor.value == pytest.approx(share, abs=1e-6) and not floor.above
    read, cells, _ = made(save(tmp_path / "good", {"sigmoid": 0.6}, of_all=of_all, mae=0.1))
    own = cells[(cells["metric"] == "mae")].iloc[0]
    assert floors.floor_of(read, sheets.BY_NUMBER["I"], own.to_dict()).above


def test_agreement_with_gaze_that_chance_has_as_well_is_told(tmp_path):
    read, cells, _ = made(save(tmp_path, {"softmax": 0.5, "sigmoid": 0.7}, noise=0.05))
    [told] = floors.sentences(sheets.BY_NUMBER["V"], read, cells[cells["table"] == "V"])
    assert "chance has s-AUC 0.500, and no better than that is Implicit (softmax)" in told
    clear = {"softmax": 0.6, "sigmoid": 0.7}
    read, cells, _ = made(save(tmp_path / "x", clear))
    assert floors.sentences(sheets.BY_NUMBER["V"], read, cells[cells["table"] == "V"]) == []
