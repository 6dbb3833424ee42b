"""User and product rows in the columns of the contract: attributes, their changes, consent, and fake direct
identifiers.

Belongs here: how people and goods look in a file. Does not belong here: latent traits (population.py, truth.py).
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.world.behaviour import BlockLife
from pipelines.world.catalogue import BRANDS, NOUNS
from pipelines.world.columns import coded, instants, money
from pipelines.world.events import VisitPlan, product_ids, user_ids
from pipelines.world.identifiers import decimal_ids
from pipelines.world.model import WorldModel
from pipelines.world.orders import DAY_S, NONE
from pipelines.world.parameters import (
    AGE_BAND_STARTS,
    AGE_BANDS,
    CATEGORIES,
    CHANNELS,
    INCOME_BANDS,
    OCCUPATIONS,
    PERSONAS,
    REGIONS,
)
from pipelines.world.population import CONSENT_GIVEN, CONSENT_MISSING

MOVING_SHARE = 0.08
"""Share of users whose region, income and membership change once."""
_SURNAMES = ("Wang 王", "Li 李", "Zhang 张", "Liu 刘", "Chen 陈", "Yang 杨", "Zhao 赵", "Huang 黄")
_GIVEN = ("Simulated-A", "Simulated-B", "Simulated-C", "Simulated-D", "Simulated-E", "Simulated-F")
_MEMBERSHIPS = ("basic", "silver", "gold")
_ATTRIBUTES = tuple(
    f'{{"membership":"{level}","app_language":"{language}"}}' for level in _MEMBERSHIPS for language in ("zh", "en")
)
_CONSENT_BASES = ("opt_in", "declined", "withdrawn")


@dataclass(frozen=True)
class _Facts:
    """What a user's row says, as codes; one entry per user."""

    region: np.ndarray
    income: np.ndarray
    attribute: np.ndarray
    consent: np.ndarray
    basis: np.ndarray


def user_table(world: WorldModel, life: BlockLife, plan: VisitPlan, *, block: int) -> pa.Table:
    """Return the rows of a block's users: first rows, then changed rows with the same user_id and a later valid_from."""
    rng, users = world.random(12, block), life.users
    count, end = len(users), world.days * DAY_S
    registered = _registered_seconds(life, plan, rng)
    fixed = _fixed_columns(world, life, rng, registered)
    persona = users.persona
    first = _Facts(
        region=np.minimum((len(REGIONS) * rng.random(count) ** 1.3).astype(int), len(REGIONS) - 1),
        income=np.clip(np.round(rng.normal(np.array([1.2, 2.1, 3.0, 1.0, 0.3, 1.3])[persona], 0.8)), 0, 4).astype(int),
        attribute=rng.choice(len(_MEMBERSHIPS), count, p=[0.7, 0.2, 0.1]) * 2 + (rng.random(count) < 0.05),
        consent=users.consent.astype(int),
        basis=np.select([users.consent == CONSENT_GIVEN, users.consent == CONSENT_MISSING], [0, NONE], default=1),
    )
    moves_at = registered + rng.integers(10 * DAY_S, 400 * DAY_S, count)
    moves = (rng.random(count) < MOVING_SHARE) & (moves_at > 0) & (moves_at < end)
    withdrawn_at = users.withdrawn_day.astype(np.int64) * DAY_S + rng.integers(0, DAY_S, count)
    withdraws = withdrawn_at < end
    moved = _Facts(
        region=np.where(moves, rng.integers(0, len(REGIONS), count), first.region),
        income=np.minimum(first.income + 1, 4),
        attribute=np.minimum(first.attribute + 2, len(_ATTRIBUTES) - 1),
        consent=np.where(withdraws & (withdrawn_at <= moves_at), 0, first.consent),
        basis=np.where(withdraws & (withdrawn_at <= moves_at), 2, first.basis),
    )
    after_move = moves & (moves_at < withdrawn_at)
    withdrawn = _Facts(
        region=np.where(after_move, moved.region, first.region),
        income=np.where(after_move, moved.income, first.income),
        attribute=np.where(after_move, moved.attribute, first.attribute),
        consent=np.zeros(count, dtype=int),
        basis=np.full(count, 2),
    )
    everyone = np.arange(count)
    return pa.concat_tables(
        [
            _rows(world, fixed, first, everyone, registered),
            _rows(world, fixed, moved, np.flatnonzero(moves), moves_at),
            _rows(world, fixed, withdrawn, np.flatnonzero(withdraws), withdrawn_at),
        ]
    )


def _registered_seconds(life: BlockLife, plan: VisitPlan, rng: np.random.Generator) -> np.ndarray:
    users, visits = life.users, life.visits
    registered = users.registered_day * DAY_S + rng.integers(7 * 3600, DAY_S, len(users))
    at_registration = visits.day == users.registered_day[visits.user]
    # floor, so that nobody registers after their first event.
    registered[visits.user[at_registration]] = np.floor(plan.start[at_registration]).astype(np.int64)
    return registered


def _fixed_columns(
    world: WorldModel, life: BlockLife, rng: np.random.Generator, registered: np.ndarray
) -> dict[str, pa.Array]:
    users, count = life.users, len(life.users)
    persona = users.persona
    female = rng.random(count) < np.array([entry.female for entry in PERSONAS])[persona]
    age = np.clip(
        rng.normal(np.array([e.age_mean for e in PERSONAS])[persona], np.array([e.age_sd for e in PERSONAS])[persona]),
        14, 85,
    )  # fmt: skip
    born = (np.datetime64(world.start) - np.round(age * 365.25).astype("timedelta64[D]")).astype("datetime64[D]")
    band = np.searchsorted(AGE_BAND_STARTS, np.floor(age), side="right")
    likely_job = np.array([1, 7, 1, 5, 0, 6])[persona]
    job = np.where(rng.random(count) < 0.6, likely_job, rng.integers(0, len(OCCUPATIONS), count))
    household = np.clip(rng.poisson(np.array([0.8, 2.4, 0.9, 1.6, 2.0, 1.2])[persona]) + 1, 1, 8)
    numbers = life.first_user + np.arange(count)
    names = [f"{surname} {given}" for surname in _SURNAMES for given in _GIVEN]
    return {
        "user_id": user_ids(numbers),
        "registered_at": instants(world.utc_microseconds(registered)),
        "gender": coded(("female", "male"), ~female, rng.random(count) < 0.05),
        "birth_date": pa.array(born, mask=rng.random(count) < 0.3).cast(pa.date32()),
        "age_band": coded(AGE_BANDS, band, rng.random(count) < 0.05),
        "occupation": coded(OCCUPATIONS, job, rng.random(count) < 0.15),
        "household_size": pa.array(household.astype(np.int32), mask=rng.random(count) < 0.2),
        "acquisition_channel": coded(CHANNELS, users.channel),
        "invited_by": _inviters(users.inviter),
        "name": coded(names, rng.integers(0, len(names), count)),
        # 100 is no mobile prefix, so these numbers belong to nobody.
        "phone": decimal_ids("100", numbers, 8),
    }


def _inviters(inviter: np.ndarray) -> pa.Array:
    mask = pa.array(inviter < 0)
    return pc.call_function("if_else", [mask, pa.scalar(None, pa.string()), user_ids(np.maximum(inviter, 0))])


def _rows(
    world: WorldModel, fixed: dict[str, pa.Array], facts: _Facts, rows: np.ndarray, valid_from: np.ndarray
) -> pa.Table:
    picked = {name: column.take(pa.array(rows)) for name, column in fixed.items()}
    consent = facts.consent[rows]
    regions = [name for name, _ in REGIONS]
    tiers = [f"tier_{tier}" for _, tier in REGIONS]
    picked |= {
        "region": coded(regions, facts.region[rows]),
        "city_tier": coded(
            sorted(set(tiers)), np.searchsorted(sorted(set(tiers)), np.array(tiers)[facts.region[rows]])
        ),
        "income_band": coded(INCOME_BANDS, facts.income[rows]),
        "marketing_consent": pa.array(consent == CONSENT_GIVEN, mask=consent == CONSENT_MISSING),
        "consent_basis": coded(_CONSENT_BASES, np.maximum(facts.basis[rows], 0), facts.basis[rows] == NONE),
        "attributes": coded(_ATTRIBUTES, facts.attribute[rows]),
        "valid_from": instants(world.utc_microseconds(valid_from[rows])),
    }
    return pa.table({name: picked[name] for name in USER_COLUMNS})


USER_COLUMNS = (
    "user_id", "registered_at", "gender", "birth_date", "age_band", "region", "city_tier", "occupation", "income_band",
    "household_size", "acquisition_channel", "invited_by", "marketing_consent", "consent_basis", "attributes",
    "valid_from", "name", "phone",
)  # fmt: skip


def product_table(world: WorldModel) -> pa.Table:
    """Return one row per product of the catalogue."""
    catalogue = world.catalogue
    numbers = np.arange(len(catalogue))
    names = [
        f"{BRANDS[brand]} {NOUNS[category][noun]} {number}"
        for number, brand, category, noun in zip(
            numbers, catalogue.brand, catalogue.category, catalogue.noun, strict=True
        )
    ]
    return pa.table(
        {
            "product_id": product_ids(numbers),
            "name": pa.array(names),
            "category": coded(CATEGORIES, catalogue.category),
            "brand": coded(BRANDS, catalogue.brand),
            "supplier_id": decimal_ids("supplier-", catalogue.supplier, 4),
            "list_price": money(catalogue.list_price),
            "unit_cost": money(catalogue.unit_cost),
        }
    )
