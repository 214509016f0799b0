/*
name:    ledger/list_awaited_runs
purpose: Runs for which a gateway may still have news: notices without a receipt, or with one that a later one may
         contradict. Nothing of a run was handed over before it was composed; what a look-up found was, though, long
         before that was recorded.
grain:   one row per run
params:  gateway (text), changed_since (timestamptz)
returns: campaign_run_id, first_at
*/
select
    r.campaign_run_id,
    r.composed_at as first_at
from ledger.campaign_run as r
where
    r.composed_at is not null and exists (
        select 1
        from ledger.notice as n
        where
            n.campaign_run_id = r.campaign_run_id and n.gateway = :gateway and n.handed_over_at is not null
            and (
                n.state = 'accepted'
                or (n.state in ('undelivered', 'failed', 'cancelled') and n.state_changed_at > :changed_since)
            )
    )
order by r.composed_at;
