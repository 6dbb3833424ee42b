"""Lists: who is held out is stable and as many as asked for, entry dates go on, rows expire, reasons are in words."""

from datetime import date

import pandas as pd
import pytest

from models.membership import complete_members, is_control

AS_OF = date(2024, 5, 1)


def candidates(users: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "user_id": users,
            "variant": "high_value",
            "probability": 0.4,
            "percentile": 0.9,
            "value_at_stake": [float(len(user)) for user in users],
            "recommended_action": "call",
            "reason_codes": [["valuable_customer", "recency_days_high"]] * len(users),
            "consent_basis": "opt_in",
        }
    )


def complete(frame: pd.DataFrame, previous: dict[str, date], *, share: float = 0.1) -> pd.DataFrame:
    before = pd.DataFrame({"user_id": list(previous), "entered_at": list(previous.values())})
    return complete_members(
        frame,
        before,
        segment="retention",
        segment_version="v1",
        as_of=AS_OF,
        salt="s",
        control_share=share,
        valid_days=14,
    )


def test_who_is_held_out_depends_on_user_list_and_salt_alone():
    users = [f"u{number}" for number in range(20_000)]
    held = [is_control(user, segment="retention", salt="s", share=0.1) for user in users]
    assert sum(held) / len(held) == pytest.approx(0.1, abs=0.01)
    assert held == [is_control(user, segment="retention", salt="s", share=0.1) for user in users]
    other = [is_control(user, segment="pricing", salt="s", share=0.1) for user in users]
    both = sum(a and b for a, b in zip(held, other, strict=True)) / len(users)
    assert both == pytest.approx(0.01, abs=0.005)  # lists are held out independently
    assert not any(is_control(user, segment="retention", salt="s", share=0.0) for user in users[:100])


def test_members_keep_their_date_of_entry_while_they_stay():
    members = complete(candidates(["old", "fresh"]), {"old": date(2024, 4, 1), "gone": date(2024, 3, 1)})
    entered = dict(zip(members["user_id"], pd.to_datetime(members["entered_at"]).dt.date, strict=True))
    assert entered == {"old": date(2024, 4, 1), "fresh": AS_OF}


def test_rows_are_ordered_by_value_expire_and_say_why_in_both_languages():
    members = complete(candidates(["a", "ccc", "bb"]), {})
    assert members["user_id"].tolist() == ["ccc", "bb", "a"]
    assert {str(day)[:10] for day in members["expires_at"]} == {"2024-05-15"}
    assert "valuable customer" in members["reason_en"].iloc[0]
    assert "；" in members["reason_zh"].iloc[0]


def test_an_empty_list_keeps_its_columns():
    assert set(complete(candidates([]), {}).columns) >= {"segment", "user_id", "as_of", "is_control", "reason_zh"}
