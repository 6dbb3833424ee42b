"""Child process: whether the answers of two engines are equal, row for row; the first row that is not is told."""

import argparse
import json
from pathlib import Path

import duckdb


def differences(ours: Path, theirs: Path) -> dict:
    """Return the number of rows of ours, and of rows that stand in one answer only, with one of them.

    Columns are compared by name and in our types; both files must hold the same columns.
    """
    connection = duckdb.connect()
    run = connection.execute
    run("set TimeZone = 'UTC'")
    columns = {name: kind for name, kind, *_ in run("describe select * from read_parquet($1)", [str(ours)]).fetchall()}
    found = {row[0] for row in run("describe select * from read_parquet($1)", [str(theirs)]).fetchall()}
    if found != set(columns):
        return {"rows": 0, "only_ours": [sorted(set(columns) - found)], "only_theirs": [sorted(found - set(columns))]}
    casts = ", ".join(f'cast("{name}" as {kind}) as "{name}"' for name, kind in sorted(columns.items()))
    for name, path in (("ours", ours), ("theirs", theirs)):
        run(f"create view {name} as select {casts} from read_parquet('{path}')")
    only = {
        f"only_{name}": [str(row) for row in run(f"from {name} except all from {other} limit 3").fetchall()]
        for name, other in (("ours", "theirs"), ("theirs", "ours"))
    }
    rows = run("select count(*) from ours").fetchall()[0][0]
    return {"rows": rows, **only}


def main() -> None:
    """Compare two answers and write what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("ours", type=Path)
    parser.add_argument("theirs", type=Path)
    parser.add_argument("--result", type=Path, required=True)
    options = parser.parse_args()
    options.result.write_text(json.dumps(differences(options.ours, options.theirs)), encoding="utf-8")


if __name__ == "__main__":
    main()
