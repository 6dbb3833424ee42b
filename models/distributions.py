"""Histograms and quantiles of numbers about users: bins that people can read, the same for counts, money and time."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

Numbers = npt.NDArray[np.float64]

DURATIONS = (
    ("under 1 minute", 60), ("1 to 5 minutes", 300), ("5 to 30 minutes", 1_800), ("30 to 60 minutes", 3_600),
    ("1 to 6 hours", 21_600), ("6 to 24 hours", 86_400), ("1 to 2 days", 172_800), ("2 to 7 days", 604_800),
    ("7 to 14 days", 1_209_600), ("14 to 30 days", 2_592_000), ("30 to 60 days", 5_184_000), ("60 to 90 days", 7_776_000),
    ("90 days and more", float("inf")),
)  # fmt: skip
"""(label, upper end in seconds, exclusive)."""


def duration_bins(seconds: Numbers, users: npt.ArrayLike) -> pd.DataFrame:
    """Return `bin, count, share, users_count`: one row per duration bin, empty ones too.

    `users`: whose each duration is, (n,); users_count: different users of a bin, who may stand in several.
    """
    edges = np.array([end for _, end in DURATIONS[:-1]])
    places = np.searchsorted(edges, seconds, side="right")
    counts = np.bincount(places, minlength=len(DURATIONS))
    total = counts.sum()
    shares = counts / total if total else np.full(len(counts), np.nan)
    different = pd.DataFrame({"bin": places, "user": np.asarray(users)}).drop_duplicates()["bin"]
    people = np.bincount(different, minlength=len(DURATIONS))
    labels = [label for label, _ in DURATIONS]
    return pd.DataFrame({"bin": labels, "count": counts, "share": shares, "users_count": people})


def amount_bins(amounts: Numbers) -> pd.DataFrame:
    """Return `bin, count, share` of positive amounts in bins [1, 2), [2, 5), [5, 10), [10, 20) ...; below 1 is one bin."""
    if not len(amounts):
        return pd.DataFrame({"bin": [], "count": [], "share": []})
    edges = [1.0]
    while edges[-1] <= amounts.max():
        # 1 -> 2 -> 5 -> 10
        edges.append(edges[-1] * (2.5 if str(int(edges[-1])).startswith("2") else 2))
    counts = np.bincount(np.searchsorted(np.array(edges), amounts, side="right"), minlength=len(edges))
    labels = ["under 1"] + [f"{low:,.0f} to under {high:,.0f}" for low, high in pairwise(edges)]
    table = pd.DataFrame({"bin": labels, "count": counts[: len(labels)], "share": counts[: len(labels)] / len(amounts)})
    return table[(table["count"] > 0) | (table.index > 0)].reset_index(drop=True)


def quantiles(values: Numbers, *, unit: str) -> str:
    """Return the quartiles, the 90 % quantile and the mean of the values in words."""
    if not len(values):
        return "no values"
    low, middle, high, top = np.quantile(values, [0.25, 0.5, 0.75, 0.9])
    tail = f"90 % {top:,.4g}, mean {values.mean():,.4g}, n {len(values):,}"
    return f"quartiles {low:,.4g} / {middle:,.4g} / {high:,.4g} {unit}, {tail}"
