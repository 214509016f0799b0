/*
name:    console/list_batches
purpose: All batches of a run with their sizes, and whether something of them is left to write, or waits for an upload.
grain:   one row per batch
params:  campaign_run_id (uuid), gateway (text)
returns: batch, notices, is_open
*/
select
    b.batch,
    b.notices,
    exists(
        select 1
        from ledger.notice as n
        where
            n.campaign_run_id = b.campaign_run_id and n.batch = b.batch
            and (
                (n.state in ('planned', 'claimed') and r.closed_as is null and ledger.is_approved(r.campaign_run_id))
                or (n.state = 'unknown' and n.gateway = :gateway and n.reason in ('in_upload_file', 'lease_expired'))
            )
    ) as is_open
from ledger.batch as b
inner join ledger.campaign_run as r on b.campaign_run_id = r.campaign_run_id
where b.campaign_run_id = :campaign_run_id
order by b.batch;
