"""Immutable model versions on disk: saved once under the hash of their content, loaded only when the hash still fits.

A model file is a pickle, which can run code when it is opened. So nothing is unpickled whose SHA-256 is not the one
this registry wrote into its index, and the folder must be writable by the operator only.

Files: `<version>.joblib` and `<version>.json` (model, card); `<slot>.trained` (what was trained for a slot);
`<slot>.champion` (which version scores there, and why); `<incumbent>-<challenger>.trial` (how two compared);
`pins.json` (what the operator decided). How a champion is chosen stands in `promotion.py`.
"""

import hashlib
import io
import json
import os
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import joblib

VERSION_DIGITS = 12


class RegistryError(RuntimeError):
    """A model is not there, or its file is not the one that was saved."""


@dataclass(frozen=True)
class Registered:
    """A saved model: its version, and the SHA-256 of its model file and of its card."""

    version: str
    sha256: str
    card_sha256: str


@dataclass(frozen=True)
class Slot:
    """What a model is for: outcome, horizon, training date, and `recipe`, which tells code and settings apart."""

    outcome: str
    horizon_days: int
    training_date: date
    recipe: str

    @property
    def name(self) -> str:
        """File name stem of the slot's pointers."""
        return f"{self.outcome}-{self.horizon_days}d-{self.training_date}-{self.recipe}"


@dataclass(frozen=True)
class Pin:
    """The operator's decision: this version scores one outcome and horizon from a training date on, until released."""

    outcome: str
    horizon_days: int
    version: str
    from_date: date


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def save(root: Path, slot: Slot, model: object, card: dict[str, Any]) -> Registered:
    """Save a model and its card as what was trained for its slot; saving equal content again is a no-op.

    The version is the hash of both, so neither is ever overwritten by something else.
    """
    root.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    joblib.dump(model, buffer, compress=3)
    content, text = buffer.getvalue(), json.dumps(card, ensure_ascii=False, indent=1).encode()
    digest, card_digest = hashlib.sha256(content).hexdigest(), hashlib.sha256(text).hexdigest()
    version = hashlib.sha256(f"{digest}{card_digest}".encode()).hexdigest()[:VERSION_DIGITS]
    registered = Registered(version, digest, card_digest)
    _write(root / f"{version}.joblib", content)
    _write(root / f"{version}.json", text)
    pointer = {**asdict(slot), "training_date": slot.training_date.isoformat(), **asdict(registered)}
    _write(root / f"{slot.name}.trained", json.dumps(pointer).encode())
    return registered


def find(root: Path, slot: Slot) -> Registered | None:
    """Return the model that was trained for a slot, or None when none was."""
    pointer = root / f"{slot.name}.trained"
    if not pointer.is_file():
        return None
    found = json.loads(pointer.read_text(encoding="utf-8"))
    return Registered(found["version"], found["sha256"], found["card_sha256"])


def trained(root: Path) -> list[tuple[Slot, Registered]]:
    """Return every trained model with its slot, by outcome, horizon and training date."""
    found = []
    for pointer in root.glob("*.trained"):
        known = json.loads(pointer.read_text(encoding="utf-8"))
        slot = Slot(
            known["outcome"], known["horizon_days"], date.fromisoformat(known["training_date"]), known["recipe"]
        )
        found.append((slot, Registered(known["version"], known["sha256"], known["card_sha256"])))
    return sorted(
        found, key=lambda pair: (pair[0].outcome, pair[0].horizon_days, pair[0].training_date, pair[1].version)
    )


def find_version(root: Path, version: str) -> tuple[Slot, Registered]:
    """Return the slot and files of a version.

    Raises:
        RegistryError: no such version.
    """
    for slot, registered in trained(root):
        if registered.version == version:
            return slot, registered
    raise RegistryError(f"{root}: no model has the version {version!r}; `trellis models` lists them")


def load(root: Path, registered: Registered) -> tuple[Any, dict[str, Any]]:
    """Return a saved model and its card.

    Raises:
        RegistryError: a file is gone or its content has changed since it was saved; nothing was unpickled.
    """
    content = _checked(root / f"{registered.version}.joblib", registered.sha256)
    return joblib.load(io.BytesIO(content)), load_card(root, registered)


def load_card(root: Path, registered: Registered) -> dict[str, Any]:
    """Return the card of a model, without opening the model.

    Raises:
        RegistryError: the card is gone or has changed since it was saved.
    """
    return json.loads(_checked(root / f"{registered.version}.json", registered.card_sha256))


def _checked(path: Path, sha256: str) -> bytes:
    if not path.is_file():
        raise RegistryError(
            f"{path}: is gone; remove the .trained files that name it and run again, it will be trained anew"
        )
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise RegistryError(
            f"{path}: is not the file that was saved (its SHA-256 differs); it was not opened. Remove it and the .trained "
            "files that name it, and train anew"
        )
    return content


def write_note(root: Path, name: str, note: dict[str, Any]) -> None:
    """Write a JSON note of the registry (`<slot>.champion`, `<incumbent>-<challenger>.trial`)."""
    _write(root / name, json.dumps(note, ensure_ascii=False).encode())


def read_note(root: Path, name: str) -> dict[str, Any] | None:
    """Return a JSON note of the registry, or None when there is none."""
    path = root / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def pins(root: Path) -> list[Pin]:
    """Return the operator's decisions."""
    known = (read_note(root, "pins.json") or {}).get("pins", [])
    return [Pin(**{**pin, "from_date": date.fromisoformat(pin["from_date"])}) for pin in known]


def pin_of(root: Path, slot: Slot) -> Pin | None:
    """Return the decision that holds for a slot: its outcome and horizon, from the pin's training date on."""
    for pin in pins(root):
        if (pin.outcome, pin.horizon_days) == (slot.outcome, slot.horizon_days) and slot.training_date >= pin.from_date:
            return pin
    return None


def pin(root: Path, decided: Pin) -> None:
    """Store the operator's decision; it replaces an earlier one on the same outcome and horizon."""
    _store([*_others(root, decided.outcome, decided.horizon_days), decided], root)


def release(root: Path, outcome: str, horizon_days: int) -> bool:
    """Forget the operator's decision; return whether there was one."""
    others = _others(root, outcome, horizon_days)
    was_pinned = len(others) < len(pins(root))
    _store(others, root)
    return was_pinned


def _others(root: Path, outcome: str, horizon_days: int) -> list[Pin]:
    return [pin for pin in pins(root) if (pin.outcome, pin.horizon_days) != (outcome, horizon_days)]


def _store(decided: list[Pin], root: Path) -> None:
    rows = [{**asdict(pin), "from_date": pin.from_date.isoformat()} for pin in decided]
    write_note(root, "pins.json", {"pins": sorted(rows, key=lambda row: (row["outcome"], row["horizon_days"]))})
