"""Propensity: the calibrated probability that a customer does something within a horizon.

Belongs here: the blended classifier and its out-of-time calibration. Does not belong here: which snapshots it is
trained and judged on (`training.py`), the buy-till-you-die floor (`btyd.py`), reasons (`reasons.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from models.blending import MEMBERS, SEQUENCE, choose_blend
from models.blocks import in_blocks
from models.calibration import PROBABILITY_FLOOR, PlattScaling, logit, shift_to_mean
from models.preparation import FeaturePreparation, numeric_matrix
from models.threads import one_thread
from models.tree_paths import BoostingPaths, forest_leaves, forest_paths

_LEVEL_AT_MOST = 2.0  # log odds
# Mean ECE over 18 judgements on two simulated shops and on Complete Journey before October, taking back nothing, half, all:
# .0213, .0199, .0189. Ta Feng around its New Year asks for the opposite (snapshots of tests/models/test_real_references.py from
# 2001-01-24: nothing .064, this .075, two fifths .087), hence little.
_TAKEN_BACK = 0.2


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
        Length of the label window in days. Snapshots closer than that to the newest one are left out while weights and
        calibration are learnt: their labels overlap its own, which rewards a member for remembering customers. Where
        that leaves none, weights stay equal. None: only equality of origins counts.
    regularisation
        Inverse penalty C of the logistic regression on standardised features.
    learning_rate, boosting_rounds, max_leaf_nodes
        Of the boosting; small steps and small trees, as customers are few and noisy.
    forest_size, max_forest_rows, max_forest_leaves
        Trees, the rows drawn for each at most, and its leaves at most. Sixty trees of 64 leaves did as well out of time as a
        hundred unbounded ones (differences in AUC from -.0008 to +.0010 on eight origins of three shops) at half the time.
    min_samples_leaf
        Least customers in a leaf of the forest; the boosting asks for twice as many.
    min_calibration_cases
        Least positives and least negatives for weights and calibration.
    score_column
        Column of X that holds the log odds of a model of its own (`sequence.py`), which saw no label of the row's window: a
        fourth member of the blend, no feature of the others. It must be known where weights are learnt and in scoring.
    random_state
        Seed of both ensembles.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    weights_ : dict of member name -> weight, summing to 1
    platt_ : PlattScaling
    calibration_ : str, "newest_origin", "out_of_fold" or "none"
    preparation_, linear_, boosting_, forest_ : the fitted parts
    score_center_ : float, mean of the score column where weights were learnt, from which its contribution is counted
    boosting_paths_, forest_paths_ : what each feature adds on the way to each leaf
    base_log_odds_ : float, the log odds to which `contributions` add
    held_out_probability_ : ndarray of the newest snapshot's rows, what members that had not seen it said, or None; not pickled,
        as rows of customers have no place in a model file
    """

    def __init__(  # noqa: PLR0913 hyperparameters are keywords
        self,
        *,
        label_days: int | None = None,
        regularisation: float = 0.1,
        learning_rate: float = 0.05,
        boosting_rounds: int = 120,
        max_leaf_nodes: int = 8,
        forest_size: int = 60,
        max_forest_rows: int = 15_000,
        max_forest_leaves: int = 64,
        min_samples_leaf: int = 20,
        min_calibration_cases: int = 50,
        score_column: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.label_days = label_days
        self.regularisation = regularisation
        self.learning_rate = learning_rate
        self.boosting_rounds = boosting_rounds
        self.max_leaf_nodes = max_leaf_nodes
        self.forest_size = forest_size
        self.max_forest_rows = max_forest_rows
        self.max_forest_leaves = max_forest_leaves
        self.min_samples_leaf = min_samples_leaf
        self.min_calibration_cases = min_calibration_cases
        self.score_column = score_column
        self.random_state = random_state

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: everything but the probabilities of the customers it was calibrated on."""
        state: Any = super().__getstate__()
        return {**state, "held_out_probability_": None}

    def __sklearn_tags__(self) -> Tags:
        """Two classes only; missing values are data."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Any, y: Any, origin: Any = None) -> PropensityModel:
        """Fit on X (n_samples, n_features), two-valued y (n_samples,), and optionally each row's snapshot date."""
        values, target = self._validated(X, y)
        with one_thread():
            held_out = self._held_out_scores(values, target, origin)
            self._calibrate_and_fit(values, target, held_out=held_out)
        return self

    def refit(self, X: Any, y: Any, *, newest: np.ndarray, previous: PropensityModel) -> PropensityModel:
        """As `fit`, one fit cheaper: `previous` has been fitted on closed older rows and saw none of those in `newest`.

        Its member scores on the rows that the mask `newest` (n_samples,) marks give the weights and the calibration.
        """
        values, target = self._validated(X, y)
        scores = previous._member_scores(values[newest])
        with one_thread():
            return self._calibrate_and_fit(values, target, held_out=("newest_origin", newest, scores))

    def _calibrate_and_fit(
        self, values: np.ndarray, target: np.ndarray, *, held_out: tuple[str, np.ndarray, np.ndarray] | None
    ) -> PropensityModel:
        self.weights_ = dict.fromkeys(self.members, 1 / len(self.members))
        self.platt_ = PlattScaling()
        self.calibration_ = "none"
        self.held_out_probability_ = None
        if held_out is not None:
            source, rows, scores = held_out
            outcome = target[rows]
            if min(outcome.sum(), len(outcome) - outcome.sum()) >= self.min_calibration_cases:
                self.weights_, self.platt_ = choose_blend(scores, outcome)
                self.calibration_ = source
            if source == "newest_origin":
                self.held_out_probability_ = self._blended(scores)
        given = np.zeros(1) if self.score_column is None else values[:, self.score_column]
        self.score_center_ = float(np.nanmean(given))
        self._fit_members(values, target)
        if held_out is not None and self.calibration_ == "newest_origin":
            rows = held_out[1]
            self._take_back(values[rows], target[rows])
        return self

    @property
    def members(self) -> tuple[str, ...]:
        """Names of the blend's members, in the order of their scores."""
        return MEMBERS if self.score_column is None else (*MEMBERS, SEQUENCE)

    def held_out_scores(self, X: Any, y: Any, later: Any) -> np.ndarray:
        """Log odds (n, members) of the rows `later` by members fitted on X and y; no weights, no calibration."""
        values, target = self._validated(X, y)
        with one_thread():
            self._fit_members(values, target)
        return self._member_scores(numeric_matrix(self, later))

    def _blended(self, scores: np.ndarray) -> np.ndarray:
        """Calibrated probabilities (n,) of member scores (n, members)."""
        return self.platt_.probability(scores @ np.array([self.weights_[member] for member in self.members]))

    def _take_back(self, values: np.ndarray, target: np.ndarray) -> None:
        """Move the level part of the way to what came true on the newest snapshot's rows.

        The calibration corrects members that had not seen that snapshot; the refitted ones have, and are corrected twice.
        """
        weights = np.array([self.weights_[member] for member in self.members])
        score = self.platt_.slope * (self._member_scores(values) @ weights) + self.platt_.intercept
        over = shift_to_mean(score, float(target.mean()), at_most=_LEVEL_AT_MOST)
        self.platt_ = replace(self.platt_, intercept=self.platt_.intercept + _TAKEN_BACK * over)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of shape (n_samples, 2) in the order of `classes_`."""
        check_is_fitted(self)
        positive = self._blended(self._member_scores(numeric_matrix(self, X)))
        return np.column_stack([1.0 - positive, positive])

    def predict(self, X: Any) -> np.ndarray:
        """Class with the larger probability, shape (n_samples,)."""
        check_is_fitted(self)
        return self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]

    def contributions(self, X: Any) -> np.ndarray:
        """Log odds that each feature adds to the calibrated blend, shape (n_samples, n_features).

        `base_log_odds_` + the row's contributions = log odds of its probability, exactly. The linear member adds
        coefficient x standardised value, the trees what their splits change on the row's path (`tree_paths.py`), in the
        blend's weights and the calibration's slope; a feature's missing indicator counts as the feature.
        """
        return self.explain(X)[1]

    def explain(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Probability of the second class (n_samples,) and `contributions`, for the price of one."""
        check_is_fitted(self)
        values = numeric_matrix(self, X)
        features = self._features(values)
        prepared = self.preparation_.transform(features)
        weight = {member: self.platt_.slope * self.weights_[member] for member in self.members}
        added = prepared * (weight["linear"] * self.linear_.coef_[0])
        if weight["boosting"]:
            leaves = self.boosting_paths_.leaves(self.boosting_, prepared)
            added += weight["boosting"] * self.boosting_paths_.table.contributions(leaves)
        if weight["forest"]:
            leaves = forest_leaves(self.forest_, self.forest_paths_, prepared)
            change = self.forest_paths_.contributions(leaves)
            added += weight["forest"] * change * _log_odds_per_probability(self.forest_paths_.root, change.sum(axis=1))
        total = added[:, : features.shape[1]]
        # column by column: two indicators never belong to one feature
        total[:, self.preparation_.indicator_] += added[:, features.shape[1] :]
        if self.score_column is not None:
            moved = weight[SEQUENCE] * (self._given(values) - self.score_center_)
            total = np.insert(total, self.score_column, moved, axis=1)
        return expit(self.base_log_odds_ + total.sum(axis=1)), total

    @property
    def base_log_odds_(self) -> float:
        """Log odds of the customer to whom nothing is added: average in the linear member, at the roots of the trees."""
        roots = (
            float(self.linear_.intercept_[0]),
            self.boosting_paths_.table.root,
            float(logit(np.array(self.forest_paths_.root))),
            self.score_center_,
        )
        blended = sum(self.weights_[member] * root for member, root in zip(self.members, roots, strict=False))
        return self.platt_.slope * blended + self.platt_.intercept

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
        """Source name, mask of the rows the members were not fitted on, their scores there; None where impossible."""
        if origin is not None:
            days = _origin_days(origin, len(target))
            newest = days == days.max()
            older = days <= days.max() - (self.label_days or 1)
            if older.any() and len(np.unique(target[older])) == 2:
                self._fit_members(values[older], target[older])
                return "newest_origin", newest, self._member_scores(values[newest])
            return None
        folds = _stratified_folds(target, 3)
        scores = np.zeros((len(target), len(self.members)))
        for fold in range(3):
            inside = folds != fold
            if len(np.unique(target[inside])) < 2 or inside.all():
                return None
            self._fit_members(values[inside], target[inside])
            scores[~inside] = self._member_scores(values[~inside])
        return "out_of_fold", np.ones(len(target), dtype=bool), scores

    def _fit_members(self, values: np.ndarray, target: np.ndarray) -> None:
        features = self._features(values)
        self.preparation_ = FeaturePreparation().fit(features)
        prepared = self.preparation_.transform(features)
        self.linear_ = LogisticRegression(C=self.regularisation, solver="newton-cholesky", max_iter=1000).fit(
            prepared, target
        )
        self.boosting_ = HistGradientBoostingClassifier(
            learning_rate=self.learning_rate,
            max_iter=self.boosting_rounds,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=2 * self.min_samples_leaf,
            l2_regularization=5.0,
            max_features=0.3,  # pyright: ignore[reportArgumentType] a share is documented
            early_stopping=False,  # pyright: ignore[reportArgumentType] documented as "auto" or bool
            random_state=self.random_state,
        ).fit(prepared, target)
        self.forest_ = ExtraTreesClassifier(
            n_estimators=self.forest_size,
            min_samples_leaf=self.min_samples_leaf,
            max_leaf_nodes=self.max_forest_leaves,
            max_features=0.3,  # pyright: ignore[reportArgumentType] a share is documented
            bootstrap=True,
            max_samples=min(len(target), self.max_forest_rows),
            random_state=self.random_state,
        ).fit(prepared, target)
        self.boosting_paths_ = BoostingPaths.of(self.boosting_, prepared.shape[1])
        self.forest_paths_ = forest_paths(self.forest_, prepared.shape[1])

    def _member_scores(self, values: np.ndarray) -> np.ndarray:
        """Log odds of each member, shape (n_samples, members), in the order of `members`."""
        prepared = self.preparation_.transform(self._features(values))
        members = (self.linear_, self.boosting_, self.forest_)
        given = () if self.score_column is None else (self._given(values),)
        with one_thread():
            likely = (in_blocks(member.predict_proba, prepared)[:, 1] for member in members)
            return np.column_stack([*map(logit, likely), *given])

    def _features(self, values: np.ndarray) -> np.ndarray:
        return values if self.score_column is None else np.delete(values, self.score_column, axis=1)

    def _given(self, values: np.ndarray) -> np.ndarray:
        given = values[:, self.score_column]
        unknown = int(np.isnan(given).sum())
        if unknown:
            raise ValueError(
                f"{unknown} of {len(given)} rows lack the score of the sequence model in column {self.score_column}"
            )
        return given


def _log_odds_per_probability(root: float, change: np.ndarray) -> np.ndarray:
    """(logit(root + change) - logit(root)) / change, and its limit where nothing changes; shape (n_samples, 1)."""
    moved = logit(root + change) - logit(np.array(root))
    still = np.abs(change) < 1e-9
    inside = min(max(root, PROBABILITY_FLOOR), 1.0 - PROBABILITY_FLOOR)
    return np.where(still, 1.0 / (inside * (1.0 - inside)), moved / np.where(still, 1.0, change))[:, None]


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
