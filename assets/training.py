"""Trains the models of one horizon at one date: samples from past origins, judged out of time.

Which of the trained models scores stands in `assets/champions.py`.
The protocol itself lives in `models/training.py` and `models/value.py`; building the samples in `assets/origins.py`.
"""

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pandas as pd

from assets.origins import training_samples
from assets.sequences import is_missing, is_wanted
from assets.warehouse import Warehouse
from contracts.settings import Settings
from models.horizons import origins
from models.season import season_origins
from models.sequence_days import RECENT_DAYS
from models.sequence_fitting import LEFT_OUT
from models.threads import fit_side_by_side
from models.training import PropensityTask, TrainedPropensity, train_and_evaluate
from models.value import TrainedValue, train_value
from sql.queries import SQL_ROOT, load_queries

NOT_FEATURES = (
    "user_id", "as_of", "has_ordered", "has_purchased", "has_churned", "future_orders_count", "future_net_amount",
    RECENT_DAYS,
)  # fmt: skip
Trained = tuple[TrainedPropensity | TrainedValue, dict]
LABELS = {"purchase": "has_purchased", "churn": "has_churned", "reactivation": "has_purchased"}


def code_fingerprint() -> str:
    """Return eight hex digits that change when features, labels or models change: then models are trained anew."""
    queries = [query.version for query in load_queries().values() if query.layer in ("core", "feature", "label")]
    code = [path.read_bytes() for path in sorted((SQL_ROOT.parent / "models").glob("*.py"))]
    return hashlib.sha256(b"".join([*(version.encode() for version in queries), *code])).hexdigest()[:8]


def population(frame: pd.DataFrame, outcome: str, churn_window_days: int) -> pd.DataFrame:
    """Return the rows an outcome is about.

    purchase = who has ordered; churn = who was active in the churn window; reactivation = who has ordered and was not.
    """
    ordered = frame["has_ordered"].astype(bool)
    # who was never active has no days: the comparison is false
    active = frame["last_active_days"].astype("float64") <= churn_window_days
    chosen = {"purchase": ordered, "churn": active, "reactivation": ordered & ~active}[outcome]
    return frame[chosen].reset_index(drop=True)


def feature_columns(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns models may use: everything numeric that is neither key nor label."""
    return tuple(name for name in frame.columns if name not in NOT_FEATURES)


def propensity_task(
    outcome: str, horizon_days: int, churn_window_days: int, columns: tuple[str, ...]
) -> PropensityTask:
    """Return the question of an outcome, with its label's definition in words."""
    definitions = {
        "purchase": f"a paid order in [as_of, as_of + {horizon_days} days); population: everybody who has ordered",
        "churn": f"no order and no active event in [as_of, as_of + {horizon_days} days); population: active in the "
        f"{churn_window_days} days before as_of",
        "reactivation": f"a paid order in [as_of, as_of + {horizon_days} days); population: has ordered, but was not active in "
        f"the {churn_window_days} days before as_of",
    }
    return PropensityTask(outcome, horizon_days, LABELS[outcome], definitions[outcome], columns)


def at_origins(samples: pd.DataFrame, chosen: list[date]) -> pd.DataFrame:
    """Return the rows of some origins."""
    return samples[samples["as_of"].isin([pd.Timestamp(origin) for origin in chosen])].reset_index(drop=True)


def train_at(
    warehouse: Warehouse, trained_on: date, horizon_days: int, churn_window_days: int, settings: Settings
) -> dict[str, Trained]:
    """Return outcome -> model and card, trained on what happened before a date; outcomes without a past origin are absent."""
    first, newest = warehouse.oldest_order_date(), warehouse.newest_business_date()
    if first is None or newest is None:
        return {}
    # labels end where the data end, even when as_of lies later
    known_until = min(trained_on, newest + timedelta(days=1))
    test_as_of, earlier = origins(first, known_until, horizon_days)
    if test_as_of <= first:
        return {}
    years_before = season_origins(first, test_as_of, horizon_days=horizon_days)
    samples = training_samples(
        warehouse,
        [*years_before, *earlier, test_as_of],
        horizon_days,
        users_at_most=settings.training_users_at_most,
        days="recent" if is_wanted(settings) else "none",
    )
    warehouse.free_memory()
    columns = feature_columns(samples)
    samples[list(columns)] = samples[list(columns)].astype("float32")
    samples["as_of"] = pd.to_datetime(samples["as_of"])
    everything = samples
    samples = at_origins(everything, [*earlier, test_as_of])
    buyers = population(samples, "purchase", churn_window_days)

    def propensity(outcome: str) -> Trained | None:
        """One outcome: nobody it is about at the test origin, no model."""
        eligible = population(samples, outcome, churn_window_days)
        if not (eligible["as_of"] == pd.Timestamp(test_as_of)).any():
            return None
        task = propensity_task(outcome, horizon_days, churn_window_days, columns)
        model = train_and_evaluate(
            eligible,
            task,
            test_as_of=test_as_of,
            known_until=known_until,
            # rates of lapsed or of active customers alone would be those of one half of a story
            rule_customers=samples,
            season=population(at_origins(everything, years_before), outcome, churn_window_days)
            if years_before
            else None,
        )
        if is_missing(settings):
            model = replace(model, card=replace(model.card, sequence=LEFT_OUT))
        # rows of users have no place in a model file
        return replace(model, test_predictions=model.test_predictions.head(0)), model.card.to_dict()

    def value() -> Trained:
        model = train_value(buyers, horizon_days=horizon_days, feature_columns=columns, test_as_of=test_as_of)
        card = {
            "outcome": "value",
            "horizon_days": horizon_days,
            "is_fallback": model.is_fallback,
            "reason": model.reason,
        }
        # draws of the test have no place in a model file
        return replace(model, comparisons={}), {**card, "targets": model.metrics}

    return fit_side_by_side({"value": value, **{outcome: partial(propensity, outcome) for outcome in LABELS}})
