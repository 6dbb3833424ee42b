"""What `trellis sql` prints: the whole answer, or a word about what is left out and how to get it."""

import pytest

from assets.warehouse import open_warehouse, query_text

LEFT_OUT = "--csv prints everything"


@pytest.mark.parametrize(
    "statement, is_cut",
    [
        ("select 1 as one", False),
        ("select range as number from range(20)", False),
        ("select range as number from range(2000)", True),
        ("select * from (select 1 as one) cross join (pivot (from range(90)) on range using count(*))", True),
        ("select repeat('ab', 400) as word", False),
    ],
)
def test_what_is_left_out_is_said(tmp_path, statement, is_cut):
    with open_warehouse(tmp_path):
        pass
    assert (LEFT_OUT in query_text(tmp_path, statement)) == is_cut
    assert LEFT_OUT not in query_text(tmp_path, statement, as_csv=True)
