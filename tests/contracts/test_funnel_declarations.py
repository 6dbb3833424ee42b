"""Funnels as data: words and tables are steps, what makes no sense is refused with a sentence."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from contracts.funnels import DEFAULT_FUNNELS, Funnel
from contracts.settings import Settings


def test_words_and_tables_are_steps():
    funnel = Funnel.model_validate(
        {"name": "f", "steps": ["view", {"event_types": ["cart", "favourite"], "device": "ios"}]}
    )
    assert [step.label for step in funnel.steps] == ["view", "cart/favourite (device ios)"]
    assert (funnel.window_days, funnel.order, funnel.population) == (7.0, "ordered", "users")
    assert len({funnel.name for funnel in DEFAULT_FUNNELS}) == len(DEFAULT_FUNNELS)


@pytest.mark.parametrize("change, message", [
    ({"steps": ["view"]}, "at least 2"),
    ({"steps": ["view", "view"], "order": "any"}, "no event type may stand in two steps"),
    ({"order": "any", "exclude": ["search"]}, "exclusion needs an order"),
    ({"exclude": ["view"]}, "view is a step and excluded"),
    ({"window_days": 0}, "greater than 0"),
    ({"windw_days": 3}, "Extra inputs"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        Funnel.model_validate({"name": "f", "steps": ["view", "cart"], **change})


def test_a_shop_declares_its_funnels_and_their_names_differ():
    declared = [{"name": "gift", "steps": ["share", "order"]}]
    assert [funnel.name for funnel in Settings.model_validate({"funnels": declared}).funnels] == ["gift"]
    assert Settings().funnels == DEFAULT_FUNNELS
    with pytest.raises(ValidationError, match="two funnels are called gift"):
        Settings.model_validate({"funnels": declared * 2})


def test_the_examples_of_the_docs_are_valid_declarations():
    page = (Path(__file__).parents[2] / "docs" / "analytics.md").read_text(encoding="utf-8")
    lists, funnels = (
        Settings.model_validate(tomllib.loads(block))
        for block in re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    )
    assert [funnel.name for funnel in funnels.funnels] == ["share_to_order", "one_product"]
    assert funnels.funnels[0].steps[1].label == "view (channel share_link)"
    assert funnels.funnels[1].hold_product
    assert [wanted.segment for wanted in lists.dropped_lists] == ["cart_left"]


@pytest.mark.parametrize("change, message", [
    ({"funnel": "purchse"}, "there is no funnel 'purchse'; declared are purchase, checkout, same_product"),
    ({"step": 3}, "steps 1 to 2"),
    ({"step": 0}, "greater than or equal to 1"),
    ({"segment": "retention"}, "two lists are called retention"),
    ({"segment": "../x"}, "should match pattern"),
])  # fmt: skip
def test_a_list_of_dropped_users_must_name_a_funnel_and_a_step(change, message):
    wanted = {"segment": "cart_left", "funnel": "purchase", "step": 2} | change
    with pytest.raises(ValidationError, match=re.escape(message)):
        Settings.model_validate({"dropped_lists": [wanted]})
