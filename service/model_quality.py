"""Model cards as the overview shows them: the question, how well it was answered on the future, and beside what.

Belongs here: reading `score.model_card` and the JSON of its card into text and charts. Does not belong here: computing a measure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service import charts
from service.formats import UNKNOWN, day, decimal, money, percent, score, whole
from service.published import Card
from service.small_cells import WITHHELD, is_small

QUESTIONS = {
    "purchase": ("Who will buy?", "购买", "At least one paid order in the next {days} days"),
    "churn": ("Who will go quiet?", "流失", "No order and no activity in the next {days} days"),
    "reactivation": (
        "Who will come back?",
        "召回",
        "At least one paid order of a lapsed customer in the next {days} days",
    ),
    "value": ("How much will they spend?", "消费", "Net spend of each customer in the next {days} days"),
}
"""Outcome -> title, Chinese title, the question in words."""

_FORECASTS = {
    "trellis": "This forecast",
    "past_spend": "Past spend, same length",
    "btyd": "MBG × Gamma-Gamma",
    "boosting": "Boosting",
    "history": "Purchase histories",
}
_SHIPPED = "trellis"
_OFF_FROM_ECE = 0.05
_NOT_TESTED = "Not tested on the future: there are too few people, or the history is too short."


@dataclass(frozen=True)
class Measure:
    """One measure: label, value, 95 % interval if there is one, and what it means."""

    label: str
    value: str
    interval: str | None
    meaning: str


@dataclass(frozen=True)
class ModelView:
    """One model card as text; charts are None where the card has nothing to draw."""

    key: str
    title_en: str
    title_zh: str
    question: str
    is_fallback: bool
    fallback_because: str | None
    verdict: tuple[str, ...]
    measures: tuple[Measure, ...]
    tested_on: str | None
    training: str | None
    trained_before: str
    limits: tuple[str, ...]
    version: str
    measure_compared: str
    comparison: str | None
    calibration: str | None


def model_view(card: Card, *, currency: str, below: int) -> ModelView:
    """Return one card for the page; a test on too few people shows no measure."""
    title_en, title_zh, question = QUESTIONS.get(card.outcome, (card.outcome.capitalize(), "", "{days} days ahead"))
    is_tested = card.test_as_of is not None and not is_small(card.users, below=below) and card.users > 0
    is_value = card.outcome == "value"
    verdict, measures, comparison, calibration = (_NOT_TESTED,), (), None, None
    if is_tested and is_value:
        forecasts = card.details["targets"]["expected_spend"]["measures"]
        verdict, measures, comparison = (
            _value_verdict(forecasts),
            _value_measures(forecasts, currency),
            _value_chart(forecasts),
        )
    elif is_tested:
        verdict, measures, comparison = _verdict(card), _measures(card), _comparison(card)
        calibration = _calibration(card.details, below=below)
    return ModelView(
        key=f"{card.outcome}-{card.horizon_days}",
        title_en=title_en,
        title_zh=title_zh,
        question=question.format(days=card.horizon_days),
        is_fallback=card.is_fallback,
        fallback_because=card.reason,
        verdict=verdict,
        measures=measures,
        tested_on=_tested_on(card, below=below),
        training=_training(card.details),
        trained_before=day(card.training_date),
        limits=tuple(card.details.get("limits", ())),
        version=card.model_version,
        measure_compared="normalised Gini" if is_value else "AUC",
        comparison=comparison,
        calibration=calibration,
    )


# --- who will: probabilities
def judged_name(details: Mapping[str, Any]) -> str:
    """What the figures of a card are about: the score itself, or the trained model that a rule replaced afterwards."""
    return "The model it replaced" if details.get("is_replaced") else "This score"


def _verdict(card: Card) -> tuple[str, ...]:
    if card.auc is None:
        return ("Nothing can be said about its ranking: the test has only one outcome.",)
    sentence = (
        "Take one customer for whom it came true and one for whom it did not: the score ranks them right in "
        f"{100 * card.auc:.0f} of 100 cases."
    )
    if card.recency_rule_auc is not None:
        sentence += f" Ranking by the last order alone does so in {100 * card.recency_rule_auc:.0f}."
    gains: Mapping[str, Mapping[str, float | None]] = card.details.get("improvements", {})
    sure = [name for name, gain in gains.items() if gain["low"] is not None and gain["low"] > 0]
    unsure = [name for name in gains if name not in sure]
    lines = [sentence]
    if card.details.get("is_replaced"):
        lines.append("These figures are of the trained model that the rule replaced.")
    if sure:
        lines.append(f"Better beyond chance than: {', '.join(sure)}.")
    if unsure:
        lines.append(f"Not shown to be better than: {', '.join(unsure)}.")
    if card.ece is not None and card.ece >= _OFF_FROM_ECE:
        lines.append(
            f"The probabilities were {100 * card.ece:.0f} points off on average: trust their order more than their level."
        )
    return tuple(lines)


def _measures(card: Card) -> tuple[Measure, ...]:
    found: Mapping[str, Any] = card.details.get("measures", {})
    rows: tuple[tuple[str, float | None, str, Callable[[float | None], str], str], ...] = (
        ("Ranking (AUC)", card.auc, "auc", score, "1 = perfect order, 0.5 = coin toss."),
        ("Came true", card.prevalence, "prevalence", percent, "Share of the tested people for whom it came true."),
        ("Top tenth", card.lift_top_decile, "lift_at_10", _times, "So many times more often it came true in the top 10 %."),
        ("Calibration (ECE)", card.ece, "ece", score, "Mean gap between predicted and observed share; 0 is best."),
        ("Brier score", card.brier, "brier", score, "Mean squared error of the probabilities; 0 is best."),
        ("PR-AUC", card.pr_auc, "pr_auc", score, "Mean precision; a coin toss gets the share that came true."),
    )  # fmt: skip
    return tuple(
        Measure(label, text(value), _interval(_bounds(found.get(name)), text), meaning)
        for label, value, name, text, meaning in rows
    )


def _bounds(measure: Mapping[str, float | None] | None) -> tuple[float | None, float | None]:
    return (None, None) if measure is None else (measure["low"], measure["high"])


def _comparison(card: Card) -> str | None:
    if card.auc is None:
        return None
    low, high = _bounds(card.details.get("measures", {}).get("auc"))
    dots = [charts.Dot(judged_name(card.details), card.auc, low, high, is_main=True)]
    for name, measures in card.details.get("baselines", {}).items():
        auc = measures.get("auc")
        if auc is not None and auc["value"] is not None:
            dots.append(charts.Dot(name[:1].upper() + name[1:], auc["value"], *_bounds(auc), is_main=False))
    if len(dots) == 1 and card.recency_rule_auc is not None:
        dots.append(charts.Dot("Recency rule", card.recency_rule_auc, None, None, is_main=False))
    return charts.comparison(dots, measure="AUC")


def _calibration(details: Mapping[str, Any], *, below: int) -> str | None:
    bins = [
        charts.CalibrationBin(group["customers"], group["mean_probability"], group["observed_share"])
        for group in details.get("calibration", ())
        if group["customers"] >= below
    ]
    return charts.calibration(bins) if bins else None


# --- how much: amounts. A measure is [value, low, high].
def _value_verdict(forecasts: Mapping[str, Mapping[str, Sequence[float]]]) -> tuple[str, ...]:
    own = forecasts[_SHIPPED]
    direction = "too low" if own["bias"][0] < 0 else "too high"
    return (
        f"Ordering customers by this forecast gets {100 * own['ngini'][0]:.0f} % of what perfect foresight would.",
        f"The forecast of the total was {percent(abs(own['bias'][0]))} {direction}.",
    )


def _value_measures(forecasts: Mapping[str, Mapping[str, Sequence[float]]], currency: str) -> tuple[Measure, ...]:
    def amount(value: float | None) -> str:
        return money(value, currency)

    rows: tuple[tuple[str, str, Callable[[float | None], str], str], ...] = (
        ("Ranking (nGini)", "ngini", score, "1 = perfect order, 0 = none."),
        ("Bias of the total", "bias", percent, "Forecast over actual total, less 1; 0 is best."),
        ("Error by tenth", "decile_mape", percent, "Gaps of the ten groups by forecast, in the total; 0 is best."),
        ("Error per person", "mae", amount, "Mean absolute error."),
        ("Spent per person", "mean_actual", amount, "What they really spent, on average."),
    )
    own = forecasts[_SHIPPED]
    return tuple(
        Measure(label, text(own[name][0]), _interval((own[name][1], own[name][2]), text), meaning)
        for label, name, text, meaning in rows
        if name in own
    )


def _value_chart(forecasts: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    names = [_SHIPPED, *(name for name in forecasts if name != _SHIPPED)]
    dots = [
        charts.Dot(_FORECASTS.get(name, name), *forecasts[name]["ngini"], is_main=name == _SHIPPED) for name in names
    ]
    return charts.comparison(dots, measure="normalised Gini")


# --- both
def _times(value: float | None) -> str:
    return UNKNOWN if value is None else f"{decimal(value)} ×"


def _interval(bounds: tuple[float | None, float | None], text: Callable[[float | None], str]) -> str | None:
    low, high = bounds
    return None if low is None or high is None else f"{text(low)} to {text(high)}"


def _tested_on(card: Card, *, below: int) -> str | None:
    if card.test_as_of is None:
        return None
    people = WITHHELD if is_small(card.users, below=below) else whole(card.users)
    return f"{people} people on {day(card.test_as_of)}, later than all the tested model had seen"


def _training(details: Mapping[str, Any]) -> str | None:
    origins = details.get("final_origins", ())
    if not origins:
        return None
    dates = f"{origins[0]} to {origins[-1]}" if len(origins) > 1 else origins[0]
    snapshots = "past snapshot" if len(origins) == 1 else "past snapshots"
    return f"{len(origins)} {snapshots} ({dates}) and {len(details['features'])} features"
