"""Judging a propensity on the future: a model of earlier origins beside the rules, on one later origin.

Belongs here: what may train for a test origin, minimum data, the predictions that are compared. Does not belong here: the
model that scores afterwards and its card (`training.py`), many origins one after the other (`backtest.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from models.baselines import RFM_FEATURES, recency_rule, rfm_regression, rfm_score
from models.day_histories import ORDER_COLUMNS
from models.evaluation import RESAMPLES, Comparison, compare
from models.fallback import PurchaseRule
from models.label_audit import audit_labels
from models.model_card import LabelAudit
from models.propensity import PropensityModel
from models.rule_trial import TRAINED, RuleTrial, rules_of, winning_rule
from models.season import (
    NO_HISTORY,
    NO_MODEL,
    SeasonShift,
    is_harmful,
    learn_shift,
    level_shift,
    season_origin,
    shifted,
    unrecorded_features,
)
from models.sequence_days import RECENT_DAYS, SEQUENCE_SCORE
from models.sequence_trial import NOT_ASKED, READ_ROWS, SequenceMember, fit_sequence, try_sequence, with_score

HISTORY_HORIZONS = 3
CASES_AT_LEAST = 100
MAX_TRAINING_ROWS = 80_000
MODEL = "model"
WITHOUT_SEQUENCE = "without sequence"


@dataclass(frozen=True)
class PropensityTask:
    """The question: which 0/1 column is predicted, within how many days, from which features.

    outcome is "purchase", "churn" or "reactivation" (a purchase of somebody who had lapsed); it sets the direction of the rules.
    """

    outcome: str
    horizon_days: int
    label: str
    label_definition: str
    features: tuple[str, ...]


@dataclass(frozen=True)
class JudgedPropensity:
    """A model that saw no label of the test origin's window, and how it did there.

    `past` and `test`: the rows it was trained and judged on, one per user_id and as_of (`past` is empty for a rule);
    `predictions`: name -> scores of the test rows, (n_test,), "model" first; `too_thin`: why a rule
    stands in (too little data, the labels fail their audit, or the rule won at an earlier origin), or None. `season`: what was
    added to the model's log odds for the time of the year; it is in the model already. `sequence`: whether a sequence model is a
    member of the blend; where it is, `task` has its score as the last feature, and `past` and `test` have the column.
    """

    task: PropensityTask
    model: PropensityModel | PurchaseRule
    past: pd.DataFrame
    test: pd.DataFrame
    predictions: dict[str, np.ndarray]
    too_thin: str | None
    audit: LabelAudit
    season: SeasonShift = NO_HISTORY
    sequence: SequenceMember = NOT_ASKED

    @property
    def truth(self) -> np.ndarray:
        """0/1 outcomes of the test rows, shape (n_test,)."""
        return self.test[self.task.label].to_numpy()

    def compare(self, *, seed: int = 0, resamples: int = RESAMPLES) -> Comparison:
        """Measures of every prediction on the same test rows, with paired intervals."""
        return compare(self.truth, self.predictions, kind="probability", seed=seed, resamples=resamples)

    @property
    def plain_task(self) -> PropensityTask:
        """The question without the score of a sequence model."""
        return replace(self.task, features=tuple(name for name in self.task.features if name != SEQUENCE_SCORE))

    def overruled(self, trial: RuleTrial) -> JudgedPropensity:
        """The same customers judged by the rule that won a trial on an earlier origin, beside the model it replaces."""
        others = {name: scores for name, scores in self.predictions.items() if name not in (MODEL, trial.rule.name)}
        said = {MODEL: trial.rule.predict_proba(self.test)[:, 1], TRAINED: self.predictions[MODEL], **others}
        return replace(
            self, task=self.plain_task, model=trial.rule, past=self.past.head(0), predictions=said, too_thin=trial.reason,
            season=NO_MODEL, sequence=NOT_ASKED,
        )  # fmt: skip


def judge_propensity(
    samples: pd.DataFrame,
    task: PropensityTask,
    *,
    test_as_of: date,
    rule_customers: pd.DataFrame | None = None,
    season: pd.DataFrame | None = None,
    max_rows: int = MAX_TRAINING_ROWS,
    random_state: int = 0,
) -> JudgedPropensity:
    """Fit on the origins whose label window closed by the test origin, predict the test origin, beside the rules.

    `samples` as `checked_samples` returns them. More than `max_rows` rows are thinned to a stable sample of users. Below the
    minimum of data (history of 3 horizons, 100 customers with and 100 without the outcome in the training origins, both
    outcomes at the test origin) the label-free rule is judged instead; so it is where it was shown to rank better than the
    model on the newest training origin, of which the model's members had seen no label. `rule_customers`:
    everybody known at the same origins, also those outside the outcome's population, whose histories that rule is fitted on
    (lapsed customers alone would teach it wrong rates, active ones alone that nobody ever stays away).
    `season`: rows like `samples` of the origins one year earlier (`season.season_origins`), where there are any.
    """
    test = samples[samples["as_of"] == pd.Timestamp(test_as_of)]
    past = samples[samples["as_of"] <= pd.Timestamp(test_as_of - timedelta(days=task.horizon_days))]
    histories = test if rule_customers is None else _at(rule_customers, test_as_of)
    about = {"outcome": task.outcome, "horizon_days": task.horizon_days}
    floor = PurchaseRule.fit(histories, **about, orders_only=True)
    audit = audit_labels(samples, label=task.label, outcome=task.outcome)
    too_thin = _too_thin(past, test, task) or audit.refusal
    predictions = {
        "recency rule": recency_rule(test, outcome=task.outcome),
        "RFM score": rfm_score(test, outcome=task.outcome),
        floor.name: floor.predict_proba(test)[:, 1],
    }
    if too_thin is not None:
        rule = PurchaseRule.fit(histories, **about)
        judged = rule.predict_proba(test)[:, 1]
        predictions.pop(rule.name, None)  # nothing is held against itself
        return JudgedPropensity(task, rule, past.head(0), test, {MODEL: judged, **predictions}, too_thin, audit)
    past = stable_sample(past, max_rows)
    regression = rfm_regression().fit(past[list(RFM_FEATURES)].astype(float), past[task.label])
    predictions["regression on RFM"] = regression.predict_proba(test[list(RFM_FEATURES)].astype(float))[:, 1]
    plain, member = task, NOT_ASKED
    if RECENT_DAYS in past.columns:
        member, past = _tried_sequence(past, task, random_state)
        if member.trial.is_member:
            task = replace(task, features=(*task.features, SEQUENCE_SCORE))
            test, season = with_score(test, member.model), None if season is None else with_score(season, member.model)
    model = propensity_model(task, random_state)
    model.fit(matrix(past, task), past[task.label], origin=past["as_of"].to_numpy())
    shift = NO_HISTORY if season is None else _season_shift(model, (task, plain), past, test, season, random_state)
    shifted(model, shift.shift)
    judged = model.predict_proba(matrix(test, task))[:, 1]
    if member.model is not None:  # what the blend would have said without it, on the same customers
        alone = propensity_model(plain, random_state)
        alone.fit(matrix(past, plain), past[task.label], origin=past["as_of"].to_numpy())
        shifted(alone, shift.shift)
        predictions[WITHOUT_SEQUENCE] = alone.predict_proba(matrix(test, plain))[:, 1]
    found = JudgedPropensity(task, model, past, test, {MODEL: judged, **predictions}, None, audit, shift, member)
    won = _rule_that_won(model, past, task, rule_customers=past if rule_customers is None else rule_customers)
    if won is None:
        return found
    rule = PurchaseRule.fit(histories, **about, orders_only=won.rule.activity is None)
    return found.overruled(replace(won, rule=rule))


def rule_at_test(judged: JudgedPropensity, rule_customers: pd.DataFrame | None, *, resamples: int) -> RuleTrial | None:
    """The rule that beat the judged model on the test origin and should score instead from now on, or None."""
    if isinstance(judged.model, PurchaseRule):
        return None
    test_as_of = judged.test["as_of"].iloc[0].date()
    histories = judged.test if rule_customers is None else _at(rule_customers, test_as_of)
    rules = rules_of(histories, outcome=judged.task.outcome, horizon_days=judged.task.horizon_days)
    return winning_rule(judged.test, judged.truth, judged.predictions[MODEL], rules=rules, resamples=resamples)


def _rule_that_won(
    model: PropensityModel, past: pd.DataFrame, task: PropensityTask, *, rule_customers: pd.DataFrame
) -> RuleTrial | None:
    """The trial on the newest training origin, by what the model's members said of it before they had seen it."""
    if model.held_out_probability_ is None:
        return None
    newest = past["as_of"].max()
    rows = past[past["as_of"] == newest]
    rules = rules_of(_at(rule_customers, newest), outcome=task.outcome, horizon_days=task.horizon_days)
    return winning_rule(rows, rows[task.label].to_numpy(), model.held_out_probability_, rules=rules)


def propensity_model(task: PropensityTask, random_state: int) -> PropensityModel:
    """An unfitted blend for the task's features, of which the score of a sequence model is a member of its own."""
    place = task.features.index(SEQUENCE_SCORE) if SEQUENCE_SCORE in task.features else None
    return PropensityModel(label_days=task.horizon_days, score_column=place, random_state=random_state)


def _tried_sequence(past: pd.DataFrame, task: PropensityTask, random_state: int) -> tuple[SequenceMember, pd.DataFrame]:
    """The trial on training origins and, where it is won, the network of all of them and `past` with its honest scores."""
    read = stable_sample(past, READ_ROWS)
    about = {"horizon_days": task.horizon_days, "random_state": random_state}
    trial, networks = try_sequence(read, task.features, task.label, **about)
    if not trial.is_member:
        return SequenceMember(trial), past
    model = fit_sequence(read, task.label, **about, previous=networks[max(networks)])
    score = pd.Series(np.nan, index=past.index)
    for origin, network in networks.items():
        now = past[past["as_of"] == origin]
        score[now.index] = with_score(now, network)[SEQUENCE_SCORE]
    return SequenceMember(trial, model), past.assign(**{SEQUENCE_SCORE: score})


def _season_shift(
    model: PropensityModel,
    tasks: tuple[PropensityTask, PropensityTask],
    past: pd.DataFrame,
    test: pd.DataFrame,
    season: pd.DataFrame,
    random_state: int,
) -> SeasonShift:
    """The shift for the test origin, tried first on the newest training origin with a model that had not seen it.

    `tasks`: with and without the score of a sequence model, which is not known at the older origins of the trial.
    """
    task, plain = tasks
    test_as_of = test["as_of"].iloc[0].date()
    before = test_as_of - timedelta(days=task.horizon_days)
    then = _at(season, season_origin(test_as_of))
    older, recent = past[past["as_of"] <= pd.Timestamp(before - timedelta(days=task.horizon_days))], _at(past, before)
    earlier, trial = _at(season, season_origin(before)), None
    if min(len(recent), len(earlier)) > 0 and older[task.label].nunique() == 2:
        tried = propensity_model(plain, random_state)
        tried.fit(matrix(older, plain), older[task.label], origin=older["as_of"].to_numpy())
        asked = level_shift(tried.predict_proba(matrix(earlier, plain))[:, 1], earlier[task.label].to_numpy())
        trial = is_harmful(tried.predict_proba(matrix(recent, plain))[:, 1], recent[task.label].to_numpy(), asked)
    return season_shift(model, task, then, test, trial=trial)


def season_shift(
    model: PropensityModel,
    task: PropensityTask,
    then: pd.DataFrame,
    now: pd.DataFrame,
    *,
    trial: tuple[bool, float, float] | None,
) -> SeasonShift:
    """What the rows of one year earlier (`then`) ask a model to be shifted by for rows like `now`; see `season.learn_shift`."""
    if then.empty:
        return NO_HISTORY
    return learn_shift(
        model.predict_proba(matrix(then, task))[:, 1],
        then[task.label].to_numpy(dtype="float64"),
        origin=str(pd.Timestamp(then["as_of"].iloc[0]).date()),
        missing=unrecorded_features(then, now, task.features),
        trial=trial,
    )


def _at(samples: pd.DataFrame, origin: date) -> pd.DataFrame:
    return samples[pd.to_datetime(samples["as_of"]) == pd.Timestamp(origin)]


def checked_samples(samples: pd.DataFrame, task: PropensityTask, *, test_as_of: date) -> pd.DataFrame:
    """Rows up to the test origin in a fixed order, with dates as timestamps and the label as 0/1.

    Raises ValueError for missing columns, missing labels, rows later than the test origin, or none at it.
    """
    needed = ("user_id", "as_of", task.label, *task.features, *RFM_FEATURES, *ORDER_COLUMNS)
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


def stable_sample(samples: pd.DataFrame, max_rows: int) -> pd.DataFrame:
    """All rows, or those of a stable share of the users (by a hash of user_id), near `max_rows` rows."""
    if len(samples) <= max_rows:
        return samples
    place = pd.util.hash_pandas_object(samples["user_id"], index=False).to_numpy() / 2.0**64
    return samples[place < max_rows / len(samples)]


def matrix(samples: pd.DataFrame, task: PropensityTask) -> pd.DataFrame:
    """The task's features as doubles, shape (n_samples, n_features)."""
    return samples[list(task.features)].astype(float)


def positive_probability(model: PropensityModel | PurchaseRule, rows: pd.DataFrame, task: PropensityTask) -> np.ndarray:
    """Probability of the outcome, shape (n_rows,), by a model (which takes the task's features) or a rule."""
    return model.predict_proba(matrix(rows, task) if isinstance(model, PropensityModel) else rows)[:, 1]


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
