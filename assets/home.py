"""The Dagster resource that stands for one home: its settings, its warehouse, and what it remembers of its shop."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from assets.warehouse import HeldWarehouse, Warehouse, open_warehouse
from assets.warehouse_errors import WarehouseLockedError
from contracts.settings import DEFAULT_CURRENCY, DEFAULT_TIME_ZONE, Settings
from sql.mappings import MappingSet, load_mapping_set

SIMULATED_MARK = "SIMULATED.md"
LOCK_RETRIES = 3
LOCK_WAIT_S = 5


class HomeError(ValueError):
    """A home is used in a way that does not fit what it holds."""


@dataclass(frozen=True)
class Shop:
    """What a run needs to know of the shop: where its files are, how they are mapped, its zone and base currency."""

    sources: Path
    mappings: MappingSet
    time_zone: str
    currency: str


class Home(dg.ConfigurableResource):
    """One home = one shop. `settings_json` holds the validated settings, as every launcher reads them from trellis.toml."""

    path: str
    settings_json: str = "{}"
    _held: HeldWarehouse | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 Dagster's signature
        """Let the steps of one run share an opened warehouse."""
        self._held = HeldWarehouse(self.folder, memory_limit=self.settings.memory_limit)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 Dagster's signature
        """Close the warehouse at the end of a run."""
        self.let_go()
        self._held = None

    def let_go(self) -> None:
        """Close the warehouse until its next use: loading opens it beside its staging."""
        if self._held is not None:
            self._held.let_go()

    @property
    def folder(self) -> Path:
        """The folder that holds all state of this shop."""
        return Path(self.path)

    @property
    def settings(self) -> Settings:
        """The operator's settings."""
        return Settings.model_validate_json(self.settings_json)

    @property
    def time_zone(self) -> str:
        """The zone of business dates: what trellis.toml says, else the mapping, else the default of the house."""
        return self.settings.time_zone or load_mapping_set(self.settings.mapping).time_zone or DEFAULT_TIME_ZONE

    @contextmanager
    def warehouse(self) -> Iterator[Warehouse]:
        """Open the warehouse for writing; while another process holds it, Dagster tries again, then fails with its name.

        Only this is transient: a failed check, bad data or a wrong program would give the same answer again.
        """
        with ExitStack() as stack:
            try:
                limit = self.settings.memory_limit
                opened = self._held.use() if self._held else open_warehouse(self.folder, memory_limit=limit)
                warehouse = stack.enter_context(opened)
            except WarehouseLockedError as error:
                raise dg.RetryRequested(max_retries=LOCK_RETRIES, seconds_to_wait=LOCK_WAIT_S) from error
            yield warehouse

    def shop(self) -> Shop:
        """Return what is known of the shop, and remember it at the first call.

        Raises:
            HomeError: the home holds another shop, or its zone or currency was changed after data came in.
        """
        settings = self.settings
        mappings = load_mapping_set(settings.mapping)
        wanted = {
            "mapping": mappings.name,
            "time_zone": self.time_zone,
            "currency": settings.currency or mappings.currency or DEFAULT_CURRENCY,
        }
        with self.warehouse() as warehouse:
            for setting, value in wanted.items():
                known = warehouse.recall(setting)
                if known is None:
                    warehouse.remember(setting, value)
                elif known != value:
                    message = (
                        f"{self.path}: this home has {setting} {known!r}, the run says {value!r}; one home is one shop: "
                        "use another --home, or go back to the old value"
                    )
                    raise HomeError(message)
        sources = Path(settings.sources) if settings.sources else self.folder / "landing"
        with self.warehouse() as warehouse:
            # where `doctor` and `quarantine replay` find them again
            warehouse.remember("sources", str(sources.resolve()))
            warehouse.remember("mapping_folder", str(mappings.folder.resolve()))
            # the generator leaves this mark beside what it writes; the pages say so
            warehouse.remember("is_simulated", "yes" if (sources / SIMULATED_MARK).is_file() else "no")
        return Shop(sources, mappings, wanted["time_zone"], wanted["currency"])
