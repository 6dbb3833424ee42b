"""Reads the SQL files of `sql/analysis/`: questions asked once, with parameters, whose answer is no table of the warehouse.

A header says `-- population:` and `-- parameters:` besides one sentence 'One row per ...'. Running them belongs to
`assets/analytics/`; what is a table belongs to `sql/queries.py`.
"""

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from sql.queries import SQL_ROOT, QueryError, parse, read_header, tables_read

_PARAMETER = re.compile(r"\$([a-z_]+)")


@dataclass(frozen=True)
class AnalysisQuery:
    """One question: its text, what a row is, the parameters it takes and where it stands."""

    name: str
    sql: str
    description: str
    parameters: frozenset[str]
    path: Path

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The tables it reads; found when asked for, because a question costs less than its parsing."""
        return tables_read(parse(self.path), self.path)


def known_analyses() -> tuple[str, ...]:
    """Return the names of all questions: the files of `sql/analysis/`."""
    return tuple(sorted(path.stem for path in (SQL_ROOT / "analysis").glob("*.sql")))


@cache
def load_analysis(name: str) -> AnalysisQuery:
    """Read `sql/analysis/<name>.sql`.

    Raises:
        QueryError: no such file, or the header does not begin with 'One row per'.
    """
    path = SQL_ROOT / "analysis" / f"{name}.sql"
    if not path.is_file():
        raise QueryError(f"sql/analysis holds no {name!r}; it holds {', '.join(known_analyses())}")
    description, _ = read_header(path)
    if not description.startswith("One row per "):
        raise QueryError(f"analysis/{path.name}: the header must begin with 'One row per ...'")
    sql = path.read_text(encoding="utf-8").strip().rstrip(";")
    body = "\n".join(line for line in sql.splitlines() if not line.lstrip().startswith("--"))
    return AnalysisQuery(name, sql, description, frozenset(_PARAMETER.findall(body)), path)
