"""The report in Markdown, with its figures linked as files."""

import os
import re

from keras_attn.report.naming import TASKS
from keras_attn.report.page import overview
from keras_attn.report.paper import wording
from keras_attn.report.tables import formats

TITLE = "Human and machine attention: a report"


def as_markdown(results, tables, findings, figures, out):
    """Summary, findings, tables and figures; arguments as for `page.write`."""
    counted = ", ".join(f"{number} {word}" for number, word in overview.counts(results))
    parts = [f"# {TITLE}", f"{counted}.", "## Summary", *overview.sentences(results, findings)]
    parts.append(_standings(tables.cells, results))
    parts.append(_lower(wording.as_markdown(findings)))
    parts.append("## Tables")
    parts += [_lower(formats.as_markdown(sheet), 2) for sheet in tables.sheets]
    if figures:
        parts.append("## Figures")
    for figure in figures:
        path = os.path.relpath(figure.path, out).replace(os.sep, "/")
        parts += [f"### {figure.title}", f"![{figure.alt}]({path})", figure.caption]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _standings(cells, results):
    head = "| task | dataset | best score | artificial attention closest to gaze |"
    lines = [head, "|---|---|---|---|"]
    for task, several in overview.standings(cells, results):
        for one in several:
            cells_of_one = [_best(best) for best in (one.score, one.gaze)]
            lines.append(f"| {TASKS[task]} | {one.dataset} | {' | '.join(cells_of_one)} |")
    return "\n".join(lines)


def _best(best):
    if best is None:
        return "–"
    who, value = (best.together, f"up to {best.value}") if best.tied else (best.who, best.value)
    told = f"{who}: {best.metric} {value} {best.interval}".rstrip()
    told += " (not told apart)" if best.tied else ""
    told += f"; {best.floor}" if best.floor else ""
    return told.replace("|", "\\|")


def _lower(text, by=1):
    """Markdown with its headings one level or more deeper."""
    return re.sub(r"^(#+) ", lambda match: f"{match[1]}{'#' * by} ", text, flags=re.MULTILINE)
