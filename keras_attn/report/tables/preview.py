"""A table of results that are still growing: the first of its task, without what is to be read."""

from dataclasses import replace

from keras_attn.report.paper.printed import paper_cells
from keras_attn.report.paper.tables import TABLES
from keras_attn.report.rows.results import read
from keras_attn.report.tables import formats, layout, sheets


def first(folders):
    """The first table that run folders of one task have cells of, as text; "" if there is none."""
    results = read(folders)
    frame = sheets.cells(results)
    for table in TABLES:
        if (frame["table"] == table.number).any():
            sheet = layout.sheet(table, results, frame, paper_cells())
            return formats.as_text(replace(sheet, legend=()))
    return ""
