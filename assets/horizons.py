"""The asset `core/horizons`: for how many days ahead this home predicts, and who counts as active."""

import dagster as dg

from assets.home import Home
from assets.metadata import table_metadata
from contracts.outputs import TABLES
from models.horizons import choose_horizon


@dg.asset(
    key=["core", "horizons"],
    deps=[["core", "orders"]],
    group_name="core",
    description=TABLES["core.horizons"].description,
    kinds={"python"},
)
def horizons(home: Home) -> dg.MaterializeResult:
    """Settle the horizons: the operator's, else those once chosen from the data, which then stay."""
    import pandas as pd

    settings, table = home.settings, TABLES["core.horizons"]
    with home.warehouse() as warehouse:
        intervals = warehouse.frame("""
            select date_diff('day', lag(ordered_date) over (partition by user_id order by ordered_date), ordered_date) as days
            from (select distinct user_id, ordered_date from core.orders where kind = 'sale' and user_id is not null)
            qualify days is not null
        """)
        history = warehouse.value("select date_diff('day', min(ordered_date), max(ordered_date)) from core.orders")
        choice = choose_horizon(intervals["days"], int(str(history or 0)))
        remembered = warehouse.recall("horizons_days")
        days = settings.horizons_days or (
            tuple(int(part) for part in remembered.split(",")) if remembered else (choice.horizon_days,)
        )
        warehouse.remember("horizons_days", ",".join(str(horizon) for horizon in days))
        window = settings.churn_window_days or int(warehouse.recall("churn_window_days") or choice.churn_window_days)
        warehouse.remember("churn_window_days", str(window))
        frame = pd.DataFrame(
            {
                "horizon_days": days,
                "churn_window_days": window,
                "interval_median_days": choice.interval_median_days,
                "interval_p90_days": choice.interval_p90_days,
                "reason": "set by the operator" if settings.horizons_days else choice.reason,
            }
        )
        warehouse.write_frame(table, frame)
        metadata = table_metadata(warehouse, table.name, table.columns)
    return dg.MaterializeResult(metadata={**metadata, "horizons_days": str(days), "churn_window_days": window})
