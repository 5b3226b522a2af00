"""audit.json: it says all that the tables do, and what is no audit is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from conftest import refused
from made_audits import by_task, many_layers

import keras_attn as ka
from keras_attn.metrics.columns import OWN
from keras_attn.report.audit import record


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return many_layers(["one", "two"], 2, tmp_path_factory.mktemp("record"))


@pytest.fixture(scope="module")
def values(result):
    return json.loads(json.dumps(record.of(result), allow_nan=False))


def test_rows_and_scores_of_images_read_back(result, values):
    found = record.opened(values, "audit.json", "mine")
    columns = ["model", "layer", "kind", "images", "s_auc", "ig", "ig_low", "ig_high", "ig_share"]
    pd.testing.assert_frame_equal(found.rows[columns], result.rows[columns])
    maps = result.examples.groupby(["model", "layer", "kind"])
    for name, scores in zip(found.names, found.scores, strict=True):
        own = maps.get_group((name.model, name.layer, name.kind))
        assert list(scores.index) == list(own["image"])
        np.testing.assert_allclose(scores["s_auc"], own["s_auc"], atol=1e-9)
    assert found.metrics == list(OWN)


def test_it_says_which_data_and_conventions_the_scores_are_of(result, values):
    data, made = values["data"], values["conventions"]
    assert data["fingerprint"] == result.dataset.fingerprint and data["drawn"] is True
    assert (data["viewers"], data["fixations"]) == (6, result.dataset.report.points)
    assert made["fixation_sigma"] == ka.gaze.FIXATION_SIGMA and made["longest_side"] == 1024
    assert made["metrics"]["kl"] == {"title": "KL", "better": "lower", "chance": None}
    assert values["ceilings"] == {"": str(result.ceilings[""])} and values["notes"] == result.notes
    assert values["made_with"]["keras_attn"] == ka.__version__


def test_conditions_have_rows_and_fingerprints_of_their_own(tmp_path):
    result = by_task({"one": lambda images: images[..., 0]}, tmp_path)
    found = record.read(result.save(tmp_path / "out"))
    assert found.name == "out"
    assert list(found.data["conditions"]) == ["task=free", "task=search"]
    assert {name.condition for name in found.names} == {"task=free", "task=search"}


def test_an_audit_writes_it_beside_its_tables(result, tmp_path):
    assert json.loads((result.save(tmp_path / "out") / "audit.json").read_text())["version"] == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda v: v.pop("schema"), '"schema": "keras_attn.audit"'),
        (lambda v: v.update(version=2), "version 1, which this keras_attn reads"),
        (lambda v: v.update(version=None), "version 1"),
        (lambda v: v.pop("rows"), "docs/audit_file.md"),
        (lambda v: v.update(rows=[]), "docs/audit_file.md"),
        (lambda v: v.update(rows="many"), "docs/audit_file.md"),
        (lambda v: v["rows"].pop(), "docs/audit_file.md"),
        (lambda v: v["rows"].append(v["rows"][0]), "docs/audit_file.md"),
        (lambda v: v["rows"][0].update(s_auc="high"), "docs/audit_file.md"),
        (lambda v: v["rows"][0].update(s_auc=0.9), "mean of its scores"),
        (lambda v: v["scores"][0].update(s_auc=[0.5]), "docs/audit_file.md"),
        (lambda v: v["scores"][0].pop("ig"), "docs/audit_file.md"),
        (lambda v: v.update(images=v["images"][:1] * len(v["images"])), "docs/audit_file.md"),
        (lambda v: v.update(groups=["a"]), "docs/audit_file.md"),
        (lambda v: v["data"].pop("fingerprint"), "docs/audit_file.md"),
        (lambda v: v["data"].update(label=3), "docs/audit_file.md"),
        (lambda v: v.update(conventions={}), "docs/audit_file.md"),
        (lambda v: v.update(models=None), "docs/audit_file.md"),
    ],
)
def test_what_no_audit_has_written_is_refused(values, tmp_path, change, told):
    broken = json.loads(json.dumps(values))
    change(broken)
    path = tmp_path / "audit.json"
    path.write_text(json.dumps(broken))
    with refused(expected=told):
        record.read(path)


@pytest.mark.parametrize("text", ["", "[]", "3", "{", "null", "[" * 100_000, '{"schema": 1}'])
def test_text_that_is_no_audit_is_refused(tmp_path, text):
    path = tmp_path / "audit.json"
    path.write_text(text)
    with refused("audit.json"):
        record.read(path)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "audit.json").write_bytes(b"\xff\xfe\x00")
    with refused(expected="an audit as JSON"):
        record.read(tmp_path)


def test_a_folder_without_one_is_refused(tmp_path):
    with refused(expected="audit.json of an audit, or the folder it is in"):
        record.read(tmp_path)
