"""What stands first on the page: what was run, what came of the claims, what did best where."""

from collections import Counter
from dataclasses import dataclass

from keras_attn.mechanisms import NAMED
from keras_attn.report.naming import attention_name, dataset_title, trunk_title
from keras_attn.report.numbers import decimals, listed
from keras_attn.report.paper import findings
from keras_attn.report.paper.elsewhere import ClaimElsewhere
from keras_attn.report.paper.tables import TABLES
from keras_attn.report.rows.results import of_networks
from keras_attn.report.tables import floors
from keras_attn.report.tables.sheets import beside

MOST_NAMED = 5
"""Networks that cannot be told apart are named up to so many; of more, their number is."""


@dataclass(frozen=True)
class Best:
    """The network with the best score of a dataset: who, the metric's title, and its numbers.

    tied: the networks that cannot be told from it. floor: in words what knows nothing and scores as
    much, "" where it is above that.
    """

    who: str
    metric: str
    value: str
    low: str
    high: str
    tied: tuple = ()
    floor: str = ""

    @property
    def together(self):
        """It and those that cannot be told from it, in words."""
        names = [self.who, *self.tied]
        return listed(names) if len(names) <= MOST_NAMED else f"{len(names)} networks"

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
            f"Of the paper's {len(own)} claims, {len(measured)} have numbers to be held against"
            f"{_elsewhere(measured)}: {', '.join(named)}."
        )
    elif own:
        parts.append(
            f"None of the paper's {len(own)} claims is about these data: there is nothing in these "
            "rows that the numbers of its tables could be held against."
        )
    if all(isinstance(finding.claim, ClaimElsewhere) for finding in measured):
        return parts + _of_others(of_claims)  # no table has numbers of the paper's beside ours
    printed = [finding for finding in own if finding.paper]
    short = [f for f in printed if any(count.holds < count.cells for count in f.paper)]
    parts.append(
        f"Of the {len(printed)} claims that the paper prints numbers of, its own tables bear out "
        f"{len(printed) - len(short)} in every cell; where they do not, it stands beside the table."
    )
    return parts + _of_others(of_claims)


def _elsewhere(measured):
    """Where claims are asked of data that the paper has not, in words; "" where of none."""
    count = sum(isinstance(finding.claim, ClaimElsewhere) for finding in measured)
    some = "" if count == len(measured) else f"{count} of them "
    return f", {some}on data that are not the paper's" if count else ""


def _of_others(of_claims):
    others = [finding for finding in of_claims if not finding.claim.of_paper]
    named = ", ".join(f"{number} {name}" for name, number in verdicts(others))
    return [f"Claims that are not the paper's: {named}."] if others else []


def standings(cells, results):
    """Pairs of a task and the `Standing` on each of its datasets.

    cells: as of `tables.cells`. results: the `results.Results` that they are of.
    """
    by_task = {}
    for table in TABLES:
        own = cells[(cells["table"] == table.number).to_numpy()]
        if table.about_gaze or table.ours:
            continue
        gaze = next((t for t in TABLES if t.task == table.task and t.ceiling), None)
        for dataset, part in own.groupby("dataset", sort=False):
            metric = table.metrics_of(dataset)[0]
            score = _best(part, table, metric, results)
            closest = _closest(cells, gaze, dataset, results)
            standing = Standing(dataset_title(dataset), score, closest)
            by_task.setdefault(table.task, []).append(standing)
    return list(by_task.items())


def _closest(cells, table, dataset, results):
    """The `Best` artificial attention by agreement with gaze; None without a table of it."""
    if table is None:
        return None
    mask = (cells["table"] == table.number) & (cells["dataset"] == dataset)
    human = [m.name for m in NAMED.values() if m.takes_gaze]
    own = cells[mask & ~cells["attention"].isin(human)]
    return _best(own, table, table.metrics[0], results)


def _best(cells, table, metric, results):
    own = cells[(cells["metric"] == metric.key) & cells["value"].notna()]
    if own.empty:
        return None
    place = own["value"].idxmax() if metric.higher_is_better else own["value"].idxmin()
    row = own.loc[place]
    numbers = (decimals(row[name], 3) for name in ("value", "low", "high"))
    rest = own.drop(place)
    noise = beside(metric, row, rest, results)
    alike = rest["value"].map(decimals) == decimals(row["value"])
    told = zip(rest.to_dict("records"), noise, alike, strict=True)
    tied = tuple(_who(one) for one, within, same in told if within is True or same)
    found, floor = floors.floor_of(results, table, row.to_dict()), ""
    if found is not None and not found.above:
        what = floors.TOLD[metric.key].format(unit=table.unit)
        floor = f"no better than {what}, {decimals(found.value, metric.digits)}"
    return Best(_who(row), metric.title, *numbers, tied, floor)


def _who(row):
    return f"{attention_name(row['attention'])} on {trunk_title(row['backbone'], row['fusion'])}"
