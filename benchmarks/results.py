"""Keeps what was measured, group by group, so that a long measurement is not lost and need not be repeated.

A group is what one run measured together, such as `job 1000000`; measured anew it replaces the earlier one. What the
figures look like belongs to the module that measures them.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Group:
    """Figures of one group, with day and version of the code; or the error that kept it, or one part, from being measured.

    `part` names what failed where the figures of the parts before it are there.
    """

    name: str
    measured_on: str
    code: str
    figures: dict = field(default_factory=dict)
    error: str = ""
    part: str = ""

    @property
    def kind(self) -> str:
        """The first word of the name."""
        return self.name.split(" ")[0]

    @property
    def size(self) -> int:
        """The number that ends the name, 0 where there is none."""
        last = self.name.split(" ")[-1]
        return int(last) if last.isdigit() else 0


class Results:
    """The groups measured on one machine, kept in `<folder>/results.json`."""

    def __init__(self, folder: Path, machine: dict[str, str]) -> None:
        """Read what was kept; figures of another machine or of other library versions do not count."""
        self.path = folder / "results.json"
        self.machine = machine
        self._groups = self._kept()

    def _kept(self) -> dict[str, Group]:
        if not self.path.is_file():
            return {}
        kept = json.loads(self.path.read_text(encoding="utf-8"))
        # a tool that was not listed then changes no figure of then
        is_other = any(self.machine.get(name) != told for name, told in kept["machine"].items())
        return {} if is_other else {group["name"]: Group(**group) for group in kept["groups"]}

    def add(self, group: Group) -> None:
        """Keep a group, in place of an earlier one of this name; what another command added meanwhile stays."""
        self._groups = {**self._kept(), group.name: group}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        kept = {"machine": self.machine, "groups": [asdict(one) for one in self._groups.values()]}
        self.path.write_text(json.dumps(kept, indent=1), encoding="utf-8")

    def of_kind(self, kind: str, *parts: str) -> list[Group]:
        """Return the groups of a kind, by size, that hold figures, and those of the named parts."""
        own = (one for one in self._groups.values() if one.kind == kind and one.figures)
        return sorted((one for one in own if all(part in one.figures for part in parts)), key=_size)

    @property
    def failed(self) -> list[Group]:
        """The groups that could not be measured, or not in every part."""
        return sorted((one for one in self._groups.values() if one.error), key=_size)

    @property
    def all(self) -> list[Group]:
        """Every group, by name and size."""
        return sorted(self._groups.values(), key=lambda one: (one.kind, one.size))


def _size(group: Group) -> int:
    return group.size
