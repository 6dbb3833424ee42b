"""History odds are those of the rule, finite for everybody, and visits count only where a shop records events."""

import numpy as np
import pandas as pd
import pytest

from models.calibration import logit
from models.fallback import PurchaseRule
from models.history_odds import ORDER_ODDS, VISIT_ODDS, HistoryOdds


@pytest.fixture
def everybody():
    random = np.random.default_rng(3)
    tenure = random.integers(30, 300, 400).astype(float)
    repeats = random.poisson(tenure * random.gamma(0.8, 0.02, 400)).astype(float)
    last = np.where(repeats > 0, np.ceil(tenure * random.uniform(0.2, 0.95, 400)), 0.0)
    return pd.DataFrame({"repeat_days": repeats, "first_to_last_days": last, "tenure_days": tenure})


def test_they_are_the_log_odds_of_the_rule(everybody):
    odds = HistoryOdds.fit(everybody, horizon_days=28)
    assert odds.names == (ORDER_ODDS,)
    rule = PurchaseRule.fit(everybody, outcome="purchase", horizon_days=28, orders_only=True)
    assert odds.add(everybody)[ORDER_ODDS].to_numpy() == pytest.approx(logit(rule.predict_proba(everybody)[:, 1]))


def test_who_never_ordered_has_the_least_odds_and_nothing_is_missing(everybody):
    visits = everybody.assign(active_days_count=5.0, first_active_days=40.0, last_active_days=3.0)
    stranger = pd.DataFrame(dict.fromkeys(visits.columns, np.nan), index=[0]).assign(repeat_days=0.0)
    odds = HistoryOdds.fit(visits, horizon_days=28)
    assert odds.names == (ORDER_ODDS, VISIT_ODDS)
    added = odds.add(pd.concat([visits, stranger], ignore_index=True))[list(odds.names)]
    assert np.isfinite(added.to_numpy()).all()
    assert added[ORDER_ODDS].iloc[-1] == pytest.approx(logit(np.array(0.001)))


def test_longer_silence_lowers_them(everybody):
    odds = HistoryOdds.fit(everybody, horizon_days=28)
    silent = everybody.assign(tenure_days=everybody["tenure_days"] + 200)
    assert (odds.add(silent)[ORDER_ODDS] < odds.add(everybody)[ORDER_ODDS]).all()
