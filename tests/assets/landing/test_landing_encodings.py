"""Text of many encodings comes back exactly, or the file is refused: never garbage."""

import pytest

from assets.landing import UnreadableFileError

TEXT = "订单,名称\n1,中文产品\n2,表情😀和㐀𠀀\n3,ASCII only\n4,Émile\n"
ROWS = {1: ("1", "中文产品"), 2: ("2", "表情😀和㐀𠀀"), 3: ("3", "ASCII only"), 4: ("4", "Émile")}
ENCODINGS = ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_declared_encoding_is_read(stage, encoding):
    staged = stage(TEXT.encode(encoding), encoding=encoding)
    assert staged.rows == ROWS
    assert staged.file.columns == ("订单", "名称")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_utf8_and_byte_order_marks_need_no_declaration(stage, encoding):
    assert stage(TEXT.encode(encoding)).rows == ROWS


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16-le", "utf-16-be"])
def test_undeclared_other_encodings_are_refused_with_advice(stage, encoding):
    with pytest.raises(UnreadableFileError, match=r"(?i)declare"):
        stage(TEXT.encode(encoding))


@pytest.mark.parametrize("declared", ["utf-8", "gb18030", "utf-16", "latin-1", "big5"])
@pytest.mark.parametrize("actual", ENCODINGS)
def test_no_declaration_turns_text_to_garbage(stage, actual, declared):
    """28 wrong pairs: read right (a byte order mark tells), or refused. Latin-1 decodes anything that is not UTF-8, so it
    is a declaration nobody can check."""
    if declared == "latin-1" and actual == "gb18030":
        pytest.skip("every byte string is Latin-1: the operator answers for this declaration")
    try:
        staged = stage(TEXT.encode(actual), encoding=declared)
    except UnreadableFileError:
        return
    assert staged.rows == ROWS


@pytest.mark.parametrize("declared", ["gb2312", "GBK", "gb18030"])
def test_older_names_of_the_chinese_standard_are_read_by_the_newest(stage, declared):
    assert stage(TEXT.encode("gb18030"), encoding=declared).rows == ROWS


def test_latin1_declared(stage):
    assert stage("id,name\n1,Émile Zolà\n".encode("latin-1"), encoding="latin-1").rows == {1: ("1", "Émile Zolà")}


def test_utf16_without_mark_takes_the_order_of_its_zero_bytes(stage):
    text = "id,name\n1,x\n"
    assert stage(text.encode("utf-16-be"), encoding="utf-16").rows == {1: ("1", "x")}
    assert stage(text.encode("utf-16-le"), encoding="utf-16").rows == {1: ("1", "x")}


def test_offsets_in_transcribed_text_are_said_to_be_so(stage):
    staged = stage((TEXT + "5\n").encode("gb18030"), encoding="gb18030")
    assert not staged.file.offsets_known
    assert staged.file.rejects[0].byte_offset == len(TEXT.encode())
    assert staged.file.encoding == "gb18030"


def test_byte_order_mark_counts_in_offsets(stage):
    data = b"\xef\xbb\xbf" + b"a,b\n1,2\n3\n"
    staged = stage(data)
    assert data[staged.file.rejects[0].byte_offset :] == b"3\n"


def test_mixed_encodings_cost_the_minority_its_lines(stage):
    lines = [f"{number},中文".encode() for number in range(1, 101)]
    lines[49] = "50,中文".encode("gb18030")
    lines[50] = b"51,\xe4\xb8"
    staged = stage(b"id,name\n" + b"\n".join(lines))
    assert staged.rejected == [50, 51]
    assert staged.counts == (100, 98, 2)
    assert staged.file.rejects[0].raw_text == r"50,\xd6\xd0\xce\xc4"


def test_half_and_half_is_refused_with_line_and_byte(stage):
    data = b"id,name\n" + "1,中文\n".encode() * 10 + "2,中文\n".encode("gb18030") * 10
    with pytest.raises(UnreadableFileError, match=r"line 12 at byte 100 \(10 of 21 lines"):
        stage(data)


def test_one_bad_byte_in_an_ascii_file_costs_its_line(stage):
    staged = stage(b"id,name\n" + b"1,x\n" * 30 + b"2,\x80\n")
    assert staged.rejected == [31]


def test_bad_line_in_a_declared_encoding_costs_its_line(stage):
    staged = stage(TEXT.encode("gb18030") * 10 + b"9,\xd6\n" + "8,中\n".encode("gb18030"), encoding="gb18030")
    assert staged.rejected == [50]
    assert staged.reasons == ["does not decode in the declared encoding"]
    assert staged.file.rejects[0].raw_text == r"9,\xd6"
    assert staged.rows[51] == ("8", "中")


def test_wrong_declaration_that_does_not_decode_is_refused(stage):
    with pytest.raises(UnreadableFileError, match="do not decode as big5"):
        stage("id,name\n1,简体中文产品说明😀\n".encode("gb18030") * 5, encoding="big5")


@pytest.mark.parametrize("cut", [1, 3])
def test_cut_utf16_is_refused(stage, cut):
    with pytest.raises(UnreadableFileError, match="does not decode as utf-16-le at byte"):
        stage(TEXT.encode("utf-16")[:-cut])


@pytest.mark.parametrize("declared", ["no-such-code", "base64", "rot13"])
def test_unknown_declaration_is_refused(stage, declared):
    with pytest.raises(UnreadableFileError, match="unknown encoding"):
        stage(b"a,b\n1,2\n", encoding=declared)


def test_header_that_does_not_decode_is_refused(stage):
    with pytest.raises(UnreadableFileError, match="header line does not decode"):
        stage(b"id,\xff\n" + b"1,x\n" * 20)


def test_characters_cut_by_blocks_are_valid(stage):
    """A three-byte character lies across the edge of every read."""
    staged = stage(b"id,name\n" + "1,中中中中中中中中中中\n".encode() * 60_000)
    assert staged.counts == (60_000, 60_000, 0)
    assert staged.rows[60_000] == ("1", "中" * 10)
