"""What stands first on the page: what was run, what came of the claims, what did best where."""

from collections import Counter
from dataclasses import dataclass

from keras_attn.mechanisms import NAMED
from keras_attn.report.naming import dataset_title, trunk_title
from keras_attn.report.numbers import decimals
from keras_attn.report.paper import findings
from keras_attn.report.paper.tables import TABLES
from keras_attn.report.rows.results import of_networks


@dataclass(frozen=True)
class Best:
    """The network with the best score of a dataset: who, the metric's title, and its numbers."""

    who: str
    metric: str
    value: str
    low: str
    high: str

    @property
    def interval(self):
        """The interval in brackets, or "" without one."""
        return "" if self.low == "–" else f"[{self.low}, {self.high}]"


@dataclass(frozen=True)
class Standing:
    """What did best on a dataset. score, gaze: `Best`, by the task and by agreement, or None."""

    dataset: str
    score: Best | None
    gaze: Best | None


def drawn(results):
    """Whether any example was drawn, and how much: "", "some" or "all" of the datasets."""
    flags = [results.is_drawn(*key) for key in results.notes]
    if not any(flags):
        return ""
    return "all" if all(flags) else "some"


def counts(results):
    """Pairs of a number and what it counts: runs, networks, examples, datasets."""
    rows = results.rows[of_networks(results.rows)]
    networks = rows[["task", "dataset", "backbone", "fusion", "attention"]].drop_duplicates()
    networks = networks[networks["task"] != "adversarial"]
    examples = rows[["dataset", "id"]].drop_duplicates()
    counted = (
        (rows["folder"].nunique(), "run"),
        (len(networks), "network"),
        (len(examples), "example"),
        (rows["dataset"].nunique(), "dataset"),
        (len(rows), "scored row"),
    )
    return [(f"{n:,}", word if n == 1 else f"{word}s") for n, word in counted]


def verdicts(of_claims):
    """How many claims have each verdict: pairs in the order of `findings.VERDICTS`, none of 0."""
    counted = Counter(finding.verdict for finding in of_claims)
    return [(name, counted[name]) for name in findings.VERDICTS if counted[name]]


def sentences(results, of_claims):
    """The findings in a few sentences."""
    own = [finding for finding in of_claims if finding.claim.of_paper]
    measured = [finding for finding in own if finding.states]
    counted, parts, check = dict(verdicts(own)), [], drawn(results)
    if check:
        states = [state for finding in measured for state in finding.states]
        parts.append(
            "This is a machinery check. Some or all of the examples are drawn and their gaze is "
            "simulated, so that nothing here says anything about people, or about networks that "
            "were trained on photographs: the numbers show that everything runs from data to "
            "tables."
        )
    if check and measured:
        parts.append(
            f"Of the paper's {len(own)} claims, {len(measured)} have numbers to be held against; "
            f"in {states.count(1)} of {len(states)} compared cells these happen to speak for the "
            f"claim, in {states.count(-1)} against it."
        )
    elif measured:
        named = [f"{counted[name]} {name}" for name in findings.VERDICTS[:3] if name in counted]
        parts.append(
            f"Of the paper's {len(own)} claims, {len(measured)} have numbers to be held against: "
            f"{', '.join(named)}."
        )
    printed = [finding for finding in own if finding.paper]
    short = [f for f in printed if any(count.holds < count.cells for count in f.paper)]
    parts.append(
        f"Of the {len(printed)} claims that the paper prints numbers of, its own tables bear out "
        f"{len(printed) - len(short)} in every cell; where they do not, it stands beside the table."
    )
    others = [finding for finding in of_claims if not finding.claim.of_paper]
    if others:
        named = ", ".join(f"{number} {name}" for name, number in verdicts(others))
        parts.append(f"Claims that are not the paper's: {named}.")
    return parts


def standings(cells):
    """Pairs of a task and the `Standing` on each of its datasets; cells: as of `tables.cells`."""
    by_task = {}
    for table in TABLES:
        own = cells[(cells["table"] == table.number).to_numpy()]
        if table.about_gaze or table.ours:
            continue
        gaze = next((t for t in TABLES if t.task == table.task and t.ceiling), None)
        for dataset, part in own.groupby("dataset", sort=False):
            metric = table.metrics_of(dataset)[0]
            score = _best(part, metric)
            closest = _closest(cells, gaze, dataset)
            standing = Standing(dataset_title(dataset), score, closest)
            by_task.setdefault(table.task, []).append(standing)
    return list(by_task.items())


def _closest(cells, table, dataset):
    """The `Best` artificial attention by agreement with gaze; None without a table of it."""
    if table is None:
        return None
    mask = (cells["table"] == table.number) & (cells["dataset"] == dataset)
    human = [m.name for m in NAMED.values() if m.takes_gaze]
    return _best(cells[mask & ~cells["attention"].isin(human)], table.metrics[0])


def _best(cells, metric):
    own = cells[(cells["metric"] == metric.key) & cells["value"].notna()]
    if own.empty:
        return None
    place = own["value"].idxmax() if metric.higher_is_better else own["value"].idxmin()
    row = own.loc[place]
    trunk = trunk_title(row["backbone"], row["fusion"])
    numbers = (decimals(row[name], 3) for name in ("value", "low", "high"))
    return Best(f"{row['attention']} on {trunk}", metric.title, *numbers)
