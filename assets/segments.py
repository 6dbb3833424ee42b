"""The asset `segment/members`: the lists with consent, control group, entry, expiry and reasons."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import dagster as dg
import pandas as pd

from assets.dropped_lists import dropped_candidates, dropped_version
from assets.home import Home
from assets.metadata import table_metadata
from assets.tables import DAILY, as_of_of, primary_horizon
from assets.warehouse import Warehouse
from contracts.outputs import SEGMENTS, TABLES
from contracts.settings import Settings
from models.membership import complete_members
from sql.queries import load_queries

_MEMBERS, _SIZES = TABLES["segment.members"], TABLES["segment.sizes"]
_READ = ("core.users", "core.events", "core.orders", "core.order_items", "core.products", "score.user_value")


def previous_as_of(warehouse: Warehouse, segment: str, as_of: date) -> date | None:
    """Return the newest earlier as_of of a list whose snapshot is still stored, or None.

    Sizes are kept for ever and tell of empty lists too; members go with the other snapshots of users.
    """
    return warehouse.value(
        "select max(as_of) from segment.sizes where segment = $segment and as_of < $as_of "
        "and as_of in (select as_of from feature.user_features)",
        {"segment": segment, "as_of": as_of},
    )  # pyright: ignore[reportReturnType]


@dataclass(frozen=True)
class Candidates:
    """Who qualifies for a list before consent is asked for, the version of its rule, and why it may be empty."""

    segment: str
    rows: pd.DataFrame
    version: str
    empty_because: str | None


def _candidates(warehouse: Warehouse, as_of: date, settings: Settings) -> Iterator[Candidates]:
    """Yield the candidates of the lists of the house, then of the declared ones."""
    for segment in SEGMENTS:
        query = load_queries()[f"segment.{segment}"]
        rows = warehouse.frame(
            f"select lists.* exclude (as_of), users.marketing_consent, users.consent_basis from segment.{segment} as lists "
            "inner join core.users on lists.user_id = users.user_id where lists.as_of = $as_of order by lists.user_id",
            {"as_of": as_of},
        )
        yield Candidates(segment, rows, query.version, query.may_be_empty)
    for wanted in settings.dropped_lists:
        rows = dropped_candidates(
            warehouse, settings.funnels, wanted, as_of=as_of, horizon_days=primary_horizon(warehouse)
        )
        reason = f"nobody's last step in the funnel {wanted.funnel} was step {wanted.step}"
        yield Candidates(wanted.segment, rows, dropped_version(settings.funnels, wanted), reason)


def why_nobody_may_be_addressed(warehouse: Warehouse, candidates: int) -> str:
    """Return why a list of so many candidates is empty; where nobody of the shop has consented, also what to do about it."""
    reason = f"all {candidates:,} candidates lack consent"
    if warehouse.value("select bool_or(marketing_consent) from core.users"):
        return reason
    return (
        f"{reason}: no user of this shop has any, and missing means no; say who may be addressed in the column "
        "marketing_consent of users (docs/mapping.md), then run again"
    )


def _list(
    warehouse: Warehouse, found: Candidates, as_of: date, settings: Settings
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Return the members of one list and its line of sizes."""
    segment, candidates = found.segment, found.rows
    before = previous_as_of(warehouse, segment, as_of)
    previous = warehouse.frame(
        "select user_id, entered_at from segment.members where segment = $segment and as_of = $before",
        {"segment": segment, "before": before},
    )
    previous["entered_at"] = [stamp.date() for stamp in previous["entered_at"]]
    allowed = candidates[candidates["marketing_consent"]].drop(columns="marketing_consent")
    members = complete_members(
        allowed,
        previous,
        segment=segment,
        segment_version=found.version,
        as_of=as_of,
        salt=settings.control_salt,
        control_share=settings.control_share,
        valid_days=settings.list_valid_days,
    )
    lacking = len(candidates) - len(allowed)
    reason = None
    if not len(members):
        reason = why_nobody_may_be_addressed(warehouse, lacking) if lacking else found.empty_because
    size = {
        "segment": segment,
        "as_of": as_of,
        "members_count": len(members),
        "control_count": int(members["is_control"].sum()),
        "lacking_consent_count": lacking,
        "previous_members_count": None if before is None else len(previous),
        "reason": reason,
    }
    return members, size


@dg.multi_asset(
    name="segment_members",
    specs=[
        dg.AssetSpec(
            table.name.split("."),
            group_name="segment",
            description=table.description,
            partitions_def=DAILY,
            kinds={"python"},
            deps=[["segment", name] for name in SEGMENTS] + [table.split(".") for table in _READ],
        )
        for table in (_MEMBERS, _SIZES)
    ],
)
def segment_members(context: dg.AssetExecutionContext, home: Home) -> Iterator[dg.MaterializeResult]:
    """Complete every list; users without consent are counted and kept out."""
    as_of, settings = as_of_of(context), home.settings
    with home.warehouse() as warehouse:
        lists, sizes = zip(
            *(_list(warehouse, found, as_of, settings) for found in _candidates(warehouse, as_of, settings)),
            strict=True,
        )
        filled = [members for members in lists if len(members)] or [lists[0]]
        warehouse.write_frame(_MEMBERS, pd.concat(filled, ignore_index=True), as_of=as_of)
        warehouse.write_frame(_SIZES, pd.DataFrame(sizes), as_of=as_of)
        for table in (_MEMBERS, _SIZES):
            rows = int(
                str(warehouse.value(f"select count(*) from {table.name} where as_of = $as_of", {"as_of": as_of}))
            )
            metadata = table_metadata(warehouse, table.name, table.columns, rows=rows)
            text = {
                size["segment"]: f"{size['members_count']} members, {size['control_count']} held out" for size in sizes
            }
            yield dg.MaterializeResult(asset_key=table.name.split("."), metadata={**metadata, **text})
