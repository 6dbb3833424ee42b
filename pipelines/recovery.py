"""Truth recovery: what a home made of a simulated shop, held against what is true there.

Belongs here: comparing, and saying whether a comparison holds. Does not belong here: the truth itself (world/), the
measures of a prediction without truth (models/evaluation.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from models.calibration import logit, shift_to_mean
from models.evaluation import compare

REASONS = {
    "missing_key": r"is missing",
    "future_date": r"lies after the time the file was read",
    "unknown_currency": r"currency has no exchange rate",
    "unknown_status": r"status is not one of",
    "negative_price": r"is negative on a line that is no return",
    "nul_byte": r"(?i)NUL (?:byte|character)",
    "bad_number": r"is not an amount",
    "bad_date": r"is not a date and time",
    "too_few_columns": r"too few columns",
    "non_utf8": r"not valid UTF-8",
}
"""Kind of dirty row -> what the reason of its quarantine says."""
COPY = "duplicate_row"
CEILINGS = {
    "purchase": "purchase_probability_given_history",
    "churn": "inactivity_probability_given_history",
}
"""Outcome -> true probability for a judge who knows each user's rates and all that was seen."""
RESAMPLES = 200
LEVEL_AT_MOST = 3.0  # log odds
SHARE_OF_LEARNABLE_AT_LEAST = 0.95
USERS_AT_LEAST = 10_000
"""Scored users from which the noise of samples is well below the limits."""


@dataclass(frozen=True)
class Recovered:
    """One comparison: what was found beside what is true, whether it holds, and in words what would."""

    name: str
    found: float
    wanted: str
    holds: bool

    def __str__(self) -> str:
        """Return a line of a report."""
        found = f"{self.found:.0f}" if self.found == round(self.found) else f"{self.found:.4g}"
        return f"{'ok  ' if self.holds else 'FAIL'}  {self.name}: {found} (wanted: {self.wanted})"


@dataclass(frozen=True)
class Limits:
    """What a prediction of a simulated shop is held to; None: told, not judged, because of what `few` or `festive` say."""

    share_at_least: float | None
    error_at_most: float | None
    few: str = ""
    festive: str = ""


def limits_of(festival: np.ndarray, *, day: int, horizon_days: int, users: int) -> Limits:
    """Return the limits of a prediction of `users` at a day of the world, whose festival strength by day is `festival`.

    A calibration error of .01 where data suffice: at least 10,000 scored users, and no festival in the newest closed window or in
    the one foreseen. With fewer users, .03, and the share of what a judge knows who knows each user's rates is only told.
    A festival moves the level by what nothing in a first year says: the error is told.
    """
    near = festival[max(0, day - horizon_days) : day + horizon_days]
    festive = "a festival in the newest closed window or in the one foreseen" if (near != 1.0).any() else ""
    if users < USERS_AT_LEAST:
        few = f"{users:,} users, judged from {USERS_AT_LEAST:,} on"
        return Limits(None, None if festive else 0.03, few, festive)
    return Limits(0.92, None if festive else 0.01, festive=festive)


def recovered_ledger(listed: pd.DataFrame, quarantine: pd.DataFrame, duplicates: pd.Series) -> list[Recovered]:
    """Return one comparison per kind of dirty row, per source with copies, and one of rows quarantined without cause.

    `listed`: truth/dirty_rows. `quarantine`: file_name, record_number, reason. `duplicates`: rows counted as copies by
    source. A dirty row counts as found when its own record is quarantined for the reason of its kind.
    """
    places = quarantine.groupby(["file_name", "record_number"])["reason"].agg("; ".join)
    broken = listed[listed["kind"] != COPY]
    keys = pd.MultiIndex.from_arrays([broken["file"], broken["record_number"]])
    reason = places.reindex(keys).fillna("").to_numpy()
    results = []
    for kind, rows in broken.assign(reason=reason).groupby("kind", observed=True):
        found = int(rows["reason"].str.contains(REASONS[str(kind)]).sum())
        results.append(Recovered(f"ledger: {kind}", found, f"= {len(rows)}", found == len(rows)))
    besides = len(places.index.difference(keys))
    results.append(Recovered("ledger: good rows quarantined", besides, "= 0", besides == 0))
    copies = listed[listed["kind"] == COPY].groupby("source", observed=True).size()
    for source in sorted({*copies.index, *duplicates.index}):
        wanted, counted = int(copies.get(source, 0)), int(duplicates.get(source, 0))
        results.append(Recovered(f"ledger: copies in {source}", counted, f"= {wanted}", counted == wanted))
    return results


def recovered_rows(written: dict[str, int], dirty: pd.DataFrame, loaded: dict[str, int]) -> list[Recovered]:
    """Return one comparison per source: records written less dirty ones = rows that were accepted."""
    bad = dirty.groupby("source", observed=True).size()
    wanted = {source: rows - int(bad.get(source, 0)) for source, rows in written.items()}
    return [
        Recovered(f"rows: {source}", loaded.get(source, 0), f"= {rows}", loaded.get(source, 0) == rows)
        for source, rows in wanted.items()
    ]


def recovered_labels(truth: pd.DataFrame, labels: pd.DataFrame) -> list[Recovered]:
    """Return, for purchase and activity, the users whose label is not what happened to them (none is right).

    `truth`: rows of truth/probabilities of one as_of and horizon whose window has closed. `labels`: user_id,
    has_purchased, has_churned. Users without label must have neither bought nor come.
    """
    both = truth.merge(labels, on="user_id", how="left", suffixes=("", "_label"))
    bought = both["has_purchased_label"].astype("boolean").fillna(value=False)
    silent = both["has_churned"].astype("boolean").fillna(value=True)
    wrong = {
        "labels: purchase": int((bought != both["has_purchased"].astype("boolean")).sum()),
        "labels: churn": int((silent == both["was_active"].astype("boolean")).sum()),
    }
    return [Recovered(name, count, f"= 0 of {len(both)}", count == 0) for name, count in wrong.items()]


def expected_auc(score: np.ndarray, probability: np.ndarray) -> float:
    """Return the AUC of a score in expectation over the outcomes that the true probabilities give.

    Sum over pairs of p_i (1 - p_j) [s_i > s_j] over the sum of p_i times the sum of (1 - p_j); ties count half. The noise
    of a single draw of outcomes is not in it.
    """
    frame = pd.DataFrame({"score": score, "yes": probability, "no": 1 - np.asarray(probability)})
    groups = frame.groupby("score")[["yes", "no"]].sum().sort_index()
    below = groups["no"].cumsum() - groups["no"] / 2
    return float((groups["yes"] * below).sum() / (groups["yes"].sum() * groups["no"].sum()))


def share_of_attainable(score: np.ndarray, best: np.ndarray, probability: np.ndarray) -> float:
    """Return (AUC - 0.5) / (AUC of `best` - 0.5), both in expectation over the true probabilities."""
    return (expected_auc(score, probability) - 0.5) / (expected_auc(best, probability) - 0.5)


def calibration_error(score: np.ndarray, probability: np.ndarray, *, bins: int = 10) -> float:
    """Return the mean distance of mean score and mean true probability over equal-count bins by score."""
    place = pd.Series(score).rank(method="first").to_numpy()
    cells = pd.DataFrame({"score": score, "truth": probability}).groupby((place - 1) * bins // len(place))
    means = cells.mean()
    return float(((means["score"] - means["truth"]).abs() * cells.size() / len(place)).sum())


def recovered_scores(truth: pd.DataFrame, scores: pd.DataFrame, *, outcome: str, limits: Limits) -> list[Recovered]:
    """Return share of the attainable AUC, calibration, and whether a score is better than anybody could be.

    `truth`: rows of one as_of and horizon. `scores`: user_id, probability. The calibration error is told a second time with the
    level put right: what is left is the shape of the score, the rest its level. The last comparison needs a closed window: a
    score that beats the best judge (bootstrap 95 % interval of the difference above 0) has seen the outcome.
    """
    both = scores.merge(truth, on="user_id")
    if len(both) != len(scores):
        message = (
            f"{len(scores) - len(both)} of {len(scores)} scored users are not in truth/probabilities of this as_of"
        )
        raise ValueError(message)
    score, best = both["probability"].to_numpy(), both[CEILINGS[outcome]].to_numpy()
    share, error = share_of_attainable(score, best, best), calibration_error(score, best)
    least, most = limits.share_at_least, limits.error_at_most
    level = shift_to_mean(logit(score), float(best.mean()), at_most=LEVEL_AT_MOST)
    results = [
        Recovered(
            f"{outcome}: share of the AUC that knows the rates",
            share,
            f"told: {limits.few}" if least is None else f">= {least}",
            least is None or share >= least,
        ),
        Recovered(
            f"{outcome}: calibration error",
            error,
            f"told: {limits.festive}" if most is None else f"<= {most}",
            most is None or error <= most,
        ),
        Recovered(
            f"{outcome}: calibration error once the level is right",
            calibration_error(expit(logit(score) + level), best),
            f"told: log odds {level:+.3f} put it right",
            True,
        ),
    ]
    happened = ~both["was_active"].astype("boolean") if outcome == "churn" else both["has_purchased"].astype("boolean")
    if happened.notna().all():
        outcomes = happened.astype("int64").to_numpy()
        measured = compare(outcomes, {"score": score, "best": best}, kind="probability", seed=0, resamples=RESAMPLES)
        gain = measured.improvement("score", "best", measure="auc")
        wanted = "not better than the best: interval reaches 0"
        results.append(Recovered(f"{outcome}: AUC above the best possible", gain.value, wanted, gain.low <= 0))
    return results


def recovered_learnt(score: np.ndarray, *, learnt: np.ndarray, known: np.ndarray, outcome: str) -> list[Recovered]:
    """Return how near a score comes to the best that the sources allow, and how near that best comes to knowing the rates.

    All of shape (n_users,), of the same users: `score`; `learnt`, what the judge says who learns each user's rates from the
    sources; `known`, the probability for the judge who knows them, in whose expectation every AUC is. Judged is the share of
    the attainable beyond chance; the AUCs themselves and their plain ratio, a milder reading, are told.
    """
    found, best, most = (expected_auc(said, known) for said in (score, learnt, known))
    share = share_of_attainable(score, learnt, known)
    users = f"({len(score)} users)"
    ratio = f"told: {best:.4f} is attainable, {found / best:.3f} of it; {most:.4f} by the rates themselves"
    return [
        Recovered(
            f"{outcome}: share of the AUC that learns the rates {users}",
            share,
            f">= {SHARE_OF_LEARNABLE_AT_LEAST}",
            share >= SHARE_OF_LEARNABLE_AT_LEAST,
        ),
        Recovered(f"{outcome}: AUC {users}", found, ratio, holds=True),
        Recovered(
            f"{outcome}: share of the AUC that knows the rates, by the one that learns them {users}",
            share_of_attainable(learnt, known, known),
            "told: the most that the sources allow, but for the error of draws",
            holds=True,
        ),
    ]


def variance_explained(values: np.ndarray, groups: Sequence[object]) -> float:
    """Return the share (0..1) of the variance of a true quantity that lies between the groups (eta squared)."""
    frame = pd.DataFrame({"value": np.asarray(values, dtype=float), "group": pd.Series(list(groups), dtype="object")})
    between = frame.groupby("group")["value"].transform("mean").var(ddof=0)
    return float(between / frame["value"].var(ddof=0))
