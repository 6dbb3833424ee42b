"""`trellis models`: every trained version, which one scores and why; promote one by hand, release it again.

Reads and writes the registry's notes only; no model is opened.
"""

from datetime import date
from pathlib import Path

from models import registry
from models.registry import Pin, Registered, RegistryError, Slot

DONE = 0


def models_text(home: Path) -> str:
    """Return all versions as text, by outcome and horizon, oldest training date first; `*` marks what scores at the newest."""
    root = home / "models"
    found = registry.trained(root)
    if not found:
        return f"No model in {root} yet; `trellis run` trains them."
    lines = []
    for outcome, horizon in sorted({(slot.outcome, slot.horizon_days) for slot, _ in found}):
        row = [(slot, one) for slot, one in found if (slot.outcome, slot.horizon_days) == (outcome, horizon)]
        newest = max((slot for slot, _ in row), key=lambda slot: slot.training_date)
        note = registry.read_note(root, f"{newest.name}.champion") or {
            "version": "",
            "reason": "nothing was scored yet",
        }
        lines += ["", f"{outcome} {horizon} d: {note['version'] or 'no champion'} {note['reason']}"]
        lines += [_line(root, slot, one, is_champion=one.version == note["version"]) for slot, one in row]
    return "\n".join(lines[1:])


def _line(root: Path, slot: Slot, registered: Registered, *, is_champion: bool) -> str:
    card = registry.load_card(root, registered)
    mark = "*" if is_champion else " "
    told = f"{mark} {registered.version}  trained {slot.training_date}  recipe {slot.recipe}  "
    if card.get("is_fallback"):
        return f"{told}rule: {card['reason']}"
    if "measures" not in card:
        found = card["targets"]["expected_spend"]["measures"].get("trellis")
        return told + (f"nGini {found['ngini'][0]:.3f}  total {found['bias'][0]:+.1%} off" if found else "not tested")
    measures = {name: card["measures"][name]["value"] for name in ("auc", "brier", "ece")}
    shown = "  ".join(f"{name.upper()} {value:.3f}" for name, value in measures.items() if value is not None)
    return f"{told}{shown}  tested on {card['test_origin']}"


def promote(home: Path, version: str, from_date: date | None) -> int:
    """Let a version score from a training date on (default: the newest), until released.

    Raises:
        RegistryError: no such version, or one of other code or settings than what is trained now.
    """
    root = home / "models"
    slot, registered = registry.find_version(root, version)
    row = [
        one for one, _ in registry.trained(root) if (one.outcome, one.horizon_days) == (slot.outcome, slot.horizon_days)
    ]
    newest = max(row, key=lambda one: one.training_date)
    if newest.recipe != slot.recipe:
        raise RegistryError(
            f"{version} was trained by other code or settings (recipe {slot.recipe}) than the newest of {slot.outcome} "
            f"{slot.horizon_days} d (recipe {newest.recipe}); it cannot score. Choose one of the same recipe: `trellis models`"
        )
    registry.load_card(root, registered)
    start = from_date or newest.training_date
    if start < slot.training_date:
        raise RegistryError(f"{version} was trained for {slot.training_date}; it cannot score before, at {start}")
    registry.pin(root, Pin(slot.outcome, slot.horizon_days, version, start))
    print(
        f"{version} scores {slot.outcome} {slot.horizon_days} d from training date {start} on, until "
        f"`trellis models release {version}`. Run again to see it."
    )
    return DONE


def release(home: Path, version: str) -> int:
    """Let the trials decide again for the outcome and horizon of a version.

    Raises:
        RegistryError: no such version, or it was not promoted by hand.
    """
    root = home / "models"
    slot, _ = registry.find_version(root, version)
    if version not in {pin.version for pin in registry.pins(root)}:
        raise RegistryError(f"{version} was not promoted by hand, so there is nothing to release; see `trellis models`")
    registry.release(root, slot.outcome, slot.horizon_days)
    print(f"{slot.outcome} {slot.horizon_days} d: the trials decide again. Run again to see it.")
    return DONE
