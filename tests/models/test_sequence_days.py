"""Days as numbers: in the order of time, before as_of only, padded without a trace."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.sequence_days import CHANNELS, pad, sequences_of

AS_OF = date(2024, 3, 4)


def days(*rows):
    """Rows of (user_id, days_ago, orders_count)."""
    frame = pd.DataFrame(rows, columns=["user_id", "days_ago", "orders_count"])
    zeros = ("lines_count", "paid_amount", "events_count", "views_count", "searches_count", "wishes_count")
    return frame.assign(**dict.fromkeys(zeros, 0))


def test_oldest_first_in_the_order_of_the_users_and_empty_without_a_day():
    found = sequences_of(days(("b", 1, 1), ("a", 3, 0), ("a", 10, 2)), pd.Series(["b", "nobody", "a"]), AS_OF)
    assert [one.shape for one in found] == [(1, len(CHANNELS)), (0, len(CHANNELS)), (2, len(CHANNELS))]
    np.testing.assert_allclose(np.expm1(found[2][:, :3]), [[10, 0, 2], [3, 7, 0]], rtol=1e-5)


def test_a_day_on_as_of_is_refused():
    with pytest.raises(ValueError, match="1 of 2 days lie on or after as_of 2024-03-04"):
        sequences_of(days(("a", 0, 1), ("a", 2, 1)), pd.Series(["a"]), AS_OF)


def test_moments_and_standardised_values_ignore_the_padding():
    block = pad([np.array([[1.0], [3.0]]), np.empty((0, 1)), np.array([[5.0]])])
    center, scale = block.moments()
    assert (center[0], scale[0]) == pytest.approx((3.0, np.std([1.0, 3.0, 5.0])))
    np.testing.assert_array_equal(block.standardised(center, scale).values[1], 0)
    assert block.standardised(center, scale).values[2, 1, 0] == 0


@pytest.mark.parametrize(
    "rows,said",
    [
        ([np.zeros(3)], "1 of 1 sequences are not .days, channels."),
        ([np.zeros((1, 2)), np.zeros((1, 3))], "different numbers of channels"),
        ([np.full((1, 2), np.nan)], "2 values of the sequences are missing"),
    ],
)
def test_what_does_not_fit_is_said(rows, said):
    with pytest.raises(ValueError, match=said):
        pad(rows)
