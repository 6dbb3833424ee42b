"""Any rows that a CSV writer can write come back identical; any damage costs exactly the damaged records."""

import csv
import io
from functools import partial

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from assets.landing import csv_records

SETTINGS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
COLUMNS = 5
TEXT = st.text(
    st.sampled_from("ab1 ,;\"\t\n\r'\\中😀\ufeff|#") | st.characters(exclude_categories=["Cs"]), max_size=12
).filter(lambda text: "\0" not in text)
PLAIN = st.text("abc123 中😀.-", max_size=8)
DAMAGES = {
    "unclosed quote": lambda line: line.replace(b",", b',"x', 1),
    "stray quote": lambda line: line.replace(b",", b',"x"y', 1),
    "NUL": lambda line: line.replace(b",", b"\0,", 1),
    "lone carriage return": lambda line: line.replace(b",", b"\r,", 1),
    "one column less": lambda line: line.replace(b",", b"", 1),
    "one column more": lambda line: line + b",",
    "bad byte": lambda line: line.replace(b",", b"\xff,", 1),
}


def written(rows: list[list[str]], **options) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, **options)
    writer.writerow([f"c{position}" for position in range(COLUMNS)])
    writer.writerows(rows)
    return out.getvalue().encode()


@SETTINGS
@given(
    rows=st.lists(st.lists(TEXT, min_size=COLUMNS, max_size=COLUMNS), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_a_writer_writes_comes_back(stage, rows, delimiter, line_end, quoting):
    if quoting == csv.QUOTE_MINIMAL:  # before Python 3.13 the writer leaves a lone carriage return unquoted
        rows = [[text.replace("\r", "") for text in row] for row in rows]
    # A text over lines of which one passes for a record is rejected, whatever was meant: see the corpus.
    texts = [text for row in rows for text in row if "\n" in text]
    assume(all(line.count(delimiter) < COLUMNS - 1 for text in texts for line in text.split("\n")))
    data = written(rows, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    staged = stage(data, delimiter=delimiter)
    assert staged.counts == (len(rows), len(rows), 0)
    for number, row in enumerate(rows, start=1):
        assert staged.rows[number] == tuple(text or None for text in row)


@pytest.mark.slow
@SETTINGS
@given(
    rows=st.lists(st.lists(PLAIN, min_size=COLUMNS, max_size=COLUMNS), min_size=30, max_size=60),
    damaged=st.sets(st.integers(0, 29), max_size=3),
    damage=st.sampled_from(sorted(DAMAGES)),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_damage_costs_exactly_the_damaged_records(stage, rows, damaged, damage, line_end, quoting):
    if damage == "bad byte":  # among few lines beyond ASCII a bad one makes the others doubtful, see the encodings
        rows = [[text.encode("ascii", "ignore").decode() for text in row] for row in rows]
    lines = written(rows, lineterminator=line_end, quoting=quoting).split(line_end.encode())
    for index in damaged:
        lines[index + 1] = DAMAGES[damage](lines[index + 1].replace(b'"', b""))
    staged = stage(line_end.encode().join(lines), delimiter=",")
    assert staged.rejected == sorted(index + 1 for index in damaged)
    assert staged.counts == (len(rows), len(rows) - len(damaged), len(damaged))
    for number, row in enumerate(rows, start=1):
        if number - 1 not in damaged:
            assert staged.rows[number] == tuple(text or None for text in row)


@pytest.mark.parametrize("block_bytes", [7, 64, 1_000])
def test_blocks_do_not_show(stage, monkeypatch, block_bytes):
    """Records, texts over lines and faults are the same wherever a read ends."""
    lines = [
        "1,x,y",
        '2,"text',
        "over",
        'lines",y',
        '3,"never closed,y',
        "4,x,y",
        '5,"st"ray,y',
        "",
        '6,"a,""b""',
        'c",y',
        "7,x",
    ]
    data = ("id,a,b\n" + "\n".join(lines) + "\n").encode() * 5
    expected = stage(data)
    monkeypatch.setattr(csv_records, "whole_lines", partial(csv_records.whole_lines, block_bytes=block_bytes))
    staged = stage(data)
    assert staged.rows == expected.rows
    assert staged.file.rejects == expected.file.rejects
    assert staged.rejected[:3] == [3, 5, 7]
    assert staged.rows[2] == ("2", "text\nover\nlines", "y")


@pytest.mark.slow
def test_three_faults_in_a_million_records_cost_three(stage):
    lines = [f"{number},user {number % 977},2024-01-{number % 28 + 1:02d},paid" for number in range(1, 1_000_001)]
    lines[99_999] = '100000,"user,2024-01-01,paid'
    lines[499_999] = '500000,"us"er,2024-01-01,paid'
    lines[899_999] = "900000,us\0er,2024-01-01,paid"
    staged = stage(("id,user,on,status\n" + "\n".join(lines) + "\n").encode())
    assert staged.rejected == [100_000, 500_000, 900_000]
    assert staged.counts == (1_000_000, 999_997, 3)
    assert all(int(row[0]) == number for number, row in staged.rows.items())


@pytest.mark.slow
@pytest.mark.parametrize("quoted", [False, True])
def test_damage_at_the_edges_of_blocks(stage, quoted):
    """Records over line breaks, and one unclosed quote per thousand lines, all over 20 MB."""
    rows = [
        [str(number), "x" * 40, "text\nover lines" if number % 7 == 0 else "y", "", "z"] for number in range(250_000)
    ]
    text = written(rows, lineterminator="\n", quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL).decode()
    records = text.split("\n")
    bad = 0
    for index in range(500, len(records), 1_000):
        if records[index].count(",") == COLUMNS - 1 and records[index + 1].count(",") == COLUMNS - 1:
            records[index] = '1,"2,3,4,5'
            bad += 1
    staged = stage("\n".join(records).encode())
    assert bad > 100
    assert staged.counts == (len(rows), len(rows) - bad, bad)
