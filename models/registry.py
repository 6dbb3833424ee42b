"""Immutable model versions on disk: saved once under the hash of their content, loaded only when the hash still fits.

A model file is a pickle, which can run code when it is opened. So nothing is unpickled whose SHA-256 is not the one
this registry wrote into its index, and the folder must be writable by the operator only.
"""

import hashlib
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path

import joblib

VERSION_DIGITS = 12


class RegistryError(RuntimeError):
    """A model is not there, or its file is not the one that was saved."""


@dataclass(frozen=True)
class Registered:
    """A saved model: its version, and the SHA-256 of its file."""

    version: str
    sha256: str


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def save(root: Path, slot: str, model: object, card: dict) -> Registered:
    """Save a model and its card and make it the champion of its slot.

    A slot is what a model is for, such as `purchase-28d-2024-03-01-<fingerprint>`. Saving equal content again is a no-op.
    """
    root.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    joblib.dump(model, buffer, compress=3)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    registered = Registered(digest[:VERSION_DIGITS], digest)
    _write(root / f"{registered.version}.joblib", content)
    _write(root / f"{registered.version}.json", json.dumps(card, ensure_ascii=False, indent=1).encode())
    pointer = {"version": registered.version, "sha256": digest}
    _write(root / f"{slot}.champion", json.dumps(pointer).encode())
    return registered


def champion(root: Path, slot: str) -> Registered | None:
    """Return the model that a slot uses, or None when none was saved."""
    pointer = root / f"{slot}.champion"
    return Registered(**json.loads(pointer.read_text(encoding="utf-8"))) if pointer.is_file() else None


def load(root: Path, registered: Registered) -> tuple[object, dict]:
    """Return a saved model and its card.

    Raises:
        RegistryError: the file is gone or its content has changed since it was saved; nothing was unpickled.
    """
    path = root / f"{registered.version}.joblib"
    if not path.is_file():
        message = (
            f"{path}: the model is gone; remove the .champion files that name it and run again, it will be trained anew"
        )
        raise RegistryError(message)
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != registered.sha256:
        message = (
            f"{path}: is not the file that was saved (its SHA-256 differs); it was not opened. Remove it and train anew"
        )
        raise RegistryError(message)
    card = json.loads((root / f"{registered.version}.json").read_text(encoding="utf-8"))
    return joblib.load(io.BytesIO(content)), card
