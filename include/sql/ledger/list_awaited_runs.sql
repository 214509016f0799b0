/*
name:    ledger/list_awaited_runs
purpose: Runs for which a gateway may still have news: notices without a receipt, or with one that a later one may
         contradict.
grain:   one row per run
params:  gateway (text), changed_since (timestamptz)
returns: campaign_run_id, first_at
*/
select
    n.campaign_run_id,
    min(n.handed_over_at) as first_at
from ledger.notice as n
where
    n.gateway = :gateway and n.handed_over_at is not null
    and (
        n.state = 'accepted'
        or (n.state in ('undelivered', 'failed', 'cancelled') and n.state_changed_at > :changed_since)
    )
group by n.campaign_run_id
order by first_at;
