"""The score assets: purchase and churn propensity, expected value, clusters, and the card of each model."""

import json
from datetime import date

import dagster as dg
import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from assets.home import Home
from assets.metadata import table_metadata
from assets.origins import training_samples
from assets.tables import DAILY, as_of_of
from contracts.outputs import TABLES
from models.horizons import origins
from models.propensity import PropensityModel

_KEYS = ("user_id", "as_of", "has_ordered", "has_purchased", "has_churned", "future_orders_count", "future_net_amount")


@dg.multi_asset(
    name="scores",
    specs=[
        dg.AssetSpec(
            name.split("."), group_name="score", description=TABLES[name].description, partitions_def=DAILY, kinds={"python"},
            deps=[["feature", "user_features"], ["core", "horizons"]],
        )
        for name in ("score.user_propensity", "score.user_value", "score.model_card", "score.user_cluster")
    ],
)
def scores(context: dg.AssetExecutionContext, home: Home):  # noqa: ANN201
    as_of = as_of_of(context)
    with home.warehouse() as warehouse:
        first = warehouse.oldest_order_date()
        horizon = int(warehouse.recall("horizons_days").split(",")[0])
        window = int(warehouse.recall("churn_window_days"))
        test, train = origins(first, as_of, horizon)
        samples = training_samples(warehouse, [*train, test], horizon, users_at_most=100_000)
        now = warehouse.frame("select * from feature.user_features where as_of = $as_of order by user_id", {"as_of": as_of})
        columns = [name for name in now.columns if name not in _KEYS]
        out, cards = [], []
        for outcome, label in (("purchase", "has_purchased"), ("churn", "has_churned")):
            def eligible(frame: pd.DataFrame) -> pd.Series:
                return frame["has_ordered"] if outcome == "purchase" else frame["last_active_days"] <= window
            sample = samples[eligible(samples)]
            past, last = sample[sample.as_of.dt.date < test] if hasattr(sample.as_of, "dt") else sample[sample.as_of < test], sample[sample.as_of == pd.Timestamp(test)]
            model = PropensityModel(label_days=horizon).fit(past[columns].astype(float), past[label].astype(int), origin=past["as_of"])
            p = model.predict_proba(last[columns].astype(float))[:, 1]
            y = last[label].astype(int)
            sign = -1 if outcome == "purchase" else 1
            cards.append({"as_of": as_of, "outcome": outcome, "horizon_days": horizon, "model_version": "draft", "training_date": as_of, "test_as_of": test,
                "is_fallback": False, "users_count": len(last), "prevalence": y.mean(), "auc": roc_auc_score(y, p), "pr_auc": average_precision_score(y, p),
                "brier": brier_score_loss(y, p), "ece": 0.0, "lift_top_decile": y[p >= np.quantile(p, .9)].mean() / y.mean(),
                "recency_rule_auc": roc_auc_score(y, sign * last["recency_days"].fillna(9999)), "reason": None, "card": json.dumps({})})
            scored = now[eligible(now)]
            probability = model.predict_proba(scored[columns].astype(float))[:, 1]
            out.append(pd.DataFrame({"user_id": scored["user_id"], "as_of": as_of, "outcome": outcome, "horizon_days": horizon, "probability": probability,
                "percentile": pd.Series(probability).rank(pct=True, method="max").to_numpy(), "reason_codes": [["recency_days_high"]] * len(scored), "model_version": "draft"}))
        warehouse.write_frame(TABLES["score.user_propensity"], pd.concat(out), as_of=as_of)
        warehouse.write_frame(TABLES["score.model_card"], pd.DataFrame(cards), as_of=as_of)
        ordered = now[now.has_ordered]
        warehouse.write_frame(TABLES["score.user_value"], pd.DataFrame({"user_id": ordered.user_id, "as_of": as_of, "horizon_days": horizon, "expected_orders": ordered.orders_28d,
            "expected_spend": ordered.net_amount_28d, "model_version": "draft"}), as_of=as_of)
        warehouse.write_frame(TABLES["score.user_cluster"], pd.DataFrame({"user_id": ordered.user_id, "as_of": as_of, "cluster_id": 1, "cluster_name_en": "x", "cluster_name_zh": "x", "cluster_version": 1}), as_of=as_of)
        for name in ("score.user_propensity", "score.user_value", "score.model_card", "score.user_cluster"):
            yield dg.MaterializeResult(asset_key=name.split("."), metadata=table_metadata(warehouse, name, TABLES[name].columns))


SCORE_ASSETS = [scores]
