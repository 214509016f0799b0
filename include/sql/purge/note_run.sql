/*
name:    purge/note_run
purpose: Note with a run that numbers and texts of it were purged, and whether all of them are.
grain:   one row
params:  campaign_run_id (uuid), is_taken (bool), now (timestamptz)
returns: is_ended
*/
update ledger.campaign_run as r
set
    purged_at = coalesce(r.purged_at, case when :is_taken or f.is_ended then :now ::timestamptz end),
    purge_ended_at = case when f.is_ended then :now ::timestamptz end
from (
    select
        not exists (
            select 1
            from ledger.notice as n
            where n.campaign_run_id = :campaign_run_id and n.purged_at is null
        ) as is_ended
) as f
where r.campaign_run_id = :campaign_run_id
returning r.purge_ended_at is not null as is_ended;
