"""A simulated shop taken in and built up to core, with its truth: what the tests of truth recovery share."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from assets.ingest import IngestSummary, ingest
from assets.origins import training_samples
from assets.training import feature_columns, population, propensity_task
from assets.warehouse import open_warehouse
from models.horizons import origins
from models.training import train_and_evaluate
from pipelines.recovery import Recovered, recovered_ledger, recovered_rows
from pipelines.world import SOURCES, generate
from sql.mappings import load_mapping_set
from sql.queries import load_queries

START, HORIZON_DAYS, CHURN_WINDOW_DAYS = date(2024, 1, 1), 28, 56
RECEIVED_AT = datetime.fromisoformat("2025-12-31")


@dataclass(frozen=True)
class TruthShop:
    """Folders, what was written and taken in, and the date whose next 28 days are the last of the world."""

    world: Path
    home: Path
    written: dict[str, int]
    summary: IngestSummary
    as_of: date
    start: date = START

    def truth(self, name: str) -> pd.DataFrame:
        return pq.read_table(self.world / "truth" / f"{name}.parquet").to_pandas()

    def probabilities(self) -> pd.DataFrame:
        rows = self.truth("probabilities")
        wanted = pd.to_datetime(rows["as_of"]) == pd.Timestamp(self.as_of)
        return rows[wanted & (rows["horizon_days"] == HORIZON_DAYS)]

    def samples(self, as_ofs: list[date]) -> pd.DataFrame:
        with open_warehouse(self.home) as warehouse:
            return training_samples(warehouse, as_ofs, HORIZON_DAYS, users_at_most=100_000)

    def accounts(self) -> list[Recovered]:
        """Compare ledgers and rows with the list of dirty rows."""
        listed = self.truth("dirty_rows")
        with open_warehouse(self.home) as warehouse:
            quarantine = warehouse.frame("select file_name, record_number, reason from bronze.quarantine")
            copies = warehouse.frame(
                "select contract, sum(rows_duplicate) as copies from bronze.row_ledger group by contract"
            ).set_index("contract")["copies"]
            loaded = {source: warehouse.count(f"bronze.{source}") for source in SOURCES}
        found = recovered_ledger(listed, quarantine, copies[copies > 0])
        return [*found, *recovered_rows(self.written, listed, loaded)]

    def scores(self, *outcomes: str) -> dict[str, pd.DataFrame]:
        """Score the users of each outcome at as_of by the product's protocol: trained on what was known then."""
        test, earlier = origins(self.start + timedelta(days=1), self.as_of, HORIZON_DAYS)
        samples = self.samples([*earlier, test, self.as_of])
        columns = feature_columns(samples)
        samples[list(columns)] = samples[list(columns)].astype("float32")
        found = {}
        for outcome in outcomes:
            people = population(samples, outcome, CHURN_WINDOW_DAYS)
            is_now = pd.to_datetime(people["as_of"]) == pd.Timestamp(self.as_of)
            task = propensity_task(outcome, HORIZON_DAYS, CHURN_WINDOW_DAYS, columns)
            trained = train_and_evaluate(people[~is_now], task, test_as_of=test, known_until=self.as_of, resamples=2)
            assert not trained.card.is_fallback
            found[outcome] = trained.score(people[is_now])
        return found


def make_shop(
    root: Path, *, users: int, events: int, days: int, seed: int, dirty_share: float, start: date = START
) -> TruthShop:
    """Simulate, take in and build core."""
    world, home = root / "world", root / "home"
    made = generate(
        world,
        users=users,
        events=events,
        days=days,
        seed=seed,
        file_format="csv",
        dirty_share=dirty_share,
        workers=1,
        start=start,
    )
    mappings = load_mapping_set("canonical")
    summary = ingest(
        home, world, mappings, received_at=RECEIVED_AT, time_zone="Asia/Shanghai", base_currency="CNY"
    )  # fmt: skip
    assert summary.stopped == []
    with open_warehouse(home) as warehouse:
        for query in load_queries().values():
            if query.layer == "core":
                warehouse.build(query, {})
    return TruthShop(world, home, made.rows, summary, start + timedelta(days=days - HORIZON_DAYS), start)
