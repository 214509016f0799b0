/*
name:    alert/list_unknown
purpose: Runs with notices of which nobody has known for so long whether they went out. An upload file that waits for
         its console is no such case.
grain:   one row per campaign run
params:  changed_before (timestamptz)
returns: campaign_run_id, campaign, occurrence_on, notices, earliest_at
*/
select
    r.campaign_run_id,
    r.campaign,
    r.occurrence_on,
    count(*) as notices,
    min(n.state_changed_at) as earliest_at
from ledger.notice as n
inner join ledger.campaign_run as r on n.campaign_run_id = r.campaign_run_id
where
    n.state = 'unknown' and n.reason is distinct from 'in_upload_file'
    and n.state_changed_at <= :changed_before
group by r.campaign_run_id
order by r.occurrence_on, r.campaign;
