"""The past cannot see the future: every feature, at several as_ofs, on whole sources and on sources cut at as_of.

How the sources are cut stands in `point_in_time.py`. The lower half breaks features on purpose: each leak must be found.
"""

from collections import Counter
from contextlib import ExitStack
from datetime import date, timedelta

import pytest

from assets.warehouse import Warehouse
from sql.queries import Query, load_queries, load_query
from tests.sql import point_in_time
from tests.sql.point_in_time import as_known_at, leaks, open_shop
from tests.sql.random_shop import BUSY_DAYS, FIRST_DAY, random_shop

AS_OFS = list(BUSY_DAYS)
SEED = 20240201


@pytest.fixture(scope="module")
def shops():
    """The warehouse of the whole shop, and one per as_of of what was known then."""
    shop = random_shop(SEED)
    with ExitStack() as stack:
        whole = stack.enter_context(open_shop(shop, seed=1))
        known = {as_of: stack.enter_context(open_shop(as_known_at(shop, as_of), seed=2)) for as_of in AS_OFS}
        yield whole, known


PLANS = ("campaigns", "campaign_contacts", "coupons")
"""What is written down before its day: a campaign's days, list and coupons."""
OF_PLANS = ("feature.campaign_contact", "feature.campaign_purchases")
"""The features that may read a plan ahead; they have tests of their own."""


def features() -> list[Query]:
    queries = load_queries()
    return [query for name, query in queries.items() if query.layer == "feature" and name not in OF_PLANS]


@pytest.mark.parametrize("as_of", AS_OFS, ids=str)
def test_features_do_not_know_the_future(shops, as_of):
    whole, known = shops
    assert not leaks(whole, known[as_of], features(), {"as_of": as_of})


@pytest.mark.slow
def test_every_feature_takes_several_values(shops):
    """A feature that is null or the same for everyone could not show a leak: enrich `random_shop.py` then."""
    whole, _ = shops
    flat = []
    for query in [*features(), *map(load_queries().__getitem__, OF_PLANS)]:
        for as_of in AS_OFS:
            whole.build(query, {"as_of": as_of})
        for name, *_ in whole.connection.execute(f"describe {query.table}").fetchall():
            if whole.value(f"select count(distinct {name}) from {query.table}") == 1:
                flat.append(f"{query.table}.{name}")
            elif not whole.value(f"select count(distinct {name}) from {query.table}"):
                flat.append(f"{query.table}.{name} (always null)")
    assert not flat


def leaks_somewhere(shops: tuple[Warehouse, dict[date, Warehouse]], query: Query) -> bool:
    """Whether the feature differs at one of the as_ofs; the other tests build their snapshots anew."""
    whole, known = shops
    return any(leaks(whole, known[as_of], [query], {"as_of": as_of}) for as_of in AS_OFS)


def query_of(tmp_path, name: str, sql: str) -> Query:
    path = tmp_path / "feature" / f"{name}.sql"
    path.parent.mkdir(exist_ok=True)
    path.write_text(sql, encoding="utf-8")
    return load_query(path)


@pytest.fixture(scope="module")
def begun():
    """Campaign -> its first day, and the warehouse as it stood then; of plans, only the one of that campaign was known."""
    shop = random_shop(SEED)
    days = {row["campaign_id"]: row["first_date"] for row in shop["campaigns"]}
    listed = Counter(row["campaign_id"] for row in shop["campaign_contacts"] if not row["is_control"])
    chosen = [name for name, _ in listed.most_common() if FIRST_DAY + timedelta(days=60) < days[name] < AS_OFS[-1]][:2]
    assert len(chosen) == 2, "the random shop has too few campaigns: change SEED"
    with ExitStack() as stack:
        shops = {}
        for name in chosen:
            known = as_known_at(shop, days[name])
            for plan in PLANS:
                known[plan] += [row for row in shop[plan] if row["campaign_id"] == name and row not in known[plan]]
            shops[name] = days[name], stack.enter_context(open_shop(known, seed=3))
        yield shops


def campaign_rows(warehouse: Warehouse, queries: list[Query], campaign: str, as_of: date) -> list[list[tuple]]:
    """Build the features of campaigns and return those of one campaign, in order, without as_of."""
    found = []
    for query in queries:
        warehouse.build(query, {"as_of": as_of})
        rows = warehouse.connection.execute(
            f"select * exclude (as_of) from {query.table} where campaign_id = $campaign and as_of = $as_of order by user_id",
            {"campaign": campaign, "as_of": as_of},
        )
        found.append(rows.fetchall())
    return found


def knows_later(shops, begun, queries: list[Query]) -> bool:
    """Whether a campaign's features change when what came after its first day is known."""
    whole, _ = shops
    last = AS_OFS[-1]
    return any(
        campaign_rows(whole, queries, name, last) != campaign_rows(known, queries, name, first_date)
        for name, (first_date, known) in begun.items()
    )


@pytest.mark.slow
def test_a_campaign_is_described_by_what_was_known_on_its_first_day(shops, begun):
    queries = [load_queries()[name] for name in OF_PLANS]
    whole, _ = shops
    assert not knows_later(shops, begun, queries)
    assert all(all(campaign_rows(whole, queries, name, AS_OFS[-1])) for name in begun)


@pytest.mark.slow
@pytest.mark.parametrize("as_of", AS_OFS[1:2], ids=str)
def test_a_planned_campaign_is_described_by_what_is_known(shops, as_of):
    """Of the time from as_of on nothing but the plans is known: with them the features are the same."""
    whole, _ = shops
    shop = random_shop(SEED)
    planned = {row["campaign_id"] for row in shop["campaigns"] if row["first_date"] >= as_of}
    with open_shop(as_known_at(shop, as_of) | {name: shop[name] for name in PLANS}, seed=4) as known:
        assert not leaks(whole, known, [load_queries()[name] for name in OF_PLANS], {"as_of": as_of})
        count = f"select count(*) from {OF_PLANS[0]} where campaign_id in (select unnest($planned)) and as_of = $as_of"
        assert whole.value(count, {"planned": sorted(planned), "as_of": as_of})


BROKEN_PLANS = [
    ("campaign_contact", "and earlier.contacted_date < listed.known_until_date", ""),
    ("campaign_contact", "and campaigns.first_date < listed.known_until_date", ""),
    ("campaign_contact", "and listed.known_until_date > redemptions.redeemed_date", ""),
    ("campaign_contact", "least(campaigns.first_date, $as_of) as known_until_date", "$as_of as known_until_date"),
    ("campaign_purchases", "listed.known_until_date > orders.ordered_date", "orders.ordered_date < $as_of"),
    (
        "campaign_purchases",
        "and coalesce(orders.cancelled_date >= listed.known_until_date, true)",
        "and orders.is_paid",
    ),
]


@pytest.mark.parametrize("name, old, new", BROKEN_PLANS)
def test_a_broken_feature_of_campaigns_is_found(shops, begun, tmp_path, name, old, new):
    text = load_queries()[f"feature.{name}"].sql
    assert text.count(old) == 1, f"{name}.sql no longer holds {old!r} once: adapt the mutation"
    broken = query_of(tmp_path, name, text.replace(old, new))
    others = [load_queries()[table] for table in OF_PLANS if table != f"feature.{name}"]
    queries = [broken, *others] if name == "campaign_contact" else [*others, broken]
    assert knows_later(shops, begun, queries), f"{name}: {new!r} was not found"


BROKEN = [
    ("order_activity", "and ordered_date < $as_of", "and ordered_date <= $as_of"),
    ("order_activity", "and ordered_date < $as_of", "and ordered_at < $as_of"),  # midnight UTC is 08:00 in Shanghai
    ("order_activity", "or cancelled_date >= $as_of)", "or cancelled_date > $as_of)"),
    ("order_activity", "and (cancelled_date is null or cancelled_date >= $as_of)", "and cancelled_date is null"),
    ("order_activity", "and (cancelled_date is null or cancelled_date >= $as_of)", "and status <> 'cancelled'"),
    ("order_activity", "and (cancelled_date is null or cancelled_date >= $as_of)", "and is_paid"),
    ("spend", "and items.ordered_date < $as_of", "and items.ordered_date <= $as_of"),
    ("spend", "and refunded_date < $as_of", "and refunded_date <= $as_of"),
    ("spend", "and refunded_date < $as_of", "and ordered_date < $as_of"),
    ("spend", "and coalesce(items.cancelled_date >= $as_of, true)", "and items.is_paid"),
    ("voice", "coalesce(resolved_date >= $as_of, true)", "resolved_date is null"),
    ("prices_seen", "and ordered_date < $as_of", "and ordered_date <= $as_of"),
    ("prices_seen", "and coalesce(cancelled_date >= $as_of, true)", "and is_paid"),
    ("voice", "where created_date < $as_of", "where created_date <= $as_of"),
    ("voice", "count(*) filter (where cancelled_date < $as_of)", "count(cancelled_date)"),
    ("voice", "count(*) filter (where delivered_date < $as_of and delivered_date > promised_date)",
     "count(*) filter (where delivered_date > promised_date)"),
    ("voice", "delivered_date)) filter (where delivered_date < $as_of)", "delivered_date))"),
    ("behaviour", "where activity_date < $as_of\n", "where activity_date <= $as_of\n"),
    ("behaviour", "where activity_date < $as_of and", "where activity_date <= $as_of and"),
]  # fmt: skip


@pytest.mark.parametrize("name, old, new", BROKEN)
def test_a_broken_feature_is_found(shops, tmp_path, name, old, new):
    text = load_queries()[f"feature.{name}"].sql
    assert text.count(old) == 1, f"{name}.sql no longer holds {old!r} once: adapt the mutation"
    broken = query_of(tmp_path, name, text.replace(old, new))
    assert leaks_somewhere(shops, broken), f"{name}: {new!r} was not found"


LATER_FEATURES = {
    "an undated attribute": "select user_id, $as_of as as_of, region from core.users",
    "users who come later": "select user_id, $as_of as as_of from core.users",
    "the newest of dated attributes": """
        select user_id, $as_of as as_of, region from core.user_history
        qualify row_number() over (partition by user_id order by valid_from desc) = 1""",
    "a date of registration that lies ahead": "select user_id, $as_of as as_of, registered_date from core.users",
    "the key, which tells when a user first came": """
        select user_id, $as_of as as_of, user_key from core.users
        where user_id in (select user_id from core.orders where ordered_date < $as_of)""",
    "an answer not given yet": """
        select user_id, $as_of as as_of, max(first_response_date) as first_response_date
        from core.feedback where created_date < $as_of group by user_id""",
    "events after midnight of a session before it": """
        select users.user_id, $as_of as as_of, sum(sessions.events_count) as events_count
        from core.sessions inner join core.users on sessions.user_key = users.user_key
        where sessions.activity_date < $as_of group by users.user_id""",
    "today's list price": """
        select orders.user_id, $as_of as as_of, max(products.list_price) as list_price
        from core.orders
        inner join core.order_items on orders.order_id = order_items.order_id
        inner join core.products on order_items.product_id = products.product_id
        where orders.ordered_date < $as_of and orders.user_id is not null group by orders.user_id""",
    "the time of the last change": """
        select user_id, $as_of as as_of, max(updated_at) as updated_at
        from bronze.orders where ordered_date < $as_of and user_id is not null group by user_id""",
}


@pytest.mark.parametrize("what", LATER_FEATURES)
def test_a_new_feature_that_reads_the_future_is_found(shops, tmp_path, what):
    header = "-- One row per user: a feature somebody may write.\n-- grain: user_id, as_of\n"
    assert leaks_somewhere(shops, query_of(tmp_path, "probe", header + LATER_FEATURES[what]))


SOUND_FEATURES = {
    "the attribute that held before": """
        select user_id, $as_of as as_of, region from core.user_history where valid_from_date < $as_of
        qualify row_number() over (partition by user_id order by valid_from desc) = 1""",
    "answers given by then": """
        select user_id, $as_of as as_of, count(*) filter (where first_response_date < $as_of) as rows_count
        from core.feedback where created_date < $as_of group by user_id""",
    "the promised date, which is said when ordering": """
        select user_id, $as_of as as_of, max(promised_date) as promised_date
        from core.orders where ordered_date < $as_of and user_id is not null group by user_id""",
}


@pytest.mark.parametrize("what", SOUND_FEATURES)
def test_a_sound_feature_passes(shops, tmp_path, what):
    header = "-- One row per user: a feature somebody may write.\n-- grain: user_id, as_of\n"
    assert not leaks_somewhere(shops, query_of(tmp_path, "probe", header + SOUND_FEATURES[what]))


def test_a_contract_without_time_must_be_told(monkeypatch):
    from contracts.contract import SourceContract

    stock = SourceContract("stock", "One row per shelf.", ("content_id", "quantity"), ("content_id",), ("content_id",))
    monkeypatch.setitem(point_in_time.SOURCES, "stock", stock)
    with pytest.raises(AssertionError, match=r"stock has no time .*UNDATED"):
        as_known_at({**random_shop(SEED), "stock": []}, AS_OFS[0])
