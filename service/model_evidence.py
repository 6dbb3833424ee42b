"""The page of the models: a card per model, the newest backtest, drift. What a score was shown to be worth, and its limits.

Belongs here: turning cards and tables of a version into sections of a page, and each card into a file of its own. Does not
belong here: computing any measure, and how a page is made (`report_pages.py`).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from service.formats import UNKNOWN, day, percent, score, whole
from service.model_quality import QUESTIONS, judged_name
from service.published import Card, Version, model_cards, rows_of
from service.report_charts import COLOURS, Picture
from service.report_pages import Section, report_page
from service.small_cells import is_small

MODEL = "model"
_TITLES = {"auc": "AUC", "pr_auc": "PR-AUC", "brier": "Brier", "ece": "ECE", "lift_at_10": "Lift, top 10 %",
           "capture_at_10": "Captured in top 10 %", "ngini": "nGini", "decile_mape": "Decile error", "bias": "Bias of the total",
           "mae": "Mean error", "prevalence": "Came true"}  # fmt: skip
_SHOWN = ("auc", "pr_auc", "brier", "ece", "lift_at_10", "capture_at_10")
_PROBABILITY_COLUMNS = ("AUC", "AUC gained over it", *(_TITLES[measure] for measure in _SHOWN[1:]))
_VALUE_SHOWN = ("ngini", "bias", "decile_mape", "mae")
_VALUE_COLUMNS = ("nGini", "nGini gained over it", *(_TITLES[measure] for measure in _VALUE_SHOWN[1:]))
_DOTS = "One dot per tenth of the tested people, averaged over the origins."
_NO_BACKTEST = "No backtest was run yet: `trellis backtest` judges past origins, the next version shows it."


def model_page(version: Version) -> tuple[str, int]:
    """Return the page and the number of table rows it shows."""
    below = version.small_cell_below
    cards = model_cards(version)
    sections = [
        *(_card_section(card, below=below) for card in cards),
        *_backtest_sections(version, below=below),
        _drift_section(version),
    ]
    simulated = [("simulated", "Simulated data")] if version.manifest.get("is_simulated") else []
    page = report_page(
        "Can the scores be trusted?",
        sections,
        lead="What each model was trained on, how it did on days and people it had not seen, and what it must not be used for.",
        chips=[*simulated, ("Before", day(version.as_of)), ("Version", version.name)],
        small_cell_below=below,
    )
    return page, sum(len(section.rows) for section in sections)


def card_files(version: Version) -> dict[str, str]:
    """Return file name -> JSON text of each model's card, with version, dates and promotion."""
    return {
        f"model_cards/{card.outcome}-{card.horizon_days}d.json": json.dumps(
            {
                "outcome": card.outcome,
                "horizon_days": card.horizon_days,
                "model_version": card.model_version,
                "training_date": card.training_date.isoformat(),
                "is_fallback": card.is_fallback,
                "reason": card.reason,
                **card.details,
            },
            ensure_ascii=False,
            indent=1,
        )
        for card in model_cards(version)
    }


# --- cards
def _card_section(card: Card, *, below: int) -> Section:
    title, _, question = QUESTIONS.get(card.outcome, (card.outcome.capitalize(), "", ""))
    details = card.details
    heading = [
        ("Question", details.get("label_definition") or question.format(days=card.horizon_days)),
        ("Model", _what(card)),
        ("Version", f"{card.model_version}; {details.get('promotion', {}).get('reason', 'no model of its own')}"),
        ("Data", _window(card, below=below)),
        ("Labels", _labels(details)),
        ("Features", ", ".join(details.get("features", ())) or UNKNOWN),
        *(("Limit", limit) for limit in details.get("limits", ())),
    ]
    rows, columns, picture = (), (), None
    if card.test_as_of is not None and not is_small(card.users, below=below):
        if card.outcome == "value":
            columns, rows = _value_table(details)
        elif "measures" in details:
            columns, rows = _probability_table(details)
            picture = _reliability({judged_name(details): _bins(details, below=below)})
    return Section(
        key=f"{card.outcome}-{card.horizon_days}",
        title=f"{title} {card.horizon_days} days",
        heading=tuple(heading),
        columns=columns,
        rows=rows,
        picture=picture,
        empty_because="Not tested on the future: there are too few people, or the history is too short.",
    )


def _what(card: Card) -> str:
    if card.is_fallback:
        return f"a rule stands in: {card.reason}" if card.reason else "a rule stands in"
    if card.outcome == "value":
        chosen = card.details.get("targets", {}).get("expected_spend", {}).get("chosen", UNKNOWN)
        return f"chosen out of time for spend: {chosen.replace('_', ' ')}"
    return str(card.details.get("model", UNKNOWN))


def _window(card: Card, *, below: int) -> str:
    details = card.details
    tested = (
        ""
        if card.test_as_of is None
        else f"tested on {day(card.test_as_of)}"
        + ("" if is_small(card.users, below=below) else f" ({whole(card.users)} people)")
    )
    judged, final = details.get("evaluation_origins", ()), details.get("final_origins", ())
    first = details.get("data_window")
    parts = [
        f"data from {day(date.fromisoformat(first[0]))} on" if first else "",
        f"knows nothing from {day(card.training_date)} on",
        f"judged model: {len(judged)} snapshots, {judged[0]} to {judged[-1]}, {whole(details['training_rows'])} rows"
        if judged
        else "",
        tested,
        f"scoring model: {len(final)} snapshots up to {final[-1]}" if final else "",
    ]
    return "; ".join(part for part in parts if part)


def _labels(details: Mapping[str, Any]) -> str:
    audit = details.get("label_audit")
    if not audit:
        return UNKNOWN
    shares = list(audit["prevalence_by_origin"].values())
    text = (
        f"came true for {percent(min(shares), 1)} to {percent(max(shares), 1)} of people at the {len(shares)} origins; "
    )
    return text + (", ".join(audit["findings"]) or "audit passed")


def _probability_table(details: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    predictions = {judged_name(details): details["measures"], **details["baselines"]}
    gains = details.get("improvements", {})
    rows = tuple(
        (name, _estimate(found.get("auc")), _gain(gains.get(name)), *(_estimate(found.get(key)) for key in _SHOWN[1:]))
        for name, found in predictions.items()
    )
    return ("Prediction", *_PROBABILITY_COLUMNS), rows


def _value_table(details: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    rows = []
    for target, found in details["targets"].items():
        for name, measures in found["measures"].items():
            shown = "this forecast" if name == "trellis" else name.replace("_", " ")
            cells = [measures.get(measure) for measure in _VALUE_SHOWN]
            texts = [
                UNKNOWN if cell is None else _estimate(dict(zip(("value", "low", "high"), cell, strict=True)))
                for cell in cells
            ]
            rows.append((f"{target.replace('_', ' ')}: {shown}", *texts))
    return ("Prediction", *(_TITLES[measure] for measure in _VALUE_SHOWN)), tuple(rows)


def _estimate(found: Mapping[str, float | None] | None) -> str:
    if found is None or found["value"] is None:
        return UNKNOWN
    if found["low"] is None or found["high"] is None:
        return score(found["value"])
    return f"{score(found['value'])} ({score(found['low'])}–{score(found['high'])})"


def _gain(found: Mapping[str, float | None] | None) -> str:
    if found is None or found["value"] is None or found["low"] is None or found["high"] is None:
        return UNKNOWN
    return f"{found['value']:+.4f} ({found['low']:+.4f} to {found['high']:+.4f})"


def _bins(details: Mapping[str, Any], *, below: int) -> list[tuple[float, float]]:
    return [
        (group["mean_probability"], group["observed_share"])
        for group in details.get("calibration", ())
        if group["customers"] >= below
    ]


# --- pictures
def _reliability(series: Mapping[str, Sequence[tuple[float, float]]]) -> Picture | None:
    """Predicted against observed share; on the dotted line is right."""
    return _square(series, x="predicted", y="came true", dotted=True)


def _square(
    series: Mapping[str, Sequence[tuple[float, float]]], *, x: str, y: str, dotted: bool, y_format: str = ".0%"
) -> Picture | None:
    if not any(series.values()):
        return None
    traces: list[dict[str, object]] = [
        {
            "type": "scatter", "mode": "lines+markers", "name": name, "x": [point[0] for point in points],
            "y": [point[1] for point in points], "line": {"color": COLOURS[number % len(COLOURS)], "width": 2},
            "marker": {"size": 6}, "hovertemplate": f"{x} %{{x:.1%}}<br>{y} %{{y:{y_format}}}",
        }
        for number, (name, points) in enumerate(series.items())
    ]  # fmt: skip
    if dotted:
        line = {"color": "#66736d", "dash": "dot", "width": 1}
        traces.append(
            {"type": "scatter", "mode": "lines", "x": [0, 1], "y": [0, 1], "line": line, "hoverinfo": "skip", "showlegend": False}
        )  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": x}, "tickformat": ".0%", "rangemode": "tozero"},
        "yaxis": {"title": {"text": y}, "tickformat": y_format, "rangemode": "tozero"},
        "showlegend": len(series) > 1,
    }
    return Picture(traces, layout)


# --- backtest
def _backtest_sections(version: Version, *, below: int) -> list[Section]:
    measures = rows_of(
        version,
        "tables/score.backtest.parquet",
        "select outcome, horizon_days, origin, predictor, dimension, dimension_value, measure, users_count, estimate, "
        "estimate_low, estimate_high from published order by all",
    )
    curves = rows_of(
        version,
        "tables/score.backtest_curve.parquet",
        "select outcome, horizon_days, predictor, curve, bin, avg(curve_x), avg(curve_y), min(users_count) "
        "from published group by all order by all",
    )
    if not measures:
        return [_empty("backtest", "Backtest", _NO_BACKTEST)]
    sections = []
    for (outcome, horizon), group in groupby(measures, key=lambda row: (row[0], row[1])):
        rows = list(group)
        drawn = [row for row in curves if row[:2] == (outcome, horizon) and row[7] >= below]
        sections += _backtest_of(str(outcome), int(horizon), rows, drawn, below=below)
    return sections


def _backtest_of(
    outcome: str, horizon: int, rows: Sequence[tuple], curves: Sequence[tuple], *, below: int
) -> list[Section]:
    whole_rows = [row for row in rows if row[4] == "all"]
    shown = _VALUE_SHOWN if any(row[6] == "ngini" for row in whole_rows) else _SHOWN
    origins = sorted({row[2] for row in whole_rows}, key=lambda origin: (origin != "mean", origin))
    table = [
        (f"{origin}: {name}", *cells) for origin in origins for name, cells in _by_predictor(whole_rows, origin, shown)
    ]
    columns = ("Origin: prediction", *(_PROBABILITY_COLUMNS if shown is _SHOWN else _VALUE_COLUMNS))
    title = f"Backtest, {outcome.replace('_', ' ')} {horizon} days"
    key = f"backtest-{outcome.replace('_', '-')}-{horizon}"
    dates = [origin for origin in origins if origin != "mean"]
    heading = (
        ("What", f"at each of {len(dates)} past dates a model of what was known then, judged on the next {horizon} days"),
        ("Interval", "95 %, 300 resamples of customers, the same ones for all predictions of a line"),
    )  # fmt: skip
    gain = _square(_series(curves, "gain"), x="users reached, best scores first", y="of all positives", dotted=True)
    sections = [Section(key, title, heading, columns, tuple(table), picture=gain)]
    reached = "users reached, best scores first"
    lift = _square(_series(curves, "lift"), x=reached, y="times the average", dotted=False, y_format=".1f")
    reliability = _reliability(_series(curves, "reliability"))
    groups = _group_rows(rows, below=below)
    if lift is not None:
        about = (("What", "how many times more positives the best scores hold than as many users taken at random"),)
        sections.append(Section(f"{key}-lift", f"{title}: lift and groups", about, *groups, picture=lift))
    if reliability is not None:
        about = (
            ("What", "mean predicted against observed share, tenths of the tested people; on the dotted line is right"),
        )
        sections.append(
            Section(
                f"{key}-reliability", f"{title}: reliability", about, (), (), picture=reliability, empty_because=_DOTS
            )
        )
    return sections


def _by_predictor(rows: Sequence[tuple], origin: str, shown: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    found: dict[str, dict[str, Mapping[str, float | None]]] = {}
    for row in rows:
        if row[2] == origin:
            found.setdefault(row[3], {})[row[6]] = {"value": row[8], "low": row[9], "high": row[10]}
    names = sorted(found, key=lambda name: (name != MODEL, name))
    table = []
    for name in names:
        cells = [_estimate(found[name].get(measure)) for measure in shown]
        cells.insert(1, _gain(found[name].get(f"{shown[0]}_gain")))
        table.append((name, tuple(cells)))
    return table


def _series(curves: Sequence[tuple], curve: str) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for _, _, predictor, name, _, x, y, _ in curves:
        if name == curve:
            found.setdefault(predictor, []).append((x, y))
    return dict(sorted(found.items(), key=lambda entry: (entry[0] != MODEL, entry[0])))


def _group_rows(rows: Sequence[tuple], *, below: int) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The newest origin by persona, channel and tenure; groups of too few people are left out."""
    newest = max(row[2] for row in rows if row[2] != "mean")
    found: dict[tuple[str, str, int], dict[str, Mapping[str, float | None]]] = {}
    for row in rows:
        if row[2] == newest and row[4] != "all" and row[7] >= below:
            measure = {"value": row[8], "low": row[9], "high": row[10]}
            found.setdefault((row[4], row[5], row[7]), {})[row[6]] = measure
    shown = ("prevalence", "auc", "brier", "ece", "lift_at_10")
    table = tuple(
        (f"{dimension}: {value}", whole(users), *(_estimate(measures.get(measure)) for measure in shown))
        for (dimension, value, users), measures in sorted(found.items())
    )
    return (f"Group, origin {newest}", "Users", *(_TITLES[measure] for measure in shown)), table


# --- drift
def _drift_section(version: Version) -> Section:
    rows = rows_of(
        version,
        "tables/report.drift.parquet",
        "select outcome, horizon_days, feature, psi, drift_level from published where drift_level <> 'stable' "
        "order by psi desc, outcome, horizon_days, feature",
    )
    return Section(
        key="drift",
        title="Drift",
        heading=(
            ("What", "how far features and scores have moved from the snapshot the model was last trained on (stability index)"),
            ("Levels", "watch from 0.10, act from 0.25; what the numbers of people alone explain is stable"),
        ),
        columns=("Feature", "Model", "Index", "Level"),
        rows=tuple((row[2], f"{row[0]} {row[1]} d", f"{row[3]:.2f}", row[4]) for row in rows),
        texts=frozenset({0, 1, 3}),
        empty_because="Nothing has moved beyond chance, or no model has a baseline yet.",
    )  # fmt: skip


def _empty(key: str, title: str, because: str) -> Section:
    return Section(key, title, (), (), (), empty_because=because)
