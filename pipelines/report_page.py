"""Chooses the picture of a report and hands its values to the web's drawing: where reports and pages meet."""

import math
from collections.abc import Callable

import pandas as pd

from assets.analytics import Report
from service.report_charts import Cell, Picture, bars, heatmap, lines, page, sankey


def _values(column: pd.Series) -> list[float | None]:
    return [None if pd.isna(value) else float(value) for value in column]


def _grid(frame: pd.DataFrame, rows: str, columns: str, value: str) -> Picture:
    wide = frame.pivot_table(index=rows, columns=columns, values=value, aggfunc="mean")
    names = [str(name)[:10] for name in wide.index]
    return heatmap(list(wide.columns), names, [_values(row) for _, row in wide.iterrows()], unit=value)


def _over_time(frame: pd.DataFrame, day: str, columns: tuple[str, ...]) -> Picture:
    return lines([str(value)[:10] for value in frame[day]], {name: _values(frame[name]) for name in columns}, unit="")


def _funnel_bars(frame: pd.DataFrame) -> Picture | None:
    if len(set(frame["dimension_value"])) > 1:
        return None
    labels = [f"{step}. {name}" for step, name in zip(frame["step"], frame["step_name"], strict=True)]
    return bars(labels, _values(frame["users_count"]), unit="users")


def _flows(frame: pd.DataFrame) -> Picture:
    # a place is a source on the left and a target on the right: a flow chart has no circles
    rows = frame[["from_event", "to_event", "transitions_count"]].itertuples(index=False)
    return sankey([(f"{source} ", str(target), float(count)) for source, target, count in rows])


_ACTIVE = ("active_users_count", "active_users_7d", "active_users_30d")
_MOVES = ("new_users_count", "returning_users_count", "resurrecting_users_count", "dormant_users_count")
_PICTURES: dict[str, Callable[[pd.DataFrame], Picture | None]] = {
    "active_users": lambda frame: _over_time(frame[frame["activity_basis"] == "activity"], "activity_date", _ACTIVE),
    "lifecycle": lambda frame: _over_time(frame, "period_date", _MOVES),
    "retention": lambda frame: _grid(frame[frame["is_complete"]], "cohort_date", "period_offset", "on_share"),
    "retention_recurring": lambda frame: _grid(frame[frame["is_complete"]], "cohort_date", "period_offset", "on_share"),
    "funnel": _funnel_bars,
    "path": _flows,
    "sessions": lambda frame: _over_time(frame, "activity_date", ("sessions_count", "purchase_sessions_count")),
    "step_matrix": lambda frame: _grid(frame, "event_type", "step", "share"),
    "rhythm": lambda frame: _grid(frame, "weekday_number", "hour_of_day", "events_share"),
    "trend": lambda frame: _over_time(frame, "activity_date", ("value", "expected", "expected_low", "expected_high")),
    "intervals": lambda frame: bars(list(frame["bin"]), _values(frame["intervals_count"]), unit="intervals"),
    "distribution": lambda frame: bars(list(frame["bin"]), _values(frame["users_count"]), unit="users"),
}


def picture_of(report: Report) -> Picture | None:
    """Return the picture of a report by the first word of its name, or None when a table says it better."""
    draw = _PICTURES.get(report.name.split(" ", maxsplit=1)[0])
    return None if draw is None or report.frame.empty else draw(report.frame)


def _cell(value: object) -> Cell:
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool | str):
        return str(value)
    plain = getattr(value, "item", lambda: value)()
    return plain if isinstance(plain, int | float) else str(plain)


def report_page(report: Report) -> str:
    """Return the page of a report."""
    rows = [[_cell(value) for value in row] for row in report.frame.itertuples(index=False)]
    return page(report.name, report.heading, columns=list(report.frame.columns), rows=rows, picture=picture_of(report))
