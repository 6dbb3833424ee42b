"""Commands about the models: what is in use and why, promotion and release, the backtest as text and page."""

import shutil
from datetime import date

import pandas as pd
import pytest

from models import registry
from models.registry import RegistryError, Slot
from pipelines.backtest import backtest_text
from pipelines.cli import main
from pipelines.horizons import sensitivity_lines
from pipelines.models import models_text, promote, release

OLD, NEW = date(2024, 3, 1), date(2024, 3, 8)


def card(auc):
    measures = {name: {"value": value} for name, value in (("auc", auc), ("brier", 0.1), ("ece", 0.02))}
    return {"measures": measures, "test_origin": "2024-02-02", "is_fallback": False, "reason": None}


@pytest.fixture
def home(tmp_path):
    """Two versions of one outcome, the newer one champion, and one of older code."""
    root = tmp_path / "models"
    for day, recipe, auc in ((OLD, "a", 0.7), (OLD, "w56", 0.8), (NEW, "w56", 0.81)):
        last = registry.save(root, Slot("purchase", 28, day, recipe), [auc], card(auc))
    note = {"version": last.version, "reason": "took over"}
    registry.write_note(root, f"{Slot('purchase', 28, NEW, 'w56').name}.champion", note)
    return tmp_path


def version(home, day, recipe):
    return registry.find(home / "models", Slot("purchase", 28, day, recipe)).version


def test_every_version_is_listed_and_the_champion_is_marked(home):
    lines = models_text(home).splitlines()
    assert lines[0] == f"purchase 28 d: {version(home, NEW, 'w56')} took over"
    assert [line[0] for line in lines[1:]] == [" ", " ", "*"]
    assert "AUC 0.810  BRIER 0.100  ECE 0.020  tested on 2024-02-02" in lines[-1]
    assert "trellis run" in models_text(home / "nowhere")


def test_promotion_and_release(home, capsys):
    old = version(home, OLD, "w56")
    assert main(["models", "--home", str(home), "promote", old]) == 0
    assert registry.pins(home / "models") == [registry.Pin("purchase", 28, old, NEW)]
    assert f"trellis models release {old}" in capsys.readouterr().out
    assert main(["models", "--home", str(home), "release", old]) == 0
    assert registry.pins(home / "models") == []


def test_what_cannot_be_promoted_is_said(home, capsys):
    with pytest.raises(RegistryError, match="trained by other code or settings"):
        promote(home, version(home, OLD, "a"), None)
    with pytest.raises(RegistryError, match="cannot score before"):
        promote(home, version(home, NEW, "w56"), OLD)
    with pytest.raises(RegistryError, match="nothing to release"):
        release(home, version(home, NEW, "w56"))
    assert main(["models", "--home", str(home), "promote"]) == 2
    assert main(["models", "--home", str(home), "promote", "none"]) == 1
    assert "no model has the version 'none'" in capsys.readouterr().err


def test_a_backtest_as_text_puts_the_model_first():
    rows = [
        ("model", "auc", 0.7),
        ("recency rule", "auc", 0.75),
        ("recency rule", "auc_gain", -0.05),
        ("model", "prevalence", 0.3),
    ]
    frame = pd.DataFrame(
        [
            {
                "outcome": "purchase", "horizon_days": 28, "origin": "2024-02-01", "predictor": name, "measure": measure,
                "users_count": 900, "estimate": value, "estimate_low": value - 0.01, "estimate_high": value + 0.01,
            }
            for name, measure, value in rows
        ]
    )  # fmt: skip
    lines = backtest_text(frame).splitlines()
    assert lines[0] == "purchase 28 d, 2024-02-01: 900 users tested, base 30.0%"
    assert lines[2].split()[:2] == ["model", "0.700"]
    assert lines[3].endswith("-0.0500 (-0.0600 to -0.0400)")


def test_lengths_in_use_are_marked():
    row = {
        "candidate_days": 28, "interval_share": 0.5, "purchase_share": 0.25, "users_count": 1200, "silent_share": float("nan"),
        "active_users_count": 0, "origin_date": date(2024, 2, 1),
    }  # fmt: skip
    lines = sensitivity_lines(pd.DataFrame([row, row | {"candidate_days": 56}]), [28])
    assert lines[2].split() == ["*", "28", "50.0%", "25.0%", "1,200", "-", "0", "2024-02-01"]
    assert lines[3].startswith("    ")


@pytest.mark.slow
def test_a_backtest_of_a_small_shop_is_stored_shown_and_written(trellis, shop, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(shop.home, home)
    done = trellis("backtest", "--home", home, "--horizons", "14", "--every", "14d")
    assert done.code == 0, done.err
    assert "purchase 14 d, mean:" in done.out
    page = tmp_path / "page.md"
    shown = trellis("backtest", "--home", home, "--last", "--write", page)
    assert "purchase 14 d, mean:" in shown.out
    assert page.read_text(encoding="utf-8").startswith("# Backtest: canonical")
    listed = trellis("horizons", "--home", home)
    assert "intervals within" in listed.out
