"""Scores as pure functions and estimators: frames in, frames or frozen dataclasses out.

Belongs here: statistics and their evaluation; seeds and dates are arguments. Does not belong here: Dagster, DuckDB, the clock, or
paths (the model registry excepted).
"""

import os
import sys

# OpenMP reads this once, when scikit-learn loads it: where it is given threads (clustering), they then sleep while they wait
# instead of spinning, which on busy cores costs ten times the work itself.
if "sklearn" not in sys.modules:
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
