/*
name:    access/list_accesses
purpose: Look-ups and downloads that concern some campaigns, the newest first, from behind one of them on. Of a resident
         id the last four characters only.
grain:   one row per access
params:  campaigns (text[]), after_id (bigint), most (int)
returns: access_id, kind, accessed_by, accessed_at, campaign_run_id, campaign, occurrence_on, choice, rows_count,
         reason, resident_masked
*/
select
    a.access_id,
    a.kind,
    a.accessed_by,
    a.accessed_at,
    a.campaign_run_id,
    r.campaign,
    r.occurrence_on,
    a.choice,
    a.rows_count,
    a.reason,
    case when a.resident_id not like '#%' then '****' || right(a.resident_id, 4) end as resident_masked
from ledger.access as a
left join ledger.campaign_run as r on a.campaign_run_id = r.campaign_run_id
where
    (r.campaign = any(:campaigns ::text []) or a.campaigns && :campaigns ::text [])
    and (:after_id ::bigint is null or a.access_id < :after_id)
order by a.access_id desc
limit :most;
