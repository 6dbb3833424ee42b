"""The errors whose message is written for the operator: what, where, what to do. The command line prints it without a trace."""

from assets.backtest import BacktestError
from assets.home import HomeError
from assets.ingest import IngestError
from assets.publication import PublicationHeldError
from assets.tables import AsOfError
from assets.versions import PointerError
from assets.warehouse_errors import QueryRefusedError, WarehouseLockedError
from models.registry import RegistryError
from pipelines.settings import SettingsError
from pipelines.world import WorldError
from sql.queries import QueryError

OPERATOR_ERRORS: tuple[type[Exception], ...] = (
    AsOfError,
    BacktestError,
    FileExistsError,
    FileNotFoundError,
    HomeError,
    IngestError,
    PointerError,
    PublicationHeldError,
    QueryError,
    QueryRefusedError,
    RegistryError,
    SettingsError,
    WarehouseLockedError,
    WorldError,
)
