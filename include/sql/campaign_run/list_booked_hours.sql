/*
name:    campaign_run/list_booked_hours
purpose: What is booked already from a moment on, by clock hour: messages of the campaign itself, and the inquiries that
         all campaigns of its section will cause. Not what a run has in its line that is planned anew.
grain:   one row per hour
params:  campaign (text), section (text), since (timestamptz), campaign_run_id (uuid)
returns: hour, messages, calls
*/
select
    date_trunc('hour', n.scheduled_at) as hour,
    count(*) filter (where r.campaign = :campaign) as messages,
    sum(r.call_rate) as calls
from ledger.campaign_run as r
inner join ledger.notice as n on r.campaign_run_id = n.campaign_run_id
inner join ledger.notice_state as s on n.state = s.state
where
    r.section = :section and s.is_live and n.scheduled_at >= :since
    and (n.state <> 'planned' or r.campaign_run_id is distinct from :campaign_run_id ::uuid)
    and r.composed_at > :since - interval '60 days'
group by date_trunc('hour', n.scheduled_at);
