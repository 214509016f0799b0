/*
name:    review/list_events
purpose: What befell a run and who did it: opened, asked for, planned, decided on, ended, its lists taken out.
grain:   one row per event
params:  campaign_run_id (uuid)
returns: kind, happened_at, done_by, reason, notices
*/
with run as (
    select r.*
    from ledger.campaign_run as r
    where r.campaign_run_id = :campaign_run_id
),

-- The log knows the first planning; the run itself only the last.
first_planned as (
    select least(r.composed_at, e.changed_at) as planned_at
    from run as r
    left join lateral (
        select e.changed_at
        from ledger.notice_event as e
        where e.campaign_run_id = r.campaign_run_id
        order by e.event_id
        limit 1
    ) as e on true
    where r.composed_at is not null
)

select
    'opened' as kind,
    r.opened_at as happened_at,
    r.opened_by as done_by,
    null as reason,
    null::integer as notices
from run as r
union all
select
    q.kind,
    q.asked_at,
    q.asked_by,
    null as reason,
    null as notices
from ledger.request as q
inner join run as r on q.campaign_run_id = r.campaign_run_id
union all
select
    'planned' as kind,
    p.planned_at,
    null as done_by,
    null as reason,
    null as notices
from first_planned as p
union all
select
    'planned_anew' as kind,
    r.composed_at,
    null as done_by,
    null as reason,
    null as notices
from run as r
inner join first_planned as p on r.composed_at > p.planned_at
union all
select
    a.decision,
    a.decided_at,
    a.decided_by,
    a.reason,
    null as notices
from ledger.approval as a
inner join run as r on a.campaign_run_id = r.campaign_run_id
union all
-- A rejection is somebody's decision, and among those.
select
    r.closed_as,
    r.closed_at,
    r.closed_by,
    r.closed_reason,
    null as notices
from run as r
where r.closed_as <> 'rejected'
union all
select
    x.kind,
    x.accessed_at,
    x.accessed_by,
    x.reason,
    x.rows_count
from ledger.access as x
inner join run as r on x.campaign_run_id = r.campaign_run_id
order by happened_at, kind;
