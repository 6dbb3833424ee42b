"""Chooses the picture of a report and hands its values to the web's drawing: where reports and pages meet."""

import math
from collections.abc import Callable
from datetime import date, datetime

import pandas as pd

from assets.analytics import Report
from service.report_cells import Cell, cell_text, title_of
from service.report_charts import Picture, bars, grouped_bars, heatmap, lines, sankey
from service.report_pages import Section
from service.report_pages import report_page as whole_page

MOST_GROUPS = 8


def _values(column: pd.Series) -> list[float | None]:
    return [None if pd.isna(value) else float(value) for value in column]


def _grid(frame: pd.DataFrame, rows: str, columns: str, value: str) -> Picture:
    wide = frame.pivot_table(index=rows, columns=columns, values=value, aggfunc="mean")
    names = [str(name)[:10] if rows.endswith("_date") else str(name) for name in wide.index]
    return heatmap(list(wide.columns), names, [_values(row) for _, row in wide.iterrows()], unit="")


def _over_time(frame: pd.DataFrame, day: str, columns: tuple[str, ...]) -> Picture:
    series = {title_of(name): _values(frame[name]) for name in columns}
    return lines([str(value)[:10] for value in frame[day]], series)


def _triangle(frame: pd.DataFrame) -> Picture | None:
    """A grid of one group; curves of several, each the mean over its complete cohorts."""
    closed = frame[frame["is_complete"]]
    groups = list(dict.fromkeys(closed["dimension_value"])) if "dimension_value" in closed else ["all"]
    if len(groups) < 2:
        return _grid(closed, "cohort_date", "period_offset", "on_share") if len(closed) else None
    sums = closed.groupby(["dimension_value", "period_offset"])[["on_users_count", "cohort_users_count"]].sum()
    sums["share"] = sums["on_users_count"] / sums["cohort_users_count"]
    share = sums.pivot_table(index="period_offset", columns="dimension_value", values="share")
    return lines(list(share.index), {str(name): _values(share[name]) for name in groups[:MOST_GROUPS]}, as_share=True)


def _funnel_bars(frame: pd.DataFrame) -> Picture | None:
    groups = list(dict.fromkeys(frame["dimension_value"]))
    one = frame[frame["dimension_value"] == groups[0]]
    labels = [f"{step}. {name}" for step, name in zip(one["step_number"], one["step_name"], strict=True)]
    if len(groups) == 1:
        notes = [cell_text("first_share", value) for value in _values(frame["first_share"])]
        return bars(labels, _values(frame["users_count"]), unit="users", notes=notes)
    entered = frame[frame["step_number"] == 1].sort_values("users_count", ascending=False)["dimension_value"]
    largest = [str(value) for value in entered][:MOST_GROUPS]
    shares = {name: _values(frame[frame["dimension_value"] == name]["first_share"]) for name in largest}
    return grouped_bars(labels, shares, as_share=True)


def _value_lines(frame: pd.DataFrame, series: str) -> Picture | None:
    """One line per cohort or group, complete cells only."""
    closed = frame[frame["is_complete"]] if "is_complete" in frame else frame
    if len(set(closed["dimension_value"])) > 1 and series == "cohort_date":
        return None
    wide = closed.pivot_table(index="days_since_first", columns=series, values="net_amount_per_user")
    shown = list(wide.columns)[-MOST_GROUPS:]
    return lines(
        list(wide.index), {str(name)[:10]: _values(wide[name]) for name in shown}, unit="net per user, by days"
    )


def _flows(frame: pd.DataFrame) -> Picture:
    # a place is a source on the left and a target on the right: a flow chart has no circles
    rows = frame[["from_event", "to_event", "transitions_count"]].itertuples(index=False)
    return sankey([(f"{source} ", str(target), float(count)) for source, target, count in rows])


def _hours(frame: pd.DataFrame) -> Picture:
    """Weekdays by hours of everybody, or groups by hours of the day."""
    if len(set(frame["dimension_value"])) == 1:
        return _grid(frame, "weekday_number", "hour_of_day", "events_share")
    summed = frame.groupby(["dimension_value", "hour_of_day"])["events_share"].sum().reset_index()
    return _grid(summed, "dimension_value", "hour_of_day", "events_share")


def _spend_by_value(frame: pd.DataFrame) -> Picture | None:
    """Bars of one attribute; all of them stand in the table only."""
    if len(set(frame["attribute"])) > 1:
        return None
    return bars(list(frame["attribute_value"]), _values(frame["net_amount_mean"]), unit="net spend per user")


def _months_by_channel(frame: pd.DataFrame) -> Picture | None:
    closed = frame[frame["is_complete"] & frame["cac_amount"].notna()]
    if closed.empty:
        return None
    wide = closed.pivot_table(index="cohort_date", columns="channel", values="cac_amount")
    series = {str(name): _values(wide[name]) for name in wide.columns[:MOST_GROUPS]}
    return lines([str(day)[:10] for day in wide.index], series, unit="cost per new user")


def _step_flows(frame: pd.DataFrame) -> Picture:
    # the same event at another step is another place
    rows = frame[["step", "near_event", "far_event", "sessions_count"]].itertuples(index=False)
    return sankey([(near + " " * step, far + " " * (step + 1), float(count)) for step, near, far, count in rows])


def _curves(frame: pd.DataFrame) -> Picture:
    wide = frame.pivot_table(index="period_offset", columns="dimension_value", values="on_share")
    return lines(
        list(wide.index), {str(name): _values(wide[name]) for name in wide.columns[:MOST_GROUPS]}, as_share=True
    )


def _sizes(frame: pd.DataFrame) -> Picture:
    name = "persona_name_en" if "persona_name_en" in frame else "cluster_name_en"
    return bars(list(frame[name]), _values(frame["users_count"]), unit="users")


_ACTIVE = ("active_users_count", "active_users_7d", "active_users_30d")
_MOVES = ("new_users_count", "returning_users_count", "resurrecting_users_count", "dormant_users_count")
_PICTURES: dict[str, Callable[[pd.DataFrame], Picture | None]] = {
    "active_users": lambda frame: _over_time(frame[frame["activity_basis"] == "activity"], "activity_date", _ACTIVE),
    "lifecycle": lambda frame: _over_time(frame, "period_date", _MOVES),
    "retention": _triangle,
    "retention_recurring": _triangle,
    "retention_curve": _curves,
    "active_days": lambda frame: _grid(frame[frame["is_complete"]], "period_date", "active_days", "share"),
    "revenue": lambda frame: _over_time(frame, "month_date", ("gross_amount", "net_amount")),
    "customers": _sizes,
    "cohort_value": lambda frame: _value_lines(frame, "cohort_date"),
    "ltv": lambda frame: _value_lines(frame, "dimension_value"),
    "funnel": _funnel_bars,
    "path": _flows,
    "step_flows": _step_flows,
    "sessions": lambda frame: _over_time(frame, "activity_date", ("sessions_count", "purchase_sessions_count")),
    "step_matrix": lambda frame: _grid(frame, "event_type", "step", "share"),
    "attribution": lambda frame: _grid(frame, "channel", "model", "share"),
    "payback": _months_by_channel,
    "rhythm": _hours,
    "calendar": lambda frame: bars(
        list(frame["effect"] + " " + frame["level"]), _values(100 * (frame["index"] - 1)), unit="% off the level around"
    ),
    "profile": _spend_by_value,
    "trend": lambda frame: _over_time(frame, "activity_date", ("value", "expected", "expected_low", "expected_high")),
    "intervals": lambda frame: bars(list(frame["bin"]), _values(frame["intervals_count"]), unit="pairs"),
    "distribution": lambda frame: bars(list(frame["bin"]), _values(frame["users_count"]), unit="users"),
}


def picture_of(report: Report) -> Picture | None:
    """Return the picture of a report by the first word of its name, or None when a table says it better."""
    draw = _PICTURES.get(report.name.split(" ", maxsplit=1)[0])
    return None if draw is None or report.frame.empty else draw(report.frame)


def _cell(value: object) -> Cell:
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        moment = value.to_pydatetime()
        return moment if value != value.normalize() else moment.date()
    if isinstance(value, bool | str | datetime | date):
        return value
    plain = getattr(value, "item", lambda: value)()
    return plain if isinstance(plain, bool | int | float) else str(plain)


def report_page(report: Report, *, small_cell_below: int) -> str:
    """Return the page of a report."""
    frame = report.shown
    columns = [str(name) for name in frame.columns]
    words = frozenset(
        place
        for place, name in enumerate(columns)
        if frame[name].dtype.kind not in "iuf" and not _is_cell_of_grid(name)
    )
    rows = tuple(
        tuple(cell_text(name, _cell(value)) for name, value in zip(columns, row, strict=True))
        for row in frame.itertuples(index=False)
    )
    section = Section(
        "report",
        report.name,
        tuple(report.heading),
        tuple(title_of(name) for name in columns),
        rows,
        texts=words,
        picture=picture_of(report),
    )
    return whole_page(report.name.replace("_", " "), [section], small_cell_below=small_cell_below)


def _is_cell_of_grid(column: str) -> bool:
    return column.isdigit()
