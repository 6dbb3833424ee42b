"""Pages of reports: each with what its numbers mean, one picture, one table. Text and pictures in, HTML out.

Belongs here: putting sections on a page. Does not belong here: which rows may be shown (decided before), how a picture is drawn
(`report_charts.py`), how a page is made safe (`page_engine.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.page_engine import render
from service.report_charts import Picture, figure_json

FOLDED_FROM = 60
"""Longer tables under a picture are folded."""


@dataclass(frozen=True)
class Section:
    """One report: its heading (word, text), a picture if one helps, and the rows as text; `texts` are columns of words."""

    key: str
    title: str
    heading: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: frozenset[int] = frozenset({0})
    picture: Picture | None = None
    empty_because: str = "There is nothing to show for this range."

    @property
    def is_folded(self) -> bool:
        """Whether the rows are shown only when asked for."""
        return self.picture is not None and len(self.rows) > FOLDED_FROM

    @property
    def text_columns(self) -> frozenset[int]:
        """Columns aligned as words."""
        return self.texts

    @property
    def figure(self) -> str:
        """The picture as JSON."""
        return figure_json(self.picture) if self.picture else ""


def report_page(
    title: str,
    sections: Sequence[Section],
    *,
    lead: str = "",
    chips: Sequence[tuple[str, str]] = (),
    small_cell_below: int,
) -> str:
    """Return a whole HTML page that needs no network."""
    values = {
        "title": title,
        "lead": lead,
        "chips": tuple(chips),
        "sections": tuple(sections),
        "small_cell_below": small_cell_below,
    }
    has_charts = any(section.picture for section in sections)
    return render("report.html", values, styles=("overview.css", "report.css"), has_charts=has_charts)
