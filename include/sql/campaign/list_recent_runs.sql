/*
name:    campaign/list_recent_runs
purpose: The last planned runs of a campaign, for comparing them, oldest first.
grain:   one row per campaign run
params:  campaign (text), most (int)
returns: campaign_run_id, occurrence_on, call_rate
*/
with recent as (
    select
        r.campaign_run_id,
        r.occurrence_on,
        r.call_rate
    from ledger.campaign_run as r
    where r.campaign = :campaign and r.composed_at is not null
    order by r.occurrence_on desc
    limit :most
)

select
    r.campaign_run_id,
    r.occurrence_on,
    r.call_rate
from recent as r
order by r.occurrence_on;
