"""The report as one page that stands alone, `report.html`, and as `report.md`.

Each section has its own module, which computes no score: those come from `tables` and `findings`.
"""

from pathlib import Path

from keras_attn import storage
from keras_attn.report import looks, web
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
    facets = scatter.facets(tables.cells, run_pages.first_of_network(results))
    pages = run_pages.run_pages(results, tables.cells)
    return web.render(
        "page/page.html.j2",
        styles=["page/study.css"],
        scripts=["page/study.js"],
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
        gallery=web.gallery.for_page(gallery.of(results)),
        figures=figures,
        shifts=attacks.shifts(results),
        runs=pages,
        legend=answers.legend(findings),
    )
