"""Child process: a bare scan of the event files, `sum(hash(column))` over every column: the yardstick of a run.

Counts alone would be answered from the files' statistics, without reading a row.
"""

import argparse
import json
import time
from pathlib import Path

import duckdb


def main() -> None:
    """Scan once so that the files are in memory, then measure the second scan."""
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+")
    parser.add_argument("--result", type=Path, required=True)
    options = parser.parse_args()
    connection = duckdb.connect()
    columns = connection.execute("describe select * from read_parquet($1)", [options.files]).fetchall()
    hashes = ", ".join(f'sum(hash("{column[0]}"))' for column in columns)
    spent = {}
    for _ in range(2):
        wall, cpu = time.monotonic(), time.process_time()
        connection.execute(f"select {hashes} from read_parquet($1)", [options.files]).fetchall()
        spent = {"wall_s": time.monotonic() - wall, "cpu_s": time.process_time() - cpu}
    options.result.write_text(json.dumps(spent), encoding="utf-8")


if __name__ == "__main__":
    main()
