"""A published version made by hand: small, with hostile names, small groups, an empty list and a rule that was never tested."""

import copy
import hashlib
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contracts.columns import COLUMNS
from contracts.outputs import PUBLISHED_TABLES, TABLES
from models.evaluation import Interval
from models.model_card import CalibrationBin, ModelCard
from service.pages import draw_pages
from tests.service import browser
from tests.service.behaviour_tables import BEHAVIOUR, BEHAVIOUR_COLUMNS, HOSTILE

AS_OF = date(2024, 3, 20)
NAME = "2024-03-20.1"

_TYPES = {
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "DECIMAL(18,4)": pa.decimal128(18, 4),
    "VARCHAR[]": pa.list_(pa.string()),
}
REPORT_COLUMNS = {
    "report.revenue_month": (
        "month_date", "population", "gross_amount", "discount_amount", "unpaid_amount", "returned_amount", "refund_amount",
        "orders_count", "buyers_count", "returns_count", "net_amount", "average_order_value",
    ),
    "report.persona_summary": (
        "as_of", "persona", "persona_name_en", "persona_name_zh", "users_count", "share", "recency_days_mean", "orders_mean",
        "net_amount_mean", "purchase_probability_mean",
    ),
    "report.cluster_summary": (
        "as_of", "cluster_id", "cluster_name_en", "cluster_name_zh", "users_count", "share", "recency_days_mean",
        "orders_mean", "net_amount_mean",
    ),
    "report.segment_summary": (
        "as_of", "segment", "variant", "members_count", "control_count", "value_at_stake", "probability",
    ),
    "report.data_quality": (
        "contract", "rows_staged", "rows_loaded", "rows_updated", "rows_duplicate", "rows_excluded", "rows_quarantined",
    ),
    "report.exclusions": ("contract", "kind", "reason", "rows_count"),
    **BEHAVIOUR_COLUMNS,
    "report.drift": (
        "as_of", "outcome", "horizon_days", "feature", "users_count", "psi", "psi_chance", "drift_level",
    ),
}  # fmt: skip


def month(number, population, *, gross, returned=0, refund=0, discount=0, unpaid=0, orders, buyers, returns):
    net = Decimal(gross) - Decimal(returned) - Decimal(refund) - Decimal(discount) - Decimal(unpaid)
    return {
        "month_date": date(2024, number, 1),
        "population": population,
        "gross_amount": Decimal(gross),
        "discount_amount": Decimal(discount),
        "unpaid_amount": Decimal(unpaid),
        "returned_amount": Decimal(returned),
        "refund_amount": Decimal(refund),
        "orders_count": orders,
        "buyers_count": buyers,
        "returns_count": returns,
        "net_amount": net,
        "average_order_value": float(Decimal(gross) - Decimal(discount) - Decimal(unpaid)) / orders if orders else None,
    }


REVENUE = [
    # January: 8 guest orders, so neither guests nor identified are shown apart.
    month(1, "all", gross="12000.50", returned=500, discount=100, orders=108, buyers=70, returns=12),
    month(1, "identified", gross="11000.25", returned=500, discount=100, orders=100, buyers=70, returns=12),
    month(1, "guests", gross="1000.25", orders=8, buyers=0, returns=0),
    # February is the last full month: all is shown.
    month(2, "all", gross=13500, returned=700, refund=300, discount=200, orders=120, buyers=80, returns=15),
    month(2, "identified", gross=11500, returned=700, refund=300, discount=200, orders=100, buyers=80, returns=15),
    month(2, "guests", gross=2000, orders=20, buyers=0, returns=0),
    # March runs. 4 returns and nothing else between gross and net: both gross and what was given back are hidden.
    month(3, "all", gross=6161, returned=61, orders=55, buyers=40, returns=4),
    month(3, "identified", gross=5161, returned=61, orders=45, buyers=40, returns=4),
    month(3, "guests", gross=1000, orders=10, buyers=0, returns=0),
]


def persona(name, users, *, name_en, spend, probability):
    return {
        "as_of": AS_OF,
        "persona": name,
        "persona_name_en": name_en,
        "persona_name_zh": "核心客户",
        "users_count": users,
        "share": users / 186,
        "recency_days_mean": 12.4,
        "orders_mean": 4.26,
        "net_amount_mean": spend,
        "purchase_probability_mean": probability,
    }


PERSONAS = [
    persona("champions", 120, name_en=f"Champions {HOSTILE}", spend=2446.577448, probability=0.7036),
    persona("loyal", 60, name_en=f"Loyal {HOSTILE}", spend=841.083506, probability=0.4321),
    persona("lost", 6, name_en="Lost", spend=77.125, probability=0.1987),
]
CLUSTERS = [
    {
        "as_of": AS_OF, "cluster_id": number, "cluster_name_en": name, "cluster_name_zh": "高频", "users_count": users,
        "share": users / 186, "recency_days_mean": 31.2, "orders_mean": 3.14, "net_amount_mean": spend,
    }
    for number, name, users, spend in ((1, "Frequent", 100, 1848.0), (2, HOSTILE, 86, -13.25))
]  # fmt: skip


def members(segment, variant, count, *, control, action, first=0):
    return [
        {
            "segment": segment,
            "segment_version": "deadbeef",
            "variant": variant,
            "user_id": f"shopper-{segment}-{first + number:04d}",
            "as_of": AS_OF,
            "entered_at": AS_OF,
            "probability": 0.5,
            "percentile": 0.9,
            "value_at_stake": 100.25,
            "recommended_action": action,
            "reason_codes": ["valuable_customer"],
            "reason_en": "valuable customer",
            "reason_zh": "高价值",
            "is_control": number < control,
            "consent_basis": "opt_in",
            "expires_at": date(2024, 4, 3),
        }
        for number in range(count)
    ]


LISTS = {
    "retention": [
        *members("retention", "high_value", 30, control=10, action="Reminder with news"),
        *members("retention", "top_value", 24, control=2, action=f"Thank you {HOSTILE}", first=30),
    ],
    "reactivation": [
        *members("reactivation", "long_lapsed", 14, control=3, action="One letter"),
        *members("reactivation", "just_lapsed", 6, control=0, action="A voucher", first=14),
    ],
    "pricing": [],
}
FACTS = {
    "retention": {"rows": 54, "control": 12, "kept_out_for_lack_of_consent": 17, "empty_because": None},
    "reactivation": {"rows": 20, "control": 3, "kept_out_for_lack_of_consent": 4, "empty_because": None},
    "pricing": {"rows": 0, "control": 0, "kept_out_for_lack_of_consent": 0, "empty_because": f"no discounts {HOSTILE}"},
}


def interval(value):
    return Interval(value=value, low=value - 0.0213, high=value + 0.0187)


CARD = ModelCard(
    outcome="purchase",
    horizon_days=28,
    label_definition="a paid order",
    model="blend",
    is_fallback=False,
    reason=None,
    test_origin="2024-02-21",
    evaluation_origins=("2023-12-01",),
    final_origins=("2023-12-01", "2024-02-21"),
    training_rows=900,
    training_customers=180,
    test_customers=180,
    features=("recency_days", "orders_count"),
    measures={
        name: interval(value)
        for name, value in (
            ("prevalence", 0.4321), ("auc", 0.7654), ("pr_auc", 0.6543), ("brier", 0.1876), ("ece", 0.0321), ("lift_at_10", 2.1),
        )
    },
    baselines={"recency rule": {"auc": interval(0.6789)}, "MBG/NBD P(buy)": {"auc": interval(0.7531)}},
    improvements={"recency rule": Interval(0.08, 0.03, 0.13), "MBG/NBD P(buy)": Interval(0.01, -0.02, 0.04)},
    calibration=(CalibrationBin(1, 6, 0.0512, 0.1), CalibrationBin(2, 174, 0.4412, 0.4398)),
    limits=(f"never for personal prices {HOSTILE}",),
)  # fmt: skip
VALUE_MEASURES = {
    "trellis": {
        "ngini": [0.7712, 0.7, 0.8],
        "bias": [-0.341, -0.4, -0.2],
        "mae": [57.25, 50, 65],
        "mean_actual": [76.5, 60, 90],
    },
    "past_spend": {
        "ngini": [0.6991, 0.6, 0.77],
        "bias": [-0.3, -0.4, -0.2],
        "mae": [59.0, 50, 65],
        "mean_actual": [76.5, 60, 90],
    },
}


def card_row(outcome, **values):
    row = dict.fromkeys(TABLES["score.model_card"].columns)
    row |= {
        "as_of": AS_OF,
        "outcome": outcome,
        "horizon_days": 28,
        "training_date": AS_OF,
        "model_version": f"v-{outcome}",
    }
    return row | values


CARDS = [
    card_row(
        "purchase", is_fallback=False, users_count=180, test_as_of=date(2024, 2, 21), prevalence=0.4321, auc=0.7654,
        pr_auc=0.6543, brier=0.1876, ece=0.0321, lift_top_decile=2.1, recency_rule_auc=0.6789,
        card=json.dumps(CARD.to_dict()),
    ),
    card_row("churn", is_fallback=True, users_count=0, reason=f"history too short {HOSTILE}", card="{}"),
    card_row(
        "value", is_fallback=False, users_count=180, test_as_of=date(2024, 2, 21),
        card=json.dumps({"outcome": "value", "targets": {"expected_spend": {"measures": VALUE_MEASURES}}}),
    ),
]  # fmt: skip
LEDGER = [
    {
        "contract": "order_items", "rows_staged": 541_909, "rows_loaded": 539_400, "rows_updated": 11, "rows_duplicate": 20,
        "rows_excluded": 2_400, "rows_quarantined": 78,
    },
]  # fmt: skip
DRIFT = [
    {
        "as_of": AS_OF, "outcome": "purchase", "horizon_days": 28, "feature": feature, "users_count": 180, "psi": psi,
        "psi_chance": 0.02, "drift_level": level,
    }
    for feature, psi, level in (("recency_days", 0.31, "act"), ("orders_count", 0.12, "watch"), ("score", 0.01, "stable"))
]  # fmt: skip
REASONS = [
    {"contract": "order_items", "kind": "excluded", "reason": f"stock correction {HOSTILE}", "rows_count": 2_400},
    {"contract": "order_items", "kind": "quarantined", "reason": "order_id is missing", "rows_count": 78},
]
MANIFEST = {
    "layout_version": 1,
    "version": NAME,
    "as_of": AS_OF.isoformat(),
    "created_at": "2024-03-20T02:00:00+00:00",
    "run_id": "run",
    "code_version": "0.1.0",
    "mapping": f"shop {HOSTILE}",
    "time_zone": "Asia/Shanghai",
    "currency": "CNY",
    "horizons_days": [28],
    "churn_window_days": 56,
    "segments": FACTS,
    "data_quality": {
        "files": {"files": 1, "records": 541_912, "rejected": 3},
        "contracts": {},
        "notices": [f"orders.csv: {HOSTILE}"],
    },
}


def whole_version():
    """Every table of a version as rows; a test changes what it is about."""
    scored = [name for name in PUBLISHED_TABLES if name not in {"score.model_card", "report.funnel"}]
    return {
        **dict.fromkeys(scored, ()),
        "score.model_card": CARDS,
        "report.revenue_month": REVENUE,
        "report.persona_summary": PERSONAS,
        "report.cluster_summary": CLUSTERS,
        "report.segment_summary": [],
        "report.data_quality": LEDGER,
        "report.exclusions": REASONS,
        **BEHAVIOUR,
        "report.drift": DRIFT,
        **{f"segment.{name}": rows for name, rows in LISTS.items()},
    }


def _write(path: Path, columns, rows) -> None:
    schema = pa.schema([(name, _TYPES[COLUMNS[name].type]) for name in columns])
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)


def write_version(folder: Path, tables=None, manifest=None) -> Path:
    """Write a version as it stands when pages are drawn: no "files" in the manifest yet."""
    for table, rows in (tables or whole_version()).items():
        layer, name = table.split(".")
        if layer == "segment":
            _write(folder / f"segments/{name}.parquet", TABLES["segment.members"].columns, rows)
        else:
            columns = TABLES[table].columns if table in TABLES else REPORT_COLUMNS[table]
            _write(folder / f"tables/{table}.parquet", columns, rows)
    (folder / "manifest.json").write_text(json.dumps(manifest or MANIFEST), encoding="utf-8")
    return folder


def finish(home: Path, version: Path) -> Path:
    """Complete the manifest and move the pointer, as a publication does."""
    manifest = json.loads((version / "manifest.json").read_text(encoding="utf-8"))
    files = [path for path in sorted(version.rglob("*")) if path.is_file() and path.name != "manifest.json"]
    manifest["files"] = {
        path.relative_to(version).as_posix(): {
            "rows": 0,
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in files
    }
    (version / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (home / "published" / "current").write_text(version.name + "\n", encoding="utf-8")
    return home


@pytest.fixture
def tables() -> dict:
    """Every table of the version as rows; a test changes what it is about."""
    return copy.deepcopy(whole_version())


@pytest.fixture
def manifest() -> dict:
    return copy.deepcopy(MANIFEST)


@pytest.fixture
def write(tmp_path):
    """Write a version from tables and a manifest, and return its folder."""
    return lambda tables=None, manifest=None: write_version(tmp_path / "published" / NAME, tables, manifest)


@pytest.fixture(scope="session")
def write_changed():
    """Write a version into a folder, with these tables in the place of its own."""
    return lambda folder, tables: write_version(folder, whole_version() | tables)


@pytest.fixture
def publish(tmp_path):
    """Complete a written version, move the pointer, and return the home."""
    return lambda version: finish(tmp_path, version)


@pytest.fixture
def version(write) -> Path:
    """A version that is being written, of its own for every test."""
    return write()


@pytest.fixture(scope="session")
def drawn(tmp_path_factory) -> Path:
    """A home with one finished version and its page; read only."""
    home = tmp_path_factory.mktemp("home")
    version = write_version(home / "published" / NAME)
    draw_pages(version)
    return finish(home, version)


@pytest.fixture(scope="session")
def overview_file(drawn) -> Path:
    return drawn / "published" / NAME / "dashboards/overview.html"


@pytest.fixture(scope="session")
def page(overview_file) -> str:
    return overview_file.read_text(encoding="utf-8")


browse = browser.browse
