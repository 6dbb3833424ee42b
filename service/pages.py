"""Static pages of a version: self-contained HTML, drawn once before the pointer moves.

Belongs here: the template engine, what makes a page safe (escaping, content security policy), and the files. Does not belong
here: which numbers a page shows (`overview.py`) and their charts (`charts.py`).
"""

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from contracts.columns import COLUMNS
from service import charts
from service.formats import whole
from service.overview import overview
from service.published import open_version

OVERVIEW = "dashboards/overview.html"
_POLICY_TAG = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"<>]*)">')
_HEAD_CHARACTERS = 4_000


def draw_pages(version: Path) -> dict[str, int]:
    """Write the pages of the version in this folder and return file -> number of table rows it shows.

    The folder holds segments, tables and a manifest (its "files" may still be missing). A page needs no network and opens
    from disk. The same version gives the same bytes.

    Raises
    ------
    service.published.DamagedVersionError
        A table or list that the pages are drawn from is missing.
    """
    page = overview(open_version(version))
    style, drawing = _template_file("overview.css"), _template_file("charts.js")
    library = charts.library() if page.charts else ""
    html = (
        _environment()
        .get_template("overview.html")
        .render(
            page=page,
            style=Markup(style),  # noqa: S704 - our own file
            library=Markup(library),  # noqa: S704 - the plotly wheel's file
            drawing=Markup(drawing),  # noqa: S704 - our own file
            policy=Markup(_policy(scripts=[library, drawing] if page.charts else [])),  # noqa: S704 - hashes
        )
    )
    path = version / OVERVIEW
    path.parent.mkdir(exist_ok=True)
    path.write_text(html, encoding="utf-8", newline="\n")
    return {OVERVIEW: page.rows}


def policy_of(page: str) -> str:
    """Return the content security policy that a drawn page carries, or one that allows nothing."""
    found = _POLICY_TAG.search(page[:_HEAD_CHARACTERS])
    return found[1] if found else "default-src 'none'"


def embedded(figure: str) -> Markup:
    """Return JSON that may stand in a script element: no `<`, `>` or `&` is left that HTML could take for its own."""
    escaped = figure.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(escaped.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704 - escaped above


def meaning(column: str) -> str:
    """Return what the dictionary says about a column, with its unit where that says more."""
    return COLUMNS[column].description


def _policy(*, scripts: list[str]) -> str:
    """Return a policy under which only the page's own scripts run, and nothing is loaded or sent.

    Styles stay open: plotly.js 4.1 sets style attributes whose text depends on the chart. With nothing to load from, a style
    can carry nothing out.
    """
    hashes = " ".join(_hash(text) for text in scripts) or "'none'"
    closed = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"
    return f"{closed}; style-src 'unsafe-inline'; script-src {hashes}"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _template_file(name: str) -> str:
    source, _, _ = _environment().loader.get_source(_environment(), name)  # type: ignore[union-attr]
    return source


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("service", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.globals |= {"meaning": meaning, "whole": whole, "embedded": embedded}
    return environment
