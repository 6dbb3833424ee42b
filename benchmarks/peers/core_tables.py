"""Child process: takes a simulated shop through ingest and core, and writes its core tables as Parquet for every engine.

So all engines read the same files, with integer keys and business dates as Trellis has them.
"""

import argparse
import json
import tempfile
from datetime import timedelta
from pathlib import Path

from assets.warehouse import open_warehouse
from benchmarks.usage import end
from benchmarks.worlds import land
from pipelines.launch import launch
from pipelines.settings import write_dagster_home

TABLES = {
    "events": "select * from core.events",
    "user_keys": "select * from bronze.user_keys",
    "users": "select user_key, user_id from core.users",
    "orders": "select order_id, user_id, kind, is_paid, ordered_at, ordered_date, cancelled_date from core.orders",
    "order_items": "select order_id, product_id, user_id, ordered_date, cancelled_date, paid_amount, returned_amount, "
    "refunded_date, refund_amount from core.order_items",
}


def main() -> None:
    """Load the files of a world's history in a throw-away home, then write one Parquet file per table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--result", type=Path, required=True)
    options = parser.parse_args()
    rows = {}
    options.out.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=options.out) as folder:
        home = Path(folder)
        land(sorted(options.history.iterdir()), home / "landing")
        write_dagster_home(home)
        outcome = launch("load", home, {})
        if outcome.faults:
            raise SystemExit("\n".join(outcome.faults))
        with open_warehouse(home) as warehouse:
            for name, select in TABLES.items():
                rows[name] = warehouse.export(select, options.out / f"{name}.parquet")
            newest = warehouse.newest_business_date()
    if newest is None:
        message = f"{options.history}: holds no event and no order"
        raise SystemExit(message)
    as_of = (newest + timedelta(days=1)).isoformat()
    (options.out / "as_of.json").write_text(json.dumps(as_of), encoding="utf-8")
    options.result.write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
    end()
