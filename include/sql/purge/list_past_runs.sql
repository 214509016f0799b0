/*
name:    purge/list_past_runs
purpose: Runs without numbers of which it can still be told whom they were about, of seasons whose last run was before a
         day.
grain:   one row per run
params:  before (date)
returns: campaign_run_id
*/
select r.campaign_run_id
from ledger.campaign_run as r
where
    r.purged_at is not null and r.pseudonymise_ended_at is null and r.occurrence_on < :before
    and not exists (
        select 1
        from ledger.campaign_run as later
        where later.campaign = r.campaign and later.season = r.season and later.occurrence_on >= :before
    )
order by r.occurrence_at, r.campaign_run_id;
