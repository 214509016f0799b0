/*
name:    campaign_run/list_requests
purpose: Who asked for a run, or wrote one of its texts.
grain:   one row per person and way
params:  campaign_run_id (uuid)
returns: asked_by, kind, asked_at
*/
select
    q.asked_by,
    q.kind,
    q.asked_at
from ledger.request as q
where q.campaign_run_id = :campaign_run_id
order by q.asked_at, q.asked_by;
