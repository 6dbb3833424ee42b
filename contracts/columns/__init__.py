"""The dictionary: each column name once, with its type, unit, meaning and privacy class.

One module per domain; a name may stand in one of them only. What tables consist of is not said here but in
`contracts/sources.py`, `contracts/outputs.py` and the files in `sql/`.
"""

from contracts.columns import behaviour, feature, ledger, report, score, segment, source
from contracts.contract import Column

_DOMAINS = (
    source.COLUMNS,
    ledger.COLUMNS,
    feature.COLUMNS,
    score.COLUMNS,
    segment.COLUMNS,
    report.COLUMNS,
    behaviour.COLUMNS,
)


def _dictionary() -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for domain in _DOMAINS:
        for column in domain:
            if column.name in columns:
                message = f"contracts/columns: {column.name!r} is defined twice; a name has one meaning, keep one entry"
                raise ValueError(message)
            columns[column.name] = column
    return columns


COLUMNS: dict[str, Column] = _dictionary()
"""Column name -> `Column`, for every column of every table."""
