"""Reasons: the strongest contributions, in words, the right way round."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.propensity import PropensityModel
from models.reason_phrases import CODE_PHRASES, FEATURE_PHRASES, phrase
from models.reasons import importance, learn_reason_rules, reason_codes

SQL = Path(__file__).parents[2] / "sql"


def shop(rows=800, seed=4):
    """Simulated: buying depends on recency alone; orders_28d is nearly its copy, so a linear model splits oddly."""
    rng = np.random.default_rng(seed)
    recency = rng.exponential(40, rows).round()
    X = pd.DataFrame(
        {
            "recency_days": recency,
            "orders_28d": (recency < 28) * rng.poisson(2.0, rows),
            "gap_mean_days": np.where(rng.random(rows) < 0.3, np.nan, 20.0),
            "own_feature": rng.normal(size=rows),
        }
    )
    y = (rng.random(rows) < np.where(recency < 28, 0.8, 0.2)).astype(int)
    return X, y


def test_reasons_name_the_planted_driver_the_right_way_round():
    X, y = shop()
    model = PropensityModel(forest_size=10, boosting_rounds=20).fit(X, y)
    probability, added = model.predict_proba(X)[:, 1], model.contributions(X)
    rules = learn_reason_rules(added, X, probability)
    codes = reason_codes(rules, added, values=X, probability=probability)
    fresh, stale = int(X["recency_days"].argmin()), int(X["recency_days"].argmax())
    assert "recency_days_low" in codes[fresh]
    assert "recency_days_high" in codes[stale]
    assert max(len(entry) for entry in codes) <= 3
    assert min(len(entry) for entry in codes) >= 1


def test_codes_by_hand():
    values = pd.DataFrame(
        {"recency_days": [1.0, 9.0, 5.0], "orders_28d": [4.0, 0.0, np.nan], "orders_7d": [2.0, 0.0, 1.0]}
    )
    added = np.array([[2.0, 0.5, 0.4], [-2.0, -0.5, -0.6], [0.0, 0.01, 0.0]])
    probability = np.array([0.9, 0.1, 0.5])
    rules = learn_reason_rules(added, values, probability)
    assert rules.sign.tolist() == [-1.0, 1.0, 1.0]
    assert reason_codes(rules, added, values=values, probability=probability) == [
        ["recency_days_low", "orders_28d_high"],  # orders_7d is of the same family and weaker
        ["recency_days_high", "orders_7d_low"],
        ["near_average"],
    ]


def test_a_contradicting_sign_is_never_a_reason():
    values = pd.DataFrame({"orders_28d": [0.0, 1.0, 2.0, 3.0]})
    added = -values.to_numpy()  # more orders lower the linear part ...
    probability = np.array([0.1, 0.2, 0.3, 0.4])  # ... while the probability rises with them
    rules = learn_reason_rules(added, values, probability)
    assert rules.sign.tolist() == [0.0]
    assert reason_codes(rules, added, values=values, probability=probability) == [["near_average"]] * 4


def test_a_value_used_against_its_direction_is_no_reason():
    values = pd.DataFrame({"orders_28d": [0.0, 0.0, 1.0, 3.0, 4.0]})
    added = np.array([[0.5], [-1.0], [0.1], [1.0], [2.0]])  # a tree lifts one customer who has no order
    probability = np.array([0.6, 0.1, 0.4, 0.7, 0.8])
    rules = learn_reason_rules(added, values, probability)
    assert (rules.sign.tolist(), rules.typical.tolist(), rules.middle) == ([1.0], [1.0], 0.6)
    codes = reason_codes(rules, added, values=values, probability=probability)
    # the first is likely, but not for many orders; the third is unlikely, but its contribution is positive
    expected = [["near_average"], ["orders_28d_low"], ["near_average"], ["orders_28d_high"], ["orders_28d_high"]]
    assert codes == expected


def test_importance_by_hand():
    values = pd.DataFrame({"first": [1.0, 2.0, 3.0, np.nan], "second": [5.0, 4.0, 3.0, 2.0], "third": 0.0})
    added = np.array([[-1.0, 0.0, 7.0], [0.0, 0.0, 7.0], [1.0, 1.0, 7.0], [0.0, 1.0, 7.0]])
    first, second = importance(added, values)  # the third moves everybody alike: it explains nobody
    # both deviate from their mean by (1 + 0 + 1 + 0) / 4 and (.5 x 4) / 4
    assert (first.feature, first.mean_log_odds, first.share) == ("first", 0.5, 0.5)
    assert (second.feature, second.mean_log_odds, second.share) == ("second", 0.5, 0.5)
    assert first.direction == pytest.approx(1.0)
    assert second.direction == pytest.approx(-0.894427, abs=1e-6)  # ranks 4 3 2 1 against 1.5 1.5 3.5 3.5


def test_phrases_read_in_both_languages():
    assert phrase("recency_days_high", "en") == "long since the last order"
    assert phrase("recency_days_low", "zh") == "最近下过单"
    assert phrase("orders_28d_low", "en") == "few or no orders in the last 28 days"
    assert phrase("gap_mean_days_missing", "en") == "has not come back yet"
    assert phrase("shop_points_high", "en") == "high shop points"
    assert phrase("worth_winning_back", "zh") == "值得挽回"
    with pytest.raises(ValueError, match="language 'fr' is unknown"):
        phrase("recency_days_high", "fr")
    with pytest.raises(ValueError, match="reason code 'gibberish' is unknown"):
        phrase("gibberish", "en")


def test_every_feature_of_the_house_has_words():
    text = (SQL / "feature" / "user_features.sql").read_text(encoding="utf-8")
    columns = set(re.findall(r"(?:\.|as )(\w+)(?=,?\n)", text.split("\nselect\n", 1)[1].split("\nfrom ")[0]))
    assert len(columns) > 40
    assert columns - {"user_id", "as_of"} <= set(FEATURE_PHRASES)


def test_every_code_of_the_lists_has_words():
    text = "".join(path.read_text(encoding="utf-8") for path in (SQL / "segment").glob("*.sql"))
    listed = {
        code for group in re.findall(r"list_concat\(\[([^\]]*)\]", text) for code in re.findall(r"'(\w+)'", group)
    }
    assert listed
    assert listed <= set(CODE_PHRASES)
