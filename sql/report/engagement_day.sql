-- One row per basis, day and engagement state: how many of the users seen so far were in which state.
-- Active: new (first ever), current (active before within engaged_within_days), reactivated (within lapsed_after_days),
-- resurrected (longer ago). Not active: at_risk_wau, at_risk_mau, dormant by the same two limits.
-- Limits: report.engagement_limits (7 and 30 days; for basis `order` quantiles of the shop's purchase intervals).
-- Population: signed-in users from their first active day on; the states of a day sum to all users seen so far.
-- grain: activity_basis, activity_date, engagement_state
-- assert: users_count >= 0
-- may-be-empty: nobody was active yet
with absences as (
    select
        activity_basis,
        activity_date,
        coalesce(next_activity_date, date '9999-12-31') as next_date,
        users_count
    from core.activity_gap
    where activity_date is not null
),

states as (
    select unnest(['new', 'current', 'reactivated', 'resurrected', 'at_risk_wau', 'at_risk_mau', 'dormant'])
        as engagement_state
),

-- from which age to which (days since the last active day) an absent user is in which state
ages as (
    select
        limits.activity_basis,
        states.engagement_state,
        case states.engagement_state
            when 'at_risk_wau' then 1
            when 'at_risk_mau' then limits.engaged_within_days + 1
            else limits.lapsed_after_days + 1
        end as from_age,
        case states.engagement_state
            when 'at_risk_wau' then limits.engaged_within_days
            when 'at_risk_mau' then limits.lapsed_after_days
            else 1000000
        end as until_age
    from report.engagement_limits as limits
    cross join states
    where states.engagement_state in ('at_risk_wau', 'at_risk_mau', 'dormant')
),

stays as (
    select
        absences.activity_basis,
        ages.engagement_state,
        absences.activity_date + ages.from_age as from_date,
        least(absences.activity_date + ages.until_age + 1, absences.next_date) as until_date,
        absences.users_count
    from absences
    inner join ages using (activity_basis)
    where absences.activity_date + ages.from_age < absences.next_date
),

absent_changes as (
    select
        activity_basis,
        engagement_state,
        from_date as activity_date,
        users_count
    from stays
    union all
    select
        activity_basis,
        engagement_state,
        until_date as activity_date,
        -users_count as users_count
    from stays
),

absent as (
    select
        activity_basis,
        engagement_state,
        activity_date,
        sum(users_count) as users_count
    from absent_changes
    group by all
),

active as (
    select
        gaps.activity_basis,
        gaps.next_activity_date as activity_date,
        case
            when gaps.activity_date is null then 'new'
            when gaps.activity_date >= gaps.next_activity_date - limits.engaged_within_days then 'current'
            when gaps.activity_date >= gaps.next_activity_date - limits.lapsed_after_days then 'reactivated'
            else 'resurrected'
        end as engagement_state,
        sum(gaps.users_count) as users_count
    from core.activity_gap as gaps
    inner join report.engagement_limits as limits on gaps.activity_basis = limits.activity_basis
    where gaps.next_activity_date is not null
    group by all
)

select
    limits.activity_basis,
    calendar.activity_date,
    states.engagement_state,
    -- active states last a day, the others add up the comings and goings of all days before
    coalesce(active.users_count, 0) + sum(coalesce(absent.users_count, 0)) over (
        partition by limits.activity_basis, states.engagement_state order by calendar.activity_date
    ) as users_count
from report.engagement_limits as limits
cross join core.calendar
cross join states
left join active using (activity_basis, engagement_state, activity_date)
left join absent using (activity_basis, engagement_state, activity_date)
