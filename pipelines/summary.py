"""What the operator sees at the end of a run: rows in and out, tests of the models, lists, and where they lie."""

import json
import math
from pathlib import Path
from typing import Any

from assets.versions import current_version, read_manifest
from assets.warehouse import open_warehouse
from pipelines.horizons import horizons_text

_OUTCOMES = ("staged", "loaded", "updated", "duplicate", "excluded", "quarantined")


def print_summary(home: Path) -> None:
    """Print the published version's key figures, each from its manifest or tables."""
    version = current_version(home)
    if version is None:
        print("Nothing is published.")
        return
    manifest = read_manifest(version)
    print(f"\nAs of {manifest['as_of']} ({manifest['mapping']}, {manifest['currency']}, {manifest['time_zone']})")
    contracts = manifest["data_quality"]["contracts"]
    width = max(map(len, contracts), default=0) + 2
    print(f"\n{'Rows':<{width + 2}}" + "".join(f"{outcome:>12}" for outcome in _OUTCOMES))
    for contract, row in contracts.items():
        print(f"  {contract:<{width}}" + "".join(f"{row[f'rows_{outcome}']:>12,}" for outcome in _OUTCOMES))
    rejected = manifest["data_quality"]["files"]["rejected"]
    if rejected:
        print(f"  {rejected:,} records were not well-formed; see `trellis quarantine list`")
    for notice in manifest["data_quality"]["notices"]:
        print(f"  note: {notice}")
    print(f"\n{horizons_text(home)}")
    print("\nModels (tested on a later snapshot than they were trained on)")
    for line in [*_model_lines(home, manifest["as_of"]), *coupon_lines(home, manifest["as_of"])]:
        print(line)
    for note in _notes_on_models(home, manifest["as_of"]):
        print(f"  note: {note}")
    print("\nLists            members   held out  no consent")
    for segment, facts in manifest["segments"].items():
        empty = f"  empty: {facts['empty_because']}" if facts["empty_because"] else ""
        print(
            f"  {segment:<13}{facts['rows']:>9,}{facts['control']:>11,}{facts['kept_out_for_lack_of_consent']:>12,}{empty}"
        )
    print(f"\nPublished {version}")
    print(f"  lists      {version / 'segments'}")
    print(f"  overview   {version / 'dashboards' / 'overview.html'}")


def _model_lines(home: Path, as_of: str) -> list[str]:
    """Return a line per outcome and horizon: how it was foreseen on the test snapshot, or why that is not known."""
    with open_warehouse(home) as warehouse:
        cards = warehouse.frame(
            "select outcome, horizon_days, test_as_of, users_count, prevalence, auc, recency_rule_auc, brier, ece, is_fallback, "
            "reason, card from score.model_card where as_of = $as_of order by horizon_days, outcome",
            {"as_of": as_of},
        )
    lines = []
    for card in cards.itertuples():
        if card.outcome == "value" and card.users_count:
            lines.append(_value_line(card))
        elif math.isnan(float(str(card.auc))):
            lines.append(f"  {card.outcome:<13}{card.horizon_days:>4} d  not tested: {card.reason}")
        else:
            note = f"  fallback: {card.reason}" if card.is_fallback else ""
            lines.append(
                f"  {card.outcome:<13}{card.horizon_days:>4} d  AUC {card.auc:.3f} (recency rule {card.recency_rule_auc:.3f})  "
                f"Brier {card.brier:.3f}  ECE {card.ece:.3f}  base {card.prevalence:.1%}  {card.users_count:,} users from "
                f"{str(card.test_as_of)[:10]}{note}"
            )
    return lines


def _value_line(card: Any) -> str:  # a row of score.model_card
    """Return how well spend was foreseen on the test snapshot, beside past spend going on."""
    measures = json.loads(card.card)["targets"]["expected_spend"]["measures"]
    own, past = measures["trellis"], measures["past_spend"]
    return (
        f"  value        {card.horizon_days:>4} d  nGini {own['ngini'][0]:.3f} (past spend {past['ngini'][0]:.3f})  total "
        f"{own['bias'][0]:+.1%} off  mean error {own['mae'][0]:,.2f}  {card.users_count:,} users from {str(card.test_as_of)[:10]}"
    )


def coupon_lines(home: Path, as_of: str) -> list[str]:
    """Return how well coupon redemption was foreseen in rolling time, beside each user's own past share; none without coupons."""
    with open_warehouse(home) as warehouse:
        cards = warehouse.frame(
            "select auc, brier, ece, prevalence, users_count, card from score.campaign_model "
            "where as_of = $as_of and auc is not null",
            {"as_of": as_of},
        )
    return [_coupon_line(card) for card in cards.itertuples()]


def _coupon_line(card: Any) -> str:  # a row of score.campaign_model
    facts = json.loads(card.card)
    (rule,) = facts["baselines"].values()
    campaigns = len(facts["judged_campaigns"])
    return (
        f"  {'coupons':<20}AUC {card.auc:.3f} (own past share {rule['auc']['value']:.3f})  Brier {card.brier:.3f}  "
        f"ECE {card.ece:.3f}  base {card.prevalence:.1%}  {card.users_count:,} contacts of {campaigns} campaigns as they began"
    )


def _notes_on_models(home: Path, as_of: str) -> list[str]:
    """Return what an operator should know of the models: refused challengers, promotions of theirs, drift."""
    with open_warehouse(home) as warehouse:
        cards = warehouse.frame(
            "select outcome, horizon_days, training_date, promotion from score.model_card where as_of = $as_of and "
            "(promotion like 'stays%' or promotion like '%operator%') order by outcome, horizon_days",
            {"as_of": as_of},
        )
        levels = warehouse.frame(
            "select drift_level, feature, max(psi) as psi from report.drift where as_of = $as_of and drift_level <> 'stable' "
            "group by all order by psi desc, feature",
            {"as_of": as_of},
        )
    notes = [
        f"{card.outcome} {card.horizon_days} d: the model of {str(card.training_date)[:10]} {card.promotion}"
        for card in cards.itertuples()
    ]
    if len(levels):
        act = int((levels["drift_level"] == "act").sum())
        first = ", ".join(f"{row.feature} {row.psi:.2f}" for row in levels.head(3).itertuples())
        notes.append(
            f"drift since the newest training snapshot: {act} to act on, {len(levels) - act} to watch (stability index: {first})"
        )
    return notes
