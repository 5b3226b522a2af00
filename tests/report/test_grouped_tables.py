"""Tables of datasets with groups: their intervals and tests count a group as one."""

import numpy as np
import pandas as pd
from conftest import refused
from made_runs import curve, save_run

from keras_attn.report.rows.results import read
from keras_attn.report.tables import confusion, sheets


def grouped_runs(root, name, repeats, groups):
    """A run of ten images, each so many times, in these groups, and another attention's of them."""
    rng = np.random.default_rng(3)
    s_auc, mae, high = (np.repeat(rng.uniform(size=10), repeats) for _ in range(3))
    ids = [f"{n:02d}{'ab'[copy]}" for n in range(10) for copy in range(repeats)]
    folders = []
    for attention in ("sigmoid", "softmax"):
        more = 0.1 * np.repeat(rng.uniform(size=10), repeats) * (attention == "softmax")
        scores = {"id": ids, "s_auc": s_auc - more, "mae": mae + more}
        scores |= {} if groups is None else {"group": groups}
        curves = [curve(one, 0.5) for one in high - more]
        folders.append(save_run(root / f"{name}-{attention}", scores, curves, attention=attention))
    return read(folders)


def told(results):
    """Cells with intervals, and the contrast of each with the best, as numbers."""
    names = ["value", "low", "high", "behind", "behind_low", "behind_high", "behind_p"]
    found = sheets.cells(results)
    return found[[name for name in names if name in found]].to_numpy(float)


def test_groups_of_one_change_no_cell_and_copies_in_groups_change_none_either(tmp_path):
    once = told(grouped_runs(tmp_path, "once", 1, None))
    alone = told(grouped_runs(tmp_path, "alone", 1, [f"g{n}" for n in range(10)]))
    np.testing.assert_array_equal(alone, once)
    groups = np.repeat([f"g{n}" for n in range(10)], 2)
    twice = told(grouped_runs(tmp_path, "twice", 2, groups))
    np.testing.assert_allclose(twice, once, atol=1e-6)
    apart = told(grouped_runs(tmp_path, "apart", 2, None))
    narrower = (apart[:, 2] - apart[:, 1]) < 0.9 * (once[:, 2] - once[:, 1])
    assert narrower.any()


def test_an_example_of_two_groups_is_an_error_that_names_both_folders(tmp_path):
    one = save_run(tmp_path / "one", {"id": ["a", "b"], "group": ["x", ""]})
    other = save_run(tmp_path / "other", {"id": ["a", "b"], "group": ["y", ""]}, seed=1)
    with refused("other", ("'x'", "one"), "'y'"):
        read([one, other])


def test_the_table_says_how_many_groups_there_are_and_says_nothing_without(tmp_path):
    grouped = grouped_runs(tmp_path, "twice", 2, np.repeat([f"g{n}" for n in range(10)], 2))
    said = "10 groups of them, each drawn as a whole and tested by its mean"
    assert said in sheets.write(grouped, tmp_path / "out").text
    alone = grouped_runs(tmp_path, "once", 1, None)
    assert "groups of them" not in sheets.write(alone, tmp_path / "more").text


def test_an_accuracy_of_copies_in_groups_has_the_interval_of_one_of_each():
    right = np.array([1, 1, 0, 1, 0, 1, 1, 1.0])
    once = pd.DataFrame({"class": "c", "correct": right})
    groups = np.repeat([f"g{n}" for n in range(8)], 2)
    twice = pd.DataFrame({"class": "c", "correct": np.repeat(right, 2), "group": groups})
    ends = ["accuracy", "low", "high"]
    found, known = (confusion.per_class(rows)[ends].to_numpy(float) for rows in (twice, once))
    np.testing.assert_allclose(found, known)
