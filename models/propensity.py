"""Propensity: the calibrated probability that a customer does something within a horizon.

Belongs here: the blended classifier and its out-of-time calibration. Does not belong here: which snapshots it is
trained and judged on (`training.py`), the buy-till-you-die floor (`btyd.py`), reasons (`reasons.py`).
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from models.calibration import PlattScaling, fit_platt, logit
from models.preparation import FeaturePreparation, numeric_matrix
from models.threads import few_threads

MEMBERS = ("linear", "boosting", "forest")
EQUAL_WEIGHTS = (1 / 3, 1 / 3, 1 / 3)
# Quarters of the simplex: fine enough to drop a member that hurts, too coarse to fit noise.
_WEIGHT_GRID = tuple(
    (first / 4, second / 4, (4 - first - second) / 4)
    for first, second in product(range(5), repeat=2)
    if first + second <= 4
)

_SMALL = 5_000  # rows, below which a second thread of the forest costs more than it saves


class PropensityModel(ClassifierMixin, BaseEstimator):
    """Blend of logistic regression, gradient boosting and extremely randomised trees on log odds, calibrated out of time.

    With `origin` in fit, the members are first fitted on the older snapshots, the blend weights and the calibration are
    taken from the newest snapshot (which those members have not seen), then the members are refitted on all. Without
    it, out-of-fold predictions of three folds stand in for the newest snapshot. With fewer than
    `min_calibration_cases` of either class there, weights stay equal and no calibration is applied; `calibration_`
    says which.

    Parameters
    ----------
    label_days
        Length of the label window in days. Snapshots closer than that to the newest one are left out while the
        calibration is learnt, because their labels overlap its own. None: only equality of origins counts.
    regularisation
        Inverse penalty C of the logistic regression on standardised features.
    learning_rate, boosting_rounds, max_leaf_nodes
        Of the boosting; small steps and small trees, as customers are few and noisy.
    forest_size, max_forest_rows
        Trees, and the rows drawn for each at most.
    min_samples_leaf
        Least customers in a leaf of either ensemble.
    min_calibration_cases
        Least positives and least negatives for weights and calibration.
    random_state
        Seed of both ensembles.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    weights_ : dict of member name -> weight, summing to 1
    platt_ : PlattScaling
    calibration_ : str, "newest_origin", "out_of_fold" or "none"
    preparation_, linear_, boosting_, forest_ : the fitted parts
    """

    def __init__(  # noqa: PLR0913 hyperparameters are keywords
        self,
        *,
        label_days: int | None = None,
        regularisation: float = 0.1,
        learning_rate: float = 0.05,
        boosting_rounds: int = 120,
        max_leaf_nodes: int = 8,
        forest_size: int = 100,
        max_forest_rows: int = 15_000,
        min_samples_leaf: int = 20,
        min_calibration_cases: int = 50,
        random_state: int = 0,
    ) -> None:
        self.label_days = label_days
        self.regularisation = regularisation
        self.learning_rate = learning_rate
        self.boosting_rounds = boosting_rounds
        self.max_leaf_nodes = max_leaf_nodes
        self.forest_size = forest_size
        self.max_forest_rows = max_forest_rows
        self.min_samples_leaf = min_samples_leaf
        self.min_calibration_cases = min_calibration_cases
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        """Two classes only; missing values are data."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Any, y: Any, origin: Any = None) -> PropensityModel:
        """Fit on X (n_samples, n_features), two-valued y (n_samples,), and optionally each row's snapshot date."""
        values, target = self._validated(X, y)
        with few_threads():
            held_out = self._held_out_scores(values, target, origin)
            return self._calibrate_and_fit(values, target, held_out=held_out)

    def refit(self, X: Any, y: Any, *, newest: np.ndarray, previous: PropensityModel) -> PropensityModel:
        """As `fit`, one fit cheaper: `previous` has been fitted on closed older rows and saw none of those in `newest`.

        Its member scores on the rows that the mask `newest` (n_samples,) marks give the weights and the calibration.
        """
        values, target = self._validated(X, y)
        scores = previous._member_scores(values[newest])
        with few_threads():
            return self._calibrate_and_fit(values, target, held_out=("newest_origin", scores, target[newest]))

    def _calibrate_and_fit(
        self, values: np.ndarray, target: np.ndarray, *, held_out: tuple[str, np.ndarray, np.ndarray] | None
    ) -> PropensityModel:
        self.weights_ = dict(zip(MEMBERS, EQUAL_WEIGHTS, strict=True))
        self.platt_ = PlattScaling()
        self.calibration_ = "none"
        if held_out is not None:
            source, scores, outcome = held_out
            if min(outcome.sum(), len(outcome) - outcome.sum()) >= self.min_calibration_cases:
                self.weights_, self.platt_ = _choose_blend(scores, outcome)
                self.calibration_ = source
        self._fit_members(values, target)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of shape (n_samples, 2) in the order of `classes_`."""
        check_is_fitted(self)
        values = numeric_matrix(self, X)
        weights = np.array([self.weights_[member] for member in MEMBERS])
        positive = self.platt_.probability(self._member_scores(values) @ weights)
        return np.column_stack([1.0 - positive, positive])

    def predict(self, X: Any) -> np.ndarray:
        """Class with the larger probability, shape (n_samples,)."""
        check_is_fitted(self)
        return self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]

    def contributions(self, X: Any) -> np.ndarray:
        """Log odds that each feature adds to the linear member, relative to the average customer.

        Shape (n_samples, n_features); a feature's missing indicator counts as the feature. They explain the additive
        member of the blend, not the blend as a whole.
        """
        check_is_fitted(self)
        values = numeric_matrix(self, X)
        added = self.preparation_.transform(values) * self.linear_.coef_[0]
        features = values.shape[1]
        total = added[:, :features]
        total[:, self.preparation_.indicator_] += added[:, features:]
        return total

    def _validated(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        values, labels = map(
            np.asarray, validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan", reset=True)
        )
        check_classification_targets(labels)
        kind = type_of_target(labels, input_name="y", raise_unknown=True)
        if kind != "binary":
            raise ValueError(f"Only binary classification is supported. The type of the target is {kind}.")
        self.classes_: np.ndarray
        self.classes_, target = np.unique(labels, return_inverse=True)
        if len(self.classes_) != 2:
            message = "Classifier can't train when only one class is present: all {} labels are {}"
            raise ValueError(message.format(len(target), self.classes_[0]))
        return values, target

    def _held_out_scores(
        self, values: np.ndarray, target: np.ndarray, origin: Any
    ) -> tuple[str, np.ndarray, np.ndarray] | None:
        """Source name, member scores and outcomes of rows the members were not fitted on; None where impossible."""
        if origin is not None:
            days = _origin_days(origin, len(target))
            newest = days == days.max()
            older = days <= days.max() - (self.label_days or 1)
            if not older.any():
                older = ~newest
            if older.any() and len(np.unique(target[older])) == 2:
                self._fit_members(values[older], target[older])
                return "newest_origin", self._member_scores(values[newest]), target[newest]
            return None
        folds = _stratified_folds(target, 3)
        scores = np.zeros((len(target), len(MEMBERS)))
        for fold in range(3):
            inside = folds != fold
            if len(np.unique(target[inside])) < 2 or inside.all():
                return None
            self._fit_members(values[inside], target[inside])
            scores[~inside] = self._member_scores(values[~inside])
        return "out_of_fold", scores, target

    def _fit_members(self, values: np.ndarray, target: np.ndarray) -> None:
        self.preparation_ = FeaturePreparation().fit(values)
        prepared = self.preparation_.transform(values)
        self.linear_ = LogisticRegression(C=self.regularisation, solver="newton-cholesky", max_iter=1000).fit(
            prepared, target
        )
        self.boosting_ = HistGradientBoostingClassifier(
            learning_rate=self.learning_rate,
            max_iter=self.boosting_rounds,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=5.0,
            early_stopping=False,  # pyright: ignore[reportArgumentType] documented as "auto" or bool
            random_state=self.random_state,
        ).fit(prepared, target)
        self.forest_ = ExtraTreesClassifier(
            n_estimators=self.forest_size,
            min_samples_leaf=self.min_samples_leaf,
            max_features=0.3,  # pyright: ignore[reportArgumentType] a share is documented
            bootstrap=True,
            max_samples=min(len(target), self.max_forest_rows),
            n_jobs=2 if len(target) > _SMALL else 1,
            random_state=self.random_state,
        ).fit(prepared, target)

    def _member_scores(self, values: np.ndarray) -> np.ndarray:
        """Log odds of each member, shape (n_samples, 3), in the order of MEMBERS."""
        prepared = self.preparation_.transform(values)
        members = (self.linear_, self.boosting_, self.forest_)
        with few_threads():
            return np.column_stack([logit(member.predict_proba(prepared)[:, 1]) for member in members])


def _choose_blend(scores: np.ndarray, outcome: np.ndarray) -> tuple[dict[str, float], PlattScaling]:
    """Weights and calibration with the least log loss on held-out rows; equal weights win ties within 1e-4."""
    best_loss, best_weights, best_platt = np.inf, EQUAL_WEIGHTS, PlattScaling()
    for weights in (EQUAL_WEIGHTS, *_WEIGHT_GRID):
        score = scores @ np.array(weights)
        platt = fit_platt(score, outcome)
        loss = _log_loss(platt.slope * score + platt.intercept, outcome)
        if loss < best_loss - 1e-4:
            best_loss, best_weights, best_platt = loss, weights, platt
    return dict(zip(MEMBERS, best_weights, strict=True)), best_platt


def _log_loss(score: np.ndarray, outcome: np.ndarray) -> float:
    """Mean negative log likelihood of log-odds scores."""
    return float(np.mean(np.logaddexp(0.0, score) - outcome * score))


def _origin_days(origin: Any, rows: int) -> np.ndarray:
    """Snapshot of each row as whole days (dates) or as given (numbers); shape (rows,)."""
    values = np.asarray(origin)
    if values.shape != (rows,):
        raise ValueError(f"origin has shape {values.shape}, expected one snapshot for each of the {rows} rows")
    if np.issubdtype(values.dtype, np.number):
        return values
    return values.astype("datetime64[D]").astype("int64")


def _stratified_folds(target: np.ndarray, folds: int) -> np.ndarray:
    """Fold number of each row: every class is dealt round-robin in row order, so no seed is needed."""
    assigned = np.zeros(len(target), dtype=int)
    for label in (0, 1):
        rows = np.flatnonzero(target == label)
        assigned[rows] = np.arange(len(rows)) % folds
    return assigned
