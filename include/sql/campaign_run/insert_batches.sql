/*
name:    campaign_run/insert_batches
purpose: Note each batch of a run with the digest of what it says, to whom and when.
grain:   one row per batch
params:  campaign_run_id (uuid), key (bytea)
returns: nothing
*/
insert into ledger.batch (campaign_run_id, batch, notices, digest)
select
    r.campaign_run_id,
    d.batch,
    d.notices,
    d.digest
from ledger.campaign_run as r
cross join ledger.batch_digests(r.campaign_run_id, :key) as d
where r.campaign_run_id = :campaign_run_id;
