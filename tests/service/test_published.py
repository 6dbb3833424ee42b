import json
import os
from datetime import date

import duckdb
import pytest

from service import published
from service.published import DamagedVersionError, NotPublishedError, current_version, open_version


def test_pointer_is_followed_to_the_version_it_names(version, publish) -> None:
    home = publish(version)
    found = current_version(home)
    assert (found.name, found.as_of, found.folder) == ("2024-03-20.1", date(2024, 3, 20), version)


def test_without_a_pointer_nothing_is_published(tmp_path) -> None:
    with pytest.raises(NotPublishedError, match="nothing is published"):
        current_version(tmp_path)


@pytest.mark.parametrize(
    "name", ["", "../../etc", "2024-03-20", "2024-03-20.1/..", "/2024-03-20.1", "2024-03-20.0", "a\0b"]
)
def test_a_pointer_that_names_no_version_is_refused(version, publish, name) -> None:
    home = publish(version)
    (home / "published/current").write_text(name, encoding="utf-8")
    with pytest.raises(DamagedVersionError, match="not the name of a version"):
        current_version(home)


def test_a_pointer_to_a_removed_version_is_refused(version, publish) -> None:
    home = publish(version)
    (home / "published/current").write_text("2024-03-21.1", encoding="utf-8")
    with pytest.raises(DamagedVersionError, match=r"2024-03-21\.1: manifest\.json is missing"):
        current_version(home)


def test_a_missing_and_a_cut_file_are_both_named(version, publish) -> None:
    home = publish(version)
    (version / "segments/retention.parquet").unlink()
    os.truncate(version / "tables/score.model_card.parquet", 100)
    with pytest.raises(DamagedVersionError) as error:
        current_version(home)
    assert "segments/retention.parquet is missing" in str(error.value)
    assert "tables/score.model_card.parquet has another size" in str(error.value)
    assert " files: " in str(error.value)


def test_a_manifest_that_is_no_json_is_refused(version) -> None:
    (version / "manifest.json").write_text('{"version": ', encoding="utf-8")
    with pytest.raises(DamagedVersionError, match="no JSON"):
        open_version(version)


def test_variants_come_with_their_advice_most_frequent_first(write, tables) -> None:
    tables["segment.retention"][0]["recommended_action"] = "A call"
    lists = published.user_lists(open_version(write(tables)))
    assert [members.segment for members in lists] == ["retention", "reactivation", "pricing"]
    high_value = lists[0].variants[0]
    assert (high_value.variant, high_value.members, high_value.control) == ("high_value", 30, 10)
    assert high_value.value_at_stake == pytest.approx(30 * 100.25)
    assert high_value.actions == ("Reminder with news", "A call")
    assert lists[2].variants == ()
    assert lists[2].expires_at is None


def test_amounts_keep_their_cents(version) -> None:
    january = next(row for row in published.revenue_months(open_version(version)) if row.population == "all")
    assert (january.gross, january.net, january.returned) == (12_000.5, 11_400.5, 500.0)


def test_cards_come_by_horizon_then_purchase_churn_value(write, tables) -> None:
    tables["score.model_card"] = [
        {**card, "horizon_days": horizon} for card in tables["score.model_card"][::-1] for horizon in (90, 28)
    ]
    cards = published.model_cards(open_version(write(tables)))
    assert [(card.horizon_days, card.outcome) for card in cards] == [
        (28, "purchase"), (28, "churn"), (28, "value"), (90, "purchase"), (90, "churn"), (90, "value"),
    ]  # fmt: skip


def test_a_query_reaches_its_own_file_only(version, tmp_path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    opened = open_version(version)
    for query in (f"select * from read_csv('{secret}')", "select * from read_parquet('**/*.parquet')"):
        with pytest.raises(duckdb.PermissionException):
            published.rows_of(opened, "tables/report.exclusions.parquet", query)


def test_a_home_with_a_quote_in_its_name_is_read(tmp_path, write) -> None:
    version = write()
    home = tmp_path / "ann's shop"
    home.mkdir()
    moved = version.rename(home / version.name)
    assert len(published.ledgers(open_version(moved))) == 1
    assert json.loads((moved / "manifest.json").read_text(encoding="utf-8"))["version"] == moved.name
