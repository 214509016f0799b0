/*
name:    campaign_run/open_campaign_run
purpose: The one row of a campaign and occurrence, whoever asks and however often.
grain:   one row
params:  campaign (text), occurrence_on (date), occurrence_at (timestamptz), opened_at (timestamptz), opened_by (text)
returns: campaign_run_id
*/
with opened as (
    insert into ledger.campaign_run (campaign, occurrence_on, occurrence_at, opened_at, opened_by)
    values (:campaign, :occurrence_on, :occurrence_at, :opened_at, :opened_by)
    on conflict (campaign, occurrence_on) do nothing
    returning campaign_run_id
)

select opened.campaign_run_id
from opened
union all
select r.campaign_run_id
from ledger.campaign_run as r
where r.campaign = :campaign and r.occurrence_on = :occurrence_on
limit 1;
