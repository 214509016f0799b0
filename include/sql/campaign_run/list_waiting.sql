/*
name:    campaign_run/list_waiting
purpose: Other runs of a campaign, of some occurrences, that are planned and wait for an approval; the latest first.
grain:   one row per run
params:  campaign (text), campaign_run_id (uuid), days (date[])
returns: campaign_run_id
*/
select r.campaign_run_id
from ledger.campaign_run as r
where
    r.campaign = :campaign and r.campaign_run_id <> :campaign_run_id and r.occurrence_on = any(:days ::date [])
    and r.digest is not null and r.closed_as is null and not ledger.is_approved(r.campaign_run_id)
    and exists (
        select 1
        from ledger.notice as n
        where n.campaign_run_id = r.campaign_run_id and n.state = 'planned'
    )
order by r.occurrence_on desc;
