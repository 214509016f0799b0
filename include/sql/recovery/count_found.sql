/*
name:    recovery/count_found
purpose: Found messages that keep telephones from being reminded, by the run that their tag names.
grain:   one row per forgotten run
params:  now (timestamptz)
returns: gateway, campaign_run_id, messages, booked, first_at, last_at
*/
select
    m.gateway,
    m.campaign_run_id,
    count(*) as messages,
    count(*) filter (where m.scheduled_at > :now) as booked,
    min(m.accepted_at) as first_at,
    max(m.accepted_at) as last_at
from ledger.foreign_message as m
where m.cleared_at is null and m.state <> 'cancelled'
group by m.gateway, m.campaign_run_id
order by first_at, m.gateway, m.campaign_run_id;
