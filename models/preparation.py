"""Feature preparation: any numeric frame becomes a finite, roughly symmetric, standardised matrix.

Belongs here: missing indicators, the signed logarithm, standardisation. Does not belong here: what a feature means
(`sql/feature/`) or which features a model gets (the caller's list).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

SKEW_LIMIT = 1.0
CLIP = 8.0  # standard deviations; one absurd value must not decide a linear score


def signed_log1p(values: np.ndarray) -> np.ndarray:
    """sign(x) * log(1 + |x|): the logarithm for amounts that refunds can push below zero; same shape."""
    return np.sign(values) * np.log1p(np.abs(values))


def numeric_matrix(estimator: BaseEstimator, X: Any, *, learn_names: bool = False) -> np.ndarray:
    """X as doubles of shape (n_samples, n_features), missing values allowed, infinite ones and text refused.

    `learn_names` remembers feature names and count on the estimator (in fit); otherwise they are compared with it.
    """
    return np.asarray(validate_data(estimator, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=learn_names))


class FeaturePreparation(TransformerMixin, BaseEstimator):
    """Missing indicators, signed log of skewed columns, standardisation; all-null and constant columns become zeros.

    Parameters
    ----------
    skew_limit
        Columns whose absolute sample skewness exceeds it are passed through `signed_log1p`.

    Attributes
    ----------
    median_, log_, center_, scale_ : ndarray of shape (n_features,)
        Fill value, whether the logarithm is used, mean and standard deviation after it (scale 1 where constant).
    indicator_ : ndarray of int
        Columns that had missing values in fit; each adds one 0/1 column, standardised, at the end.

    Examples
    --------
    >>> FeaturePreparation().fit_transform([[1.0, None], [3.0, 5.0]]).round(1).tolist()
    [[-1.0, 0.0, 1.0], [1.0, 0.0, -1.0]]
    """

    def __init__(self, *, skew_limit: float = SKEW_LIMIT) -> None:
        self.skew_limit = skew_limit

    def __sklearn_tags__(self) -> Tags:
        """Missing values are data here, not errors."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Any, y: Any = None) -> FeaturePreparation:  # noqa: ARG002 scikit-learn's signature
        """Learn fill values, logs and scales from X of shape (n_samples, n_features); infinite values are refused."""
        values = numeric_matrix(self, X, learn_names=True)
        missing = np.isnan(values)
        known = ~missing.all(axis=0)
        self.median_ = np.zeros(values.shape[1])
        self.median_[known] = np.nanmedian(values[:, known], axis=0)
        filled = np.where(missing, self.median_, values)
        self.log_ = np.abs(_skewness(filled)) > self.skew_limit
        filled[:, self.log_] = signed_log1p(filled[:, self.log_])
        self.indicator_ = np.flatnonzero(missing.any(axis=0) & known)
        full = np.hstack([filled, missing[:, self.indicator_]])
        self.center_ = full.mean(axis=0)
        spread = full.std(axis=0)
        # A constant column's deviation is rounding noise around zero, not zero: compare with the column's size.
        constant = spread <= 1e-12 * np.maximum(1.0, np.abs(self.center_))
        self.scale_ = np.where(constant, 1.0, spread)
        self._constant = constant
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Prepared matrix of shape (n_samples, n_features + len(indicator_)), finite, clipped at 8 deviations."""
        check_is_fitted(self)
        values = numeric_matrix(self, X)
        missing = np.isnan(values)
        filled = np.where(missing, self.median_, values)
        filled[:, self.log_] = signed_log1p(filled[:, self.log_])
        full = np.hstack([filled, missing[:, self.indicator_]])
        full -= self.center_
        full /= self.scale_
        full[:, self._constant] = 0.0
        return np.clip(full, -CLIP, CLIP, out=full)


def _skewness(values: np.ndarray) -> np.ndarray:
    """Sample skewness by column, 0 for a constant one; shape (n_features,)."""
    centred = values - values.mean(axis=0)
    deviation = centred.std(axis=0)
    safe = np.where(deviation > 0, deviation, 1.0)
    unit = centred / safe
    # a general power costs ten times the two products
    return np.where(deviation > 0, (unit * unit * unit).mean(axis=0), 0.0)
