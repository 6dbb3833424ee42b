"""The versions that lie in `<home>/published`: the pointer to the current one, manifests, claiming, settling, removing.

What stands in a version is written by `assets/publication.py`.
"""

import hashlib
import json
import os
import re
import shutil
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

from assets.failpoints import failpoint
from contracts.settings import Settings

_NAME = re.compile(r"\d{4}-\d{2}-\d{2}\.[1-9]\d*")
_LEFTOVERS = (".writing-*", ".removing-*", ".current.*")


class PointerError(ValueError):
    """`published/current` names no version that is there."""


def all_versions(home: Path) -> list[Path]:
    """Return the folders of finished versions, sorted by as_of and number."""
    folders = [path for path in (home / "published").glob("*.*") if _NAME.fullmatch(path.name) and path.is_dir()]
    return sorted(folders, key=lambda path: (path.name.split(".")[0], int(path.name.split(".")[1])))


def current_version(home: Path) -> Path | None:
    """Return the folder the pointer names, or None before the first publication.

    Raises:
        PointerError: the pointer is damaged, or what it names is not there.
    """
    pointer = home / "published" / "current"
    if not pointer.is_file():
        return None
    name = pointer.read_text(encoding="utf-8", errors="replace").strip()
    folder = home / "published" / name
    if _NAME.fullmatch(name) and (folder / "manifest.json").is_file():
        return folder
    there = ", ".join(path.name for path in all_versions(home)[-3:]) or "none"
    message = (
        f"{pointer}: says {name[:40]!r}, which is no version that is there; write the name of a whole version into it (newest: "
        f"{there}), or remove it and run again"
    )
    raise PointerError(message)


def read_manifest(version: Path) -> dict:
    """Return a version's manifest.

    Raises:
        PointerError: it is missing or damaged.
    """
    path = version / "manifest.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{path}: cannot be read ({error}); point `published/current` to another version, or run again"
        raise PointerError(message) from error


def write_atomically(path: Path, text: str) -> None:
    """Replace a small file so that a reader sees the old or the new text, and a crash leaves one of them."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    failpoint(f"before {path.name}")
    fresh.replace(path)
    settle_folder(path.parent)
    failpoint(f"after {path.name}")


def file_facts(path: Path) -> dict[str, int | str]:
    """Return what a manifest says of a file: its size and hash."""
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def settle_file(path: Path) -> dict[str, int | str]:
    """Have a finished file's bytes on the disk, and return its size and hash."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return file_facts(path)


def settle_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def leftovers(home: Path) -> list[Path]:
    """Return what a killed publication left behind; the next one sweeps it away."""
    return sorted(path for pattern in _LEFTOVERS for path in (home / "published").glob(pattern))


def claim_version(home: Path, as_of: date) -> tuple[str, Path]:
    """Return the next free version name of this as_of and its fresh working folder; sweeps what a killed run left.

    Whoever holds the warehouse is the only one who publishes, so nobody else writes here.
    """
    published = home / "published"
    published.mkdir(parents=True, exist_ok=True)
    for path in leftovers(home):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    taken = [int(path.name.rsplit(".", 1)[1]) for path in all_versions(home) if path.name.startswith(f"{as_of}.")]
    name = f"{as_of}.{max(taken, default=0) + 1}"
    working = published / f".writing-{name}"
    working.mkdir()
    return name, working


def remove_old_versions(home: Path, settings: Settings, *, now: datetime) -> list[str]:
    """Remove versions beyond the newest kept ones that are older than the grace time; never the current one."""
    current = current_version(home)
    dated = []
    for folder in all_versions(home):
        # one whose manifest is damaged is kept: `trellis doctor` tells of it
        with suppress(PointerError):
            dated.append((datetime.fromisoformat(read_manifest(folder)["created_at"]), folder))
    removed = []
    grace = timedelta(hours=settings.keep_versions_hours)
    for created, folder in sorted(dated, reverse=True)[settings.keep_versions :]:
        if folder != current and now - created >= grace:
            # out of sight in one step: a version that is there is whole
            gone = folder.rename(folder.with_name(f".removing-{folder.name}"))
            failpoint("removing")
            shutil.rmtree(gone)
            removed.append(folder.name)
    return removed
