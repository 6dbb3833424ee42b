"""The commands of analysts: `trellis active | lifecycle | retention | funnel ...`: a report on the terminal, as CSV, as a page.

The numbers come from `assets/analytics/`; how a page looks is said in `service/report_charts.py`.
"""

import argparse
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.channel_questions import CHANNEL_QUESTIONS
from pipelines.pattern_questions import PATTERN_QUESTIONS
from pipelines.question_options import Questions, add_break_down, add_range

if TYPE_CHECKING:
    from assets.analytics import Report, Shop
    from contracts.funnels import Funnel
    from contracts.settings import Settings

DONE, FAILED = 0, 1
SHOWN_ROWS = 40


def _cohorts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--basis", choices=["activity", "order"], default="activity", help="what counts as active")
    parser.add_argument("--period", choices=["day", "week", "month"], default="week")


def add_commands(commands: Any, home: argparse.ArgumentParser) -> None:
    """Add the commands of this module to `trellis`; `home` brings the option `--home`."""
    output = argparse.ArgumentParser(add_help=False)
    output.add_argument("--csv", type=Path, help="write all rows to this file")
    output.add_argument(
        "--html", type=Path, help="write a page with picture and definition; groups under 10 people are blank"
    )
    output.add_argument("--rows", type=int, default=SHOWN_ROWS, help=f"rows on the terminal (default {SHOWN_ROWS})")
    for name, (add_options, _, explanation) in QUESTIONS.items():
        parser = commands.add_parser(name, parents=[home, output], help=explanation, description=f"{explanation}.")
        add_options(parser)


def answer(options: argparse.Namespace) -> int:
    """Answer the question of one command, print it, and write the files asked for; returns the exit code."""
    from assets.analytics import AnalysisError, open_analytics
    from pipelines.settings import load_settings

    settings = load_settings(options.home)
    try:
        with open_analytics(options.home, funnels=settings.funnels) as shop:
            report = QUESTIONS[options.command][1](shop, options)
    except AnalysisError as error:
        print(f"trellis: {error}", file=sys.stderr)
        return FAILED
    print_report(report, rows=options.rows)
    if getattr(options, "save_segment", None) and not _save_segment(options, settings):
        return FAILED
    if options.csv:
        report.frame.to_csv(options.csv, index=False)
        print(f"wrote {len(report.frame)} rows to {options.csv}")
    if options.html:
        from pipelines.report_page import report_page

        below = settings.small_cell_below
        page = report_page(report.without_small_groups(below), small_cell_below=below)
        options.html.write_text(page, encoding="utf-8")
        print(f"wrote {options.html}")
    return DONE


def _save_segment(options: argparse.Namespace, settings: "Settings") -> bool:
    """Declare the users who dropped out as a list; tell what was written or what is wrong."""
    from pipelines.dropped_lists import declare_dropped_list
    from pipelines.settings import SettingsError

    wanted = {"segment": options.save_segment, "funnel": options.steps[0], "step": options.dropped}
    try:
        if not options.dropped or len(options.steps) > 1:
            message = (
                "--save-segment needs --dropped STEP and the name of a declared funnel ([[funnels]] in trellis.toml)"
            )
            raise SettingsError(message)
        path = declare_dropped_list(options.home, settings, wanted)
    except SettingsError as error:
        print(f"trellis: {error}", file=sys.stderr)
        return False
    print(
        f"declared the list {options.save_segment} in {path}: the next `trellis run` makes it of the entries of the funnel's "
        "table and publishes it; take the table [[dropped_lists]] out of the file to end it"
    )
    return True


def _figure(value: float) -> str:
    """Return a number with four digits that count, and never in powers of ten."""
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def print_report(report: "Report", *, rows: int) -> None:
    """Print what the numbers mean, then the first rows."""
    width = max(60, min(shutil.get_terminal_size((120, 24)).columns, 140))
    print(report.name)
    for word, text in report.heading:
        print(textwrap.fill(text, width, initial_indent=f"  {word:<12} ", subsequent_indent=" " * 15))
    table = report.shown
    shown = table.head(rows)
    print("no row" if shown.empty else shown.to_string(index=False, float_format=_figure, na_rep="-"))
    if len(table) > rows:
        print(f"... {len(table) - rows} rows more; --csv FILE writes all, --rows N shows more")


def _active(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--days-per", choices=["week", "month"], help="instead: users by how many days of it they were active"
    )
    parser.add_argument(
        "--basis", choices=["activity", "order"], default="activity", help="of --days-per: what counts as active"
    )


def _ask_active(shop: "Shop", options: argparse.Namespace) -> "Report":
    if options.days_per:
        return shop.active_days(basis=options.basis, period=options.days_per)
    return shop.active_users()


def _lifecycle(parser: argparse.ArgumentParser) -> None:
    _cohorts(parser)


def _retention(parser: argparse.ArgumentParser) -> None:
    _cohorts(parser)
    parser.add_argument(
        "--by", choices=["all", "channel", "region", "persona"], default="all", help="break down by a group of users"
    )
    parser.add_argument("--recurring", action="store_true", help="cohorts of everybody active in a period")
    parser.add_argument(
        "--measure", choices=["on", "on_or_after", "streak"], default="on", help="what the triangle shows (default on)"
    )
    parser.add_argument("--curve", action="store_true", help="mean over complete cohorts, one curve per group")
    parser.add_argument(
        "--bracket", type=int, nargs=2, metavar=("A", "B"), help="active at least once in periods A to B"
    )


def _ask_retention(shop: "Shop", options: argparse.Namespace) -> "Report":
    if options.curve:
        return shop.retention_curve(basis=options.basis, period=options.period, by=options.by)
    if options.bracket:
        return shop.retention_bracket(*options.bracket, basis=options.basis, period=options.period)
    return shop.retention(
        basis=options.basis,
        period=options.period,
        by=options.by,
        recurring=options.recurring,
        measure=options.measure,
    )


def _revenue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--population", choices=["all", "identified", "guests"], default="all", help="whose orders")


def _value(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", choices=["all", "channel"], default="all", help="break down by a group of users")
    parser.add_argument("--curve", action="store_true", help="one LTV curve per group instead of month cohorts")


def _funnel(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "steps",
        nargs="+",
        help="name of a declared funnel, or steps in order: view cart purchase; a step may have several types and filters "
        "(cart/favourite:device=ios,category=shoes)",
    )
    add_range(parser)
    parser.add_argument("--window-days", type=float, help="all steps within so many days of the entry (default 7)")
    parser.add_argument(
        "--order",
        choices=["ordered", "strict", "any"],
        help="ordered: other events may come between (default); strict: no event of a third step; any: steps in any order",
    )
    parser.add_argument("--exclude", nargs="*", default=[], help="event types that end an attempt between two steps")
    parser.add_argument("--hold-product", action="store_true", help="all steps are about the same product")
    parser.add_argument("--everybody", action="store_true", help="count visitors who are not signed in too")
    add_break_down(parser)
    parser.add_argument(
        "--dropped", type=int, metavar="STEP", help="list the users who reached this step and not the next"
    )
    parser.add_argument(
        "--save-segment",
        metavar="NAME",
        help="with --dropped and the name of a declared funnel: declare these users as a list in trellis.toml; the next run "
        "makes and publishes it, with consent, control group and expiry",
    )


_FILTERS = ("channel", "device", "category")


def _step(text: str) -> dict[str, object]:
    """Return a step of `type[/type][:filter=value[,filter=value]]`.

    Raises:
        AnalysisError: a filter by something else than channel, device or category, or without a value.
    """
    from assets.analytics import AnalysisError

    types, _, filters = text.partition(":")
    pairs = [pair.partition("=") for pair in filters.split(",") if pair]
    for name, _, value in pairs:
        if name not in _FILTERS or not value:
            message = f"step {text!r}: {name!r} filters nothing; write type:filter=value with {', '.join(_FILTERS)}"
            raise AnalysisError(message)
    return {"event_types": tuple(types.split("/")), **{name: value for name, _, value in pairs}}


def _asked(funnel: "Funnel") -> str:
    """Return the types of a funnel's steps as the command line takes them."""
    return " ".join("/".join(step.event_types) for step in funnel.steps)


def _ask_funnel(shop: "Shop", options: argparse.Namespace) -> "Report":
    from pydantic import ValidationError

    from assets.analytics import AnalysisError
    from assets.analytics.event_types import check_event_types
    from assets.analytics.funnels import types_of
    from contracts.funnels import ASKED, Funnel

    variants = {
        "window_days": options.window_days,
        "order": options.order,
        "exclude": options.exclude,
        "hold_product": options.hold_product,
        "population": "everybody" if options.everybody else None,
    }
    given = {name: value for name, value in variants.items() if value not in (None, [], False)}
    try:
        if len(options.steps) == 1:
            funnel = shop.find_funnel(options.steps[0])
            if given:
                told = ", ".join(given)
                message = f"funnel {funnel.name} is declared with its own {told}; for another give its steps: {_asked(funnel)}"
                raise AnalysisError(message)
        else:
            steps = [_step(text) for text in options.steps]
            funnel = Funnel.model_validate({"name": ASKED, "steps": steps, **given})
            check_event_types(shop, types_of(funnel))
    except ValidationError as error:
        faults = "; ".join(
            f"{fault['loc'][-1] if fault['loc'] else 'funnel'}: {fault['msg']}" for fault in error.errors()
        )
        raise AnalysisError(faults) from error
    span = {"from_date": options.from_date, "until_date": options.until_date}
    if options.dropped:
        return shop.dropped_users(funnel, options.dropped, **span)
    return shop.funnel(funnel, **span, by=options.by)


def _path(parser: argparse.ArgumentParser) -> None:
    add_range(parser)
    parser.add_argument("--top", type=int, default=5, help="successors shown of each event (default 5)")
    parser.add_argument("--matrix", action="store_true", help="step matrix instead of transitions")
    parser.add_argument("--flows", action="store_true", help="flows between steps (the data of a Sankey chart)")
    parser.add_argument("--anchor", metavar="TYPE", help="matrix or flows from the first event of this type on")
    parser.add_argument(
        "--from-end", action="store_true", help="matrix or flows back from the end (or the last anchor)"
    )
    parser.add_argument("--steps", type=int, help="steps of the matrix (default 10) or of the flows (default 5)")


def _ask_path(shop: "Shop", options: argparse.Namespace) -> "Report":
    span = {"from_date": options.from_date, "until_date": options.until_date}
    asked = {"anchor": options.anchor, "from_end": options.from_end, **span}
    if options.flows:
        return shop.step_flows(**asked, steps=options.steps or 5)
    if options.matrix or options.anchor or options.from_end:
        return shop.step_matrix(**asked, steps=options.steps or 10)
    return shop.paths(**span, top=options.top)


def _interval(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", help="event type, or order")
    parser.add_argument("second", help="event type, or order")
    add_range(parser)


def _distribution(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("measure", choices=["events", "orders", "spend", "active_days", "sessions"])
    add_range(parser)


QUESTIONS: Questions = {
    "active": (_active, _ask_active, "active users, stickiness and engagement states by day"),
    "lifecycle": (
        _lifecycle,
        lambda shop, options: shop.lifecycle(basis=options.basis, period=options.period),
        "new, returning, resurrecting and dormant users by period",
    ),
    "retention": (_retention, _ask_retention, "how many of a cohort come back, period by period"),
    "value": (
        _value,
        lambda shop, options: shop.cohort_value(by=options.by, curve=options.curve),
        "net revenue per acquired user by days since the first activity, by month cohort or as LTV curve",
    ),
    "revenue": (
        _revenue,
        lambda shop, options: shop.revenue(population=options.population),
        "what was sold, given back and kept, by month",
    ),
    "funnel": (_funnel, _ask_funnel, "how far users get through steps, and who drops out where"),
    "path": (_path, _ask_path, "what follows what in sessions"),
    "sessions": (
        add_range,
        lambda shop, options: shop.sessions(from_date=options.from_date, until_date=options.until_date),
        "sessions by day: how many, how long, with a purchase",
    ),
    "intervals": (
        _interval,
        lambda shop, options: shop.intervals(
            options.first, options.second, from_date=options.from_date, until_date=options.until_date
        ),
        "how long after one event the next other one comes",
    ),
    "distribution": (
        _distribution,
        lambda shop, options: shop.distribution(
            options.measure, from_date=options.from_date, until_date=options.until_date
        ),
        "how many users have how much of something",
    ),
    **CHANNEL_QUESTIONS,
    **PATTERN_QUESTIONS,
}
"""What `trellis` offers analysts."""
