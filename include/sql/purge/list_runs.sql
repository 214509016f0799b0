/*
name:    purge/list_runs
purpose: Runs of which retention may have something to take: nothing of them waits in a line or is being handed over.
grain:   one row per run
params:  before (timestamptz)
returns: campaign_run_id
*/
select r.campaign_run_id
from ledger.campaign_run as r
where
    r.purge_ended_at is null and r.opened_at < :before
    and (r.composed_at < :before or r.closed_at < :before)
    and not exists (
        select 1
        from ledger.notice as n
        where n.campaign_run_id = r.campaign_run_id and n.state in ('planned', 'claimed')
    )
order by r.occurrence_at, r.campaign_run_id;
