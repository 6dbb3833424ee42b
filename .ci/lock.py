"""Both locks written anew from pyproject.toml, so that stock pip can install them with `--require-hashes`.

Run by `make lock`; needs uv. Two things are added to what uv exports: a header, and the extras that a requirement asks for
(`gql[requests]==4.0.0`): uv leaves them out, and pip 23 then looks for the newest `gql[requests]`, which has no hash, and stops.
uv.lock itself holds addresses of the index it was made from; it stays out of git. Does not belong here: installing (Makefile).
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"requirements.lock": ["build"], "requirements-dev.lock": ["build", "dev"]}
HEADER = "# Written by `make lock` from pyproject.toml: versions with hashes, without addresses, for Python 3.11 and newer.\n"


def requested_extras(lock: dict) -> dict[str, set[str]]:
    """Extras by package name, as any locked package other than this project asks for them."""
    extras: dict[str, set[str]] = {}
    for package in lock["package"]:
        for dependency in package.get("dependencies", []):
            extras.setdefault(dependency["name"], set()).update(dependency.get("extra", []))
    return {name: names for name, names in extras.items() if names}


def export(uv: str, optional: list[str], extras: dict[str, set[str]]) -> str:
    """Text of one lock: one requirement with its hashes per package; ValueError when an address got into it."""
    arguments = ["export", "--quiet", "--frozen", "--no-header", "--no-emit-project", "--no-emit-index-url"]
    groups = [f"--extra={name}" for name in optional]
    command = [uv, *arguments, "--format=requirements-txt", *groups]
    text = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own words
    for name, names in sorted(extras.items()):
        text = re.sub(rf"^{re.escape(name)}==", f"{name}[{','.join(sorted(names))}]==", text, flags=re.MULTILINE)
    addresses = [line for line in text.splitlines() if "://" in line]
    if addresses:
        raise ValueError(
            f"{len(addresses)} exported lines hold an address, first {addresses[0]!r}: depend on a release instead"
        )
    return HEADER + text


def main(uv: str) -> None:
    """Resolve to the newest allowed versions and replace both locks; neither is touched when one fails."""
    subprocess.run([uv, "lock", "--upgrade"], cwd=ROOT, check=True)  # noqa: S603 - our own words
    extras = requested_extras(tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8")))
    texts = {name: export(uv, optional, extras) for name, optional in LOCKS.items()}
    for name, text in texts.items():
        (ROOT / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "uv")
