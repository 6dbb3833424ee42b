"""Channels: credit of paid orders under every rule side by side, what they cost, and when new users pay back."""

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from assets.analytics.report import AnalysisError, Report, counted
from models.attribution import markov
from sql.queries import load_queries

if TYPE_CHECKING:
    from assets.analytics.shop import Shop

NO_TOUCH = "(no touch)"
MEASURES = ("conversions", "value", "new_customers")
_WORDS = {
    "attribution_rule": "model",
    "channel": "channel",
    "buyers_count": "buyers_count",
    "orders_credit": "conversions",
    "credited_amount": "value",
    "new_customers_credit": "new_customers",
}
MODELS = ("first", "last", "last_non_direct", "linear", "position", "time_decay", "markov", "shapley")


def attribution(
    shop: "Shop", *, from_date: date | None, until_date: date | None, lookback_days: int, half_life_days: float
) -> Report:
    """Return `model, channel, buyers_count, conversions, value, new_customers, share`; with costs `roas, cac_amount` too.

    Raises:
        AnalysisError: a look-back under a day, or a half-life of 0 or less.
    """
    if lookback_days < 1 or half_life_days <= 0:
        raise AnalysisError(f"look-back {lookback_days} days, half-life {half_life_days:g} days: both must be above 0")
    first, last = shop.bounds(from_date, until_date)
    span = {"from_date": first, "until_date": last, "lookback_days": lookback_days, "half_life_days": half_life_days}
    rules = {"as_of": last, "window_days": (last - first).days, **span, "buyers_at_least": 1}
    frame = shop.ask_table("report.channel_attribution", rules).rename(columns=_WORDS)[[*_WORDS.values()]]
    frame = pd.concat([frame, _by_removal(frame, markov(shop.ask("attribution_transitions", span)))], ignore_index=True)
    whole = frame.groupby("model")["conversions"].transform("sum")
    frame["share"] = frame["conversions"] / whole.where(whole > 0)
    costs = shop.ask("channel_costs", span)
    return Report(
        "attribution",
        "A touch is a session by the channel of its first event, an opened push, or a registration by its channel. A paid order "
        "shares a credit of 1 among the buyer's touches in the look-back before it; who had none stands apart. Position: "
        f"40/20/40. Time decay: half-life {half_life_days:g} days. Markov: removal effects of the first-order chain, each order "
        "at the mean value. Shapley: each set of channels shares its orders equally. New customers: credit of first orders. "
        + ("ROAS = value / costs, CAC = costs / new customers." if len(costs) else "No marketing costs are stated."),
        "paid orders of signed-in users; the value is what was paid, before refunds",
        f"orders and costs {first} to {date.fromordinal(last.toordinal() - 1)}, touches up to {lookback_days} days before",
        "share: all orders of the range; the credits of each model sum to them; buyers_count: buyers with a touch of it",
        _in_order(_with_costs(frame, costs) if len(costs) else frame),
        people="buyers_count",
        measures=(*MEASURES, "share", *(("roas", "cac_amount") if len(costs) else ())),
    )


def _by_removal(frame: pd.DataFrame, conversions: dict[str, float]) -> pd.DataFrame:
    """Return the rows of the Markov model: each credited order brings the mean of all touched ones; untouched ones stay.

    A channel that stands on no path to an order may have credit too: the chain goes on from it over others.
    """
    linear = frame[frame["model"] == "linear"].assign(model="markov")
    touched = linear[linear["channel"] != NO_TOUCH].set_index("channel")
    total = touched["conversions"].sum()
    rows = pd.DataFrame({"channel": list(conversions), "conversions": list(conversions.values())})
    for name in ("value", "new_customers"):
        rows[name] = rows["conversions"] * (touched[name].sum() / total if total else 0.0)
    rows["buyers_count"] = rows["channel"].map(touched["buyers_count"]).fillna(0)
    return pd.concat([rows.assign(model="markov"), linear[linear["channel"] == NO_TOUCH]])


def _with_costs(frame: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with costs and what they brought; a channel that was paid for and has no credit stands too."""
    every = pd.MultiIndex.from_product([list(MODELS), costs["channel"]], names=["model", "channel"]).to_frame(
        index=False
    )
    wide = frame.merge(every, on=["model", "channel"], how="outer", validate="1:1")
    wide = wide.merge(costs, on="channel", how="left", validate="m:1")
    counts = ["buyers_count", *MEASURES, "share"]
    wide[counts] = wide[counts].fillna(0)
    paid = wide["cost_amount"].where(wide["cost_amount"] > 0)
    wide["roas"] = wide["value"] / paid
    wide["cac_amount"] = paid / wide["new_customers"].where(wide["new_customers"] > 0)
    return wide


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    order = frame["model"].map({model: place for place, model in enumerate(MODELS)})
    return frame.assign(order=order).sort_values(["order", "channel"], ignore_index=True).drop(columns="order")


def payback(shop: "Shop") -> Report:
    """Return `report.acquisition_cost`: one row per channel and month, costs, users, revenue so far and payback.

    Raises:
        AnalysisError: no marketing costs are stated in this home.
    """
    frame = shop.table("report.acquisition_cost")
    if frame.empty:
        raise AnalysisError("this home holds no marketing costs; map the source marketing_costs (docs/mapping.md)")
    return Report(
        "payback",
        counted(load_queries()["report.acquisition_cost"].description),
        "signed-in users by acquisition channel and month of the first activity in the data",
        "costs of the month; revenue from the first activity to the end of the data",
        "cac_amount, net_amount_per_user: users of the cohort, buyers or not; roas: costs",
        frame,
        people="cohort_users_count",
        measures=("cac_amount", "net_amount", "net_amount_per_user", "roas", "payback_days", "payback_months"),
    )
