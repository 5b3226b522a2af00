"""The list of claims in docs/findings.md is what the package counts."""

from pathlib import Path

import pandas as pd

from keras_attn.report.paper import findings
from keras_attn.report.paper.claims import QUESTIONS, counts_of
from keras_attn.report.paper.claims.margins import LITTLE
from keras_attn.report.paper.questions import CLAIMS

PAGE = Path(__file__).parents[2] / "docs" / "findings.md"


def lines():
    """The list as it ought to be."""
    made = ["| | the paper claims | in | its own table |", "|---|---|---|---|"]
    for claim in CLAIMS:
        empty = pd.DataFrame(columns=[*findings.COLUMNS, "room"])
        found = findings.Finding(claim, tuple(counts_of(claim)), empty, len(claim.parts()), False)
        where = f"§{claim.section}, {findings.named_tables(claim.tables)}"
        printed = findings.in_its_own_table(found)
        made.append(f"| {claim.question} | {claim.words} | {where} | {printed} |")
    return made


def test_every_claim_and_its_count_stand_in_the_documents():
    assert "\n".join(lines()) in PAGE.read_text(encoding="utf-8")


def test_the_margins_in_the_documents_are_those_of_the_package():
    assert {name for name, size in LITTLE.items() if size == 0.02} == set(LITTLE) - {"ig"}
    text = PAGE.read_text(encoding="utf-8")
    assert "0.02 of accuracy, mAP, max F and s-AUC, 0.1 of IG" in text and LITTLE["ig"] == 0.1


def test_claims_stand_in_the_order_of_the_questions():
    order = list(QUESTIONS)
    places = [order.index(claim.question) for claim in CLAIMS]
    assert places == sorted(places)
