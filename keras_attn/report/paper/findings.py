"""Each claim, answered: by the numbers that the paper prints, and by the rows of our own runs.

What the claims are, is in `claims`; what is measured for them, in `kinds` and `contrasts`; how the
answers are worded, in `wording`.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from keras_attn.report.paper import elsewhere
from keras_attn.report.paper.claims import CLAIMS, Claim
from keras_attn.report.paper.kinds.claim import counts_of, state_of
from keras_attn.report.paper.printed import KEYS
from keras_attn.report.rows.results import read
from keras_attn.statistics import holm

SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"
MACHINERY, NOT_MEASURED = "machinery check", "not measured"
VERDICTS = (SUPPORTED, CONTRADICTED, UNDECIDED, MACHINERY, NOT_MEASURED)
"""In the order in which they are shown."""
BOUNDS = ("least", "most")
OF_PARTS = ("part", "state", "parts", "of")
COLUMNS = (*KEYS, "better", "worse", "what", "gain", "low", "high", "p", "n", *OF_PARTS)
OF_CLAIM = (
    "claim",
    "question",
    "section",
    "verdict",
    "paper_holds",
    "paper_reverse",
    "paper_cells",
)
TINY = 1e-9
"""Taken for the width of an interval that has none."""


@dataclass(frozen=True, eq=False)
class Finding:
    """A claim with its answers.

    paper: the `claim.Count`s of its own table. compared: a DataFrame of COLUMNS, a row for each
    comparison that our rows allow: part, the place of the part it is of; state, 1, −1 or 0 for
    speaking for the claim, against it, or neither; parts and of, from how many of its cells it is
    made, where it is of several. cells: how many parts the claim has. drawn: whether any of the
    rows come from drawn data.
    """

    claim: Claim
    paper: tuple
    compared: pd.DataFrame
    cells: int
    drawn: bool

    @cached_property
    def states(self):
        """1, −1 or 0 for each measured cell: it speaks for the claim, against it, or neither.

        For it: all its comparisons do. Against it: one is clear on the other side.
        """
        parts = self.claim.parts()
        return [
            state_of(parts[place], list(own["state"]))
            for place, own in self.compared.groupby("part", sort=False)
        ]

    @cached_property
    def verdict(self):
        """SUPPORTED, CONTRADICTED, UNDECIDED, MACHINERY or NOT_MEASURED."""
        states = self.states
        if not states:
            return NOT_MEASURED
        if self.drawn:
            return MACHINERY
        whole = len(states) == self.cells
        if whole and all(state == 1 for state in states):
            return SUPPORTED
        return CONTRADICTED if whole and all(state == -1 for state in states) else UNDECIDED

    @cached_property
    def weakest(self):
        """The row of the comparison that bears the claim out least; None without any.

        Of a part that needs only one of its comparisons, that one counts.
        """
        if self.compared.empty:
            return None
        rows, parts = self.compared, self.claim.parts()
        # Metrics have different units: what counts is the difference in widths of its interval.
        room = rows["room"] / (rows["high"] - rows["low"]).clip(lower=TINY)
        room = room.fillna(-np.inf)
        strongest = [
            room[own.index].idxmin() if parts[place].every else room[own.index].idxmax()
            for place, own in rows.groupby("part", sort=False)
        ]
        return rows.loc[room[strongest].idxmin()]


def findings(results, claims=None):
    """A `Finding` for each of the claims, by default all that are registered.

    Of a claim that has no rows on the data that it speaks of, it is on other data of its task.

    results: run folders as for `results.read`, or what it returned.
    """
    results = read(results)
    claims = CLAIMS.values() if claims is None else claims
    return [_finding(claim, results) for claim in claims]


def _finding(claim, results):
    found = _held_against(claim, results)
    if found.compared.empty and (own := elsewhere.asked(claim, results)) is not None:
        return replace(_held_against(own, results), paper=found.paper)
    return found


def _held_against(claim, results):
    comparisons, drawn, parts = [], False, claim.parts()
    for place, part in enumerate(parts):
        # Drawn data count where nothing else was measured.
        for of_drawn in (False, True):
            rows = _compared(place, part, claim, results, of_drawn)
            if rows:
                comparisons += rows
                drawn |= _is_drawn(part, results, of_drawn)
                break
    compared = pd.DataFrame(comparisons, columns=[*COLUMNS, *BOUNDS, "room"])
    compared["p"] = holm(compared["p"])
    return Finding(claim, tuple(counts_of(claim)), compared, len(parts), drawn)


def _is_drawn(part, results, of_drawn):
    cells = [cell for one in part.comparisons for cell in one.quantity.cells]
    sources = {(cell.drawn() if of_drawn else cell).source for cell in cells}
    return any(results.is_drawn(*source) for source in sources)


def _compared(place, part, claim, results, drawn):
    """A row for each comparison of a part that the results allow."""
    rows = []
    for one in part.comparisons:
        number = one.quantity.measured(results, drawn)
        if number is not None:
            contrast, (least, most) = number.contrast, claim.bounds(one)
            about = {**one.labels, "better": one.better, "worse": one.worse, "what": one.what}
            if drawn and about["dataset"]:
                about["dataset"] = one.quantity.cells[0].drawn().labels["dataset"]
            # A number of some of its cells alone speaks neither for a claim nor against it.
            whole = number.parts == number.of
            state = claim.state(one, contrast.low, contrast.high) if whole else 0
            about |= contrast._asdict() | {"part": place, "state": state}
            about |= {"parts": number.parts, "of": number.of}
            about |= {"least": least, "most": most}
            about |= {"room": min(contrast.gain - least, most - contrast.gain)}
            if claim.margin is not None:
                about["p"] = np.nan
            rows.append(about)
    return rows


def as_frame(findings):
    """A row per comparison, or one for a claim that was not measured: OF_CLAIM and COLUMNS."""
    parts = []
    for one in findings:
        about = {name: getattr(one.claim, name) for name in ("question", "section")}
        about |= {"claim": one.claim.key, "verdict": one.verdict}
        about |= {f"paper_{name}": _total(one, name) for name in ("holds", "reverse", "cells")}
        rows = one.compared.to_dict("records") or [{}]
        parts += [about | row for row in rows]
    whole = dict.fromkeys(("n", *OF_PARTS), "Int64")
    return pd.DataFrame(parts, columns=[*OF_CLAIM, *COLUMNS]).astype(whole)


def _total(finding, name):
    return sum(getattr(count, name) for count in finding.paper)
