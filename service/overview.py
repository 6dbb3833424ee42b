"""Everything the overview page shows of one version, as text and charts in the order of the page.

Belongs here: putting the parts together, key numbers, the ledger. Does not belong here: HTML (`templates/`), files (`pages.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service import published
from service.formats import MINUS, day, money, month, whole
from service.groups import GroupView, ListCard, group_view, list_card
from service.model_quality import ModelView, model_view
from service.published import ContractLedger, LeftOut, Version
from service.revenue import RevenueView, ShownMonth, compared, last_full_month, revenue_view, shown_months
from service.small_cells import WITHHELD


@dataclass(frozen=True)
class KeyNumber:
    """One number with its definition beside it."""

    label: str
    value: str
    change: str | None
    definition: str

    @property
    def trend(self) -> str:
        """Return up, down or flat, for the colour of the change."""
        return (
            "down" if (self.change or "").startswith(MINUS) else "up" if (self.change or "").startswith("+") else "flat"
        )


@dataclass(frozen=True)
class LedgerRow:
    """What became of the landing rows of one contract, as text; `balances`: none is missing."""

    contract: str
    staged: str
    loaded: str
    updated: str
    duplicate: str
    excluded: str
    quarantined: str
    balances: bool


@dataclass(frozen=True)
class Quality:
    """The ledger, what was left out and why, and what the run noticed."""

    files: str
    records: str
    rejected: str
    rows: tuple[LedgerRow, ...]
    left_out: tuple[LeftOut, ...]
    notices: tuple[str, ...]
    balances: bool


@dataclass(frozen=True)
class Overview:
    """The whole page. `charts` maps the id of a place on the page to a figure's JSON."""

    version: str
    as_of: str
    mapping: str
    currency: str
    time_zone: str
    code_version: str
    is_simulated: bool
    small_cell_below: int
    horizons: str
    key_numbers: tuple[KeyNumber, ...]
    lists: tuple[ListCard, ...]
    revenue: RevenueView
    personas: GroupView
    clusters: GroupView
    models: tuple[ModelView, ...]
    quality: Quality
    charts: Mapping[str, str]

    @property
    def rows(self) -> int:
        """Number of table rows the page shows."""
        variants = sum(len(members.variants) for members in self.lists)
        tables = (self.revenue, self.personas, self.clusters, self.quality)
        return sum(len(table.rows) for table in tables) + variants + len(self.models) + len(self.quality.left_out)


def overview(version: Version) -> Overview:
    """Read a version and return what its overview shows, small groups hidden."""
    manifest, below = version.manifest, version.small_cell_below
    currency = str(manifest["currency"])
    months = shown_months(published.revenue_months(version), below=below)
    revenue = revenue_view(months, as_of=version.as_of, currency=currency)
    lists = tuple(list_card(members, currency=currency, below=below) for members in published.user_lists(version))
    personas = group_view(published.personas(version), currency=currency, below=below)
    clusters = group_view(published.clusters(version), currency=currency, below=below)
    models = tuple(model_view(card, currency=currency, below=below) for card in published.model_cards(version))
    drawn = dict(revenue.charts)
    drawn |= {"personas": personas.chart} if personas.chart else {}
    drawn |= {f"comparison-{model.key}": model.comparison for model in models if model.comparison}
    drawn |= {f"calibration-{model.key}": model.calibration for model in models if model.calibration}
    return Overview(
        version=version.name,
        as_of=day(version.as_of),
        mapping=str(manifest["mapping"]),
        currency=currency,
        time_zone=str(manifest["time_zone"]),
        code_version=str(manifest["code_version"]),
        is_simulated=bool(manifest.get("is_simulated", False)),
        small_cell_below=below,
        horizons=" and ".join(str(days) for days in manifest["horizons_days"]),
        key_numbers=_key_numbers(version, months, currency),
        lists=lists,
        revenue=revenue,
        personas=personas,
        clusters=clusters,
        models=models,
        quality=_quality(manifest["data_quality"], published.ledgers(version), published.left_out(version)),
        charts=drawn,
    )


def _key_numbers(version: Version, months: Sequence[ShownMonth], currency: str) -> tuple[KeyNumber, ...]:
    last, before = last_full_month(months, version.as_of)
    if last is None:
        return ()
    name = month(last.month)
    return (
        KeyNumber(
            f"Net revenue, {name}",
            WITHHELD if last.net is None else money(last.net, currency),
            compared(last.net, before, before and before.net),
            "Paid less discounts, returns and refunds, each on its own day. Guests included.",
        ),
        KeyNumber(
            f"Orders, {name}",
            WITHHELD if last.orders is None else whole(last.orders),
            compared(last.orders, before, before and before.orders),
            "Paid orders placed in the month. Guests included; returns are not orders.",
        ),
        KeyNumber(
            f"Buyers, {name}",
            WITHHELD if last.buyers is None else whole(last.buyers),
            compared(last.buyers, before, before and before.buyers),
            "Different customers with a paid order. Guests have no id and are not counted.",
        ),
        KeyNumber(
            f"Average order, {name}",
            WITHHELD if last.average_order_value is None else money(last.average_order_value, currency),
            compared(last.average_order_value, before, before and before.average_order_value),
            "Paid amount per paid order, before returns and refunds.",
        ),
    )


def _quality(facts: Mapping[str, Any], ledgers: Sequence[ContractLedger], left_out: Sequence[LeftOut]) -> Quality:
    rows = tuple(
        LedgerRow(
            contract=ledger.contract.replace("_", " "),
            staged=whole(ledger.staged),
            loaded=whole(ledger.loaded),
            updated=whole(ledger.updated),
            duplicate=whole(ledger.duplicate),
            excluded=whole(ledger.excluded),
            quarantined=whole(ledger.quarantined),
            balances=ledger.balances,
        )
        for ledger in ledgers
    )
    return Quality(
        files=whole(facts["files"]["files"]),
        records=whole(facts["files"]["records"]),
        rejected=whole(facts["files"]["rejected"]),
        rows=rows,
        left_out=tuple(left_out),
        notices=tuple(facts["notices"]),
        balances=all(ledger.balances for ledger in ledgers),
    )
