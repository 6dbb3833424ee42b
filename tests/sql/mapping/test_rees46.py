"""The REES46 sample: events, sessions, funnel and revenue against pandas."""

import pandas as pd
import pytest

from assets.analytics import Shop
from contracts.funnels import Funnel
from sql.queries import load_queries

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture
def source(load_source, real_data):
    return load_source("rees46", real_data("rees46_sample"))


@pytest.fixture
def raw(real_data):
    return pd.read_csv(real_data("rees46_sample") / "2019-Oct_first17k.csv.gz").drop_duplicates()


def test_every_row_is_accounted_for(source, raw):
    rows = source.summary.rows
    assert rows["events"] == {
        "staged": 17_434, "loaded": len(raw), "updated": 0, "duplicate": 17_434 - len(raw), "excluded": 0, "quarantined": 0,
    }  # fmt: skip
    assert (rows["users"]["loaded"], rows["products"]["loaded"]) == (
        raw["user_id"].nunique(),
        raw["product_id"].nunique(),
    )
    assert (source.summary.rejected, source.summary.stopped) == (0, [])


def test_purchases_are_the_revenue(source, raw):
    bought = raw[raw["event_type"] == "purchase"]
    month = source.months("identified").iloc[0]
    assert month["net"] == round(100 * bought["price"].sum())
    assert month["orders"] == len(bought.drop_duplicates(["user_session", "user_id"]))
    assert month["buyers"] == bought["user_id"].nunique()


def test_reports_equal_pandas(source, raw):
    kinds = raw.groupby("user_id")["event_type"].agg(set)
    with source.warehouse() as warehouse:
        span = {"from_date": "2019-09-30", "until_date": "2019-10-03"}
        for query in load_queries().values():
            if query.layer == "core" or query.name in {"event_transition_day", "session_day"}:
                warehouse.build(query, span if query.kind == "incremental" else {})
        shop = Shop(warehouse)
        funnel = Funnel.model_validate({"name": "asked", "steps": ["view", "cart", "purchase"], "order": "any"})
        steps = shop.funnel(funnel).frame["users_count"].tolist()
        path = shop.paths(top=99).frame
        sessions = int(shop.sessions().frame["sessions_count"].sum())
        value = shop.distribution("orders").frame["users_count"].sum()
    # in any order within the three hours: step k means k different types
    assert steps == [int((kinds.map(len) >= k).sum()) for k in (1, 2, 3)]
    events = path[path["from_event"] != "(start)"]["transitions_count"].sum()
    assert events == len(raw)
    moments = raw.assign(at=pd.to_datetime(raw["event_time"].str.removesuffix(" UTC"))).sort_values(["user_id", "at"])
    gaps = moments.groupby("user_id")["at"].diff()
    assert sessions == int((gaps.isna() | (gaps > pd.Timedelta(minutes=30))).sum())
    assert value == raw[raw["event_type"] == "purchase"]["user_id"].nunique()
