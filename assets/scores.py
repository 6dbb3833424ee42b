"""The score assets: purchase, churn and reactivation propensity, expected value, and the card of each model."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
import pandas as pd

from assets.champions import HorizonModels, Kept, models_of_horizon
from assets.drift import drift_rows
from assets.home import Home
from assets.lifetime import long_forecasts
from assets.metadata import table_metadata
from assets.model_checks import DRIFT_CHECK, LABEL_AUDIT, model_checks
from assets.sequences import is_missing, with_recent_days
from assets.tables import DAILY, as_of_of
from assets.training import LABELS, feature_columns, population
from assets.warehouse import Warehouse
from contracts.contract import TableContract
from contracts.outputs import TABLES
from models.fallback import PurchaseRule
from models.scoring import score_customers
from models.sequence_days import RECENT_DAYS
from models.sequence_fitting import LEFT_OUT

_PROPENSITY, _VALUE, _CARD, _DRIFT = (
    TABLES[f"score.{name}"] for name in ("user_propensity", "user_value", "model_card", "drift")
)
UNTRAINED = "rule-untested"


def _propensities(features: pd.DataFrame, models: HorizonModels, outcome: str, window: int) -> pd.DataFrame:
    """Score everybody the outcome is about; without a trained model the label-free rule stands in, and its version says so."""
    people = population(features, outcome, window)
    kept = models.propensities.get(outcome)
    if kept is None:
        rule = PurchaseRule.fit(features, outcome=outcome, horizon_days=models.horizon_days)
        columns = [name for name in people.columns if name not in ("user_id", "as_of", "has_ordered")]
        scored, version = score_customers(rule, people, columns=columns), UNTRAINED
    else:
        scored, version = kept.model.score(people), kept.version
    return scored.assign(outcome=outcome, horizon_days=models.horizon_days, model_version=version)


def _card_row(models: HorizonModels, outcome: str, kept: Kept | None) -> dict[str, Any]:
    """Return the row of score.model_card for one model; figures that were not measured stay empty, with the reason."""
    row: dict[str, Any] = dict.fromkeys(_CARD.columns)
    row |= {
        "outcome": outcome,
        "horizon_days": models.horizon_days,
        "training_date": models.training_date,
        "is_fallback": True,
        "users_count": 0,
        "model_version": UNTRAINED,
        "promotion": "no model of its own",
        "reason": "the data hold no past snapshot with a closed window; the rule was not tested",
        "card": "{}",
    }
    if kept is None:
        return row
    card = kept.card
    row |= {
        "model_version": kept.version,
        "training_date": kept.trained_on,
        "promotion": kept.promotion,
        "is_fallback": card["is_fallback"],
        "reason": card["reason"],
        "card": json.dumps(card, ensure_ascii=False),
    }
    if outcome == "value":
        spend = card["targets"]["expected_spend"]
        return row | {"users_count": spend["customers"], "test_as_of": date.fromisoformat(spend["test_as_of"])}
    measures = {name: interval["value"] for name, interval in card["measures"].items()}
    return row | {
        "test_as_of": date.fromisoformat(card["test_origin"]),
        "users_count": card["test_customers"],
        "prevalence": measures["prevalence"],
        "auc": measures["auc"],
        "pr_auc": measures["pr_auc"],
        "brier": measures["brier"],
        "ece": measures["ece"],
        "lift_top_decile": measures["lift_at_10"],
        "recency_rule_auc": card["baselines"]["recency rule"]["auc"]["value"],
    }


def _write(warehouse: Warehouse, table: TableContract, frames: list[pd.DataFrame], as_of: date) -> dg.MaterializeResult:
    filled = [frame for frame in frames if len(frame)] or frames[:1]
    frame = pd.concat(filled, ignore_index=True).assign(as_of=as_of)[list(table.columns)]
    result = warehouse.write_frame(table, frame, as_of=as_of)
    metadata = table_metadata(warehouse, table.name, table.columns, rows=result.rows)
    return dg.MaterializeResult(asset_key=table.name.split("."), metadata=metadata)


@dg.multi_asset(
    name="scores",
    specs=[
        dg.AssetSpec(
            table.name.split("."),
            group_name="score",
            description=table.description,
            partitions_def=DAILY,
            kinds={"python", "scikitlearn"},
            deps=[["feature", "user_features"], ["core", "horizons"], ["core", "order_items"], ["core", "user_day"]],
        )
        for table in (_PROPENSITY, _VALUE, _CARD, _DRIFT)
    ],
    check_specs=[LABEL_AUDIT, DRIFT_CHECK],
)
def scores(context: dg.AssetExecutionContext, home: Home) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Score every horizon with the champions of the last training date on or before as_of."""
    as_of = as_of_of(context)
    propensities, values, cards, drifts = [], [], [], []
    with home.warehouse() as warehouse:
        features = warehouse.frame(
            "select * from feature.user_features where as_of = $as_of order by user_id", {"as_of": as_of}
        )
        numeric = list(feature_columns(features))
        features[numeric] = features[numeric].astype("float32")  # as in training, and half the memory
        horizons = warehouse.frame("select horizon_days, churn_window_days from core.horizons order by horizon_days")
        for horizon, window in horizons.itertuples(index=False):
            models = models_of_horizon(
                warehouse, home.folder, as_of, int(horizon), churn_window_days=int(window), settings=home.settings
            )
            for refusal in models.refusals:
                context.log.warning(refusal)
            if models.read_sequences and RECENT_DAYS not in features.columns:
                features = with_recent_days(warehouse, features, as_of)
            warehouse.free_memory()
            for outcome in LABELS:
                kept = models.propensities.get(outcome)
                scored = _propensities(features, models, outcome, int(window))
                propensities.append(scored)
                cards.append(_card_row(models, outcome, kept))
                drifted = drift_rows(population(features, outcome, int(window)), scored["probability"].to_numpy(), kept)
                drifts.append(drifted.assign(outcome=outcome, horizon_days=horizon))
            buyers = population(features, "purchase", int(window))
            if models.value is not None:
                value = models.value.model.predict(buyers)
                tested = bool(models.value.card["targets"]["expected_spend"]["measures"])
                facts = {"horizon_days": horizon, "model_version": models.value.version, "is_tested": tested}
                values.append(value.assign(user_id=buyers["user_id"], **facts))
            cards.append(_card_row(models, "value", models.value))
        if is_missing(home.settings):
            context.log.warning(LEFT_OUT)
        own = {int(horizon) for horizon in horizons["horizon_days"]}
        for forecast in long_forecasts(warehouse, population(features, "purchase", 0), as_of, without=own):
            values.append(forecast.values)
            cards.append(dict.fromkeys(_CARD.columns) | forecast.card_row)
        empty_value = pd.DataFrame(columns=pd.Index(_VALUE.columns))
        yield _write(warehouse, _PROPENSITY, propensities, as_of)
        yield _write(warehouse, _VALUE, [*values, empty_value], as_of)
        yield _write(warehouse, _CARD, [pd.DataFrame(cards)], as_of)
        yield _write(warehouse, _DRIFT, drifts, as_of)
        yield from model_checks(warehouse, cards, as_of)


SCORE_ASSETS = [scores]
