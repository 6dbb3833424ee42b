"""Funnels of a shop: fetches the events of the steps part by part, counts them with `models/funnels.py`, says what they mean."""

import json
import math
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assets.analytics.event_types import unknown_types
from assets.analytics.report import AnalysisError, Report
from contracts.funnels import ASKED, Funnel
from models.funnels import FunnelEvents, reach, summarise
from models.moments import Moments
from models.plain_funnels import NOBODY, reach_plain
from models.proportions import wilson_interval

if TYPE_CHECKING:
    from assets.analytics.shop import Shop

EVENTS_PER_PART = 6_000_000
"""So many events of the steps at a time keep the arrays under about 500 MB, however large the shop is."""

_ORDERS = {
    "ordered": "in this order, other steps may come between",
    "strict": "in this order, no third step may come between",
    "any": "in any order; an entry is an event of any step, and step k means k different steps",
}


def _steps(funnel: Funnel) -> str:
    rows = [
        {"step": number, "event_type": kind, "channel": step.channel, "device": step.device, "category": step.category}
        for number, step in enumerate(funnel.steps, start=1)
        for kind in step.event_types
    ]
    return json.dumps(rows + [{"step": 0, "event_type": kind} for kind in funnel.exclude])


def types_of(funnel: Funnel) -> list[str]:
    """Return the event types of all steps and of what is excluded."""
    return [*(kind for step in funnel.steps for kind in step.event_types), *funnel.exclude]


def _parts(shop: "Shop", funnel: Funnel, first: date, last: date) -> int:
    """Return in how many parts the users are taken, so that one part's events of the steps fit in memory."""
    span = "select count(*) from core.events where activity_date >= $first and activity_date < $last"
    events = int(str(shop.warehouse.value(span, {"first": first, "last": last})))
    if events > EVENTS_PER_PART:  # the kinds are counted only where they can matter: that reads a column
        kinds_only = f"{span} and list_contains(from_json($kinds, '[\"VARCHAR\"]'), event_type)"
        events = int(
            str(shop.warehouse.value(kinds_only, {"first": first, "last": last, "kinds": json.dumps(types_of(funnel))}))
        )
    return max(1, math.ceil(events / EVENTS_PER_PART))


def _is_plain(funnel: Funnel) -> bool:
    """Return whether the steps are event types alone, in this order, none of them in two steps."""
    types = [kind for step in funnel.steps for kind in step.event_types]
    is_filtered = any(step.channel or step.device or step.category for step in funnel.steps)
    return (
        funnel.order == "ordered"
        and len(set(types)) == len(types)
        and "order" not in types
        and not (is_filtered or funnel.exclude or funnel.hold_product)
    )


def _reached_held(
    shop: "Shop", funnel: Funnel, parts: list[Moments], from_date: date, until_date: date, known_until: date
) -> pd.DataFrame:
    """Return what `reached_steps` does, from events that are held."""
    frames = [
        reach_plain(
            part,
            [step.event_types for step in funnel.steps],
            window_us=round(funnel.window_days * 86_400_000_000),
            first=from_date,
            until=until_date,
            known_until=known_until,
        )
        for part in parts
    ]
    found = pd.concat(frames, ignore_index=True) if frames else NOBODY
    if funnel.population == "everybody":
        return found
    signed_in = shop.warehouse.connection.execute("select user_key from bronze.user_keys where not is_anonymous")
    return found[np.isin(found["user_key"], signed_in.fetchnumpy()["user_key"])].reset_index(drop=True)


def reached_steps(
    shop: "Shop", funnel: Funnel, from_date: date, until_date: date, *, known_until: date | None = None
) -> pd.DataFrame:
    """Return one row per user and step reached: `user_key, step, entered_us, reached_us`.

    Steps are looked for until the window of the last entry is over, or in what lies before `known_until`.
    """
    # a day more than the window: the day of an entry in the evening ends before the window does
    reach_days = math.ceil(funnel.window_days) + 1
    if known_until is not None:
        reach_days = min(reach_days, (known_until - until_date).days)
    if _is_plain(funnel):
        end = until_date + timedelta(days=reach_days)
        parts = shop.events.hold(shop, from_date, end)
        if parts is not None:
            return _reached_held(shop, funnel, parts, from_date, until_date, end)
    parameters = {
        "steps": _steps(funnel),
        "from_date": from_date,
        "until_date": until_date,
        "reach_days": reach_days,
        "with_visitors": funnel.population == "everybody",
        "with_lines": funnel.hold_product,
        "with_filters": any(step.channel or step.device or step.category for step in funnel.steps),
    }
    parts = _parts(shop, funnel, from_date, until_date + timedelta(days=reach_days))
    frames = []
    for part in range(parts):
        events = shop.arrays("funnel_events", {**parameters, "parts": parts, "part": part})
        mask = events["step_mask"]
        found = reach(
            FunnelEvents(events["unit"], events["at_us"], mask, mask == 0, events["may_enter"]),
            steps=len(funnel.steps),
            window_us=round(funnel.window_days * 86_400_000_000),
            order=funnel.order,
        )
        found = found.rename(columns={"unit": "user_key"})
        if funnel.hold_product:  # several products of a user may have got to a step: the first counts
            found["user_key"] //= 2**32
            best = {"user_key": True, "step": True, "reached_us": True, "entered_us": False}
            found = found.sort_values(list(best), ascending=list(best.values())).drop_duplicates(["user_key", "step"])
        frames.append(found)
    return pd.concat(frames, ignore_index=True)


def funnel_words(funnel: Funnel) -> str:
    """Return what the funnel counts, in words."""
    held = ", all about one product" if funnel.hold_product else ""
    without = f"; {'/'.join(funnel.exclude)} between two steps ends the attempt" if funnel.exclude else ""
    return (
        f"Users who did {' > '.join(step.label for step in funnel.steps)}{held}, {_ORDERS[funnel.order]}{without}. The best "
        "entry of a user counts. Times: from the latest entry that leads to the first completion of the step."
    )


def _window(funnel: Funnel, from_date: date, until_date: date, data_end: date) -> str:
    open_from = data_end - timedelta(days=math.ceil(funnel.window_days))
    late = f"; entries from {open_from} on had less than that" if until_date > open_from else ""
    if from_date >= open_from:
        late = "; the data end before any entry had that long"
    last_date = until_date - timedelta(days=1)
    return f"entries {from_date} to {last_date}, all steps within {funnel.window_days:g} days of the entry{late}"


def population_words(funnel: Funnel) -> str:
    """Return who is counted, in words."""
    return (
        "signed-in users"
        if funnel.population == "users"
        else "signed-in users and visitors, who count anew when they sign in"
    )


def _without_small(groups: dict[str, pd.DataFrame], people_at_least: int) -> dict[str, pd.DataFrame]:
    """Return the groups with the small ones as one; the next smallest join them until they are enough together."""
    entered = {name: int((part["step"] == 1).sum()) for name, part in groups.items()}
    by_size = sorted(groups, key=lambda name: (entered[name], name))
    joined = [name for name in by_size if entered[name] < people_at_least]
    rest = [name for name in by_size if name not in joined]
    while joined and rest and sum(entered[name] for name in joined) < people_at_least:
        joined.append(rest.pop(0))
    if not joined:
        return groups
    other = pd.concat([groups[name] for name in joined], ignore_index=True)
    return {**{name: part for name, part in groups.items() if name in rest}, "(other)": other}


def step_table(
    shop: "Shop", funnel: Funnel, reached: pd.DataFrame, *, by: str, people_at_least: int = 1
) -> pd.DataFrame:
    """Return one row per group and step: users, shares with 95 % Wilson intervals, quartiles of the time to convert.

    Groups that fewer users entered stand together as `(other)`, so that the groups still sum to the whole.
    """
    if by == "all":
        groups = {"all": reached}
    else:
        # visitors who are not signed in have no attributes
        grouped = reached.merge(shop.groups(by), on="user_key", how="left", validate="m:1")
        grouped["dimension_value"] = grouped["dimension_value"].fillna("unknown")
        groups = {str(value): part for value, part in grouped.groupby("dimension_value", sort=True)} or {
            "none": grouped
        }
    tables = []
    for value, part in (groups if by == "all" else _without_small(groups, people_at_least)).items():
        table = summarise(part, steps=len(funnel.steps))
        table.insert(0, "dimension_value", value)
        table.insert(2, "step_name", [step.label for step in funnel.steps])
        entered = np.full(len(table), table["users_count"].iloc[0])
        table["first_share_low"], table["first_share_high"] = wilson_interval(table["users_count"], entered)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def title(funnel: Funnel) -> str:
    """Return the name of a declared funnel, or the steps of one that was asked for step by step."""
    return " > ".join(step.label for step in funnel.steps) if funnel.name == ASKED else funnel.name


def funnel_report(
    shop: "Shop", funnel: Funnel, *, from_date: date | None, until_date: date | None, by: str = "all"
) -> Report:
    """Return one row per group and step: users, shares with 95 % Wilson intervals, quartiles of the time to convert."""
    first, last = shop.bounds(from_date, until_date)
    reached = reached_steps(shop, funnel, first, last)
    note = unknown_types(shop, types_of(funnel))
    frame = step_table(shop, funnel, reached, by=by)
    return Report(
        f"funnel {title(funnel)}",
        funnel_words(funnel),
        population_words(funnel) + ("" if by == "all" else f"; by {by}"),
        _window(funnel, first, last, shop.bounds()[1]),
        "first_share: users with an entry; previous_share: users who reached the step before",
        frame,
        people="users_count",
        measures=(
            "first_share",
            "previous_share",
            "first_share_low",
            "first_share_high",
            "convert_p25_s",
            "convert_median_s",
            "convert_p75_s",
        ),
        notes=(note,) if note else (),
    )


def dropped_users(
    shop: "Shop", funnel: Funnel, step: int, *, from_date: date | None, until_date: date | None
) -> Report:
    """Return the users whose last step was this one: `user_id, entered_at, reached_at`, one row per user."""
    if not 1 <= step < len(funnel.steps):
        message = f"step {step} of funnel {funnel.name}: users can drop out after steps 1 to {len(funnel.steps) - 1}"
        raise AnalysisError(message)
    first, last = shop.bounds(from_date, until_date)
    reached = reached_steps(shop, funnel, first, last)
    furthest = reached[reached.groupby("user_key")["step"].transform("max") == reached["step"]]
    dropped = furthest[furthest["step"] == step]
    users = shop.warehouse.frame(
        "select keys.user_key, keys.user_id, coalesce(users.marketing_consent, false) as marketing_consent "
        "from bronze.user_keys as keys left join core.users on keys.user_id = users.user_id"
    )
    listed = dropped.merge(users, on="user_key", how="left", validate="1:1")
    frame = pd.DataFrame(
        {
            "user_id": listed["user_id"],
            "marketing_consent": listed["marketing_consent"],
            "entered_at": pd.to_datetime(listed["entered_us"], unit="us"),
            "reached_at": pd.to_datetime(listed["reached_us"], unit="us"),
        }
    ).sort_values("user_id", ignore_index=True)
    return Report(
        f"dropped {title(funnel)} {step}",
        f"Users who reached step {step} ({funnel.steps[step - 1].label}) and not step {step + 1} ({funnel.steps[step].label}). "
        + funnel_words(funnel),
        population_words(funnel),
        _window(funnel, first, last, shop.bounds()[1]),
        "none: a list",
        frame,
        notes=(
            (
                "a list to look at, not to send to: it has no control group and no expiry (--save-segment NAME makes one that "
                "has); who has no marketing_consent must not be contacted"
            ),
        ),
    )
