"""Damaged CSV files with the exact records that each damage may cost."""

from pathlib import Path

import pytest

from assets.landing import ReadOptions, UnreadableFileError, raw_records

HEADER = b"a,b,c\n"
LONG = b"x" * 100_000
TOO_LONG = b"x" * 2_000_000

# name: data after the header, records counted, {rejected record: part of its reason}
CASES = {
    "clean": (b"1,x,y\n2,x,y\n", 2, {}),
    "no line break at the end": (b"1,x,y\n2,x,y", 2, {}),
    "crlf": (b"1,x,y\r\n2,x,y\r\n", 2, {}),
    "crlf mixed with lf": (b"1,x,y\r\n2,x,y\n3,x,y\r\n", 3, {}),
    "stray quote after a quoted text": (b'1,"x"z,y\n2,x,y\n', 2, {1: "stray quote"}),
    "quote inside an unquoted field is text": (b'1,5" screen,y\n2,x",y\n', 2, {}),
    "unclosed quote, no later quote": (b'1,x,y\n2,"x,y\n3,x,y\n4,x,y\n', 4, {2: "not closed"}),
    "unclosed quote before quoted records": (b'1,"x,y\n2,"x",y\n3,"x",y\n', 3, {1: "not closed"}),
    "unclosed quote before an empty quoted field": (b'1,"x,y\n2,"",y\n3,"x",y\n', 3, {1: "not closed"}),
    "unclosed quote that a later stray quote closes": (b'1,"x,y\n2,x,y\n3,x",y\n4,x,y\n', 4, {1: "not closed"}),
    "unclosed quote closed by a stray one, ids of letters and digits": (
        b'u1,"x,y\nu2,x,y\nu3,x",y\nu4,x,y\n',
        4,
        {1: "not closed"},
    ),
    "review with a line that has the commas of a record": (b'1,"fine\nsoft, warm, light\nbye",y\n2,x,y\n', 2, {}),
    "review first, with dates": (b'"fine\nsoft, warm, light",5,2024-01-01\nx,5,2024-01-02\n', 2, {}),
    "unclosed quote in the last record": (b'1,x,y\n2,"x,y', 2, {2: "not closed"}),
    "two unclosed quotes in a row": (b'1,"x,y\n2,"x,y\n3,x,y\n', 3, {1: "quote", 2: "not closed"}),
    "too few columns": (b"1,x\n2,x,y\n", 2, {1: "too few columns: 2 instead of 3"}),
    "too many columns": (b"1,x,y,z\n2,x,y\n", 2, {1: "too many columns: 4 instead of 3"}),
    "too many columns with quotes": (b'1,"x","y","z"\n2,x,y\n', 2, {1: "too many columns: 4 instead of 3"}),
    "NUL": (b"1,x\0,y\n2,x,y\n", 2, {1: "NUL"}),
    "NUL inside quotes": (b'1,"x\0",y\n2,x,y\n', 2, {1: "NUL"}),
    "lone carriage return": (b"1,x\r,y\n2,x,y\n", 2, {1: "carriage return"}),
    "lone carriage return between records": (b"1,x,y\r2,x,y\n3,x,y\n", 2, {1: "carriage return"}),
    "two carriage returns at the end of a line": (b"1,x,y\r\r\n2,x,y\r\n", 2, {1: "carriage return"}),
    "two carriage returns at the end of a quoted line": (b'1,"x",y\r\r\n2,x,y\r\n', 2, {1: "carriage return"}),
    "carriage return inside quotes": (b'1,"x\rz",y\n2,x,y\n', 2, {}),
    "100 KB field": (b"1," + LONG + b",y\n2,x,y\n", 2, {}),
    "100 KB quoted field": (b'1,"' + LONG + b'",y\n2,x,y\n', 2, {}),
    "2 MB line": (b"1," + TOO_LONG + b",y\n2,x,y\n", 2, {1: "longer than the limit"}),
    "2 MB quoted text over many lines": (b'1,"' + (b"x" * 999 + b"\n") * 2_000 + b'",y\n2,x,y\n', 2_002, "all but 2"),
    "blank lines": (b"\n1,x,y\n\n\r\n2,x,y\n\n", 2, {}),
    "line of spaces": (b"1,x,y\n   \n2,x,y\n", 3, {2: "too few columns: 1 instead of 3"}),
    "quoted line breaks": (b'1,"x\nz",y\n2,"x\r\n\r\nz",y\n', 2, {}),
    "quoted line breaks, then damage": (b'1,"x\nz",y\n2,"x"z,y\n3,"x\nz",y\n', 3, {2: "stray quote"}),
    "doubled quotes": (b'1,"say ""x""",y\n2,"""",y\n', 2, {}),
    "empty fields": (b',,\n2,"",y\n', 2, {}),
    "space before a quote": (b'1, "x,z",y\n2,x,y\n', 2, {}),
    "space after a quoted text": (b'1,"x" ,y\n2,x,y\n', 2, {1: "stray quote"}),
    "backslash is no escape": (b'1,"x\\"z",y\n2,x\\,y\n', 2, {1: "stray quote"}),
    "bad byte among good lines": (b"1,x,y\n" * 20 + b"2,\xff,y\n", 21, {21: "not valid UTF-8 at byte 2"}),
    "header only": (b"", 0, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_exactly_the_damaged_records_are_rejected(stage, case):
    data, counted, rejected = CASES[case]
    staged = stage(HEADER + data)
    if rejected == "all but 2":
        assert staged.counts == (counted, 1, counted - 1)
        assert list(staged.rows) == [counted]
        return
    assert staged.rejected == list(rejected)
    assert staged.counts == (counted, counted - len(rejected), len(rejected))
    assert list(staged.rows) == [number for number in range(1, counted + 1) if number not in rejected]
    for reason, expected in zip(staged.reasons, rejected.values(), strict=True):
        assert expected in reason


@pytest.mark.parametrize("case", [case for case in CASES if "2 MB" not in case])
def test_raw_text_and_offset_lead_back_to_the_file(stage, tmp_path, case):
    data, counted, _ = CASES[case]
    staged = stage(HEADER + data)
    raw = raw_records(tmp_path / "file.csv", range(1, counted + 1), ReadOptions())
    assert sorted(raw) == list(range(1, counted + 1))
    assert staged.file.offsets_known
    for reject in staged.file.rejects:
        assert raw[reject.record_number] == (reject.byte_offset, reject.raw_text)
    for offset, text in raw.values():
        assert (HEADER + data)[offset:].decode("utf-8", "backslashreplace").startswith(text)


def test_values_keep_their_text(stage):
    staged = stage(HEADER + '1,"x\r\nz, ""q""",y\n 2 ,中文😀,\n3,5" screen,"a\rb"\n4, "spaced, out",\'y\'\n'.encode())
    assert staged.rows == {
        1: ("1", 'x\r\nz, "q"', "y"),
        2: (" 2 ", "中文😀", None),
        3: ("3", '5" screen', "a\rb"),
        4: ("4", "spaced, out", "'y'"),
    }


def test_clean_and_careful_reading_give_the_same_values(stage):
    data = b'1,"x, ""z""",\xe4\xb8\xad\n2,"",NULL\n3,x"y,  \n'
    clean = stage(HEADER + data)
    careful = stage(HEADER + data + b"4,\0,y\n")
    assert clean.rows == careful.rows
    assert careful.rejected == [4]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_detected(stage, delimiter):
    staged = stage(f"a{delimiter}b{delimiter}c\n1{delimiter}2{delimiter}3\n".encode())
    assert staged.file.columns == ("a", "b", "c")
    assert staged.rows == {1: ("1", "2", "3")}


def test_delimiter_of_the_header_outvotes_commas_in_numbers(stage):
    assert stage(b"price;name\n1,50;a,b\n2,50;c,d\n").rows == {1: ("1,50", "a,b"), 2: ("2,50", "c,d")}


def test_declared_delimiter_wins(stage):
    staged = stage(b"a,b;c\n1,2;3\n", delimiter=";")
    assert staged.file.columns == ("a,b", "c")
    assert staged.rows == {1: ("1,2", "3")}


def test_without_a_fitting_delimiter_the_caller_sees_one_column(stage):
    staged = stage(b"a#b#c\n1#2#3\n\n4#5#6\n")
    assert staged.file.columns == ("a#b#c",)
    assert staged.rows == {1: ("1#2#3",), 2: ("4#5#6",)}


@pytest.mark.parametrize("data", [b"", b"\n", b"\r\n\n", b"\xef\xbb\xbf"])
def test_empty_file_is_an_empty_table(stage, data):
    staged = stage(data)
    assert staged.file.columns == ()
    assert staged.counts == (0, 0, 0)


def test_header_names_are_stripped(stage):
    staged = stage(b'\xef\xbb\xbf a ,"b", c\r\n1,2,3\r\n')
    assert staged.file.columns == ("a", "b", "c")
    assert staged.rows == {1: ("1", "2", "3")}


def test_header_name_may_go_over_lines(stage):
    staged = stage(b'"a\nb",c\n1,2\n')
    assert staged.file.columns == ("a\nb", "c")
    assert staged.rows == {1: ("1", "2")}


def test_classic_mac_line_ends(stage):
    staged = stage(b"a,b\r1,x\r2,y\r3\r")
    assert staged.rows == {1: ("1", "x"), 2: ("2", "y")}
    assert [(reject.record_number, reject.byte_offset) for reject in staged.file.rejects] == [(3, 12)]


@pytest.mark.parametrize(
    "header, message",
    [
        (b"a,b,a\n1,2,3\n", "columns 1 and 3 are both called 'a'"),
        (b"A,b,a\n1,2,3\n", "both called 'a'"),
        (b"a,_row\n1,2\n", "record numbers"),
        (b'a,"b\n1,2\n', "cannot be read"),
        (b"a,\0b\n1,2\n", "NUL"),
        (b"x" * 2_000_000, "no line break"),
    ],
)
def test_unusable_header_is_refused(stage, connection, header, message):
    with pytest.raises(UnreadableFileError, match=message):
        stage(header)
    assert connection.execute("select count(*) from duckdb_tables() where table_name = 'landed'").fetchone() == (0,)


def test_a_column_without_a_name_is_called_by_its_position(stage):
    staged = stage(b",a,,c\n0,1,2,3\n")
    assert staged.file.columns == ("column_1", "a", "column_3", "c")
    assert staged.rows == {1: ("0", "1", "2", "3")}


def test_unknown_suffix_is_refused(stage):
    with pytest.raises(UnreadableFileError, match="no known format"):
        stage(b"PK", "file.xlsx")


def test_a_record_that_is_not_there_is_an_error(stage, tmp_path: Path):
    stage(HEADER + b"1,x,y\n")
    with pytest.raises(KeyError, match="no record 2"):
        raw_records(tmp_path / "file.csv", [2], ReadOptions())


def test_a_quoted_name_cannot_leave_its_place(stage, connection):
    staged = stage(b'"a""; drop table x; --",b\n1,2\n')
    assert staged.file.columns == ('a"; drop table x; --', "b")
    assert connection.execute('select "a""; drop table x; --" from staging.landed').fetchall() == [("1",)]
