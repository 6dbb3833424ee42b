"""The product finds what is true in a simulated shop: every dirty row, every label, most of what can be predicted.

Figures of larger worlds stand in docs/simulated-world.md. Here tolerances leave room for small numbers of users.
"""

from datetime import date

import numpy as np
import pytest

from assets.warehouse import open_warehouse
from pipelines.recovery import (
    CEILINGS,
    Limits,
    recovered_labels,
    recovered_scores,
    share_of_attainable,
    variance_explained,
)
from pipelines.world.behaviour import live_block
from pipelines.world.learnable import learnable_probabilities
from pipelines.world.model import build_model
from tests.pipelines.truth_shop import HORIZON_DAYS, START, make_shop

pytestmark = pytest.mark.slow
STAYS_AWAY = r"days_since_event_high|missed_active_days_high|active_gap_.*_high|(decayed_)?(active_days|events)_.*_low"
USERS, EVENTS, DAYS, SEED = 2000, 150_000, 240, 8


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    root = tmp_path_factory.mktemp("truth")
    return make_shop(root, users=USERS, events=EVENTS, days=DAYS, seed=SEED, dirty_share=0.002)


@pytest.fixture(scope="module")
def scores(shop):
    return shop.scores("purchase", "churn")


def failed(results) -> list[str]:
    return [str(result) for result in results if not result.holds]


def test_every_dirty_row_is_found_by_kind_and_every_good_row_loaded(shop):
    assert len(shop.accounts()) > 20
    assert failed(shop.accounts()) == []


def test_labels_are_what_happened(shop):
    assert failed(recovered_labels(shop.probabilities(), shop.samples([shop.as_of]))) == []


@pytest.mark.parametrize("outcome", ["purchase", "churn"])
def test_scores_come_near_the_best_possible_and_not_beyond(shop, scores, outcome):
    found = recovered_scores(shop.probabilities(), scores[outcome], outcome=outcome, limits=Limits(0.86, 0.04))
    assert len(found) == 4
    assert failed(found) == []


@pytest.mark.parametrize("outcome", ["purchase", "churn"])
def test_of_what_the_sources_tell_a_score_uses_nearly_all(shop, scores, outcome):
    """Beside a judge who knows the model's constants and learns the users' rates from the same history, exactly."""
    world = build_model(users=USERS, days=DAYS, seed=SEED, start=START)
    both = scores[outcome].merge(shop.probabilities(), on="user_id").head(300)
    numbers = both.user_id.str[1:].astype(int).to_numpy()
    day = (shop.as_of - START).days
    judge = learnable_probabilities(
        world, live_block(world, 0), numbers, day=day, horizons=(HORIZON_DAYS,), draws=256
    )  # fmt: skip
    learnt = {"purchase": judge.purchase, "churn": judge.inactivity}[outcome][HORIZON_DAYS]
    best = both[CEILINGS[outcome]].to_numpy()
    assert 0.9 < share_of_attainable(learnt, best, best) <= 1
    assert share_of_attainable(both.probability.to_numpy(), learnt, best) > 0.92


def test_features_of_visiting_tell_the_true_rates(shop):
    truth = shop.truth("users").set_index("user_id")
    features = shop.samples([shop.as_of]).set_index("user_id")
    days = features.active_days_count.dropna()
    seen = (days / features.first_active_days[days.index])[features.first_active_days[days.index] >= 60].astype(float)
    alive = truth.dropout_date.isna()
    known = seen[alive[seen.index].to_numpy()]
    assert len(known) > 300
    assert np.corrcoef(np.log(known), np.log(truth.visit_rate[known.index]))[0, 1] > 0.8


def test_personas_of_spend_lie_along_the_true_order_rates(shop):
    """RFM groups are no latent types, but they must carry what the types do: how much a user orders."""
    truth = shop.truth("users").set_index("user_id")
    with open_warehouse(shop.home) as warehouse:
        orders = warehouse.frame(
            "select user_id, count(*) as orders from core.orders where is_paid and user_id is not null group by user_id"
        ).set_index("user_id")["orders"]
    rate = np.log(truth.order_rate * truth.visit_rate)[orders.index]
    groups = np.digitize(orders, [2, 4, 8])
    shuffled = np.random.default_rng(0).permutation(groups)
    assert variance_explained(rate.to_numpy(), list(groups)) > 0.3
    assert variance_explained(rate.to_numpy(), list(shuffled)) < 0.02


def test_spend_on_channels_is_what_registrations_cost(shop):
    channels = shop.truth("channels").set_index("acquisition_channel")
    with open_warehouse(shop.home) as warehouse:
        found = warehouse.frame(
            "select acquisition_channel, count(distinct user_id) as users from bronze.users group by acquisition_channel"
        ).set_index("acquisition_channel")["users"]
    assert (found == channels.registrations[found.index]).all()
    assert shop.as_of > date(2024, 6, 1)


@pytest.mark.parametrize(
    "outcome, likely, unlikely",
    [
        # the world's orders come from a user's order rate (many orders of many products), its visits from the visit rate
        (
            "purchase",
            r"(decayed_)?orders_.*_high|distinct_products_count_high|(decayed_)?active_days_.*_high",
            STAYS_AWAY,
        ),
        # who drops out makes no visit any more, whatever was bought before
        ("churn", STAYS_AWAY, r"(decayed_)?(active_days|events)_.*_high|days_since_event_low"),
    ],
)
def test_reasons_name_what_was_planted(scores, outcome, likely, unlikely):
    """The first reason of the tenth with the highest and of the tenth with the lowest score."""
    scored = scores[outcome].sort_values("probability")
    tenth = len(scored) // 10
    first = scored["reason_codes"].str[0]
    assert first.tail(tenth).str.fullmatch(likely).mean() > 0.9
    assert first.head(tenth).str.fullmatch(unlikely).mean() > 0.9
