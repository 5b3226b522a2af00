"""Tests of an audit: against chance, on which side of it, and what may be called best."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import keras_attn as ka
from keras_attn.audits import against_chance
from keras_attn.evaluation.rows import REFERENCES, RowName
from keras_attn.metrics.columns import COLUMNS
from keras_attn.report.audit import differences, table
from keras_attn.report.audit import page as audit_page
from keras_attn.statistics import holm, paired_p

CHANCE = {"s_auc": 0.5, "auc_judd": 0.5, "ig": 0.0, "nss": 0.0, "cc": 0.0}


def random_gaze(batch):
    """The density of gaze that nobody had, drawn anew for each image."""
    made = []
    for image in batch:
        rng = np.random.default_rng(int(image.astype(np.int64).sum()) % 1000)
        points = rng.random((20, 2)) * image.shape[1::-1]
        made.append(ka.gaze.density(points, image.shape[:2]))
    return np.stack(made)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return ka.datasets.miniature(images=14, root=tmp_path_factory.mktemp("m") / "scenes")


@pytest.fixture(scope="module")
def result(data):
    """Gaze drawn at random, where people looked, and where they did not."""
    known = {e.pixels().astype("float32").tobytes(): e for e in data}

    def seen(batch):
        examples = [known[image.astype("float32").tobytes()] for image in batch]
        return np.stack([ka.gaze.density(e.points, e.shape, 0.1 * e.shape[1]) for e in examples])

    models = {"random": random_gaze, "seen": seen, "unseen": lambda batch: -seen(batch)}
    return ka.audit(models, data, gallery=2, progress=False)


def of(result, *models):
    """The result as if these models alone had been audited."""
    kept = result.rows["model"].isin([*models, *REFERENCES])
    return replace(result, rows=result.rows[kept].reset_index(drop=True))


def test_every_metric_is_held_against_chance_and_those_without_against_the_centre(result):
    scores = {name: own.set_index("image") for name, own in result.examples.groupby("model")}
    for column in COLUMNS:
        found = {}
        for model in result.rows["model"]:
            values = scores[model][column.key]
            others = CHANCE.get(column.key, scores["centre"][column.key])
            itself = model == "centre" and column.key in ("ig", "sim", "kl")
            found[model] = np.nan if itself else paired_p(values, others + 0 * values)
            if column.key == "ig" and values.mean() > 0:
                found[model] = max(found[model], paired_p(values, scores["uniform"]["ig"]))
        expected = holm(list(found.values()))
        np.testing.assert_allclose(result.rows[f"{column.key}_p"], expected, err_msg=column.key)


def test_the_side_is_told_in_words_and_lower_is_better_of_kl(result):
    rows = result.rows.set_index("model")
    for column in COLUMNS:
        assert rows.loc["seen", f"{column.key}_side"] == "better", column.key
        assert rows.loc["unseen", f"{column.key}_side"] == "worse", column.key
        assert rows.loc["all_observers", f"{column.key}_side"] == "better", column.key
    assert (rows.loc["uniform", ["s_auc_side", "auc_judd_side", "nss_side", "cc_side"]] == "").all()
    assert rows.loc["random", "s_auc_side"] == "" and rows.loc["random", "ig_side"] == "worse"
    assert (rows.loc["centre", ["ig_side", "sim_side", "kl_side"]] == "").all()


def test_random_gaze_is_called_best_by_nothing(result):
    """It is above the centre bias, which is below chance, and agrees with no one."""
    told = table.answer(of(result, "random"))
    assert "no map agrees with gaze better than chance, as far as 14 images tell" in told
    assert "the highest is random · map: " in told and "Chance is 0.500" in told
    assert "best" not in told and "below chance" not in told
    below = table.answer(of(result, "unseen"))
    assert "no map agrees" in below and below.split(". Chance")[0].endswith("], below chance")


def test_the_best_map_is_the_highest_of_those_above_chance(result):
    assert "By s-AUC, seen · map agrees best with gaze: 0." in table.answer(result)
    rows = result.rows.copy()
    rows.loc[rows["model"] == "random", "s_auc"] = 0.99
    told = table.answer(replace(result, rows=rows))
    assert "seen · map agrees best with gaze: 0." in told
    assert "random · map: 0.990" in told and "is higher, but not told from chance" in told


def test_the_marks_of_table_and_page_show_the_side(result):
    text = str(result)
    line = {
        name: next(one for one in text.splitlines() if one.lstrip().startswith(name))
        for name in ("seen", "unseen", "random", "uniform")
    }
    assert line["seen"].count("▲") == 7 and "▼" not in line["seen"]
    assert line["unseen"].count("▼") == 7 and "▲" not in line["unseen"]
    assert "▲" not in line["random"] and "*" not in "".join(line.values())
    assert "▲ better, ▼ worse than chance (s-AUC, AUC-Judd against 0.5; IG, NSS, CC" in text
    assert "SIM and KL, " in text
    assert "AUC-Judd, NSS and CC " in text and "worse than none" not in text
    page = audit_page.page(result)
    shown = result.rows[[f"{column.key}_side" for column in COLUMNS]]
    for side in ("better", "worse"):
        assert page.count(f'<span class="value {side}">') == (shown == side).to_numpy().sum() > 0
        assert page.count(f'aria-label="{side}"') == (shown == side).to_numpy().sum()
    assert 'data-tip="p against chance, 0.5: ' in page and 'data-tip="p against centre: ' in page
    assert 'nan"' not in page.split("</tbody>")[0].replace('data-sort="nan"', "")


def test_no_side_is_told_where_the_mean_and_the_ranks_disagree():
    """Nineteen images gain half a bit, and one loses 52: the ranks say better, the mean worse."""
    ig = np.concatenate([np.linspace(0.4, 0.6, 19), [-52.0]])
    scores = {RowName("a"): ig[:, None], RowName("centre"): np.zeros((20, 1))}
    scores[RowName("uniform")] = np.full((20, 1), -1.0)
    [column] = (one for one in COLUMNS if one.key == "ig")
    found = against_chance.test_of(column, 0, RowName("a"), scores, None)
    assert found["ig_p"] < 0.01 and ig.mean() < 0 and found["ig_side"] == 0
    scores[RowName("a")] = ig[:19, None]
    scores[RowName("centre")], scores[RowName("uniform")] = np.zeros((2, 19, 1))
    assert against_chance.test_of(column, 0, RowName("a"), scores, None)["ig_side"] == 1


@pytest.mark.slow
def test_no_map_has_a_better_gain_that_is_not_above_the_uniform_map(data, rng):
    """Of gaze drawn at random the centre bias of a few images is worse than no centre bias."""
    whose = np.repeat(["a", "b", "c"], 5)
    anywhere = [
        replace(one, points=rng.random((15, 2)) * one.shape[::-1], subjects=whose) for one in data
    ]
    nothing = replace(data, examples=tuple(anywhere), whole=None)
    found = ka.audit({"dull": lambda batch: 5 + random_gaze(batch)}, nothing, progress=False)
    rows = found.rows.set_index("model")
    assert rows.loc["uniform", "ig_low"] > 0 and rows.loc["uniform", "ig_p"] == 1
    assert (rows.loc[["uniform", "dull", "gold_standard"], "ig_side"] != "better").all()
    assert rows.loc["all_observers", "ig_side"] == "better"
    assert f"Note: uniform has {rows.loc['uniform', 'ig']:.2f} bits of IG and tells no" in str(
        found
    )
    assert "an IG above it is held against uniform as well" in str(found)


def test_too_few_images_for_any_test_are_told(result, data):
    """Of six rows that are tested, p is at least 6 · 2 / 2^n: n = 7 are too few, 8 are enough."""
    few = replace(result, dataset=data.part("few", range(7)))
    rows = of(few, "random")
    told = "Note: 7 images are too few to tell 6 rows from chance: p cannot be below 0.09"
    assert told in str(rows)
    more = replace(rows, dataset=data.part("more", range(8)))
    assert "too few to tell" not in str(more)


def test_each_condition_is_held_against_chance_on_its_own(result):
    """Two conditions of the same scores, and one of which no map is above chance."""
    parts = {"task=a": result.dataset, "task=b": result.dataset}
    one, other = of(result, "seen").rows, of(result, "random").rows
    rows = pd.concat([one.assign(condition="task=a"), other.assign(condition="task=b")])
    for key in ("s_auc", "ig"):
        names = [f"{key}_difference{end}" for end in ("", "_low", "_high", "_p")]
        rows[names], rows[f"{key}_difference_side"] = [-0.2, -0.3, -0.1, 0.01], "worse"
    ceilings = dict.fromkeys(parts, result.ceilings[""])
    both = replace(result, rows=rows.reset_index(drop=True), parts=parts, ceilings=ceilings)
    told = table.answer(both)
    assert "under task=a, seen · map agrees best with gaze: 0." in told
    assert "under task=b, no map agrees with gaze better than chance" in told
    made = differences.compared(both)
    assert {cell.side for row in made for cell in row.cells} == {"worse"}
    assert "−0.200▼" in differences.as_text(both)
    assert "▲ more and ▼ less agreement" in differences.legend(both)
    assert '<span class="value worse">−0.200' in audit_page.page(both)
