/*
name:    campaign_run/preview_outcomes
purpose: What planning would make of everybody in the workspace, when so many of the line get a booking; and for how
         many of them the day on which it falls due has not passed.
grain:   one row per state and reason
params:  recipients (int), today (date)
returns: state, reason, notices, not_yet_due
*/
with judged as (
    select
        case
            when s.reason is not null then 'suppressed'
            when s.ahead <= :recipients then 'held_out'
            when coalesce(s.ahead, s.place) > :recipients then 'deferred'
            else 'planned'
        end as state,
        s.reason,
        s.due_on
    from screened as s
)

select
    j.state,
    j.reason,
    count(*) as notices,
    count(*) filter (where j.due_on >= :today) as not_yet_due
from judged as j
group by j.state, j.reason;
