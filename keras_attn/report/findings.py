"""Each claim of the paper, answered: by the numbers it prints, and by the rows of our own runs.

What the claims are, is in `paper_claims`; how differences are measured, in `contrasts`.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from keras_attn import origin, runs
from keras_attn.report.audit_table import decimals
from keras_attn.report.claims import METRICS, QUESTIONS, Claim, cells_of, counts_of, shares
from keras_attn.report.contrasts import contrasts_of
from keras_attn.report.paper_claims import CLAIMS
from keras_attn.report.paper_tables import KEYS, dataset_title, paper, trunk_title
from keras_attn.report.results import read
from keras_attn.report.table_legend import in_print
from keras_attn.statistics import holm

SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"
MACHINERY, NOT_MEASURED = "machinery check", "not measured"
COLUMNS = (*KEYS, "better", "worse", "gain", "low", "high", "p", "n")
OF_CLAIM = (
    "claim",
    "question",
    "section",
    "verdict",
    "paper_holds",
    "paper_reverse",
    "paper_cells",
)
FILES = ("findings.md", "findings.csv")
UCF_VIDEOS = 47
"""Test videos of UCF Sports in the split that the paper follows."""
TINY = 1e-9
"""Taken for the width of an interval that has none."""
LEGEND = (
    "*Its own table*: in how many of the printed cells the claim holds, and in how many each of "
    "its comparisons is the other way round; ties are neither. For a claim of little difference: "
    "in how many it is within {margin}, and in how many not.",
    "*Ours*: cells whose 95 % intervals of the differences are all above 0, and cells where one is "
    "below, of those that were measured; then the comparison that bears the claim out least. A "
    "difference above 0 is in favour of the first named, also where lower is better. p is "
    "Wilcoxon's signed-rank test on the same examples, of shares McNemar's exact test (that of "
    "flipped signs for groups and means over seeds), or Mann and Whitney's between subsets, with "
    "Holm's correction over all comparisons of the claim; max F and mAP have none, since they are "
    "no scores of single examples.",
    "*Verdict*: {supported} or {contradicted} where every cell that the claim asks about speaks "
    "for it, or against it; {undecided} otherwise, also where some cells were not measured. "
    "{machinery}: rows come from drawn data, which say nothing about people.",
    "Intervals are over examples, and over seeds where a network was trained from several; from "
    "one they do not tell how another would differ.",
)
OF_ITSELF = (
    "Marked ✻: human attention is scored on the very fixations that it is made from, so that part "
    "of the claim is nearly true by construction."
)


@dataclass(frozen=True, eq=False)
class Finding:
    """A claim with its answers.

    paper: `claims.Count` of each metric. compared: a DataFrame of COLUMNS, a row per comparison
    that our rows allow; the column of the claim's axis is empty. cells: how many the claim asks
    about. drawn: whether any of the rows come from drawn data.
    """

    claim: Claim
    paper: tuple
    compared: pd.DataFrame
    cells: int
    drawn: bool

    @property
    def states(self):
        """1, −1 or 0 for each measured cell: it speaks for the claim, against it, or neither.

        For it: all its comparisons do. Against it: one is clear on the other side.
        """
        names, margin = list(KEYS), self.claim.margin
        size, found = len(self.claim.pairs), []
        for _, own in self.compared.groupby(names, sort=False):
            low, high = own["low"].to_numpy(), own["high"].to_numpy()
            if margin is None:
                clear, against = low > 0, high < 0
            else:
                clear = (low >= -margin) & (high <= margin)
                against = (low > margin) | (high < -margin)
            whole = len(own) == size
            found.append(-1 if against.any() else int(whole and clear.all()))
        return found

    @property
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

    @property
    def weakest(self):
        """The row of the comparison that bears the claim out least; None without any."""
        if self.compared.empty:
            return None
        gain, width = self.compared["gain"], self.compared["high"] - self.compared["low"]
        gain = gain if self.claim.margin is None else self.claim.margin - gain.abs()
        # Metrics have different units: what counts is the difference in widths of its interval.
        return self.compared.loc[(gain / width.clip(lower=TINY)).fillna(-np.inf).idxmin()]


def findings(results, claims=CLAIMS):
    """A `Finding` for each of the claims, by default the paper's.

    results: run folders as for `results.read`, or what it returned.
    """
    results = read(results)
    contrasts = contrasts_of(results)
    return [_finding(claim, results, contrasts) for claim in claims]


def _finding(claim, results, contrasts):
    cells, made, drawn = cells_of(claim), [], False
    for cell in cells:
        for own in _measured(cell):
            rows = _compared(own, claim, contrasts)
            if rows:
                made += rows
                drawn |= results.is_drawn(own.table.task, own.labels["dataset"])
                break
    compared = pd.DataFrame(made, columns=list(COLUMNS))
    compared["p"] = holm(compared["p"])
    return Finding(claim, tuple(counts_of(claim)), compared, len(cells), drawn)


def _measured(cell):
    """The cell, and the same on drawn data, which counts where nothing else was measured."""
    name = origin.label(cell.labels["dataset"], True)
    return cell, replace(cell, labels={**cell.labels, "dataset": name})


def _compared(cell, claim, contrasts):
    """A row for each comparison of a claim that the results allow in a cell."""
    made = []
    for one, other in claim.pairs:
        found = contrasts.of(cell, claim.axis, one, other)
        if found is not None:
            about = {**cell.labels, claim.axis: "", "better": one, "worse": other}
            made.append(about | found._asdict())
    return made


# --- writing ------------------------------------------------------------------------------------


def as_frame(found):
    """A row per comparison, or one for a claim that was not measured: OF_CLAIM and COLUMNS."""
    parts = []
    for one in found:
        about = {name: getattr(one.claim, name) for name in ("question", "section")}
        about |= {"claim": one.claim.key, "verdict": one.verdict}
        about |= {f"paper_{name}": _total(one, name) for name in ("holds", "reverse", "cells")}
        rows = one.compared.to_dict("records") or [{}]
        parts += [about | row for row in rows]
    return pd.DataFrame(parts, columns=[*OF_CLAIM, *COLUMNS]).astype({"n": "Int64"})


def _total(finding, name):
    return sum(getattr(count, name) for count in finding.paper)


def legend(found):
    """How to read the findings: sentences in Markdown."""
    words = {"supported": SUPPORTED, "contradicted": CONTRADICTED, "undecided": UNDECIDED}
    margins = {one.claim.margin for one in found} - {None}
    words |= {"machinery": MACHINERY.capitalize(), "margin": " or ".join(map(str, margins))}
    made = [sentence.format(**words) for sentence in LEGEND]
    return [*made, OF_ITSELF] if any(one.claim.of_itself for one in found) else made


def as_markdown(found):
    """A page: a table of claims under each question, and how to read it."""
    made = ["# What the paper claims, and what was found", *legend(found)]
    for question, title in QUESTIONS.items():
        own = [one for one in found if one.claim.question == question]
        if own:
            lines = ["| the paper claims | its own table | ours | verdict |", "|---|---|---|---|"]
            made += [f"## {question}. {title}", "\n".join(lines + [_line(one) for one in own])]
    return "\n\n".join([*made, grain()]) + "\n"


def _line(finding):
    claim = finding.claim
    where = f"§{claim.section}, Table {' and '.join(claim.tables)}"
    mark = " ✻" if claim.of_itself else ""
    ours = "; ".join(part for part in (counted(finding), least(finding)) if part) or "—"
    parts = [f"{claim.words}{mark} ({where})", in_its_own_table(finding), ours]
    return f"| {' | '.join([*parts, f'**{finding.verdict}**'])} |"


def in_its_own_table(finding):
    """Such as "s-AUC 1 of 3 (2 the other way round)"."""
    made = []
    for count in finding.paper:
        turned = "not" if finding.claim.margin else "the other way round"
        reverse = f" ({count.reverse} {turned})" if count.reverse else ""
        made.append(f"{METRICS[count.metric].title} {count.holds} of {count.cells}{reverse}")
    return ", ".join(made)


def counted(finding):
    """In how many cells ours speaks for the claim and against it; "" where none was measured."""
    states = finding.states
    if not states:
        return ""
    missing = finding.cells - len(states)
    made = f"{states.count(1)} for, {states.count(-1)} against, of {len(states)}"
    return f"{made} ({missing} not measured)" if missing else made


def least(finding):
    """The comparison of ours that bears the claim out least; "" without any."""
    weakest = finding.weakest
    if weakest is None:
        return ""
    interval = ", ".join(decimals(weakest[name], 3) for name in ("low", "high"))
    p = "" if np.isnan(weakest["p"]) else f", p {in_print(weakest['p'])}"
    trunk = [trunk_title(weakest["backbone"], weakest["fusion"]), weakest["attention"]]
    subset = weakest["subset"] if weakest["subset"] != "all" else ""
    where = [dataset_title(weakest["dataset"]), *trunk, subset, METRICS[weakest["metric"]].title]
    return (
        f"{weakest['better']} − {weakest['worse']}, {', '.join(name for name in where if name)}: "
        f"{decimals(weakest['gain'], 3)} [{interval}]{p}, n {weakest['n']:,}"
    )


def grain():
    """What one video weighs in the paper's accuracies on UCF Sports."""
    rows = paper()
    values = rows[(rows["dataset"] == "ucf_sports") & (rows["metric"] == "accuracy")]["value"]
    return (
        f"{shares(values, UCF_VIDEOS)} of the {len(values)} accuracies of Table III on UCF Sports "
        f"are, to the third decimal, whole numbers of {UCF_VIDEOS} videos: one video is "
        f"{decimals(100 / UCF_VIDEOS, 1)} points."
    )


def write(found, out):
    """Write findings.md and findings.csv into a folder, in place of earlier ones; their paths.

    found: what `findings` returned.
    """
    out = Path(out).expanduser()
    with runs.writing(out, FILES, overwrite=True) as stage:
        (stage / FILES[0]).write_text(as_markdown(found), encoding="utf-8")
        as_frame(found).to_csv(stage / FILES[1], index=False)
    return [out / name for name in FILES]
