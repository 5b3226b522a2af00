"""The findings as the page shows them: a claim, the paper's own table, ours, and the verdict."""

import re
from dataclasses import dataclass

import numpy as np

from keras_attn.report.paper import findings, wording
from keras_attn.report.paper.kinds.claim import QUESTIONS, alike_in_print, named_tables


@dataclass(frozen=True)
class Answer:
    """A claim as it is shown.

    where: section and tables. printed: the paper's own count in words; shares: of each metric, its
    title and how many cells hold, are turned round and are neither. borne_out: "yes", "partly" or
    "no" by the paper's own table, "" where it prints no numbers. ours, least: ours in words. bar:
    low, gain and high of the comparison that bears the claim out least, and the margins of a claim
    of little difference, in percent of a line whose middle is 0; or None.
    """

    key: str
    words: str
    where: str
    tables: tuple
    marked: bool
    printed: str
    shares: tuple
    borne_out: str
    ours: str
    least: str
    bar: tuple | None
    verdict: str
    measured: bool


def answers(findings):
    """Pairs of (question, its title) and its `Answer`s, for findings in any order.

    Those that were not measured come last.
    """
    for question, title in QUESTIONS.items():
        own = [_answer(one) for one in findings if one.claim.question == question]
        if own:
            yield (question, title), sorted(own, key=lambda one: not one.measured)


def measured(findings):
    """The same, of the claims that were measured alone."""
    found = [(question, [o for o in own if o.measured]) for question, own in answers(findings)]
    return [(question, own) for question, own in found if own]


def left(findings):
    """The `Answer`s of the claims that the rows have nothing of, in the order of the questions."""
    return [one for _, own in answers(findings) for one in own if not one.measured]


def _answer(finding):
    claim = finding.claim
    shares = [(c.title, c.holds, c.reverse, c.cells - c.holds - c.reverse) for c in finding.paper]
    return Answer(
        key=claim.key,
        words=claim.words,
        where=claim.place,
        tables=(named_tables(claim.tables), claim.tables[0]),
        marked=claim.of_itself,
        printed=wording.in_its_own_table(finding),
        shares=tuple(shares),
        borne_out=_borne_out(finding.paper),
        ours=wording.counted(finding),
        least=wording.least(finding),
        bar=_bar(finding.weakest),
        verdict=finding.verdict,
        measured=finding.verdict != findings.NOT_MEASURED,
    )


def _borne_out(counts):
    if not counts:
        return ""
    if all(count.holds == count.cells for count in counts):
        return "yes"
    return "partly" if any(count.holds for count in counts) else "no"


def _bar(row):
    """Percent along a line; its ends are the largest number on both sides of 0."""
    if row is None or np.isnan([row["low"], row["gain"], row["high"]]).any():
        return None
    reach = 1.15 * max(abs(one) for one in (row["low"], row["high"], *_margins(row), 1e-9))
    values = (row["low"], row["gain"], row["high"], *_margins(row))
    return tuple(round(50 + 50 * value / reach, 2) for value in values)


def _margins(row):
    """The bounds of a claim of little difference; none of any other claim."""
    return [one for one in (row["least"], row["most"]) if np.isfinite(one) and one != 0]


def beside(findings, number):
    """What the paper claims of a table that its printed numbers do not bear out: sentences."""
    sentences = []
    for one in findings:
        short = any(count.holds < count.cells for count in one.paper)
        if one.claim.of_paper and number in one.claim.tables and short:
            others = [other for other in one.claim.tables if other != number]
            both = f", with {named_tables(others)}" if others else ""
            printed = wording.in_cells(one.claim, one.paper)
            alike, cells = alike_in_print(one.claim)
            same = f"; exactly equal in {alike} of {cells}" if alike else ""
            sentences.append((one.claim.words, f"§{one.claim.section}", f"{printed}{same}{both}"))
    return sentences


def legend(findings):
    """How to read the findings: sentences."""
    return [re.sub(r"\*", "", line) for line in wording.legend(findings)]
