"""`trellis backtest`: judges past origins as if a run had been made then, and prints what came of it.

The work is the Dagster job `backtest`; how an origin is judged stands in `models/backtest.py`.
"""

import math
from datetime import date
from pathlib import Path

import pandas as pd

from pipelines.settings import load_settings, write_dagster_home

DONE, FAILED = 0, 1
_PROPENSITY_COLUMNS = {
    "auc": ("AUC", ".3f"), "pr_auc": ("PR-AUC", ".3f"), "brier": ("Brier", ".3f"), "ece": ("ECE", ".3f"),
    "lift_at_10": ("lift@10%", ".2f"), "capture_at_10": ("capture", ".1%"),
}  # fmt: skip
_VALUE_COLUMNS = {
    "ngini": ("nGini", ".3f"), "decile_mape": ("decile MAPE", ".3f"), "bias": ("bias", "+.1%"), "mae": ("MAE", ",.2f"),
}  # fmt: skip


_Found = dict[tuple[str, str], tuple[float, float, float]]  # (predictor, measure) -> estimate, its interval


def run_backtest(
    home: Path, first: date | None, until: date | None, *, every_days: int, horizons_days: tuple[int, ...]
) -> int:
    """Run the job, print its tables, and return the exit code."""
    write_dagster_home(home)
    from pipelines.launch import launch  # Dagster takes seconds to import

    asked = {
        "first": first.isoformat() if first else "", "until": until.isoformat() if until else "",
        "every_days": every_days, "horizons_days": list(horizons_days),
    }  # fmt: skip
    outcome = launch("backtest", home, {}, op_config={"backtest_tables": asked})
    outcome.print_faults()
    if outcome.halted or outcome.faults:
        return FAILED
    print(stored_backtest(home))
    return DONE


def stored_backtest(home: Path) -> str:
    """Return the newest backtest of a home as text, whole population only."""
    from assets.warehouse import open_warehouse

    with open_warehouse(home, memory_limit=load_settings(home).memory_limit) as warehouse:
        rows = warehouse.frame("select * from score.backtest where dimension = 'all'")
    return backtest_text(rows) if len(rows) else "No backtest is stored in this home; run `trellis backtest`."


def write_page(home: Path, path: Path) -> None:
    """Write the newest backtest of a home as a page of the documentation: its source, its origins, its figures."""
    from assets.warehouse import open_warehouse

    with open_warehouse(home, memory_limit=load_settings(home).memory_limit) as warehouse:
        source = warehouse.recall("mapping")
        origins = warehouse.frame(
            "select distinct origin, horizon_days from score.backtest where origin <> 'mean' order by all"
        )
    horizons = ",".join(str(days) for days in sorted(set(origins["horizon_days"])))
    dates = ", ".join(sorted(set(origins["origin"])))
    path.write_text(
        f"# Backtest: {source}\n\nOrigins {dates}; days ahead {horizons}. Written by `trellis backtest --last --write`; how to "
        f"read it: [predictions](../predictions.md).\n\n```text\n{stored_backtest(home)}\n```\n",
        encoding="utf-8",
    )


def backtest_text(measures: pd.DataFrame) -> str:
    """Return the whole-population rows of `score.backtest` as text: a block per outcome and horizon, the model first.

    Intervals are 95 %, of customer resamples; `model better by` is the paired gain in AUC, or nGini of amounts, over the
    prediction of that line.
    """
    blocks = []
    for (outcome, horizon), rows in measures.groupby(["outcome", "horizon_days"], sort=True):
        columns = _VALUE_COLUMNS if (rows["measure"] == "ngini").any() else _PROPENSITY_COLUMNS
        of_origin = {str(origin): part for origin, part in rows.groupby("origin", sort=True)}
        blocks += [_block(f"{outcome} {horizon} d, {origin}", part, columns) for origin, part in of_origin.items()]
    return "\n\n".join(blocks)


def _block(title: str, rows: pd.DataFrame, columns: dict[str, tuple[str, str]]) -> str:
    users = int(rows["users_count"].max())
    keys, bounds = ["predictor", "measure"], ["estimate", "estimate_low", "estimate_high"]
    found: _Found = {
        (str(name), str(measure)): (float(value), float(low), float(high))
        for name, measure, value, low, high in rows[[*keys, *bounds]].itertuples(index=False, name=None)
    }
    prevalence = found.get(("model", "prevalence"))
    lines = [f"{title}: {users:,} users tested" + (f", base {prevalence[0]:.1%}" if prevalence else "")]
    header = [f"{title:>12}" for title, _ in columns.values()]
    lead = "auc" if "auc" in columns else "ngini"
    lines.append(f"  {'':<18}{''.join(header)}   {columns[lead][0]} 95 %      model better by")
    order = sorted({name for name, _ in found}, key=lambda name: (name != "model", -_number(found, name, lead)))
    for name in order:
        cells = [_cell(found.get((name, measure)), style) for measure, (_, style) in columns.items()]
        lines.append(
            f"  {name:<18}{''.join(cells)}   {_interval(found.get((name, lead))):<15}{_gain(found, name, lead)}"
        )
    return "\n".join(line.rstrip() for line in lines)


def _number(found: _Found, name: str, measure: str) -> float:
    value = found.get((name, measure), (float("nan"), 0.0, 0.0))[0]
    return -1.0 if math.isnan(value) else value


def _cell(estimate: tuple[float, float, float] | None, style: str) -> str:
    return f"{'-':>12}" if estimate is None or math.isnan(estimate[0]) else f"{format(estimate[0], style):>12}"


def _interval(estimate: tuple[float, float, float] | None) -> str:
    if estimate is None or math.isnan(estimate[1]):
        return ""
    return f"{estimate[1]:.3f}-{estimate[2]:.3f}"


def _gain(found: _Found, name: str, lead: str) -> str:
    gain = found.get((name, f"{lead}_gain"))
    return "" if gain is None or math.isnan(gain[1]) else f"{gain[0]:+.4f} ({gain[1]:+.4f} to {gain[2]:+.4f})"
