"""`trellis horizons`: for how many days ahead the home predicts, why, and what other lengths would be about."""

from pathlib import Path

import pandas as pd

from pipelines.settings import load_settings

_HEADER = "  days   intervals within   bought   of users   fell silent   of active   newest origin"


def horizons_text(home: Path) -> str:
    """Return the choice with its reason, and one line per candidate length; `*` marks those in use.

    `bought`: of all who had ordered before the origin; `fell silent`: no order, of those with one in two windows before.
    """
    from assets.warehouse import open_warehouse

    with open_warehouse(home, memory_limit=load_settings(home).memory_limit) as warehouse:
        chosen = warehouse.frame("select * from core.horizons order by horizon_days")
        built = warehouse.exists("report.horizon_sensitivity")
        rows = warehouse.frame("select * from report.horizon_sensitivity order by candidate_days") if built else None
    if chosen.empty:
        return f"{home} has no horizons yet; `trellis run` settles them."
    days = [int(horizon) for horizon in chosen["horizon_days"]]
    first = chosen.iloc[0]
    lines = [
        f"Days ahead {', '.join(map(str, days))}; churn window {int(first['churn_window_days'])} days: {first['reason']}",
        "Set others with --horizons 28,90 or in trellis.toml (horizons_days, churn_window_days).",
    ]
    return "\n".join([*lines, *sensitivity_lines(rows, days)])


def sensitivity_lines(rows: pd.DataFrame | None, days: list[int]) -> list[str]:
    """Return the table of candidate lengths as text, nothing where there is none."""
    if rows is None or rows.empty:
        return []
    lines = ["", _HEADER]
    for row in rows.to_dict("records"):
        mark = "*" if row["candidate_days"] in days else " "
        shares = {name: _percent(row[name]) for name in ("interval_share", "purchase_share", "silent_share")}
        lines.append(
            f"{mark}{row['candidate_days']:>5}{shares['interval_share']:>19}{shares['purchase_share']:>9}"
            f"{row['users_count']:>11,}{shares['silent_share']:>14}{row['active_users_count']:>12,}"
            f"   {str(row['origin_date'])[:10]}"
        )
    return lines


def _percent(share: float) -> str:
    return "-" if pd.isna(share) else f"{share:.1%}"
