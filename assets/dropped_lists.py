"""The users whose last step in a declared funnel was a given one, as candidates of a list.

Consent, control group, entry and expiry are given in `assets/segments.py`, as to every list; counting the funnel belongs to
`assets/analytics/`.
"""

import hashlib
from datetime import date

import pandas as pd

from assets.analytics.declared_funnels import entry_range
from assets.analytics.funnels import reached_steps
from assets.analytics.shop import Shop
from assets.warehouse import Warehouse
from contracts.funnels import DroppedList, Funnel

_CANDIDATES = """
    select
        users.user_id,
        $variant as variant,
        cast(null as double) as probability,
        cast(null as double) as percentile,
        coalesce(expected.expected_spend, 0.0) as value_at_stake,
        $recommended_action as recommended_action,
        ['dropped_out'] as reason_codes,
        users.marketing_consent,
        users.consent_basis
    from core.users
    inner join last_steps on users.user_key = last_steps.user_key
    left join score.user_value as expected
        on users.user_id = expected.user_id and expected.as_of = $as_of and expected.horizon_days = $horizon_days
    where last_steps.step = $step
    order by users.user_id
"""


def dropped_candidates(
    warehouse: Warehouse, funnels: tuple[Funnel, ...], wanted: DroppedList, *, as_of: date, horizon_days: int
) -> pd.DataFrame:
    """Return one row per signed-in user who reached the step and not the next, with consent, before it is asked for.

    The same entries as in `report.funnel` of this as_of: so the candidates are its users of the step less those of the next.
    Value at stake: expected net spend in the horizon (base currency), 0 for who has no such score.
    """
    shop = Shop(warehouse, funnels)
    funnel = shop.find_funnel(wanted.funnel)
    reached = reached_steps(shop, funnel, *entry_range(funnel, as_of), known_until=as_of)
    last_steps = reached.groupby("user_key", as_index=False)["step"].max()
    warehouse.connection.register("last_steps", last_steps)
    candidates = warehouse.frame(
        _CANDIDATES,
        {
            "variant": f"after_step_{wanted.step}",
            "recommended_action": wanted.recommended_action,
            "as_of": as_of,
            "horizon_days": horizon_days,
            "step": wanted.step,
        },
    )
    warehouse.connection.unregister("last_steps")
    return candidates


def dropped_version(funnels: tuple[Funnel, ...], wanted: DroppedList) -> str:
    """Return eight hex digits that change when the list or its funnel is declared otherwise."""
    funnel = next(funnel for funnel in funnels if funnel.name == wanted.funnel)
    return hashlib.sha256((funnel.model_dump_json() + wanted.model_dump_json()).encode()).hexdigest()[:8]
