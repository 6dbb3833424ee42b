"""Which cells of a table may be shown, so that no published statistic is about fewer people than allowed.

Belongs here: the rule, on counts of people, and the marks for what it hides. Does not belong here: which tables there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Showing = Literal["shown", "small", "withheld"]
"""small = fewer people than allowed; withheld = large enough, but with the total it would give a small cell away."""

WITHHELD = "withheld"
"""Stands for a hidden value that is no count of people, or for a large count that would give a small one away."""


def fewer_than(below: int) -> str:
    """Return the mark for a small count of people: `<10`."""
    return f"<{below}"


@dataclass(frozen=True)
class Suppression:
    """What may be shown of the parts of a whole, part by part, and whether the whole may be."""

    parts: tuple[Showing, ...]
    is_total_shown: bool


def is_small(count: int, *, below: int) -> bool:
    """Whether a count is about somebody, but about too few; a count of nobody tells about nobody."""
    return 0 < count < below


def suppress(counts: Sequence[int], *, below: int) -> Suppression:
    """Decide which parts of a whole may be shown beside their total.

    Every small part is hidden. As the total is known, what hides may be found by subtraction: the smallest other parts are
    hidden too, until the hidden people together are enough and no hidden count follows from the rest (neither by
    subtraction nor from the bounds that the two marks tell). If every part is hidden and one still follows, the total goes.

    Examples
    --------
    >>> suppress([200, 40, 6], below=10).parts
    ('shown', 'withheld', 'small')
    """
    parts: list[Showing] = ["small" if is_small(count, below=below) else "shown" for count in counts]
    candidates = sorted((count, index) for index, count in enumerate(counts) if count >= below)
    while _follows(counts, parts, below) and candidates:
        _, index = candidates.pop(0)
        parts[index] = "withheld"
    is_total_shown = not is_small(sum(counts), below=below) and not _follows(counts, parts, below)
    return Suppression(tuple(parts), is_total_shown)


def _follows(counts: Sequence[int], parts: Sequence[Showing], below: int) -> bool:
    """Whether somebody who knows the total and all shown parts knows a hidden count, or a total about too few."""
    small = sum(part == "small" for part in parts)
    withheld = sum(part == "withheld" for part in parts)
    if not small:
        return False
    people = sum(count for count, part in zip(counts, parts, strict=True) if part != "shown")
    # A small part holds 1 to below - 1 people, a withheld one from `below` up to the smallest part that is still shown. What
    # is left of the sum for one small part is a range; if that range is a single number, the number follows.
    ceiling = min(
        (count for count, part in zip(counts, parts, strict=True) if part == "shown" and count), default=people
    )
    lowest = max(1, people - (small - 1) * (below - 1) - withheld * ceiling)
    highest = min(below - 1, people - (small - 1) - withheld * below)
    return people < below or lowest == highest


def count_or_mark(count: int, *, below: int) -> str:
    """Return a count of people that is no part of a shown whole: with thousands separators, or the mark for a small one."""
    return fewer_than(below) if is_small(count, below=below) else f"{count:,}"
