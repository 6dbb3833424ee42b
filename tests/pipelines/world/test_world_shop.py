"""The rows of a shop fit together, and carry the stories that the model tells."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from pipelines.world.behaviour import PAID, live_block
from pipelines.world.model import build_model
from pipelines.world.orders import choose_baskets, fill_orders, place_orders
from pipelines.world.parameters import CATEGORIES, ELASTICITIES, EVENT_TYPES
from pipelines.world.population import INVITE_DELAY_MEAN_DAYS, build_population
from pipelines.world.virality import cascade_sizes, virality_truth

START, END = pd.Timestamp("2024-01-01", tz="Asia/Shanghai"), pd.Timestamp("2024-06-29", tz="Asia/Shanghai")


@pytest.fixture(scope="module")
def shop(small_world, read):
    names = ("users", "products", "events", "orders", "order_items", "feedback")
    frames = {name: read(small_world, name).to_pandas() for name in names}
    for name in ("users", "probabilities", "influencers", "virality"):
        frames[f"truth/{name}"] = read(small_world / "truth", name).to_pandas()
    return frames


@pytest.fixture(scope="module")
def sales(shop):
    """Return the newest row of every sale."""
    orders = shop["orders"].sort_values(["order_id", "updated_at"]).drop_duplicates("order_id", keep="last")
    return orders[orders.kind == "sale"]


def test_size_is_what_was_asked_for(shop):
    assert shop["users"].user_id.nunique() == 2000
    assert len(shop["events"]) == pytest.approx(150_000, rel=0.01)
    assert 1.5 < shop["orders"].order_id.nunique() / 2000 < 4
    assert set(shop["events"].event_type) == set(EVENT_TYPES)


def test_keys_are_unique_and_references_resolve(shop):
    assert shop["events"].event_id.is_unique
    assert shop["feedback"].feedback_id.is_unique
    assert not shop["order_items"].duplicated(["order_id", "line_number"]).any()
    assert set(shop["order_items"].order_id) == set(shop["orders"].order_id)
    assert set(shop["order_items"].product_id) <= set(shop["products"].product_id)
    users = set(shop["users"].user_id)
    for name, column in [("events", "user_id"), ("events", "target_user_id"), ("orders", "user_id")]:
        assert set(shop[name][column].dropna()) <= users
    assert set(shop["users"].invited_by.dropna()) <= users
    assert (shop["events"].user_id.notna() | shop["events"].anonymous_id.notna()).all()


def test_times_are_in_order_and_inside_the_world(shop, sales):
    assert shop["events"].occurred_at.between(START, END, inclusive="left").all()
    for column in ("ordered_at", "shipped_at", "delivered_at", "cancelled_at", "updated_at"):
        assert shop["orders"][column].dropna().between(START, END, inclusive="left").all()
    for column in ("created_at", "first_response_at", "resolved_at"):
        assert shop["feedback"][column].dropna().between(START, END, inclusive="left").all()
    shipped, delivered = sales.dropna(subset="shipped_at"), sales.dropna(subset="delivered_at")
    assert (shipped.ordered_at < shipped.shipped_at).all()
    assert (delivered.shipped_at < delivered.delivered_at).all()
    assert 0.04 < (delivered.delivered_at > delivered.promised_at).mean() < 0.25


def test_users_act_only_between_registration_and_drop_out(shop):
    first = shop["users"].groupby("user_id").registered_at.min()
    events = shop["events"].dropna(subset="user_id")
    assert (events.occurred_at >= events.user_id.map(first)).all()
    gone = pd.to_datetime(shop["truth/users"].set_index("user_id").dropout_date)
    day = events.occurred_at.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None).dt.normalize()
    last_day = events.user_id.map(gone)
    assert (last_day.isna() | (day < last_day)).all()


def test_sessions_have_one_user_and_one_day(shop):
    events = shop["events"].dropna(subset="session_id")
    sessions = events.groupby("session_id").agg(
        users=("user_id", "nunique"), first=("occurred_at", "min"), last=("occurred_at", "max")
    )
    assert (sessions.users == 1).sum() > 10_000
    assert (sessions.users <= 1).all()
    zone = "Asia/Shanghai"
    assert (sessions["first"].dt.tz_convert(zone).dt.date == sessions["last"].dt.tz_convert(zone).dt.date).all()


@pytest.mark.slow
def test_every_paid_sale_of_a_user_is_the_purchase_event_of_a_full_funnel(shop, sales):
    purchases = shop["events"][shop["events"].event_type == "purchase"]
    paid = sales[sales.status.isin(["paid", "shipped", "delivered", "completed", "returned"]) & sales.user_id.notna()]
    assert len(paid) == len(purchases)
    ordered = paid.ordered_at.dt.floor("s").reset_index(drop=True)
    bought = purchases.occurred_at.dt.floor("s")
    assert sorted(zip(paid.user_id, ordered, strict=True)) == sorted(zip(purchases.user_id, bought, strict=True))
    kinds = shop["events"].groupby("session_id").event_type.agg(set)
    assert all({"view", "cart", "checkout"} <= kinds[session] for session in purchases.session_id)


def test_amounts_add_up(shop):
    lines = shop["order_items"].merge(shop["orders"].drop_duplicates("order_id")[["order_id", "kind"]])
    for column in ("line_amount", "unit_price", "discount", "refunded_amount"):
        lines[column] = lines[column].astype(float)
    assert np.allclose(lines.line_amount, lines.unit_price * lines.quantity)
    assert lines.discount.between(0, lines.line_amount.abs()).all()
    refunded = lines.dropna(subset="refunded_amount")
    assert (refunded.refunded_amount <= refunded.line_amount - refunded.discount + 1e-9).all()
    returns = lines[lines.kind == "return"]
    assert len(returns) > 20
    assert (returns.quantity < 0).all()
    assert (returns.line_amount < 0).all()
    assert (lines[lines.kind == "sale"].line_amount > 0).all()


def test_rows_sent_again_are_older_than_the_newest(shop):
    again = shop["orders"][shop["orders"].duplicated("order_id", keep=False)].sort_values("updated_at")
    assert again.order_id.nunique() > 50
    assert (again.drop_duplicates("order_id").status == "paid").all()
    assert not again.duplicated(["order_id", "updated_at"]).any()


def test_consent_and_changing_attributes(shop):
    users = shop["users"].sort_values(["user_id", "valid_from"])
    first, last = users.drop_duplicates("user_id"), users.drop_duplicates("user_id", keep="last")
    assert first.marketing_consent.isna().mean() == pytest.approx(0.13, abs=0.04)
    withdrawn = last[last.consent_basis == "withdrawn"]
    assert len(withdrawn) > 20
    assert not withdrawn.marketing_consent.any()
    changed = users[users.user_id.duplicated(keep=False)]
    assert len(changed.drop_duplicates(["user_id", "region"])) - changed.user_id.nunique() > 20
    assert (first.valid_from == first.registered_at).all()
    assert users.name.str.contains("Simulated").all()
    assert users.phone.str.startswith("100").all()


def test_feedback_follows_from_what_happened(shop, sales):
    feedback = shop["feedback"].merge(sales[["order_id", "promised_at", "delivered_at"]], on="order_id")
    feedback["late"] = feedback.delivered_at > feedback.promised_at
    rated = feedback[feedback.kind.isin(["rating", "review"])]
    assert rated.score[~rated.late].mean() - rated.score[rated.late].mean() > 0.5
    late_share = feedback.groupby("kind").late.mean()
    assert late_share["complaint"] > 2 * late_share["rating"]
    reviews = shop["feedback"][shop["feedback"].kind == "review"]
    assert reviews.text.notna().all()
    chinese = reviews.text.str.contains("[一-鿿]")
    assert 0.8 < chinese.mean() < 0.99
    assert shop["feedback"].score[shop["feedback"].kind == "nps"].between(0, 10).all()


def test_groups_have_an_initiator_members_and_one_product(shop):
    joins = shop["events"][shop["events"].event_type == "join_group"]
    groups = joins.groupby("content_id").agg(
        size=("user_id", "nunique"),
        products=("product_id", "nunique"),
        openers=("target_user_id", lambda t: t.isna().sum()),
    )
    assert groups.products.max() == 1
    assert (groups.openers == 1).all()
    failed = joins[joins.properties.str.contains("failed")]
    assert len(failed) > 20
    assert (groups["size"][failed.content_id] == 1).all()
    assert groups["size"].drop(failed.content_id).between(2, 5).all()


def test_festivals_raise_orders(sales):
    day = sales.ordered_at.dt.tz_convert("Asia/Shanghai").dt.date
    per_day = day.value_counts()
    assert per_day[date(2024, 6, 18)] > 1.7 * per_day.median()


def test_follows_stay_within_communities_and_favour_influencers(shop):
    truth = shop["truth/users"].set_index("user_id")
    follows = shop["events"][shop["events"].event_type == "follow"]
    same = follows.user_id.map(truth.community).to_numpy() == follows.target_user_id.map(truth.community).to_numpy()
    assert same.mean() > 0.5
    assert follows.target_user_id.map(truth.is_influencer).mean() > 10 * truth.is_influencer.mean()


def test_invitations_grow_as_k_says():
    population = build_population(60_000, days=365, seed=4)
    invited = np.bincount(population.inviter[population.inviter >= 0], minlength=len(population))
    delay = population.registered_day[population.inviter >= 0]
    assert len(delay) > 5000
    inviter = population.inviter[population.inviter >= 0]
    assert (delay < population.dropout_day[inviter]).all()
    assert (delay > population.registered_day[inviter]).all()
    # Users with a full cycle of 28 days in the world: what their rates say against whom they brought.
    full = population.registered_day < 365 - 28
    in_cycle = np.zeros(len(population))
    child = np.flatnonzero(population.inviter >= 0)
    parent = population.inviter[child]
    quick = population.registered_day[child] - population.registered_day[parent] <= 28
    np.add.at(in_cycle, parent[quick], 1)
    ratio = (1 - 1 / INVITE_DELAY_MEAN_DAYS) * (1 - population.dropout_rate)
    within = (1 - population.dropout_rate) / INVITE_DELAY_MEAN_DAYS * (1 - ratio**28) / (1 - ratio)
    expected = (population.invite_rate * within)[full]
    assert abs(in_cycle[full].sum() - expected.sum()) < 5 * np.sqrt(expected.sum())
    assert invited[population.influencer].mean() > 15 * invited[~population.influencer].mean()


def test_an_invitation_stands_before_the_registration_that_it_led_to(shop):
    first = shop["users"].drop_duplicates("user_id").set_index("user_id")
    sent = shop["events"][shop["events"].event_type == "invite"].groupby("user_id").occurred_at.agg(list)
    invited = first.dropna(subset="invited_by")
    # Inviters who registered before the first day may have sent theirs before it too.
    invited = invited[invited.invited_by.map(first.registered_at) >= START]
    assert len(invited) > 100
    for inviter, registered in zip(invited.invited_by, invited.registered_at, strict=True):
        assert min(sent[inviter]) < registered
    per_inviter = invited.groupby("invited_by").registered_at.agg(list)
    for inviter, registrations in per_inviter.items():
        for number, registered in enumerate(sorted(registrations), start=1):
            assert sum(moment < registered for moment in sent[inviter]) >= number


def test_k_of_the_truth_table_is_the_mean_of_the_rates():
    world = build_model(users=3000, days=60, seed=2, start=date(2024, 1, 1))
    row = virality_truth(world).to_pylist()[0]
    population = world.population
    chance = 1 / INVITE_DELAY_MEAN_DAYS
    slow = sum(chance * (1 - chance) ** (delay - 1) * (1 - population.dropout_rate) ** delay for delay in range(1, 29))
    assert row["k"] == pytest.approx(float(np.mean(population.invite_rate * slow)))
    assert row["k"] == pytest.approx(row["invites_per_user"] * row["conversion_per_invite"])


def test_cascade_sizes_of_a_known_tree():
    #      0        4 (alone)
    #     / \
    #    1   2 - 3
    assert cascade_sizes(np.array([-1, 0, 0, 2, -1], dtype=np.int32)).tolist() == [3, 0, 1, 0, 0]


@pytest.mark.slow
def test_price_elasticities_come_back_from_the_lines():
    world = build_model(users=8192, days=364, seed=8, start=date(2024, 1, 1))
    life = live_block(world, 0)
    basket = choose_baskets(world, life, block=0)
    orders = place_orders(world, life, basket, life.visits.day * 86_400.0 + 43_200, block=0)
    lines = fill_orders(world, life, basket, orders, block=0)
    catalogue, weeks = world.catalogue, 52
    week = orders.ordered[lines.order] // (7 * 86_400)
    sold = np.zeros((weeks, len(catalogue)))
    # Groups take one product together whatever its price, so they are left out.
    alone = orders.group[lines.order] < 0
    np.add.at(sold, (week[alone], lines.product[alone]), 1)
    shop_week = sold.sum(axis=1, keepdims=True)
    change = catalogue.price[:weeks] / catalogue.list_price
    for category, elasticity in enumerate(ELASTICITIES):
        chosen = catalogue.category == category
        # Poisson regression of lines on product effects and log price, with the week's orders as exposure.
        y, log_price = sold[:, chosen], np.log(change[:, chosen])
        exposure = shop_week * catalogue.in_stock[:weeks, chosen]
        slope, information = 0.0, 0.0
        for _ in range(30):
            rate = exposure * np.exp(slope * log_price)
            mean = y.sum(axis=0) / np.maximum(rate.sum(axis=0), 1e-9) * rate
            centred = log_price - (mean * log_price).sum(axis=0) / np.maximum(mean.sum(axis=0), 1e-9)
            information = (mean * centred**2).sum()
            slope += ((y - mean) * centred).sum() / information
        assert abs(slope - elasticity) < 5 / np.sqrt(information) + 0.1, CATEGORIES[category]


@pytest.mark.slow
def test_late_parcels_cost_orders():
    """Users whose first parcel was late buy less in the next four weeks than those whose first parcel was on time."""
    world = build_model(users=16_000, days=300, seed=3, start=date(2024, 1, 1))
    rates = []
    lives = [live_block(world, block) for block in range(world.blocks)]
    for life in lives:
        paid = life.visits.outcome == PAID
        frame = pd.DataFrame(
            {
                "user": life.visits.user[paid],
                "day": life.visits.day[paid],
                "arrived": life.deliveries.delivered_day,
                "late": life.deliveries.delivered_day - life.deliveries.promised_day,
            }
        )
        first = frame.drop_duplicates("user").set_index("user")
        later = frame.join(first.arrived.rename("first_arrived"), on="user")
        soon = later[(later.day > later.first_arrived) & (later.day <= later.first_arrived + 28)]
        first["orders"] = soon.groupby("user").size()
        rates.append(first[first.arrived < 270].fillna({"orders": 0}))
    users = pd.concat(rates)
    on_time, late = users.orders[users.late <= 0], users.orders[users.late >= 2]
    error = np.sqrt(on_time.var() / len(on_time) + late.var() / len(late))
    assert on_time.mean() - late.mean() > 3 * error
