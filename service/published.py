"""One published version, read through its files: typed rows of lists, reports and model cards.

Belongs here: finding the version, proving that it is whole, and every query on its Parquet files (the only door to DuckDB
of the web). Does not belong here: hiding small groups (`small_cells.py`), wording and drawing.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from contracts.outputs import PUBLISHED_TABLES, SEGMENTS
from contracts.settings import Settings

REPORTS = (
    "report.revenue_month",
    "report.persona_summary",
    "report.cluster_summary",
    "report.segment_summary",
    "report.data_quality",
    "report.exclusions",
    "report.active_users_day",
    "report.lifecycle",
    "report.retention",
    "report.drift",
)
"""Report tables that pages show; a version may hold more."""

_VERSION_NAME = re.compile(r"\d{4}-\d{2}-\d{2}\.[1-9]\d*")


class NotPublishedError(RuntimeError):
    """Nothing has been published in this home."""


class DamagedVersionError(RuntimeError):
    """A published version lacks something that it must hold."""


@dataclass(frozen=True)
class Version:
    """One version: its folder and manifest. Resolved once; the pointer may move meanwhile without any effect."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of the version, such as `2011-12-09.1`."""
        return str(self.manifest["version"])

    @property
    def as_of(self) -> date:
        """Exclusive business date: everything before it was known."""
        return date.fromisoformat(self.manifest["as_of"])

    @property
    def small_cell_below(self) -> int:
        """No statistic about fewer people is shown."""
        return int(self.manifest.get("small_cell_below", Settings.model_fields["small_cell_below"].default))


@dataclass(frozen=True)
class RevenueMonth:
    """Revenue of one population (all, identified, guests) in one calendar month, in the base currency."""

    month: date
    population: str
    gross: float
    discount: float
    unpaid: float
    returned: float
    refund: float
    net: float
    orders: int
    buyers: int
    returns: int
    average_order_value: float | None


@dataclass(frozen=True)
class Group:
    """One persona or cluster: its size and means per user."""

    key: str
    name_en: str
    name_zh: str
    users: int
    share: float
    recency_days: float | None
    orders: float | None
    net_amount: float | None
    purchase_probability: float | None


@dataclass(frozen=True)
class Variant:
    """One part of a list with its own advice; `actions` by how often they are advised."""

    variant: str
    members: int
    control: int
    value_at_stake: float
    probability: float | None
    actions: tuple[str, ...]


@dataclass(frozen=True)
class UserList:
    """One list: sizes from the manifest, variants largest value first, and why it is empty if it is."""

    segment: str
    members: int
    control: int
    lacking_consent: int
    empty_because: str | None
    expires_at: date | None
    variants: tuple[Variant, ...]


@dataclass(frozen=True)
class Card:
    """One row of `score.model_card`; `details` is its JSON."""

    outcome: str
    horizon_days: int
    model_version: str
    training_date: date
    test_as_of: date | None
    is_fallback: bool
    users: int
    prevalence: float | None
    auc: float | None
    pr_auc: float | None
    brier: float | None
    ece: float | None
    lift_top_decile: float | None
    recency_rule_auc: float | None
    reason: str | None
    details: Mapping[str, Any]


@dataclass(frozen=True)
class ContractLedger:
    """What became of every landing row of one contract."""

    contract: str
    staged: int
    loaded: int
    updated: int
    duplicate: int
    excluded: int
    quarantined: int

    @property
    def balances(self) -> bool:
        """Whether every staged row is accounted for."""
        return self.staged == self.loaded + self.updated + self.duplicate + self.excluded + self.quarantined


@dataclass(frozen=True)
class LeftOut:
    """Landing rows of one contract that were excluded or quarantined for one reason."""

    contract: str
    kind: str
    reason: str
    rows: int


def current_version(home: Path) -> Version:
    """Return the version the pointer names now, proved whole.

    Raises
    ------
    NotPublishedError
        There is no pointer yet.
    DamagedVersionError
        The pointer names no version, or the version is not whole.
    """
    pointer = home / "published" / "current"
    try:
        name = pointer.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise NotPublishedError(
            "nothing is published in this home yet; `trellis run` or `trellis demo` publishes"
        ) from None
    if not _VERSION_NAME.fullmatch(name):
        raise DamagedVersionError(
            f"published/current holds {name[:40]!r}, not the name of a version; run `trellis doctor`"
        )
    return open_version(home / "published" / name)


def open_version(folder: Path) -> Version:
    """Return the version in this folder once it is proved to hold every file it must.

    A finished version is compared with the files of its manifest, by size; one that is being written (no "files" yet) must
    hold the tables and lists that pages are drawn from.

    Raises
    ------
    DamagedVersionError
        The manifest or files are missing, or have another size.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise DamagedVersionError(
            f"version {folder.name}: manifest.json is missing or no JSON; run `trellis doctor`"
        ) from error
    tables = [f"tables/{table}.parquet" for table in (*PUBLISHED_TABLES, *REPORTS)]
    needed = dict.fromkeys([*tables, *(f"segments/{segment}.parquet" for segment in SEGMENTS)])
    needed |= {name: facts["bytes"] for name, facts in manifest.get("files", {}).items()}
    missing = [name for name in needed if not (folder / name).is_file()]
    resized = [
        name
        for name, size in needed.items()
        if size is not None and name not in missing and (folder / name).stat().st_size != size
    ]
    if missing or resized:
        faults = [f"{name} is missing" for name in missing] + [
            f"{name} has another size than written" for name in resized
        ]
        message = (
            f"version {folder.name}: {len(faults)} of {len(needed)} files: {'; '.join(faults)}; run `trellis doctor`"
        )
        raise DamagedVersionError(message)
    return Version(folder, manifest)


def rows_of(version: Version, file: str, query: str) -> list[tuple]:
    """Return the rows of a query over one file of the version, called `published` in it.

    The connection may read this one file only, so that no query, now or later, reaches anything else.
    """
    path = str((version.folder / file).resolve())
    quoted = path.replace("'", "''")
    with duckdb.connect() as connection:
        connection.execute("set autoinstall_known_extensions = false; set autoload_known_extensions = false")
        # In this order: a locked or closed connection takes no further setting.
        connection.execute(f"set allowed_paths = ['{quoted}']")
        connection.execute("set enable_external_access = false; set lock_configuration = true")
        return connection.execute(f"with published as (from read_parquet($path)) {query}", {"path": path}).fetchall()


def revenue_months(version: Version) -> list[RevenueMonth]:
    """One row per month and population, oldest first."""
    rows = rows_of(
        version,
        "tables/report.revenue_month.parquet",
        """
        select
            month_date, population, gross_amount::double, discount_amount::double, unpaid_amount::double,
            returned_amount::double, refund_amount::double, net_amount::double, orders_count, buyers_count, returns_count,
            average_order_value
        from published order by month_date, population
        """,
    )
    return [RevenueMonth(*row) for row in rows]


def personas(version: Version) -> list[Group]:
    """One row per persona, those who spend most first."""
    rows = rows_of(
        version,
        "tables/report.persona_summary.parquet",
        """
        select
            persona, persona_name_en, persona_name_zh, users_count, share, recency_days_mean, orders_mean, net_amount_mean,
            purchase_probability_mean
        from published order by net_amount_mean desc nulls last, persona
        """,
    )
    return [Group(*row) for row in rows]


def clusters(version: Version) -> list[Group]:
    """One row per cluster, those who spend most first."""
    rows = rows_of(
        version,
        "tables/report.cluster_summary.parquet",
        """
        select
            cluster_id::varchar, cluster_name_en, cluster_name_zh, users_count, share, recency_days_mean, orders_mean,
            net_amount_mean, null
        from published order by net_amount_mean desc nulls last, cluster_id
        """,
    )
    return [Group(*row) for row in rows]


def user_lists(version: Version) -> list[UserList]:
    """Every list in the order of the contract, then the shop's own by name; empty ones included."""
    own = sorted(set(version.manifest["segments"]) - set(SEGMENTS))
    return [_user_list(version, segment) for segment in (*SEGMENTS, *own)]


def _user_list(version: Version, segment: str) -> UserList:
    facts = version.manifest["segments"][segment]
    rows = rows_of(
        version,
        f"segments/{segment}.parquet",
        """
        , advice as (
            select variant, recommended_action, count(*) as times
            from published group by variant, recommended_action
        ),
        advised as (
            select variant, list(recommended_action order by times desc, recommended_action) as actions
            from advice group by variant
        )
        select
            variant, count(*), count(*) filter (where is_control), sum(value_at_stake), avg(probability), actions, max(expires_at)
        from published inner join advised using (variant)
        group by variant, actions order by sum(value_at_stake) desc, variant
        """,
    )
    return UserList(
        segment=segment,
        members=facts["rows"],
        control=facts["control"],
        lacking_consent=facts["kept_out_for_lack_of_consent"],
        empty_because=facts["empty_because"],
        expires_at=max((row[6] for row in rows), default=None),
        variants=tuple(Variant(*row[:5], actions=tuple(row[5])) for row in rows),
    )


def model_cards(version: Version) -> list[Card]:
    """One row per horizon and outcome, short horizons first: purchase, churn, value."""
    rows = rows_of(
        version,
        "tables/score.model_card.parquet",
        """
        select
            outcome, horizon_days, model_version, training_date, test_as_of, is_fallback, users_count, prevalence, auc, pr_auc,
            brier, ece, lift_top_decile, recency_rule_auc, reason, card
        from published order by horizon_days, list_position(['purchase', 'churn', 'reactivation', 'value'], outcome), outcome
        """,
    )
    return [Card(*row[:-1], details=json.loads(row[-1])) for row in rows]


def ledgers(version: Version) -> list[ContractLedger]:
    """One row per contract that landing files fed."""
    rows = rows_of(
        version,
        "tables/report.data_quality.parquet",
        """
        select contract, rows_staged, rows_loaded, rows_updated, rows_duplicate, rows_excluded, rows_quarantined
        from published order by contract
        """,
    )
    return [ContractLedger(*row) for row in rows]


def left_out(version: Version) -> list[LeftOut]:
    """One row per contract and reason, most rows first."""
    rows = rows_of(
        version,
        "tables/report.exclusions.parquet",
        "select contract, kind, reason, rows_count from published order by rows_count desc, contract, kind, reason",
    )
    return [LeftOut(*row) for row in rows]
