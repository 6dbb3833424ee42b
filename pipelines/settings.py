"""Reads the operator's settings: `trellis.toml` of the home, then environment variables `TRELLIS_<NAME>`.

What the settings mean stands in `contracts/settings.py`.
"""

import json
import os
import tomllib
from pathlib import Path

from pydantic import ValidationError

from contracts.settings import Settings

DEFAULT_HOME = "data"
_PREFIX = "TRELLIS_"
_NO_SETTING = ("TRELLIS_HOME", "TRELLIS_REAL_DATA")


class SettingsError(ValueError):
    """A setting is misspelt or out of range; the message names the file or variable, the setting and what it takes."""


def find_settings_file(home: Path) -> Path | None:
    """Return `<home>/trellis.toml`, else `trellis.toml` of the working folder, else None."""
    return next((path for path in (home / "trellis.toml", Path("trellis.toml")) if path.is_file()), None)


def load_settings(home: Path, overrides: dict[str, object] | None = None) -> Settings:
    """Return the settings: defaults, then the file, then the environment, then `overrides` (None values do not count).

    Raises:
        SettingsError: the file is no TOML, or a value is unknown or out of range.
    """
    values: dict[str, object] = {}
    path = find_settings_file(home)
    if path is not None:
        try:
            values.update(tomllib.loads(path.read_text(encoding="utf-8")))
        except tomllib.TOMLDecodeError as error:
            message = f"{path}: is not valid TOML: {error}"
            raise SettingsError(message) from error
    for name, text in os.environ.items():
        setting = name.removeprefix(_PREFIX).lower()
        if name.startswith(_PREFIX) and name not in _NO_SETTING and setting in Settings.model_fields:
            values[setting] = json.loads(text) if text.startswith("[") else text
    values.update({name: value for name, value in (overrides or {}).items() if value is not None})
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()
        )
        where = path or "settings"
        message = f"{where}: {faults}. Known settings are {', '.join(Settings.model_fields)}"
        raise SettingsError(message) from error


def chosen_home(given: Path | None) -> Path:
    """Return the home: the one given, else `TRELLIS_HOME`, else `data`."""
    return given or Path(os.environ.get("TRELLIS_HOME", DEFAULT_HOME))


_DAGSTER_YAML = """\
telemetry:
  enabled: false
storage:
  sqlite:
    base_dir: {base}
local_artifact_storage:
  module: dagster._core.storage.root
  class: LocalArtifactStorage
  config:
    base_dir: {base}
compute_logs:
  module: dagster._core.storage.local_compute_log_manager
  class: LocalComputeLogManager
  config:
    base_dir: {base}/logs
"""


def write_dagster_home(home: Path) -> None:
    """Point Dagster at `<home>/dagster`, where `dagster dev` of a checkout looks too, with telemetry off."""
    folder = (home / "dagster").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dagster.yaml").write_text(_DAGSTER_YAML.format(base=folder), encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(folder)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
