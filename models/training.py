"""Training and judging a propensity on the future: origins in, a refitted model and its card out.

Belongs here: the out-of-time protocol, minimum data, the choice between model and rule. Does not belong here: building
features and labels (`sql/`), estimators (`propensity.py`, `fallback.py`), measures (`evaluation.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import sklearn

from models.baselines import RFM_FEATURES, recency_rule, rfm_regression, rfm_score
from models.evaluation import RESAMPLES, Comparison, Interval, calibration_table, compare
from models.fallback import HISTORY_COLUMNS, PurchaseRule
from models.label_audit import audit_labels, require_closed_windows
from models.model_card import CalibrationBin, LabelAudit, ModelCard
from models.propensity import PropensityModel
from models.scoring import score_customers

HISTORY_HORIZONS = 3
CASES_AT_LEAST = 100
MAX_TRAINING_ROWS = 200_000
RANKING_MEASURES = ("auc", "pr_auc", "lift_at_10", "capture_at_10")
RANKING_RULES = ("recency rule", "RFM score")
LIMITS = (
    "ranks and sizes groups; one person's probability is not a fact about that person",
    "learnt from this shop's past: a change of range, price or channel is not in it",
    "not for personal prices, credit, or exclusion from service",
)


@dataclass(frozen=True)
class PropensityTask:
    """The question: which 0/1 column is predicted, within how many days, from which features.

    outcome is "purchase" or "churn"; it sets the direction of the rules.
    """

    outcome: str
    horizon_days: int
    label: str
    label_definition: str
    features: tuple[str, ...]


@dataclass(frozen=True)
class TrainedPropensity:
    """A model ready to score, its card, and its predictions on the test origin.

    `test_predictions`: one row per test customer: user_id, outcome (0/1), probability, and one column per baseline; the
    probability is that of the evaluated model, which saw no label of the test origin's window.
    """

    task: PropensityTask
    model: PropensityModel | PurchaseRule
    card: ModelCard
    test_predictions: pd.DataFrame

    def score(self, features: pd.DataFrame) -> pd.DataFrame:
        """One row per input row: user_id, probability, percentile (0..1, 1 = most likely), reason_codes."""
        columns = self.task.features if isinstance(self.model, PropensityModel) else ("recency_days", *HISTORY_COLUMNS)
        return score_customers(self.model, features, columns=columns)


def train_and_evaluate(
    samples: pd.DataFrame,
    task: PropensityTask,
    *,
    test_as_of: date,
    known_until: date,
    max_rows: int = MAX_TRAINING_ROWS,
    resamples: int = RESAMPLES,
    random_state: int = 0,
) -> TrainedPropensity:
    """Judge on the test origin a model of the earlier origins, then refit it on all; fall back to a rule on thin data.

    `samples`: one row per user_id and as_of, with the task's features and label, and recency_days, orders_count,
    net_amount_365d, repeat_days, first_to_last_days, tenure_days for the rules. Training origins are those whose label
    window closed by the test origin; origins in between join only the final fit. Outcomes are known for dates before
    `known_until`. More than `max_rows` rows are thinned to a stable sample of users.

    Minimum data, else the label-free rule and a card that says so: history of 3 horizons, 100 customers with and 100
    without the outcome in the training origins, both outcomes at the test origin.

    Raises ValueError for missing columns, missing labels, an open label window, or no row at the test origin.
    """
    samples = _checked(samples, task, test_as_of=test_as_of)
    require_closed_windows(samples, horizon_days=task.horizon_days, known_until=known_until)
    audit = audit_labels(samples, label=task.label, outcome=task.outcome)
    is_test = samples["as_of"] == pd.Timestamp(test_as_of)
    test = samples[is_test]
    past = samples[samples["as_of"] <= pd.Timestamp(test_as_of - timedelta(days=task.horizon_days))]
    rule = PurchaseRule.fit(test, outcome=task.outcome, horizon_days=task.horizon_days)
    too_thin = _too_thin(past, test, task)
    predictions = {
        "recency rule": recency_rule(test, outcome=task.outcome),
        "RFM score": rfm_score(test, outcome=task.outcome),
        rule.name: rule.predict_proba(test)[:, 1],
    }
    if too_thin is not None:
        judged, model, past = predictions.pop(rule.name), rule, past.head(0)
        final = past
    else:
        past = _stable_sample(past, max_rows)
        regression = rfm_regression().fit(past[list(RFM_FEATURES)].astype(float), past[task.label])
        predictions["regression on RFM"] = regression.predict_proba(test[list(RFM_FEATURES)].astype(float))[:, 1]
        evaluated = PropensityModel(label_days=task.horizon_days, random_state=random_state)
        evaluated.fit(_matrix(past, task), past[task.label], origin=past["as_of"].to_numpy())
        judged = evaluated.predict_proba(_matrix(test, task))[:, 1]
        final = _stable_sample(samples, max_rows)
        newest = (final["as_of"] == pd.Timestamp(test_as_of)).to_numpy()
        model = PropensityModel(label_days=task.horizon_days, random_state=random_state)
        model.refit(_matrix(final, task), final[task.label], newest=newest, previous=evaluated)
    truth = test[task.label].to_numpy()
    comparison = compare(
        truth, {"model": judged, **predictions}, kind="probability", seed=random_state, resamples=resamples
    )
    card = ModelCard(
        outcome=task.outcome,
        horizon_days=task.horizon_days,
        label_definition=task.label_definition,
        model=_describe(model),
        is_fallback=too_thin is not None,
        reason=too_thin,
        test_origin=test_as_of.isoformat(),
        evaluation_origins=_origins(past),
        final_origins=_origins(final),
        training_rows=len(past),
        training_customers=int(past["user_id"].nunique()),
        test_customers=len(test),
        features=task.features if too_thin is None else HISTORY_COLUMNS,
        measures=comparison.measures["model"],
        baselines=_baseline_measures(comparison),
        improvements=_improvements(comparison),
        calibration=_calibration(truth, judged),
        label_audit=audit,
        settings=_settings(model, max_rows=max_rows),
        limits=LIMITS + _findings(audit),
        versions={"scikit-learn": sklearn.__version__, "numpy": np.__version__, "pandas": pd.__version__},
    )
    known = {"user_id": test["user_id"].to_numpy(), "outcome": truth, "probability": judged}
    return TrainedPropensity(task, model, card, pd.DataFrame({**known, **predictions}))


def _checked(samples: pd.DataFrame, task: PropensityTask, *, test_as_of: date) -> pd.DataFrame:
    """Rows up to the test origin in a fixed order, with dates as timestamps and the label as 0/1."""
    needed = ("user_id", "as_of", task.label, *task.features, *RFM_FEATURES, *HISTORY_COLUMNS)
    missing = [column for column in dict.fromkeys(needed) if column not in samples.columns]
    if missing:
        raise ValueError(f"training samples lack {len(missing)} columns: {', '.join(missing)}")
    samples = samples.assign(as_of=pd.to_datetime(samples["as_of"]))
    unknown = int(samples[task.label].isna().sum())
    if unknown:
        raise ValueError(f"{unknown} of {len(samples)} training samples have no {task.label}; drop open origins first")
    later = int((samples["as_of"] > pd.Timestamp(test_as_of)).sum())
    if later:
        raise ValueError(f"{later} of {len(samples)} training samples are later than the test origin {test_as_of}")
    repeated = int(samples.duplicated(["user_id", "as_of"]).sum())
    if repeated:
        raise ValueError(f"{repeated} of {len(samples)} training samples repeat a user at one as_of")
    if not (samples["as_of"] == pd.Timestamp(test_as_of)).any():
        raise ValueError(f"no training sample at the test origin {test_as_of}; nothing can be judged there")
    samples = samples.assign(**{task.label: samples[task.label].astype("int64")})
    # Forests draw rows by position: a fixed order makes the model independent of the order of arrival.
    return samples.sort_values(["as_of", "user_id"], ignore_index=True)


def _too_thin(past: pd.DataFrame, test: pd.DataFrame, task: PropensityTask) -> str | None:
    """Why the data do not carry a model, or None where they do (DEFINITIONS, "Minimum data")."""
    oldest = test["tenure_days"].max()
    history = 0 if pd.isna(oldest) else int(oldest) + task.horizon_days
    if history < HISTORY_HORIZONS * task.horizon_days:
        return f"history of {history} days is shorter than {HISTORY_HORIZONS} horizons of {task.horizon_days} days"
    customers = {value: int(past.loc[past[task.label] == value, "user_id"].nunique()) for value in (1, 0)}
    if min(customers.values()) < CASES_AT_LEAST:
        return (
            f"{customers[1]} customers with and {customers[0]} without the outcome before the test origin; "
            f"{CASES_AT_LEAST} of each are needed"
        )
    if test[task.label].nunique() < 2:
        return f"only one outcome among the {len(test)} customers of the test origin"
    return None


def _stable_sample(samples: pd.DataFrame, max_rows: int) -> pd.DataFrame:
    """All rows, or those of a stable share of the users (by a hash of user_id), near `max_rows` rows."""
    if len(samples) <= max_rows:
        return samples
    place = pd.util.hash_pandas_object(samples["user_id"], index=False).to_numpy() / 2.0**64
    return samples[place < max_rows / len(samples)]


def _matrix(samples: pd.DataFrame, task: PropensityTask) -> pd.DataFrame:
    return samples[list(task.features)].astype(float)


def _origins(samples: pd.DataFrame) -> tuple[str, ...]:
    return tuple(str(pd.Timestamp(origin).date()) for origin in sorted(samples["as_of"].unique()))


def _describe(model: PropensityModel | PurchaseRule) -> str:
    if isinstance(model, PurchaseRule):
        return model.name
    weights = ", ".join(f"{member} {weight:.2f}" for member, weight in model.weights_.items())
    return f"blend of {weights}; calibration: {model.calibration_}"


def _settings(model: PropensityModel | PurchaseRule, *, max_rows: int) -> dict[str, object]:
    if isinstance(model, PurchaseRule):
        return {}
    platt = {"slope": model.platt_.slope, "intercept": model.platt_.intercept}
    return {**model.get_params(), "max_rows": max_rows, "platt": platt}


def _baseline_measures(comparison: Comparison) -> dict[str, dict[str, Interval]]:
    """Measures of everything but the model; rules that only rank have no calibration to show."""
    return {
        name: {key: value for key, value in measures.items() if name not in RANKING_RULES or key in RANKING_MEASURES}
        for name, measures in comparison.measures.items()
        if name != "model"
    }


def _improvements(comparison: Comparison) -> dict[str, Interval]:
    others: Sequence[str] = [name for name in comparison.measures if name != "model"]
    return {name: comparison.improvement("model", name, measure="auc") for name in others}


def _calibration(truth: np.ndarray, probability: np.ndarray) -> tuple[CalibrationBin, ...]:
    rows = calibration_table(truth, probability).itertuples(index=False, name=None)
    return tuple(
        CalibrationBin(int(number), int(size), float(mean), float(share)) for number, size, mean, share in rows
    )


def _findings(audit: LabelAudit) -> tuple[str, ...]:
    return tuple(f"label audit: {finding}" for finding in audit.findings)
