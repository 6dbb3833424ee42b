"""A sequence model is tried where it is asked for and can be trained; elsewhere nothing changes but what the card says."""

from datetime import date
from types import SimpleNamespace

import pytest

from assets import sequences
from assets.champions import HorizonModels, Kept, _Candidates
from assets.training import feature_columns
from contracts.settings import Settings

OFF, ON = Settings(), Settings(sequence_model=True)


@pytest.mark.parametrize(
    "settings,is_installed,wanted,missing",
    [(OFF, True, False, False), (OFF, False, False, False), (ON, True, True, False), (ON, False, False, True)],
)
def test_it_takes_the_setting_and_the_extra(monkeypatch, settings, is_installed, wanted, missing):
    monkeypatch.setattr(sequences, "is_installed", lambda: is_installed)
    assert sequences.is_wanted(settings) is wanted
    assert sequences.is_missing(settings) is missing


def test_models_trained_with_without_and_in_vain_never_take_each_others_slot(monkeypatch, tmp_path):
    found = set()
    for settings, is_installed in ((OFF, True), (ON, True), (ON, False)):
        monkeypatch.setattr(sequences, "is_installed", lambda answer=is_installed: answer)
        candidates = _Candidates(None, tmp_path, 28, 56, settings)
        found.add(candidates.slot("purchase", date(2024, 1, 1)).name)
    assert len(found) == 3


@pytest.mark.parametrize("network", [None, object()])
def test_days_are_read_for_scoring_only_where_a_champion_reads_them(network):
    kept = Kept(SimpleNamespace(sequence=network), "v", {}, date(2024, 1, 1), "the newest")
    models = HorizonModels(28, date(2024, 1, 1), {"purchase": kept}, None)
    assert models.read_sequences is (network is not None)


def test_days_are_no_feature_of_the_other_members():
    assert feature_columns(SimpleNamespace(columns=["user_id", "orders_count", "recent_days"])) == ("orders_count",)
