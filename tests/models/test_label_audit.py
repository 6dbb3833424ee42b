"""Label audit: every planted fault is found, a sound label is not accused."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.label_audit import audit_labels, require_closed_windows


def labelled(share_first=0.3, share_second=0.3, rows=1_000):
    rng = np.random.default_rng(1)
    recency = rng.exponential(30, 2 * rows)
    origin = pd.to_datetime(np.repeat(["2024-03-01", "2024-03-29"], rows))
    share = np.repeat([share_first, share_second], rows)
    label = (rng.random(2 * rows) < 1.6 * share * np.exp(-recency / 50)).astype(int)
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
        (labelled(0.006, 0.006), ("rare",)),
        (labelled(0.5, 0.05), ("unstable",)),
        (labelled().assign(label=lambda frame: 1 - frame["label"]), ("inverted",)),
    ],
)
def test_planted_faults_are_found(samples, expected):
    assert findings(samples) == expected


def test_the_direction_depends_on_the_outcome():
    inactive = labelled().assign(label=lambda frame: 1 - frame["label"])
    assert findings(inactive, "churn") == ()
    assert findings(labelled(), "churn") == ("inverted",)


def test_an_open_window_is_refused_to_the_day():
    require_closed_windows(labelled(), horizon_days=28, known_until=date(2024, 4, 26))
    with pytest.raises(ValueError, match="1000 of 2000 samples have an open label window: origins after 2024-03-28"):
        require_closed_windows(labelled(), horizon_days=28, known_until=date(2024, 4, 25))
