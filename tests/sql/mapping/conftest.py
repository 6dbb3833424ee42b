"""Real sources, loaded once per test run: bronze by ingest, then orders, lines and monthly revenue by their SQL files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from assets.ingest import IngestSummary, ingest
from assets.warehouse import Warehouse, open_warehouse
from sql.mappings import load_mapping_set
from sql.queries import SQL_ROOT, load_query

RECEIVED_AT = datetime.fromisoformat("2026-01-01")
_BUILT = ("core.orders", "core.order_items", "core.sales_day", "core.buyers_month", "report.revenue_month")
_MONEY = ("gross", "discount", "unpaid", "returned", "refund", "net")


@dataclass(frozen=True)
class Loaded:
    """A source after loading: what ingest told, and its warehouse."""

    home: Path
    summary: IngestSummary

    @contextmanager
    def warehouse(self) -> Iterator[Warehouse]:
        with open_warehouse(self.home) as warehouse:
            yield warehouse

    def rows(self, statement: str) -> list[tuple]:
        with self.warehouse() as warehouse:
            return warehouse.connection.execute(statement).fetchall()

    def months(self, population: str) -> pd.DataFrame:
        """`report.revenue_month` of a population, by month as YYYY-MM: money in whole cents, orders, buyers."""
        with self.warehouse() as warehouse:
            frame = warehouse.frame(
                f"select * from report.revenue_month where population = '{population}' order by month_date"
            )
        frame.index = pd.Index(frame["month_date"].astype(str).str[:7], name="month")
        cents = pd.DataFrame({name: _cents(frame[f"{name}_amount"]) for name in _MONEY})
        return cents.assign(orders=frame["orders_count"], buyers=frame["buyers_count"])


def _cents(amounts: pd.Series) -> pd.Series:
    return (amounts.astype(float) * 100).round().astype(int)


@pytest.fixture(scope="session")
def load_source(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Path], Loaded]:
    """Load a real source whole, once per session; call it with the mapping's name and the folder of its files."""
    done: dict[str, Loaded] = {}

    def load(mapping: str, folder: Path) -> Loaded:
        if mapping not in done:
            mappings = load_mapping_set(mapping)
            assert mappings.time_zone
            assert mappings.currency
            home = tmp_path_factory.mktemp(mapping)
            summary = ingest(
                home,
                folder,
                mappings,
                received_at=RECEIVED_AT,
                time_zone=mappings.time_zone,
                base_currency=mappings.currency,
            )
            with open_warehouse(home) as warehouse:
                for table in _BUILT:
                    warehouse.build(
                        load_query(SQL_ROOT / f"{table.replace('.', '/')}.sql"), {"received_at": RECEIVED_AT}
                    )
            done[mapping] = Loaded(home, summary)
        return done[mapping]

    return load


@pytest.fixture(scope="session")
def monthly() -> Callable[..., pd.DataFrame]:
    """Compute the same monthly figures independently, in pandas, from one row per line.

    `lines` has month, order, user (null = guest), amount (before discount, negative = given back), discount, paid.
    """

    def compute(lines: pd.DataFrame) -> pd.DataFrame:
        sale = lines["amount"] >= 0
        frame = pd.DataFrame(
            {
                "gross": lines["amount"].where(sale, 0),
                "discount": lines["discount"].where(sale, 0),
                "unpaid": (lines["amount"] - lines["discount"]).where(sale & ~lines["paid"], 0),
                "returned": (-lines["amount"]).where(~sale, 0),
                "refund": 0.0,
            }
        )
        frame["net"] = frame["gross"] - frame["discount"] - frame["unpaid"] - frame["returned"] - frame["refund"]
        cents = frame.groupby(lines["month"]).sum().mul(100).round().astype(int)
        bought = lines[sale & lines["paid"]].groupby("month")
        cents["orders"] = bought["order"].nunique().reindex(cents.index, fill_value=0)
        cents["buyers"] = bought["user"].nunique().reindex(cents.index, fill_value=0)
        return cents

    return compute
