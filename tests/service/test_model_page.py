"""The page of the models: cards with their limits, the backtest, drift; small groups stay out, cards are files too."""

import json

import pytest

from service.pages import MODELS, draw_pages

MEASURES = ("auc", "pr_auc", "brier", "ece", "lift_at_10", "capture_at_10")


def measure(name, value, **where):
    row = {
        "outcome": "purchase", "horizon_days": 28, "origin": "2024-02-01", "predictor": "model", "dimension": "all",
        "dimension_value": "all", "users_count": 900, "measure": name, "estimate": value, "estimate_low": value - 0.01,
        "estimate_high": value + 0.01,
    }  # fmt: skip
    return row | where


def point(curve, number, x, y, **where):
    row = {
        "outcome": "purchase", "horizon_days": 28, "origin": "2024-02-01", "predictor": "model", "curve": curve, "bin": number,
        "users_count": 90, "curve_x": x, "curve_y": y,
    }  # fmt: skip
    return row | where


BACKTEST = [
    *(measure(name, 0.7) for name in MEASURES),
    *(measure(name, 0.71, origin="mean", users_count=1800) for name in MEASURES),
    measure("auc", 0.655, predictor="recency rule"),
    measure("auc_gain", 0.045, predictor="recency rule"),
    measure("auc", 0.61, dimension="persona", dimension_value="champions", users_count=300),
    measure("auc", 0.99, dimension="persona", dimension_value="groups under 100 users", users_count=4),
]
CURVES = [
    point("gain", 1, 0.5, 0.8),
    point("gain", 2, 1.0, 1.0),
    point("lift", 1, 0.5, 1.6),
    point("reliability", 1, 0.3, 0.29),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory, write_changed):
    """A version with a backtest, drawn once, and the text of its page; read only."""
    changed = {"score.backtest": BACKTEST, "score.backtest_curve": CURVES}
    folder = write_changed(tmp_path_factory.mktemp("models"), changed)
    files = draw_pages(folder)
    assert MODELS in files
    return folder, (folder / MODELS).read_text(encoding="utf-8")


def test_a_card_says_what_it_knows_and_what_it_must_not_be_used_for(page):
    _, text = page
    assert "knows nothing from 20 March 2024 on" in text
    assert "recency_days, orders_count" in text
    assert "never for personal prices &lt;script&gt;" in text
    assert '0.765 <span class="interval">(0.744–0.784)</span>' in text
    assert '+0.0800 <span class="interval">(+0.0300 to +0.1300)</span>' in text
    assert "a rule stands in: history too short" in text


@pytest.mark.slow
def test_figures_of_a_replaced_model_are_not_told_as_those_of_the_score(tables, write):
    cards = list(tables["score.model_card"])
    (place,) = (number for number, row in enumerate(cards) if row["outcome"] == "purchase")
    details = json.loads(cards[place]["card"]) | {"is_replaced": True, "data_window": ["2023-06-01", "2024-03-20"]}
    cards[place] = cards[place] | {"is_fallback": True, "reason": "the rule ranked better", "card": json.dumps(details)}
    folder = write(tables | {"score.model_card": cards})
    draw_pages(folder)
    evidence, overview = ((folder / page).read_text(encoding="utf-8") for page in (MODELS, "dashboards/overview.html"))
    assert "The model it replaced</t" in evidence
    assert "data from 1 June 2023 on; knows nothing from 20 March 2024 on" in evidence
    assert "These figures are of the trained model that the rule replaced." in overview


def test_the_backtest_shows_means_first_and_hides_groups_of_few(page):
    _, text = page
    assert text.index("mean: model") < text.index("2024-02-01: model")
    assert '+0.0450 <span class="interval">(+0.0350 to +0.0550)</span>' in text
    assert "persona: champions" in text
    assert "0.990" not in text
    assert text.count('data-chart="backtest-purchase-28') == 3  # gain, lift, reliability


def test_what_moved_is_named_and_what_is_still_is_not(page):
    _, text = page
    drift = text[text.index('id="drift"') :]
    assert drift.index("recency_days") < drift.index("orders_count")
    assert "stable</td>" not in drift


@pytest.mark.slow
def test_without_a_backtest_the_page_says_how_to_get_one(tables, write):
    folder = write(tables)
    draw_pages(folder)
    assert "`trellis backtest` judges past origins" in (folder / MODELS).read_text(encoding="utf-8")


def test_every_card_is_a_file_for_machines(page):
    folder, _ = page
    card = json.loads((folder / "model_cards/purchase-28d.json").read_text(encoding="utf-8"))
    assert (card["model_version"], card["training_date"]) == ("v-purchase", "2024-03-20")
    assert card["measures"]["auc"]["value"] == 0.7654
    assert {path.name for path in (folder / "model_cards").iterdir()} == {
        "purchase-28d.json", "churn-28d.json", "value-28d.json",
    }  # fmt: skip


@pytest.mark.slow
def test_the_same_version_gives_the_same_page(page):
    folder, text = page
    draw_pages(folder)
    assert (folder / MODELS).read_text(encoding="utf-8") == text
