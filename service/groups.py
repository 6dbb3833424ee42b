"""Personas, clusters and lists as the overview shows them: rows of text in which small groups are hidden.

Belongs here: what may be shown of groups of people. Does not belong here: queries, drawing, page layout.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service import charts
from service.formats import day, decimal, money, percent, whole
from service.published import Group, UserList
from service.small_cells import WITHHELD, Suppression, count_or_mark, fewer_than, is_small, suppress

TITLES = {
    "retention": ("Keep", "挽留", "Valuable customers who are likely to leave."),
    "reactivation": ("Win back", "召回", "Lapsed customers who are worth winning back."),
    "pricing": (
        "Price wisely",
        "价格",
        "Repeat buyers, sorted by what discounts mean to them. For choosing content and service only.",
    ),
}
"""List -> English title, Chinese title, who is in it."""


@dataclass(frozen=True)
class GroupRow:
    """One persona or cluster as text; `bar` is its part of the largest shown group, 0..100, None if hidden."""

    name_en: str
    name_zh: str
    users: str
    share: str
    bar: float | None
    recency_days: str
    orders: str
    net_amount: str
    probability: str


@dataclass(frozen=True)
class GroupView:
    """All groups of one kind, their total, and the chart (None if there is nothing to draw)."""

    rows: tuple[GroupRow, ...]
    total: str
    chart: str | None


@dataclass(frozen=True)
class VariantRow:
    """One part of a list with its advice; a hidden value is None, as the mark for its people says enough."""

    variant: str
    members: str
    value_at_stake: str | None
    actions: tuple[str, ...]


@dataclass(frozen=True)
class ListCard:
    """One list as a card."""

    segment: str
    title_en: str
    title_zh: str
    who: str
    members: str
    held_out: str
    to_act_on: str
    lacking_consent: str
    value_at_stake: str
    valid_until: str
    empty_because: str | None
    variants: tuple[VariantRow, ...]


def group_view(groups: Sequence[Group], *, currency: str, below: int) -> GroupView:
    """Return the groups with those of too few people hidden, and whatever would give them away."""
    suppression = suppress([group.users for group in groups], below=below)
    shown = [
        group
        for group, part in zip(groups, suppression.parts, strict=True)
        if part == "shown" and suppression.is_total_shown
    ]
    largest = max((group.users for group in shown), default=1)
    rows = tuple(
        _group_row(group, currency=currency, bar=100 * group.users / largest)
        if group in shown
        else _hidden_group(group, fewer_than(below) if part == "small" else WITHHELD)
        for group, part in zip(groups, suppression.parts, strict=True)
    )
    total = whole(sum(group.users for group in groups)) if suppression.is_total_shown else WITHHELD
    return GroupView(rows, total, _share_chart(shown, groups))


def _share_chart(shown: Sequence[Group], groups: Sequence[Group]) -> str | None:
    """Draw the shares of the shown groups in the people and the net spend of all; None where nothing was spent or shown."""
    total = sum(group.users * (group.net_amount or 0.0) for group in groups)
    if not shown or total <= 0:
        return None
    return charts.group_shares(
        [f"{group.name_en} {group.name_zh}" for group in shown],
        [group.share for group in shown],
        [None if group.net_amount is None else group.users * group.net_amount / total for group in shown],
    )


def _group_row(group: Group, *, currency: str, bar: float) -> GroupRow:
    return GroupRow(
        name_en=group.name_en,
        name_zh=group.name_zh,
        users=whole(group.users),
        share=percent(group.share, 1),
        bar=round(bar, 1),
        recency_days=whole(group.recency_days),
        orders=decimal(group.orders),
        net_amount=money(group.net_amount, currency),
        probability=percent(group.purchase_probability),
    )


def _hidden_group(group: Group, mark: str) -> GroupRow:
    return GroupRow(group.name_en, group.name_zh, mark, WITHHELD, None, *[WITHHELD] * 4)


def list_card(members: UserList, *, currency: str, below: int) -> ListCard:
    """Return a list as a card; a list of too few people shows no more than that there is one."""
    title_en, title_zh, who = TITLES.get(members.segment, (members.segment, "", ""))
    parts = suppress([variant.members for variant in members.variants], below=below)
    held_out = suppress([members.control, members.members - members.control], below=below)
    if is_small(members.members, below=below):
        parts = Suppression(("small",) * len(members.variants), is_total_shown=False)
    total = sum(variant.value_at_stake for variant in members.variants)
    return ListCard(
        segment=members.segment,
        title_en=title_en,
        title_zh=title_zh,
        who=who,
        members=count_or_mark(members.members, below=below) if parts.is_total_shown else _hidden_total(members, below),
        held_out=_part(members.control, held_out, 0, below),
        to_act_on=_part(members.members - members.control, held_out, 1, below),
        lacking_consent=count_or_mark(members.lacking_consent, below=below),
        value_at_stake=money(total, currency) if parts.is_total_shown else WITHHELD,
        valid_until=day(members.expires_at),
        empty_because=members.empty_because,
        variants=_variants(members, parts, currency=currency, below=below),
    )


def _hidden_total(members: UserList, below: int) -> str:
    return fewer_than(below) if is_small(members.members, below=below) else WITHHELD


def _part(count: int, suppression: Suppression, index: int, below: int) -> str:
    showing = suppression.parts[index]
    if showing == "shown":
        return whole(count)
    return fewer_than(below) if showing == "small" else WITHHELD


def _variants(members: UserList, parts: Suppression, *, currency: str, below: int) -> tuple[VariantRow, ...]:
    rows = []
    for index, variant in enumerate(members.variants):
        is_shown = parts.parts[index] == "shown" and parts.is_total_shown
        rows.append(
            VariantRow(
                variant=variant.variant.replace("_", " "),
                members=_part(variant.members, parts, index, below),
                value_at_stake=money(variant.value_at_stake, currency) if is_shown else None,
                actions=variant.actions,
            )
        )
    return tuple(rows)
