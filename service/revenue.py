"""The revenue part of the overview: months with small ones hidden, the last full month, and the two charts.

Belongs here: what may be shown of `report.revenue_month` and how it reads. Does not belong here: how charts look.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from service import charts
from service.formats import change, money, month, whole
from service.published import RevenueMonth
from service.small_cells import WITHHELD, is_small, suppress


@dataclass(frozen=True)
class ShownMonth:
    """One month of all customers after hiding; None = hidden. `split` is False where identified and guests are hidden."""

    month: date
    orders: int | None
    buyers: int | None
    gross: float | None
    given_back: float | None
    net: float | None
    average_order_value: float | None
    identified_net: float | None
    guests_net: float | None


@dataclass(frozen=True)
class MonthRow:
    """One month as text, ready for the page."""

    month: str
    orders: str
    buyers: str
    gross: str
    given_back: str
    net: str
    identified_net: str
    guests_net: str


@dataclass(frozen=True)
class RevenueView:
    """Rows newest first, and charts by id; empty without orders."""

    rows: tuple[MonthRow, ...]
    charts: dict[str, str]
    has_guests: bool
    has_gaps: bool
    so_far: str | None


def people_behind(row: RevenueMonth) -> int:
    """Return how many people the amounts of a row are about, at least: buyers, or orders for guests, who have no id.

    Amounts without a paid order (a cancelled one, a refund of an earlier one) are about somebody, so they count as one.
    """
    people = row.orders if row.population == "guests" else row.buyers
    return people or int(any((row.gross, row.returned, row.refund, row.net)))


def shown_months(rows: Sequence[RevenueMonth], *, below: int) -> list[ShownMonth]:
    """Hide what is about too few people; one row per month, oldest first."""
    months: dict[date, dict[str, RevenueMonth]] = {}
    for row in rows:
        months.setdefault(row.month, {})[row.population] = row
    return [_shown_month(populations, below=below) for populations in months.values()]


def _shown_month(populations: dict[str, RevenueMonth], *, below: int) -> ShownMonth:
    whole_month = populations["all"]
    parts = [populations[name] for name in ("identified", "guests") if name in populations]
    suppression = suppress([people_behind(part) for part in parts], below=below)
    net = {
        part.population: part.net if showing == "shown" and suppression.is_total_shown else None
        for part, showing in zip(parts, suppression.parts, strict=True)
    }
    # Nobody in a population is a zero, not a secret.
    net = {name: 0.0 for name in ("identified", "guests") if name not in populations} | net
    if not suppression.is_total_shown:
        return ShownMonth(whole_month.month, None, None, None, None, None, None, net["identified"], net["guests"])
    given_back = whole_month.returned + whole_month.refund
    # Refunds of lines carry no count of people: they are shown only together with enough returns.
    is_given_back_shown = whole_month.returns >= below or given_back == 0
    is_gross_shown = is_given_back_shown or whole_month.discount + whole_month.unpaid > 0
    return ShownMonth(
        month=whole_month.month,
        orders=whole_month.orders,
        buyers=None if is_small(whole_month.buyers, below=below) else whole_month.buyers,
        gross=whole_month.gross if is_gross_shown else None,
        given_back=given_back if is_given_back_shown else None,
        net=whole_month.net,
        average_order_value=whole_month.average_order_value,
        identified_net=net["identified"],
        guests_net=net["guests"],
    )


def last_full_month(months: Sequence[ShownMonth], as_of: date) -> tuple[ShownMonth | None, ShownMonth | None]:
    """Return the newest month that ended before as_of, and the calendar month before it, where there are such."""
    this_month = as_of.replace(day=1)
    full = [row for row in months if row.month < this_month]
    if not full:
        return None, None
    last = full[-1]
    before = full[-2] if len(full) > 1 and _months_between(full[-2].month, last.month) == 1 else None
    return last, before


def _months_between(earlier: date, later: date) -> int:
    return 12 * (later.year - earlier.year) + later.month - earlier.month


def compared(new: float | None, before: ShownMonth | None, old: float | None) -> str | None:
    """Return `+3.1 % on October 2011`, or None where there is nothing to compare with."""
    if before is None or new is None or old is None:
        return None
    difference = change(new, old)
    return None if difference is None else f"{difference} on {month(before.month)}"


def revenue_view(months: Sequence[ShownMonth], *, as_of: date, currency: str) -> RevenueView:
    """Return rows and charts of the shown months; the month that as_of falls in is marked as not over."""
    running = months[-1].month if months and as_of > months[-1].month >= as_of.replace(day=1) else None
    has_guests = any(row.guests_net != 0 for row in months)
    rows = tuple(
        MonthRow(
            month=month(row.month) + (", so far" if row.month == running else ""),
            orders=WITHHELD if row.orders is None else whole(row.orders),
            buyers=WITHHELD if row.buyers is None else whole(row.buyers),
            gross=WITHHELD if row.gross is None else money(row.gross, currency),
            given_back=WITHHELD if row.given_back is None else money(row.given_back, currency),
            net=WITHHELD if row.net is None else money(row.net, currency),
            identified_net=WITHHELD if row.identified_net is None else money(row.identified_net, currency),
            guests_net=WITHHELD if row.guests_net is None else money(row.guests_net, currency),
        )
        for row in reversed(months)
    )
    drawn: dict[str, str] = {}
    if months:
        dates = [row.month for row in months]
        drawn["revenue"] = charts.revenue(
            dates,
            gross=[row.gross for row in months],
            returned=[row.given_back for row in months],
            net=[row.net for row in months],
            running=running,
            currency=currency,
        )
        if has_guests:
            drawn["revenue-split"] = charts.revenue_split(
                dates,
                identified=[row.identified_net for row in months],
                guests=[row.guests_net for row in months],
                running=running,
                currency=currency,
            )
    has_gaps = any(WITHHELD in (row.gross, row.given_back, row.net, row.identified_net, row.guests_net) for row in rows)
    return RevenueView(rows, drawn, has_guests, has_gaps, None if running is None else month(running))
