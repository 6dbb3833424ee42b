"""Child process: writes the events of a shop's core tables as one Parquet file by user and time, for click-stream tools.

Such tools take a sorted frame; what counts as an event of a session is decided here, once for all: no push_open.
"""

import argparse
import json
from pathlib import Path

import duckdb


def main() -> None:
    """Write the file and its number of rows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--result", type=Path, required=True)
    options = parser.parse_args()
    rows = duckdb.execute(
        f"copy (select user_key, activity_date, occurred_at, event_type from '{options.data}/events.parquet' "
        "where event_type <> 'push_open' order by user_key, occurred_at, event_type) "
        f"to '{options.out}' (format parquet, compression zstd)"
    ).fetchall()
    options.result.write_text(json.dumps({"rows": rows[0][0]}), encoding="utf-8")


if __name__ == "__main__":
    main()
