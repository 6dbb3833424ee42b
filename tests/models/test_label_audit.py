"""Label audit: every planted fault is found, a sound label is not accused."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.label_audit import audit_labels, require_closed_windows


def labelled(share_first=0.3, share_second=0.3, rows=1_000, habit_days=50):
    rng = np.random.default_rng(1)
    recency = rng.exponential(30, 2 * rows)
    origin = pd.to_datetime(np.repeat(["2024-03-01", "2024-03-29"], rows))
    share = np.repeat([share_first, share_second], rows)
    label = (rng.random(2 * rows) < 1.6 * share * np.exp(-recency / habit_days)).astype(int)
    return pd.DataFrame({"as_of": origin, "recency_days": recency, "label": label})


def findings(samples, outcome="purchase"):
    return audit_labels(samples, label="label", outcome=outcome).findings


def test_a_sound_label_has_no_findings():
    audit = audit_labels(labelled(), label="label", outcome="purchase")
    assert audit.findings == ()
    assert list(audit.prevalence_by_origin) == ["2024-03-01", "2024-03-29"]


@pytest.mark.parametrize(
    "samples,expected",
    [
        (labelled().assign(label=0), ("degenerate",)),
        (labelled().assign(label=1), ("degenerate",)),
        (labelled(0.0015, 0.0015, rows=4_000), ("rare",)),
        (labelled(0.006, 0.006), ()),  # one in a hundred and fifty carries a model where there are many
        (labelled(0.5, 0.05), ("unstable",)),
        (labelled(0.9, 0.9, habit_days=15).assign(label=lambda frame: 1 - frame["label"]), ("inverted",)),
        (labelled().assign(label=lambda frame: 1 - frame["label"]), ("against_recency",)),
    ],
)
def test_planted_faults_are_found(samples, expected):
    assert findings(samples) == expected


def test_the_direction_depends_on_the_outcome():
    inactive = labelled().assign(label=lambda frame: 1 - frame["label"])
    assert findings(inactive, "churn") == ()
    assert findings(labelled(), "churn") == ("against_recency",)


@pytest.mark.parametrize(
    "samples,said",
    [
        (labelled().assign(label=0), "degenerate, 0.00% of 2000 labels"),
        (labelled(0.0015, 0.0015, rows=4_000), "outside 0.2% to 99.8%"),
        (labelled(0.9, 0.9, habit_days=15).assign(label=lambda frame: 1 - frame["label"]), "classes are exchanged"),
    ],
)
def test_what_blocks_says_why(samples, said):
    refusal = audit_labels(samples, label="label", outcome="purchase").refusal
    assert refusal is not None
    assert said in refusal


def test_what_is_only_odd_does_not_block():
    assert audit_labels(labelled(0.5, 0.05), label="label", outcome="purchase").refusal is None
    assert audit_labels(labelled(), label="label", outcome="churn").refusal is None


def test_an_open_window_is_refused_to_the_day():
    require_closed_windows(labelled(), horizon_days=28, known_until=date(2024, 4, 26))
    with pytest.raises(ValueError, match="1000 of 2000 samples have an open label window: origins after 2024-03-28"):
        require_closed_windows(labelled(), horizon_days=28, known_until=date(2024, 4, 25))
