"""What an answer is: numbers with their definition, population, window and denominator.

How an answer is drawn belongs to `pipelines/report_page.py`; how it is printed on a terminal to `pipelines/explore.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd


class AnalysisError(ValueError):
    """A question that cannot be answered; the message says why and what to ask instead."""


def counted(description: str) -> str:
    """Return the description of a SQL file from what it counts on: "One row per day: users active." is "Users active."."""
    grain, colon, rest = description.partition(": ")
    is_grain = bool(colon) and grain.startswith("One row per ") and ". " not in grain
    return rest[:1].upper() + rest[1:] if is_grain else description


@dataclass(frozen=True)
class Report:
    """One answer. `people` names the column that counts people, `measures` those that say something about them.

    `frame` holds every row; `view` makes of it the table that people look at, such as a retention triangle.
    """

    name: str
    definition: str
    population: str
    window: str
    denominator: str
    frame: pd.DataFrame
    people: str | None = None
    measures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    view: Callable[[pd.DataFrame], pd.DataFrame] | None = None

    @property
    def shown(self) -> pd.DataFrame:
        """The table that people look at."""
        return self.frame if self.view is None or self.frame.empty else self.view(self.frame)

    @property
    def heading(self) -> list[tuple[str, str]]:
        """What must stand beside the numbers: (word, text)."""
        words = ("definition", "population", "window", "denominator")
        return [(word, getattr(self, word)) for word in words] + [("note", note) for note in self.notes]

    def without_small_groups(self, below: int) -> "Report":
        """Return the report with counts and measures of groups of fewer people blanked: what may be shown to others.

        Rows about nobody keep their 0. A total beside one blanked row could give it away; reports for publication with
        totals go through the rule of `service/small_cells.py`.
        """
        if self.people is None or self.frame.empty:
            return self
        small = (self.frame[self.people] > 0) & (self.frame[self.people] < below)
        frame = self.frame.copy()
        for column in (self.people, *self.measures):
            frame[column] = frame[column].astype("float64").mask(small)
        note = f"{int(small.sum())} rows about fewer than {below} people are blank"
        return replace(self, frame=frame, notes=(*self.notes, note) if small.any() else self.notes)
