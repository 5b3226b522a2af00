"""What the pages of a study and of an audit share: style, scripts, and the gallery.

A page is one file that needs no network: whatever it is styled and moved by stands in it.
"""

import json
from pathlib import Path

import jinja2
import markupsafe

from keras_attn import __version__
from keras_attn.report.web import gallery

STYLES = ("web/page.css", "web/gallery.css")
SCRIPTS = (
    "web/page.js",
    "web/sorting.js",
    "web/gallery_drawing.js",
    "web/gallery_order.js",
    "web/gallery.js",
)
"""Of every page, in this order; files of the folder above this one, as all that is named here."""
ROOM = Path(__file__).parents[1]


def render(template, *, styles=(), scripts=(), **values):
    """A page as text.

    template: a file, such as "page/page.html.j2", which includes `web/head.html.j2` and may
    include `web/gallery.html.j2`. styles, scripts: files of that page alone, which come last.
    values: what the template is filled with.
    """
    return (
        environment()
        .get_template(template)
        .render(
            version=__version__,
            style=all_of((*STYLES, *styles)),
            script=all_of((*SCRIPTS, *scripts)),
            **values,
        )
    )


def environment():
    """The Jinja environment of all pages; its filter `json` is for script elements."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("keras_attn", "report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"json": _json, "breakable": gallery.breakable}
    return made


def all_of(names):
    """The text of some files, one after the other, as it stands in a page."""
    texts = [(ROOM / name).read_text(encoding="utf-8") for name in names]
    return markupsafe.Markup("\n".join(texts))


def _json(value):
    """Values as JSON that may stand within a script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return markupsafe.Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))
