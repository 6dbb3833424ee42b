"""Reason codes in words: what stands behind a score or a list membership, in English and Chinese.

Belongs here: one entry per feature (its family, and how a high and a low value read) and per list code. Does not belong
here: which reasons a customer gets (`reasons.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

LANGUAGES = ("en", "zh")
SUFFIXES = ("_high", "_low", "_missing")


@dataclass(frozen=True, slots=True)
class FeaturePhrase:
    """How a feature reads: family (one reason per family), then high and low in English and in Chinese."""

    family: str
    high_en: str
    low_en: str
    high_zh: str
    low_zh: str


def _amount(family: str, en: str, zh: str) -> FeaturePhrase:
    """A quantity that reads as high or low."""
    return FeaturePhrase(family, f"high {en}", f"low {en}", f"{zh}高", f"{zh}低")


def _count(family: str, en: str, zh: str) -> FeaturePhrase:
    """A count that reads as many or few."""
    return FeaturePhrase(family, f"many {en}", f"few or no {en}", f"{zh}多", f"{zh}少或无")


def _within(days: int) -> tuple[str, str]:
    return f"in the last {days} days", f"近 {days} 天"


def _orders(days: int) -> FeaturePhrase:
    en, zh = _within(days)
    return _count("orders", f"orders {en}", f"{zh}订单")


def _spend(days: int) -> FeaturePhrase:
    en, zh = _within(days)
    return _amount("spend", f"spend {en}", f"{zh}消费")


def _decayed(days: int) -> FeaturePhrase:
    return _amount("orders", f"recent ordering (half-life {days} days)", f"近期下单强度（半衰期 {days} 天）")


def _visits(days: int) -> FeaturePhrase:
    en, zh = _within(days)
    return _count("visits", f"days with a visit {en}", f"{zh}到访天数")


def _behaviour(en: str, zh: str) -> FeaturePhrase:
    window_en, window_zh = _within(28)
    return _count("behaviour", f"{en} {window_en}", f"{window_zh}{zh}")


FEATURE_PHRASES: dict[str, FeaturePhrase] = {
    "coupon_orders_count": _count("coupons", "orders with a coupon", "用券订单"),
    "coupon_orders_90d": _count("coupons", "orders with a coupon in the last 90 days", "近 90 天用券订单"),
    "days_since_coupon_order": FeaturePhrase(
        "coupons", "long since the last coupon", "used a coupon recently", "很久没有用券", "最近用过券"
    ),
    "bought_amount": _amount("spend", "spend so far", "累计消费"),
    "bought_amount_90d": _spend(90),
    "offered_lines_count": _count("offer", "purchases of what the coupons are for", "券内商品购买"),
    "offered_orders_count": _count("offer", "orders of what the coupons are for", "券内商品订单"),
    "offered_amount": _amount("offer", "spend on what the coupons are for", "券内商品消费"),
    "offered_share": _amount("offer", "share of spend on what the coupons are for", "券内商品消费占比"),
    "campaign_days": FeaturePhrase("campaign", "long campaign", "short campaign", "活动时间长", "活动时间短"),
    "coupons_count": _count("campaign", "coupons in the campaign", "活动优惠券"),
    "offered_products_count": _count("campaign", "products the coupons are for", "券内商品种类"),
    "contacts_count": _count("contacts", "earlier campaigns received", "曾收到的活动"),
    "open_campaigns_count": _count("contacts", "other campaigns at the same time", "同期其他活动"),
    "redemptions_count": _count("redemptions", "coupons redeemed before", "过往核销优惠券"),
    "redeemed_campaigns_count": _count("redemptions", "campaigns redeemed before", "过往核销活动"),
    "days_since_redemption": FeaturePhrase(
        "redemptions",
        "long since a coupon was redeemed",
        "redeemed a coupon recently",
        "很久没有核销优惠券",
        "最近核销过优惠券",
    ),
    "recency_days": FeaturePhrase(
        "recency", "long since the last order", "ordered recently", "距上次下单较久", "最近下过单"
    ),
    "last_active_days": FeaturePhrase(
        "recency", "long since any activity", "active recently", "很久没有活动", "最近有活动"
    ),
    "days_since_event": FeaturePhrase(
        "recency", "long since the last visit", "visited recently", "很久没有访问", "最近访问过"
    ),
    "gap_ratio": FeaturePhrase(
        "recency",
        "silent for longer than usual",
        "within the usual rhythm",
        "沉默时间超过平常间隔",
        "仍在平常购买节奏内",
    ),
    "has_ordered": FeaturePhrase("orders", "has ordered before", "has never ordered", "曾经下单", "从未下单"),
    "tenure_days": FeaturePhrase("tenure", "customer for long", "new customer", "老客户", "新客户"),
    "first_to_last_days": FeaturePhrase(
        "tenure", "bought over a long time", "bought over a short time", "购买跨度长", "购买跨度短"
    ),
    "repeat_days": _count("orders", "repeat purchases", "复购"),
    "orders_count": _count("orders", "orders so far", "累计订单"),
    "orders_7d": _orders(7),
    "orders_28d": _orders(28),
    "orders_90d": _orders(90),
    "orders_182d": _orders(182),
    "orders_365d": _orders(365),
    "decayed_orders_14d": _decayed(14),
    "decayed_orders_28d": _decayed(28),
    "decayed_orders_90d": _decayed(90),
    "trend_orders": FeaturePhrase(
        "trend", "ordering more than before", "ordering less than before", "下单增多", "下单减少"
    ),
    "active_weeks_12w": FeaturePhrase(
        "orders",
        "ordered in many recent weeks",
        "ordered in few recent weeks",
        "近 12 周下单周数多",
        "近 12 周下单周数少",
    ),
    "net_amount_7d": _spend(7),
    "net_amount_28d": _spend(28),
    "net_amount_90d": _spend(90),
    "net_amount_182d": _spend(182),
    "net_amount_365d": _spend(365),
    "net_amount_total": _amount("spend", "spend so far", "累计消费"),
    "average_order_amount": _amount("basket", "spend per order", "客单价"),
    "monetary_mean_amount": _amount("basket", "spend per repeat purchase", "复购客单价"),
    "items_per_order": _count("basket", "items per order", "每单件数"),
    "distinct_products_count": _count("breadth", "different products", "购买商品种类"),
    "distinct_categories_count": _count("breadth", "different categories", "购买品类"),
    "gap_mean_days": FeaturePhrase("rhythm", "orders rarely", "orders often", "下单间隔长", "下单间隔短"),
    "gap_median_days": FeaturePhrase("rhythm", "orders rarely", "orders often", "下单间隔长", "下单间隔短"),
    "gap_last_days": FeaturePhrase(
        "rhythm", "long last interval", "short last interval", "最近一次间隔长", "最近一次间隔短"
    ),
    "gap_std_days": FeaturePhrase("rhythm", "irregular ordering", "regular ordering", "下单不规律", "下单规律"),
    "discount_share": _amount("discount", "share of discounts", "折扣占比"),
    "discount_share_90d": _amount("discount", "share of discounts in the last 90 days", "近 90 天折扣占比"),
    "promoted_share_90d": _amount("discount", "share of promoted products lately", "近期促销商品占比"),
    "open_complaints_count": _count("complaints", "unsettled complaints", "未解决投诉"),
    "decayed_grievances_28d": _count("complaints", "recent complaints and poor ratings", "近期投诉与差评"),
    "decayed_delay_days_28d": _amount("delivery", "recent days of late delivery", "近期配送迟到天数"),
    "coupon_order_share": _amount("discount", "share of orders with a coupon", "用券订单占比"),
    "return_share": _amount("returns", "share of returns", "退货占比"),
    "cancelled_share": _amount("returns", "share of cancelled orders", "取消订单占比"),
    "rating_mean": _amount("feedback", "ratings given", "评分"),
    "ratings_count": _count("feedback", "ratings", "评价"),
    "complaints_count": _count("complaints", "complaints", "投诉"),
    "delivery_late_share": _amount("delivery", "share of late deliveries", "迟到配送占比"),
    "delivery_delay_days_mean": FeaturePhrase(
        "delivery", "late deliveries", "punctual deliveries", "配送延迟", "配送准时"
    ),
    "first_active_days": FeaturePhrase(
        "tenure", "known to the shop for long", "new to the shop", "到访历史长", "到访历史短"
    ),
    "active_days_count": _count("visits", "days with a visit so far", "累计到访天数"),
    "active_days_7d": _visits(7),
    "active_days_28d": _visits(28),
    "active_days_90d": _visits(90),
    "decayed_active_days_7d": _amount("visits", "recent visiting (half-life 7 days)", "近期到访强度（半衰期 7 天）"),
    "decayed_active_days_28d": _amount("visits", "recent visiting (half-life 28 days)", "近期到访强度（半衰期 28 天）"),
    "decayed_active_days_90d": _amount("visits", "recent visiting (half-life 90 days)", "近期到访强度（半衰期 90 天）"),
    "active_gap_mean_days": FeaturePhrase("visits", "visits rarely", "visits often", "到访间隔长", "到访间隔短"),
    "missed_active_days": FeaturePhrase(
        "recency",
        "away for longer than the usual visiting rhythm",
        "within the usual visiting rhythm",
        "未到访时间超过平常到访节奏",
        "仍在平常到访节奏内",
    ),
    "decayed_wishes_7d": _amount("wishes", "recent interest in carts and favourites", "近期加购与收藏兴趣"),
    "decayed_events_7d": _amount("behaviour", "recent activity on the site", "近期站内活跃度"),
    "events_7d": _count("behaviour", "visits and actions in the last 7 days", "近 7 天行为"),
    "events_28d": _behaviour("visits and actions", "行为"),
    "sessions_28d": _behaviour("sessions", "会话"),
    "views_28d": _behaviour("product views", "浏览"),
    "searches_28d": _behaviour("searches", "搜索"),
    "carts_28d": _behaviour("additions to the cart", "加购"),
    "favourites_28d": _behaviour("favourites", "收藏"),
    "recent_sequence": FeaturePhrase(
        "sequence",
        "recent sequence of visits and orders points to it",
        "recent sequence of visits and orders points away from it",
        "近期到访与下单的先后节奏偏向发生",
        "近期到访与下单的先后节奏偏向不发生",
    ),
    "shares_28d": _count("social", "shares in the last 28 days", "近 28 天分享"),
    "likes_28d": _count("social", "likes in the last 28 days", "近 28 天点赞"),
}

CODE_PHRASES: dict[str, tuple[str, str]] = {
    "near_average": ("close to the average customer", "接近平均客户"),
    "valuable_customer": ("valuable customer", "高价值客户"),
    "likely_to_leave": ("likely to leave", "可能流失"),
    "lapsed_customer": ("lapsed customer", "已流失客户"),
    "worth_winning_back": ("worth winning back", "值得挽回"),
    "coupon_dependent": ("orders mostly with coupons", "主要用券购买"),
    "price_sensitive": ("buys mostly at a discount", "对价格敏感"),
    "dropped_out": ("left on the way to the goal", "中途流失"),
    "full_price": ("buys at full price", "按原价购买"),
    "days_since_redemption_missing": ("has redeemed no coupon yet", "尚未核销过优惠券"),
    "days_since_coupon_order_missing": ("has never ordered with a coupon", "从未用券下单"),
    "gap_mean_days_missing": ("has not come back yet", "尚未复购"),
    "gap_median_days_missing": ("has not come back yet", "尚未复购"),
    "gap_last_days_missing": ("has not come back yet", "尚未复购"),
    "gap_std_days_missing": ("ordered twice at most", "最多下过两单"),
    "gap_ratio_missing": ("has not come back yet", "尚未复购"),
    "recency_days_missing": ("has never ordered", "从未下单"),
    "tenure_days_missing": ("has never ordered", "从未下单"),
    "rating_mean_missing": ("has given no rating", "没有评分"),
    "days_since_event_missing": ("has never visited", "没有访问记录"),
}


def phrase(code: str, language: str) -> str:
    """The code in words, `language` "en" or "zh".

    A feature that has no entry (a shop's own) reads by its name, so that a new feature never hides a reason. Raises
    ValueError for a code that is neither a list code nor a feature with _high, _low or _missing.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r} is unknown; use one of {', '.join(LANGUAGES)}")
    if code in CODE_PHRASES:
        return CODE_PHRASES[code][LANGUAGES.index(language)]
    suffix = next((ending for ending in SUFFIXES if code.endswith(ending)), None)
    if suffix is None:
        raise ValueError(f"reason code {code!r} is unknown; add it to CODE_PHRASES or end it in {', '.join(SUFFIXES)}")
    feature = code.removesuffix(suffix)
    if suffix != "_missing" and feature in FEATURE_PHRASES:
        return getattr(FEATURE_PHRASES[feature], f"{suffix[1:]}_{language}")
    words = feature.replace("_", " ")
    english = {"_high": f"high {words}", "_low": f"low {words}", "_missing": f"no {words} known"}
    chinese = {"_high": f"{words} 高", "_low": f"{words} 低", "_missing": f"{words} 未知"}
    return (english if language == "en" else chinese)[suffix]


def family_of(feature: str) -> str:
    """Family of a feature; a feature without an entry is its own family."""
    entry = FEATURE_PHRASES.get(feature)
    return feature if entry is None else entry.family
