"""Which numbers are marked as within noise of the best: rows of a known answer."""

import numpy as np
import pandas as pd
import pytest
from made_runs import curve, save_run, save_videos

from keras_attn.report.tables import sheets

IMAGES = 40


def column(folders, table, metric, by="attention"):
    """The cells of a column, by attention."""
    found = sheets.cells(sheets.read(folders))
    found = found[(found["table"] == table) & (found["metric"] == metric)]
    return {row[by]: row for row in found.to_dict("records")}


def save(root, named, rng, **labels):
    """A run for each of these differences of score from the first; images differ far more."""
    ids, folders = [f"{i:02d}" for i in range(IMAGES)], []
    ease = rng.uniform(0.2, 0.8, IMAGES)
    for name, (gain, noise) in named.items():
        own = ease + gain + noise * rng.standard_normal(IMAGES)
        scores = {"id": ids, "mae": 1 - own, "s_auc": own, "ig": own}
        curves = [curve(value) for value in own]
        folders.append(save_run(root / name, scores, curves, attention=name, **labels))
    return folders


def test_what_differs_on_every_image_is_told_apart_though_intervals_overlap(tmp_path, rng):
    folders = save(tmp_path, {"human": (0.05, 0), "sigmoid": (0, 0), "softmax": (0.049, 0.1)}, rng)
    for metric in ("max_f", "mae"):
        cells = column(folders, "I", metric)
        best, told, noise = (cells[name] for name in ("human", "sigmoid", "softmax"))
        assert best["within_noise"] is None and np.isnan(best["behind"])
        assert told["within_noise"] is False and told["behind"] == pytest.approx(0.05)
        overlap = told["low"] < best["high"] and best["low"] < told["high"]
        assert overlap and noise["within_noise"] is True
        assert noise["behind_low"] < 0 < noise["behind_high"]
    assert cells["sigmoid"]["behind_p"] < 0.001 < 0.05 < cells["softmax"]["behind_p"]


def test_intervals_and_p_are_widened_for_the_comparisons_of_a_column(tmp_path, rng):
    named = {"human": (0.02, 0), "sigmoid": (0, 0.05)}
    alone = column(save(tmp_path / "a", named, np.random.default_rng(3)), "V", "s_auc")["sigmoid"]
    more = named | {name: (-0.3, 0.01) for name in ("softmax", "activation", "supervised")}
    among = column(save(tmp_path / "b", more, np.random.default_rng(3)), "V", "s_auc")["sigmoid"]
    assert alone["behind"] == among["behind"]
    assert among["behind_low"] < alone["behind_low"] < alone["behind_high"] < among["behind_high"]
    assert among["behind_p"] == pytest.approx(alone["behind_p"])  # the largest of Holm's


def test_few_examples_are_told_apart_by_no_test(tmp_path):
    """Of four images that all differ one way, p is 2 / 2^4; of max F there is no test."""
    ids = list("0123")
    one = {"id": ids, "mae": [0.1, 0.2, 0.3, 0.4]}
    other = {"id": ids, "mae": [0.2, 0.31, 0.42, 0.53]}
    folders = [
        save_run(tmp_path / "a", one, [curve(0.9)] * 4, attention="human"),
        save_run(tmp_path / "b", other, [curve(0.8)] * 4),
    ]
    behind = column(folders, "I", "mae")["sigmoid"]
    assert behind["behind_low"] > 0 and behind["behind_p"] == 2 / 16
    assert behind["within_noise"] is True
    assert column(folders, "I", "max_f")["sigmoid"]["within_noise"] is False


def test_attentions_without_a_common_example_are_not_compared(tmp_path):
    folders = [
        save_run(tmp_path / "a", {"id": ["1", "2"], "mae": 0.1}, attention="human"),
        save_run(tmp_path / "b", {"id": ["3", "4"], "mae": 0.2}),
    ]
    behind = column(folders, "I", "mae")["sigmoid"]
    assert behind["within_noise"] is None and np.isnan(behind["behind"])


def test_networks_without_attention_are_compared_below_each_other(tmp_path):
    """Right about 90 and 30 of 100 videos, the same ones and more."""
    labels, folders = np.eye(2)[np.arange(100) % 2], []
    for fusion, right in (("frames", 90), ("flow", 30)):
        told = np.where(np.arange(100)[:, None] < right, labels, 1 - labels)
        who = {"fusion": fusion, "attention": "none", "gaze": False}
        folders.append(save_videos(tmp_path / fusion, told, labels, **who))
    cells = column(folders, "III", "accuracy", "fusion")
    assert cells["frames"]["within_noise"] is None
    assert cells["flow"]["behind"] == pytest.approx(0.6)
    assert cells["flow"]["within_noise"] is False


def save_birds(root, **right):
    """A run of 200 birds of a class for each attention; right: which of them it tells."""
    folders = []
    for name, told in right.items():
        told = 1.0 * np.isin(np.arange(200), told)
        names = {"class": "c0", "predicted": np.where(told == 1, "c0", "c1"), "correct": told}
        scores = {"id": [f"{i:03d}" for i in range(200)], **names}
        who = {"task": "fine_grained", "dataset": "cub_vwsw", "attention": name}
        folders.append(save_run(root / name, scores, **who))
    return folders


def test_shares_are_told_apart_by_the_examples_that_differ(tmp_path):
    """Of 200 birds 186 are told alike, and 14 by one alone: p is 2 / 2^14."""
    folders = save_birds(tmp_path, human=range(95), sigmoid=range(81))
    behind = column(folders, "VII", "accuracy")["sigmoid"]
    assert behind["behind"] == pytest.approx(0.07)
    assert behind["behind_p"] == pytest.approx(2 / 2**14)
    assert behind["within_noise"] is False


def test_a_share_is_within_noise_where_its_test_is_not_clear_though_its_interval_is(tmp_path):
    """Twelve and three birds of 200: p = 2 · 576 / 2^15 of McNemar's, and 0.06 of 23 and 11."""
    pairs = {"a": (12, 3, 1152 / 2**15, False), "b": (23, 11, 0.0576, True)}
    for name, (more, fewer, p, noise) in pairs.items():
        human, sigmoid = range(100), [*range(more, 100), *range(100, 100 + fewer)]
        folders = save_birds(tmp_path / name, human=human, sigmoid=sigmoid)
        behind = column(folders, "VII", "accuracy")["sigmoid"]
        assert behind["behind"] == pytest.approx((more - fewer) / 200)
        assert behind["behind_p"] == pytest.approx(p, abs=5e-5)
        assert behind["behind_low"] > 0
        assert behind["within_noise"] is noise


def test_the_legend_names_the_test_of_shares(tmp_path):
    folders = save_birds(tmp_path, human=range(95), sigmoid=range(81))
    sheets.write(folders, tmp_path / "out")
    page = (tmp_path / "out" / "VII.md").read_text(encoding="utf-8")
    assert page.count("McNemar's exact test") == 2 and "Wilcoxon" not in page
    assert "McNemar's exact test" in page
    assert "human − sigmoid 0.070, p \\< 0.001" in page


def test_the_mark_stands_in_every_format(tmp_path, rng):
    named = {"human": (0.05, 0), "supervised": (0.045, 0.1), "sigmoid": (-0.2, 0)}
    made = sheets.write(save(tmp_path, named, rng), tmp_path / "out")
    page = (tmp_path / "out" / "I.md").read_text(encoding="utf-8")
    starts = {
        line.split(" | ")[0]: [cell.split(" ")[0] for cell in line.split(" | ")[1:]]
        for line in page.splitlines()
    }
    assert all(cell.endswith("*≈") for cell in starts["| Explicit (supervised)"])
    assert not any("≈" in cell for cell in starts["| Implicit (sigmoid)"])
    assert "≈ marks those" in page
    assert "over the same images, widened for all comparisons of the column" in page
    row = next(line for line in str(made).splitlines() if "(supervised)" in line)
    assert row.count("* ≈") == 2
    latex = (tmp_path / "out" / "I.tex").read_text(encoding="utf-8")
    assert latex.count(r"}$^{\approx}$") == 2 and "≈" not in latex
    assert pd.read_csv(tmp_path / "out" / "I.csv")["within_noise"].astype(str).eq("True").sum() == 2
