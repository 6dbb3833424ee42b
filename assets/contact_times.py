"""Rows of `score.contact_time`: hour, weekday and channel on which to reach each user, tested on the last 28 days.

The empirical-Bayes shares stand in `models/contact_time.py`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from assets.outcome_tests import SAMPLE_AT_MOST, Known, Outcome, tested, untested
from assets.scratch import open_scratch
from assets.warehouse import Warehouse
from contracts.settings import DEFAULT_TIME_ZONE
from models.contact_time import Preference, judge, recommend
from models.rfm import rfm_personas
from sql.analyses import load_analysis

LOOKBACK_DAYS = 182
TEST_DAYS = 28
_NAME = "contact_time"
_COLUMNS = ("user_id", "best_hour", "best_weekday", "best_channel", "evidence_source", "activities_count")
_KINDS = ("hour", "weekday", "channel")
_NEIGHBOURS = {"hour": 1, "weekday": 0, "channel": 0}


@dataclass(frozen=True)
class Activity:
    """Counted activity, one row per user, kind and choice (small numbers), and the names of the channels in order."""

    rows: pd.DataFrame
    channels: tuple[str, ...]

    def choices(self, kind: str) -> tuple[object, ...]:
        """Return the possible choices; no hours where every time is midnight, channels as far as they are known."""
        if kind == "channel":
            return self.channels
        if kind == "weekday":
            return tuple(range(1, 8))
        return tuple(range(24)) if self.rows["timed_count"].sum() else ()

    def counted(self, users: np.ndarray, kind: str, *, column: str = "before_count") -> np.ndarray:
        """Return activities of these users (keys) by choice, (n_users, n_choices); other users stay out."""
        rows = self.rows[self.rows["kind_number"] == _KINDS.index(kind)]
        row = pd.Index(users).get_indexer(pd.Index(rows["user_key"]))
        place = rows["choice"].to_numpy() - (0 if kind == "hour" else 1)
        counts = np.zeros((len(users), len(self.choices(kind))), dtype=np.float32)
        inside = row >= 0
        # a user has one row for each choice
        counts[row[inside], place[inside]] = rows[column].to_numpy(dtype=np.float32)[inside]
        return counts


def contact_times(warehouse: Warehouse, as_of: date, known: Known) -> Outcome:
    """Return a recommendation for every user of the snapshot; empty where nobody was active in the look-back.

    The hour is the middle of the three hours with the largest expected share of the user's activity. A source without times of
    day has no hours, one without channels no channel.
    """
    zone = warehouse.recall("time_zone") or DEFAULT_TIME_ZONE
    activity = _activity(warehouse, as_of, as_of, zone=zone)
    if activity.rows.empty:
        reason = f"no activity in the {LOOKBACK_DAYS} days before {as_of}"
        return Outcome(pd.DataFrame(columns=pd.Index(_COLUMNS)), untested(_NAME, TEST_DAYS, reason))
    people = warehouse.frame(
        "select users.user_id, users.user_key, personas.persona from feature.user_features as features inner join core.users "
        "on features.user_id = users.user_id left join score.user_persona as personas on features.user_id = personas.user_id "
        "and personas.as_of = $as_of where features.as_of = $as_of order by users.user_id",
        {"as_of": as_of},
    )
    warehouse.free_memory()
    found = {kind: _recommended(activity, people, kind) for kind in _KINDS}
    decided = found["hour"] or found["weekday"]
    frame = pd.DataFrame(
        {
            "user_id": people["user_id"],
            "best_hour": _named(found["hour"], activity.choices("hour"), len(people)),
            "best_weekday": _named(found["weekday"], activity.choices("weekday"), len(people)),
            "best_channel": _named(found["channel"], activity.choices("channel"), len(people)),
            "evidence_source": decided.source if decided else None,
            "activities_count": activity.counted(people["user_key"].to_numpy(), "weekday").sum(axis=1).astype("int64"),
        }
    )
    return Outcome(frame, _tests(warehouse, known))


def _activity(warehouse: Warehouse, origin: date, until: date, *, zone: str) -> Activity:
    since = origin - timedelta(days=LOOKBACK_DAYS)
    named = warehouse.frame(load_analysis("contact_channels").sql, {"from_date": since, "until": origin})
    channels = tuple(str(name) for name in named["channel"])
    parameters = {
        "origin": origin,
        "until": until,
        "from_date": since,
        "time_zone": zone,
        "channel_names": list(channels),
    }
    return Activity(warehouse.frame(load_analysis("contact_hours").sql, parameters), channels)


def _groups(people: pd.DataFrame) -> tuple[np.ndarray, int]:
    """Return the number of each user's persona, -1 without one, and how many personas there are."""
    codes, names = pd.factorize(people["persona"], sort=True)
    return codes, len(names)


def _recommended(activity: Activity, people: pd.DataFrame, kind: str) -> Preference | None:
    if not activity.choices(kind):
        return None
    group, groups = _groups(people)
    counts = activity.counted(people["user_key"].to_numpy(), kind)
    return recommend(counts, group, groups=groups, neighbours=_NEIGHBOURS[kind])


def _named(preference: Preference | None, choices: tuple[object, ...], rows: int) -> pd.Series:
    if preference is None:
        return pd.Series([None] * rows, dtype="object")
    return pd.Series(np.array(choices)[preference.choice])


def _tests(warehouse: Warehouse, known: Known) -> list[dict[str, object]]:
    """Judge on the last 28 days: recommendations of then for a sample of users, from activity and personas known then."""
    origin = known.origin(TEST_DAYS)
    if (origin - known.first).days < TEST_DAYS:
        return untested(_NAME, TEST_DAYS, f"less than {TEST_DAYS} days of history before {origin}")
    zone = warehouse.recall("time_zone") or DEFAULT_TIME_ZONE
    with open_scratch(warehouse, users_at_most=SAMPLE_AT_MOST) as scratch:
        activity = _activity(scratch, origin, known.until, zone=zone)
        history = scratch.frame(load_analysis("purchase_history").sql, {"origin": origin, "until": origin})
        keys = scratch.frame("select user_id, user_key from core.users order by user_id")
    personas = rfm_personas(history[["user_id", "recency_days", "orders_count", "net_amount_365d"]])
    known_keys = set(activity.rows.loc[activity.rows["before_count"] > 0, "user_key"])
    people = keys.merge(personas[["user_id", "persona"]], on="user_id", how="left")
    people = people[people["persona"].notna() | people["user_key"].isin(known_keys)]
    group, groups = _groups(people)
    rows = []
    for kind in _KINDS:
        if len(activity.choices(kind)) < 2:
            continue
        counts, later = (
            activity.counted(people["user_key"].to_numpy(), kind, column=column)
            for column in ("before_count", "after_count")
        )
        if not later.sum():
            continue
        shares = judge(counts, later, group=group, groups=groups, neighbours=_NEIGHBOURS[kind])
        measures = {method: {f"{kind}_share": share} for method, share in shares.items()}
        users = int((later.sum(axis=1) > 0).sum())
        rows += tested(_NAME, TEST_DAYS, measures, users=users, origin=origin)
    return rows or untested(_NAME, TEST_DAYS, f"nobody known before {origin} was active after it")
