import itertools

from hypothesis import given
from hypothesis import strategies as st

from service.small_cells import count_or_mark, suppress


def test_a_single_small_part_takes_the_smallest_other_part_with_it() -> None:
    assert suppress([200, 40, 6], below=10).parts == ("shown", "withheld", "small")


def test_two_small_parts_of_enough_people_hide_each_other() -> None:
    assert suppress([200, 4, 8], below=10).parts == ("shown", "small", "small")


def test_two_small_parts_of_too_few_people_hide_a_third() -> None:
    assert suppress([200, 40, 2, 3], below=10).parts == ("shown", "withheld", "small", "small")


def test_small_parts_that_fill_their_bounds_hide_a_third() -> None:
    # 18 people in two parts of at most 9: both would be known.
    assert suppress([200, 40, 9, 9], below=10).parts == ("shown", "withheld", "small", "small")


def test_nothing_is_hidden_where_every_part_is_large_or_empty() -> None:
    suppression = suppress([10, 0, 25], below=10)
    assert suppression.parts == ("shown", "shown", "shown")
    assert suppression.is_total_shown


def test_total_goes_where_one_part_would_follow_from_it() -> None:
    assert not suppress([6], below=10).is_total_shown
    assert not suppress([6, 3], below=10).is_total_shown
    assert not suppress([9, 9], below=10).is_total_shown
    assert suppress([6, 8], below=10).is_total_shown


def test_nobody_is_a_zero_and_few_are_a_mark() -> None:
    assert [count_or_mark(count, below=10) for count in (0, 1, 9, 10, 12_345)] == ["0", "<10", "<10", "10", "12,345"]


@given(counts=st.lists(st.integers(0, 14), min_size=1, max_size=5), below=st.integers(3, 5))
def test_who_knows_the_rule_and_the_total_learns_no_small_count(counts: list[int], below: int) -> None:
    suppression = suppress(counts, below=below)
    shown = [count for count, part in zip(counts, suppression.parts, strict=True) if part == "shown"]
    assert all(count == 0 or count >= below for count in shown)
    hidden = [part for part in suppression.parts if part != "shown"]
    if "small" not in hidden or not suppression.is_total_shown:
        return
    people = sum(counts) - sum(shown)
    assert people >= below
    # The reader tries everything that agrees with the marks; withheld parts come right after the small ones in size.
    # (With `below` 2 the mark itself says 1.)
    ceiling = min((count for count in shown if count), default=people)
    ranges = [range(1, below) if part == "small" else range(below, ceiling + 1) for part in hidden]
    solutions = [values for values in itertools.product(*ranges) if sum(values) == people]
    for index, part in enumerate(hidden):
        if part == "small":
            assert len({solution[index] for solution in solutions}) > 1
