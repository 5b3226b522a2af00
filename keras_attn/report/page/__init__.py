"""The report as one page that stands alone, `report.html`, and as `report.md`.

Each section has its own module, which computes no score: those come from `tables` and `findings`.
"""

import json
from pathlib import Path

import jinja2
import markupsafe

from keras_attn import __version__, storage
from keras_attn.report import looks
from keras_attn.report.naming import TASKS
from keras_attn.report.page import (
    answers,
    attacks,
    embedded,
    gallery,
    markdown,
    overview,
    run_pages,
    scatter,
    sheets,
)
from keras_attn.report.paper.findings import NOT_MEASURED

FILES = ("report.html", "report.md")
STYLES = ("page.css", "gallery.css")
SCRIPTS = ("page.js", "sorting.js", "gallery_drawing.js", "gallery.js")
"""What the page is styled and moved by, in this order; files beside this one."""


def write(results, out, tables, findings, pictures):
    """Write report.html and report.md into a folder, in place of earlier ones; their paths.

    results: a `results.Results`. tables: the `sheets.Written` of it. findings: as of
    `findings.findings`. pictures: paths of figures in `out`; those that the page does not know are
    left out.
    """
    out = Path(out).expanduser()
    figures = embedded.figures(pictures)
    with storage.writing(out, FILES, overwrite=True) as stage:
        page = html(results, tables, findings, figures)
        (stage / FILES[0]).write_text(page, encoding="utf-8")
        text = markdown.as_markdown(results, tables, findings, figures, out)
        (stage / FILES[1]).write_text(text, encoding="utf-8")
    return [out / name for name in FILES]


def html(results, tables, findings, figures):
    """The whole page as text; arguments as for `write`, figures: `embedded.EmbeddedFigure`s."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("keras_attn.report", "page"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["json"] = _json
    facets = scatter.facets(tables.cells, run_pages.first_of_network(results))
    pages = run_pages.run_pages(results, tables.cells)
    return environment.get_template("page.html.j2").render(
        version=__version__,
        style=_all_of(STYLES),
        script=_all_of(SCRIPTS),
        drawn=overview.drawn(results),
        counts=overview.counts(results),
        sentences=overview.sentences(results, findings),
        verdicts=overview.verdicts(findings),
        standings=overview.standings(tables.cells, results),
        printed=any(sheet.in_print for sheet in tables.sheets),
        task_titles=TASKS,
        tasks=set(results.rows["task"]),
        marks={name: looks.svg_path(name) for name in looks.MARKERS},
        answered=answers.measured(findings),
        left=answers.left(findings),
        claims=len(findings),
        unmeasured=NOT_MEASURED,
        tables=sheets.shown(tables.sheets, findings),
        facets=facets,
        looks=list(scatter.attentions(facets).items()),
        gallery=gallery.of(results),
        figures=figures,
        shifts=attacks.shifts(results),
        runs=pages,
        legend=answers.legend(findings),
    )


def _json(value):
    """Values as JSON that may stand within a script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return markupsafe.Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))


def _all_of(names):
    """The text of some files beside this one, one after the other."""
    texts = [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in names]
    return markupsafe.Markup("\n".join(texts))
