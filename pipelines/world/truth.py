"""The truth tables of a world: what no source says and a model may be judged by.

Belongs here: types, true probabilities, campaign effects, elasticities, virality. Does not belong here: dirty rows
(dirt.py).
"""

import numpy as np
import pyarrow as pa

from pipelines.world.behaviour import PAID, BlockLife
from pipelines.world.campaigns import rate_effect
from pipelines.world.columns import coded
from pipelines.world.events import product_ids, user_ids
from pipelines.world.model import WorldModel
from pipelines.world.parameters import (
    CAMPAIGN_WINDOW_DAYS,
    CATEGORIES,
    CHANNEL_COSTS,
    CHANNELS,
    ELASTICITIES,
    HORIZONS,
    PERSONAS,
)
from pipelines.world.population import NEVER
from pipelines.world.probabilities import dropout_probability, of_belief, of_hidden_state, outlooks
from pipelines.world.virality import influencer_truth, virality_truth


def user_truth(world: WorldModel, life: BlockLife) -> pa.Table:
    """Return one row per user: persona, rates, last day alive, community, influencer."""
    users = life.users
    stays = users.dropout_day >= world.days
    gone = np.array(world.start, dtype="datetime64[D]") + np.where(stays, 0, users.dropout_day)
    return pa.table(
        {
            "user_id": user_ids(life.first_user + np.arange(len(users))),
            "persona": coded([persona.name for persona in PERSONAS], users.persona),
            "visit_rate": pa.array(users.visit_rate),
            "order_rate": pa.array(users.order_rate),
            "dropout_rate": pa.array(users.dropout_rate),
            "dropout_date": pa.array(gone, mask=stays).cast(pa.date32()),
            "campaign_taste": pa.array(users.campaign_taste),
            "invite_rate": pa.array(users.invite_rate),
            "is_influencer": pa.array(users.influencer),
            "community": pa.array(users.community),
            "has_withdrawn_consent": pa.array(users.withdrawn_day < min(world.days, NEVER)),
        }
    )


def probability_truth(world: WorldModel, life: BlockLife) -> pa.Table:
    """Return one row per registered user, truth date and horizon: true probabilities and, where the window closed,
    the outcome.
    """
    parts = []
    for day in world.truth_days:
        state = life.states[day]
        known = np.flatnonzero(life.users.registered_day < day)
        found = outlooks(world, life.users, state, HORIZONS)
        for horizon in HORIZONS:
            outlook = found[horizon]
            dropout = np.where(state.alive, dropout_probability(life.users, horizon), 1.0)
            columns = {
                "purchase_probability": of_hidden_state(outlook.purchase, state),
                "inactivity_probability": 1 - of_hidden_state(outlook.visit, state),
                "dropout_probability": dropout,
                "purchase_probability_given_history": of_belief(outlook.purchase, state),
                "inactivity_probability_given_history": 1 - of_belief(outlook.visit, state),
                "alive_probability_given_history": state.belief[0] + state.belief[1],
            }
            purchased, active = _outcomes(life, day, horizon)
            open_window = np.full(len(known), day + horizon > world.days)
            parts.append(
                pa.table(
                    {
                        "user_id": user_ids(life.first_user + known),
                        "as_of": pa.array(np.full(len(known), np.datetime64(world.date_of(day)))).cast(pa.date32()),
                        "horizon_days": pa.array(np.full(len(known), horizon, dtype=np.int32)),
                        "is_alive": pa.array(state.alive[known]),
                        "has_intent": pa.array(state.alive[known] & state.intent[known]),
                        **{name: pa.array(values[known]) for name, values in columns.items()},
                        "has_purchased": pa.array(purchased[known], mask=open_window),
                        "was_active": pa.array(active[known], mask=open_window),
                    }
                )
            )
    return pa.concat_tables(parts) if parts else _NO_PROBABILITIES.empty_table()


_NO_PROBABILITIES = pa.schema(
    [("user_id", pa.string()), ("as_of", pa.date32()), ("horizon_days", pa.int32())]
    + [("is_alive", pa.bool_()), ("has_intent", pa.bool_())]
    + [
        (name, pa.float64())
        for name in (
            "purchase_probability",
            "inactivity_probability",
            "dropout_probability",
            "purchase_probability_given_history",
            "inactivity_probability_given_history",
            "alive_probability_given_history",
        )
    ]
    + [("has_purchased", pa.bool_()), ("was_active", pa.bool_())]
)


def _outcomes(life: BlockLife, day: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    visits = life.visits
    inside = (visits.day >= day) & (visits.day < day + horizon)
    purchased, active = np.zeros(len(life.users), dtype=bool), np.zeros(len(life.users), dtype=bool)
    purchased[visits.user[inside & (visits.outcome == PAID)]] = True
    active[visits.user[inside]] = True
    return purchased, active


def campaign_truth(world: WorldModel, life: BlockLife) -> pa.Table:
    """Return one row per campaign and user it could contact: the coin, and P(paid order in the window) with and
    without contact.
    """
    parts = []
    for number, campaign in enumerate(world.campaigns):
        eligible = np.flatnonzero(life.eligible[number])
        state, window = life.states[campaign.day], (CAMPAIGN_WINDOW_DAYS,)
        added = rate_effect(campaign, life.users)
        without = outlooks(world, life.users, state, window)[CAMPAIGN_WINDOW_DAYS]
        contacted = outlooks(world, life.users, state, window, campaign_effect=added)[CAMPAIGN_WINDOW_DAYS]
        control = of_hidden_state(without.purchase, state)[eligible]
        treated = of_hidden_state(contacted.purchase, state)[eligible]
        purchased, _ = _outcomes(life, campaign.day, CAMPAIGN_WINDOW_DAYS)
        parts.append(
            pa.table(
                {
                    "campaign_id": coded((campaign.campaign_id,), np.zeros(len(eligible))).cast(pa.string()),
                    "user_id": user_ids(life.first_user + eligible),
                    "is_treated": pa.array(life.treated[number][eligible]),
                    "probability_treated": pa.array(treated),
                    "probability_control": pa.array(control),
                    "effect": pa.array(treated - control),
                    "log_rate_effect": pa.array(added[eligible]),
                    "has_purchased": pa.array(purchased[eligible]),
                }
            )
        )
    return pa.concat_tables(parts) if parts else _NO_EFFECTS.empty_table()


_NO_EFFECTS = pa.schema(
    [("campaign_id", pa.string()), ("user_id", pa.string()), ("is_treated", pa.bool_())]
    + [(name, pa.float64()) for name in ("probability_treated", "probability_control", "effect", "log_rate_effect")]
    + [("has_purchased", pa.bool_())]
)


def shared_truth(world: WorldModel) -> dict[str, pa.Table]:
    """Return the truth tables that are not per user: arguments of the world, elasticities, campaigns, channels,
    virality, weekly prices and stock.
    """
    population, catalogue = world.population, world.catalogue
    weeks = -(-world.days // 7)
    week, product = np.repeat(np.arange(weeks), len(catalogue)), np.tile(np.arange(len(catalogue)), weeks)
    week_start = np.datetime64(world.start) + (week * 7).astype("timedelta64[D]")
    return {
        "world": pa.table(
            {
                "users": pa.array([world.users], pa.int64()),
                "days": pa.array([world.days], pa.int32()),
                "seed": pa.array([world.seed], pa.int64()),
                "start": pa.array([world.start], pa.date32()),
            }
        ),
        "elasticities": pa.table({"category": pa.array(CATEGORIES), "elasticity": pa.array(ELASTICITIES)}),
        "campaigns": pa.table(
            {
                "campaign_id": pa.array([entry.campaign_id for entry in world.campaigns], pa.string()),
                "first_date": pa.array([world.date_of(entry.day) for entry in world.campaigns], pa.date32()),
                "last_date_exclusive": pa.array(
                    [world.date_of(entry.last_day) for entry in world.campaigns], pa.date32()
                ),
                "strength": pa.array([entry.strength for entry in world.campaigns], pa.float64()),
            }
        ),
        "channels": pa.table(
            {
                "acquisition_channel": pa.array(CHANNELS),
                "cost_per_registration": pa.array(CHANNEL_COSTS),
                "registrations": pa.array(np.bincount(population.channel, minlength=len(CHANNELS))),
            }
        ),
        "virality": virality_truth(world),
        "influencers": influencer_truth(world),
        "product_weeks": pa.table(
            {
                "product_id": coded(product_ids(np.arange(len(catalogue))), product),
                "week_start": pa.array(week_start).cast(pa.date32()),
                "price": pa.array(catalogue.price[week, product] / 100),
                "is_in_stock": pa.array(catalogue.in_stock[week, product]),
            }
        ),
    }
