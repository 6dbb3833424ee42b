"""Rows of the behaviour reports of the version made by hand: small groups, open periods, hostile names."""

from datetime import date

AS_OF = date(2024, 3, 20)
HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>&amp; \u2028 {{ 7 * 7 }} %{x} $a$"
BEHAVIOUR_COLUMNS = {
    "report.active_users_day": (
        "activity_basis", "activity_date", "active_users_count", "active_users_7d", "active_users_30d", "stickiness",
    ),
    "report.lifecycle": (
        "activity_basis", "period_type", "period_date", "is_complete", "active_users_count", "new_users_count",
        "returning_users_count", "resurrecting_users_count", "dormant_users_count", "quick_ratio",
    ),
    "report.retention": (
        "activity_basis", "period_type", "dimension", "dimension_value", "cohort_date", "period_offset", "cohort_users_count",
        "on_users_count", "is_complete",
    ),
}  # fmt: skip
ACTIVE = [
    {
        "activity_basis": basis, "activity_date": date(2024, 3, day), "active_users_count": active, "active_users_7d": 60,
        "active_users_30d": 120, "stickiness": active / 120,
    }
    for basis, day, active in (("activity", 18, 40), ("activity", 19, 7), ("order", 19, 77))
]  # fmt: skip


def week(day, *, active, new, returning, resurrecting, dormant, is_complete=True, basis="activity"):
    return {
        "activity_basis": basis, "period_type": "week", "period_date": day, "is_complete": is_complete,
        "active_users_count": active, "new_users_count": new, "returning_users_count": returning,
        "resurrecting_users_count": resurrecting, "dormant_users_count": dormant,
        "quick_ratio": (new + resurrecting) / dormant if dormant else None,
    }  # fmt: skip


LIFECYCLE = [
    week(date(2024, 3, 4), active=80, new=80, returning=0, resurrecting=0, dormant=0),
    week(date(2024, 3, 11), active=90, new=30, returning=60, resurrecting=0, dormant=20),
    # 4 came back: with the totals any other part would tell it
    week(date(2024, 3, 18), active=74, new=20, returning=50, resurrecting=4, dormant=40, is_complete=False),
    week(date(2024, 3, 18), active=1234, new=1234, returning=0, resurrecting=0, dormant=0, basis="order"),
]


def cohort(day, size, *on, basis="activity", period="week", dimension="all"):
    return [
        {
            "activity_basis": basis, "period_type": period, "dimension": dimension, "dimension_value": "all",
            "cohort_date": day, "period_offset": offset, "cohort_users_count": size, "on_users_count": count,
            "is_complete": offset < len(on) - 1,
        }
        for offset, count in enumerate(on)
    ]  # fmt: skip


RETENTION = [
    *cohort(date(2024, 3, 4), 80, 80, 40, 3),
    *cohort(date(2024, 3, 11), 8, 8, 6),
    *cohort(date(2024, 3, 4), 99, 99, 98, dimension="channel"),
    *cohort(date(2024, 1, 1), 40, 40, 10, 0, basis="order", period="month"),
]


def funnel_rows(group, dimension, *users):
    return [
        {
            "as_of": AS_OF, "funnel": "purchase", "dimension": dimension, "dimension_value": group, "step_number": number,
            "step_name": f"step {HOSTILE}" if number == 2 else "view", "users_count": count, "first_share": None,
            "convert_median_s": 90.0 * (number - 1), "funnel_definition": f"Users who did view > cart {HOSTILE}",
        }
        for number, count in enumerate(users, start=1)
    ]  # fmt: skip


FUNNEL = [
    *funnel_rows("all", "all", 200, 65, 4),
    *funnel_rows("ads", "channel", 100, 50, 3),
    *funnel_rows("friend", "channel", 60, 12, 1),
    *funnel_rows("shop", "channel", 40, 3, 0),
]

BEHAVIOUR = {
    "report.active_users_day": ACTIVE,
    "report.lifecycle": LIFECYCLE,
    "report.retention": RETENTION,
    "report.funnel": FUNNEL,
}
