"""Pictures of reports as plotly's JSON: bars, lines, grids, flows. Plain values in; plotly itself is not imported.

Which rows may be shown is decided before; the page around a picture belongs to `report_pages.py`.
"""

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

from service.charts import CLAY, INK, LEAF, LINE, MUTED, STEM, WATER

COLOURS = (STEM, CLAY, WATER, "#b59a3c", "#7d6a9c", LEAF, "#8a5a44", "#4a8f93")
MOST_SINGLE_TICKS = 16
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"


@dataclass(frozen=True)
class Picture:
    """Traces and layout of one figure, as plotly's JSON has them; `height` in pixels."""

    traces: list[dict[str, object]]
    layout: dict[str, Any] = field(default_factory=dict)
    height: int = 380


def _text(value: object) -> str:
    """Return text that plotly shows as it is: no markup, no formula between dollar signs."""
    return html.escape(str(value), quote=False).replace("$", "&#36;")


def bars(
    labels: Sequence[object], values: Sequence[float | None], *, unit: str = "", notes: Sequence[str] = ()
) -> Picture:
    """Draw one bar per label, the largest numbers of a report: steps, groups, bins; `notes` stand on the bars."""
    trace: dict[str, object] = {
        "type": "bar", "x": [_text(label) for label in labels], "y": list(values), "marker": {"color": STEM},
        "hovertemplate": "%{x}<br>%{y:,} " + _text(unit) + "<extra></extra>",
    }  # fmt: skip
    if notes:
        trace |= {"text": [_text(note) for note in notes], "textposition": "outside", "cliponaxis": False}
    title = {"text": _text(unit), "font": {"size": 12, "color": MUTED}}
    return Picture(
        [trace],
        {
            "xaxis": {"type": "category", "showgrid": False},
            "yaxis": {"title": title, "rangemode": "tozero", "tickformat": "~s"},
            "bargap": 0.35,
        },
    )


def grouped_bars(
    labels: Sequence[object], groups: Mapping[str, Sequence[float | None]], *, unit: str = "", as_share: bool = False
) -> Picture:
    """Draw the bars of several groups side by side under the same labels."""
    shown = "%{y:.1%}" if as_share else "%{y:,}"
    traces: list[dict[str, object]] = [
        {
            "type": "bar", "name": _text(name), "x": [_text(label) for label in labels], "y": list(values),
            "marker": {"color": COLOURS[number % len(COLOURS)]}, "hovertemplate": shown + " " + _text(unit),
        }
        for number, (name, values) in enumerate(groups.items())
    ]  # fmt: skip
    axis = {"rangemode": "tozero", "tickformat": ".0%" if as_share else "~s"}
    layout = {"barmode": "group", "xaxis": {"type": "category", "showgrid": False}, "yaxis": axis, "showlegend": True}
    return Picture(traces, {**layout, "hovermode": "x unified"}, height=420)


def lines(
    x: Sequence[object], series: Mapping[str, Sequence[float | None]], *, unit: str = "", as_share: bool = False
) -> Picture:
    """Draw named lines over the same x; a missing value is a gap. Whole numbers as x, such as periods, have whole ticks."""
    traces: list[dict[str, object]] = [
        {
            "type": "scatter", "mode": "lines", "name": _text(name), "x": [str(value) for value in x], "y": list(values),
            "line": {"color": COLOURS[number % len(COLOURS)], "width": 2},
            "hovertemplate": "%{y:.1%}" if as_share else "%{y:,.4~r}",
        }
        for number, (name, values) in enumerate(series.items())
    ]  # fmt: skip
    title = {"text": _text(unit), "font": {"size": 12, "color": MUTED}}
    axis = {"title": title, "rangemode": "tozero", "tickformat": ".0%" if as_share else "~s"}
    side: dict[str, object] = {"showgrid": False}
    if x and all(isinstance(value, Integral) for value in x):
        # where few numbers stand far apart plotly would put halves between them
        side |= {"tickformat": "d"} | ({"tick0": 0, "dtick": 1} if len(x) <= MOST_SINGLE_TICKS else {})
    layout = {"yaxis": axis, "xaxis": side, "showlegend": len(traces) > 1, "hovermode": "x unified"}
    return Picture(traces, layout)


def heatmap(
    columns: Sequence[object], rows: Sequence[object], values: Sequence[Sequence[float | None]], *, unit: str = ""
) -> Picture:
    """Draw a grid of shares, first row on top; a missing value is blank."""
    trace: dict[str, object] = {
        "type": "heatmap", "x": [_text(name) for name in columns], "y": [_text(name) for name in rows],
        "z": [list(row) for row in values], "colorscale": [[0, "#eef3ee"], [0.5, LEAF], [1, STEM]], "xgap": 1, "ygap": 1,
        "hovertemplate": "%{y}, %{x}: %{z:.1%} " + _text(unit) + "<extra></extra>", "showscale": False,
    }  # fmt: skip
    side = {"type": "category", "showgrid": False}
    layout = {"xaxis": {**side, "side": "top"}, "yaxis": {**side, "autorange": "reversed"}}
    return Picture([trace], layout, height=max(200, 60 + 20 * len(rows)))


def sankey(links: Sequence[tuple[str, str, float]]) -> Picture:
    """Draw flows between named places: (from, to, amount). Trailing spaces keep places apart and are not seen."""
    names = list(dict.fromkeys(name for source, target, _ in links for name in (source, target)))
    place = {name: number for number, name in enumerate(names)}
    trace: dict[str, object] = {
        "type": "sankey",
        "node": {"label": [_text(name.strip()) for name in names], "color": STEM, "pad": 14, "thickness": 14},
        "link": {
            "source": [place[source] for source, _, _ in links],
            "target": [place[target] for _, target, _ in links],
            "value": [amount for _, _, amount in links],
            "color": "rgba(143, 191, 160, 0.45)",
        },
    }
    return Picture([trace], height=max(380, 26 * len(names)))


def figure_json(picture: Picture) -> str:
    """Return the figure as JSON with the house's look; it must still be made safe for a script element."""
    layout: dict[str, Any] = {
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "height": picture.height, "dragmode": False,
        "font": {"family": _FONT, "size": 13, "color": INK}, "margin": {"l": 8, "r": 8, "t": 28, "b": 8}, "showlegend": False,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}, **picture.layout,
    }  # fmt: skip
    for axis in ("xaxis", "yaxis"):
        own = picture.layout.get(axis, {})
        layout[axis] = {"automargin": True, "gridcolor": LINE, "zeroline": False, "fixedrange": True, **own}
    return json.dumps({"data": picture.traces, "layout": layout})
