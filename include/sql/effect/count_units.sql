/*
name:    effect/count_units
purpose: Everybody of a season who was drawn for an arm, counted by run, arm and the days from the reference date to the
         settlement (-1: before it; null: not settled). Of the runs of which something was handed over: who was planned
         or held out in one of them, whatever became of it later. A household (an obligor's, or a check-up's), else a
         person, counts once, with the first run that drew it. The reference date is the message's, or that of the place
         in the line that who is held out would have had.
grain:   one row per run, arm, days and whether it was settled in time
params:  campaign (text), season (int), known_at (timestamptz), until (date), yen_days (int), call_days (int)
returns: campaign_run_id, occurrence_on, closed_as, arm, days, is_in_time, units, handed_over, delivered, parts,
         yen, yen_squared, callers, crossed, first_on, last_on
*/
with carried_out as (
    select
        r.campaign_run_id,
        r.occurrence_on,
        r.composed_at,
        r.closed_as,
        -- For who was taken out of the line before it had been handed over, and has no booking any more.
        percentile_disc(0.5) within group (order by n.scheduled_at) as usual_at
    from ledger.campaign_run as r
    inner join ledger.notice as n on r.campaign_run_id = n.campaign_run_id
    where r.campaign = :campaign and r.season = :season and n.handed_over_at is not null
    group by r.campaign_run_id, r.occurrence_on, r.composed_at, r.closed_as
),

drawn as (
    select
        n.notice_id,
        min(e.event_id) as drawn_as
    from carried_out as r
    inner join ledger.notice_event as e on r.campaign_run_id = e.campaign_run_id
    inner join ledger.notice as n on e.notice_id = n.notice_id
    where e.to_state in ('planned', 'held_out') and n.arm is not null and n.pseudonymised_at is null
    group by n.notice_id
),

unit as (
    select
        r.campaign_run_id,
        r.occurrence_on,
        r.closed_as,
        n.subject,
        n.resident_id,
        n.arm,
        n.state,
        n.parts,
        n.charged_parts,
        n.handed_over_at,
        d.drawn_as,
        home.household_id,
        (coalesce(n.scheduled_at, r.usual_at) at time zone 'Asia/Tokyo')::date as reference_on,
        case split_part(n.subject, '/', 1)
            when 'check_up' then split_part(n.subject, '/', 4)
            when 'nhi' then coalesce(home.household_id, n.resident_id)
            when 'plan' then coalesce(home.household_id, n.resident_id)
            else n.resident_id
        end as unit_id
    from carried_out as r
    inner join ledger.notice as n on r.campaign_run_id = n.campaign_run_id
    inner join drawn as d on n.notice_id = d.notice_id
    left join lateral (
        select re.household_id
        from records.resident as re
        where
            re.resident_id = n.resident_id
            and re.recorded_at <= r.composed_at and re.superseded_at > r.composed_at
    ) as home on true
),

counted_once as (
    select distinct on (u.unit_id) u.*
    from unit as u
    order by u.unit_id, u.drawn_as
),

settled as (
    select
        u.*,
        records.first_settled_on(u.subject, :known_at) as settled_on
    from counted_once as u
),

-- Held out first, and a message in a later run all the same: another member of the household, or another head of it.
messaged as (
    select distinct u.unit_id
    from unit as u
    where u.handed_over_at is not null
),

answered as (
    select
        u.*,
        m.unit_id is not null as is_messaged,
        case when u.settled_on < u.reference_on then -1 else u.settled_on - u.reference_on end as days,
        (
            select coalesce(sum(p.amount_yen), 0)
            from records.subject_payment(u.subject, :known_at) as p
            where p.paid_on between u.reference_on and u.reference_on + :yen_days ::int
        ) as yen,
        (
            select count(*) > 0
            from records.inquiry as i
            where
                i.received_on between u.reference_on and u.reference_on + :call_days ::int
                and i.recorded_at <= :known_at and i.superseded_at > :known_at
                and i.resident_id = any(array(
                    select re.resident_id
                    from records.resident as re
                    where
                        re.household_id = u.household_id
                        and re.recorded_at <= :known_at and re.superseded_at > :known_at
                    union all
                    select u.resident_id
                ))
        ) as is_caller
    from settled as u
    left join messaged as m on u.unit_id = m.unit_id
)

select
    a.campaign_run_id,
    a.occurrence_on,
    a.closed_as,
    a.arm,
    a.days,
    coalesce(a.settled_on <= :until ::date, false) as is_in_time,
    count(*) as units,
    count(a.handed_over_at) as handed_over,
    count(*) filter (where a.state = 'delivered') as delivered,
    coalesce(sum(coalesce(a.charged_parts, a.parts)) filter (where a.handed_over_at is not null), 0) as parts,
    sum(a.yen) as yen,
    sum(a.yen::numeric * a.yen) as yen_squared,
    count(*) filter (where a.is_caller) as callers,
    count(*) filter (where a.arm = 'hold_out' and a.is_messaged) as crossed,
    min(a.reference_on) as first_on,
    max(a.reference_on) as last_on
from answered as a
group by
    a.campaign_run_id, a.occurrence_on, a.closed_as, a.arm, a.days,
    coalesce(a.settled_on <= :until ::date, false)
order by a.occurrence_on, a.arm, a.days;
