"""Tables IIb, IVb and IXb from evaluation files that were made by hand: cells, words, old files."""

import numpy as np
import pandas as pd
import pytest
from conftest import refused
from made_runs import save_references, save_run, save_videos

from keras_attn.evaluation.rows import MAPS
from keras_attn.metrics.dispersion import cc_with_others, mean_cc, standardised
from keras_attn.report.page import html
from keras_attn.report.paper.printed import paper_cells
from keras_attn.report.paper.tables import BY_NUMBER, TABLES
from keras_attn.report.tables import dispersion, formats, sheets

OURS = ("IIb", "IVb", "IXb")


def add(folder, maps, entropy):
    """Give a run folder maps and entropies."""
    rows = pd.read_csv(folder / "examples.csv", dtype={"id": str})
    rows.assign(entropy=entropy).to_csv(folder / "examples.csv", index=False)
    with np.load(folder / "arrays.npz") as file:
        arrays = dict(file)
    vectors = standardised(maps) if np.ndim(maps) == 3 else maps
    np.savez(folder / "arrays.npz", **arrays, **{MAPS: np.asarray(vectors, np.float32)})
    return folder


def number(folders, table, metric, subset, **labels):
    found = sheets.cells(sheets.read(folders))
    for name, value in (labels | {"table": table, "metric": metric, "subset": subset}).items():
        found = found[found[name] == value]
    assert len(found) == 1
    return found.iloc[0]


@pytest.fixture
def run(tmp_path, rng):
    """Ten images: the two best at one place each, the two worst spread and alike."""
    f = np.arange(10) / 10
    scores = {"id": [f"{i}" for i in range(10)], "adaptive_f": f}
    maps = rng.uniform(size=(10, 6, 5))
    return add(save_run(tmp_path / "run", scores), maps, 1 - f), maps


def test_the_three_tables_are_there_beside_those_of_the_paper():
    numbers = [table.number for table in TABLES]
    assert [n for n in numbers if n in OURS] == list(OURS)
    paper = set(paper_cells()["table"])
    assert {n for n in numbers if n not in paper} == set(OURS)
    for name in OURS:
        table = BY_NUMBER[name]
        assert table.ours and table.neutral and table.subsets[-1].key == "all"
        assert [metric.key for metric in table.metrics] == ["entropy", "cc_others"]


def test_cells_by_hand(run):
    folder, maps = run
    assert number([folder], "IIb", "entropy", "all")["value"] == pytest.approx(0.55)
    assert number([folder], "IIb", "entropy", "best")["value"] == pytest.approx(0.15)
    assert number([folder], "IIb", "entropy", "worst")["value"] == pytest.approx(0.95)
    for subset, own in (("all", maps), ("best", maps[8:]), ("worst", maps[:2])):
        found = number([folder], "IIb", "cc_others", subset)
        assert found["value"] == pytest.approx(mean_cc(own), abs=1e-6)
        assert found["n"] == len(own)
    # Two images are one pair, which has no spread.
    assert np.isnan(number([folder], "IIb", "cc_others", "worst")["low"])


def test_videos_told_rightly_and_wrongly_are_compared_among_themselves(tmp_path, rng):
    labels = np.eye(2)[[0, 0, 0, 0, 1, 1, 1, 1]]
    scores = np.eye(2)[[0, 0, 0, 1, 1, 0, 0, 1]]
    maps = rng.uniform(size=(8, 6, 5))
    folder = add(save_videos(tmp_path / "run", scores, labels), maps, np.arange(8) / 10)
    right = [0, 1, 2, 4, 7]
    for subset, own in (("positive", right), ("negative", [3, 5, 6]), ("all", range(8))):
        own = list(own)
        found = number([folder], "IVb", "entropy", subset)
        assert (found["value"], found["n"]) == (pytest.approx(np.mean(own) / 10), len(own))
        found = number([folder], "IVb", "cc_others", subset)
        assert found["value"] == pytest.approx(mean_cc(maps[own]), abs=1e-6)


def test_no_number_is_the_best_and_no_arrow_says_which_were(run, tmp_path, rng):
    folder, _ = run
    scores = {"id": [f"{i}" for i in range(10)], "adaptive_f": np.arange(10) / 10}
    other = save_run(tmp_path / "other", scores, attention="softmax")
    add(other, rng.uniform(size=(10, 6, 5)), 0.3)
    written = sheets.write([folder, other], tmp_path / "out")
    [sheet] = [sheet for sheet in written.sheets if sheet.number == "IIb"]
    cells = [cell for block in sheet.blocks for _, row in block.rows for cell in row]
    assert len(cells) == 12 and not any(cell.place or cell.noise for cell in cells)
    headings = [heading.score for block in sheet.blocks for heading in block.headings]
    assert headings == [
        *("entropy best", "entropy worst", "entropy all"),
        *("CC to others best", "CC to others worst", "CC to others all"),
    ]
    assert sheet.cells["within_noise"].isna().all() and sheet.cells["behind"].isna().all()
    text = formats.as_text(sheet)
    assert "(ours)" in text and "the paper has no such table" in text
    assert "the paper's)." not in text and "**" not in text
    assert (tmp_path / "out" / "IIb.md").is_file() and (tmp_path / "out" / "IIb.tex").is_file()


@pytest.mark.slow
def test_runs_of_earlier_versions_have_a_dash(run, tmp_path):
    folder, _ = run
    old = save_run(tmp_path / "old", {"id": list("0123456789")}, attention="softmax")
    alone = sheets.write([old], tmp_path / "alone")
    assert "IIb" not in {sheet.number for sheet in alone.sheets}
    written = sheets.write([folder, old], tmp_path / "both")
    [sheet] = [sheet for sheet in written.sheets if sheet.number == "IIb"]
    [block] = sheet.blocks
    assert [title for title, _ in block.rows] == ["Implicit (sigmoid)"]
    told = "not measured in evaluations of an earlier version: DUT-OMRON VGG16 softmax"
    assert told in formats.as_text(sheet).replace("\n  ", " ")
    assert "not measured" not in "".join(str(one.legend) for one in written.sheets if not one.ours)
    # Beside another network of the same attention, it is a row with dashes.
    same = save_run(tmp_path / "same", {"id": list("0123456789")}, backbone="alexnet")
    more = add(
        save_run(
            tmp_path / "more",
            {"id": list("0123456789")},
            backbone="alexnet",
            attention="softmax",
        ),
        np.eye(30)[:10].reshape(10, 6, 5),
        0.5,
    )
    written = sheets.write([folder, same, more], tmp_path / "three")
    [sheet] = [sheet for sheet in written.sheets if sheet.number == "IIb"]
    assert "| – |" in formats.as_markdown(sheet)


def test_networks_of_several_grids_stand_in_one_table(run, tmp_path, rng):
    folder, maps = run
    scores = {"id": [f"{i}" for i in range(10)]}
    small = rng.uniform(size=(10, 2, 2))
    other = add(save_run(tmp_path / "other", scores, backbone="alexnet"), small, 0.3)
    results = sheets.read([folder, other])
    assert results.arrays[MAPS].shape == (20, 30)
    found = number([folder, other], "IIb", "cc_others", "all", backbone="alexnet")
    assert found["value"] == pytest.approx(mean_cc(small), abs=1e-6)
    found = number([folder, other], "IIb", "cc_others", "all", backbone="vgg16")
    assert found["value"] == pytest.approx(mean_cc(maps), abs=1e-6)


def test_an_example_without_a_map_is_left_out(tmp_path, rng):
    """As attention that is made of gaze is, where there is none."""
    maps = rng.uniform(size=(10, 6, 5))
    vectors, entropy = standardised(maps), np.full(10, 0.5)
    vectors[3], entropy[3] = np.nan, np.nan
    folder = save_run(tmp_path / "run", {"id": list("0123456789")}, attention="human")
    folder = add(folder, vectors, entropy)
    found = number([folder], "IIb", "cc_others", "all")
    assert found["n"] == 9
    assert found["value"] == pytest.approx(mean_cc(np.delete(maps, 3, axis=0)), abs=1e-6)
    assert number([folder], "IIb", "entropy", "all")["n"] == 9


@pytest.mark.parametrize(
    ("spoil", "facts"),
    [
        (lambda v: v[:-1], ("arrays.npz", "(10, positions)")),
        (lambda v: v * 2, ("arrays.npz", ("mean 0", "length 1"))),
        (lambda v: v + 0.1, ("arrays.npz", ("mean 0", "length 1"))),
        (
            lambda v: np.where(np.arange(v.size).reshape(v.shape) == 0, np.nan, v),
            ("arrays.npz", "", "1 not finite"),
        ),
        (
            lambda v: np.where(np.arange(v.size).reshape(v.shape) == 0, np.inf, v),
            ("arrays.npz", "", "1 not finite"),
        ),
    ],
)
def test_maps_that_are_no_such_maps_are_refused(tmp_path, rng, spoil, facts):
    folder = save_run(tmp_path / "run", {"id": list("0123456789")})
    add(folder, spoil(standardised(rng.uniform(size=(10, 6, 5)))), 0.5)
    with refused(*facts):
        sheets.read([folder])


def test_references_need_no_maps(tmp_path, run):
    viewer = save_references(tmp_path / "refs", {"single_observer": [(0.8, 1.0)] * 10})
    found = sheets.cells(sheets.read([viewer, run[0]]))
    assert "IIb" in set(found["table"])


def test_the_page_shows_it_and_takes_it_for_no_score(run, tmp_path):
    results = sheets.read([run[0]])
    made = sheets.write(results, tmp_path / "out")
    page = html(results, made, [], [])
    assert 'id="table-IIb"' in page and "Dispersion of attention" in page
    assert "entropy ↑" not in page and "entropy ↓" not in page
    assert "CC to others best" in page


# --- example by example -------------------------------------------------------------------------


def test_each_example_has_both_measures_in_each_subset_and_cells_are_their_means(run):
    folder, maps = run
    found = dispersion.per_example([folder])
    assert found.groupby("subset").size().to_dict() == {"all": 10, "best": 2, "worst": 2}
    best = found[found["subset"] == "best"]
    assert list(best["id"]) == ["8", "9"]
    np.testing.assert_allclose(best["cc_others"], cc_with_others(maps[8:]), atol=1e-6)
    np.testing.assert_allclose(best["entropy"], [0.2, 0.1])
    for subset, own in found.groupby("subset"):
        for metric in ("entropy", "cc_others"):
            cell = number([folder], "IIb", metric, subset)
            assert cell["value"] == pytest.approx(own[metric].mean())


def test_evaluations_of_earlier_versions_have_no_such_examples(tmp_path):
    old = save_run(tmp_path / "old", {"id": list("0123456789")})
    assert dispersion.per_example([old]).empty
    assert np.isnan(dispersion.by_row(sheets.read([old]))).all()


def test_pooled_rows_have_both_measures_each_network_for_itself(run, tmp_path, rng):
    folder, maps = run
    scores = {"id": [f"{i}" for i in range(10)]}
    others = rng.uniform(size=(10, 4, 4))
    other = add(save_run(tmp_path / "other", scores, seed=1), others, 0.3)
    [path] = sheets.write_rows([folder, other], tmp_path)
    rows = pd.read_csv(path)
    expected = np.concatenate([cc_with_others(maps), cc_with_others(others)])
    np.testing.assert_allclose(rows["cc_others"], expected, atol=1e-6)
    np.testing.assert_allclose(rows["entropy"][10:], 0.3)
