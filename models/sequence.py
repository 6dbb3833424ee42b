"""Sequence model: the probability of an outcome from the order of a customer's recent days, by a small recurrent network.

Belongs here: the estimator, and its scoring in numpy, so that a saved model scores without torch. Does not belong here:
gradients (`sequence_fitting.py`, the only importer of torch), what a day is described by (`sequence_days.py`), whether the
model counts in the blend (`sequence_trial.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from models.sequence_days import PaddedDays, pad

_CHUNK = 20_000


class SequenceModel(ClassifierMixin, BaseEstimator):
    """Gated recurrent unit of one layer over a customer's days, oldest first, and a linear read-out of its last state.

    X is a sequence of n arrays of shape (days, channels), each from the oldest to the newest day, an empty one (0, channels)
    for somebody without any day. With `origin` in fit, passes over the older snapshots stop when the newest snapshot (which
    they do not read) gets worse; one more pass then reads all rows. Without it, `passes_at_most` passes read all rows.

    Parameters
    ----------
    label_days
        Length of the label window: snapshots closer than that to the newest one overlap it and are not read before stopping.
    hidden_size
        Numbers the network remembers of a customer.
    passes_at_most, patience
        Passes over the rows, and how many of them may bring nothing before training stops.
    learning_rate, batch_size, weight_decay
        Of AdamW.
    random_state
        Seed of the first weights and of the order of the rows.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    weights_ : dict of name -> float32 ndarray, the network as plain numbers
    center_, scale_ : ndarray of shape (channels,), mean and deviation of the channels over the days that were read
    passes_ : int, passes made before the last one

    References
    ----------
    K. Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014 (the unit, in the variant of torch).
    """

    def __init__(
        self,
        *,
        label_days: int | None = None,
        hidden_size: int = 24,
        passes_at_most: int = 10,
        patience: int = 2,
        learning_rate: float = 0.004,
        batch_size: int = 256,
        weight_decay: float = 0.01,
        random_state: int = 0,
    ) -> None:
        self.label_days = label_days
        self.hidden_size = hidden_size
        self.passes_at_most = passes_at_most
        self.patience = patience
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.weight_decay = weight_decay
        self.random_state = random_state

    def fit(self, X: Any, y: Any, origin: Any = None, *, previous: SequenceModel | None = None) -> SequenceModel:
        """Fit on X (n arrays of days), two-valued y (n,), and optionally each row's snapshot date; needs torch.

        `previous`: a model of older snapshots, whose weights are the first ones here.

        Raises ValueError for rows that do not fit together, ModuleNotFoundError without the extra `sequence`.
        """
        from models.sequence_fitting import train

        days = pad(X)
        labels = np.asarray(y)
        if labels.shape != (len(days),):
            raise ValueError(f"y has shape {labels.shape}, expected one label for each of the {len(days)} sequences")
        if len(days) == 0 or type_of_target(labels) != "binary" or len(np.unique(labels)) < 2:
            raise ValueError(f"SequenceModel needs two classes; {len(labels)} labels hold {np.unique(labels).tolist()}")
        self.classes_, target = np.unique(labels, return_inverse=True)
        self.n_channels_in_ = days.values.shape[2]
        stopping = None if origin is None else _stopping_rows(origin, len(days), self.label_days)
        if previous is None:
            self.center_, self.scale_ = days.moments()
            start = None
        else:
            check_is_fitted(previous, "weights_")
            self.center_, self.scale_, start = previous.center_, previous.scale_, previous.weights_
        self.weights_, self.passes_ = train(
            days.standardised(self.center_, self.scale_),
            target,
            settings=self.get_params(),
            stopping=stopping,
            start=start,
        )
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Log odds of the second class, shape (n,); numpy only."""
        check_is_fitted(self, "weights_")
        rows = X if isinstance(X, PaddedDays) else pad(X, channels=self.n_channels_in_)
        if rows.values.shape[2] != self.n_channels_in_:
            raise ValueError(
                f"X has {rows.values.shape[2]} channels a day, but the model was fitted on {self.n_channels_in_}"
            )
        parts = [
            _log_odds(self.weights_, rows.part(start, start + _CHUNK).standardised(self.center_, self.scale_))
            for start in range(0, len(rows), _CHUNK)
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of shape (n, 2) in the order of `classes_`."""
        positive = expit(self.decision_function(X))
        return np.column_stack([1.0 - positive, positive])

    def predict(self, X: Any) -> np.ndarray:
        """Class with the larger probability, shape (n,)."""
        above = self.decision_function(X) > 0
        return self.classes_[above.astype(int)]


def _stopping_rows(origin: Any, rows: int, label_days: int | None) -> tuple[np.ndarray, np.ndarray] | None:
    """Masks of the rows read before stopping and of those that decide on it; None where no older snapshot is left."""
    days = np.asarray(origin)
    if days.shape != (rows,):
        raise ValueError(f"origin has shape {days.shape}, expected one snapshot for each of the {rows} rows")
    if not np.issubdtype(days.dtype, np.number):
        days = days.astype("datetime64[D]").astype("int64")
    older = days <= days.max() - (label_days or 1)
    return (older, days == days.max()) if older.any() else None


def _log_odds(weights: dict[str, np.ndarray], days: PaddedDays) -> np.ndarray:
    """The network's forward pass: reset, update and candidate gates in torch's order; shape (n,)."""
    size = weights["recurrent"].shape[1]
    state = np.zeros((len(days), size), dtype=np.float32)
    for step in range(days.values.shape[1]):
        going = np.flatnonzero(days.lengths > step)
        given = days.values[going, step] @ weights["input"].T + weights["input_bias"]
        before = state[going]
        kept = before @ weights["recurrent"].T + weights["recurrent_bias"]
        reset, update = (_sigmoid(given[:, gate] + kept[:, gate]) for gate in (slice(0, size), slice(size, 2 * size)))
        candidate = np.tanh(given[:, 2 * size :] + reset * kept[:, 2 * size :])
        state[going] = (1.0 - update) * candidate + update * before
    return (state @ weights["readout"] + weights["readout_bias"]).astype(np.float64)


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return expit(values)
