"""Rows of `score.next_product`: what each customer is likely to buy next, tested on the last closed window.

The model stands in `models/recommendation.py`.
"""

from datetime import timedelta

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from assets.outcome_tests import Known, Outcome, tested, untested
from assets.warehouse import Warehouse
from contracts.settings import Settings
from models.recommendation import NextProducts, Purchases, judge_methods
from sql.analyses import load_analysis

LOOKBACK_DAYS = 182
PRODUCTS_AT_MOST = 5_000
HISTORY_DAYS_AT_LEAST = 28
_NAME = "next_product"
_COLUMNS = ("user_id", "product_rank", "product_id", "recommendation_score")


class _Table:
    """Purchases of the kept customers and products, numbered in the order of their ids, whatever arrived first."""

    def __init__(self, rows: pd.DataFrame, users: pd.DataFrame, products: pd.DataFrame) -> None:
        """Number them; `users` and `products` map key -> id."""
        self.user_ids, self.user = _numbered(rows["user_key"], users.set_index("user_key")["user_id"])
        self.product_ids, self.item = _numbered(rows["product_key"], products.set_index("product_key")["product_id"])
        self.age = rows["age_days"].to_numpy(dtype=float)
        self.cancelled_age = rows["cancelled_age_days"].astype("float64").fillna(-np.inf).to_numpy()

    def before(self, days_back: int) -> Purchases:
        """Return what was known so many days before the end, as far as the look-back reaches."""
        kept = (self.age > days_back) & (self.age <= days_back + LOOKBACK_DAYS) & (self.cancelled_age <= days_back)
        age = self.age[kept] - days_back
        return Purchases(self.user[kept], self.item[kept], age, len(self.user_ids), len(self.product_ids))

    def after(self, days_back: int) -> csr_matrix:
        """Return what was bought from then to the end and stood: 1 per customer and product, (users, items)."""
        kept = (self.age <= days_back) & ~np.isfinite(self.cancelled_age)
        shape = (len(self.user_ids), len(self.product_ids))
        bought = csr_matrix((np.ones(int(kept.sum())), (self.user[kept], self.item[kept])), shape=shape)
        bought.data[:] = 1.0
        return bought


def next_products(warehouse: Warehouse, known: Known, settings: Settings, *, horizon_days: int) -> Outcome:
    """Return the first products of every customer who bought in the look-back (the newest 200,000 buyers at most).

    Candidates are the 5,000 products with the most buyers in the look-back of 182 days.
    """
    # one look-back before the test origin, so that the tested model sees as much as the one that recommends
    from_date = known.origin(horizon_days) - timedelta(days=LOOKBACK_DAYS)
    parameters = {
        "from_date": from_date,
        "until": known.until,
        "products_at_most": PRODUCTS_AT_MOST,
        "users_at_most": settings.next_products_users_at_most,
    }
    rows = warehouse.frame(load_analysis("product_days").sql, parameters)
    if rows.empty:
        return _nothing(horizon_days, f"no customer bought a product with an id from {from_date} on")
    users = warehouse.frame("select user_key, user_id from core.users")
    products = warehouse.frame("select product_key, product_id from bronze.product_keys")
    warehouse.free_memory()
    table = _Table(rows, users, products)
    tests = _tests(table, known, horizon_days)
    purchases = table.before(0)
    buyers = np.unique(purchases.user)
    found = NextProducts.fit(purchases).recommend(buyers, top=settings.next_products_count)
    top = found.item.shape[1]
    frame = pd.DataFrame(
        {
            "user_id": np.repeat(table.user_ids[buyers], top),
            "product_rank": np.tile(np.arange(1, top + 1), len(buyers)),
            "product_id": table.product_ids[found.item.ravel()],
            "recommendation_score": np.round(found.score.ravel(), 9),
        }
    )
    return Outcome(frame, tests)


def _tests(table: _Table, known: Known, horizon_days: int) -> list[dict[str, object]]:
    origin = known.origin(horizon_days)
    past, bought = table.before(horizon_days), table.after(horizon_days)
    # who was unknown at the origin is nobody's test
    bought = csr_matrix(bought.multiply(np.isin(np.arange(past.users), past.user)[:, None]))
    bought.eliminate_zeros()
    users = int((np.diff(bought.indptr) > 0).sum())
    if (origin - known.first).days < HISTORY_DAYS_AT_LEAST or not users:
        reason = (
            f"{(origin - known.first).days} days of history before {origin}, {users} customers of then bought after it"
        )
        return untested(_NAME, horizon_days, reason)
    measures = judge_methods(NextProducts.fit(past), bought)
    return tested(_NAME, horizon_days, measures, users=users, origin=origin)


def _numbered(keys: pd.Series, ids: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids in order, and each key's place among them."""
    present, position = np.unique(keys.to_numpy(), return_inverse=True)
    named = ids.loc[present].to_numpy(dtype=object)
    order = np.argsort(named)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return named[order], place[position]


def _nothing(horizon_days: int, reason: str) -> Outcome:
    return Outcome(pd.DataFrame(columns=pd.Index(_COLUMNS)), untested(_NAME, horizon_days, reason))
