"""What one figure is held against. Which figures are stands in `aims.py` and `peers/section.py`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Aim:
    """One aim: in words, the figure, its limit (the figure is to be at most that) and the unit of both."""

    what: str
    figure: float
    limit: float
    unit: str

    @property
    def is_reached(self) -> bool:
        """Whether the figure keeps the limit."""
        return self.figure <= self.limit
