"""Behavioural clusters on recency, frequency and spend, with ids and names that stay from run to run.

Personas (`rfm.py`) are a fixed grid; clusters follow the data. Both explain; neither is a score.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from models.preparation import signed_log1p

FEATURES = ("recency_days", "orders_count", "net_amount_365d")
CLUSTERS = range(4, 9)
STABLE_FROM_ARI = 0.75
SMALLEST_SHARE = 0.05
REFIT_ABOVE_INERTIA_RATIO = 1.05
USERS_AT_LEAST = 50
BOOTSTRAPS = 10
SAMPLE_AT_MOST = 50_000
_BOOTSTRAP_ROWS = 5_000


@dataclass(frozen=True)
class ClusterState:
    """All that the next run needs: scaler, centroids in scaled space, ids, names and the version of the clustering."""

    version: int
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    centroids: tuple[tuple[float, ...], ...]
    names_en: tuple[str, ...]
    names_zh: tuple[str, ...]
    stability: float

    def to_dict(self) -> dict:
        """Return the state as JSON-able data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict) -> "ClusterState":
        """Return the state that `to_dict` gave."""
        tuples = {name: tuple(data[name]) for name in ("mean", "scale", "names_en", "names_zh")}
        return cls(
            version=data["version"],
            centroids=tuple(tuple(row) for row in data["centroids"]),
            stability=data["stability"],
            **tuples,
        )


@dataclass(frozen=True)
class ClusterAssignment:
    """One row per user (user_id, cluster_id, cluster_name_en, cluster_name_zh, cluster_version), and the state to keep."""

    frame: pd.DataFrame
    state: ClusterState


class StableKMeans(ClusterMixin, BaseEstimator):
    """K-means on signed logarithms, standardised, with k chosen by stability under bootstrap.

    Among k in `n_clusters_range` those count whose median adjusted Rand index over bootstrap refits is at least `least_ari`
    and whose smallest cluster holds at least `smallest_share`. Of these the largest k within `tolerance` of the most stable
    is taken (finer groups say more, unsteady ones nothing); where none counts, the most stable k.

    Parameters
    ----------
    n_clusters_range : iterable of int
    least_ari, smallest_share : float
    tolerance : float
        Bootstrap agreement that a finer clustering may lack.
    n_bootstraps : int
    random_state : int

    Attributes
    ----------
    n_clusters_ : int
    cluster_centers_ : ndarray of shape (n_clusters_, n_features), in scaled space
    mean_, scale_ : ndarray of shape (n_features,)
    labels_ : ndarray of shape (n_samples,)
    stability_ : float, median adjusted Rand index of the chosen k
    inertia_ : float, mean squared distance to the centroid

    References
    ----------
    Hennig (2007), Cluster-wise assessment of cluster stability. Computational Statistics & Data Analysis 52.
    """

    def __init__(
        self,
        *,
        n_clusters_range: tuple[int, ...] = tuple(CLUSTERS),
        least_ari: float = STABLE_FROM_ARI,
        smallest_share: float = SMALLEST_SHARE,
        tolerance: float = 0.02,
        n_bootstraps: int = BOOTSTRAPS,
        random_state: int = 0,
    ) -> None:
        self.n_clusters_range = n_clusters_range
        self.least_ari = least_ari
        self.smallest_share = smallest_share
        self.tolerance = tolerance
        self.n_bootstraps = n_bootstraps
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> "StableKMeans":  # noqa: ARG002 scikit-learn's signature
        """Learn scaler, k and centroids from X (n_samples, n_features)."""
        values = signed_log1p(np.asarray(validate_data(self, X, dtype=np.float64)))
        self.mean_, spread = values.mean(axis=0), values.std(axis=0)
        self.scale_ = np.where(spread > 0, spread, 1.0)
        scaled = (values - self.mean_) / self.scale_
        distinct = len(np.unique(scaled.round(9), axis=0))
        candidates = [k for k in self.n_clusters_range if k <= distinct] or [distinct]
        # many small fits: threads would cost more than they save
        with threadpool_limits(limits=1):
            trials = [self._trial(scaled, k) for k in candidates]
        fit_for_use = [t for t in trials if t[1] >= self.least_ari and t[2] >= self.smallest_share]
        most_stable = max(fit_for_use or trials, key=lambda trial: trial[1])
        fine = [trial for trial in fit_for_use if trial[1] >= most_stable[1] - self.tolerance]
        model, self.stability_, _ = fine[-1] if fine else most_stable
        self.n_clusters_, self.cluster_centers_ = model.n_clusters, model.cluster_centers_
        self.labels_, self.inertia_ = model.labels_, _inertia(model) / len(scaled)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the nearest centroid's index for each row, shape (n_samples,)."""
        check_is_fitted(self)
        values = signed_log1p(np.asarray(validate_data(self, X, dtype=np.float64, reset=False)))
        return nearest((values - self.mean_) / self.scale_, self.cluster_centers_)[0]

    def _trial(self, scaled: np.ndarray, k: int) -> tuple[KMeans, float, float]:
        """Return the fit with k clusters, its median bootstrap ARI and the share of its smallest cluster."""
        model = _k_means(scaled, k, seed=self.random_state)
        random = np.random.default_rng(self.random_state)
        agreement = []
        for _ in range(self.n_bootstraps):
            rows = random.integers(0, len(scaled), min(len(scaled), _BOOTSTRAP_ROWS))
            again = _k_means(scaled[rows], k, seed=self.random_state, starts=1)
            agreement.append(adjusted_rand_score(np.asarray(model.labels_)[rows], again.labels_))
        smallest = np.bincount(np.asarray(model.labels_), minlength=k).min() / len(scaled)
        return model, float(np.median(agreement)), float(smallest)


def _k_means(scaled: np.ndarray, k: int, *, seed: int, starts: int = 4, centroids: np.ndarray | None = None) -> KMeans:
    """Fitted k-means from `starts` random starts, or from given centroids."""
    init: Any = "k-means++" if centroids is None else centroids
    n_init: Any = starts
    return KMeans(k, init=init, n_init=n_init, random_state=seed).fit(scaled)


def _inertia(model: KMeans) -> float:
    """Sum of squared distances to the nearest centroid."""
    return float(np.asarray(model.inertia_))


def nearest(scaled: np.ndarray, centroids: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the index of each row's nearest centroid and the mean squared distance to it."""
    distances = ((scaled[:, None, :] - centroids[None, :, :]) ** 2).sum(axis=2)
    return distances.argmin(axis=1), float(distances.min(axis=1).mean())


def assign_clusters(features: pd.DataFrame, previous: ClusterState | None = None) -> ClusterAssignment:
    """Assign every user to a cluster; the previous clustering goes on as long as it fits nearly as well as a new one.

    `features` holds one row per user with an order: user_id, recency_days, orders_count, net_amount_365d. The previous
    centroids are the start of this run's; scaler, ids, names and version stay. When a cold start of the same size fits better
    by more than 5 %, the clustering is learnt anew under a new version, its ids matched to the old ones by the Hungarian
    method. Fewer than 50 users form one cluster.
    """
    ordered = features.sort_values("user_id", ignore_index=True)
    values = ordered[list(FEATURES)].to_numpy(dtype=float)
    if len(ordered) < USERS_AT_LEAST:
        return _one_cluster(ordered, values, previous)
    sample = values[:: max(1, len(values) // SAMPLE_AT_MOST)]
    if previous is not None and len(previous.centroids) > 1:
        state = _continued(sample, previous)
        if state is not None:
            scaled = (signed_log1p(values) - np.array(state.mean)) / np.array(state.scale)
            return _assignment(ordered, nearest(scaled, np.array(state.centroids))[0], state)
    fresh = StableKMeans().fit(sample)
    centroids = _matched(fresh, previous)
    version = 1 if previous is None else previous.version + 1
    names_en, names_zh = _names(centroids)
    state = ClusterState(
        version=version,
        mean=tuple(fresh.mean_.tolist()),
        scale=tuple(fresh.scale_.tolist()),
        centroids=tuple(tuple(row) for row in centroids.tolist()),
        names_en=names_en,
        names_zh=names_zh,
        stability=fresh.stability_,
    )
    labels, _ = nearest((signed_log1p(values) - fresh.mean_) / fresh.scale_, centroids)
    return _assignment(ordered, labels, state)


def _continued(sample: np.ndarray, previous: ClusterState) -> ClusterState | None:
    """Return the previous clustering moved to the present data, or None when a cold start of the same size fits better by 5 %."""
    scaled = (signed_log1p(sample) - np.array(previous.mean)) / np.array(previous.scale)
    k = len(previous.centroids)
    if len(np.unique(scaled.round(9), axis=0)) < k:
        return None
    warm = _k_means(scaled, k, seed=0, starts=1, centroids=np.array(previous.centroids))
    cold = _k_means(scaled, k, seed=0)
    if _inertia(warm) > REFIT_ABOVE_INERTIA_RATIO * _inertia(cold):
        return None
    return replace(previous, centroids=tuple(tuple(row) for row in warm.cluster_centers_.tolist()))


def _matched(fresh: StableKMeans, previous: ClusterState | None) -> np.ndarray:
    """Return the new centroids ordered by spend, or where they match old ones, in the old order."""
    centroids = fresh.cluster_centers_[np.argsort(-fresh.cluster_centers_[:, 2], kind="stable")]
    if previous is None or len(previous.centroids) != len(centroids):
        return centroids
    old = (np.array(previous.centroids) * previous.scale + previous.mean - fresh.mean_) / fresh.scale_
    distance = ((old[:, None, :] - centroids[None, :, :]) ** 2).sum(axis=2)
    _, columns = linear_sum_assignment(distance)
    return centroids[columns]


def _assignment(ordered: pd.DataFrame, labels: np.ndarray, state: ClusterState) -> ClusterAssignment:
    frame = pd.DataFrame(
        {
            "user_id": ordered["user_id"],
            "cluster_id": labels + 1,
            "cluster_name_en": np.array(state.names_en)[labels],
            "cluster_name_zh": np.array(state.names_zh)[labels],
            "cluster_version": state.version,
        }
    )
    return ClusterAssignment(frame, state)


def _one_cluster(ordered: pd.DataFrame, values: np.ndarray, previous: ClusterState | None) -> ClusterAssignment:
    version = 1 if previous is None else previous.version + (len(previous.centroids) > 1)
    columns = len(FEATURES)
    mean = tuple(signed_log1p(values).mean(axis=0).tolist()) if len(values) else (0.0,) * columns
    state = ClusterState(
        version=version,
        mean=mean,
        scale=(1.0,) * columns,
        centroids=((0.0,) * columns,),
        names_en=("Everybody (too few customers to group)",),
        names_zh=("全部客户（人数过少，不分群）",),
        stability=1.0,
    )
    return _assignment(ordered, np.zeros(len(ordered), dtype=int), state)


# how often, how much, how lately: words by rank of the centroid among its clusters
_HOW_OFTEN = (("frequent", "高频"), ("regular", "中频"), ("rare", "低频"))
_HOW_MUCH = (("big spenders", "高消费"), ("medium spenders", "中消费"), ("small spenders", "低消费"))
_HOW_LATELY = (("lately", "近期"), ("a while ago", "较早"), ("long ago", "久未"))


def _word(z: float, words: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """Return the word for a centroid's distance from the average customer, in standard deviations."""
    third = 0.4307  # a third of a normal distribution lies above +0.43
    return words[0] if z > third else words[2] if z < -third else words[1]


def _names(centroids: np.ndarray) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a readable, unique name per centroid in English and Chinese."""
    english, chinese = [], []
    for recency, frequency, spend in centroids:
        often, much = _word(frequency, _HOW_OFTEN), _word(spend, _HOW_MUCH)
        lately = _word(-recency, _HOW_LATELY)
        english.append(f"{often[0].capitalize()} {much[0]}, last order {lately[0]}")
        chinese.append(f"{lately[1]}{often[1]}{much[1]}")
    for names, template in ((english, "{} ({})"), (chinese, "{}（{}）")):
        for name in set(names):
            places = [index for index, other in enumerate(names) if other == name]
            if len(places) > 1:
                # the same words twice: told apart by rank of spend
                ranked = sorted(places, key=lambda index: -centroids[index][2])
                for number, index in enumerate(ranked, start=1):
                    names[index] = template.format(name, "I" * number)
    return tuple(english), tuple(chinese)
