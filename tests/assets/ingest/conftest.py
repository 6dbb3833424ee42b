"""A shop on disk for tests of loading: landing files, mapping files, and what bronze holds after an ingest."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from assets.ingest import IngestSummary, ingest
from assets.warehouse import open_warehouse
from contracts.sources import SOURCES
from sql.mappings import load_mapping_set

RECEIVED_AT = datetime.fromisoformat("2024-06-01")
ORDERS = "order_id,ordered_at,user_id,kind,status,currency,shipping_fee,updated_at\n"
EVENTS = "event_id,occurred_at,event_type,user_id,anonymous_id,product_id,channel\n"
_EVENT_IDS = """
    select events.* exclude (user_key, target_user_key, product_key),
        actor.user_id as actor, target.user_id as target, product.product_id
    from bronze.events as events
    left join bronze.user_keys as actor using (user_key)
    left join bronze.user_keys as target on target.user_key = events.target_user_key
    left join bronze.product_keys as product using (product_key)
"""


@dataclass
class Shop:
    """Folders of one shop; `mapping` is a shipped mapping's name until `map` writes files of its own."""

    root: Path
    mapping: str = "canonical"
    time_zone: str = "Asia/Shanghai"
    base_currency: str = "CNY"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def sources(self) -> Path:
        return self.root / "sources"

    def put(self, name: str, content: str | bytes | pd.DataFrame) -> Path:
        path = self.sources / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, pd.DataFrame):
            content.to_parquet(path, index=False)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def map(self, contract: str, sql: str) -> None:
        folder = self.root / "mapping"
        folder.mkdir(exist_ok=True)
        (folder / f"{contract}.sql").write_text(sql)
        self.mapping = str(folder)

    def ingest(self, *, received_at: datetime = RECEIVED_AT) -> IngestSummary:
        return ingest(
            self.home,
            self.sources,
            load_mapping_set(self.mapping),
            received_at=received_at,
            time_zone=self.time_zone,
            base_currency=self.base_currency,
        )

    def query(self, statement: str, parameters: list | None = None) -> list[tuple]:
        with open_warehouse(self.home) as warehouse:
            return warehouse.connection.execute(statement, parameters or []).fetchall()

    @staticmethod
    def orders(*lines: str) -> str:
        return ORDERS + "".join(lines)

    @staticmethod
    def events(*lines: str) -> str:
        return EVENTS + "".join(lines)

    @staticmethod
    def order(order_id: str, at: str = "2024-05-01 10:00:00", user: str = "u1", **values: str) -> str:
        """One line of a file that begins with `ORDERS`."""
        filled = {"kind": "sale", "status": "paid", "currency": "CNY", "shipping_fee": "0", "updated_at": at, **values}
        return ",".join([order_id, at, user, *filled.values()]) + "\n"

    @staticmethod
    def event(event_id: str, at: str = "2024-05-01 10:00:00", user: str = "u1", **values: str) -> str:
        """One line of a file that begins with `EVENTS`."""
        filled = {"anonymous_id": "", "product_id": "p1", "channel": "app", **values}
        return ",".join([event_id, at, "view", user, *filled.values()]) + "\n"

    def ids(self, contract: str) -> list:
        """First column of the key of each stored row, sorted."""
        return [row[0] for row in self.query(f"select {SOURCES[contract].key[0]} from bronze.{contract} order by 1")]

    def content(self) -> dict[str, list[tuple]]:
        """What every bronze table says, without file, record number and integer keys: equal content, equal answer."""
        found = {}
        for name in SOURCES:
            table = f"({_EVENT_IDS})" if name == "events" else f"bronze.{name}"
            found[name] = self.query(f"select * exclude (file_id, record_number) from {table} order by all")
        return found

    def reasons(self) -> list[str]:
        return [
            row[0]
            for row in self.query("select reason from bronze.quarantine order by contract, record_number, reason")
        ]

    def ledger(self, contract: str) -> dict[str, int]:
        names = ("staged", "loaded", "updated", "duplicate", "excluded", "quarantined")
        sums = ", ".join(f"sum(rows_{name})" for name in names)
        row = self.query(f"select {sums} from bronze.row_ledger where contract = $1", [contract])[0]
        return {name: int(count or 0) for name, count in zip(names, row, strict=True)}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path)
    made.sources.mkdir()
    return made
