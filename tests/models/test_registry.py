"""The registry gives back what was saved, and opens nothing else."""

import pytest

from models.registry import RegistryError, champion, load, save


def test_a_saved_model_comes_back_with_its_card(tmp_path):
    registered = save(tmp_path, "purchase-28d", {"weights": [1, 2]}, {"auc": 0.8})
    assert champion(tmp_path, "purchase-28d") == registered
    assert load(tmp_path, registered) == ({"weights": [1, 2]}, {"auc": 0.8})
    assert champion(tmp_path, "churn-28d") is None


def test_equal_content_has_the_same_version(tmp_path):
    first = save(tmp_path, "a", [1.0], {})
    assert save(tmp_path, "b", [1.0], {}) == first
    assert save(tmp_path, "a", [2.0], {}) != first


def test_a_tampered_file_is_never_opened(tmp_path):
    registered = save(tmp_path, "a", [1.0], {})
    path = tmp_path / f"{registered.version}.joblib"
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    with pytest.raises(RegistryError, match="not opened"):
        load(tmp_path, registered)
    path.unlink()
    with pytest.raises(RegistryError, match="is gone"):
        load(tmp_path, registered)
