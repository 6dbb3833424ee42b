"""Static pages of a version: self-contained HTML, drawn once before the pointer moves.

Belongs here: which pages there are, and their files. Does not belong here: how a page is made (`page_engine.py`), which numbers
it shows (`overview.py`, `behaviour.py`) and their charts (`charts.py`).
"""

from pathlib import Path

from service.behaviour import behaviour_sections
from service.formats import day
from service.model_evidence import card_files, model_page
from service.overview import overview
from service.page_engine import embedded, policy_of, render
from service.published import Version, open_version
from service.report_pages import report_page

__all__ = ["BEHAVIOUR", "MODELS", "OVERVIEW", "draw_pages", "embedded", "policy_of"]

OVERVIEW = "dashboards/overview.html"
BEHAVIOUR = "dashboards/behaviour.html"
MODELS = "dashboards/models.html"


def draw_pages(version: Path) -> dict[str, int]:
    """Write the pages of the version in this folder and return file -> number of table rows it shows.

    The folder holds segments, tables and a manifest (its "files" may still be missing). A page needs no network and opens
    from disk. The same version gives the same bytes.

    Raises
    ------
    service.published.DamagedVersionError
        A table or list that the pages are drawn from is missing.
    """
    opened = open_version(version)
    (version / "dashboards").mkdir(exist_ok=True)
    return {OVERVIEW: _draw_overview(opened), BEHAVIOUR: _draw_behaviour(opened), **_draw_models(opened)}


def _draw_overview(version: Version) -> int:
    page = overview(version)
    html = render("overview.html", {"page": page}, styles=("overview.css",), has_charts=bool(page.charts))
    (version.folder / OVERVIEW).write_text(html, encoding="utf-8", newline="\n")
    return page.rows


def _draw_behaviour(version: Version) -> int:
    sections, manifest = behaviour_sections(version), version.manifest
    chips = [("simulated", "Simulated data")] if manifest.get("is_simulated", False) else []
    chips += [("Mapping", str(manifest["mapping"])), ("Before", day(version.as_of)), ("Version", version.name)]
    html = report_page(
        "How people use the shop",
        sections,
        lead="Who is active, who comes back, how far they get. Each number stands with its definition.",
        chips=chips,
        small_cell_below=version.small_cell_below,
    )
    (version.folder / BEHAVIOUR).write_text(html, encoding="utf-8", newline="\n")
    return sum(len(section.rows) for section in sections)


def _draw_models(version: Version) -> dict[str, int]:
    """Write the page of the models, and each card as a file for machines."""
    page, rows = model_page(version)
    (version.folder / MODELS).write_text(page, encoding="utf-8", newline="\n")
    written = {MODELS: rows}
    for name, text in card_files(version).items():
        path = version.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        written[name] = 1
    return written
