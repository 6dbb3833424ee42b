"""Opens a shop's warehouse for questions and holds them together: one method per report.

Each report's own work stands in its module; nothing here writes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from assets.analytics import association as association_reports
from assets.analytics import attribution as attribution_reports
from assets.analytics import cohorts, profiles, rhythm, tables
from assets.analytics import funnels as funnel_reports
from assets.analytics import paths as path_reports
from assets.analytics.moments import EventMoments
from assets.analytics.report import AnalysisError, Report
from assets.warehouse import Parameters, Warehouse, open_in_memory, query_text
from contracts.funnels import DEFAULT_FUNNELS, Funnel
from sql.analyses import load_analysis
from sql.queries import load_queries


class Shop:
    """An open shop, for reading. Use `open_analytics`; ranges are business dates, [from_date, until_date)."""

    def __init__(self, warehouse: Warehouse, funnels: tuple[Funnel, ...] = DEFAULT_FUNNELS) -> None:
        """Wrap a warehouse whose tables were built."""
        self.warehouse = warehouse
        self.events = EventMoments()
        self.funnels = {funnel.name: funnel for funnel in funnels}

    def arrays(self, name: str, parameters: Parameters | dict[str, object]) -> dict[str, np.ndarray]:
        """Return the columns of `sql/analysis/<name>.sql`, none of which may hold nulls: millions of rows without a copy."""
        query = load_analysis(name)
        used = {key: value for key, value in parameters.items() if key in query.parameters}
        # Arrow, because a column of numbers is handed over as it is: half the CPU of the engine's own arrays
        columns = self.warehouse.connection.sql(query.sql, params=used).to_arrow_table()
        return {name: columns[name].to_numpy() for name in columns.column_names}

    def ask(self, name: str, parameters: Parameters | dict[str, object]) -> pd.DataFrame:
        """Return the rows of `sql/analysis/<name>.sql`; parameters it does not use may be given too."""
        query = load_analysis(name)
        used = {key: value for key, value in parameters.items() if key in query.parameters}
        return self.warehouse.connection.execute(query.sql, used).df()

    def ask_table(self, name: str, parameters: Parameters | dict[str, object]) -> pd.DataFrame:
        """Return the rows that the file of a table gives for other parameters and another policy than the stored table's."""
        query = load_queries()[name]
        used = {key: value for key, value in parameters.items() if key in query.parameters or key in query.policy}
        return self.warehouse.connection.execute(query.question, used).df()

    def table(self, name: str, where: str = "true", **values: object) -> pd.DataFrame:
        """Return rows of a report table in the order of its grain.

        Raises:
            AnalysisError: the table has not been built in this home.
        """
        query = load_queries()[name]
        layer, short = name.split(".")
        found = self.warehouse.value(
            "select count(*) from information_schema.tables where table_schema = $layer and table_name = $short",
            {"layer": layer, "short": short},
        )
        if not found:
            message = f"{name} is not in this home yet; `trellis run` builds it"
            raise AnalysisError(message)
        statement = f"select * from {name} where {where} order by {', '.join(query.grain)}"
        return self.warehouse.connection.execute(statement, values).df()

    def bounds(self, from_date: date | None = None, until_date: date | None = None) -> tuple[date, date]:
        """Return the range asked for; what is not given is the first day and the day after the newest.

        Raises:
            AnalysisError: there are no events or orders, or the range is empty.
        """
        row = self.warehouse.connection.execute(
            "select min(oldest), max(newest) + 1 from ("
            "select min(activity_date) as oldest, max(activity_date) as newest from core.events union all "
            "select min(ordered_date), max(ordered_date) from core.orders)"
        ).fetchall()[0]  # after fetchone the connection stays busy
        if row[0] is None:
            message = "this home holds no events and no orders yet; `trellis run` takes files in"
            raise AnalysisError(message)
        first, last = from_date or row[0], until_date or row[1]
        if first >= last:
            message = (
                f"the range {first} until {last} is empty (until is exclusive); data go from {row[0]} until {row[1]}"
            )
            raise AnalysisError(message)
        return first, last

    def check_dimension(self, dimension: str) -> None:
        """Check that users can be broken down by this dimension.

        Raises:
            AnalysisError: another one than all, channel, region or persona.
        """
        if dimension not in {"all", "channel", "region", "persona"}:
            message = f"cannot break down by {dimension!r}; choose channel, region or persona"
            raise AnalysisError(message)

    def groups(self, dimension: str) -> pd.DataFrame:
        """Return `user_key, dimension_value` for a dimension: channel, region or persona."""
        self.check_dimension(dimension)
        return self.ask("user_groups", {"dimension": dimension})

    def active_users(self) -> Report:
        """Active users by day: that day, trailing 7 and 30 days, stickiness."""
        return tables.active_users(self)

    def active_days(self, *, basis: str = "activity", period: str = "month") -> Report:
        """Users by the number of days they were active in a week or month."""
        return tables.active_days(self, basis=basis, period=period)

    def lifecycle(self, *, basis: str = "activity", period: str = "week") -> Report:
        """New, returning, resurrecting and dormant users by period."""
        return tables.lifecycle(self, basis=basis, period=period)

    def retention(
        self,
        *,
        basis: str = "activity",
        period: str = "week",
        by: str = "all",
        recurring: bool = False,
        measure: str = "on",
    ) -> Report:
        """Retention of cohorts by period since the first activity, or of everybody active (`recurring`).

        `measure` is what the triangle shows: on, on_or_after or streak. The frame holds all three where they are counted.
        """
        return cohorts.retention(self, basis=basis, period=period, by=by, recurring=recurring, measure=measure)

    def retention_curve(self, *, basis: str = "activity", period: str = "week", by: str = "all") -> Report:
        """Mean retention over complete cohorts, one curve per group."""
        return cohorts.retention_curve(self, basis=basis, period=period, by=by)

    def retention_bracket(self, first: int, last: int, *, basis: str = "activity", period: str = "week") -> Report:
        """Share of each cohort active at least once in periods first..last."""
        return cohorts.retention_bracket(self, first, last, basis=basis, period=period)

    def cohort_value(self, *, by: str = "all", curve: bool = False) -> Report:
        """Net revenue per acquired user by days since the first activity: by month cohort, or one curve per group."""
        return cohorts.cohort_value(self, by=by, curve=curve)

    def revenue(self, *, population: str = "all") -> Report:
        """What was sold, given back and kept by month: of all orders, `identified` buyers or `guests`."""
        return tables.revenue(self, population=population)

    def customers(self, *, by: str = "persona") -> Report:
        """What the personas (or clusters) are like: how many, recency, orders, spend, how likely to buy."""
        return tables.customers(self, by=by)

    def funnel(
        self,
        funnel: str | Funnel,
        *,
        from_date: date | None = None,
        until_date: date | None = None,
        by: str = "all",
    ) -> Report:
        """Users by the step they reached, with shares, intervals and times to convert."""
        return funnel_reports.funnel_report(
            self, self.find_funnel(funnel), from_date=from_date, until_date=until_date, by=by
        )

    def dropped_users(
        self, funnel: str | Funnel, step: int, *, from_date: date | None = None, until_date: date | None = None
    ) -> Report:
        """The users who reached this step and not the next."""
        return funnel_reports.dropped_users(
            self, self.find_funnel(funnel), step, from_date=from_date, until_date=until_date
        )

    def sessions(self, *, from_date: date | None = None, until_date: date | None = None) -> Report:
        """Sessions by the day they start: how many, how long, with a purchase."""
        return path_reports.sessions(self, from_date=from_date, until_date=until_date)

    def paths(self, *, from_date: date | None = None, until_date: date | None = None, top: int = 5) -> Report:
        """What follows what in sessions: the `top` successors of each event and the share of the rest."""
        return path_reports.paths(self, from_date=from_date, until_date=until_date, top=top)

    def step_matrix(
        self,
        *,
        anchor: str | None = None,
        from_end: bool = False,
        steps: int = 10,
        from_date: date | None = None,
        until_date: date | None = None,
    ) -> Report:
        """Which event stands at which step of a session, from its start or end, or from an event on."""
        return path_reports.step_matrix(
            self, anchor=anchor, from_end=from_end, steps=steps, from_date=from_date, until_date=until_date
        )

    def step_flows(
        self,
        *,
        anchor: str | None = None,
        from_end: bool = False,
        steps: int = 5,
        from_date: date | None = None,
        until_date: date | None = None,
    ) -> Report:
        """Flows between the steps of sessions, for a Sankey chart: from the start or end, or from an event on."""
        return path_reports.step_flows(
            self, anchor=anchor, from_end=from_end, steps=steps, from_date=from_date, until_date=until_date
        )

    def intervals(
        self, first: str, second: str, *, from_date: date | None = None, until_date: date | None = None
    ) -> Report:
        """How long after a first event a user's next second event comes; `order` means a paid order."""
        return path_reports.intervals(self, first, second, from_date=from_date, until_date=until_date)

    def distribution(self, measure: str, *, from_date: date | None = None, until_date: date | None = None) -> Report:
        """How many users have how many events, orders, active days, sessions, or how much spend."""
        return path_reports.distribution(self, measure, from_date=from_date, until_date=until_date)

    def attribution(
        self,
        *,
        from_date: date | None = None,
        until_date: date | None = None,
        lookback_days: int = 30,
        half_life_days: float = 7.0,
    ) -> Report:
        """Credit of paid orders by channel under every rule, with return and cost per new customer where costs are stated."""
        return attribution_reports.attribution(
            self,
            from_date=from_date,
            until_date=until_date,
            lookback_days=lookback_days,
            half_life_days=half_life_days,
        )

    def payback(self) -> Report:
        """Costs per new user by channel and month, and when their revenue reaches them."""
        return attribution_reports.payback(self)

    def baskets(
        self,
        *,
        from_date: date | None = None,
        until_date: date | None = None,
        confidence: str = "0.2",
        baskets_at_least: int | None = None,
        products_at_most: int = 100,
    ) -> Report:
        """Rules of what is bought together; the minimum support follows the number of baskets unless it is given."""
        return association_reports.basket_rules(
            self,
            from_date=from_date,
            until_date=until_date,
            confidence=confidence,
            baskets_at_least=baskets_at_least,
            products_at_most=products_at_most,
        )

    def product_pairs(self, *, basis: str = "order") -> Report:
        """Products bought together in one order (or viewed in one session) in the newest 90 days, the closest first."""
        return tables.product_pairs(self, basis=basis)

    def rhythm(self, *, by: str = "all", from_date: date | None = None, until_date: date | None = None) -> Report:
        """Activity by weekday and hour of the shop's clock: when to publish for whom."""
        return rhythm.hours_of_the_week(self, by=by, from_date=from_date, until_date=until_date)

    def trend(
        self, measure: str, *, from_date: date | None = None, until_date: date | None = None, days_ahead: int = 28
    ) -> Report:
        """A daily series (active_users, orders, revenue) with its expected range, anomalies and the days ahead."""
        return rhythm.trend(self, measure, from_date=from_date, until_date=until_date, days_ahead=days_ahead)

    def calendar(self, measure: str, *, from_date: date | None = None, until_date: date | None = None) -> Report:
        """How weekdays, parts of the month and sale days move a daily series."""
        return rhythm.calendar(self, measure, from_date=from_date, until_date=until_date)

    def profile(self, attribute: str, *, from_date: date | None = None, until_date: date | None = None) -> Report:
        """One attribute of users against activity and value."""
        return profiles.profile(self, attribute, from_date=from_date, until_date=until_date)

    def find_funnel(self, funnel: str | Funnel) -> Funnel:
        """Return the funnel of this name, or the funnel itself.

        Raises:
            AnalysisError: no funnel has this name.
        """
        if isinstance(funnel, Funnel):
            return funnel
        if funnel not in self.funnels:
            message = (
                f"there is no funnel {funnel!r}; declared are {', '.join(self.funnels)} ([[funnels]] in trellis.toml); a funnel "
                "that is asked for step by step has two steps or more"
            )
            raise AnalysisError(message)
        return self.funnels[funnel]


@contextmanager
def open_analytics(home: Path | str = "data", *, funnels: tuple[Funnel, ...] = DEFAULT_FUNNELS) -> Iterator[Shop]:
    """Open `<home>/warehouse.duckdb` for reading; several readers may do so at a time, a running writer may not.

    Raises:
        FileNotFoundError: nothing was run in this home yet.
        WarehouseLockedError: a run is writing.
    """
    query_text(Path(home), "select 1")  # says clearly what is wrong with the file
    with open_in_memory() as warehouse:
        warehouse.connection.execute(f"attach '{Path(home) / 'warehouse.duckdb'}' as shop (read_only)")
        warehouse.connection.execute("use shop")
        yield Shop(warehouse, funnels)
