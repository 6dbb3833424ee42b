"""Pages of single reports: a heading that says what the numbers mean, one picture, the table. Plain values in, HTML out.

Figures are written as plotly's JSON, so plotly itself is not imported; the script comes from `service/charts.py` and is put
into the page, which works without a network. Which rows may be shown is decided before.
"""

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from service.charts import INK, LEAF, LINE, MUTED, STEM, library

Cell = str | int | float | None


@dataclass(frozen=True)
class Picture:
    """Traces and layout of one figure, as plotly's JSON has them."""

    traces: list[dict[str, object]]
    layout: dict[str, object] = field(default_factory=dict)


def _text(value: object) -> str:
    return html.escape(str(value), quote=False)


def bars(labels: Sequence[object], values: Sequence[float | None], *, unit: str = "") -> Picture:
    """Draw one bar per label, the largest numbers of a report: steps, groups, bins."""
    trace = {
        "type": "bar", "x": [_text(label) for label in labels], "y": list(values), "marker": {"color": STEM},
        "hovertemplate": "%{x}: %{y} " + _text(unit) + "<extra></extra>",
    }  # fmt: skip
    return Picture(
        [trace], {"xaxis": {"type": "category"}, "yaxis": {"title": {"text": _text(unit)}, "rangemode": "tozero"}}
    )


def lines(x: Sequence[object], series: dict[str, Sequence[float | None]], *, unit: str = "") -> Picture:
    """Draw named lines over the same x; a missing value is a gap."""
    traces: list[dict[str, object]] = [
        {"type": "scatter", "mode": "lines", "name": _text(name), "x": [str(value) for value in x], "y": list(values)}
        for name, values in series.items()
    ]
    return Picture(
        traces, {"yaxis": {"title": {"text": _text(unit)}, "rangemode": "tozero"}, "showlegend": len(traces) > 1}
    )


def heatmap(
    columns: Sequence[object], rows: Sequence[object], values: Sequence[Sequence[float | None]], *, unit: str = ""
) -> Picture:
    """Draw a grid, first row on top; a missing value is blank."""
    trace = {
        "type": "heatmap", "x": [_text(name) for name in columns], "y": [_text(name) for name in rows],
        "z": [list(row) for row in values], "colorscale": [[0, "#f4f6f2"], [0.5, LEAF], [1, STEM]],
        "hovertemplate": "%{y}, %{x}: %{z} " + _text(unit) + "<extra></extra>",
    }  # fmt: skip
    return Picture([trace], {"xaxis": {"type": "category"}, "yaxis": {"type": "category", "autorange": "reversed"}})


def sankey(links: Sequence[tuple[str, str, float]]) -> Picture:
    """Draw flows between named places: (from, to, amount)."""
    names = sorted({name for source, target, _ in links for name in (source, target)})
    place = {name: number for number, name in enumerate(names)}
    trace = {
        "type": "sankey",
        "node": {"label": [_text(name) for name in names], "color": STEM},
        "link": {
            "source": [place[source] for source, _, _ in links],
            "target": [place[target] for _, target, _ in links],
            "value": [amount for _, _, amount in links],
        },
    }
    return Picture([trace])


def _shown(value: Cell) -> str:
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124  only NaN differs from itself
        return "–"
    return f"{value:,.4g}" if isinstance(value, float) and not value.is_integer() else _text(value)


def _figure_json(picture: Picture) -> str:
    layout = {
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "font": {"color": INK},
        "margin": {"l": 8, "r": 8, "t": 24, "b": 8}, "height": 420, "showlegend": False, **picture.layout,
    }  # fmt: skip
    for axis in ("xaxis", "yaxis"):
        layout[axis] = {"automargin": True, "gridcolor": LINE, **dict(picture.layout.get(axis, {}))}  # type: ignore[call-overload]
    # in a script, `<` could end it
    return json.dumps({"data": picture.traces, "layout": layout}).replace("<", "\\u003c")


def page(
    title: str,
    heading: Sequence[tuple[str, str]],
    *,
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    picture: Picture | None = None,
) -> str:
    """Return a whole HTML page that needs no network: heading, picture if there is one, table."""
    facts = "".join(f"<dt>{_text(word)}</dt><dd>{_text(text)}</dd>" for word, text in heading)
    head = "".join(f"<th>{_text(name)}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{_shown(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    drawing = ""
    if picture is not None:
        drawing = (
            f'<div id="picture"></div><script>{library()}</script><script>const figure = {_figure_json(picture)};'
            'Plotly.newPlot("picture", figure.data, figure.layout, {displayModeBar: false, responsive: true});</script>'
        )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{_text(title)}</title><style>'
        f"body{{font:15px system-ui,'Noto Sans CJK SC',sans-serif;color:{INK};max-width:70rem;margin:2rem auto;padding:0 1rem}}"
        f"dt{{color:{MUTED};float:left;clear:left;width:8rem}}dd{{margin:0 0 .4rem 8rem}}table{{border-collapse:collapse}}"
        f"td,th{{border-bottom:1px solid {LINE};padding:.25rem .6rem;text-align:right}}td:first-child,th:first-child"
        f"{{text-align:left}}</style><h1>{_text(title)}</h1><dl>{facts}</dl>{drawing}<table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></html>"
    )
