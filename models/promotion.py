"""Champion and challenger: a newly trained model takes over only where a later snapshot does not speak against it.

Belongs here: how two models are compared, and who is champion at the end of a row of trials. Does not belong here: where
versions lie (`registry.py`), the snapshot they are compared on (`assets/champions.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.evaluation import RESAMPLES, compare

CALIBRATED_WITHIN = 0.05
PAIRED = ("auc", "brier")


@dataclass(frozen=True)
class Trial:
    """One comparison on one origin: who challenged whom, how it ended, and why in words.

    `gains`: measure -> [by how much the challenger is better, low, high] (paired 95 % interval); `ece`: of both.
    """

    incumbent: str
    challenger: str
    origin: str
    is_promoted: bool
    reason: str
    gains: dict[str, list[float | None]]
    ece: dict[str, float]


def compare_models(
    truth: np.ndarray, *, incumbent: np.ndarray, challenger: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[bool, str, dict[str, list[float | None]], dict[str, float]]:
    """Whether the challenger may take over, why, the paired gains, and both calibration errors.

    `truth` (n,) 0/1; probabilities (n,) of the two models on the same customers, of which neither saw a label. Refused: AUC
    or Brier shown to be worse (the paired interval lies wholly below 0), or calibration that does not hold: an ECE above
    0.05 that is shown to be worse than the incumbent's.
    """
    found = compare(
        truth, {"challenger": challenger, "incumbent": incumbent}, kind="probability", seed=seed, resamples=resamples
    )
    gains, faults = {}, []
    for measure in PAIRED:
        gain = found.improvement("challenger", "incumbent", measure=measure)
        gains[measure] = [float(part) if np.isfinite(part) else None for part in (gain.value, gain.low, gain.high)]
        if gain.high < 0:
            faults.append(f"{measure} worse by {-gain.value:.4f} (95 % {-gain.high:.4f} to {-gain.low:.4f})")
    ece = {name: found.measures[name]["ece"].value for name in ("incumbent", "challenger")}
    worse = found.improvement("challenger", "incumbent", measure="ece").high < 0
    if ece["challenger"] > CALIBRATED_WITHIN and worse:
        faults.append(f"calibration error {ece['challenger']:.3f}, the incumbent's is {ece['incumbent']:.3f}")
    reason = "; ".join(faults) or "not worse in AUC and Brier, calibration holds"
    return not faults, reason, gains, ece


def last_champion(row: Sequence[str], compete: Callable[[str, str], Trial]) -> tuple[str, tuple[Trial, ...]]:
    """The champion after each version of `row` (oldest first) has challenged the one before, and all trials held.

    The first version needs nobody's leave. `compete(incumbent, challenger)` holds one trial.
    """
    champion, trials = row[0], []
    for challenger in row[1:]:
        if challenger == champion:  # equal content has one version
            continue
        trial = compete(champion, challenger)
        trials.append(trial)
        if trial.is_promoted:
            champion = challenger
    return champion, tuple(trials)


def describe(row: Sequence[str], trials: Sequence[Trial], *, pinned: bool) -> str:
    """Why this champion scores, in words."""
    if pinned:
        return "promoted by the operator; stays until released"
    if not trials:
        return "nobody to compete with: the first training date" if len(row) == 1 else "equal to the model before"
    newest = trials[-1]
    if newest.is_promoted:
        return f"took over from {newest.incumbent} at origin {newest.origin}: {newest.reason}"
    return f"stays: challenger {newest.challenger} refused at origin {newest.origin}: {newest.reason}"


def trial_from(note: dict[str, Any]) -> Trial:
    """A trial as it was written down."""
    return Trial(**note)
