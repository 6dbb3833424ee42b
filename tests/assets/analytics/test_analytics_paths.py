"""Transitions, step matrix, intervals and distributions against slow twins."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.analytics import AnalysisError, Shop, moments
from contracts.funnels import Funnel
from models.distributions import amount_bins, duration_bins, quantiles

DAY = 24 * 60
START = datetime.fromisoformat("2024-03-04T00:00:00")  # as in conftest.py
EVENTS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 200), st.sampled_from(["view", "cart", "push_open"]), st.just(1)),
    max_size=16,
)


def sessions_of(rows):
    """Event types of every session, in order; a gap over 30 minutes starts a new one."""
    own = defaultdict(list)
    for user, minute, kind, _ in rows:
        if kind != "push_open":
            own[user].append((minute, kind))
    found = []
    for events in own.values():
        previous = None
        for minute, kind in sorted(events):
            if previous is None or minute - previous > 30:
                found.append([])
            found[-1].append(kind)
            previous = minute
    return found


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=EVENTS)
def test_transitions_and_step_matrix_equal_the_twins(fresh_shop, rows):
    with fresh_shop(rows, reports=("event_transition_day",)) as shop:
        if not rows:
            return
        sessions = sessions_of(rows)
        pairs = Counter()
        for kinds in sessions:
            pairs.update(zip(["(start)", *kinds], [*kinds, "(end)"], strict=True))
        frame = shop.paths(top=99).frame
        assert pairs == {(a, b): n for a, b, n in frame[["from_event", "to_event", "transitions_count"]].to_numpy()}
        matrix = Counter((step, (kinds + ["(end)"] * 5)[step]) for kinds in sessions for step in range(4))
        frame = shop.step_matrix(steps=3).frame
        assert matrix == {
            (step, kind): n for step, kind, n in frame[["step", "event_type", "sessions_count"]].to_numpy()
        }
        back = Counter((step, (kinds[::-1] + ["(start)"] * 5)[step]) for kinds in sessions for step in range(4))
        frame = shop.step_matrix(steps=3, from_end=True).frame
        assert back == {(step, kind): n for step, kind, n in frame[["step", "event_type", "sessions_count"]].to_numpy()}


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=EVENTS)
def test_flows_equal_the_twin(fresh_shop, rows):
    with fresh_shop(rows) as shop:
        for anchor, from_end in ((None, False), (None, True), ("cart", False), ("cart", True)):
            wanted = Counter()
            for kinds in sessions_of(rows):
                order = kinds[::-1] if from_end else kinds
                if anchor in order or anchor is None:
                    rest = order[order.index(anchor) if anchor else 0 :]
                    pairs = zip(rest, [*rest[1:], "(start)" if from_end else "(end)"], strict=True)
                    wanted.update((step, *pair) for step, pair in enumerate(pairs) if step < 3)
            if wanted:
                frame = shop.step_flows(anchor=anchor, from_end=from_end, steps=3).frame
                columns = ["step", "near_event", "far_event", "sessions_count"]
                assert wanted == {(step, a, b): n for step, a, b, n in frame[columns].to_numpy()}


def test_rare_events_are_one_place_in_flows(make_shop):
    shop = make_shop([(1, minute, f"type{minute:02}", 1) for minute in range(12)])
    frame = shop.step_flows(steps=12).frame
    assert len(set(frame["near_event"])) == 9
    assert frame[frame["near_event"] == "(rest)"]["sessions_count"].sum() == 4
    with pytest.raises(AnalysisError, match="'wish'"):
        shop.step_flows(anchor="wish")


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=EVENTS)
def test_intervals_equal_the_twin(fresh_shop, rows):
    with fresh_shop(rows) as shop:
        for first, second in (("view", "cart"), ("view", "view")):
            wanted = []
            for user in {row[0] for row in rows}:
                firsts = sorted({minute for who, minute, kind, _ in rows if who == user and kind == first})
                seconds = sorted({minute for who, minute, kind, _ in rows if who == user and kind == second})
                for start in firsts:
                    end = next((minute for minute in seconds if minute > start), None)
                    if end is not None and not any(start < other < end for other in firsts):
                        wanted.append(60.0 * (end - start))
            found = shop.ask(
                "intervals", {"first_type": first, "second_type": second, "from_date": FIRST, "until_date": LAST}
            )
            assert sorted(found["seconds"]) == sorted(wanted)


FIRST, LAST = "2024-01-01", "2025-01-01"


def test_rest_keeps_the_whole(make_shop):
    shop = make_shop(
        [(1, minute, kind, 1) for minute, kind in enumerate("abacadae")], reports=("event_transition_day",)
    )
    frame = shop.paths(top=1).frame
    assert frame[frame["from_event"] == "a"]["transitions_count"].tolist() == [1, 3]
    assert frame.groupby("from_event")["share"].sum().tolist() == pytest.approx([1.0] * 6)


def test_matrix_from_an_anchor(make_shop):
    shop = make_shop([(1, 0, "view", 1), (1, 1, "cart", 1), (1, 2, "view", 1), (2, 0, "view", 1)])
    frame = shop.step_matrix(anchor="cart", steps=2).frame
    assert frame[["step", "event_type", "sessions_count"]].to_numpy().tolist() == [
        [0, "cart", 1],
        [1, "view", 1],
        [2, "(end)", 1],
    ]
    with pytest.raises(AnalysisError, match="'wish'"):
        shop.step_matrix(anchor="wish")


def test_steps_are_those_of_core_sessions_however_many_parts_the_users_are_taken_in(make_shop, monkeypatch):
    # user 3 never pauses for three days: a session up to the second midnight, then events of none
    rows = [(1, 0, "view", 1), (1, 20, "cart", 1), (2, 24 * 60 - 5, "view", 1), (2, 24 * 60 + 5, "cart", 1)]
    rows += [(3, minute, "view", 1) for minute in range(600, 600 + 3 * 24 * 60, 29)]
    shop = make_shop(rows)
    held = shop.step_matrix(steps=90).frame
    told = "select count(*) as sessions, sum(events_count) as events from core.sessions"
    assert shop.warehouse.frame(told).to_numpy().tolist() == [
        [held.query("step == 0")["sessions_count"].sum(), held.query("event_type != '(end)'")["sessions_count"].sum()]
    ]
    funnel = shop.funnel("purchase").frame
    monkeypatch.setattr(moments, "EVENTS_AT_MOST", 60)
    assert Shop(shop.warehouse).step_matrix(steps=90).frame.equals(held)
    assert Shop(shop.warehouse).funnel("purchase").frame.equals(funnel)


def test_a_larger_range_is_read_anew_and_a_smaller_one_is_not(make_shop, monkeypatch):
    shop = make_shop([(1, day * 24 * 60, "view", 1) for day in range(4)])
    days = [START.date() + timedelta(days=day) for day in range(6)]
    assert shop.step_matrix(from_date=days[1], until_date=days[2]).frame["sessions_count"].tolist()[0] == 1
    assert shop.step_matrix().frame["sessions_count"].tolist()[0] == 4
    monkeypatch.setattr(shop, "arrays", None)
    assert shop.step_matrix(until_date=days[3]).frame["sessions_count"].tolist()[0] == 3


def test_distributions_count_users_once(make_shop):
    shop = make_shop(
        [(1, n, "view", 1) for n in range(6)] + [(2, 0, "view", 1), (3, 0, "push_open", 1)], [(2, 5), (2, 9)]
    )
    assert shop.distribution("events").frame.set_index("bin")["users_count"].to_dict() == {
        "1 to under 2": 1, "2 to under 5": 0, "5 to under 10": 1,
    }  # fmt: skip
    assert shop.distribution("orders").frame["users_count"].tolist() == [0, 1]
    assert "mean 30" in dict(shop.distribution("spend").heading)["note"]  # 10 + 20
    with pytest.raises(AnalysisError, match="cannot measure 'luck'"):
        shop.distribution("luck")


def test_bins_hold_their_lower_end():
    durations = duration_bins(np.array([59.9, 60.0, 61.0, 1e9]), [1, 1, 1, 2])
    assert durations["count"].tolist() == [1, 2, *[0] * 10, 1]
    assert durations["users_count"].tolist() == [1, 1, *[0] * 10, 1]
    assert amount_bins(np.array([0.5, 1.0, 2.0, 4.9, 5.0])).to_dict("list") == {
        "bin": ["under 1", "1 to under 2", "2 to under 5", "5 to under 10"],
        "count": [1, 1, 2, 1],
        "share": [0.2, 0.2, 0.4, 0.2],
    }
    assert amount_bins(np.array([])).empty
    assert quantiles(np.array([]), unit="days") == "no values"


@pytest.mark.parametrize("minutes, said", [
    (0.5, "quartiles 30 / 30 / 30 seconds"), (3, "quartiles 3 / 3 / 3 minutes"), (120, "quartiles 2 / 2 / 2 hours"),
    (3 * DAY, "quartiles 3 / 3 / 3 days"),
])  # fmt: skip
def test_intervals_are_told_in_a_unit_that_can_be_read(make_shop, minutes, said):
    report = make_shop([(1, 0, "view", 1), (1, minutes, "cart", 1)]).intervals("view", "cart")
    assert report.notes[0].startswith(said)
    assert report.definition.startswith("The seconds from a first event to the next second event of the same user.")


def test_intervals_of_few_users_are_blank_where_they_are_published(make_shop):
    rows = [(user, 0, "view", 1) for user in range(1, 14)]
    rows += [(user, 2 if user < 11 else 90, "cart", 1) for user in range(1, 14)]
    shown = make_shop(rows).intervals("view", "cart").without_small_groups(10).frame.set_index("bin")
    assert shown.loc["1 to 5 minutes", ["intervals_count", "users_count"]].tolist() == [10, 10]
    assert shown.loc["1 to 6 hours", ["intervals_count", "users_count", "share"]].isna().all()


def test_a_funnel_says_when_no_entry_had_its_whole_window(make_shop):
    shop = make_shop([(1, 0, "view", 1), (1, 5, "cart", 1), (2, 10 * DAY, "view", 1)])
    funnel = Funnel.model_validate({"name": "asked", "steps": ["view", "cart"]})
    assert "entries from 2024-03-08 on had less than that" in shop.funnel(funnel).window
    late = shop.funnel(funnel, from_date=date(2024, 3, 10))
    assert late.window.endswith("; the data end before any entry had that long")
