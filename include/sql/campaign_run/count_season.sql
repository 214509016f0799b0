/*
name:    campaign_run/count_season
purpose: Messages of a campaign's other runs in a season so far, those still to leave included.
grain:   one row
params:  campaign (text), season (int), campaign_run_id (uuid)
returns: messages
*/
select count(*) as messages
from ledger.campaign_run as r
inner join ledger.notice as n on r.campaign_run_id = n.campaign_run_id
inner join ledger.notice_state as s on n.state = s.state
where
    r.campaign = :campaign and r.season = :season and s.is_live
    and r.campaign_run_id is distinct from :campaign_run_id ::uuid;
