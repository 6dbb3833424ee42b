"""Trial of the sequence model: whether it counts in the blend, decided on origins before the one that is judged.

Belongs here: rolling out-of-time validation of the blend with and without it, and its scores at the origins that need them.
Does not belong here: the network (`sequence.py`), the blend (`propensity.py`, `blending.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from models.blending import choose_blend
from models.calibration import fit_platt
from models.propensity import PropensityModel
from models.sequence import SequenceModel
from models.sequence_days import RECENT_DAYS, SEQUENCE_SCORE

READ_ROWS = 20_000  # passes over more rows would cost more than the rest of the training
TRIALS_AT_MOST = 3
CASES_AT_LEAST = 50
_DRAWS = 300
_DIGITS = 5


@dataclass(frozen=True)
class SequenceTrial:
    """Whether the sequence model joins the blend, and why in words; `gain`: mean log loss saved per customer, low, high."""

    is_member: bool
    reason: str
    origins: tuple[str, ...] = ()
    gain: tuple[float, float, float] | None = None
    auc_gain: float | None = None


@dataclass(frozen=True)
class SequenceMember:
    """The trial and, where it was won, the network that saw no label of the test origin's window (else None)."""

    trial: SequenceTrial
    model: SequenceModel | None = None


NOT_ASKED = SequenceMember(SequenceTrial(is_member=False, reason="not asked for"))


def with_score(rows: pd.DataFrame, model: SequenceModel | None) -> pd.DataFrame:
    """The rows with the log odds of the sequence model as column `recent_sequence`; the same rows without a model.

    Raises ValueError where the rows come without their days.
    """
    if model is None:
        return rows
    if RECENT_DAYS not in rows.columns:
        raise ValueError(f"this model reads each user's last days: the rows to score lack the column {RECENT_DAYS}")
    return rows.assign(**{SEQUENCE_SCORE: model.decision_function(rows[RECENT_DAYS].tolist())})


def try_sequence(
    past: pd.DataFrame, features: tuple[str, ...], label: str, *, horizon_days: int, random_state: int = 0
) -> tuple[SequenceTrial, dict[pd.Timestamp, SequenceModel]]:
    """The trial, and the network tried at each origin, which saw no label of that origin's window.

    `past`: rows of the training origins with the column `recent_days`. Origins are tried one label window apart, newest last;
    at each the members and the network are fitted on rows whose windows had closed, the blend's weights on the origin tried
    before. The network joins when the log loss it saves has a 95 % interval above 0 (customers resampled) and AUC gains.
    """
    chain = _chain(past, label, horizon_days)
    if not chain:
        return SequenceTrial(is_member=False, reason="left out: no earlier origin to try it on"), {}
    found: list[_Tried] = []
    networks: dict[pd.Timestamp, SequenceModel] = {}
    network: SequenceModel | None = None
    for origin in chain:
        older = past[past["as_of"] <= origin - pd.Timedelta(days=horizon_days)]
        now = past[past["as_of"] == origin]
        network = fit_sequence(older, label, horizon_days=horizon_days, previous=network, random_state=random_state)
        own, networks[origin] = network.decision_function(now[RECENT_DAYS].tolist()), network
        members = PropensityModel(label_days=horizon_days, random_state=random_state).held_out_scores(
            older[list(features)].astype(float), older[label], now[list(features)].astype(float)
        )
        scores = np.column_stack([members, own])
        found.append(_Tried(str(origin.date()), now["user_id"].to_numpy(), now[label].to_numpy(), scores))
    return _judge(found), networks


def fit_sequence(
    rows: pd.DataFrame, label: str, *, horizon_days: int, previous: SequenceModel | None, random_state: int = 0
) -> SequenceModel:
    """A network fitted on rows with `recent_days`, `as_of` and a 0/1 label, begun from the weights of `previous`."""
    model = SequenceModel(label_days=horizon_days, random_state=random_state)
    return model.fit(rows[RECENT_DAYS].tolist(), rows[label].to_numpy(), rows["as_of"].to_numpy(), previous=previous)


@dataclass(frozen=True)
class _Tried:
    """One origin: who, 0/1 outcomes, log odds of the blend's three members and of the network (n, 4)."""

    origin: str
    users: np.ndarray
    outcome: np.ndarray
    scores: np.ndarray


def _chain(past: pd.DataFrame, label: str, horizon_days: int) -> list[pd.Timestamp]:
    """Origins to try, oldest first, one label window apart and ending at the newest, with closed older ones behind each."""
    origins = [pd.Timestamp(origin) for origin in sorted(past["as_of"].unique())]
    chain: list[pd.Timestamp] = []
    for origin in reversed(origins):
        if chain and origin > chain[-1] - pd.Timedelta(days=horizon_days):
            continue
        older = past.loc[past["as_of"] <= origin - pd.Timedelta(days=horizon_days), label]
        now = past.loc[past["as_of"] == origin, label]
        if min((part == value).sum() for part in (older, now) for value in (0, 1)) < CASES_AT_LEAST:
            break
        chain.append(origin)
        if len(chain) > TRIALS_AT_MOST:
            break
    return chain[::-1]


def _judge(found: list[_Tried]) -> SequenceTrial:
    """Compare both blends: weights from the origin before; with one origin only, equal weights."""
    pairs = list(pairwise(found)) or [(None, found[0])]
    saved, users, auc = [], [], []
    for before, now in pairs:
        without, joined = (_blended(before, now, columns) for columns in (3, 4))
        saved.append(_losses(without, now.outcome) - _losses(joined, now.outcome))
        users.append(now.users)
        auc.append(roc_auc_score(now.outcome, joined) - roc_auc_score(now.outcome, without))
    gain, auc_gain = _interval(np.concatenate(saved), np.concatenate(users)), float(np.mean(auc))
    is_member = gain[1] > 0 and auc_gain > 0
    origins = tuple(now.origin for _, now in pairs)
    told = (
        f"log loss saved {gain[0]:+.{_DIGITS}f} ({gain[1]:+.{_DIGITS}f} to {gain[2]:+.{_DIGITS}f}), AUC {auc_gain:+.4f} "
        f"on {', '.join(origins)}"
    )
    reason = f"joins the blend: {told}" if is_member else f"left out: it does not win out of time ({told})"
    return SequenceTrial(is_member, reason, origins, gain, auc_gain)


def _blended(before: _Tried | None, now: _Tried, columns: int) -> np.ndarray:
    """Log odds (n,) of the first members, weighted and calibrated on the origin before.

    Where there is none: equal weights, calibrated on the origin itself, so that no blend wins by its level alone.
    """
    if before is None:
        mean = now.scores[:, :columns].mean(axis=1)
        platt = fit_platt(mean, now.outcome)
        return platt.slope * mean + platt.intercept
    weights, platt = choose_blend(before.scores[:, :columns], before.outcome)
    return platt.slope * (now.scores[:, :columns] @ np.array(list(weights.values()))) + platt.intercept


def _losses(score: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Negative log likelihood of each row's log odds; shape (n,)."""
    return np.logaddexp(0.0, score) - outcome * score


def _interval(saved: np.ndarray, users: np.ndarray) -> tuple[float, float, float]:
    """Mean of (n,) values with its 95 % bootstrap interval; all rows of a customer are drawn together."""
    _, person = np.unique(users.astype(str), return_inverse=True)
    total, rows = np.bincount(person, weights=saved), np.bincount(person)
    draw = np.random.default_rng(0)
    means = []
    for _ in range(_DRAWS):
        picked = draw.integers(0, len(total), len(total))
        means.append(total[picked].sum() / rows[picked].sum())
    low, high = np.quantile(means, [0.025, 0.975])
    return float(saved.mean()), float(low), float(high)
