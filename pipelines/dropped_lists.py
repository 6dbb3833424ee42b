"""Declares the users who dropped out at a step as a list of the home, in its `trellis.toml`.

Making the list belongs to `assets/dropped_lists.py`, in the next run.
"""

import json
from pathlib import Path

from pydantic import ValidationError

from assets.versions import write_atomically
from contracts.funnels import DroppedList
from contracts.settings import Settings
from pipelines.settings import SettingsError, find_settings_file


def declare_dropped_list(home: Path, settings: Settings, wanted: dict[str, object]) -> Path:
    """Append a table `[[dropped_lists]]` to the settings file in use (else `<home>/trellis.toml`) and return the file.

    Raises:
        SettingsError: the funnel is not declared, has no such step, or another list has the name; nothing is written.
    """
    try:
        added = DroppedList.model_validate(wanted)
        Settings.model_validate({**settings.model_dump(), "dropped_lists": (*settings.dropped_lists, added)})
    except ValidationError as error:
        message = "; ".join(fault["msg"] for fault in error.errors())
        raise SettingsError(message) from error
    path = find_settings_file(home) or home / "trellis.toml"
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in added.model_dump().items()]
    table = "\n".join(["[[dropped_lists]]", *lines, ""])
    write_atomically(path, f"{before.rstrip()}\n\n{table}".lstrip())
    return path
