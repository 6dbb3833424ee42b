"""Who the users are: every attribute against activity and value, with denominators and intervals."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from assets.analytics.report import AnalysisError, Report
from models.proportions import wilson_interval
from sql.analyses import load_analysis

if TYPE_CHECKING:
    from assets.analytics.shop import Shop

ATTRIBUTES = (
    "gender", "age_band", "region", "city_tier", "occupation", "income_band", "household_size", "acquisition_channel",
)  # fmt: skip
_Z95 = 1.959963984540054


def profile(shop: "Shop", attribute: str, *, from_date: date | None, until_date: date | None) -> Report:
    """Return one row per value: users, shares active and buying with Wilson intervals, mean net spend with its interval.

    Raises:
        AnalysisError: an attribute that users do not have.
    """
    if attribute not in ATTRIBUTES:
        raise AnalysisError(f"users have no attribute {attribute!r}; choose {', '.join(ATTRIBUTES)}")
    first, last = shop.bounds(from_date, until_date)
    frame = shop.ask("profile", {"attribute": attribute, "from_date": first, "until_date": last})
    users = frame["users_count"].to_numpy(np.float64)
    frame.insert(2, "share", users / users.sum() if len(users) else users)
    for word, count in (("active", "active_users_count"), ("buyer", "buyers_count")):
        frame[f"{word}_share"] = frame[count] / users
        frame[f"{word}_share_low"], frame[f"{word}_share_high"] = wilson_interval(frame[count], users)
    mean = frame["net_amount"].to_numpy(np.float64) / users
    squares = frame.pop("net_amount_squares").to_numpy(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        # of one user there is no spread
        variance = np.where(users > 1, np.maximum(squares - users * mean**2, 0) / (users - 1), np.nan)
    half = _Z95 * np.sqrt(variance / users)
    frame["net_amount_mean"], frame["net_amount_mean_low"], frame["net_amount_mean_high"] = (
        mean,
        mean - half,
        mean + half,
    )
    measures = tuple(name for name in frame.columns if name not in {"attribute_value", "users_count"})
    return Report(
        f"profile of {attribute}",
        load_analysis("profile").description + " Intervals of 95 %: Wilson for shares, normal for the mean.",
        "all signed-in users known, active or not",
        f"{first} to {date.fromordinal(last.toordinal() - 1)}",
        "users of the value; share: all users",
        frame,
        people="users_count",
        measures=measures,
    )
