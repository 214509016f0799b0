/*
name:    purge/note_past_run
purpose: Note with a run that it can not be told any more whom notices of it were about, and whether that is all of
         them.
grain:   one row
params:  campaign_run_id (uuid), now (timestamptz)
returns: is_ended
*/
update ledger.campaign_run as r
set
    pseudonymised_at = coalesce(r.pseudonymised_at, :now),
    pseudonymise_ended_at = case
        when not exists (
            select 1
            from ledger.notice as n
            where n.campaign_run_id = r.campaign_run_id and n.pseudonymised_at is null
        ) then :now ::timestamptz
    end
where r.campaign_run_id = :campaign_run_id
returning r.pseudonymise_ended_at is not null as is_ended;
