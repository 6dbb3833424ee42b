"""Rows of `score.next_order`: the date of each customer's next order, learnt one horizon ago, tested on an earlier one.

The model stands in `models/next_order.py`.
"""

from datetime import date

import numpy as np
import pandas as pd

from assets.outcome_tests import SAMPLE_AT_MOST, Known, Outcome, tested, untested
from assets.scratch import open_scratch
from assets.warehouse import Warehouse
from models.horizons import CANDIDATE_DAYS, HISTORY_HORIZONS, SHORTEST_DAYS
from models.next_order import CASES_AT_LEAST, NextOrderModel, judge_next_order
from sql.analyses import load_analysis

_NAME = "next_order"
_COLUMNS = ("user_id", "horizon_days", "expected_date", "lower_date", "upper_date", "order_probability", "predictor")


def next_orders(warehouse: Warehouse, as_of: date, known: Known) -> Outcome:
    """Return expected date and 80 % interval of everybody who has ordered, given an order within the horizon.

    The horizon is the longest usual one that fits three times into the history (at least 28 days). The model is fitted on the
    last closed window and tested there by one fitted on the window before it.
    """
    horizon = max([days for days in CANDIDATE_DAYS if days <= known.days // HISTORY_HORIZONS] + [SHORTEST_DAYS])
    people = _histories(warehouse, as_of, as_of)
    if people.empty:
        return _nothing(horizon, "nobody has ordered")
    with open_scratch(warehouse, users_at_most=SAMPLE_AT_MOST) as scratch:
        newest = _histories(scratch, known.origin(horizon), known.until)
        earlier = _histories(scratch, known.origin(2 * horizon), known.origin(horizon))
    model = NextOrderModel.fit(newest if len(newest) else people, horizon)
    if model.name is None:
        return _nothing(
            horizon, f"fewer than {CASES_AT_LEAST} customers ordered in a window, and MBG/NBD is not determined"
        )
    ordered = int(newest["next_days"].notna().sum())
    judged = NextOrderModel.fit(earlier, horizon) if len(earlier) and ordered else None
    if judged is None or judged.name is None:
        tests = untested(
            _NAME, horizon, f"{known.days} days of history: no model before {known.origin(horizon)} to test"
        )
    else:
        tests = tested(_NAME, horizon, judge_next_order(judged, newest), users=ordered, origin=known.origin(horizon))
    days = np.rint(model.days(people)).astype("timedelta64[D]")
    dates = np.datetime64(as_of, "D") + days
    frame = pd.DataFrame(
        {
            "user_id": people["user_id"],
            "horizon_days": horizon,
            "lower_date": dates[:, 0],
            "expected_date": dates[:, 1],
            "upper_date": dates[:, 2],
            "order_probability": model.order_probability(people),
            "predictor": model.name,
        }
    )
    return Outcome(frame, tests)


def _histories(warehouse: Warehouse, origin: date, until: date) -> pd.DataFrame:
    return warehouse.frame(load_analysis("order_gaps").sql, {"origin": origin, "until": until})


def _nothing(horizon_days: int, reason: str) -> Outcome:
    return Outcome(pd.DataFrame(columns=pd.Index(_COLUMNS)), untested(_NAME, horizon_days, reason))
