"""A claim of one's own, in one file: a plug-in, held against rows like those of the paper."""

import os
import re
import subprocess
import sys

import pandas as pd
import pytest
from conftest import refused
from made_runs import save_run

from keras_attn import registries
from keras_attn.report.page import answers, overview
from keras_attn.report.paper import findings, wording
from keras_attn.report.paper.claims import CLAIMS, Alike, Correlated, GainsMore, Order
from keras_attn.report.rows import results

pytestmark = pytest.mark.slow

PLUGIN = """
import keras_attn as ka
from keras_attn.report.paper.claims import Order

own = {"source": "module", "normalise": "softmax", "gate": "mean"}
ka.register(ka.Mechanism("mine", **own, colour=("#123456", "#abcdef"), mark="diamond"))
ka.register(
    Order(
        "mine-closer",
        question="Q5",
        section="",
        words="Mine is closer to gaze than softmax | on VGG16",
        tables=("V",),
        axis="attention",
        better=("mine",),
        worse=("softmax",),
        where={"backbone": ("vgg16",), "dataset": ("dut_omron",)},
    )
)
"""
IMAGES = [f"{i:02d}" for i in range(20)]
USUAL = {"question": "Q5", "section": "", "words": "w", "tables": ("V",), "axis": "attention"}
USUAL |= {"better": ("sigmoid",), "worse": ("softmax",)}


def own(kind=Order, **changes):
    """A claim that is not the paper's."""
    return kind("own", **{**USUAL, **changes})


def save_pair(root, one, other, **labels):
    """Runs of two attentions, of which the first agrees better with gaze."""
    scores = {one: 0.9, other: 0.6}
    return [
        save_run(
            root / name,
            {"id": IMAGES, "s_auc": [s + i / 999 for i in range(20)], "ig": s},
            attention=name,
            **labels,
        )
        for name, s in scores.items()
    ]


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """The folder of a report by the command, with a claim of a plug-in."""
    root = tmp_path_factory.mktemp("own")
    folders = save_pair(root, "mine", "softmax")
    (root / "my_claim.py").write_text(PLUGIN, encoding="utf-8")
    command = ["report", *map(str, folders), "--out", str(root / "out"), "--plugin", "my_claim.py"]
    code = f"from keras_attn.shell import cli; cli.main({command!r})\n"
    code += "from keras_attn.report.paper import wording; print(wording.as_list())"
    known = {k: v for k, v in os.environ.items() if k != "KERAS_ATTN_PLUGINS"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=known, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return root / "out", done.stdout


def test_a_claim_of_a_plugin_is_answered_in_the_findings_and_the_papers_stay(reported):
    rows = pd.read_csv(reported[0] / "findings.csv", keep_default_na=False)
    assert list(rows["claim"].drop_duplicates()) == [*CLAIMS, "mine-closer"]
    mine = rows[rows["claim"] == "mine-closer"]
    assert set(mine["verdict"]) == {"supported"} and set(mine["section"]) == {""}
    assert sorted(mine["metric"]) == ["ig", "s_auc"]
    assert set(mine["better"]) == {"mine"} and set(mine["paper_cells"]) == {0}


def test_a_claim_of_a_plugin_stands_on_the_pages_and_in_the_list_under_its_question(reported):
    out, printed = reported
    text = (out / "findings.md").read_text(encoding="utf-8")
    question = text.partition("## Q5.")[2].partition("## Q6.")[0]
    [line] = [line for line in question.splitlines() if "Mine is closer" in line]
    assert "(not the paper's, Table V)" in line and "**supported**" in line
    assert len(re.findall(r"(?<!\\)\|", line)) == 5
    assert "none: the paper prints no numbers of it" in line
    html = (out / "report.html").read_text(encoding="utf-8")
    [item] = re.findall(r'<li class="claim" id="claim-mine-closer".*?</li>', html, re.DOTALL)
    assert 'data-verdict="supported"' in item and "not the paper" in item
    assert f"Of the paper&#39;s {len(CLAIMS)} claims" in html
    assert "Claims that are not the paper&#39;s: 1 supported." in html
    [listed] = [line for line in printed.splitlines() if line.startswith("| Q5 | Mine")]
    assert "not the paper's, Table V" in listed


def test_an_attention_of_a_plugin_has_its_own_colour_and_mark_on_the_page(reported):
    html = (reported[0] / "report.html").read_text(encoding="utf-8")
    [place] = re.findall(r"\.m(\d) { --own: light-dark\(#123456, #abcdef\); }", html)
    [point] = re.findall(r'<a class="point m(\d)"[^>]*aria-label="mine, VGG16: max F.*?</a>', html)[
        :1
    ]
    assert point == place
    assert re.search(rf'm{place}"[^>]*><use href="#mark-diamond"[^>]*/></svg>mine', html)


def test_what_is_registered_without_rows_is_not_measured(tmp_path, monkeypatch):
    monkeypatch.setitem(registries.BACKBONES._things, "mobile_net", object())
    folders = save_pair(tmp_path, "sigmoid", "softmax")
    claims = [
        own(where={"backbone": ("mobile_net",)}),
        own(where={"dataset": ("my_photos",)}),
        own(better=("softmax_of_logits",)),
        own(axis="backbone", better=("mobile_net",), worse=("resnet50",), tables=("I",)),
        own(Alike, where={"dataset": ("my_photos",)}, tables=("V",)),
        Correlated("own", "Q2", "", "w", ("I", "V"), ("sigmoid", "softmax_of_logits")),
        GainsMore(
            "own", "Q4", "", "w", ("I",), ("human", "softmax"), (("mobile_net", ("vgg16",)),)
        ),
    ]
    found = findings.findings(folders, claims)
    assert {one.verdict for one in found} == {findings.NOT_MEASURED}
    assert all(one.cells and not one.paper for one in found)
    none = "none: the paper prints no numbers of it"
    assert {wording.in_its_own_table(one) for one in found} == {none}
    assert f"{len(claims)} claims are of tasks" in wording.as_markdown(found)
    assert len([one for _, all_of in answers.answers(found) for one in all_of]) == len(claims)
    said = overview.sentences(results.read(folders), found)
    assert said[-1] == f"Claims that are not the paper's: {len(claims)} not measured."


def test_a_claim_on_data_and_a_backbone_of_ones_own_is_measured_where_they_have_rows(
    tmp_path, monkeypatch
):
    monkeypatch.setitem(registries.BACKBONES._things, "mobile_net", object())
    new = {"backbone": "mobile_net", "dataset": "my_photos"}
    folders = save_pair(tmp_path, "sigmoid", "softmax", **new)
    claim = own(where={name: (value,) for name, value in new.items()})
    [found] = findings.findings(folders, [claim])
    assert found.verdict == findings.SUPPORTED and found.states == [1, 1]
    assert "my_photos, mobile_net" in wording.as_markdown([found])
    turned = own(better=("softmax",), worse=("sigmoid",), where=claim.where)
    assert findings.findings(folders, [turned])[0].verdict == findings.CONTRADICTED


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"better": ("sigmiod",)}, "Claim, attention"),
        ({"where": {"backbone": ("vgg61",)}}, "Claim, backbone"),
        ({"where": {"metric": ("auc",)}}, "Claim, metric"),
        ({"where": {"dataset": ("",)}}, "Claim, dataset"),
        ({"where": {"dataset": ("cub_vwsw",)}}, "Claim.tables"),
        ({"where": {"backbone": "vgg16"}}, "Claim, backbone"),
        ({"where": {"backbones": ("vgg16",)}}, "Claim.where"),
        ({"where": {"attention": ("human",)}}, "Claim.where"),
        ({"better": "sigmoid"}, "Claim.better"),
        ({"tables": "IX"}, "Claim.tables"),
        ({"tables": ()}, "Claim.tables"),
        ({"section": None}, "Claim.section"),
    ],
)
def test_a_claim_that_cannot_be_meant_is_refused_by_the_name_of_its_field(change, where):
    with refused(where):
        own(**change)


@pytest.mark.parametrize("tables", [("I",), ("I", "V", "VI")])
def test_a_correlation_is_of_two_tables(tables):
    with refused("Claim.tables", "two tables"):
        Correlated("own", "Q2", "", "w", tables, ("sigmoid", "softmax"))


def test_the_papers_claims_are_known_by_their_sections_and_are_registered_each(reported):
    assert len(CLAIMS) == 52
    assert all(claim.of_paper and CLAIMS[name] is claim for name, claim in CLAIMS.items())
    with refused("claim to register", "not taken", "'gap-salient'"):
        CLAIMS.add(own().__class__("gap-salient", **USUAL))
