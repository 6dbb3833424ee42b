"""Drift: the index is its definition, a planted move is found, chance is not called a move."""

import numpy as np
import pandas as pd
import pytest

from models.drift import baseline_of, population_stability


def shop(rows, seed, *, shift=0.0, missing=0.1):
    rng = np.random.default_rng(seed)
    moved = rng.normal(shift, 1.0, rows)
    moved[rng.random(rows) < missing] = np.nan
    return pd.DataFrame({"moved": moved, "rare": (rng.random(rows) < 0.03).astype(float), "constant": 1.0})


def stability(then, now):
    columns = ["moved", "rare", "constant"]
    return population_stability(baseline_of(then, columns), now).set_index("feature")


def test_the_index_is_its_definition():
    then, now = pd.DataFrame({"x": [0.0] * 50 + [1.0] * 50}), pd.DataFrame({"x": [0.0] * 80 + [1.0] * 20})
    found = population_stability(baseline_of(then, ["x"]), now).iloc[0]
    # deciles are 0, the median between, and 1: bins up to 0, up to 0.5, up to 1, above, missing; half a row added to each
    old, new = (np.array(rows) / 102.5 for rows in ([50.5, 0.5, 50.5, 0.5, 0.5], [80.5, 0.5, 20.5, 0.5, 0.5]))
    assert found["psi"] == pytest.approx(((new - old) * np.log(new / old)).sum())
    assert found["users_count"] == 100


def test_a_planted_move_is_found_and_the_rest_is_still():
    found = stability(shop(5_000, 1), shop(5_000, 2, shift=0.6))
    assert found.loc["moved", "psi"] > 0.25
    assert found.loc["rare", "psi"] < 0.01
    assert found.loc["constant", "psi"] == pytest.approx(0.0)


def test_a_value_that_goes_missing_is_a_move():
    assert stability(shop(5_000, 1), shop(5_000, 2, missing=0.6)).loc["moved", "psi"] > 0.25


@pytest.mark.parametrize("rows", [60, 400, 5_000])
def test_samples_of_one_population_stay_within_chance(rows):
    beyond = [
        (found := stability(shop(rows, 2 * seed), shop(rows, 2 * seed + 1)).loc["moved"])["psi"] > found["psi_chance"]
        for seed in range(40)
    ]
    assert sum(beyond) <= 1
