"""The registry gives back what was saved, and opens nothing else."""

from dataclasses import replace
from datetime import date

import pytest

from models.registry import (
    Pin,
    RegistryError,
    Slot,
    find,
    find_version,
    load,
    load_card,
    pin,
    pin_of,
    pins,
    read_note,
    release,
    save,
    trained,
    write_note,
)

SLOT = Slot("purchase", 28, date(2024, 3, 1), "w56-abc")
OTHER = replace(SLOT, training_date=date(2024, 3, 8))


def test_a_saved_model_comes_back_with_its_card(tmp_path):
    registered = save(tmp_path, SLOT, {"weights": [1, 2]}, {"auc": 0.8})
    assert find(tmp_path, SLOT) == registered
    assert load(tmp_path, registered) == ({"weights": [1, 2]}, {"auc": 0.8})
    assert find(tmp_path, OTHER) is None
    assert trained(tmp_path) == [(SLOT, registered)]
    assert find_version(tmp_path, registered.version) == (SLOT, registered)
    with pytest.raises(RegistryError, match="no model has the version 'abc'"):
        find_version(tmp_path, "abc")


def test_equal_content_has_the_same_version(tmp_path):
    first = save(tmp_path, SLOT, [1.0], {})
    assert save(tmp_path, OTHER, [1.0], {}) == first
    assert save(tmp_path, SLOT, [2.0], {}).version != first.version


def test_another_card_is_another_version_and_overwrites_nothing(tmp_path):
    first = save(tmp_path, SLOT, [1.0], {"auc": 0.8})
    second = save(tmp_path, OTHER, [1.0], {"auc": 0.9})
    assert load_card(tmp_path, first) == {"auc": 0.8}
    assert load_card(tmp_path, second) == {"auc": 0.9}


@pytest.mark.parametrize("suffix", ["joblib", "json"])
def test_a_tampered_file_is_never_opened(tmp_path, suffix):
    registered = save(tmp_path, SLOT, [1.0], {"auc": 0.8})
    path = tmp_path / f"{registered.version}.{suffix}"
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    with pytest.raises(RegistryError, match="not opened"):
        load(tmp_path, registered)
    path.unlink()
    with pytest.raises(RegistryError, match="is gone"):
        load(tmp_path, registered)


def test_notes_are_read_as_written(tmp_path):
    write_note(tmp_path, "a-b.trial", {"reason": "好"})
    assert read_note(tmp_path, "a-b.trial") == {"reason": "好"}
    assert read_note(tmp_path, "b-a.trial") is None


def test_the_operators_decision_holds_from_its_date_until_released(tmp_path):
    decided = Pin("purchase", 28, "abc", date(2024, 3, 8))
    pin(tmp_path, replace(decided, version="old"))
    pin(tmp_path, decided)
    pin(tmp_path, replace(decided, outcome="churn"))
    assert len(pins(tmp_path)) == 2
    assert pin_of(tmp_path, SLOT) is None  # an earlier training date stays as it was
    assert pin_of(tmp_path, OTHER) == decided
    assert pin_of(tmp_path, replace(OTHER, horizon_days=90)) is None
    assert release(tmp_path, "purchase", 28)
    assert not release(tmp_path, "purchase", 28)
    assert pin_of(tmp_path, OTHER) is None
