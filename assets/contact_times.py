"""Rows of `score.contact_time`: hour, weekday and channel on which to reach each user, tested on the last 28 days.

The empirical-Bayes shares stand in `models/contact_time.py`.
"""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from assets.outcome_tests import Known, Outcome, tested, untested
from assets.warehouse import Warehouse
from contracts.settings import DEFAULT_TIME_ZONE
from models.contact_time import Preference, judge, recommend
from models.rfm import rfm_personas
from sql.analyses import load_analysis

LOOKBACK_DAYS = 182
TEST_DAYS = 28
_NAME = "contact_time"
_COLUMNS = ("user_id", "best_hour", "best_weekday", "best_channel", "evidence_source", "activities_count")
_NEIGHBOURS = {"hour": 1, "weekday": 0, "channel": 0}
_RINGS = {"hour": [str(hour) for hour in range(24)], "weekday": [str(day) for day in range(1, 8)]}


def contact_times(warehouse: Warehouse, as_of: date, known: Known) -> Outcome:
    """Return a recommendation for every user of the snapshot; empty where nobody was active in the look-back.

    The hour is the middle of the three hours with the largest expected share of the user's activity. A source without times of
    day has no hours, one without channels no channel.
    """
    activity = _activity(warehouse, as_of, as_of)
    if not activity["before_count"].sum():
        reason = f"no activity in the {LOOKBACK_DAYS} days before {as_of}"
        return Outcome(pd.DataFrame(columns=pd.Index(_COLUMNS)), untested(_NAME, TEST_DAYS, reason))
    people = warehouse.frame(
        "select features.user_id, personas.persona from feature.user_features as features left join score.user_persona as "
        "personas on features.user_id = personas.user_id and personas.as_of = $as_of where features.as_of = $as_of "
        "order by features.user_id",
        {"as_of": as_of},
    )
    found = {kind: _recommended(activity, people, kind) for kind in ("hour", "weekday", "channel")}
    decided = found["hour"] or found["weekday"]
    counts = activity[activity["kind"] == "weekday"].groupby("user_id")["before_count"].sum()
    frame = pd.DataFrame(
        {
            "user_id": people["user_id"],
            "best_hour": _named(found["hour"], len(people), number=True),
            "best_weekday": _named(found["weekday"], len(people), number=True),
            "best_channel": _named(found["channel"], len(people), number=False),
            "evidence_source": decided[0].source if decided else None,
            "activities_count": people["user_id"].map(counts).fillna(0).astype("int64"),
        }
    )
    return Outcome(frame, _tests(warehouse, known))


def _activity(warehouse: Warehouse, origin: date, until: date) -> pd.DataFrame:
    zone = warehouse.recall("time_zone") or DEFAULT_TIME_ZONE
    since = origin - timedelta(days=LOOKBACK_DAYS)
    parameters = {"origin": origin, "until": until, "from_date": since, "time_zone": zone}
    return warehouse.frame(load_analysis("contact_hours").sql, parameters)


def _choices(activity: pd.DataFrame, kind: str) -> list[str]:
    """Return the possible choices; none for hours where every time is midnight, and for channels where none is known."""
    rows = activity[activity["kind"] == kind]
    if kind == "channel":
        return sorted(rows.loc[rows["before_count"] > 0, "choice"].unique())
    return _RINGS[kind] if kind == "weekday" or rows["timed_count"].sum() else []


def _counted(
    activity: pd.DataFrame, users: pd.Series, *, kind: str, choices: list[str], column: str = "before_count"
) -> np.ndarray:
    """Return activities by user and choice, (n_users, n_choices); rows of other users and choices stay out."""
    rows = activity[activity["kind"] == kind]
    row = pd.Index(users).get_indexer(pd.Index(rows["user_id"]))
    place = pd.Index(choices).get_indexer(pd.Index(rows["choice"]))
    counts = np.zeros((len(users), len(choices)), dtype=np.float32)
    inside = (row >= 0) & (place >= 0)
    np.add.at(counts, (row[inside], place[inside]), rows[column].to_numpy(dtype=np.float32)[inside])
    return counts


def _groups(people: pd.DataFrame) -> tuple[np.ndarray, int]:
    """Return the number of each user's persona, -1 without one, and how many personas there are."""
    codes, names = pd.factorize(people["persona"], sort=True)
    return codes, len(names)


def _recommended(activity: pd.DataFrame, people: pd.DataFrame, kind: str) -> tuple[Preference, list[str]] | None:
    choices = _choices(activity, kind)
    if not choices:
        return None
    group, groups = _groups(people)
    counts = _counted(activity, people["user_id"], kind=kind, choices=choices)
    return recommend(counts, group, groups=groups, neighbours=_NEIGHBOURS[kind]), choices


def _named(found: tuple[Preference, list[str]] | None, rows: int, *, number: bool) -> pd.Series:
    if found is None:
        return pd.Series([None] * rows, dtype="Int64" if number else "object")
    preference, choices = found
    names = np.array([int(choice) for choice in choices] if number else choices)
    return pd.Series(names[preference.choice])


def _tests(warehouse: Warehouse, known: Known) -> list[dict[str, object]]:
    """Judge on the last 28 days: recommendations of then, from activity and personas known then."""
    origin = known.origin(TEST_DAYS)
    if (origin - known.first).days < TEST_DAYS:
        return untested(_NAME, TEST_DAYS, f"less than {TEST_DAYS} days of history before {origin}")
    activity = _activity(warehouse, origin, known.until)
    history = warehouse.frame(load_analysis("purchase_history").sql, {"origin": origin, "until": origin})
    personas = rfm_personas(history[["user_id", "recency_days", "orders_count", "net_amount_365d"]])
    before = activity.groupby("user_id")["before_count"].sum()
    seen = pd.Index(before[before > 0].index).union(pd.Index(personas["user_id"]))
    people = pd.DataFrame({"user_id": seen}).merge(personas[["user_id", "persona"]], on="user_id", how="left")
    group, groups = _groups(people)
    rows = []
    for kind in ("hour", "weekday", "channel"):
        choices = _choices(activity, kind)
        if len(choices) < 2:
            continue
        counts, later = (
            _counted(activity, people["user_id"], kind=kind, choices=choices, column=column)
            for column in ("before_count", "after_count")
        )
        if not later.sum():
            continue
        shares = judge(counts, later, group=group, groups=groups, neighbours=_NEIGHBOURS[kind])
        measures = {method: {f"{kind}_share": share} for method, share in shares.items()}
        users = int((later.sum(axis=1) > 0).sum())
        rows += tested(_NAME, TEST_DAYS, measures, users=users, origin=origin)
    return rows or untested(_NAME, TEST_DAYS, f"nobody known before {origin} was active after it")
