"""Same arguments, same rows, however they are spread over files."""

from typing import Any

import pandas as pd
import pytest

from pipelines.world import SOURCES, WorldError, generate

COLUMNS = {
    "users": "user_id registered_at gender birth_date age_band region city_tier occupation income_band household_size "
    "acquisition_channel invited_by marketing_consent consent_basis attributes valid_from name phone",
    "products": "product_id name category brand supplier_id list_price unit_cost",
    "events": "event_id occurred_at event_type user_id anonymous_id product_id target_user_id content_id channel device "
    "session_id properties",
    "orders": "order_id ordered_at user_id kind status currency coupon_id campaign_id shipping_fee carrier promised_at "
    "shipped_at delivered_at cancelled_at updated_at",
    "order_items": "order_id line_number line_amount product_id quantity unit_price list_price discount refunded_at "
    "refunded_amount",
    "feedback": "feedback_id user_id created_at kind score text order_id product_id first_response_at resolved_at",
}
TRUTH = ("users", "probabilities", "campaign_effects")


def test_columns_are_those_of_the_contract(small_world, read):
    for source in SOURCES:
        assert read(small_world, source).column_names == COLUMNS[source].split()


@pytest.mark.slow
def test_same_seed_same_rows_whatever_the_parts(tmp_path, read):
    arguments: dict[str, Any] = {"users": 17_000, "events": 200_000, "days": 50, "seed": 5}
    generate(tmp_path / "one", **arguments, part_blocks=8, optional=True)
    generate(tmp_path / "many", **arguments, part_blocks=1, workers=1, optional=True)
    generate(tmp_path / "other", **{**arguments, "seed": 6}, part_blocks=8)
    assert (tmp_path / "many" / "events-0003.parquet").exists()
    for source in SOURCES:
        one, many = read(tmp_path / "one", source), read(tmp_path / "many", source)
        assert one.equals(many), source
        assert not one.equals(read(tmp_path / "other", source)), source
    for name in TRUTH:
        assert read(tmp_path / "one" / "truth", name).equals(read(tmp_path / "many" / "truth", name)), name
    contacts = read(tmp_path / "one" / "optional", "campaign_contacts")
    assert contacts.equals(read(tmp_path / "many" / "optional", "campaign_contacts"))
    assert not (tmp_path / "other" / "optional").exists()


@pytest.mark.slow
def test_two_processes_write_the_same_rows(tmp_path, read):
    arguments: dict[str, Any] = {"users": 9000, "events": 60_000, "days": 30, "seed": 5, "part_blocks": 1}
    generate(tmp_path / "one", **arguments, workers=1)
    generate(tmp_path / "two", **arguments, workers=2)
    for source in SOURCES:
        assert read(tmp_path / "one", source).equals(read(tmp_path / "two", source)), source


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"users": 0}, "at least 1 user"),
        ({"days": 5}, "30 days"),
        ({"dirty_share": 1.0}, "below 1"),
        ({"file_format": "xlsx"}, "choose 'parquet' or 'csv'"),
        ({"events": 100}, "ask for at least"),
    ],
)
def test_arguments_that_make_no_world_are_refused(tmp_path, wrong, message):
    arguments: dict[str, Any] = {"users": 100, "events": 5000, "days": 60, "seed": 1} | wrong
    with pytest.raises(WorldError, match=message):
        generate(tmp_path / "out", **arguments)


def test_a_folder_with_files_is_not_overwritten(tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="already holds files"):
        generate(tmp_path, users=100, events=5000, days=60, seed=1)


def test_optional_sources_say_what_happened(tmp_path, read):
    summary = generate(tmp_path, users=500, events=20_000, days=120, seed=1, optional=True)
    folder = tmp_path / "optional"
    assert sorted(path.stem for path in folder.iterdir()) == [
        "campaign_contacts", "campaigns", "coupon_redemptions", "marketing_costs", "promotions",
    ]  # fmt: skip
    contacts, effects = (
        read(folder, "campaign_contacts").to_pandas(),
        read(tmp_path / "truth", "campaign_effects").to_pandas(),
    )
    assert (contacts.is_control == ~effects.is_treated).all()
    assert contacts.contacted_at.notna().all()
    assert summary.file_rows["optional/campaigns.parquet"] == contacts.campaign_id.nunique() == 2
    truth = read(tmp_path / "truth", "product_weeks").to_pandas()
    orders = read(tmp_path, "orders").to_pandas()
    with_coupon = orders[orders.coupon_id.notna() & orders.user_id.notna()].drop_duplicates("order_id")
    redeemed = read(folder, "coupon_redemptions").to_pandas()
    assert len(redeemed) > 50
    assert redeemed.redemption_id.is_unique
    assert set(zip(redeemed.order_id, redeemed.coupon_id, redeemed.redeemed_at, strict=True)) == set(
        zip(with_coupon.order_id, with_coupon.coupon_id, with_coupon.ordered_at, strict=True)
    )
    sold = read(tmp_path, "order_items").to_pandas().merge(read(tmp_path, "orders").to_pandas().query("kind == 'sale'"))
    local = sold.ordered_at.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None).dt.normalize()
    sold["week_start"] = (local - pd.to_timedelta(local.dt.day_of_week, unit="D")).dt.date
    held = sold.merge(truth, on=["product_id", "week_start"])
    assert len(held) == len(sold)
    assert held.is_in_stock.all()
    assert (held.unit_price.astype(float) == held.price).all()
    costs = read(folder, "marketing_costs").to_pandas()
    channels = read(tmp_path / "truth", "channels").to_pandas().set_index("acquisition_channel")
    counted = costs.amount.astype(float) / costs.channel.map(channels.cost_per_registration)
    assert (counted == counted.round()).all()


@pytest.mark.slow
def test_last_days_are_kept_apart_by_arrival(tmp_path, read):
    arguments: dict[str, Any] = {"users": 500, "events": 16_000, "days": 90, "seed": 3}
    generate(tmp_path / "whole", **arguments)
    summary = generate(tmp_path / "split", **arguments, last_days=2)
    days = [tmp_path / "split" / "days" / name for name in ("2024-03-29", "2024-03-30")]
    for source in SOURCES:
        pieces = [read(tmp_path / "split" / "history", source).to_pandas()]
        pieces += [read(day, source).to_pandas() for day in days] if source != "products" else []
        together = pd.concat(pieces)
        whole = read(tmp_path / "whole", source).to_pandas()
        assert summary.rows[source] == len(together)
        if source == "orders":
            # Orders under way stand in the history as they were when paid, and nothing else is added.
            extra = together.merge(whole, how="left", indicator=True).query("_merge == 'left_only'")
            assert len(extra) > 20
            assert set(extra.order_id) <= set(pd.concat(pieces[1:]).order_id)
            together = together.merge(whole, how="inner").drop_duplicates()
        assert sorted(map(str, together.itertuples(index=False))) == sorted(map(str, whole.itertuples(index=False)))
    for day in days:
        events = read(day, "events").to_pandas()
        assert len(events) > 40
        assert (events.occurred_at.dt.tz_convert("Asia/Shanghai").dt.date.astype(str) == day.name).all()
        orders = read(day, "orders").to_pandas()
        assert (orders.updated_at.dt.tz_convert("Asia/Shanghai").dt.date.astype(str) == day.name).all()
    history = read(tmp_path / "split" / "history", "orders")
    lines = read(tmp_path / "split" / "history", "order_items")
    assert set(lines["order_id"].to_pylist()) <= set(history["order_id"].to_pylist())
