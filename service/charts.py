"""Charts: rows in, plotly figures as JSON out. The only importer of plotly.

Belongs here: what a chart looks like. Does not belong here: which rows may be shown; that is decided before. Every text is
escaped first, as plotly renders a subset of HTML in titles, axes and hovers.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import plotly.graph_objects as go
import plotly.offline

INK, MUTED, LINE = "#1f2a26", "#66736d", "#e3e6df"
LEAF, STEM, CLAY, WATER = "#8fbfa0", "#2f6b4f", "#c4764a", "#5d7f9c"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"


@dataclass(frozen=True)
class Dot:
    """One measured value with its interval, if it has one."""

    label: str
    value: float
    low: float | None
    high: float | None
    is_main: bool


@dataclass(frozen=True)
class CalibrationBin:
    """People with similar predictions: how many, what was predicted for them, and what came."""

    people: int
    predicted: float
    observed: float


def library() -> str:
    """Return plotly.js as it comes in the wheel; nothing is fetched."""
    return plotly.offline.get_plotlyjs()


def _text(value: str) -> str:
    """Return text that plotly shows as it is: no markup, and no formula between dollar signs (MathJax is not here)."""
    return html.escape(value, quote=False).replace("$", "&#36;")


def _json(figure: go.Figure, *, height: int, legend: bool = False) -> str:
    """Return the figure as JSON with the house's look: no grid but the value axis', no zoom that would catch a finger."""
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 8, "t": 8 if not legend else 36, "b": 8},
        font={"family": _FONT, "size": 13, "color": INK},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=legend,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": {"color": MUTED}},
        hoverlabel={"bgcolor": "#ffffff", "bordercolor": LINE, "font": {"color": INK, "family": _FONT}},
        dragmode=False,
    )
    axis = {"fixedrange": True, "automargin": True, "zeroline": False, "tickfont": {"color": MUTED}}
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    return str(figure.to_json())


def _month_axis(figure: go.Figure, months: Sequence[date], currency: str) -> None:
    """Label at most eight months, each under its bar; plotly's own month labels shift where a month is hidden."""
    step = -(-len(months) // 8)
    marked = list(months)[::-1][::step][::-1]
    ticks = [f"{month:%b}<br>{month:%Y}" for month in marked]
    figure.update_xaxes(
        type="category", categoryorder="array", categoryarray=_month_names(months), showgrid=False,
        tickmode="array", tickvals=_month_names(marked), ticktext=ticks, tickangle=0,
    )  # fmt: skip
    title = {"text": _text(currency), "font": {"size": 12, "color": MUTED}, "standoff": 8}
    figure.update_yaxes(gridcolor=LINE, tickformat="~s", title=title)


def _month_names(months: Sequence[date]) -> list[str]:
    return [f"{month:%B %Y}" for month in months]


def _bars(colour: str, months: Sequence[date], running: date | None) -> dict[str, object]:
    return {"color": colour, "opacity": [0.45 if month == running else 1.0 for month in months]}


def revenue(
    months: Sequence[date],
    *,
    gross: Sequence[float | None],
    returned: Sequence[float | None],
    net: Sequence[float | None],
    running: date | None,
    currency: str,
) -> str:
    """Draw gross as bars, what was given back as bars below zero, net as a line; a hidden month is a gap.

    The month that is still running, if one is, is drawn pale.
    """
    hover = f"%{{y:,.0f}} {_text(currency)}"
    below = [None if amount is None else -amount for amount in returned]
    names = _month_names(months)
    figure = go.Figure(
        [
            go.Bar(name="Gross", x=names, y=list(gross), marker=_bars(LEAF, months, running), hovertemplate=hover),
            # A shop that never took anything back needs no entry in the legend.
            *(
                [go.Bar(name="Given back", x=names, y=below, marker=_bars(CLAY, months, running), hovertemplate=hover)]
                if any(below)
                else []
            ),
            go.Scatter(
                name="Net", x=names, y=list(net), mode="lines+markers", hovertemplate=hover,
                line={"color": STEM, "width": 3}, marker={"size": 7},
            ),
        ]
    )  # fmt: skip
    figure.update_layout(barmode="relative", bargap=0.3, hovermode="x unified")
    _month_axis(figure, months, currency)
    return _json(figure, height=360, legend=True)


def revenue_split(
    months: Sequence[date],
    *,
    identified: Sequence[float | None],
    guests: Sequence[float | None],
    running: date | None,
    currency: str,
) -> str:
    """Draw net revenue of identified customers and guests, stacked; a hidden month is a gap."""
    hover = f"%{{y:,.0f}} {_text(currency)}"
    figure = go.Figure(
        [
            go.Bar(
                name="Identified",
                x=_month_names(months),
                y=list(identified),
                marker=_bars(STEM, months, running),
                hovertemplate=hover,
            ),
            go.Bar(
                name="Guests",
                x=_month_names(months),
                y=list(guests),
                marker=_bars(WATER, months, running),
                hovertemplate=hover,
            ),
        ]
    )
    figure.update_layout(barmode="relative", bargap=0.3, hovermode="x unified")
    _month_axis(figure, months, currency)
    return _json(figure, height=360, legend=True)


def group_shares(names: Sequence[str], people: Sequence[float], spend: Sequence[float | None]) -> str:
    """Draw two bars per group, the first group on top: its share of the people and its share of what they spent.

    Names stand above their bars, so that long ones leave room on a phone.
    """
    hover = "%{y}<br>%{x:.1%} of %{fullData.name}<extra></extra>"
    labels = [_text(name) for name in names]
    figure = go.Figure(
        [
            go.Bar(
                name="the people",
                x=list(people),
                y=labels,
                orientation="h",
                marker={"color": LEAF},
                hovertemplate=hover,
            ),
            go.Bar(
                name="net spend", x=list(spend), y=labels, orientation="h", marker={"color": STEM}, hovertemplate=hover
            ),
        ]
    )
    figure.update_layout(barmode="group", bargap=0.6, bargroupgap=0.1)
    for label in labels:
        figure.add_annotation(
            x=0,
            y=label,
            text=label,
            showarrow=False,
            xref="paper",
            xanchor="left",
            yanchor="bottom",
            yshift=11,
            align="left",
        )
    figure.update_xaxes(gridcolor=LINE, tickformat=".0%", nticks=6)
    figure.update_yaxes(showticklabels=False, range=[len(labels) - 0.5, -0.9])
    return _json(figure, height=80 + 52 * len(names), legend=True)


def calibration(bins: Sequence[CalibrationBin]) -> str:
    """Draw predicted against observed share, one dot per tenth of the test's people; on the diagonal is right."""
    figure = go.Figure(
        [
            go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": MUTED, "dash": "dot", "width": 1}, hoverinfo="skip"),
            go.Scatter(
                x=[group.predicted for group in bins], y=[group.observed for group in bins],
                customdata=[group.people for group in bins], mode="lines+markers",
                line={"color": STEM, "width": 2}, marker={"size": 9, "color": STEM},
                hovertemplate="predicted %{x:.1%}<br>came true %{y:.1%}<br>%{customdata:,} people<extra></extra>",
            ),
        ]
    )  # fmt: skip
    title = {"font": {"size": 12, "color": MUTED}, "standoff": 8}
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%", gridcolor=LINE, title={"text": "predicted", **title})
    figure.update_yaxes(range=[-0.02, 1.02], tickformat=".0%", gridcolor=LINE, title={"text": "came true", **title})
    return _json(figure, height=300)


def comparison(dots: Sequence[Dot], *, measure: str) -> str:
    """Draw one measure of several predictions on the same people, with 95 % intervals; the shipped one stands out."""
    colours = [STEM if dot.is_main else MUTED for dot in dots]
    above = [0.0 if dot.high is None else dot.high - dot.value for dot in dots]
    beneath = [0.0 if dot.low is None else dot.value - dot.low for dot in dots]
    figure = go.Figure()
    for dot, colour, up, down in zip(dots, colours, above, beneath, strict=True):
        figure.add_trace(
            go.Scatter(
                x=[dot.value], y=[_text(dot.label)], mode="markers", marker={"size": 12 if dot.is_main else 9, "color": colour},
                error_x={"type": "data", "array": [up], "arrayminus": [down], "color": colour, "thickness": 2, "width": 0},
                hovertemplate=f"%{{y}}<br>{_text(measure)} %{{x:.3f}}<extra></extra>",
            )
        )  # fmt: skip
    title = {"text": _text(measure), "font": {"size": 12, "color": MUTED}, "standoff": 6}
    figure.update_xaxes(gridcolor=LINE, tickformat=".2f", nticks=4, tickangle=0, title=title)
    figure.update_yaxes(autorange="reversed", tickfont={"color": INK}, type="category")
    return _json(figure, height=80 + 32 * len(dots))
