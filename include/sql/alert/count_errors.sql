/*
name:    alert/count_errors
purpose: Of runs whose occurrence lies after a day: notices with a known end, and those among them that were refused,
         failed or not received; over the whole run, and of what changed since a moment (recent_).
grain:   one row per campaign run with at least one error
params:  since (date), recent_since (timestamptz)
returns: campaign_run_id, campaign, occurrence_on, ended, errors, recent_ended, recent_errors
*/
select
    r.campaign_run_id,
    r.campaign,
    r.occurrence_on,
    count(*) as ended,
    count(*) filter (where n.state <> 'delivered') as errors,
    count(*) filter (where n.state_changed_at >= :recent_since) as recent_ended,
    count(*) filter (where n.state <> 'delivered' and n.state_changed_at >= :recent_since) as recent_errors
from ledger.campaign_run as r
inner join ledger.notice as n on r.campaign_run_id = n.campaign_run_id
where r.occurrence_on >= :since and n.state in ('delivered', 'rejected', 'failed', 'undelivered')
group by r.campaign_run_id
having count(*) filter (where n.state <> 'delivered') > 0
order by r.occurrence_on, r.campaign;
