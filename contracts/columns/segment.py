"""Columns of the segment lists."""

from contracts.contract import Column

COLUMNS = (
    Column("segment", "VARCHAR", "Which list: retention, reactivation, pricing."),
    Column("segment_version", "VARCHAR", "Version of the list's definition (hash of its SQL file)."),
    Column("variant", "VARCHAR", "Part of a list with its own action, e.g. coupon_dependent."),
    Column("entered_at", "DATE", "as_of at which the present stay in the list began, from stored snapshots."),
    Column("value_at_stake", "DOUBLE", "Spend expected or won back, times its probability.", unit="base currency"),
    Column("recommended_action", "VARCHAR", "What the playbook advises."),
    Column("is_control", "BOOLEAN", "Held out: must not be acted on, so that the effect can be measured."),
    Column("expires_at", "DATE", "From this date on the row must not be acted on."),
    Column("members_count", "BIGINT", "Users in the list.", unit="count"),
    Column("control_count", "BIGINT", "Users held out.", unit="count"),
    Column("lacking_consent_count", "BIGINT", "Users who would be in the list but gave no consent.", unit="count"),
    Column("previous_members_count", "BIGINT", "Users in the list's last stored snapshot.", unit="count"),
)
