"""Which model scores an as_of: the champion among those of the last training dates, or what the operator promoted.

Belongs here: training dates, trials on a later snapshot, the registry's notes. Does not belong here: how two models are
compared (`models/promotion.py`), how one is trained (`assets/training.py`). Why the choice is the same whenever it is made:
`docs/decisions/champion-and-challenger.md`.
"""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from assets.origins import training_samples
from assets.sequences import is_missing, is_wanted
from assets.training import LABELS, code_fingerprint, feature_columns, population, train_at
from assets.warehouse import Warehouse
from contracts.settings import Settings
from models import registry
from models.horizons import training_date
from models.promotion import Trial, compare_models, describe, last_champion, trial_from
from models.registry import Registered, Slot


@dataclass(frozen=True)
class Kept:
    """A model from the registry with its version, its card, the date it was trained for, and why it scores."""

    model: Any  # TrainedValue for value, else TrainedPropensity
    version: str
    card: dict
    trained_on: date
    promotion: str


@dataclass(frozen=True)
class HorizonModels:
    """The models that score one horizon, and the newest training date; outcomes without data are absent."""

    horizon_days: int
    training_date: date
    propensities: dict[str, Kept]
    value: Kept | None

    @property
    def read_sequences(self) -> bool:
        """Whether a champion reads each user's last days."""
        return any(kept.model.sequence is not None for kept in self.propensities.values())

    @property
    def refusals(self) -> list[str]:
        """What the operator should know: challengers that were refused, in words."""
        return [
            f"{outcome} {self.horizon_days} d: the model of {kept.trained_on} {kept.promotion}"
            for outcome, kept in self.propensities.items()
            if kept.promotion.startswith("stays: challenger")
        ]


def training_dates(warehouse: Warehouse, as_of: date, settings: Settings) -> list[date]:
    """Return the training dates whose models compete at as_of, oldest first: the last one on or before it, and up to
    `champion_trials` earlier ones, none before the home's first as_of.

    Dates are counted from that first as_of (the anchor), so they are the same whenever this is asked.
    """
    known = warehouse.recall("training_anchor")
    if known is None:
        warehouse.remember("training_anchor", as_of.isoformat())
    anchor = date.fromisoformat(known) if known else as_of
    newest = training_date(as_of, anchor, settings.training_every_days)
    earlier = [
        newest - timedelta(days=number * settings.training_every_days)
        for number in range(settings.champion_trials, 0, -1)
    ]
    return [*(day for day in earlier if day >= anchor), newest]


@dataclass
class _Candidates:
    """The trained models of one horizon, from the registry or trained now; snapshots of trials are built once."""

    warehouse: Warehouse
    root: Path
    horizon_days: int
    churn_window_days: int
    settings: Settings

    def __post_init__(self) -> None:
        asked = {True: "-sequence", False: "-no-torch" if is_missing(self.settings) else ""}[is_wanted(self.settings)]
        self._recipe = f"w{self.churn_window_days}-{self.settings.training_users_at_most}-{code_fingerprint()}{asked}"
        self._snapshots: dict[str, pd.DataFrame] = {}

    def slot(self, outcome: str, day: date) -> Slot:
        """The slot of an outcome at a training date."""
        return Slot(outcome, self.horizon_days, day, self._recipe)

    def of(self, day: date) -> dict[str, Registered]:
        """Outcome -> what was trained at a date; trains all outcomes when nothing is there yet."""
        outcomes = (*LABELS, "value")
        found = {outcome: registry.find(self.root, self.slot(outcome, day)) for outcome in outcomes}
        if not any(found.values()):
            trained = train_at(self.warehouse, day, self.horizon_days, self.churn_window_days, self.settings)
            for outcome, (model, card) in trained.items():
                found[outcome] = registry.save(self.root, self.slot(outcome, day), model, card)
        return {outcome: registered for outcome, registered in found.items() if registered is not None}

    def trial(self, outcome: str, incumbent: Registered, challenger: Registered) -> Trial:
        """Compare two versions on the challenger's test origin, of which neither evaluated model saw a label."""
        name = f"{incumbent.version}-{challenger.version}.trial"
        known = registry.read_note(self.root, name)
        if known is not None:
            return trial_from(known)
        old, new = (registry.load(self.root, one)[0] for one in (incumbent, challenger))
        origin = new.card.test_origin
        rows = population(self._snapshot(origin), outcome, self.churn_window_days)
        is_promoted, reason, gains, ece = compare_models(
            rows[LABELS[outcome]].to_numpy(dtype="int64"),
            incumbent=old.evaluated_probability(rows),
            challenger=new.evaluated_probability(rows),
        )
        trial = Trial(incumbent.version, challenger.version, origin, is_promoted, reason, gains, ece)
        registry.write_note(self.root, name, asdict(trial))
        return trial

    def _snapshot(self, origin: str) -> pd.DataFrame:
        if origin not in self._snapshots:
            rows = training_samples(
                self.warehouse,
                [date.fromisoformat(origin)],
                self.horizon_days,
                users_at_most=self.settings.training_users_at_most,
                days="recent" if is_wanted(self.settings) else "none",
            )
            columns = list(feature_columns(rows))
            rows[columns] = rows[columns].astype("float32")
            self._snapshots[origin] = rows
        return self._snapshots[origin]


def models_of_horizon(
    warehouse: Warehouse, home: Path, as_of: date, horizon_days: int, *, churn_window_days: int, settings: Settings
) -> HorizonModels:
    """Return the champions at as_of, from the registry or trained now.

    They are a function of the data before the training dates, of the home's first as_of and of the settings (and of what the
    operator promoted), whenever they are asked for: so a backfill equals the daily runs.
    """
    days = training_dates(warehouse, as_of, settings)
    candidates = _Candidates(warehouse, home / "models", horizon_days, churn_window_days, settings)
    trained = {day: candidates.of(day) for day in days}
    kept = {}
    for outcome in (*LABELS, "value"):
        row = {day: trained[day][outcome] for day in days if outcome in trained[day]}
        if row:
            kept[outcome] = _champion(candidates, outcome, row)
    propensities = {outcome: kept[outcome] for outcome in LABELS if outcome in kept}
    return HorizonModels(horizon_days, days[-1], propensities, kept.get("value"))


def _champion(candidates: _Candidates, outcome: str, row: dict[date, Registered]) -> Kept:
    """Return the champion of one outcome; expected value is always the newest, whose candidates compete in its training."""
    root, newest = candidates.root, max(row)
    slot = candidates.slot(outcome, newest)
    pin = registry.pin_of(root, slot)
    by_version = {registered.version: (day, registered) for day, registered in row.items()}
    order = [row[day].version for day in sorted(row)]
    trials: tuple[Trial, ...] = ()
    pinned = registry.find_version(root, pin.version) if pin is not None else None
    if pinned is not None and pinned[0].recipe == slot.recipe:
        trained_on, registered, reason = pinned[0].training_date, pinned[1], describe(order, trials, pinned=True)
    elif outcome == "value":
        trained_on, registered = newest, row[newest]
        reason = "the newest; past spend, buy-till-you-die and boosting competed in its training"
    else:
        winner, trials = last_champion(
            order,
            lambda incumbent, challenger: candidates.trial(
                outcome, by_version[incumbent][1], by_version[challenger][1]
            ),
        )
        trained_on, registered = by_version[winner]
        reason = describe(order, trials, pinned=False)
    if pinned is not None and pinned[0].recipe != slot.recipe:
        reason += f"; the promoted {pinned[1].version} was trained by other code or settings and cannot score"
    registry.write_note(root, f"{slot.name}.champion", {"version": registered.version, "reason": reason})
    model, card = registry.load(root, registered)
    card = {**card, "promotion": {"reason": reason, "trials": [asdict(trial) for trial in trials]}}
    return Kept(model, registered.version, card, trained_on, reason)
