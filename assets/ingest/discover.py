"""Finds the files of each landing table below the sources folder."""

from dataclasses import dataclass
from pathlib import Path

from assets.landing import content_hash
from sql.mappings import LandingTable, MappingSet

SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json", ".parquet", ".pq")
COMPRESSIONS = (".gz", ".zst")
IGNORED_FOLDERS = ("truth",)


@dataclass(frozen=True)
class LandingFile:
    """A file to be read: its landing table, its path, its name below the sources folder, and its content's SHA-256."""

    table: LandingTable
    path: Path
    name: str
    sha256: str

    @property
    def file_id(self) -> str:
        """First 16 hex digits of the content hash."""
        return self.sha256[:16]


def is_data_file(path: Path) -> bool:
    """Return whether the name says CSV, JSON Lines or Parquet, perhaps compressed."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes.pop()
    return bool(suffixes) and suffixes[-1] in SUFFIXES


def find_landing_files(sources: Path, mappings: MappingSet) -> tuple[dict[str, list[LandingFile]], list[str]]:
    """Return landing table -> its files (by content, each once), and notices about files that are not read.

    Raises:
        FileNotFoundError: the folder does not exist.
    """
    if not sources.is_dir():
        message = f"{sources}: no such folder; --sources takes the folder that holds the exported files"
        raise FileNotFoundError(message)
    everything = [
        path
        for path in sorted(sources.rglob("*"))
        if path.is_file()
        and is_data_file(path)
        and not set(path.relative_to(sources).parts[:-1]) & set(IGNORED_FOLDERS)
    ]
    owners: dict[Path, LandingTable] = {}
    for table in sorted(mappings.landing_tables.values(), key=lambda table: len(table.name)):
        for path in everything:
            relative = path.relative_to(sources)
            if any(relative.match(pattern) for pattern in table.patterns):
                owners[path] = table
    found: dict[str, dict[str, LandingFile]] = {name: {} for name in mappings.landing_tables}
    notices = []
    for path in everything:
        name = path.relative_to(sources).as_posix()
        table = owners.get(path)
        if table is None:
            notices.append(f"{name}: is read by no landing table of mapping {mappings.name}; left alone")
            continue
        file = LandingFile(table, path, name, content_hash(path))
        first = found[table.name].setdefault(file.sha256, file)
        if first is not file:
            notices.append(f"{name}: has the same content as {first.name}; read once")
    return {name: [files[sha256] for sha256 in sorted(files)] for name, files in found.items()}, notices
