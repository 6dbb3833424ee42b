"""Channels: credit of paid orders under every rule side by side, what they cost, and when new users pay back."""

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from assets.analytics.report import AnalysisError, Report
from models.attribution import RULES, by_rule, markov, shapley
from sql.queries import load_queries

if TYPE_CHECKING:
    from assets.analytics.shop import Shop

NO_TOUCH = "(no touch)"
MEASURES = ("conversions", "value", "new_customers")
MODELS = (*RULES, "time_decay", "markov", "shapley")
Credits = dict[str, tuple[float, ...]]


def attribution(
    shop: "Shop", *, from_date: date | None, until_date: date | None, lookback_days: int, half_life_days: float
) -> Report:
    """Return `model, channel, conversions, value, new_customers, share`, and with costs `cost_amount, roas, cac_amount`.

    Raises:
        AnalysisError: a look-back under a day, or a half-life of 0 or less.
    """
    if lookback_days < 1 or half_life_days <= 0:
        raise AnalysisError(f"look-back {lookback_days} days, half-life {half_life_days:g} days: both must be above 0")
    first, last = shop.bounds(from_date, until_date)
    span = {"from_date": first, "until_date": last, "lookback_days": lookback_days}
    paths = shop.ask("attribution_paths", span).rename(columns={"dead_ends": "nulls", "amount": "value"})
    paths["channels"] = [tuple(channels) for channels in paths["channels"]]
    has_touch = paths["channels"].str.len() > 0
    touched, untouched = paths[has_touch], paths.loc[~has_touch, list(MEASURES)].sum()
    credited: dict[str, Credits] = {name: by_rule(touched, rule, measures=MEASURES) for name, rule in RULES.items()}
    decay = shop.ask("attribution_decay", {**span, "half_life_days": half_life_days}).rename(
        columns={"amount": "value"}
    )
    credited["time_decay"] = {str(row[0]): row[1:] for row in decay[["channel", *MEASURES]].itertuples(index=False)}
    credited["markov"] = _scaled(markov(touched), touched)
    split = {measure: shapley(touched, measure=measure) for measure in MEASURES}
    credited["shapley"] = {name: tuple(split[measure][name] for measure in MEASURES) for name in split["value"]}
    if untouched["conversions"]:
        for model in credited.values():
            model[NO_TOUCH] = tuple(float(untouched[measure]) for measure in MEASURES)
    rows = [(model, name, *sums) for model in MODELS for name, sums in sorted(credited[model].items())]
    frame = pd.DataFrame(rows, columns=pd.Index(["model", "channel", *MEASURES]))
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
        "share: all orders of the range; the credits of each model sum to them",
        _with_costs(frame, costs) if len(costs) else frame,
    )


def _scaled(conversions: dict[str, float], touched: pd.DataFrame) -> Credits:
    """Return what conversions learnt from the whole chain bring along: each one the mean of all."""
    total = float(touched["conversions"].sum())
    means = [float(touched[measure].sum()) / total if total else 0.0 for measure in MEASURES]
    return {name: tuple(count * mean for mean in means) for name, count in conversions.items()}


def _with_costs(frame: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with costs and what they brought; a channel that was paid for and has no credit stands too."""
    every = pd.MultiIndex.from_product([list(MODELS), costs["channel"]], names=["model", "channel"]).to_frame(
        index=False
    )
    wide = frame.merge(every, on=["model", "channel"], how="outer", validate="1:1")
    wide = wide.merge(costs, on="channel", how="left", validate="m:1")
    counts = [*MEASURES, "share"]
    wide[counts] = wide[counts].fillna(0.0)
    paid = wide["cost_amount"].where(wide["cost_amount"] > 0)
    wide["roas"] = wide["value"] / paid
    wide["cac_amount"] = paid / wide["new_customers"].where(wide["new_customers"] > 0)
    order = wide["model"].map({model: place for place, model in enumerate(MODELS)})
    return wide.assign(order=order).sort_values(["order", "channel"], ignore_index=True).drop(columns="order")


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
        load_queries()["report.acquisition_cost"].description,
        "signed-in users by acquisition channel and month of the first activity in the data",
        "costs of the month; revenue from the first activity to the end of the data",
        "cac_amount, net_amount_per_user: users of the cohort, buyers or not; roas: costs",
        frame,
        people="cohort_users_count",
        measures=("cac_amount", "net_amount", "net_amount_per_user", "roas", "payback_days", "payback_months"),
    )
