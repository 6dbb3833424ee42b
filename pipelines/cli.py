"""The command line: words in, exit code out. 0 done, 1 the data or a check failed, 2 wrong usage.

Only parsing and printing belong here; each command's work stands in the module it imports when it is called, so that
`trellis --help` is quick.
"""

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NoReturn

from pipelines import explore, model_commands
from pipelines.arguments import day, days, every

DONE, FAILED, USAGE = 0, 1, 2
_OBJECTS_BETWEEN_COLLECTIONS = 50_000


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="trellis",
        description="Growth analytics for (social) shops: personas, tested predictions, lists to act on.",
    )
    home = argparse.ArgumentParser(add_help=False)
    home.add_argument("--home", type=Path, default=None, help="folder that holds all state of one shop (default: data)")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    demo = commands.add_parser("demo", parents=[home], help="simulate a small social shop and run everything on it")
    demo.add_argument("--users", type=int, default=2_000)
    demo.add_argument("--days", type=int, default=180)
    demo.add_argument("--events", type=int, default=150_000)
    demo.add_argument("--seed", type=int, default=1)

    run = commands.add_parser("run", parents=[home], help="take in new files, score, list, publish")
    run.add_argument("--sources", type=Path, help="folder with the exported files (default: <home>/landing)")
    run.add_argument("--mapping", help="name of a shipped mapping, or a folder of SQL files (default: canonical)")
    run.add_argument(
        "--as-of", type=day, help="business date, exclusive (default: the day after the newest event or order)"
    )
    run.add_argument(
        "--horizons", type=days, help="days to predict ahead, such as 28 or 28,90 (default: from the data)"
    )
    run.add_argument("--training-every-days", type=int, help="a new model every so many days (default 7)")
    run.add_argument("--allow-jump", action="store_true", help="publish although a list grew or shrank unusually")
    run.add_argument("--allow-older", action="store_true", help="publish although a newer as_of is published")

    backfill = commands.add_parser("backfill", parents=[home], help="compute past as_ofs on the data that is there")
    backfill.add_argument("--from", dest="first", type=day, required=True, help="first as_of")
    backfill.add_argument("--until", type=day, required=True, help="last as_of")
    backfill.add_argument("--every", type=every, default=7, help="step, such as 7d")
    backfill.add_argument("--publish", action="store_true", help="publish the newest as_of")

    _add_world_commands(commands, home)

    serve = commands.add_parser("serve", parents=[home], help="dashboards and segment API over the published version")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)

    tables = commands.add_parser("tables", parents=[home], help="list all tables, or the columns of one")
    tables.add_argument("name", nargs="?", help="layer.table")
    tables.add_argument("--write", type=Path, help="write the reference page to this file")

    sql = commands.add_parser("sql", parents=[home], help="run a SELECT on the warehouse")
    sql.add_argument("statement")
    sql.add_argument("--csv", action="store_true", help="print CSV instead of a table")

    commands.add_parser("doctor", parents=[home], help="prove ledgers, pointer, hashes and totals")

    quarantine = commands.add_parser("quarantine", parents=[home], help="rows that break their contract")
    quarantine.add_argument("action", choices=["list", "replay"])
    explore.add_commands(commands, home)
    model_commands.add_commands(commands, home)
    return parser


def _add_world_commands(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", home: argparse.ArgumentParser
) -> None:
    generate = commands.add_parser("generate", help="write a simulated shop with known truth")
    generate.add_argument("--out", type=Path, required=True)
    generate.add_argument("--users", type=int, default=2_000)
    generate.add_argument("--events", type=int, default=150_000)
    generate.add_argument("--days", type=int, default=180)
    generate.add_argument("--seed", type=int, default=1)
    generate.add_argument("--format", choices=["parquet", "csv"], default="parquet")
    generate.add_argument("--dirty-share", type=float, default=0.0, help="share of rows that break their contract")
    generate.add_argument("--start", type=day, default=date(2024, 1, 1), help="first business date")
    generate.add_argument(
        "--optional", action="store_true", help="also campaigns, contacts, coupons, promotions, costs"
    )
    generate.add_argument("--last-days", type=int, default=0, help="keep what arrives on each of the last days apart")
    generate.add_argument("--processes", type=int, help="processes at a time (default: one per core)")

    recover = commands.add_parser("recover", parents=[home], help="hold a home against the truth of its simulated shop")
    recover.add_argument("--world", type=Path, required=True, help="folder that `trellis generate --out` wrote")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    if "home" in options:
        from pipelines.settings import chosen_home

        options.home = chosen_home(options.home)
    try:
        return _COMMANDS[options.command](options)
    except BrokenPipeError:
        return DONE
    except _expected_errors() as error:
        print(f"trellis: {error}", file=sys.stderr)
        return FAILED


def _expected_errors() -> tuple[type[Exception], ...]:
    """Return the errors whose message is written for the operator; anything else is a mistake of ours and shows its trace."""
    from pipelines.errors import OPERATOR_ERRORS

    return OPERATOR_ERRORS


def _demo(options: argparse.Namespace) -> int:
    from pipelines.demo import run_demo

    return run_demo(options.home, users=options.users, events=options.events, days=options.days, seed=options.seed)


def _run(options: argparse.Namespace) -> int:
    from pipelines.run import RunOptions, run

    return run(
        options.home,
        RunOptions(
            sources=options.sources,
            mapping=options.mapping,
            as_of=options.as_of,
            horizons_days=options.horizons,
            training_every_days=options.training_every_days,
            allow_jump=options.allow_jump,
            allow_older=options.allow_older,
        ),
    )


def _backfill(options: argparse.Namespace) -> int:
    from pipelines.backfill import backfill

    return backfill(options.home, options.first, options.until, every_days=options.every, publish=options.publish)


def _generate(options: argparse.Namespace) -> int:
    from pipelines.world import generate

    summary = generate(
        options.out,
        users=options.users,
        events=options.events,
        days=options.days,
        seed=options.seed,
        file_format=options.format,
        dirty_share=options.dirty_share,
        start=options.start,
        optional=options.optional,
        last_days=options.last_days,
        workers=options.processes,
    )
    print(f"Simulated shop in {options.out} (seed {options.seed})")
    for name, rows in summary.rows.items():
        print(f"  {name:<14}{rows:>14,} rows")
    return DONE


def _recover(options: argparse.Namespace) -> int:
    from pipelines.truth_report import recover

    return recover(options.world, options.home)


def _serve(options: argparse.Namespace) -> int:
    import uvicorn

    from service.app import create_app

    print(f"Trellis serves {options.home}/published on http://{options.host}:{options.port}")
    uvicorn.run(create_app(options.home), host=options.host, port=options.port, log_level="warning")
    return DONE


def _tables(options: argparse.Namespace) -> int:
    from pipelines.reference import describe, reference_page

    if options.write:
        options.write.write_text(reference_page(), encoding="utf-8")
        print(f"wrote {options.write}")
    else:
        print(describe(options.name))
    return DONE


def _sql(options: argparse.Namespace) -> int:
    from assets.warehouse import query_text

    print(query_text(options.home, options.statement, as_csv=options.csv))
    return DONE


def _doctor(options: argparse.Namespace) -> int:
    from assets.doctor import examine
    from pipelines.settings import load_settings

    findings = examine(options.home, load_settings(options.home))
    for finding in findings:
        print(f"{'ok  ' if finding.holds else 'FAIL'}  {finding.name}: {finding.detail}")
    return DONE if all(finding.holds for finding in findings) else FAILED


def _quarantine(options: argparse.Namespace) -> int:
    from pipelines.quarantine import list_quarantine, replay_quarantine

    return list_quarantine(options.home) if options.action == "list" else replay_quarantine(options.home)


_COMMANDS = {
    "demo": _demo,
    "run": _run,
    "backfill": _backfill,
    "generate": _generate,
    "recover": _recover,
    "serve": _serve,
    "tables": _tables,
    "sql": _sql,
    "doctor": _doctor,
    "quarantine": _quarantine,
    **dict.fromkeys(explore.QUESTIONS, explore.answer),
    **model_commands.COMMANDS,
}


def script() -> NoReturn:
    """Run one command as a process: the entry point of `trellis`.

    Every file is closed and every row written when `main` returns. The interpreter's own shutdown is left out, because
    DuckDB's binding would print notes about leaked objects there, which tell an operator nothing.
    """
    # the libraries make half a million objects that stay; looking for garbage at every 700 new ones took a twentieth of a run
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    script()
