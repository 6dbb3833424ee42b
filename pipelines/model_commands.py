"""Commands about the models: `trellis backtest`, `trellis horizons`, `trellis models`. Parsing only.

The work stands in the modules that are called.
Running and publishing belong to `pipelines/cli.py`, reports of analysts to `pipelines/explore.py`.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.arguments import day, days, every

DONE, USAGE = 0, 2


def add_commands(commands: Any, home: argparse.ArgumentParser) -> None:
    """Add the commands of this module to `trellis`; `home` brings the option `--home`."""
    backtest = commands.add_parser("backtest", parents=[home], help="judge past origins as if a run had been made then")
    backtest.add_argument("--from", dest="first", type=day, help="first origin (default: the last four to be judged)")
    backtest.add_argument("--until", type=day, help="last origin (default: the latest whose window is closed)")
    backtest.add_argument("--every", type=every, default=28, help="step between origins, such as 28d")
    backtest.add_argument("--horizons", type=days, default=(), help="days ahead, such as 28,90 (default: the home's)")
    backtest.add_argument("--last", action="store_true", help="run nothing, show the newest backtest that is stored")
    backtest.add_argument("--write", type=Path, help="also write it to this file, as a page")

    commands.add_parser(
        "horizons", parents=[home], help="days ahead and churn window in use, why, and what others would be about"
    )
    models = commands.add_parser("models", parents=[home], help="every model version, which one scores and why")
    models.add_argument("action", nargs="?", choices=["list", "promote", "release"], default="list")
    models.add_argument("version", nargs="?", help="what to promote (roll back to), or to release again")
    models.add_argument(
        "--from", dest="from_date", type=day, help="training date from which it scores (default: the newest)"
    )


def _backtest(options: argparse.Namespace) -> int:
    from pipelines.backtest import run_backtest, stored_backtest, write_page

    code = DONE
    if options.last:
        print(stored_backtest(options.home))
    else:
        code = run_backtest(
            options.home, options.first, options.until, every_days=options.every, horizons_days=options.horizons
        )
    if options.write and code == DONE:
        write_page(options.home, options.write)
        print(f"wrote {options.write}")
    return code


def _horizons(options: argparse.Namespace) -> int:
    from pipelines.horizons import horizons_text

    print(horizons_text(options.home))
    return DONE


def _models(options: argparse.Namespace) -> int:
    from pipelines.models import models_text, promote, release

    if options.action == "list":
        print(models_text(options.home))
        return DONE
    if options.version is None:
        print(f"trellis: models {options.action} needs a version; `trellis models` lists them", file=sys.stderr)
        return USAGE
    if options.action == "promote":
        return promote(options.home, options.version, options.from_date)
    return release(options.home, options.version)


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "backtest": _backtest,
    "horizons": _horizons,
    "models": _models,
}
"""Command -> what it does; returns the exit code."""
