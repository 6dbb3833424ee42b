"""Tables and figures as they stand on the page: Markdown, three significant digits."""

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table: the first column to the left, figures to the right."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows)) + "\n"


def figure(value: float) -> str:
    """Return a number as a reader needs it: three significant digits, whole numbers with separators."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def events(size: int) -> str:
    """Return a number of events in millions."""
    return f"{size / 1e6:g} M"
