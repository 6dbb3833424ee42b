"""Model cards: what a model was trained on, how it did on the future, and what it must not be used for.

Belongs here: the record and its JSON form. Does not belong here: computing any of it (`training.py`, `evaluation.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from models.evaluation import Interval
from models.reasons import FeatureImportance


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """One of ten equal-count bins by predicted probability, on the test origin."""

    bin: int
    customers: int
    mean_probability: float
    observed_share: float


@dataclass(frozen=True, slots=True)
class LabelAudit:
    """What the labels look like before anything is trained: share of positives at each origin, and what is suspicious.

    findings: `degenerate` (one class only), `rare` or `common` (prevalence outside 0.2 %..99.8 %), `inverted` (the label
    contradicts the recency rule: its AUC is below 0.35), each of which blocks the model: `refusal` says why in words. Only
    noted: `unstable` (prevalence varies more than threefold between origins), `against_recency` (AUC 0.35 to 0.4).
    """

    prevalence_by_origin: dict[str, float]
    findings: tuple[str, ...]
    refusal: str | None = None


@dataclass(frozen=True)
class ModelCard:
    """One model: its question, its samples, its measures on the test origin, its limits. Dates are ISO text.

    `measures` are those of the model trained on `evaluation_origins` alone and judged on `test_origin`; the model that
    scores is then refitted with the test origin included (`final_origins`). Where `is_fallback` a rule scores and
    `reason` says why. `baselines` maps name -> measure -> Interval on the same customers, `improvements` the paired gain in AUC
    (or nGini) over each; a claim "better" needs low > 0.
    `is_replaced`: the measures are of a trained model that a rule replaced afterwards, having ranked better there. `data_window`:
    first order date of the customers trained and tested on, and the date from which on nothing was known.
    `importance`: what moves the test customers' scores, largest first. `sequence`: whether the sequence model is a member of the
    blend, and the figure that decided it.
    """

    outcome: str
    horizon_days: int
    label_definition: str
    model: str
    is_fallback: bool
    reason: str | None
    test_origin: str
    evaluation_origins: tuple[str, ...]
    final_origins: tuple[str, ...]
    training_rows: int
    training_customers: int
    test_customers: int
    features: tuple[str, ...]
    measures: dict[str, Interval]
    baselines: dict[str, dict[str, Interval]]
    improvements: dict[str, Interval]
    calibration: tuple[CalibrationBin, ...] = ()
    label_audit: LabelAudit | None = None
    importance: tuple[FeatureImportance, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    season: dict[str, str] = field(default_factory=dict)
    sequence: str | None = None
    is_replaced: bool = False
    data_window: tuple[str, str] | None = None
    limits: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The card as JSON-able values: an interval becomes {value, low, high}, NaN and infinities become null."""
        return _jsonable(asdict(self))


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _jsonable(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(entry) for entry in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, bool, int)):
        return value
    raise TypeError(
        f"a model card holds text, numbers and their collections only; got {type(value).__name__}: {value!r}"
    )
