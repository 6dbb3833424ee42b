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
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"


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
    return html.escape(value, quote=False)


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


def _money_axis(figure: go.Figure, currency: str) -> None:
    figure.update_xaxes(showgrid=False, hoverformat="%B %Y", tickformat="%b\n%Y", ticklabelmode="period")
    title = {"text": _text(currency), "font": {"size": 12, "color": MUTED}, "standoff": 8}
    figure.update_yaxes(gridcolor=LINE, tickformat="~s", title=title)


def revenue(
    months: Sequence[date],
    *,
    gross: Sequence[float | None],
    returned: Sequence[float | None],
    net: Sequence[float | None],
    currency: str,
) -> str:
    """Draw gross as bars, what was given back as bars below zero, net as a line; a hidden month is a gap."""
    hover = f"%{{y:,.0f}} {_text(currency)}"
    given_back = [None if amount is None else -amount for amount in returned]
    figure = go.Figure(
        [
            go.Bar(name="Gross", x=list(months), y=list(gross), marker={"color": LEAF}, hovertemplate=hover),
            go.Bar(name="Given back", x=list(months), y=given_back, marker={"color": CLAY}, hovertemplate=hover),
            go.Scatter(
                name="Net", x=list(months), y=list(net), mode="lines+markers", hovertemplate=hover,
                line={"color": STEM, "width": 3}, marker={"size": 7},
            ),
        ]
    )  # fmt: skip
    figure.update_layout(barmode="relative", bargap=0.3, hovermode="x unified")
    _money_axis(figure, currency)
    return _json(figure, height=360, legend=True)


def revenue_split(
    months: Sequence[date], *, identified: Sequence[float | None], guests: Sequence[float | None], currency: str
) -> str:
    """Draw net revenue of identified customers and guests, stacked; a hidden month is a gap."""
    hover = f"%{{y:,.0f}} {_text(currency)}"
    figure = go.Figure(
        [
            go.Bar(name="Identified", x=list(months), y=list(identified), marker={"color": STEM}, hovertemplate=hover),
            go.Bar(name="Guests", x=list(months), y=list(guests), marker={"color": WATER}, hovertemplate=hover),
        ]
    )
    figure.update_layout(barmode="relative", bargap=0.3, hovermode="x unified")
    _money_axis(figure, currency)
    return _json(figure, height=360, legend=True)


def group_sizes(names: Sequence[str], users: Sequence[int], probability: Sequence[float | None]) -> str:
    """Draw one bar per group, the first on top: length = users, shade = mean purchase probability, deeper = likelier."""
    figure = go.Figure(
        go.Bar(
            x=list(users), y=[_text(name) for name in names], orientation="h",
            marker={"color": [_shade(value) for value in probability]},
            customdata=["" if value is None else f"<br>{value:.0%} will buy" for value in probability],
            text=[f"{count:,}" for count in users], textposition="outside", cliponaxis=False,
            hovertemplate="%{y}<br>%{x:,} people%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(bargap=0.25)
    figure.update_xaxes(gridcolor=LINE, tickformat=",d", nticks=5)
    figure.update_yaxes(autorange="reversed", tickfont={"color": INK})
    return _json(figure, height=72 + 34 * len(names))


def _shade(share: float | None) -> str:
    """Return a colour between pale (0) and deep green (1); the plain one where the share is not known."""
    if share is None:
        return LEAF
    position = min(max(share, 0.0), 1.0)
    pale, deep = ((228, 239, 231), (47, 107, 79))
    return "#" + "".join(f"{round(low + position * (high - low)):02x}" for low, high in zip(pale, deep, strict=True))


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
    figure.update_xaxes(gridcolor=LINE, tickformat=".2f", nticks=6)
    figure.update_yaxes(autorange="reversed", tickfont={"color": INK}, type="category")
    return _json(figure, height=56 + 34 * len(dots))
