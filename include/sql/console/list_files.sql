/*
name:    console/list_files
purpose: Upload files that wait for a person's word, how many of each the records speak against by now, and whether the
         run was ended meanwhile. Without a run or batches: of all.
grain:   one row per file
params:  gateway (text), campaign_run_id (uuid), batches (int[]), known_at (timestamptz), on_day (date),
         confirmed_since (date)
returns: campaign_run_id, campaign, occurrence_on, closed_as, file, notices, settled, first_at, last_at, limited_at,
         written_at
*/
select
    n.campaign_run_id,
    n.campaign,
    r.occurrence_on,
    r.closed_as,
    split_part(n.gateway_message_id, ':', 1) as file,
    count(*) as notices,
    count(s.reason) as settled,
    min(n.scheduled_at) as first_at,
    max(n.scheduled_at) as last_at,
    max(n.limited_at) as limited_at,
    min(n.state_changed_at) as written_at
from ledger.notice as n
inner join ledger.campaign_run as r on n.campaign_run_id = r.campaign_run_id
left join lateral records.suppression(
    n.subject, n.resident_id, n.phone_e164, :known_at, :on_day, :confirmed_since
) as s on true
where
    n.state = 'unknown' and n.reason = 'in_upload_file' and n.gateway = :gateway
    and (:campaign_run_id ::uuid is null or n.campaign_run_id = :campaign_run_id)
    and (:batches ::int [] is null or n.batch = any(:batches ::int []))
group by file, n.campaign_run_id, n.campaign, r.occurrence_on, r.closed_as
order by file;
