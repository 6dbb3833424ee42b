"""Whether a line inside a quoted text would pass for a record of its own: the mark of a quote that was never closed.

A judgement on values, used where the grammar alone cannot decide: after an unclosed quote the next good records look like text
over several lines, and a review over several lines may hold a line with just as many commas as a record.
"""

import csv
import io
import re

_NUMBER = re.compile(r"[-+]?[0-9]*[.,]?[0-9]+%?")
_DATE = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}\b.*", re.DOTALL)
_CODE = re.compile(r"(?=\D*[0-9])\S+")


def fields_of(record: str, delimiter: str) -> list[str]:
    """The fields of one good record, which may go over lines."""
    return next(csv.reader(io.StringIO(record, newline="\n"), delimiter=delimiter, strict=True))


def passes_for_record(line: list[str], record: list[str]) -> bool:
    """True if every field of `line` is of the kind of the same field of `record`, as far as that has a kind.

    Both have as many fields. Numbers and dates have a kind in any column, codes (digits, no space: `U-17`) in the first
    one, where ids stand. Texts, empty fields and fields over lines say nothing; so lines of texts only pass.

    Example: beside the record `1, "fine<line break>soft, warm"` the line `soft, warm` does not pass, `2, good` does.
    """
    return all(
        _same_kind(mine, other, is_first=position == 0)
        for position, (mine, other) in enumerate(zip(line, record, strict=True))
    )


def _same_kind(mine: str, other: str, *, is_first: bool) -> bool:
    mine, other = mine.strip(), other.strip()
    if not mine or not other or "\n" in other:
        return True
    for kind in (_NUMBER, _DATE):
        if kind.fullmatch(other):
            return kind.fullmatch(mine) is not None
    return not (is_first and _CODE.fullmatch(other)) or _CODE.fullmatch(mine) is not None
