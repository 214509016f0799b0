/*
name:    campaign_run/list_first_runs
purpose: The first occurrence of each campaign that the ledger knows: before it the campaign was not in use.
grain:   one row per campaign that ever had a run
params:
returns: campaign, first_on
*/
select
    r.campaign,
    min(r.occurrence_on) as first_on
from ledger.campaign_run as r
group by r.campaign
order by r.campaign;
