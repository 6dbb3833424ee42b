"""Feedback rows of a block: scores and texts that follow from lateness, faults and the product.

Belongs here: ratings, reviews, complaints, suggestions, csat, nps. Does not belong here: deliveries (behaviour.py).
"""

import numpy as np
import pyarrow as pa

from pipelines.world.behaviour import BlockLife
from pipelines.world.columns import coded, instants
from pipelines.world.events import product_ids, user_ids
from pipelines.world.identifiers import hex_ids
from pipelines.world.model import WorldModel
from pipelines.world.order_rows import order_ids
from pipelines.world.orders import DAY_S, NONE, Lines, Orders
from pipelines.world.parameters import PERSONAS
from pipelines.world.texts import BAD, DEFECT, FAIR, GOOD, LATE, PLAIN, text_pool

KINDS = ("rating", "review", "complaint", "suggestion", "csat", "nps")
RATING, REVIEW, COMPLAINT, SUGGESTION, CSAT, NPS = range(6)
RATING_SHARE, REVIEW_SHARE, SUGGESTION_SHARE, NPS_SHARE, CSAT_SHARE = 0.12, 0.10, 0.004, 0.02, 0.5
COMPLAINT_WHEN_FINE, COMPLAINT_PER_LATE_DAY, COMPLAINT_WHEN_FAULTY = 0.004, 0.05, 0.45
ANSWERED_SHARE, RESOLVED_SHARE = 0.85, 0.8
SUGGESTIONS = (
    "希望增加夜间配送",
    "希望有更多尺码",
    "希望支持以旧换新",
    "Please add more sizes",
    "Please ship at weekends",
)


def feedback_table(world: WorldModel, life: BlockLife, orders: Orders, lines: Lines, *, block: int) -> pa.Table:
    """Return the feedback of a block's users on delivered orders, up to the end of the world."""
    rng, end = world.random(11, block), world.days * DAY_S
    received = np.flatnonzero((orders.delivered != NONE) & (orders.user != NONE))
    late_days = np.maximum((orders.delivered - orders.promised)[received] / DAY_S, 0)
    faulty = orders.defect[received]
    first_line = np.flatnonzero(lines.line == 1)
    product = lines.product[first_line][received]
    pleasure = 4.6 - 0.3 * np.ceil(late_days) - 2.2 * faulty + world.catalogue.quality[product]
    complains = COMPLAINT_WHEN_FINE + COMPLAINT_PER_LATE_DAY * np.ceil(late_days) + COMPLAINT_WHEN_FAULTY * faulty
    shares = {
        RATING: np.full(len(received), RATING_SHARE),
        REVIEW: np.full(len(received), REVIEW_SHARE),
        COMPLAINT: np.minimum(complains, 0.9),
        SUGGESTION: np.full(len(received), SUGGESTION_SHARE),
        NPS: np.full(len(received), NPS_SHARE),
    }
    picked = {kind: np.flatnonzero(rng.random(len(received)) < share) for kind, share in shares.items()}
    row = np.concatenate(list(picked.values()))
    kind = np.repeat(list(picked), [len(rows) for rows in picked.values()])
    created = orders.delivered[received[row]] + np.where(
        kind == COMPLAINT, rng.integers(600, DAY_S, len(row)), rng.integers(3600, 6 * DAY_S, len(row))
    )
    answered = np.where(rng.random(len(row)) < ANSWERED_SHARE, created + rng.integers(300, 2 * DAY_S, len(row)), NONE)
    solved = np.where(
        (answered != NONE) & (rng.random(len(row)) < RESOLVED_SHARE),
        answered + rng.integers(300, 5 * DAY_S, len(row)),
        NONE,
    )
    needs_answer = (kind == COMPLAINT) | (kind == SUGGESTION)
    answered = np.where(needs_answer & (answered < end), answered, NONE)
    solved = np.where((kind == COMPLAINT) & (answered != NONE) & (solved < end), solved, NONE)
    # After a solved complaint half of the users say how the service was.
    asked = np.flatnonzero((solved != NONE) & (rng.random(len(row)) < CSAT_SHARE))
    slow = (answered[asked] - created[asked]) / DAY_S
    row = np.concatenate([row, row[asked]])
    pleasure = np.concatenate([pleasure[row[: len(kind)]], 4.7 - 1.2 * slow])
    created = np.concatenate([created, solved[asked] + 3600])
    kind = np.concatenate([kind, np.full(len(asked), CSAT)])
    answered = np.concatenate([answered, np.full(len(asked), NONE)])
    solved = np.concatenate([solved, np.full(len(asked), NONE)])
    stars = np.clip(np.round(pleasure + rng.normal(0, 0.7, len(row))), 1, 5)
    tenths = np.clip(np.round(2.2 * pleasure - 1.5 + rng.normal(0, 1.5, len(row))), 0, 10)
    score = np.where(kind == NPS, tenths, stars)
    text, no_text = _texts(rng, life, orders.user[received[row]], kind, stars, late_days[row], faulty[row])
    user, no_score = orders.user[received[row]], needs_score_missing(kind)
    table = pa.table(
        {
            "feedback_id": hex_ids("f", np.arange(len(row)) + (block << 28)),
            "user_id": coded(user_ids(life.first_user + np.arange(len(life.users))), user),
            "created_at": instants(world.utc_microseconds(created)),
            "kind": coded(KINDS, kind),
            "score": pa.array(score, mask=no_score),
            "text": coded(text[0], text[1], no_text),
            "order_id": order_ids(orders.number[received[row]], block),
            "product_id": coded(product_ids(np.arange(len(world.catalogue))), product[row], kind == NPS),
            "first_response_at": instants(world.utc_microseconds(answered), answered == NONE),
            "resolved_at": instants(world.utc_microseconds(solved), solved == NONE),
        }
    )
    return table.filter(pa.array(created < end))


def needs_score_missing(kind: np.ndarray) -> np.ndarray:
    """Return where a score is missing by nature: complaints and suggestions."""
    return (kind == COMPLAINT) | (kind == SUGGESTION)


def _texts(
    rng: np.random.Generator,
    life: BlockLife,
    user: np.ndarray,
    kind: np.ndarray,
    stars: np.ndarray,
    late_days: np.ndarray,
    faulty: np.ndarray,
) -> tuple[tuple[tuple[str, ...], np.ndarray], np.ndarray]:
    pool, places = text_pool()
    english_share = np.array([persona.english for persona in PERSONAS])[life.users.persona[user]]
    language = (rng.random(len(user)) < english_share).astype(int)
    tone = np.where(kind == COMPLAINT, BAD, np.select([stars >= 4, stars >= 3], [GOOD, FAIR], default=BAD))
    topic = np.select([(tone != GOOD) & faulty, (tone != GOOD) & (late_days > 0)], [DEFECT, LATE], default=PLAIN)
    limits = np.zeros((2, 3, 3, 2))
    for place, (first, last) in places.items():
        limits[place] = first, last
    first, last = limits[language, tone, topic].T
    code = (first + rng.random(len(user)) * (last - first)).astype(np.int64)
    code = np.where(kind == SUGGESTION, len(pool) + rng.integers(0, len(SUGGESTIONS), len(user)), code)
    silent = ~np.isin(kind, [REVIEW, COMPLAINT, SUGGESTION])
    return ((*pool, *SUGGESTIONS), code), silent
