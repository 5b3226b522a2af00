"""Results of versions that called three references otherwise: read under the names of now."""

import numpy as np
import pandas as pd
import pytest
from made_runs import save_references, save_run

from keras_attn.evaluation.rows import (
    ALL_OBSERVERS,
    EARLIER_NAMES,
    GOLD_STANDARD,
    REFERENCES,
    SINGLE_OBSERVER,
    renamed,
)
from keras_attn.report import verification
from keras_attn.report.rows import results
from keras_attn.report.tables import sheets
from keras_attn.runs import provenance

SCORES = {
    "centre": [(0.5, 0.0)] * 2,
    "uniform": [(0.5, -0.5)] * 2,
    ALL_OBSERVERS: [(0.95, 4.0)] * 2,
    SINGLE_OBSERVER: [(0.7, 1.0), (0.9, 2.0)],
    GOLD_STANDARD: [(0.9, 3.0)] * 2,
}
BEFORE = {now: before for before, now in EARLIER_NAMES.items()}
CEILING = {"id": ["0", "1"], "ceiling_s_auc": 0.9, "ceiling_ig": [2.0, 6.0]}


@pytest.fixture
def runs(tmp_path):
    """A network with the mechanism of gaze, and the references with the names of before and now."""
    before = {BEFORE.get(name, name): pairs for name, pairs in SCORES.items()}
    return (
        save_run(tmp_path / "human", CEILING, attention="human"),
        save_references(tmp_path / "before", before),
        save_references(tmp_path / "now", SCORES),
    )


def test_references_are_called_as_now_and_the_mechanism_of_gaze_keeps_its_name(runs):
    network, before, _ = runs
    assert {"human", "one viewer", "ceiling"} <= set(pd.read_csv(before / "examples.csv").attention)
    rows = results.read([network, before]).rows
    of_networks = results.of_networks(rows)
    assert set(rows["attention"][~of_networks]) == set(REFERENCES)
    assert set(rows["attention"][of_networks]) == {"human"}
    means = rows[~of_networks].groupby("attention")["s_auc"].mean()
    assert means.to_dict() == {name: np.mean(pairs, axis=0)[0] for name, pairs in SCORES.items()}


def test_the_tables_are_those_of_a_folder_with_the_names_of_now(runs, tmp_path):
    network, before, now = runs
    made = [sheets.write([network, r], tmp_path / f"tables of {r.name}") for r in (before, now)]
    assert "what a single person knows" in str(made[0]) and str(made[0]) == str(made[1])
    pairs = list(zip(*(sorted(one.paths) for one in made), strict=True))
    assert pairs and all(one.read_bytes() == two.read_bytes() for one, two in pairs)


def test_a_report_of_before_is_verified(runs, tmp_path):
    folders = runs[:2]
    with provenance.measured("report", rows=verification.stamps(folders, tmp_path)) as work:
        sheets.write(folders, tmp_path / "tables")
    provenance.replace(tmp_path, work)
    path = tmp_path / "tables" / "V.csv"
    text = path.read_text()
    assert text.count(f",{GOLD_STANDARD},") == 2
    path.write_text(text.replace(f",{GOLD_STANDARD},", ",ceiling,"))
    assert verification.differences(tmp_path)[0] == []


@pytest.mark.parametrize("nothing", ["", np.nan])
def test_rows_of_an_audit_are_renamed_where_they_are_no_map(nothing):
    models = ["human", "vgg16", "human", "one viewer", "ceiling", "centre"]
    layers = [nothing, "block5", nothing, nothing, nothing, nothing]
    kinds = ["map", "activation", nothing, nothing, nothing, nothing]
    rows = pd.DataFrame({"model": models, "layer": layers, "kind": kinds, "s_auc": 0.5})
    wanted = ["human", "vgg16", ALL_OBSERVERS, SINGLE_OBSERVER, GOLD_STANDARD, "centre"]
    assert renamed(rows)["model"].tolist() == wanted
    assert rows["model"].tolist() == models
    pd.testing.assert_frame_equal(renamed(rows).drop(columns="model"), rows.drop(columns="model"))
