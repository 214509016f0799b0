/*
name:    campaign_run/list_history
purpose: What the last runs of a campaign that a person approved looked like when they were planned: how many got a text
         (recipients), and how many did not for each reason or state.
grain:   one row per run and outcome
params:  campaign (text), campaign_run_id (uuid), most (int)
returns: campaign_run_id, outcome, notices
*/
with earlier as (
    select r.campaign_run_id
    from ledger.campaign_run as r
    where
        r.campaign = :campaign and r.campaign_run_id <> :campaign_run_id and r.digest is not null
        and exists (
            select 1
            from ledger.approval as a
            where a.campaign_run_id = r.campaign_run_id and a.decision = 'approved' and not a.is_automatic
        )
    order by r.occurrence_on desc
    limit :most
),

-- What was suppressed at the claim only had a batch before.
planned as (
    select
        n.campaign_run_id,
        case when n.batch is null then coalesce(n.reason, n.state) else 'recipients' end as outcome
    from ledger.notice as n
    inner join earlier as e on n.campaign_run_id = e.campaign_run_id
)

select
    p.campaign_run_id,
    p.outcome,
    count(*) as notices
from planned as p
group by p.campaign_run_id, p.outcome
order by p.campaign_run_id, p.outcome;
