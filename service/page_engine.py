"""The template engine of pages and what makes a page safe: escaping, content security policy, self-contained files.

Belongs here: what every page shares. Does not belong here: which pages there are (`pages.py`) and what they show.
"""

import base64
import hashlib
import re
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from contracts.columns import COLUMNS
from service import charts
from service.formats import whole

_POLICY_TAG = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"<>]*)">')
_HEAD_CHARACTERS = 4_000


def render(template: str, values: dict[str, object], *, styles: tuple[str, ...], has_charts: bool) -> str:
    """Return a whole page that needs no network: the template with its values, styles, and the charts' scripts if any."""
    drawing = template_file("charts.js")
    library = charts.library() if has_charts else ""
    return (
        environment()
        .get_template(template)
        .render(
            values,
            style=Markup("".join(template_file(name) for name in styles)),  # noqa: S704 - our own files
            library=Markup(library),  # noqa: S704 - the plotly wheel's file
            drawing=Markup(drawing),  # noqa: S704 - our own file
            policy=Markup(_policy(scripts=[library, drawing] if has_charts else [])),  # noqa: S704 - hashes
        )
    )


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


def template_file(name: str) -> str:
    """Return the text of a file beside the templates."""
    source, _, _ = environment().loader.get_source(environment(), name)  # type: ignore[union-attr]
    return source


@lru_cache
def environment() -> Environment:
    """Return the one template engine: everything is escaped, an unknown name is an error."""
    engine = Environment(
        loader=PackageLoader("service", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    engine.globals |= {"meaning": meaning, "whole": whole, "embedded": embedded}
    return engine
