"""Campaign response: the calibrated probability that a contacted user redeems a coupon of a campaign.

Belongs here: the model, its choice and calibration in rolling time, its card. Does not belong here: what was known when a
campaign began (`sql/feature/campaign_contact.sql`), and effects: campaigns that were not randomised say who responds, not
whom a contact moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from threadpoolctl import threadpool_limits

from models.calibration import PlattScaling, fit_platt, logit
from models.evaluation import RESAMPLES, calibration_table, compare
from models.preparation import FeaturePreparation

FEATURES = (
    "recency_days", "orders_count", "orders_28d", "orders_90d", "coupon_orders_count", "coupon_orders_90d",
    "coupon_order_share", "days_since_coupon_order", "bought_amount", "bought_amount_90d", "discount_share",
    "offered_lines_count", "offered_orders_count", "offered_amount", "offered_share", "campaign_days", "coupons_count",
    "offered_products_count", "contacts_count", "open_campaigns_count", "redemptions_count", "redeemed_campaigns_count",
    "days_since_redemption",
)  # fmt: skip
KEYS = ("campaign_id", "user_id", "first_date", "last_date")
LABEL = "has_redeemed"
CAMPAIGNS_AT_LEAST, CASES_AT_LEAST = 3, 50
PENALTIES = (0.001, 0.003, 0.01, 0.03)
"""Inverse penalties tried; campaigns are few and differ, so all are strong."""
DEFAULT_PENALTY = 0.003
PRIOR_CONTACTS = 5.0  # the rule counts a user's own record as so many contacts of the average user
LIMITS = (
    "says who redeems, not whom a contact moves: campaigns were not randomised",
    "learnt from this shop's past campaigns: a new kind of campaign is not in it",
    "not for personal prices, credit, or exclusion from service",
)


@dataclass(frozen=True)
class ResponseModel:
    """A fitted logistic regression and the Platt scaling learnt on campaigns that came after those it had been fitted on."""

    regression: Pipeline
    platt: PlattScaling
    penalty: float

    def probability(self, contacts: pd.DataFrame) -> np.ndarray:
        """P(redeem) of each row (n,), from `FEATURES`; missing values are data."""
        return self.platt.probability(_score(self.regression, contacts))

    def explain(self, contacts: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """P(redeem) (n,) and the log odds that each of `FEATURES` adds to the average contact's, (n, n_features).

        A feature's missing indicator counts as the feature; the sum over the features is exact.
        """
        preparation, regression = self.regression.named_steps.values()
        added = self.platt.slope * preparation.transform(_matrix(contacts)) * regression.coef_[0]
        total = added[:, : len(FEATURES)].copy()
        # column by column: two indicators never belong to one feature
        total[:, preparation.indicator_] += added[:, len(FEATURES) :]
        return self.probability(contacts), total


@dataclass(frozen=True)
class ResponseRule:
    """Where the past holds too little for a model: the user's own share of campaigns redeemed, shrunk to that of all."""

    prevalence: float

    def probability(self, contacts: pd.DataFrame) -> np.ndarray:
        """(redeemed campaigns + 5 x prevalence) / (contacts + 5) of each row, shape (n,)."""
        redeemed = contacts["redeemed_campaigns_count"].to_numpy(dtype=np.float64)
        contacted = contacts["contacts_count"].to_numpy(dtype=np.float64)
        share = (redeemed + PRIOR_CONTACTS * self.prevalence) / (np.maximum(contacted, redeemed) + PRIOR_CONTACTS)
        return np.clip(share, 0.0, 1.0)

    def explain(self, contacts: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """P(redeem) (n,) and the log odds that the own record adds to those of all, at the redeemed campaigns."""
        probability, added = self.probability(contacts), np.zeros((len(contacts), len(FEATURES)))
        added[:, FEATURES.index("redeemed_campaigns_count")] = logit(probability) - logit(np.array(self.prevalence))
        return probability, added


@dataclass(frozen=True)
class TrainedResponse:
    """What scores contacts, its card, and the predictions of rolling time.

    `rolling`: one row per contact of a judged campaign: campaign_id, user_id, outcome (0/1), probability, rule; each
    probability is of a model that saw only campaigns that had ended when its campaign began.
    """

    model: ResponseModel | ResponseRule
    card: dict[str, Any]
    rolling: pd.DataFrame

    @property
    def is_fallback(self) -> bool:
        """Whether the rule stands in for a model."""
        return isinstance(self.model, ResponseRule)


def train_response(samples: pd.DataFrame, *, resamples: int = RESAMPLES, seed: int = 0) -> TrainedResponse:
    """Train on ended campaigns and judge in rolling time: each campaign by a model of those that ended before it began.

    `samples`: one row per campaign_id and user_id with first_date, last_date, `FEATURES` as known on the first day, and
    has_redeemed. The penalty is the one with the least log loss on the rolling predictions known by then; Platt scaling is
    fitted on the same. Below 3 ended campaigns, 50 redeemers or 50 others the rule stands in, and the card says so.

    Raises ValueError for missing columns or labels.
    """
    samples = _checked(samples)
    prevalence = float(samples[LABEL].mean()) if len(samples) else 0.0
    reason = _too_thin(samples)
    rolling = roll(samples)
    rule = ResponseRule(prevalence)
    if reason is not None:
        return TrainedResponse(rule, _card(samples, rolling, reason, resamples=resamples, seed=seed), rolling)
    penalty = _best_penalty(rolling)
    model = ResponseModel(_fit(samples, (penalty,))[penalty], _platt(rolling, penalty), penalty)
    card = _card(samples, rolling, None, resamples=resamples, seed=seed)
    weights = model.regression.named_steps["logisticregression"].coef_[0][: len(FEATURES)]
    strongest = sorted(zip(FEATURES, weights.tolist(), strict=True), key=lambda pair: -abs(pair[1]))
    card |= {"penalty": penalty, "weights": {name: round(weight, 4) for name, weight in strongest}}
    return TrainedResponse(model, card, rolling)


def roll(samples: pd.DataFrame) -> pd.DataFrame:
    """Predict each campaign by a model of the campaigns that had ended when it began; first campaigns are not judged.

    One row per contact judged: the columns of `TrainedResponse.rolling`, first_date, last_date and the score of each penalty.
    """
    samples = _checked(samples)
    figures = ("outcome", "probability", "rule", *map(_column, PENALTIES))
    done = samples.head(0)[list(KEYS)].assign(**dict.fromkeys(figures, 0.0))
    for first_date, contacts in samples.groupby("first_date", sort=True):
        past = samples[samples["last_date"] < first_date]
        if _too_thin(past) is not None:
            continue
        fitted = _fit(past, PENALTIES)
        scores = {_column(penalty): _score(fitted[penalty], contacts) for penalty in PENALTIES}
        known = done[done["last_date"] < first_date]
        penalty = _best_penalty(known)
        judged = contacts[list(KEYS)].assign(
            outcome=contacts[LABEL].astype("int64"),
            probability=_platt(known, penalty).probability(scores[_column(penalty)]),
            rule=ResponseRule(float(past[LABEL].mean())).probability(contacts),
            **scores,
        )
        done = judged if done.empty else pd.concat([done, judged], ignore_index=True)
    return done


def split_by_date(samples: pd.DataFrame, cut: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Contacts of campaigns that had ended before `cut`, and of those that began on it or later; others are in neither."""
    samples = _checked(samples)
    moment = pd.Timestamp(cut)
    return samples[samples["last_date"] < moment], samples[samples["first_date"] >= moment]


def _checked(samples: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in (*KEYS, LABEL, *FEATURES) if name not in samples.columns]
    if missing:
        raise ValueError(f"campaign samples lack {len(missing)} columns: {', '.join(missing)}")
    if unknown := int(samples[LABEL].isna().sum()):
        raise ValueError(f"{unknown} of {len(samples)} campaign samples have no {LABEL}; take ended campaigns only")
    dated = samples.assign(
        first_date=pd.to_datetime(samples["first_date"]), last_date=pd.to_datetime(samples["last_date"])
    )
    return dated.sort_values(["first_date", "campaign_id", "user_id"], ignore_index=True)


def _too_thin(samples: pd.DataFrame) -> str | None:
    campaigns, redeemers = samples["campaign_id"].nunique(), int(samples[LABEL].sum())
    if campaigns >= CAMPAIGNS_AT_LEAST and min(redeemers, len(samples) - redeemers) >= CASES_AT_LEAST:
        return None
    return (
        f"{campaigns} ended campaigns, {redeemers} contacts with and {len(samples) - redeemers} without a redemption; "
        f"{CAMPAIGNS_AT_LEAST} campaigns and {CASES_AT_LEAST} contacts of each are needed"
    )


def _matrix(contacts: pd.DataFrame) -> pd.DataFrame:
    return contacts[list(FEATURES)].astype(float)


def _fit(samples: pd.DataFrame, penalties: Sequence[float]) -> dict[float, Pipeline]:
    """Penalty -> fitted regression; all share one preparation. Newton's method: a hundredth of the steps of L-BFGS."""
    with threadpool_limits(limits=1):  # small products: a second thread only waits
        preparation = FeaturePreparation()
        prepared = preparation.fit_transform(_matrix(samples))
        outcome = samples[LABEL].astype("int64")
        return {
            penalty: make_pipeline(
                preparation, LogisticRegression(C=penalty, solver="newton-cholesky").fit(prepared, outcome)
            )
            for penalty in penalties
        }


def _score(regression: Pipeline, contacts: pd.DataFrame) -> np.ndarray:
    return logit(regression.predict_proba(_matrix(contacts))[:, 1])


def _column(penalty: float) -> str:
    return f"score_{penalty}"


def _best_penalty(known: pd.DataFrame) -> float:
    """Penalty with the least log loss after its own Platt scaling on the rolling predictions; the default on too few."""
    if not _enough(known):
        return DEFAULT_PENALTY
    losses = {}
    for penalty in PENALTIES:
        score = known[_column(penalty)].to_numpy(dtype=np.float64)
        likely = np.clip(_platt(known, penalty).probability(score), 1e-9, 1 - 1e-9)
        outcome = known["outcome"].to_numpy(dtype=np.float64)
        losses[penalty] = float(-np.mean(outcome * np.log(likely) + (1 - outcome) * np.log1p(-likely)))
    return min(losses, key=lambda penalty: losses[penalty])


def _platt(known: pd.DataFrame, penalty: float) -> PlattScaling:
    if not _enough(known):
        return PlattScaling()
    score = known[_column(penalty)].to_numpy(dtype=np.float64)
    return fit_platt(score, known["outcome"].to_numpy(dtype=np.float64))


def _enough(known: pd.DataFrame) -> bool:
    return len(known) > 0 and min(known["outcome"].sum(), (1 - known["outcome"]).sum()) >= CASES_AT_LEAST


def _card(
    samples: pd.DataFrame, rolling: pd.DataFrame, reason: str | None, *, resamples: int, seed: int
) -> dict[str, Any]:
    """Return the card: what was asked, of which campaigns, how it did in rolling time beside the rule; JSON-able."""
    ended: Sequence[str] = sorted(samples["campaign_id"].unique())
    card: dict[str, Any] = {
        "outcome": "coupon_redemption",
        "label_definition": "a coupon of the campaign redeemed on one of its days; population: contacted, not held out",
        "model": "rule: own share of campaigns redeemed"
        if reason
        else "logistic regression, Platt scaling in rolling time",
        "is_fallback": reason is not None,
        "reason": reason,
        "features": list(FEATURES),
        "ended_campaigns": list(ended),
        "training_rows": len(samples),
        "redeemed_share": float(samples[LABEL].mean()) if len(samples) else None,
        "limits": list(LIMITS),
        "judged_campaigns": sorted(rolling["campaign_id"].unique()),
        "judged_rows": len(rolling),
        "measures": None,
    }
    if rolling.empty or rolling["outcome"].nunique() < 2:
        return card
    truth = rolling["outcome"].to_numpy(dtype=np.int64)
    predictions = {name: rolling[name].to_numpy(dtype=np.float64) for name in ("probability", "rule")}
    compared = compare(truth, predictions, kind="probability", seed=seed, resamples=resamples)
    gain = compared.improvement("probability", "rule", measure="auc")
    bins = calibration_table(truth, predictions["probability"])
    measures = {
        name: {key: _plain(interval) for key, interval in found.items()} for name, found in compared.measures.items()
    }
    return card | {
        "measures": measures["probability"],
        "baselines": {"own share of campaigns redeemed": measures["rule"]},
        "improvements": {"own share of campaigns redeemed": _plain(gain)},
        "calibration": bins.to_dict("records"),
    }


def _plain(interval: Any) -> dict[str, float | None]:
    return {
        name: float(getattr(interval, name)) if np.isfinite(getattr(interval, name)) else None
        for name in ("value", "low", "high")
    }
