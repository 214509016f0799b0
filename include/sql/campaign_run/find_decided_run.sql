/*
name:    campaign_run/find_decided_run
purpose: The run of an occurrence about which nothing is open any more: planned, or ended without it; with the messages
         that have left or may yet leave.
grain:   one row; none when the occurrence has still to be planned
params:  campaign (text), occurrence_on (date)
returns: campaign_run_id, composed_at, closed_as, messages, parts, first_at, last_at
*/
select
    r.campaign_run_id,
    r.composed_at,
    r.closed_as,
    count(n.notice_id) filter (where s.is_live) as messages,
    coalesce(sum(n.parts) filter (where s.is_live), 0) as parts,
    min(n.scheduled_at) filter (where s.is_live) as first_at,
    max(n.scheduled_at) filter (where s.is_live) as last_at
from ledger.campaign_run as r
left join ledger.notice as n on r.campaign_run_id = n.campaign_run_id
left join ledger.notice_state as s on n.state = s.state
where
    r.campaign = :campaign and r.occurrence_on = :occurrence_on
    and (r.digest is not null or r.closed_as is not null)
group by r.campaign_run_id;
