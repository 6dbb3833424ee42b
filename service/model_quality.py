"""Model cards as the overview shows them: the question, how well it was answered on the future, and beside what.

Belongs here: reading `score.model_card` and the JSON of its card into text and charts. Does not belong here: computing a measure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service import charts
from service.formats import UNKNOWN, day, decimal, percent, score, whole
from service.published import Card
from service.small_cells import WITHHELD, is_small

QUESTIONS = {
    "purchase": ("Who will buy?", "购买", "Buys at least once in the next {days} days"),
    "churn": ("Who will go quiet?", "流失", "Is not active in the next {days} days"),
}
"""Outcome -> title, Chinese title, the question in words."""


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
    verdict: str
    is_fallback: bool
    fallback_because: str | None
    measures: tuple[Measure, ...]
    tested_on: str
    trained_before: str
    training: str | None
    limits: tuple[str, ...]
    version: str
    comparison: str | None
    calibration: str | None


def model_view(card: Card, *, below: int) -> ModelView:
    """Return one card for the page; a test on too few people shows no measure."""
    title_en, title_zh, question = QUESTIONS.get(card.outcome, (card.outcome.capitalize(), "", "{days} days ahead"))
    details = card.details
    is_tested = card.test_as_of is not None and not is_small(card.users, below=below)
    return ModelView(
        key=f"{card.outcome}-{card.horizon_days}",
        title_en=title_en,
        title_zh=title_zh,
        question=question.format(days=card.horizon_days),
        verdict=_verdict(card) if is_tested else "Not tested: there are too few people or too short a history.",
        is_fallback=card.is_fallback,
        fallback_because=card.reason,
        measures=_measures(card) if is_tested else (),
        tested_on=_tested_on(card, below=below),
        trained_before=day(card.training_date),
        training=_training(details),
        limits=tuple(details.get("limits", ())),
        version=card.model_version,
        comparison=_comparison(card) if is_tested else None,
        calibration=_calibration(details, below=below) if is_tested else None,
    )


def _verdict(card: Card) -> str:
    if card.auc is None:
        return "Nothing can be said about its ranking: the test has only one outcome."
    sentence = (
        f"Take one customer for whom it came true and one for whom it did not: the score ranks them right in "
        f"{100 * card.auc:.0f} of 100 cases."
    )
    if card.recency_rule_auc is None:
        return sentence
    beside = f" Ranking by the last order alone does so in {100 * card.recency_rule_auc:.0f}"
    gain = card.details.get("improvements", {}).get("recency rule")
    if gain is None or gain["low"] is None:
        return f"{sentence}{beside}."
    sure = "the gain is beyond chance" if gain["low"] > 0 else "the difference may be chance"
    return f"{sentence}{beside}; {sure}."


def _measures(card: Card) -> tuple[Measure, ...]:
    found: Mapping[str, Any] = card.details.get("measures", {})
    rows = (
        ("Ranking (AUC)", card.auc, "auc", score, "1 = perfect order, 0.5 = coin toss."),
        ("Came true", card.prevalence, "prevalence", percent, "Share of the tested people for whom it came true."),
        ("Top tenth", card.lift_top_decile, "lift_at_10", _times, "How many times more often it came true in the top 10 %."),
        ("Calibration error (ECE)", card.ece, "ece", score, "Mean gap between predicted and observed share; 0 is best."),
        ("Brier score", card.brier, "brier", score, "Mean squared error of the probabilities; 0 is best."),
        ("PR-AUC", card.pr_auc, "pr_auc", score, "Precision over all cut-offs; a coin toss gets the share that came true."),
    )  # fmt: skip
    return tuple(
        Measure(label, text(value), _interval(found.get(name), text), meaning) for label, value, name, text, meaning in rows
    )


def _times(value: float | None) -> str:
    return UNKNOWN if value is None else f"{decimal(value)} ×"


def _interval(measure: Mapping[str, float | None] | None, text: Any) -> str | None:
    if not measure or measure.get("low") is None or measure.get("high") is None:
        return None
    return f"{text(measure['low'])} to {text(measure['high'])}"


def _tested_on(card: Card, *, below: int) -> str:
    if card.test_as_of is None:
        return "not tested"
    people = WITHHELD if is_small(card.users, below=below) else whole(card.users)
    return f"{people} people on {day(card.test_as_of)}, later than all the tested model had seen"


def _training(details: Mapping[str, Any]) -> str | None:
    origins = details.get("final_origins", ())
    if not origins:
        return None
    dates = f"{origins[0]} to {origins[-1]}" if len(origins) > 1 else origins[0]
    return f"{len(origins)} past snapshots ({dates}), {len(details.get('features', ()))} features"


def _comparison(card: Card) -> str | None:
    if card.auc is None:
        return None
    details = card.details
    own = details.get("measures", {}).get("auc", {"low": None, "high": None})
    dots = [charts.Dot("This score", card.auc, own["low"], own["high"], is_main=True)]
    for name, measures in details.get("baselines", {}).items():
        if measures.get("auc") and measures["auc"]["value"] is not None:
            auc = measures["auc"]
            label = name if name.isupper() else name[:1].upper() + name[1:]
            dots.append(charts.Dot(label, auc["value"], auc["low"], auc["high"], is_main=False))
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
