"""The page of behaviour: active users, lifecycle, retention triangles, the declared funnels; small groups hidden.

Belongs here: what of the published reports may be shown, and in which words. Does not belong here: queries
(`behaviour_rows.py`), drawing (`report_charts.py`), HTML (`report_pages.py`).
"""

from collections.abc import Sequence
from itertools import groupby

from service.behaviour_rows import (
    FunnelStep,
    LifecycleWeek,
    RetentionCell,
    active_days,
    funnel_steps,
    lifecycle_weeks,
    retention_cells,
)
from service.formats import UNKNOWN, decimal, percent, whole
from service.published import Version
from service.report_cells import length_of_time
from service.report_charts import bars, grouped_bars, heatmap, lines
from service.report_pages import Section
from service.small_cells import WITHHELD, count_or_mark, fewer_than, is_small, suppress

DAYS, WEEKS, COHORTS = 180, 26, 26
MOST_GROUPS = 8
_PEOPLE = "signed-in users, each from the first activity in the data on"
_ACTIVE = "Active: an event other than push_open, or an order placed."


def behaviour_sections(version: Version) -> list[Section]:
    """Return the sections of the page in their order; an empty report says why it is empty."""
    below = version.small_cell_below
    weeks = retention_cells(version, basis="activity", period="week")
    months = retention_cells(version, basis="order", period="month")
    return [
        _active_section(version, below),
        _lifecycle_section(lifecycle_weeks(version, weeks=WEEKS), below),
        _retention_section("retention", "Who comes back, by week", weeks, below, words=("week", _ACTIVE)),
        _retention_section(
            "buyers", "Who buys again, by month", months, below, words=("month", "Active: a paid order.")
        ),
        *_funnel_sections(funnel_steps(version), below),
    ]


def _shown(count: int, below: int) -> float | None:
    return None if is_small(count, below=below) else float(count)


def _active_section(version: Version, below: int) -> Section:
    days = active_days(version, days=DAYS)
    series = {
        "that day": [_shown(row.active, below) for row in days],
        "7 days": [_shown(row.active_7d, below) for row in days],
        "30 days": [_shown(row.active_30d, below) for row in days],
    }
    rows = tuple(
        (
            row.day.isoformat(),
            count_or_mark(row.active, below=below),
            count_or_mark(row.active_7d, below=below),
            count_or_mark(row.active_30d, below=below),
            WITHHELD if is_small(row.active, below=below) else percent(row.stickiness, 1),
        )
        for row in reversed(days)
    )
    return Section(
        "active",
        "Active users",
        (
            ("definition", f"Users active that day, and in the 7 and 30 days that end with it. {_ACTIVE}"),
            ("population", _PEOPLE),
            ("window", f"business days in {version.manifest['time_zone']}; the newest {DAYS}"),
            ("denominator", "stickiness: users active in the 30 days"),
        ),
        ("Day", "Active", "In 7 days", "In 30 days", "Stickiness"),
        rows,
        picture=lines([row.day for row in days], series) if days else None,
        empty_because="Nobody was active yet.",
    )


def _lifecycle_section(weeks: Sequence[LifecycleWeek], below: int) -> Section:
    rows, drawn = [], {"new": [], "returning": [], "resurrecting": [], "gone": []}
    for row in weeks:
        moves = (row.new, row.returning, row.resurrecting, row.dormant)
        # two sums tie the four to two totals, so one small part hides them all
        is_hidden = any(is_small(count, below=below) for count in moves)
        for name, count in zip(drawn, moves, strict=True):
            drawn[name].append(None if is_hidden else float(-count if name == "gone" else count))
        cells = (WITHHELD,) * 5 if is_hidden else (*map(whole, moves), decimal(row.quick_ratio, 2))
        week = row.week.isoformat() + ("" if row.is_complete else " *")
        rows.append((week, count_or_mark(row.active, below=below), *cells))
    names = [row.week.isoformat() for row in weeks]
    picture = None
    if weeks:
        picture = grouped_bars(names, drawn)
        picture.layout["barmode"] = "relative"
    return Section(
        "lifecycle",
        "Lifecycle by week",
        (
            (
                "definition",
                (
                    "New: first ever. Returning: active the week before too. Resurrecting: neither. Gone: active the week before "
                    f"and not in this one, drawn below zero. Active = new + returning + resurrecting. {_ACTIVE}"
                ),
            ),
            ("population", _PEOPLE),
            ("window", f"weeks from Monday, the newest {WEEKS}; * is not over"),
            ("denominator", "quick ratio: (new + resurrecting) / gone"),
        ),
        ("Week", "Active", "New", "Returning", "Resurrecting", "Gone", "Quick ratio"),
        tuple(reversed(rows)),
        picture=picture,
        empty_because="Nobody was active yet.",
    )


def _retention_section(
    key: str, title: str, cells: Sequence[RetentionCell], below: int, *, words: tuple[str, str]
) -> Section:
    period, active = words
    triangle: dict[str, dict[int, str]] = {}
    sizes: dict[str, int] = {}
    values: dict[str, dict[int, float | None]] = {}
    for cell in cells:
        cohort = cell.cohort.isoformat()
        sizes[cohort] = cell.size
        share = cell.on / cell.size
        if is_small(cell.size, below=below):
            text, drawn = WITHHELD if cell.offset == 0 else "", None
        elif is_small(cell.on, below=below):
            text, drawn = fewer_than(below), None
        else:
            text, drawn = percent(share, 0) + ("" if cell.is_complete else " *"), share if cell.is_complete else None
        triangle.setdefault(cohort, {})[cell.offset] = text
        values.setdefault(cohort, {})[cell.offset] = drawn
    newest = list(triangle)[-COHORTS:]
    last = max((max(triangle[cohort]) for cohort in newest), default=0)
    offsets = range(last + 1)
    rows = tuple(
        (cohort, count_or_mark(sizes[cohort], below=below), *(triangle[cohort].get(offset, "") for offset in offsets))
        for cohort in newest
    )
    drawn_rows = [[values[cohort].get(offset) for offset in offsets] for cohort in newest]
    return Section(
        key,
        title,
        (
            (
                "definition",
                (
                    f"Cohort: users by the {period} of their first activity, which is {period} 0. A cell: the share of the "
                    f"cohort active in that {period}. {active}"
                ),
            ),
            ("population", _PEOPLE),
            ("window", f"calendar {period}s, the newest {COHORTS} cohorts; * is not over and left out of the picture"),
            ("denominator", "users of the cohort"),
        ),
        (period.capitalize(), "Users", *map(str, offsets)),
        rows,
        picture=heatmap(list(offsets), newest, drawn_rows) if newest else None,
        empty_because="There is no cohort yet.",
    )


def _funnel_sections(steps: Sequence[FunnelStep], below: int) -> list[Section]:
    sections = []
    for name, own in groupby(steps, key=lambda step: step.funnel):
        rows = list(own)
        total = [step for step in rows if step.dimension == "all"]
        by_channel = [step for step in rows if step.dimension == "channel"]
        sections.append(_funnel_section(name, total, by_channel, below))
    return sections


def _funnel_section(name: str, total: Sequence[FunnelStep], by_channel: Sequence[FunnelStep], below: int) -> Section:
    entered = total[0].users
    rows, notes = [], []
    for step, before in zip(total, [total[0], *total[:-1]], strict=True):
        is_hidden = is_small(step.users, below=below)
        of_first = UNKNOWN if not entered else percent(step.users / entered, 1)
        of_before = UNKNOWN if not before.users else percent(step.users / before.users, 1)
        time = UNKNOWN if step.median_s is None else length_of_time(step.median_s)
        shown = (WITHHELD,) * 3 if is_hidden else (of_first, of_before, time)
        rows.append(("everybody", f"{step.number}. {step.name}", count_or_mark(step.users, below=below), *shown))
        notes.append("" if is_hidden else of_first)
    rows += _channel_rows(by_channel, below)
    labels = [f"{step.number}. {step.name}" for step in total]
    return Section(
        f"funnel-{name}",
        f"Funnel: {name.replace('_', ' ')}",
        (
            ("definition", total[0].definition),
            ("population", "as the definition says; channel: how the user was acquired"),
            ("window", "entries of some weeks whose whole window lies before the version's date"),
            ("denominator", "of the first: users with an entry; of the one before: users who reached the step before"),
        ),
        ("Group", "Step", "Users", "Of the first", "Of the one before", "Time, median"),
        tuple(rows),
        texts=frozenset({0, 1}),
        picture=bars(labels, [_shown(step.users, below) for step in total], unit="users", notes=notes)
        if entered
        else None,
    )


def _channel_rows(steps: Sequence[FunnelStep], below: int) -> list[tuple[str, ...]]:
    """Return the rows of every channel; what would give a small group away by subtraction is hidden with it."""
    showing: dict[tuple[str, int], str] = {}
    for number in {step.number for step in steps}:
        here = [step for step in steps if step.number == number]
        parts = suppress([step.users for step in here], below=below).parts
        showing |= {(step.group, number): part for step, part in zip(here, parts, strict=True)}
    rows = []
    for group, own in groupby(steps, key=lambda step: step.group):
        members = list(own)
        for step, before in zip(members, [members[0], *members[:-1]], strict=True):
            kinds = {showing[group, number] for number in (step.number, before.number, 1)}
            time = UNKNOWN if step.median_s is None else length_of_time(step.median_s)
            if showing[group, step.number] != "shown":
                small = showing[group, step.number] == "small"
                cells = (fewer_than(below) if small else WITHHELD, WITHHELD, WITHHELD, WITHHELD)
            elif kinds != {"shown"}:
                cells = (whole(step.users), WITHHELD, WITHHELD, time)
            else:
                of_first = percent(step.users / members[0].users, 1) if members[0].users else UNKNOWN
                of_before = percent(step.users / before.users, 1) if before.users else UNKNOWN
                cells = (whole(step.users), of_first, of_before, time)
            rows.append((group, f"{step.number}. {step.name}", *cells))
    return rows
