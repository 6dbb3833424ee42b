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

from models.drift import SCORE, Baseline, baseline_of
from models.evaluation import RESAMPLES, Comparison, Interval, calibration_table
from models.fallback import PurchaseRule
from models.judging import (
    MAX_TRAINING_ROWS,
    MODEL,
    JudgedPropensity,
    PropensityTask,
    checked_samples,
    judge_propensity,
    matrix,
    positive_probability,
    propensity_model,
    rule_at_test,
    season_shift,
    stable_sample,
)
from models.label_audit import require_closed_windows
from models.model_card import CalibrationBin, LabelAudit, ModelCard
from models.propensity import PropensityModel
from models.reasons import FeatureImportance, importance
from models.scoring import score_customers
from models.season import NO_MODEL, SeasonShift, is_harmful, moved, season_origin, shifted
from models.sequence import SequenceModel
from models.sequence_trial import NOT_ASKED, READ_ROWS, fit_sequence, with_score

IMPORTANCE_ROWS = 20_000
RANKING_MEASURES = ("auc", "pr_auc", "lift_at_10", "capture_at_10")
RANKING_RULES = ("recency rule", "RFM score")
LIMITS = (
    "ranks and sizes groups; one person's probability is not a fact about that person",
    "learnt from this shop's past: a change of range, price or channel is not in it",
    "not for personal prices, credit, or exclusion from service",
)


@dataclass(frozen=True)
class TrainedPropensity:
    """A model ready to score, its card, and its predictions on the test origin.

    `test_predictions`: one row per test customer: user_id, outcome (0/1), probability, and one column per baseline; the
    probability is that of the evaluated model, which saw no label of the test origin's window. `baseline`: features and
    scores of the newest training origin, against which drift is measured. `sequence`, `evaluated_sequence`: the networks whose
    scores both models take as a member, None where it is none; then the rows to score need the column `recent_days`.
    """

    task: PropensityTask
    model: PropensityModel | PurchaseRule
    card: ModelCard
    test_predictions: pd.DataFrame
    evaluated: PropensityModel | PurchaseRule
    baseline: Baseline
    sequence: SequenceModel | None = None
    evaluated_sequence: SequenceModel | None = None

    def score(self, features: pd.DataFrame) -> pd.DataFrame:
        """One row per input row: user_id, probability, percentile (0..1, 1 = most likely), reason_codes."""
        columns = (
            self.task.features if isinstance(self.model, PropensityModel) else ("recency_days", *self.model.columns)
        )
        return score_customers(self.model, with_score(features, self.sequence), columns=columns)

    def evaluated_probability(self, rows: pd.DataFrame) -> np.ndarray:
        """Probabilities (n,) by the evaluated model: what this version would have said had its last origin not come yet."""
        return positive_probability(self.evaluated, with_score(rows, self.evaluated_sequence), self.task)


def train_and_evaluate(  # noqa: PLR0913 the samples and the clock of the protocol
    samples: pd.DataFrame,
    task: PropensityTask,
    *,
    test_as_of: date,
    known_until: date,
    rule_customers: pd.DataFrame | None = None,
    season: pd.DataFrame | None = None,
    max_rows: int = MAX_TRAINING_ROWS,
    resamples: int = RESAMPLES,
    random_state: int = 0,
) -> TrainedPropensity:
    """Judge on the test origin a model of the earlier origins, then refit it on all; fall back to a rule on thin data.

    `samples`: one row per user_id and as_of, with the task's features and label, and recency_days, orders_count,
    net_amount_365d, repeat_days, first_to_last_days, tenure_days for the rules. Training origins are those whose label
    window closed by the test origin; origins in between join only the final fit. Outcomes are known for dates before
    `known_until`. More than `max_rows` rows are thinned to a stable sample of users. `rule_customers`, `season`: see
    `judge_propensity`; the scoring model's own shift is tried on the test origin.

    Minimum data and a label that passes its audit, else the label-free rule and a card that says so: history of 3 horizons,
    100 customers with and 100 without the outcome in the training origins, both outcomes at the test origin. The rule also
    scores where it was shown to rank better than the model on the test origin (`rule_trial.py`); measures stay the model's.

    Raises ValueError for missing columns, missing labels, an open label window, or no row at the test origin.
    """
    samples = checked_samples(samples, task, test_as_of=test_as_of)
    require_closed_windows(samples, horizon_days=task.horizon_days, known_until=known_until)
    judged = judge_propensity(
        samples,
        task,
        test_as_of=test_as_of,
        rule_customers=rule_customers,
        season=season,
        max_rows=max_rows,
        random_state=random_state,
    )
    past, test, truth, audit = judged.past, judged.test, judged.truth, judged.audit
    task, member, sequence = judged.task, judged.sequence, None
    model, evaluated, final, own_shift = judged.model, judged.model, past, judged.season
    stands_in, won = judged.too_thin, rule_at_test(judged, rule_customers, resamples=resamples)
    if won is not None:
        model, evaluated, final, stands_in = won.rule, won.rule, past.head(0), f"{won.reason}, so it scores"
        task, member, own_shift = judged.plain_task, NOT_ASKED, NO_MODEL
    elif isinstance(judged.model, PropensityModel):
        final = stable_sample(samples, max_rows)
        newest = (final["as_of"] == pd.Timestamp(test_as_of)).to_numpy()
        if member.model is not None:
            read, about = stable_sample(samples, READ_ROWS), {"horizon_days": task.horizon_days}
            sequence = fit_sequence(read, task.label, **about, previous=member.model, random_state=random_state)
            final = with_score(final, member.model)  # of the newest rows, which that network did not see
        model = propensity_model(task, random_state)
        model.refit(matrix(final, task), final[task.label], newest=newest, previous=judged.model)
        own_shift = _season_of(model, judged, None if season is None else with_score(season, sequence))
        shifted(model, own_shift.shift)
    comparison = judged.compare(seed=random_state, resamples=resamples)
    card = ModelCard(
        outcome=task.outcome,
        horizon_days=task.horizon_days,
        label_definition=task.label_definition,
        model=_describe(model),
        is_fallback=stands_in is not None,
        reason=stands_in,
        test_origin=test_as_of.isoformat(),
        evaluation_origins=_origins(past),
        final_origins=_origins(final),
        training_rows=len(past),
        training_customers=int(past["user_id"].nunique()),
        test_customers=len(test),
        features=model.columns if isinstance(model, PurchaseRule) else task.features,
        measures=comparison.measures[MODEL],
        baselines=_baseline_measures(comparison),
        improvements=_improvements(comparison),
        calibration=_calibration(truth, judged.predictions[MODEL]),
        label_audit=audit,
        importance=() if stands_in is not None else _importance(judged),
        settings=_settings(model, max_rows=max_rows),
        season={"judged": judged.season.reason, "scoring": own_shift.reason},
        sequence=member.trial.reason,
        is_replaced=won is not None,
        data_window=(_first_date(samples), known_until.isoformat()),
        limits=LIMITS + _findings(audit),
        versions={"scikit-learn": sklearn.__version__, "numpy": np.__version__, "pandas": pd.__version__},
    )
    known = {"user_id": test["user_id"].to_numpy(), "outcome": truth, "probability": judged.predictions[MODEL]}
    rules = {name: scores for name, scores in judged.predictions.items() if name != MODEL}
    scored = test.assign(**{SCORE: positive_probability(model, test, task)})
    baseline = baseline_of(scored, [SCORE, *card.features])
    predictions = pd.DataFrame({**known, **rules})
    return TrainedPropensity(task, model, card, predictions, evaluated, baseline, sequence, member.model)


def _importance(judged: JudgedPropensity) -> tuple[FeatureImportance, ...]:
    """What moves the scores of the test customers (at most 20,000 of them); nothing to say of a rule."""
    if not isinstance(judged.model, PropensityModel):
        return ()
    customers = matrix(judged.test.iloc[:: 1 + len(judged.test) // IMPORTANCE_ROWS], judged.task)
    return importance(judged.model.contributions(customers), customers)


def _season_of(model: PropensityModel, judged: JudgedPropensity, season: pd.DataFrame | None) -> SeasonShift:
    """The shift of the scoring model, one year before the date it scores from, tried on the judged model's test origin."""
    if season is None or judged.season.origin is None:
        return judged.season
    plain = moved(judged.predictions[MODEL], -judged.season.shift)
    trial = is_harmful(plain, judged.truth, judged.season.candidate)
    scoring_from = judged.test["as_of"].iloc[0].date() + timedelta(days=judged.task.horizon_days)
    then = season[season["as_of"] == pd.Timestamp(season_origin(scoring_from))]
    return season_shift(model, judged.task, then, judged.test, trial=trial)


def _origins(samples: pd.DataFrame) -> tuple[str, ...]:
    return tuple(str(pd.Timestamp(origin).date()) for origin in sorted(samples["as_of"].unique()))


def _first_date(samples: pd.DataFrame) -> str:
    """Date of the oldest order behind the samples; their oldest origin where nobody had ordered."""
    first = samples["as_of"] - pd.to_timedelta(samples["tenure_days"].fillna(0).astype("int64"), unit="D")
    return str(first.min().date())


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
        if name != MODEL
    }


def _improvements(comparison: Comparison) -> dict[str, Interval]:
    others: Sequence[str] = [name for name in comparison.measures if name != MODEL]
    return {name: comparison.improvement(MODEL, name, measure="auc") for name in others}


def _calibration(truth: np.ndarray, probability: np.ndarray) -> tuple[CalibrationBin, ...]:
    rows = calibration_table(truth, probability).itertuples(index=False, name=None)
    return tuple(
        CalibrationBin(int(number), int(size), float(mean), float(share)) for number, size, mean, share in rows
    )


def _findings(audit: LabelAudit) -> tuple[str, ...]:
    return tuple(f"label audit: {finding}" for finding in audit.findings)
