"""Products with weekly prices and stock, and what they do to demand.

Belongs here: the demand weights by persona, week and product. Does not belong here: who buys when (behaviour.py).
"""

from dataclasses import dataclass

import numpy as np

from pipelines.world.parameters import CATEGORIES, ELASTICITIES, MARGINS, PERSONAS, PRICE_MEDIANS

PROMOTED_SHARE = 0.35
PROMOTION_DEPTHS = (0.05, 0.10, 0.15, 0.20, 0.30)
STOCK_OUT_SHARE = 0.02
CATEGORY_SHARES = (0.26, 0.14, 0.16, 0.16, 0.08, 0.07, 0.07, 0.06)
BRANDS = ("Yunque", "Lanhai", "Mitang", "Northway", "Qinghe", "Solara", "Baobei", "Vento", "Xiaolu", "Pinecrest")
NOUNS = (
    ("dress 连衣裙", "coat 外套", "jeans 牛仔裤", "shirt 衬衫"),
    ("lipstick 口红", "face cream 面霜", "mask 面膜"),
    ("lamp 台灯", "bedding 四件套", "storage box 收纳箱"),
    ("nuts 坚果", "tea 茶叶", "rice 大米", "snacks 零食"),
    ("nappies 纸尿裤", "baby bottle 奶瓶", "toy 玩具"),
    ("headphones 耳机", "charger 充电器", "tablet 平板"),
    ("running shoes 跑鞋", "yoga mat 瑜伽垫"),
    ("novel 小说", "picture book 绘本", "textbook 教材"),
)


@dataclass(frozen=True)
class Catalogue:
    """Products (J) and their demand by week (W) and persona (K).

    Prices are in cents. `price[w, j]` is what a unit costs in week w, `in_stock[w, j]` whether it can be bought.
    `demand[w, k]` is the factor on the order rate (1 = list prices, all in stock); `chooser` is a rising array of all
    rows of shares, row r of (w, k) = r // J lying in (r, r + 1], so one search picks products for many orders.
    """

    category: np.ndarray
    brand: np.ndarray
    noun: np.ndarray
    supplier: np.ndarray
    list_price: np.ndarray
    unit_cost: np.ndarray
    quality: np.ndarray
    price: np.ndarray
    in_stock: np.ndarray
    demand: np.ndarray
    chooser: np.ndarray
    browsed: np.ndarray

    def __len__(self) -> int:
        """Return the number of products."""
        return len(self.category)

    def choose(self, rng: np.random.Generator, week: np.ndarray, persona: np.ndarray) -> np.ndarray:
        """Return one product per (week, persona), by the demand weights of that week."""
        row = week.astype(np.int64) * len(PERSONAS) + persona
        found = np.searchsorted(self.chooser, row + rng.random(len(row)), side="right") - row * len(self)
        return np.minimum(found, len(self) - 1).astype(np.int32)


def build_catalogue(users: int, *, days: int, seed: int) -> Catalogue:
    """Return the products of a shop with `users` users and their weekly prices over `days` days.

    The weight of product j for persona k in week w is taste_k(category) x popularity_j x (price_jw / list_j)^elasticity
    x stock_jw; demand[w, k] is the sum over j. Promotions are drawn at random, so prices do not depend on demand.
    """
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(1,)))
    count, weeks = int(np.clip(users // 40, 120, 2000)), (days + 6) // 7
    # The first products cover every category, so that none is empty.
    category = np.concatenate(
        [np.arange(len(CATEGORIES)), rng.choice(len(CATEGORIES), count - len(CATEGORIES), p=CATEGORY_SHARES)]
    )
    list_price = np.round(np.array(PRICE_MEDIANS)[category] * rng.lognormal(0, 0.5, count) * 100).astype(np.int64)
    cost = list_price * (1 - np.array(MARGINS)[category]) * rng.uniform(0.9, 1.1, count)
    popularity = rng.pareto(1.5, count) + 0.2
    popularity /= np.bincount(category, weights=popularity)[category]
    depth = rng.choice(PROMOTION_DEPTHS, (weeks, count)) * (rng.random((weeks, count)) < PROMOTED_SHARE)
    price = np.maximum(np.round(list_price * (1 - depth)), 1).astype(np.int64)
    in_stock = rng.random((weeks, count)) >= STOCK_OUT_SHARE
    taste = np.array([persona.taste for persona in PERSONAS])
    taste /= taste.sum(axis=1, keepdims=True)
    base = taste[:, category] * popularity
    response = (price / list_price) ** np.array(ELASTICITIES)[category] * in_stock
    weights = base[None, :, :] * response[:, None, :]
    demand = weights.sum(axis=2)
    shares = np.cumsum(weights, axis=2) / demand[:, :, None]
    rows = np.arange(weeks * len(PERSONAS), dtype=np.float64)[:, None]
    browsed = np.stack([rng.choice(count, 65536, p=row / row.sum()) for row in base]).astype(np.int32)
    nouns_per_category = np.array([len(names) for names in NOUNS])
    return Catalogue(
        category=category.astype(np.int8),
        brand=rng.integers(0, len(BRANDS), count),
        noun=rng.integers(0, nouns_per_category[category]),
        supplier=rng.integers(1, max(2, count // 15), count),
        list_price=list_price,
        unit_cost=np.round(cost).astype(np.int64),
        quality=rng.normal(0, 0.25, count),
        price=price,
        in_stock=in_stock,
        demand=demand,
        chooser=(rows + np.minimum(shares.reshape(len(rows), count), 1.0)).ravel(),
        browsed=browsed,
    )
