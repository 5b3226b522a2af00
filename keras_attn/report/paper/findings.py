"""Each claim of the paper, answered: by the numbers it prints, and by the rows of our own runs.

What the claims are, is in `paper_claims`; what is measured for them, in `claims` and `contrasts`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from keras_attn.report.audit.table import decimals
from keras_attn.report.paper.claims import (
    METRICS,
    QUESTIONS,
    Claim,
    Correlated,
    counts_of,
    shares,
    state_of,
)
from keras_attn.report.paper.paper_tables import BACKBONES, KEYS, dataset_title, paper, trunk_title
from keras_attn.report.paper.questions import CLAIMS
from keras_attn.report.rows.results import read
from keras_attn.report.tables.legend import in_print
from keras_attn.runs import storage
from keras_attn.statistics import holm

SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"
MACHINERY, NOT_MEASURED = "machinery check", "not measured"
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
FILES = ("findings.md", "findings.csv")
UCF_VIDEOS = 47
"""Test videos of UCF Sports in the split that the paper follows."""
TINY = 1e-9
"""Taken for the width of an interval that has none."""
LEGEND = (
    "*Its own table*: in how many of the printed cells the claim holds, and in how many each of "
    "its comparisons is the other way round; ties are neither. For a claim of little difference: "
    "in how many it is within the margin, and in how many beyond it: {margin}. The paper names no "
    "margin; these are ours.",
    "*Ours*: cells whose 95 % intervals are all on the claim's side, such as above 0, and cells "
    "where one is on the other side, of those that were measured; then the comparison that "
    "bears the claim out least. A difference above 0 is in favour of the first named, also "
    "where lower is better; of entropy and CC to others, which are neither good nor bad, the "
    "first named has more. p is Wilcoxon's signed-rank test on the same examples, of shares "
    "McNemar's exact test (that of flipped signs for groups and means over seeds), or Mann and "
    "Whitney's between subsets, with Holm's correction over all comparisons of the claim. There "
    "is none for max F, mAP and CC to others, which are no scores of single examples, for what "
    "is no difference of two scores, and for a claim of little difference.",
    "*Verdict*: {supported} or {contradicted} where every cell that the claim asks about speaks "
    "for it, or against it; {undecided} otherwise, also where some cells, or a rival in one, were "
    "not measured. "
    "{machinery}: rows come from drawn data, which say nothing about people.",
    "Intervals are over examples, and over seeds where a network was trained from several; from "
    "one they do not tell how another would differ.",
)
RHO = (
    "ρ is Spearman's over the artificial attentions of a dataset, after the mean of each "
    "network (backbone or fusion) is taken out; scores of which lower are better count "
    "negative. In ours the scores are of one half of the examples and the agreement of the "
    "other half, and the other way round, and ρ is the mean of both: on the same examples, luck "
    "alone would make the two rise together. Its interval is over examples: it does not tell "
    "what other attentions would show, of which four are few."
)
OF_ITSELF = (
    "Marked ✻: human attention is scored on the very fixations that it is made from, so that part "
    "of the claim is nearly true by construction."
)


@dataclass(frozen=True, eq=False)
class Finding:
    """A claim with its answers.

    paper: the `claims.Count`s of its own table. compared: a DataFrame of COLUMNS, a row for each
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

    @property
    def states(self):
        """1, −1 or 0 for each measured cell: it speaks for the claim, against it, or neither.

        For it: all its comparisons do. Against it: one is clear on the other side.
        """
        parts = self.claim.parts()
        return [
            state_of(parts[place], list(own["state"]))
            for place, own in self.compared.groupby("part", sort=False)
        ]

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


def findings(results, claims=CLAIMS):
    """A `Finding` for each of the claims, by default the paper's.

    results: run folders as for `results.read`, or what it returned.
    """
    results = read(results)
    return [_finding(claim, results) for claim in claims]


def _finding(claim, results):
    made, drawn, parts = [], False, claim.parts()
    for place, part in enumerate(parts):
        # Drawn data count where nothing else was measured.
        for of_drawn in (False, True):
            rows = _compared(place, part, claim, results, of_drawn)
            if rows:
                made += rows
                drawn |= _is_drawn(part, results, of_drawn)
                break
    compared = pd.DataFrame(made, columns=[*COLUMNS, *BOUNDS, "room"])
    compared["p"] = holm(compared["p"])
    return Finding(claim, tuple(counts_of(claim)), compared, len(parts), drawn)


def _is_drawn(part, results, of_drawn):
    cells = [cell for one in part.comparisons for cell in one.quantity.cells]
    sources = {(cell.drawn() if of_drawn else cell).source for cell in cells}
    return any(results.is_drawn(*source) for source in sources)


def _compared(place, part, claim, results, drawn):
    """A row for each comparison of a part that the results allow."""
    made = []
    for one in part.comparisons:
        found = one.quantity.measured(results, drawn)
        if found is not None:
            contrast, (least, most) = found.contrast, claim.bounds(one)
            about = {**one.labels, "better": one.better, "worse": one.worse, "what": one.what}
            if drawn and about["dataset"]:
                about["dataset"] = one.quantity.cells[0].drawn().labels["dataset"]
            # A number of some of its cells alone speaks neither for a claim nor against it.
            whole = found.parts == found.of
            state = claim.state(one, contrast.low, contrast.high) if whole else 0
            about |= contrast._asdict() | {"part": place, "state": state}
            about |= {"parts": found.parts, "of": found.of}
            about |= {"least": least, "most": most}
            about |= {"room": min(contrast.gain - least, most - contrast.gain)}
            if claim.margin is not None:
                about["p"] = np.nan
            made.append(about)
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
    whole = dict.fromkeys(("n", *OF_PARTS), "Int64")
    return pd.DataFrame(parts, columns=[*OF_CLAIM, *COLUMNS]).astype(whole)


def _total(finding, name):
    return sum(getattr(count, name) for count in finding.paper)


def legend(found):
    """How to read the findings: sentences in Markdown."""
    words = {"supported": SUPPORTED, "contradicted": CONTRADICTED, "undecided": UNDECIDED}
    words |= {"machinery": MACHINERY.capitalize(), "margin": _margins(found)}
    made = [sentence.format(**words) for sentence in LEGEND]
    made += [RHO] if any(isinstance(one.claim, Correlated) for one in found) else []
    return [*made, OF_ITSELF] if any(one.claim.of_itself for one in found) else made


def _margins(found):
    """Such as "0.02 of mAP, accuracy and s-AUC, 0.1 of IG"; "none" without a claim of such."""
    sizes = {}
    for one in found:
        for name, size in (one.claim.margin or {}).items():
            sizes.setdefault(size, {})[METRICS[name].title] = None
    told = [f"{size:g} of {listed(list(titles))}" for size, titles in sizes.items()]
    return ", ".join(told) or "none"


def listed(names):
    """Such as "V, VI and VIII"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def as_markdown(found):
    """A page: a table of claims under each question, and how to read it."""
    made = ["# What the paper claims, and what was found", *legend(found)]
    for question, title in QUESTIONS.items():
        own = [one for one in found if one.claim.question == question]
        if own:
            made += [f"## {question}. {title}", *_answered(own)]
    return "\n\n".join([*made, grain()]) + "\n"


def _answered(found):
    """A table of the claims that were measured, and a list of the others."""
    measured = [one for one in found if one.verdict != NOT_MEASURED]
    others = [one for one in found if one.verdict == NOT_MEASURED]
    if measured:
        head = ["| the paper claims | its own table | ours | verdict |", "|---|---|---|---|"]
        yield "\n".join([*head, *(_line(one) for one in measured)])
    if others:
        yield "Not measured in these runs; behind each claim, what the paper's own table says:"
        yield "\n".join(f"- {_claimed(one)}: {in_its_own_table(one)}" for one in others)


def _line(finding):
    ours = "; ".join(part for part in (counted(finding), least(finding)) if part)
    parts = [_claimed(finding), in_its_own_table(finding), ours, f"**{finding.verdict}**"]
    return f"| {' | '.join(parts)} |"


def _claimed(finding):
    claim = finding.claim
    mark = " ✻" if claim.of_itself else ""
    return f"{claim.words}{mark} (§{claim.section}, {named_tables(claim.tables)})"


def named_tables(numbers):
    """Such as "Table V", or "Tables V and VI"."""
    return f"Table{'s' if len(numbers) > 1 else ''} {listed(numbers)}"


def in_its_own_table(finding):
    """Such as "s-AUC 1 of 3 (2 the other way round)", and the claim's own numbers."""
    if not finding.paper:
        return "none: the paper prints no numbers of it"
    return "; ".join(part for part in (in_cells(finding), finding.claim.numbers()) if part)


def in_cells(finding):
    """Such as "s-AUC 1 of 3 (2 the other way round)"; "" for a claim without numbers in print."""
    made = []
    for count in finding.paper:
        turned = "the other way round" if finding.claim.margin is None else "beyond the margin"
        reverse = f" ({count.reverse} {turned})" if count.reverse else ""
        made.append(f"{count.title} {count.holds} of {count.cells}{reverse}")
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
    digits = METRICS[weakest["metric"]].digits if weakest["metric"] else 3
    gain, *interval = (decimals(weakest[name], digits) for name in ("gain", "low", "high"))
    p = "" if np.isnan(weakest["p"]) else f", p {in_print(weakest['p'])}"
    some = weakest["parts"] < weakest["of"]
    made_of = f", from {weakest['parts']} of its {weakest['of']} parts" if some else ""
    better, worse = (BACKBONES.get(weakest[one], weakest[one]) for one in ("better", "worse"))
    what = weakest["what"] or f"{better} − {worse}"
    return (
        f"{', '.join([what, *_where(weakest)])}: {gain} [{', '.join(interval)}]{p}, "
        f"n {weakest['n']:,}{made_of}"
    )


def _where(row):
    """The names in print of the cell that a row is of."""
    trunk = [trunk_title(row["backbone"], row["fusion"]), row["attention"]]
    subset = row["subset"] if row["subset"] != "all" else ""
    metric = METRICS[row["metric"]].title if row["metric"] else ""
    names = [dataset_title(row["dataset"]) if row["dataset"] else "", *trunk, subset, metric]
    return [name for name in names if name]


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
    with storage.writing(out, FILES, overwrite=True) as stage:
        (stage / FILES[0]).write_text(as_markdown(found), encoding="utf-8")
        as_frame(found).to_csv(stage / FILES[1], index=False)
    return [out / name for name in FILES]
