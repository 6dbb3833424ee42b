"""Completes a list: who is held out, since when each member is in it, when the row expires, and reasons in words."""

import hashlib
from datetime import date, timedelta

import pandas as pd

from models.reason_phrases import phrase


def is_control(user_id: str, *, segment: str, salt: str, share: float) -> bool:
    """Return whether the user is held out: a stable hash of (salt, list, user) falls below the share.

    The same user is held out of the same list at every as_of, so that the effect can be measured over time.
    """
    digest = hashlib.sha256(f"{salt}\x1f{segment}\x1f{user_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def complete_members(
    candidates: pd.DataFrame,
    previous: pd.DataFrame,
    *,
    segment: str,
    segment_version: str,
    as_of: date,
    salt: str,
    control_share: float,
    valid_days: int,
) -> pd.DataFrame:
    """Return the rows of one list at one as_of, ordered by value at stake, then user_id.

    `candidates` holds one row per user with consent: user_id, variant, probability, percentile, value_at_stake,
    recommended_action, reason_codes, consent_basis. `previous` holds user_id and entered_at of the list's last stored
    snapshot: who was in it keeps the date of entry.
    """
    entered = previous.set_index("user_id")["entered_at"]
    members = candidates.assign(
        segment=segment,
        segment_version=segment_version,
        as_of=as_of,
        entered_at=[entered.get(user, as_of) for user in candidates["user_id"]],
        is_control=[
            is_control(user, segment=segment, salt=salt, share=control_share) for user in candidates["user_id"]
        ],
        expires_at=as_of + timedelta(days=valid_days),
        reason_en=["; ".join(phrase(code, "en") for code in codes) for codes in candidates["reason_codes"]],
        reason_zh=["；".join(phrase(code, "zh") for code in codes) for codes in candidates["reason_codes"]],
    )
    return members.sort_values(["value_at_stake", "user_id"], ascending=[False, True], ignore_index=True)
