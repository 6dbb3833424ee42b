"""Holds what a home counted and grouped against what the files and the truth of its simulated shop say.

Belongs here: retention, funnels, arrivals, clusters. Does not belong here: the counting itself (world_counts.py), scores and
ledgers (recovery.py).
"""

from collections import Counter
from datetime import date, timedelta

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from pipelines.recovery import Recovered, variance_explained

RATES = ("visit_rate", "order_rate", "dropout_rate")
NOT_COMPUTED = "K, influencers, communities, effects of campaigns and price elasticities"
"""What the truth holds and Trellis does not estimate."""


def recovered_retention(found: pd.DataFrame, counted: Counter[tuple[date, int]]) -> Recovered:
    """Return how many cells of daily retention differ from the count of the files (none is right).

    `found`: cohort_date, period_offset, on_users_count of complete cells; cells with nobody may be there or not.
    """
    cells = zip(pd.to_datetime(found["cohort_date"]).dt.date, found["period_offset"], strict=True)
    theirs = dict(zip(cells, found["on_users_count"], strict=True))
    wrong = sum(theirs.get(cell, 0) != counted[cell] for cell in {*theirs, *counted})
    return Recovered("counts: cells of daily retention that differ", wrong, f"= 0 of {len(theirs)}", wrong == 0)


def recovered_funnel(name: str, found: pd.DataFrame, counted: list[int]) -> list[Recovered]:
    """Return one comparison per step: users of the report (`step_number, users_count`) and of the files."""
    users = found.set_index("step_number")["users_count"]
    return [
        Recovered(
            f"counts: funnel {name}, step {step}", users.get(step, 0), f"= {wanted}", users.get(step, 0) == wanted
        )
        for step, wanted in enumerate(counted, start=1)
    ]


def recovered_arrivals(touches: pd.DataFrame, arrived: dict[str, str], registrations: pd.Series) -> list[Recovered]:
    """Return users whose registration is no touch of the channel they came by, and one count of users per true channel.

    `touches`: user_id and channel of every touch at the moment of registration. `registrations`: truth/channels.
    """
    known = set(zip(touches["user_id"], touches["channel"], strict=True))
    wrong = sum(one not in known for one in arrived.items())
    found = Counter(arrived[user] for user, channel in known if arrived.get(user) == channel)
    results = [
        Recovered("attribution: users without a touch of the channel they came by", wrong, "= 0", wrong == 0),
    ]
    for channel, wanted in registrations.items():
        count = found[str(channel)]
        results.append(Recovered(f"attribution: arrivals by {channel}", count, f"= {wanted}", count == wanted))
    return results


def grouped_by_true_rates(truth: pd.DataFrame, groups: int) -> np.ndarray:
    """Return the group of each user when the true rates themselves are clustered: what no shop's sources can improve on."""
    rates = StandardScaler().fit_transform(np.log(truth[list(RATES)].to_numpy(dtype=float)))
    return KMeans(groups, n_init="auto", random_state=0).fit_predict(rates)


def recovered_groups(name: str, truth: pd.DataFrame, groups: pd.DataFrame, *, share_at_least: float) -> list[Recovered]:
    """Return agreement with the latent types (told, not judged) and how far groups lie along the true rate of ordering.

    `truth`: truth/users; `groups`: user_id, group. What is attainable: as many clusters of the true rates of the same users.
    Types overlap in their rates, so agreement with them is low even there; the rate itself is what groups are for.
    """
    both = groups.merge(truth, on="user_id", validate="1:1")
    if len(both) != len(groups):
        message = f"{len(groups) - len(both)} of {len(groups)} users of {name} are not in truth/users"
        raise ValueError(message)
    best = grouped_by_true_rates(both, both["group"].nunique())
    results = []
    for measure, score in (("ARI", adjusted_rand_score), ("AMI", adjusted_mutual_info_score)):
        found, most = (float(score(both["persona"], which)) for which in (both["group"], best))
        results.append(
            Recovered(f"{name}: {measure} with the latent types", found, f"told; attainable {most:.3g}", holds=True)
        )
    rate = np.log((both["order_rate"] * both["visit_rate"]).to_numpy(dtype=float))
    share = variance_explained(rate, list(both["group"])) / variance_explained(rate, list(best))
    wanted = f">= {share_at_least} of clusters of the true rates"
    results.append(
        Recovered(f"{name}: variance of the true order rate between groups", share, wanted, share >= share_at_least)
    )
    return results


def entry_days(as_of: date, *, window_days: int, entry_days: int) -> tuple[date, date]:
    """Return the days [first, until) whose entries `report.funnel` counts: their whole window lies before as_of."""
    until = as_of - timedelta(days=window_days)
    return until - timedelta(days=entry_days), until
