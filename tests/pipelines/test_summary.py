"""The end of a run says how coupon redemption was foreseen, and nothing where there are no coupons."""

import json
from datetime import date

import pandas as pd

from assets.warehouse import open_warehouse
from contracts.outputs import TABLES
from pipelines.summary import coupon_lines

CARD = {
    "judged_campaigns": ["c1", "c2"],
    "baselines": {"own share of campaigns redeemed": {"auc": {"value": 0.683, "low": 0.6, "high": 0.7}}},
}


def test_coupons_are_told_where_they_were_tested(tmp_path):
    table = TABLES["score.campaign_model"]
    row = dict.fromkeys(table.columns) | {
        "as_of": date(2024, 5, 1),
        "model_version": "abc",
        "training_date": date(2024, 4, 3),
        "is_fallback": False,
        "auc": 0.8094,
        "brier": 0.096,
        "ece": 0.039,
        "prevalence": 0.139,
        "users_count": 4976,
        "card": json.dumps(CARD),
    }
    with open_warehouse(tmp_path) as warehouse:
        warehouse.write_frame(table, pd.DataFrame([row]), as_of=date(2024, 5, 1))
    (line,) = coupon_lines(tmp_path, "2024-05-01")
    assert line.split("  Brier")[0].split() == ["coupons", "AUC", "0.809", "(own", "past", "share", "0.683)"]
    assert line.endswith("base 13.9%  4,976 contacts of 2 campaigns as they began")
    with open_warehouse(tmp_path) as warehouse:
        untested = row | {"auc": None, "card": "{}"}
        warehouse.write_frame(table, pd.DataFrame([untested]), as_of=date(2024, 5, 1))
    assert coupon_lines(tmp_path, "2024-05-01") == []
