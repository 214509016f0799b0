/*
name:    campaign_run/list_batches
purpose: Batches of an approved run in which something is left to hand over.
grain:   one row per batch
params:  campaign_run_id (uuid)
returns: batch
*/
select b.batch
from ledger.batch as b
inner join ledger.campaign_run as r on b.campaign_run_id = r.campaign_run_id
where
    b.campaign_run_id = :campaign_run_id and r.closed_as is null and ledger.is_approved(r.campaign_run_id)
    and exists (
        select 1
        from ledger.notice as n
        where n.campaign_run_id = b.campaign_run_id and n.batch = b.batch and n.state in ('planned', 'claimed')
    )
order by b.batch;
