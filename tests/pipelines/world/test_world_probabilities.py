"""True probabilities: against a slow twin, and against what then happened (seeded, five standard errors)."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from pipelines.world.behaviour import PAID, BlockLife, live_block
from pipelines.world.hazards import day_probabilities
from pipelines.world.model import WorldModel, build_model
from pipelines.world.parameters import GRIEVANCE_DECAY, INTENT_END, INTENT_START, PAID_SHARE
from pipelines.world.probabilities import HiddenState, of_belief, of_hidden_state, outlooks
from pipelines.world.truth import campaign_truth, probability_truth


@pytest.fixture(scope="module")
def world() -> WorldModel:
    return build_model(users=8192, days=210, seed=11, start=date(2024, 1, 1))


@pytest.fixture(scope="module")
def life(world) -> BlockLife:
    return live_block(world, 0)


@pytest.fixture(scope="module")
def truth(world, life):
    return probability_truth(world, life).to_pandas()


def surplus(happened, probability) -> float:
    """Return by how many standard errors more happened than was probable (far outside when the impossible happened)."""
    variance = (probability * (1 - probability)).sum()
    return float((happened.sum() - probability.sum()) / np.sqrt(max(variance, 1e-9)))


@pytest.mark.parametrize("suffix", ["", "_given_history"])
@pytest.mark.parametrize("horizon", [28, 90])
def test_what_happened_was_as_probable_as_said(truth, horizon, suffix):
    closed = truth[(truth.horizon_days == horizon) & truth.has_purchased.notna()]
    assert len(closed) > 4000
    for measure, happened in (
        ("purchase_probability", closed.has_purchased.astype(float)),
        ("inactivity_probability", 1 - closed.was_active.astype(float)),
    ):
        probability = closed[measure + suffix]
        assert abs(surplus(happened, probability)) < 5
        # Not only in sum: in each tenth of the users by their probability.
        for _, rows in closed.groupby(probability.rank(method="first") * 10 // (len(closed) + 1)):
            assert abs(surplus(happened[rows.index], probability[rows.index])) < 5


def test_belief_is_calibrated_right_after_an_order(world):
    """A paid order ends the intent: recent buyers are where a belief that forgot it would be wrong."""
    days = tuple(range(60, 180, 20))
    lived = live_block(replace(world, truth_days=days), 0)
    happened, probability = [], []
    for day in days:
        state = lived.states[day]
        paid = lived.visits.outcome == PAID
        buyers = np.unique(lived.visits.user[paid & (lived.visits.day >= day - 3) & (lived.visits.day < day)])
        soon = np.unique(lived.visits.user[paid & (lived.visits.day >= day) & (lived.visits.day < day + 7)])
        happened.append(np.isin(buyers, soon))
        probability.append(of_belief(outlooks(world, lived.users, state, (7,))[7].purchase, state)[buyers])
    assert sum(map(len, happened)) > 1000
    assert abs(surplus(np.concatenate(happened), np.concatenate(probability))) < 5


def test_belief_about_being_alive_is_calibrated_and_sharper_than_the_share(truth):
    rows = truth[truth.horizon_days == 28]
    belief = rows.alive_probability_given_history
    assert abs(surplus(rows.is_alive.astype(float), belief)) < 5
    assert ((rows.is_alive - belief) ** 2).mean() < 0.5 * rows.is_alive.mean() * (1 - rows.is_alive.mean())


def test_hidden_state_predicts_better_than_history_and_both_better_than_persona(truth, world, life):
    closed = truth[(truth.horizon_days == 28) & truth.has_purchased.notna()]
    happened = closed.has_purchased.astype(float)
    hidden, history = closed.purchase_probability, closed.purchase_probability_given_history
    constant = happened.mean() * (1 - happened.mean())
    assert ((happened - hidden) ** 2).mean() < ((happened - history) ** 2).mean() < 0.85 * constant


def test_wrong_labels_are_noticed(truth):
    """The calibration test can fail: labels of unpaid attempts, or of another horizon, are far outside."""
    closed = truth[(truth.horizon_days == 28) & truth.has_purchased.notna()]
    other = truth[(truth.horizon_days == 90) & truth.has_purchased.notna()]
    happened = closed.has_purchased.astype(float)
    assert surplus(happened, closed.purchase_probability / PAID_SHARE) < -3
    assert surplus(other.has_purchased.astype(float), closed.purchase_probability[: len(other)]) > 20


def test_campaign_arms_behave_as_their_probabilities(world, life):
    effects = campaign_truth(world, life).to_pandas()
    for _, rows in effects.groupby("campaign_id"):
        assert abs(surplus(rows.is_treated.astype(float), np.full(len(rows), 0.5))) < 5
        for treated, name in ((True, "probability_treated"), (False, "probability_control")):
            arm = rows[rows.is_treated == treated]
            assert abs(surplus(arm.has_purchased.astype(float), arm[name])) < 5
    assert np.allclose(effects.effect, effects.probability_treated - effects.probability_control)
    assert (effects.effect > 0.005).mean() > 0.2
    assert (effects.effect < -0.001).mean() > 0.05


def test_recursion_equals_summing_over_every_path(world, life):
    """The slow twin walks through every history of three days of a few users."""
    day, horizon = 150, 3
    full = live_block(replace(world, truth_days=(day,)), 0).states[day]
    users = life.users.block(0, 40)
    state = HiddenState(
        day, full.alive[:40], full.intent[:40], full.grievance[:40], full.pending[:, :40], full.belief[:, :40]
    )
    fast = of_hidden_state(outlooks(world, users, state, (horizon,))[horizon].purchase, state)
    grievance = state.grievance
    chances = []
    for step in range(horizon):
        grievance = grievance * GRIEVANCE_DECAY + state.pending[(day + step) % len(state.pending)]
        chances.append(day_probabilities(world, users, day + step, grievance=grievance))

    def orders_from(user: int, step: int, intent: int) -> float:
        if step == horizon:
            return 0.0
        total = 0.0
        for now in (0, 1):
            change = (1 - INTENT_START, INTENT_START) if intent == 0 else (INTENT_END, 1 - INTENT_END)
            visit, attempt = chances[step].visit[now][user], chances[step].attempt[now][user]
            for visits, attempts, pays in [(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1)]:
                path = change[now] * (1 - users.dropout_rate[user])
                path *= visit if visits else 1 - visit
                path *= 1 if not visits else attempt if attempts else 1 - attempt
                path *= 1 if not attempts else PAID_SHARE if pays else 1 - PAID_SHARE
                total += path * (1.0 if pays else orders_from(user, step + 1, now))
        return total

    slow = [orders_from(user, 0, int(state.intent[user])) if state.alive[user] else 0.0 for user in range(40)]
    assert sum(state.alive) > 10
    np.testing.assert_allclose(fast, slow, rtol=1e-12)


def test_probabilities_are_probabilities_and_nested(truth):
    numbers = truth.filter(like="probability")
    assert ((numbers >= 0) & (numbers <= 1 + 1e-12)).all().all()
    # No purchase without a visit, and nobody who is gone comes back.
    assert (truth.purchase_probability <= 1 - truth.inactivity_probability + 1e-12).all()
    assert (truth.dropout_probability[~truth.is_alive] == 1).all()
    assert not truth.was_active[~truth.is_alive].any()
