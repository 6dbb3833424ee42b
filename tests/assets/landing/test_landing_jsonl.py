"""JSON Lines with the exact lines that each fault costs; both readers give the same text."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.landing import ReadOptions, UnreadableFileError, raw_records
from assets.landing.json_lines import read_values

BAD = {
    "not JSON": b"{'a':1}",
    "cut": b'{"a":1',
    "two values": b'{"a":1} {"a":2}',
    "array": b"[1,2]",
    "text": b'"a"',
    "number": b"7",
    "null": b"null",
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":-Infinity}',
    "trailing comma": b'{"a":1,}',
    "key twice": b'{"a":1,"a":1}',
    "key twice by escape": b'{"a":1,"\\u0061":2}',
    "NUL byte": b'{"a":"x\0"}',
    "NUL escape": b'{"a":"\\u0000"}',
    "NUL escape, nested": b'{"a":{"b":["\\u0000"]}}',
    "half a surrogate pair": b'{"a":"\\ud83d"}',
    "too deep": b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "65 deep": b'{"a":' + b"[" * 64 + b"]" * 64 + b"}",
    "tab in a string": b'{"a":"x\ty"}',
    "leading zero": b'{"a":01}',
    "comment": b'{"a":/* */1}',
    "not UTF-8": b'{"a":"\xff"}',
    "2 MB": b'{"a":"' + b"x" * 2_000_000 + b'"}',
    "empty key": b'{"":1}',
    "key of record numbers": b'{"_row":1}',
    "key in another case": b'{"A":1}',
    "two keys in two cases": b'{"b":1,"B":1}',
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_line_costs_itself(stage, tmp_path, case):
    good = b'{"a":"x"}\n'
    data = good * 15 + b"\n" + BAD[case] + b"\r\n" + good * 15
    staged = stage(data, "file.jsonl")
    assert staged.rejected == [16]
    assert staged.counts == (31, 30, 1)
    assert all(row == ("x",) for row in staged.rows.values())
    reject = staged.file.rejects[0]
    assert data[reject.byte_offset :].startswith(BAD[case])
    if case != "2 MB":
        assert raw_records(tmp_path / "file.jsonl", [16], ReadOptions())[16] == (reject.byte_offset, reject.raw_text)


GOOD = {
    "text": (b'{"a":"x \\"y\\" \\u4e2d\\n"}', 'x "y" 中\n'),
    "emoji by escapes": (b'{"a":"\\ud83d\\ude00"}', "😀"),
    "null": (b'{"a":null}', None),
    "empty text": (b'{"a":""}', ""),
    "true": (b'{"a":true}', "true"),
    "integer": (b'{"a":-17}', "-17"),
    "snowflake id": (b'{"a":1234567890123456789}', "1234567890123456789"),
    "30 digits": (b'{"a":123456789012345678901234567890}', "123456789012345678901234567890"),
    "money": (b'{"a":12.5}', "12.5"),
    "money with two digits": (b'{"a":12.50}', "12.50"),
    "many digits": (b'{"a":12345678901234.5678}', "12345678901234.5678"),
    "fraction of 20 digits": (b'{"a":0.12345678901234567891}', "0.12345678901234567891"),
    "exponent": (b'{"a":1E5}', "1E5"),
    "negative zero": (b'{"a":-0}', "-0"),
    "nested": (b'{"a": {"b": [1, 2.5, null, true, "x\\"y"], "c": {}}}', '{"b":[1,2.5,null,true,"x\\"y"],"c":{}}'),
    "nested money": (b'{"a":{"b":12.50}}', '{"b":12.50}'),
    "nested key twice": (b'{"a":{"b":1,"b":2}}', '{"b":1,"b":2}'),
    "64 deep": (b'{"a":' + b"[" * 63 + b"]" * 63 + b"}", "[" * 63 + "]" * 63),
    "brackets in text": (b'{"a":"' + b"[" * 100 + b'"}', "[" * 100),
    "backslash before u0000": (b'{"a":"C:\\\\u0000"}', "C:\\u0000"),
    "spaces around": (b'  {"a" : "x" }  ', "x"),
    "date": (b'{"a":"2024-01-01T00:00:00.000Z"}', "2024-01-01T00:00:00.000Z"),
}


@pytest.mark.parametrize("case", GOOD)
def test_values_keep_their_text(stage, case):
    line, value = GOOD[case]
    assert stage(line + b"\n", "file.jsonl").rows == {1: (value,)}
    assert read_values(line.decode(), {}) == {"a": value}


def test_keys_become_columns_in_order_of_appearance(stage):
    staged = stage(b'{"b":1,"a b":2}\n{"c/~\\"":3,"b":4}\n{}\n', "file.ndjson")
    assert staged.file.columns == ("b", "a b", 'c/~"')
    assert staged.rows == {1: ("1", "2", None), 2: ("4", None, "3"), 3: (None, None, None)}


def test_only_empty_objects(stage):
    assert stage(b"{}\n\n{}", "file.jsonl").rows == {1: (), 2: ()}


def test_empty_file(stage):
    staged = stage(b"", "file.jsonl")
    assert staged.counts == (0, 0, 0)
    assert staged.file.columns == ()


@pytest.mark.slow
def test_too_many_keys_are_refused(stage):
    data = b"".join(b'{"k%d":1}\n' % number for number in range(1_001))
    with pytest.raises(UnreadableFileError, match="more than 1000"):
        stage(data, "file.jsonl")


def test_encodings_and_marks(stage):
    text = '{"a":"中文😀"}\n'
    assert stage(text.encode("gb18030"), "file.jsonl", encoding="gb18030").rows == {1: ("中文😀",)}
    assert stage(text.encode("utf-8-sig"), "file.jsonl").rows == {1: ("中文😀",)}
    assert stage(text.encode("utf-16"), "file.jsonl").rows == {1: ("中文😀",)}


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "c d"]), VALUES), max_size=8), st.booleans())
def test_both_readers_agree_on_anything_json_can_write(stage, objects, ascii_only):
    lines = [json.dumps(value, ensure_ascii=ascii_only) for value in objects]
    staged = stage("".join(f"{line}\n" for line in lines).encode(), "file.jsonl")
    assert staged.counts == (len(lines), len(lines), 0)
    for number, line in enumerate(lines, start=1):
        got = dict(zip(staged.file.columns, staged.rows[number], strict=True))
        expected = read_values(line, {})
        for key, value in got.items():
            same = expected.get(key)
            # Nested JSON may be escaped in another way.
            assert value == same or json.loads(value) == json.loads(same or "")
