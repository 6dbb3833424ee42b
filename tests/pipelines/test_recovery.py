"""The kit of truth recovery can fail: a broken label, a feature that knows the future and a lost row each turn it red."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from assets import origins as origin_samples
from assets.warehouse import open_warehouse
from models.calibration import logit
from pipelines.recovery import (
    Limits,
    calibration_error,
    expected_auc,
    limits_of,
    recovered_labels,
    recovered_learnt,
    recovered_ledger,
    recovered_scores,
    share_of_attainable,
    variance_explained,
)
from sql.queries import load_queries
from tests.pipelines.truth_shop import make_shop


def failed(results) -> list[str]:
    return [result.name for result in results if not result.holds]


def test_expected_auc_is_the_mean_over_drawn_outcomes():
    rng = np.random.default_rng(1)
    probability = rng.random(300)
    score = np.round(probability + rng.normal(0, 0.3, 300), 1)  # with ties
    drawn = []
    for _ in range(400):
        yes = rng.random(300) < probability
        above = (score[yes][:, None] > score[~yes]).mean() + (score[yes][:, None] == score[~yes]).mean() / 2
        drawn.append(above)
    assert expected_auc(score, probability) == pytest.approx(np.mean(drawn), abs=0.003)


def test_the_truth_itself_has_share_one_and_no_calibration_error():
    probability = np.linspace(0.01, 0.99, 200)
    assert share_of_attainable(probability * 3, probability, probability) == pytest.approx(1)
    assert share_of_attainable(-probability, probability, probability) == pytest.approx(-1)
    assert calibration_error(probability, probability) == 0
    assert calibration_error(probability + 0.1, probability) == pytest.approx(0.1)
    assert variance_explained(np.array([1.0, 1, 2, 2]), ["a", "a", "b", "b"]) == pytest.approx(1)


def test_attainable_is_what_can_be_learnt_not_what_can_be_known():
    rng = np.random.default_rng(5)
    known = rng.random(600)
    learnt = known + rng.normal(0, 0.4, 600)  # the sources tell the rates with an error
    share, auc, ceiling = recovered_learnt(learnt, learnt=learnt, known=known, outcome="churn")
    assert share.found == pytest.approx(1)
    assert share.holds
    assert auc.found == pytest.approx(expected_auc(learnt, known))
    assert f"{expected_auc(known, known):.4f} by the rates themselves" in auc.wanted
    assert ceiling.found == pytest.approx(share_of_attainable(learnt, known, known))
    assert ceiling.found < 0.95  # so .95 of the judge who knows the rates is out of reach
    worse = learnt + rng.normal(0, 0.4, 600)
    share, auc, _ = recovered_learnt(worse, learnt=learnt, known=known, outcome="churn")
    assert not share.holds
    ratio = auc.found / expected_auc(learnt, known)
    assert f"is attainable, {ratio:.3f} of it" in auc.wanted
    assert share.found < ratio < 1  # counted from chance on, the share is the stricter reading


def test_a_score_that_has_seen_the_outcome_is_better_than_possible():
    rng = np.random.default_rng(2)
    probability = rng.random(800)
    bought = rng.random(800) < probability
    ids = [f"u{number}" for number in range(800)]
    truth = pd.DataFrame(
        {
            "user_id": ids,
            "purchase_probability_given_history": probability,
            "has_purchased": bought,
            "was_active": bought,
        }
    )
    honest = pd.DataFrame({"user_id": ids, "probability": probability})
    peeking = honest.assign(probability=0.8 * probability + 0.1 * bought)
    limits = {"outcome": "purchase", "limits": Limits(0.9, 0.2)}
    assert failed(recovered_scores(truth, honest, **limits)) == []
    assert failed(recovered_scores(truth, peeking, **limits)) == ["purchase: AUC above the best possible"]
    poor = honest.assign(probability=rng.random(800))
    assert failed(recovered_scores(truth, poor, **limits)) == [
        "purchase: share of the AUC that knows the rates", "purchase: calibration error",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="1 of 800 scored users"):
        recovered_scores(truth.iloc[1:], honest, **limits)
    told = recovered_scores(truth, poor, outcome="purchase", limits=Limits(None, None, "too few", "11-11"))
    assert failed(told) == []
    assert [result.wanted for result in told[:2]] == ["told: too few", "told: 11-11"]


def test_a_wrong_level_is_told_from_a_wrong_shape():
    probability = np.linspace(0.05, 0.8, 500)
    truth = pd.DataFrame(
        {
            "user_id": [str(number) for number in range(500)],
            "purchase_probability_given_history": probability,
            "has_purchased": None,
            "was_active": None,
        }
    )
    moved = truth[["user_id"]].assign(probability=expit(logit(probability) + 0.4))
    _, error, shape = recovered_scores(truth, moved, outcome="purchase", limits=Limits(None, 0.03))
    assert not error.holds
    assert shape.found < 1e-6
    assert shape.wanted == "told: log odds -0.400 put it right"


def test_a_calibration_error_of_one_per_cent_is_asked_where_data_suffice():
    festival = np.ones(200)
    festival[150] = 2.6
    asked = {"day": 100, "horizon_days": 28}
    assert limits_of(festival, **asked, users=10_000).error_at_most == 0.01
    assert limits_of(festival, **asked, users=9_999) == Limits(None, 0.03, "9,999 users, judged from 10,000 on")
    for day in (123, 178):  # 150 is the last day foreseen, and the first of the newest closed window
        found = limits_of(festival, day=day, horizon_days=28, users=10_000)
        assert found.error_at_most is None
        assert "festival" in found.festive
        assert found.share_at_least is not None
    assert limits_of(festival, day=122, horizon_days=28, users=10_000).error_at_most == 0.01
    assert limits_of(festival, day=179, horizon_days=28, users=10_000).error_at_most == 0.01


def test_a_ledger_is_judged_by_place_and_reason():
    listed = pd.DataFrame(
        {
            "source": "orders",
            "file": "orders.csv",
            "record_number": [4, 9, 11],
            "kind": ["missing_key", "bad_date", "duplicate_row"],
        }
    )
    found = pd.DataFrame(
        {
            "file_name": "orders.csv",
            "record_number": [4, 9],
            "reason": ["order_id is missing", "ordered_at is not a date and time"],
        }
    )
    copies = pd.Series({"orders": 1})
    assert failed(recovered_ledger(listed, found, copies)) == []
    assert failed(recovered_ledger(listed, found.iloc[:1], copies)) == ["ledger: bad_date"]
    assert failed(recovered_ledger(listed, found.assign(reason="bad luck"), copies)) == [
        "ledger: bad_date",
        "ledger: missing_key",
    ]
    more = pd.concat([found, found.tail(1).assign(record_number=5)])
    assert failed(recovered_ledger(listed, more, copies)) == ["ledger: good rows quarantined"]
    assert failed(recovered_ledger(listed, found, pd.Series({"orders": 2, "users": 1}))) == [
        "ledger: copies in orders", "ledger: copies in users",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return make_shop(
        tmp_path_factory.mktemp("small"), users=900, events=45_000, days=200, seed=3, dirty_share=0.003
    )  # fmt: skip


def change(monkeypatch, table: str, old: str, new: str) -> None:
    """Let samples be built with one SQL file changed."""
    queries = load_queries()
    assert queries[table].sql.count(old) == 1, f"{table} no longer holds {old!r} once: adapt the mutation"
    broken = {**queries, table: replace(queries[table], sql=queries[table].sql.replace(old, new))}
    monkeypatch.setattr(origin_samples, "load_queries", lambda: broken)


@pytest.mark.slow
@pytest.mark.parametrize(
    "old, new, red",
    [
        ("count(*) filter (where is_paid) as future", "count(*) as future", ["labels: purchase"]),
        ("and ordered_date >= $as_of\n        and ordered_date < $as_of + $horizon_days\n    group",
         "and ordered_date >= $as_of + 7\n        and ordered_date < $as_of + $horizon_days\n    group", ["labels: purchase"]),
        ("and user_day.activity_date < $as_of + $horizon_days", "and user_day.activity_date < $as_of + 14", ["labels: churn"]),
    ],
)  # fmt: skip
def test_a_broken_label_turns_it_red(shop, monkeypatch, old, new, red):
    assert failed(recovered_labels(shop.probabilities(), shop.samples([shop.as_of]))) == []
    change(monkeypatch, "label.user_outcomes", old, new)
    assert failed(recovered_labels(shop.probabilities(), shop.samples([shop.as_of]))) == red


@pytest.mark.slow
def test_a_feature_that_knows_the_future_turns_it_red(shop, monkeypatch):
    change(monkeypatch, "feature.spend", "and items.ordered_date < $as_of", "and items.ordered_date < $as_of + 28")
    scored = shop.scores("purchase")["purchase"]
    known = scored[scored.user_id.isin(shop.probabilities().user_id)]
    limits = {"outcome": "purchase", "limits": Limits(0.0, 1.0)}
    assert failed(recovered_scores(shop.probabilities(), known, **limits)) == ["purchase: AUC above the best possible"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage, red",
    [
        ("delete from bronze.events where event_id = (select min(event_id) from bronze.events)", ["rows: events"]),
        ("delete from bronze.quarantine where reason = 'order_id is missing'", ["ledger: missing_key"]),
        ("delete from bronze.order_items where order_id = (select min(order_id) from bronze.order_items)", ["rows: order_items"]),
    ],
)  # fmt: skip
def test_a_dropped_row_turns_it_red(shop, tmp_path, damage, red):
    assert failed(shop.accounts()) == []
    damaged = replace(shop, home=shutil.copytree(shop.home, tmp_path / "home"))
    with open_warehouse(damaged.home) as warehouse:
        warehouse.connection.execute(damage)
    assert failed(damaged.accounts()) == red
