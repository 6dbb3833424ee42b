"""The long forecasts as rows of score.model_card."""

from datetime import date

import pandas as pd

from assets.lifetime import LongForecast
from contracts.outputs import TABLES


def test_a_card_fills_every_column_that_may_not_be_empty():
    card = {
        "training_date": date(2024, 5, 1),
        "test_origin": date(2024, 2, 1),
        "reason": None,
        "targets": {"expected_spend": {"customers": 7}},
    }
    forecast = LongForecast(90, pd.DataFrame(), "v1", is_tested=True, card=card)
    table = TABLES["score.model_card"]
    filled = {name for name, value in forecast.card_row.items() if value is not None} | {"as_of"}
    assert set(table.columns) - set(table.nullable) <= filled
