"""What an operator may set in `trellis.toml`: one validated model with working defaults.

Reading the file and the environment belongs to `pipelines/settings.py`; thresholds of single lists stand in the `policy` CTE
of their SQL file.
"""

from datetime import date
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from contracts.funnels import DEFAULT_FUNNELS, DroppedList, Funnel
from contracts.outputs import SEGMENTS


class Settings(BaseModel):
    """Settings of one home (one shop). Unknown keys are refused, so that a misspelt one is noticed.

    `None` for `mapping`, `time_zone`, `currency` and `horizons_days` means: what the mapping says, else the default of the
    house (Asia/Shanghai, CNY), else what the purchase intervals suggest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: str | None = Field(None, description="Folder of landing files; default <home>/landing.")
    mapping: str = Field("canonical", description="Name of a shipped mapping, or a folder with <contract>.sql files.")
    time_zone: str | None = Field(None, description="IANA zone of business dates and of times that carry none.")
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$", description="Base currency, ISO 4217.")
    horizons_days: tuple[int, ...] | None = Field(None, description="Horizons of the predictions, in days.")
    churn_window_days: int | None = Field(
        None, ge=1, description="Who was active in so many days can churn; default from data."
    )
    training_every_days: int = Field(7, ge=1, description="A new model every so many days; 1 = at every as_of.")
    champion_trials: int = Field(
        4, ge=0, description="A new model competes with those of so many earlier training dates; 0 = the newest scores."
    )
    training_users_at_most: int = Field(50_000, ge=1_000, description="Users in the stable training sample.")
    sequence_model: bool = Field(
        False, description="Try a recurrent network on each user's last days (needs the extra `sequence` to train)."
    )
    next_products_count: int = Field(10, ge=1, le=100, description="Products recommended to each user.")
    next_products_users_at_most: int = Field(
        200_000, ge=0, description="Users who are recommended products: those who bought last."
    )
    control_share: float = Field(0.10, ge=0.0, le=0.5, description="Share of every list that is held out.")
    control_salt: str = Field(
        "trellis", min_length=1, description="Changes who is held out; keep it during a campaign."
    )
    list_valid_days: int = Field(14, ge=1, description="A list row expires so many days after its as_of.")
    size_jump_share: float = Field(
        0.5, gt=0.0, description="A list that grows or shrinks by more holds the publication back."
    )
    size_jump_rows_at_least: int = Field(100, ge=0, description="Smaller changes than this never hold it back.")
    keep_daily_snapshots: int = Field(35, ge=1, description="Daily snapshots kept, besides all at a month's start.")
    keep_versions: int = Field(14, ge=1, description="Published versions kept.")
    keep_versions_hours: int = Field(24, ge=0, description="No version younger than this is removed.")
    small_cell_below: int = Field(10, ge=1, description="No published page shows a statistic about fewer people.")
    funnels: tuple[Funnel, ...] = Field(DEFAULT_FUNNELS, description="The shop's funnels, each a table [[funnels]].")
    dropped_lists: tuple[DroppedList, ...] = Field(
        (), description="Lists of users who dropped out of a declared funnel, each a table [[dropped_lists]]."
    )
    memory_limit: str = Field("2500MB", pattern=r"^\d+(\.\d+)?(MB|GB)$", description="DuckDB's memory limit.")

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in available_timezones():
            message = f"{zone!r} is not an IANA time zone, such as Asia/Shanghai or Europe/London"
            raise ValueError(message)
        return zone

    @field_validator("funnels")
    @classmethod
    def _funnel_names_differ(cls, funnels: tuple[Funnel, ...]) -> tuple[Funnel, ...]:
        names = [funnel.name for funnel in funnels]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            message = f"two funnels are called {', '.join(twice)}; give each its own name"
            raise ValueError(message)
        return funnels

    @model_validator(mode="after")
    def _dropped_lists_have_a_step(self) -> "Settings":
        last_steps = {funnel.name: len(funnel.steps) - 1 for funnel in self.funnels}
        names = [*SEGMENTS, *(wanted.segment for wanted in self.dropped_lists)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            message = f"two lists are called {', '.join(twice)}; give each its own name"
            raise ValueError(message)
        for wanted in self.dropped_lists:
            if wanted.funnel not in last_steps:
                message = (
                    f"list {wanted.segment}: there is no funnel {wanted.funnel!r}; declared are {', '.join(last_steps)}"
                )
                raise ValueError(message)
            if wanted.step > last_steps[wanted.funnel]:
                message = f"list {wanted.segment}: users can drop out after steps 1 to {last_steps[wanted.funnel]}"
                raise ValueError(message)
        return self

    @field_validator("horizons_days")
    @classmethod
    def _horizons_positive(cls, horizons: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if horizons is not None and (not horizons or min(horizons) < 1 or len(set(horizons)) < len(horizons)):
            message = "give one or more different whole numbers of days, such as [28, 90]"
            raise ValueError(message)
        return horizons


DEFAULT_TIME_ZONE = "Asia/Shanghai"
DEFAULT_CURRENCY = "CNY"
FIRST_PARTITION = date(1990, 1, 1)
