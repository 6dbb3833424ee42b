"""Who the users are: every attribute against activity and value, with denominators and intervals."""

import math
import re
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assets.analytics.report import AnalysisError, Report, counted
from models.means import bootstrap_interval, normal_interval
from models.proportions import wilson_interval
from sql.analyses import load_analysis

if TYPE_CHECKING:
    from assets.analytics.shop import Shop

ATTRIBUTES = (
    "gender", "age_band", "region", "city_tier", "occupation", "income_band", "household_size", "acquisition_channel",
)  # fmt: skip

BANDS = ("age_band", "income_band", "household_size")
"""Attributes whose values have an order of their own; the others stand by number of users."""


def _place_of_band(value: str) -> tuple[float, float]:
    """Return what to sort a band by: its first number ("Under 15" before "15-24"), words after numbers, unknown last."""
    number = re.search(r"\d+(?:\.\d+)?", value.replace(",", ""))
    if number is None:
        return (math.inf, float(value == "unknown"))
    is_open_below = re.search(r"under|below|less|up to|<|≤|以下|以内", value, re.IGNORECASE) is not None
    return (float(number[0]), 0.0 if is_open_below else 1.0)


def profile(shop: "Shop", attribute: str, *, from_date: date | None, until_date: date | None) -> Report:
    """Return one row per value: users, shares active and buying with Wilson intervals, mean net spend with its interval.

    `attribute` is one of ATTRIBUTES, `attributes.<key>` for a key of the users' further attributes, or `all` of ATTRIBUTES.

    Raises:
        AnalysisError: an attribute that users do not have.
    """
    further = attribute.startswith("attributes.") and '"' not in attribute
    if attribute not in {"all", *ATTRIBUTES} and not further:
        choices = ", ".join(("all", *ATTRIBUTES, "attributes.<key>"))
        raise AnalysisError(f"users have no attribute {attribute!r}; choose {choices}")
    first, last = shop.bounds(from_date, until_date)
    names = ATTRIBUTES if attribute == "all" else (attribute,)
    frame = pd.concat([_one(shop, name, first, last) for name in names], ignore_index=True)
    measures = tuple(name for name in frame.columns if name not in {"attribute", "attribute_value", "users_count"})
    return Report(
        f"profile of {attribute}",
        counted(load_analysis("profile").description)
        + " Intervals of 95 %: Wilson for shares; for the mean bootstrap up to 2,000 users, normal above.",
        "all signed-in users known, active or not",
        f"{first} to {date.fromordinal(last.toordinal() - 1)}",
        "users of the value; share: all users",
        frame,
        people="users_count",
        measures=measures,
    )


def _one(shop: "Shop", attribute: str, first: date, last: date) -> pd.DataFrame:
    frame = shop.ask("profile", {"attribute": attribute, "from_date": first, "until_date": last})
    users = frame["users_count"].to_numpy(np.float64)
    frame.insert(2, "share", users / users.sum() if len(users) else users)
    for word, count in (("active", "active_users_count"), ("buyer", "buyers_count")):
        frame[f"{word}_share"] = frame[count] / users
        frame[f"{word}_share_low"], frame[f"{word}_share_high"] = wilson_interval(frame[count], users)
    squares, amounts = frame.pop("net_amount_squares"), frame.pop("net_amounts")
    random = np.random.default_rng(0)
    intervals = [
        bootstrap_interval(np.asarray(listed, dtype=np.float64), random)
        if pd.api.types.is_list_like(listed)  # a missing list is None or nan
        else normal_interval(count, total, square)
        for count, total, square, listed in zip(users, frame["net_amount"], squares, amounts, strict=True)
    ]
    frame["net_amount_mean"] = frame["net_amount"] / users
    frame["net_amount_mean_low"] = [low for low, _ in intervals]
    frame["net_amount_mean_high"] = [high for _, high in intervals]
    frame.insert(0, "attribute", attribute)
    if attribute in BANDS:
        frame = frame.sort_values("attribute_value", key=lambda values: values.map(_place_of_band), kind="stable")
    return frame
