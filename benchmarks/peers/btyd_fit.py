"""Child process: fits a buy-till-you-die model to the same simulated customers with one of two libraries.

The customers follow the model itself (Poisson purchases at gamma rates, drop-out after a purchase), with stated parameters.
"""

# pyright: reportMissingImports=false
# (lifetimes comes with the benchmark extra only)

import argparse
import json
import time
from pathlib import Path

import numpy as np

TRUE = {"r": 0.8, "alpha": 30.0, "a": 0.6, "b": 2.5}
DAYS = 364
SEED = 11


def customers(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return frequency, recency and T of so many customers in whole days; all drawn from MBG/NBD with `TRUE`."""
    random = np.random.default_rng(SEED)
    rate = random.gamma(TRUE["r"], 1 / TRUE["alpha"], count)
    drop_out = random.beta(TRUE["a"], TRUE["b"], count)
    age = random.integers(28, DAYS + 1, count).astype(np.float64)
    frequency, recency, clock = np.zeros(count), np.zeros(count), np.zeros(count)
    going = random.random(count) >= drop_out  # the first purchase may be the last
    while going.any():
        rows = np.flatnonzero(going)
        clock[rows] += np.ceil(random.exponential(1 / rate[rows]))
        bought = rows[clock[rows] <= age[rows]]
        frequency[bought] += 1
        recency[bought] = clock[bought]
        going[:] = False
        going[bought] = random.random(len(bought)) >= drop_out[bought]
    return frequency, recency, age


def main() -> None:
    """Fit once and write the parameters and what the fit alone took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", choices=["trellis", "lifetimes"], required=True)
    parser.add_argument("--customers", type=int, required=True)
    parser.add_argument("--result", type=Path, required=True)
    options = parser.parse_args()
    frequency, recency, age = customers(options.customers)
    if options.library == "trellis":
        from models.btyd import MBGNBD

        wall, cpu = time.monotonic(), time.process_time()
        model = MBGNBD.fit(frequency, recency, T=age)
        found = {name: getattr(model, name) for name in TRUE}
    else:
        from lifetimes import ModifiedBetaGeoFitter

        fitter = ModifiedBetaGeoFitter(penalizer_coef=0.0)
        wall, cpu = time.monotonic(), time.process_time()
        fitter.fit(frequency, recency, age)
        found = {name: float(fitter.params_[name]) for name in TRUE}
    spent = {"cpu_s": time.process_time() - cpu, "wall_s": time.monotonic() - wall}
    options.result.write_text(json.dumps({"parameters": found, **spent}), encoding="utf-8")


if __name__ == "__main__":
    main()
