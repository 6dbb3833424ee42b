"""Feedback texts in Chinese and English, put together from short clauses about what happened.

Belongs here: the clauses. Does not belong here: scores and who writes (feedback.py).
"""

from itertools import product

GOOD, FAIR, BAD = 0, 1, 2
LATE, DEFECT, PLAIN = 0, 1, 2
CHINESE, ENGLISH = 0, 1

_OPENINGS = {
    (CHINESE, GOOD): ("很满意，", "第二次买了，", "朋友推荐的，", "超出预期，"),
    (CHINESE, FAIR): ("一般般，", "还可以吧，", "中规中矩，", "凑合用，"),
    (CHINESE, BAD): ("非常失望，", "不会再买了，", "差评，", "太糟糕了，"),
    (ENGLISH, GOOD): ("Very happy. ", "Second time I buy this. ", "Better than expected. ", "A friend told me. "),
    (ENGLISH, FAIR): ("It is all right. ", "Average. ", "As described, no more. ", "Okay for the price. "),
    (ENGLISH, BAD): ("Very disappointed. ", "Never again. ", "Bad experience. ", "Not worth it. "),
}
_TOPICS = {
    (CHINESE, LATE): ("物流太慢，比承诺的晚了好几天", "快递一直不动，等了很久", "发货慢，送货也晚"),
    (CHINESE, DEFECT): ("收到就是坏的", "做工有瑕疵", "颜色和图片不一样，质量差"),
    (ENGLISH, LATE): (
        "Delivery came days after the promised date",
        "The parcel did not move for days",
        "Late delivery",
    ),
    (ENGLISH, DEFECT): ("It arrived broken", "There is a flaw in it", "Colour differs from the picture, poor quality"),
}
_PLAIN_TOPICS = {
    (CHINESE, GOOD): ("质量很好", "包装精美，送货快", "性价比高", "客服态度好"),
    (CHINESE, FAIR): ("质量普通", "和描述差不多", "价格偏高一点"),
    (CHINESE, BAD): ("和描述不符", "客服不理人", "味道很重"),
    (ENGLISH, GOOD): ("Good quality", "Nicely packed and fast", "Good value", "Friendly service"),
    (ENGLISH, FAIR): ("Ordinary quality", "More or less as shown", "A little expensive"),
    (ENGLISH, BAD): ("Not as described", "Nobody answers my messages", "It smells"),
}
_ENDINGS = {
    (CHINESE, GOOD): ("，推荐！", "，会回购。", "。"),
    (CHINESE, FAIR): ("。", "，希望改进。"),
    (CHINESE, BAD): ("，要求退款！", "，请尽快处理。", "。"),
    (ENGLISH, GOOD): (", recommended!", ", will buy again.", "."),
    (ENGLISH, FAIR): (".", ", please improve."),
    (ENGLISH, BAD): (", I want a refund!", ", please fix this.", "."),
}


def text_pool() -> tuple[tuple[str, ...], dict[tuple[int, int, int], tuple[int, int]]]:
    """Return all texts, and the first and last+1 place of those of each (language, tone, topic)."""
    texts: list[str] = []
    places: dict[tuple[int, int, int], tuple[int, int]] = {}
    for language, tone, topic in product((CHINESE, ENGLISH), (GOOD, FAIR, BAD), (LATE, DEFECT, PLAIN)):
        topics = _PLAIN_TOPICS[language, tone] if topic == PLAIN else _TOPICS[language, topic]
        first = len(texts)
        texts.extend("".join(part) for part in product(_OPENINGS[language, tone], topics, _ENDINGS[language, tone]))
        places[language, tone, topic] = (first, len(texts))
    return tuple(texts), places
