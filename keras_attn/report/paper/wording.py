"""Findings in words: sentences, a page in Markdown, and a list of the claims."""

from pathlib import Path

import numpy as np

from keras_attn import storage
from keras_attn.report.naming import backbone_title, dataset_title, trunk_title
from keras_attn.report.numbers import decimals, listed, p_value
from keras_attn.report.paper.claims import CLAIMS, QUESTIONS, Correlated
from keras_attn.report.paper.elsewhere import ClaimElsewhere
from keras_attn.report.paper.findings import (
    CONTRADICTED,
    MACHINERY,
    NOT_MEASURED,
    SUPPORTED,
    UNDECIDED,
    as_frame,
)
from keras_attn.report.paper.kinds.claim import counts_of, shares
from keras_attn.report.paper.printed import paper_cells
from keras_attn.report.paper.tables import metric_of

FILES = ("findings.md", "findings.csv")
UCF_VIDEOS = 47
"""Test videos of UCF Sports in the split that the paper follows."""
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
ELSEWHERE = (
    "On data that are not the paper's, a claim is asked once for each dataset of each network that "
    "was run there; what it says of other networks, or of the paper's data, is not tested."
)
OF_ITSELF = (
    "Marked ✻: human attention is scored on the very fixations that it is made from, so that part "
    "of the claim is nearly true by construction."
)


def legend(findings):
    """How to read the findings: sentences in Markdown."""
    words = {"supported": SUPPORTED, "contradicted": CONTRADICTED, "undecided": UNDECIDED}
    words |= {"machinery": MACHINERY.capitalize(), "margin": _margins(findings)}
    lines = [sentence.format(**words) for sentence in LEGEND]
    lines += [ELSEWHERE] if any(isinstance(one.claim, ClaimElsewhere) for one in findings) else []
    claims = [getattr(one.claim, "claim", one.claim) for one in findings]
    lines += [RHO] if any(isinstance(claim, Correlated) for claim in claims) else []
    return [*lines, OF_ITSELF] if any(one.claim.of_itself for one in findings) else lines


def _margins(findings):
    """Such as "0.02 of mAP, accuracy and s-AUC, 0.1 of IG"; "none" without a claim of such."""
    sizes = {}
    for one in findings:
        for name, size in (one.claim.margin or {}).items():
            sizes.setdefault(size, {})[metric_of(name).title] = None
    words = [f"{size:g} of {listed(list(titles))}" for size, titles in sizes.items()]
    return ", ".join(words) or "none"


def as_markdown(findings):
    """A page: a table of claims under each question, and how to read it."""
    measured = [one for one in findings if one.verdict != NOT_MEASURED]
    parts = ["# What the paper claims, and what was found"]
    parts += legend(measured) if measured else []
    for question, title in QUESTIONS.items():
        own = [one for one in measured if one.claim.question == question]
        if own:
            head = ["| the paper claims | its own table | ours | verdict |", "|---|---|---|---|"]
            table = "\n".join([*head, *(_line(one) for one in own)])
            parts += [f"## {question}. {title}", table]
    others = len(findings) - len(measured)
    if others:
        claims = "claim is" if others == 1 else "claims are"
        further = "further " if measured else ""
        parts.append(
            f"{others} {further}{claims} of tasks, networks or data that these rows "
            f"do not have: not measured; {FILES[1]} names them."
        )
    parts += [grain()] if any("III" in one.claim.tables for one in measured) else []
    return "\n\n".join(parts) + "\n"


def _line(finding):
    ours = "; ".join(part for part in (counted(finding), least(finding)) if part)
    parts = [_claimed(finding), in_its_own_table(finding), ours, f"**{finding.verdict}**"]
    # What others call their attentions may hold what ends a cell.
    escaped = (part.replace("|", r"\|") for part in parts)
    return f"| {' | '.join(escaped)} |"


def _claimed(finding):
    claim = finding.claim
    mark = " ✻" if claim.of_itself else ""
    return f"{claim.words}{mark} ({claim.source})"


def in_its_own_table(finding):
    """Such as "s-AUC 1 of 3 (2 the other way round)", and the claim's own numbers."""
    return _in_print(finding.claim, finding.paper)


def _in_print(claim, counts):
    if not counts:
        return "none: the paper prints no numbers of it"
    return "; ".join(part for part in (in_cells(claim, counts), claim.numbers()) if part)


def in_cells(claim, counts):
    """Such as "s-AUC 1 of 3 (2 the other way round)"; "" for a claim without numbers in print.

    counts: the `claim.Count`s of its own table.
    """
    turned = "the other way round" if claim.margin is None else "beyond the margin"
    cells = []
    for count in counts:
        reverse = f" ({count.reverse} {turned})" if count.reverse else ""
        cells.append(f"{count.title} {count.holds} of {count.cells}{reverse}")
    return ", ".join(cells)


def as_list(claims=None):
    """A table in Markdown of claims and what the paper's own tables say of each.

    claims: by default all that are registered.
    """
    lines = ["| | the paper claims | in | its own table |", "|---|---|---|---|"]
    for claim in CLAIMS.values() if claims is None else claims:
        in_print = _in_print(claim, counts_of(claim))
        lines.append(f"| {claim.question} | {claim.words} | {claim.source} | {in_print} |")
    return "\n".join(lines)


def counted(finding):
    """In how many cells ours speaks for the claim and against it; "" where none was measured."""
    states = finding.states
    if not states:
        return ""
    missing = finding.cells - len(states)
    count = f"{states.count(1)} for, {states.count(-1)} against, of {len(states)}"
    return f"{count} ({missing} not measured)" if missing else count


def least(finding):
    """The comparison of ours that bears the claim out least; "" without any."""
    weakest = finding.weakest
    if weakest is None:
        return ""
    digits = metric_of(weakest["metric"]).digits if weakest["metric"] else 3
    gain, *interval = (decimals(weakest[name], digits) for name in ("gain", "low", "high"))
    p = "" if np.isnan(weakest["p"]) else f", p {p_value(weakest['p'])}"
    some = weakest["parts"] < weakest["of"]
    made_of = f", from {weakest['parts']} of its {weakest['of']} parts" if some else ""
    better, worse = (backbone_title(weakest[one]) for one in ("better", "worse"))
    what = weakest["what"] or f"{better} − {worse}"
    return (
        f"{', '.join([what, *_where(weakest)])}: {gain} [{', '.join(interval)}]{p}, "
        f"n {weakest['n']:,}{made_of}"
    )


def _where(row):
    """The names in print of the cell that a row is of."""
    trunk = [trunk_title(row["backbone"], row["fusion"]), row["attention"]]
    subset = row["subset"] if row["subset"] != "all" else ""
    metric = metric_of(row["metric"]).title if row["metric"] else ""
    names = [dataset_title(row["dataset"]) if row["dataset"] else "", *trunk, subset, metric]
    return [name for name in names if name]


def grain():
    """What one video weighs in the paper's accuracies on UCF Sports."""
    rows = paper_cells()
    values = rows[(rows["dataset"] == "ucf_sports") & (rows["metric"] == "accuracy")]["value"]
    return (
        f"{shares(values, UCF_VIDEOS)} of the {len(values)} accuracies of Table III on UCF Sports "
        f"are, to the third decimal, whole numbers of {UCF_VIDEOS} videos: one video is "
        f"{decimals(100 / UCF_VIDEOS, 1)} points."
    )


def write(findings, out):
    """Write findings.md and findings.csv into a folder, in place of earlier ones; their paths.

    findings: what `findings` returned.
    """
    out = Path(out).expanduser()
    with storage.writing(out, FILES, overwrite=True) as stage:
        (stage / FILES[0]).write_text(as_markdown(findings), encoding="utf-8")
        as_frame(findings).to_csv(stage / FILES[1], index=False)
    return [out / name for name in FILES]
