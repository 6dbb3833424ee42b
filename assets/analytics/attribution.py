"""Credit of paid orders by channel, under every rule side by side, with costs where they are given."""

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from assets.analytics.report import AnalysisError, Report
from models.attribution import RULES, by_rule, markov, shapley

if TYPE_CHECKING:
    from assets.analytics.shop import Shop

NO_TOUCH = "(no touch)"
MODELS = (*RULES, "time_decay", "markov", "shapley")


def read_costs(costs: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
    """Return `channel, cost_amount` of the range from rows of `channel, amount` and, where there is one, `date`.

    Raises:
        AnalysisError: a column is missing, or an amount is no number or negative.
    """
    if missing := {"channel", "amount"} - set(costs.columns):
        raise AnalysisError(
            f"costs lack the column {', '.join(sorted(missing))}; they need channel, amount and may have date"
        )
    amounts = pd.to_numeric(costs["amount"], errors="coerce")
    if (wrong := int((amounts.isna() | (amounts < 0)).sum())) > 0:
        raise AnalysisError(f"costs: {wrong} rows have no amount of 0 or more in column amount")
    kept = costs.assign(amount=amounts)
    if "date" in kept:
        days = pd.to_datetime(kept["date"]).dt.date
        kept = kept[(days >= first) & (days < last)]
    sums = kept.groupby("channel")["amount"].sum()
    return pd.DataFrame({"channel": sums.index, "cost_amount": sums.to_numpy()})


def attribution(
    shop: "Shop",
    *,
    from_date: date | None,
    until_date: date | None,
    lookback_days: int,
    half_life_days: float,
    costs: pd.DataFrame | None,
) -> Report:
    """Return `model, channel, conversions, share, value`, and with costs `cost_amount, roas, cost_per_conversion`."""
    first, last = shop.bounds(from_date, until_date)
    span = {"from_date": first, "until_date": last, "lookback_days": lookback_days}
    paths = shop.ask("attribution_paths", span).rename(columns={"dead_ends": "nulls", "amount": "value"})
    paths["channels"] = [tuple(channels) for channels in paths["channels"]]
    touched = paths[paths["channels"].str.len() > 0]
    untouched = paths[paths["channels"].str.len() == 0]
    credited = {name: by_rule(touched, rule) for name, rule in RULES.items()}
    decay = shop.ask("attribution_decay", {**span, "half_life_days": half_life_days})
    credited["time_decay"] = {
        str(channel): (float(conversions), float(amount))
        for channel, conversions, amount in decay[["channel", "conversions", "amount"]].itertuples(index=False)
    }
    # each converting path brings its mean value along
    chain, value = markov(touched), float(touched["value"].sum())
    total = float(touched["conversions"].sum())
    credited["markov"] = {name: (count, count * value / total if total else 0.0) for name, count in chain.items()}
    values = shapley(touched, measure="value")
    credited["shapley"] = {name: (count, values[name]) for name, count in shapley(touched).items()}
    if len(untouched) and untouched["conversions"].sum():
        for model in credited.values():
            model[NO_TOUCH] = (float(untouched["conversions"].sum()), float(untouched["value"].sum()))
    rows = [
        (model, channel, conversions, amount)
        for model in MODELS
        for channel, (conversions, amount) in sorted(credited[model].items())
    ]
    frame = pd.DataFrame(rows, columns=pd.Index(["model", "channel", "conversions", "value"]))
    whole = frame.groupby("model")["conversions"].transform("sum")
    frame["share"] = frame["conversions"] / whole.where(whole > 0)
    if costs is not None:
        frame = frame.merge(read_costs(costs, first, last), on="channel", how="left", validate="m:1")
        paid = frame["cost_amount"].where(frame["cost_amount"] > 0)
        frame["roas"] = frame["value"] / paid
        frame["cost_per_conversion"] = frame["cost_amount"] / frame["conversions"].where(frame["conversions"] > 0)
    return Report(
        "attribution",
        "A touch is a session, by the channel of its first event, or an opened push. A paid order shares a credit of 1 among "
        "the buyer's touches in the look-back before it; who had none stands apart. Position: 40/20/40. "
        f"Time decay: half-life {half_life_days:g} days. Markov: removal effects of the first-order "
        "chain, each order at the mean value. Shapley: each set of channels shares its orders equally.",
        "paid orders of signed-in users; the value is what was paid, before refunds",
        f"orders {first} to {date.fromordinal(last.toordinal() - 1)}, touches up to {lookback_days} days before",
        "share: all orders of the range; the credits of each model sum to them",
        frame,
    )
