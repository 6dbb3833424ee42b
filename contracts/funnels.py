"""What a funnel is: steps, window and variants, declared as data (`[[funnels]]` in `trellis.toml`) and validated here.

Counting funnels belongs to `models/funnels.py`; fetching their events to `assets/analytics/`.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

StepOrder = Literal["ordered", "strict", "any"]
Population = Literal["users", "everybody"]


class FunnelStep(BaseModel):
    """One step: events of one of the types that pass every filter given. The type `order` means a paid order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_types: tuple[str, ...] = Field(min_length=1, description="Types that count for this step.")
    channel: str | None = Field(None, description="Only events that came through this channel.")
    device: str | None = Field(None, description="Only events from this kind of device.")
    category: str | None = Field(None, description="Only events on products of this category.")

    @property
    def label(self) -> str:
        """The step in words, as it stands in a report."""
        filters = ", ".join(
            f"{name} {value}" for name in ("channel", "device", "category") if (value := getattr(self, name))
        )
        return "/".join(self.event_types) + (f" ({filters})" if filters else "")


ASKED = "asked"
"""Name of a funnel that is given step by step instead of by its declared name."""


class Funnel(BaseModel):
    """Steps in order, the window they must fit in, and the variants.

    A step may be written as a word (`"cart"`) or as a table (`{event_types = ["cart"], device = "ios"}`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Name under which it is asked for.")
    steps: tuple[FunnelStep, ...] = Field(min_length=2, max_length=20)
    window_days: float = Field(7.0, gt=0, description="All steps lie within so many days of the entry.")
    order: StepOrder = Field("ordered", description="ordered; strict: no other step between; any: steps in any order.")
    exclude: tuple[str, ...] = Field(
        (), description="Event types that end an attempt when they come between two steps."
    )
    hold_product: bool = Field(default=False, description="All steps are about the same product.")
    entry_days: int = Field(28, ge=1, description="The table of every run counts the entries of so many days.")
    population: Population = Field("users", description="users: signed in; everybody: visitors who are not, too.")

    @field_validator("steps", mode="before")
    @classmethod
    def _words_are_steps(cls, steps: object) -> object:
        if isinstance(steps, list | tuple):
            return tuple({"event_types": (step,)} if isinstance(step, str) else step for step in steps)
        return steps

    @model_validator(mode="after")
    def _any_order_is_plain(self) -> "Funnel":
        types = [kind for step in self.steps for kind in step.event_types]
        if self.order == "any" and len(set(types)) < len(types):
            message = f"funnel {self.name}: in any order, no event type may stand in two steps"
            raise ValueError(message)
        if self.order == "any" and self.exclude:
            message = f"funnel {self.name}: exclusion needs an order of the steps"
            raise ValueError(message)
        if both := sorted(set(types) & set(self.exclude)):
            message = f"funnel {self.name}: {', '.join(both)} is a step and excluded"
            raise ValueError(message)
        return self


class DroppedList(BaseModel):
    """A list of the users whose last step in a declared funnel was this one; made and published like the shop's own lists."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    segment: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="Name of the list.")
    funnel: str = Field(description="Name of a declared funnel.")
    step: int = Field(ge=1, description="The step they reached, and not the next.")
    recommended_action: str = Field(
        "Remind of what was left", min_length=1, description="What to do with its members, in words."
    )


DEFAULT_FUNNELS = (
    Funnel.model_validate({"name": "purchase", "steps": ["view", "cart", "purchase"]}),
    Funnel.model_validate({"name": "checkout", "steps": ["cart", "checkout", "purchase"]}),
    Funnel.model_validate({"name": "same_product", "steps": ["view", "cart", "purchase"], "hold_product": True}),
)
"""Funnels of a shop that declares none."""
