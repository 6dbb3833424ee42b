"""`trellis recover` reads a published version beside its world: good scores hold, poor ones fail, absent ones are told."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from assets.analytics import Shop
from assets.analytics.declared_funnels import declared_funnels
from assets.warehouse import open_warehouse
from contracts.outputs import TABLES
from pipelines.recovery import CEILINGS
from pipelines.truth_report import DONE, FAILED, recover
from sql.queries import load_queries
from tests.pipelines.truth_shop import HORIZON_DAYS, TruthShop, make_shop

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Around 2024-04-10 there is no festival, so calibration is judged."""
    world = {"users": 300, "events": 12_000, "days": 120, "start": date(2024, 1, 9)}
    return make_shop(tmp_path_factory.mktemp("told"), **world, seed=3, dirty_share=0.005)


def publish(shop: TruthShop, *, noise: float) -> None:
    """Publish the true probabilities, blurred, as if a model had found them."""
    rng, truth = np.random.default_rng(0), shop.probabilities()
    frames = [
        pd.DataFrame(
            {
                "user_id": truth.user_id,
                "as_of": shop.as_of,
                "outcome": outcome,
                "horizon_days": HORIZON_DAYS,
                "probability": (1 - noise) * truth[ceiling] + noise * rng.random(len(truth)),
            }
        )
        for outcome, ceiling in CEILINGS.items()
    ]
    tables = shop.home / "published" / "v1" / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    pd.concat(frames).to_parquet(tables / "score.user_propensity.parquet")
    (shop.home / "published" / "current").write_text("v1\n")


def test_what_is_true_holds_and_what_is_blurred_fails(shop, capsys):
    with pytest.raises(FileNotFoundError, match="nothing is published there"):
        recover(shop.world, shop.home)
    publish(shop, noise=0.0)
    assert recover(shop.world, shop.home) == DONE
    told = capsys.readouterr().out
    assert "ok    ledger: missing_key: " in told
    assert "ok    28 d: purchase: share of the AUC that knows the rates: 1 (wanted: told: " in told
    assert "28 d: churn: share of the AUC that learns the rates (" in told
    publish(shop, noise=0.8)
    assert recover(shop.world, shop.home) == FAILED
    assert "FAIL  28 d: purchase: calibration error" in capsys.readouterr().out


def test_reports_are_held_against_the_files_and_a_lost_user_is_told(shop, capsys):
    publish(shop, noise=0.0)
    with open_warehouse(shop.home) as warehouse:
        warehouse.build(load_queries()["report.retention"], {})
        rows = declared_funnels(Shop(warehouse), shop.as_of, people_at_least=1)
        warehouse.write_frame(TABLES["report.funnel"], rows, as_of=shop.as_of)
    assert recover(shop.world, shop.home) == DONE
    told = capsys.readouterr().out
    assert "ok    attribution: users without a touch of the channel they came by: 0" in told
    assert "ok    counts: cells of daily retention that differ: 0" in told
    assert "ok    counts: funnel purchase, step 3: " in told
    assert "not computed by Trellis, so not compared: K, influencers" in told
    with open_warehouse(shop.home) as warehouse:
        run = warehouse.connection.execute
        run(
            "update report.retention set on_users_count = on_users_count - 1 where activity_basis = 'activity' "
            "and period_type = 'day' and period_offset = 0 and on_users_count > 5"
        )
        run("update report.funnel set users_count = users_count - 1 where funnel = 'purchase' and step_number = 2")
    assert recover(shop.world, shop.home) == FAILED
    told = capsys.readouterr().out
    assert "FAIL  counts: cells of daily retention that differ" in told
    assert "FAIL  counts: funnel purchase, step 2" in told
    assert "ok    counts: funnel purchase, step 3" in told


def test_a_version_of_another_date_is_told_which_dates_are_known(shop):
    publish(shop, noise=0.0)
    path = shop.home / "published" / "v1" / "tables" / "score.user_propensity.parquet"
    pd.read_parquet(path).assign(as_of=pd.Timestamp("2024-02-01").date()).to_parquet(path)
    with pytest.raises(FileNotFoundError, match=r"run with --as-of 2024-02-08, 2024-04-10 --horizons 28, 90"):
        recover(shop.world, shop.home)
    with pytest.raises(FileNotFoundError, match=r"holds no dirty_rows\.parquet"):
        recover(shop.home, shop.home)
