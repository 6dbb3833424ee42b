"""The assets `score/campaign_response` and `score/campaign_model`: who on a campaign's list will redeem a coupon of it.

The protocol lives in `models/campaign_response.py`; what was known when a campaign began in `sql/feature/campaign_*.sql`.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import dagster as dg
import pandas as pd

from assets.champions import training_dates
from assets.home import Home
from assets.metadata import table_metadata
from assets.scratch import open_scratch
from assets.tables import DAILY, as_of_of
from assets.training import code_fingerprint
from assets.warehouse import Parameters, Warehouse
from contracts.outputs import TABLES
from models import registry
from models.campaign_response import FEATURES, TrainedResponse, train_response
from models.scoring import score_customers
from sql.queries import load_queries

_RESPONSE, _MODEL = TABLES["score.campaign_response"], TABLES["score.campaign_model"]
NO_CAMPAIGN = "the source has no campaigns"
_TRAINING_DAYS = (
    365  # less than what feature.campaign_contact remembers, so that every as_of trains on the same campaigns
)


def campaign_contacts(warehouse: Warehouse, as_of: date, catalogue: str) -> str:
    """Return the SELECT of contacts with their features at as_of: one row per campaign and user on its list."""
    queries = load_queries()
    contact, bought = queries["feature.campaign_contact"], queries["feature.campaign_purchases"]
    own = {row[0] for row in warehouse.connection.execute(f"describe {catalogue}.{contact.table}").fetchall()}
    added = ", ".join(f"bought.{name}" for name in FEATURES if name not in own)
    return (
        f"select contact.*, {added} from {catalogue}.{contact.table} as contact "
        f"left join {catalogue}.{bought.table} as bought on contact.campaign_id = bought.campaign_id "
        f"and contact.user_id = bought.user_id and bought.as_of = date '{as_of}' where contact.as_of = date '{as_of}'"
    )


def response_samples(warehouse: Warehouse, as_of: date, known_until: date, *, users_at_most: int) -> pd.DataFrame:
    """Return contacts of campaigns that ended in the year before known_until, with what came of them.

    Features are read from the snapshots of as_of, which count back from each campaign's first day; labels are built for the
    stable sample of at most `users_at_most` users.
    """
    catalogue = str(warehouse.value("select current_database()"))
    label = load_queries()["label.campaign_response"]
    with open_scratch(warehouse, users_at_most=users_at_most) as scratch:
        parameters: Parameters = {"as_of": known_until}
        scratch.connection.execute(
            f"create or replace table {label.table} as {scratch.typed_select(label, parameters)}", parameters
        )
        return scratch.frame(
            f"select contacts.*, labels.has_redeemed from ({campaign_contacts(scratch, as_of, catalogue)}) as contacts "
            f"inner join {label.table} as labels "
            "on contacts.campaign_id = labels.campaign_id and contacts.user_id = labels.user_id "
            "where contacts.last_date >= $oldest order by contacts.campaign_id, contacts.user_id",
            {"oldest": known_until - timedelta(days=_TRAINING_DAYS)},
        )


def _trained(warehouse: Warehouse, home: Home, as_of: date, trained_on: date) -> tuple[TrainedResponse, str]:
    """Return the model of the training date with its version, from the registry or trained now."""
    root = home.folder / "models" / "campaign_response"
    users_at_most = home.settings.training_users_at_most
    # its horizon is each campaign's own; it has no challenger, hence a folder of its own
    slot = registry.Slot("coupon_redemption", 0, trained_on, f"{users_at_most}-{code_fingerprint()}")
    registered = registry.find(root, slot)
    if registered is not None:
        model, _ = registry.load(root, registered)
        if isinstance(model, TrainedResponse):
            return model, registered.version
    newest = warehouse.newest_business_date() or trained_on
    # labels end where the data end, even when as_of lies later
    known_until = min(trained_on, newest + timedelta(days=1))
    model = train_response(response_samples(warehouse, as_of, known_until, users_at_most=users_at_most))
    # rows of users have no place in a model file
    model = replace(model, rolling=model.rolling.head(0))
    return model, registry.save(root, slot, model, model.card).version


def _card_row(trained: TrainedResponse, version: str, trained_on: date) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(_MODEL.columns)
    row |= {
        "model_version": version,
        "training_date": trained_on,
        "is_fallback": trained.is_fallback,
        "users_count": trained.card["judged_rows"],
        "reason": trained.card["reason"],
        "card": json.dumps(trained.card, ensure_ascii=False),
    }
    measured = trained.card["measures"]
    if measured:
        names = {name: name for name in ("prevalence", "auc", "pr_auc", "brier", "ece")} | {
            "lift_top_decile": "lift_at_10"
        }
        row |= {column: measured[name]["value"] for column, name in names.items()}
    return row


@dg.multi_asset(
    name="campaign_response",
    specs=[
        dg.AssetSpec(
            table.name.split("."),
            deps=[["feature", "campaign_contact"], ["feature", "campaign_purchases"], ["core", "coupon_redemptions"]],
            group_name="score",
            description=table.description,
            partitions_def=DAILY,
            kinds={"python", "scikitlearn"},
        )
        for table in (_RESPONSE, _MODEL)
    ],
)
def campaign_response(context: dg.AssetExecutionContext, home: Home) -> Iterator[dg.MaterializeResult]:
    """Score the lists of campaigns that are planned or run; empty, with the reason, where no coupon was ever redeemed."""
    as_of = as_of_of(context)
    with home.warehouse() as warehouse:
        response = pd.DataFrame(columns=pd.Index(_RESPONSE.columns))
        row: dict[str, Any] = dict.fromkeys(_MODEL.columns)
        trained_on = max(training_dates(warehouse, as_of, home.settings))
        row |= {
            "model_version": "none",
            "training_date": trained_on,
            "is_fallback": True,
            "users_count": 0,
            "card": "{}",
        }
        row["reason"] = NO_CAMPAIGN
        if warehouse.count("core.campaign_contacts"):
            trained, version = _trained(warehouse, home, as_of, trained_on)
            row = _card_row(trained, version, trained_on)
            current = warehouse.frame(
                f"select * from ({campaign_contacts(warehouse, as_of, str(warehouse.value('select current_database()')))}) "
                "where last_date >= $as_of order by campaign_id, user_id",
                {"as_of": as_of},
            )
            if trained.card["redeemed_share"]:
                scored = score_customers(trained.model, current, columns=FEATURES)
                current[["probability", "reason_codes"]] = scored[["probability", "reason_codes"]]
                share = current.groupby("campaign_id")["probability"].rank(method="max", pct=True)
                response = current.assign(percentile=share, model_version=version)
        models = pd.DataFrame([row]).assign(as_of=as_of)
        for table, frame in ((_RESPONSE, response), (_MODEL, models)):
            result = warehouse.write_frame(table, frame.assign(as_of=as_of)[list(table.columns)], as_of=as_of)
            metadata = table_metadata(warehouse, table.name, table.columns, rows=result.rows)
            yield dg.MaterializeResult(asset_key=table.name.split("."), metadata=metadata)
