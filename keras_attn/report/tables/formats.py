"""Tables of the study beside the paper's as console text, Markdown, LaTeX and CSV.

Gets the cells computed: changes no number and reads no file.
"""

import re
import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from keras_attn.datasets import origin
from keras_attn.evaluation.rows import TRUNK
from keras_attn.report.naming import (
    NO_ATTENTION,
    attention_title,
    dataset_title,
    order,
    trunk_title,
)
from keras_attn.report.numbers import decimals
from keras_attn.report.paper.printed import KEYS
from keras_attn.report.tables import ceilings
from keras_attn.report.tables import legend as table_legend
from keras_attn.report.tables.legend import NOISE

WIDTH = 400
"""Columns for a table to grow into; a terminal that is narrower folds its lines."""
LEGEND_WIDTH = 118
BEST, SECOND = 1, 2
NUMBERS = ("value", "low", "high")


@dataclass(frozen=True)
class Heading:
    """What a column of a block is headed with; `subset` is "" where all examples count."""

    trunk: str
    metric: str
    subset: str

    @property
    def score(self):
        """Metric and subset."""
        return f"{self.metric} {self.subset}".rstrip()


@dataclass(frozen=True)
class Cell:
    """A number of ours with its interval, the paper's, and its place in the column.

    value, low, high, paper: as printed, "" where there is none. place: BEST, SECOND or 0. noise:
    whether it cannot be told from the column's best, where it does not share its place. share: of
    explainable information, with its interval, as printed.
    """

    value: str = ""
    low: str = ""
    high: str = ""
    paper: str = ""
    place: int = 0
    noise: bool = False
    share: str = ""

    @property
    def interval(self):
        """The interval in brackets, or "" without one."""
        return f"[{self.low}, {self.high}]" if self.low else ""

    @property
    def in_print(self):
        """The paper's number in parentheses, or "" without one."""
        return f"({self.paper})" if self.paper else ""


@dataclass(frozen=True)
class Block:
    """What a table shows of one dataset. rows: pairs of the attention and its cells."""

    title: str
    headings: tuple
    rows: tuple


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table as it is shown.

    interval: what the intervals are. cells: those it is made of, the ceiling's among them. legend:
    sentences under it. ours: whether the paper has no such table. neutral: whether no number is
    better than another.
    """

    number: str
    title: str
    interval: str
    cells: pd.DataFrame
    blocks: tuple
    legend: tuple
    ours: bool = False
    neutral: bool = False


def sheet(table, results, cells, paper):
    """The `Sheet` of a `parts.Table`; cells, paper: the DataFrames of `tables`."""
    own = cells[cells["table"] == table.number]
    # Networks without attention would be a row and columns of their own, all else there empty.
    parts = own.groupby(["dataset", own["attention"] == NO_ATTENTION], sort=False)
    top = {name: ceilings_of(table, results, name) for name in dict.fromkeys(own["dataset"])}
    blocks = tuple(_block(table, part, paper, bare, top[name]) for (name, bare), part in parts)
    legend = table_legend.lines(table, results, own, top)
    every = pd.concat([own, *(one for one in top.values() if len(one))], ignore_index=True)
    kind = (table.ours, table.neutral)
    return Sheet(table.number, table.title, table.interval, every, blocks, legend, *kind)


def ceilings_of(table, results, dataset):
    """The cells of the ceiling of a dataset; none in a table without."""
    rows = results.rows
    own = rows[((rows["task"] == table.task) & (rows["dataset"] == dataset)).to_numpy()]
    return ceilings.cells_of(table, own if table.ceiling else own[:0])


def _block(table, cells, paper, bare, top):
    """What a table shows of one dataset; bare: of its networks without attention.

    top: the cells of the ceiling.
    """
    dataset = cells["dataset"].iloc[0]
    rows, groups = _rows_and_groups(cells, bare)
    ours = cells.set_index(list(KEYS))[[*NUMBERS, *ceilings.SHARES, "within_noise"]].to_dict(
        "index"
    )
    printed = paper.set_index(list(KEYS))["value"].to_dict()
    headings, columns, row = [], [], []
    highest = top.set_index("metric").to_dict("index")
    for title, labels in groups:
        for metric in table.metrics_of(dataset):
            for subset in table.subsets:
                column = {"table": table.number, "dataset": dataset, **labels}
                column |= {"subset": subset.key, "metric": metric.key}
                named = [column | of_row for _, of_row in rows]
                keys = [tuple(names[key] for key in KEYS) for names in named]
                theirs = [names | {"dataset": origin.name_of(dataset)} for names in named]
                theirs = [tuple(names[key] for key in KEYS) for names in theirs]
                part = subset.key if len(table.subsets) > 1 else ""
                headings.append(Heading(title, f"{metric.title}{metric.arrow}", part))
                pairs = zip(map(ours.get, keys), map(printed.get, theirs), strict=True)
                columns.append(_column(metric, list(pairs)))
                numbers = highest.get(metric.key, {})
                told = {n: _printed(numbers[n], metric.digits) for n in NUMBERS if numbers}
                row.append(Cell(**told))
    titles = [title for title, _ in rows]
    made = list(zip(titles, zip(*columns, strict=True), strict=True))
    made += [(ceilings.TITLE, tuple(row))] if highest and not bare else []
    return Block(dataset_title(dataset), tuple(headings), tuple(made))


def _rows_and_groups(cells, bare):
    """Rows and groups of columns, as pairs of a title and labels of their cells."""
    names = cells[list(TRUNK)].drop_duplicates().to_dict("records")
    trunks = [(trunk_title(**one), one) for one in sorted(names, key=lambda one: order(**one))]
    attentions = [
        (attention_title(name), {"attention": name}) for name in dict.fromkeys(cells["attention"])
    ]
    return (trunks, attentions) if bare else (attentions, trunks)


def _column(metric, pairs):
    """Cells of one column, from pairs of ours, a dict, and the paper's; None is none."""
    # What is printed alike shares a place.
    shown = [None if ours is None else round(ours["value"], metric.digits) for ours, _ in pairs]
    distinct = sorted({v for v in shown if v is not None}, reverse=metric.higher_is_better)
    judged = len(distinct) > 1 and not metric.neutral
    places = dict(zip(distinct, (BEST, SECOND), strict=False)) if judged else {}
    made = []
    for value, (ours, paper) in zip(shown, pairs, strict=True):
        place, numbers = places.get(value, 0), {}
        if ours is not None:
            numbers = {name: _printed(ours[name], metric.digits) for name in NUMBERS}
            # Where all are printed alike, none is marked as the best.
            numbers["share"] = ceilings.in_print(*(ours[name] for name in ceilings.SHARES))
            numbers["noise"] = bool(places) and ours["within_noise"] is True and place != BEST
        made.append(Cell(**numbers, paper=_printed(paper, metric.digits), place=place))
    return made


def _printed(value, digits):
    return "" if value is None or np.isnan(value) else decimals(value, digits)


def texts(sheet):
    """The sheet as CSV, Markdown and LaTeX, in this order."""
    return names_and_drawn(sheet.cells).to_csv(index=False), as_markdown(sheet), as_latex(sheet)


def names_and_drawn(rows):
    """A table with the datasets' own names, which join with the paper's, and a column `drawn`."""
    own = rows["dataset"].map(origin.name_of)
    return rows.assign(dataset=own, drawn=rows["dataset"] != own)


def _how_to_read(sheet, best, second):
    cell = f"Each cell: ours [{sheet.interval}]" + ("." if sheet.ours else " (the paper's).")
    if sheet.neutral:
        return cell
    return (
        f"{cell} Of ours in a column, the best is {best} and the second best {second}; {NOISE} "
        "marks those that cannot be told from the best."
    )


# --- console ------------------------------------------------------------------------------------

MARKS = {BEST: "**", SECOND: "* ", 0: "  "}


def as_text(sheet):
    """The sheet for the console."""
    console = Console(width=WIDTH, color_system=None, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        for block in sheet.blocks:
            console.print(_console_table(block))
    lines = [line.rstrip() for line in captured.get().strip("\n").splitlines()]
    legend = [_how_to_read(sheet, "marked **", "*"), *sheet.legend]
    wrapped = [
        textwrap.fill(sentence, LEGEND_WIDTH, subsequent_indent="  ", break_on_hyphens=False)
        for sentence in legend
    ]
    return "\n".join([f"Table {sheet.number}. {sheet.title}", "", *lines, "", *wrapped, ""])


def _console_table(block):
    table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(f"{block.title}\n", no_wrap=True, vertical="top")
    for heading in block.headings:
        table.add_column(f"{heading.trunk}\n{heading.score}", justify="right", no_wrap=True)
    columns = zip(*(cells for _, cells in block.rows), strict=True)
    padded = zip(*(_aligned(column) for column in columns), strict=True)
    for (title, _), cells in zip(block.rows, padded, strict=True):
        table.add_row(title, *cells)
    return table


def _aligned(column):
    """Cells of a column in two lines each, or three; numbers stand under numbers."""
    width = max(len(cell.in_print) for cell in column)
    for cell in column:
        first = f"{cell.value or '–'}{MARKS[cell.place]}{NOISE if cell.noise else ' '}"
        share = f"\n{cell.share}" if cell.share else ""
        yield f"{first} {cell.in_print:>{width}}\n{cell.interval}{share}"


# --- Markdown -----------------------------------------------------------------------------------

MARKDOWN = {BEST: "**", SECOND: "*", 0: ""}


def as_markdown(sheet):
    """The sheet as a Markdown page."""
    lines = [f"# Table {sheet.number}. {_markdown(sheet.title)}", ""]
    for block in sheet.blocks:
        titles = [f"{heading.trunk} {heading.score}" for heading in block.headings]
        lines.append(_row([block.title, *titles]))
        lines.append("|---|" + "--:|" * len(titles))
        for title, cells in block.rows:
            lines.append(_row([title], [_markdown_cell(cell) for cell in cells]))
        lines.append("")
    lines.append(f"- {_how_to_read(sheet, 'bold', 'in italics')}")
    return "\n".join([*lines, *(f"- {_markdown(sentence)}" for sentence in sheet.legend), ""])


def _row(texts, ready=()):
    return f"| {' | '.join([*map(_markdown, texts), *ready])} |"


def _markdown_cell(cell):
    mark, noise = MARKDOWN[cell.place], NOISE if cell.noise else ""
    parts = [f"{mark}{cell.value or '–'}{mark}{noise}", cell.interval, cell.in_print, cell.share]
    return " ".join(part for part in parts if part)


def _markdown(text):
    """Text in which nothing is taken for Markdown; an underscore within a word never is."""
    return re.sub(r"[\\`*|<]|(?<!\w)_|_(?!\w)", r"\\\g<0>", text)


# --- LaTeX --------------------------------------------------------------------------------------

LATEX_NOISE = r"\approx"
LATEX = {BEST: r"\textbf{%s}", SECOND: r"\underline{%s}", 0: "%s"}
ESCAPES = {character: rf"\{character}" for character in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "−": "$-$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    NOISE: rf"${LATEX_NOISE}$",
}


def as_latex(sheet):
    """The sheet as a LaTeX float; needs the packages booktabs and adjustbox."""
    caption = f"{sheet.title}. {_how_to_read(sheet, 'bold', 'underlined')}"
    lines = [
        r"% Needs \usepackage{booktabs,adjustbox}.",
        r"\begin{table*}",
        r"\centering",
        rf"\caption{{{_latex(caption)}}}",
        rf"\label{{tab:{sheet.number}}}",
    ]
    for block in sheet.blocks:
        lines += _latex_block(block)
    lines += [r"\begin{minipage}{\textwidth}", r"\footnotesize"]
    lines += [rf"{_latex(sentence)}\par" for sentence in sheet.legend]
    return "\n".join([*lines, r"\end{minipage}", r"\end{table*}", ""])


def _latex_block(block):
    trunks = [heading.trunk for heading in block.headings]
    scores = [_latex(heading.score) for heading in block.headings]
    spans, rules, start = [], [], 2
    for trunk in dict.fromkeys(trunks):
        span = trunks.count(trunk)
        spans.append(rf"\multicolumn{{{span}}}{{c}}{{{_latex(trunk)}}}")
        rules.append(rf"\cmidrule(lr){{{start}-{start + span - 1}}}")
        start += span
    lines = [
        r"\begin{adjustbox}{max width=\textwidth}",
        rf"\begin{{tabular}}{{l{'c' * len(scores)}}}",
        r"\toprule",
        _latex_row(["", *spans]),
        " ".join(rules),
        _latex_row([_latex(block.title), *scores]),
        r"\midrule",
    ]
    for title, cells in block.rows:
        lines.append(_latex_row([_latex(title), *map(_latex_cell, cells)]))
        intervals = [rf"{{\scriptsize {_latex(c.interval)}}}" if c.interval else "" for c in cells]
        lines.append(_latex_row(["", *intervals]))
        if any(cell.share for cell in cells):
            shares = [rf"{{\scriptsize {_latex(c.share)}}}" if c.share else "" for c in cells]
            lines.append(_latex_row(["", *shares]))
    return [*lines, r"\bottomrule", r"\end{tabular}", r"\end{adjustbox}", r"\par\medskip"]


def _latex_row(cells):
    row = " & ".join(cells)
    # A bracket that begins a row would be an argument of the line break before it.
    return rf"{'{}' if row.startswith('[') else ''}{row} \\"


def _latex_cell(cell):
    value = LATEX[cell.place] % _latex(cell.value or "–")
    value += f"$^{{{LATEX_NOISE}}}$" if cell.noise else ""
    return f"{value} {_latex(cell.in_print)}".rstrip()


def _latex(text):
    """Text in which nothing is taken for a command."""
    return "".join(ESCAPES.get(character, character) for character in text)
