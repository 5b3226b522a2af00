"""The list of claims in docs/findings.md is what the package counts."""

from pathlib import Path

from keras_attn.report.paper import wording
from keras_attn.report.paper.claims import CLAIMS
from keras_attn.report.paper.kinds.claim import QUESTIONS
from keras_attn.report.paper.kinds.margins import LITTLE

PAGE = Path(__file__).parents[2] / "docs" / "findings.md"


def test_every_claim_and_its_count_stand_in_the_documents():
    listed = wording.as_list([claim for claim in CLAIMS.values() if claim.of_paper])
    assert listed in PAGE.read_text(encoding="utf-8")


def test_the_margins_in_the_documents_are_those_of_the_package():
    assert {name for name, size in LITTLE.items() if size == 0.02} == set(LITTLE) - {"ig"}
    text = PAGE.read_text(encoding="utf-8")
    assert "0.02 of accuracy, mAP, max F and s-AUC, 0.1 of IG" in text and LITTLE["ig"] == 0.1


def test_claims_stand_in_the_order_of_the_questions():
    order = list(QUESTIONS)
    places = [order.index(claim.question) for claim in CLAIMS.values()]
    assert places == sorted(places)
